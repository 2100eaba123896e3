// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest for a script that follows a page
 *
 * It writes all along, whenever it has a daemon, and knows what has to be there. The
 * script says what happens, a line each time, and gets a line when that is done:
 *
 *	meet SOCKET	there is a daemon: all that was acknowledged has to be there
 *	attach SOCKET	the same, with a daemon from which no machine moves away
 *	move SOCKET	so is another one, which waits for the device: the guest moves there
 *			with a request under way
 *	hang		a write is under way, whose answer is not waited for
 *	outlast		it writes until the daemon has gone
 *	leave		the guest is off
 *	back COUNTER	the device is what it was after so many writes
 *	check		all that was acknowledged is there
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model.h"
#include "move.h"
#include "tap.h"

/*
 * @model: what was acknowledged
 * @under_way: there may be one write more
 * @here: there is a daemon
 * @host, @spare: it, and the one that the guest moves to
 */
static struct guest {
	struct model model;
	bool programmed;
	bool under_way;
	bool here;
	struct host host;
	struct host spare;
} guest;

/* The daemon is the script's */
static void name_host(struct host *host, const char *socket)
{
	memset(host, 0, sizeof(*host));
	host->daemon.pidfd = -1;
	snprintf(host->socket, sizeof(host->socket), "%s", socket);
}

static void submit(void)
{
	model_submit(&guest.model, &guest.host.fe);
	guest.under_way = true;
}

/* What was asked for is answered, if there is somebody to answer */
static void settle(void)
{
	if (guest.here && guest.under_way) {
		model_answer(&guest.model, &guest.host.fe);
		guest.under_way = false;
	}
}

static void write_on(void)
{
	if (!guest.under_way)
		submit();
	else if (fe_used(&guest.host.fe))
		settle();
}

static void find_all(void)
{
	model_check(&guest.model, &guest.host.fe, guest.under_way);
	guest.under_way = false;
}

static void greet(void)
{
	if (!guest.programmed)
		must_program_key(&guest.host.fe);
	guest.programmed = true;
	guest.here = true;
	find_all();
}

static void meet(const char *socket)
{
	name_host(&guest.host, socket);
	move_connect(&guest.host);
	move_resume(&guest.host);
	greet();
}

static void attach(const char *socket)
{
	name_host(&guest.host, socket);
	fe_open_at(&guest.host.fe, &guest.host.daemon, socket);
	greet();
}

static void move_to(const char *socket)
{
	settle();
	name_host(&guest.spare, socket);
	fe_stop_ring(&guest.host.fe);
	submit();
	move(&guest.host, &guest.spare);
	fe_close(&guest.host.fe);
	guest.host = guest.spare;
	settle();
	find_all();
}

/* Nothing else can be done then but to leave */
static void hang(const char *unused)
{
	(void)unused;
	write_on();
	if (!guest.under_way)
		submit();
	guest.here = false;
}

static void outlast(const char *unused)
{
	struct pollfd pfd = {
		.fd = guest.host.fe.sock, .events = POLLRDHUP
	};

	(void)unused;
	while (!poll(&pfd, 1, 1))
		write_on();
	guest.here = false;
}

static void leave(const char *unused)
{
	(void)unused;
	settle();
	fe_close(&guest.host.fe);
	guest.here = false;
}

static void back(const char *counter)
{
	model_set(&guest.model, strtoul(counter, NULL, 10));
	guest.under_way = false;
}

static void check_all(const char *unused)
{
	(void)unused;
	settle();
	find_all();
}

static const struct order {
	const char *name;
	void (*run)(const char *arg);
} orders[] = {
	{ "meet", meet },
	{ "attach", attach },
	{ "move", move_to },
	{ "hang", hang },
	{ "outlast", outlast },
	{ "leave", leave },
	{ "back", back },
	{ "check", check_all },
};

static void obey(char *line)
{
	char *rest = line, *name = strsep(&rest, " ");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(orders); i++)
		if (!strcmp(orders[i].name, name))
			break;
	check(i < ARRAY_SIZE(orders), "no order: %s", name);
	orders[i].run(rest);
	printf("done %u\n", guest.model.counter);
}

/* Whenever nobody has said anything it writes, if it can */
static void live(void)
{
	struct pollfd pfd = { .events = POLLIN };
	char line[256];

	setvbuf(stdin, NULL, _IONBF, 0);
	for (;;) {
		if (!poll(&pfd, 1, guest.here ? 1 : -1)) {
			write_on();
			continue;
		}
		if (!fgets(line, sizeof(line), stdin))
			return;
		line[strcspn(line, "\n")] = 0;
		obey(line);
	}
}

int main(void)
{
	static const struct test test = { "the guest of a page", live };

	return run_tests(&test, 1);
}
