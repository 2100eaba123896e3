// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many guests that write at once, each through a daemon of its own, with one rpmb-anchor:
 * no write is lost, nobody is left behind, and the hardware is written less often than
 * the guests are answered
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "anchor-client.h"
#include "anchor-host.h"
#include "client.h"
#include "fixture.h"
#include "model.h"

#define MOST 64
#define WRITES 12		/* of each guest, on average */

/* Longer than it takes all guests to come with the next write */
#define SLOW_WRITE 100000	/* microseconds */

static struct many {
	struct daemon daemon;
	struct frontend fe;
	struct model model;
	char socket[16];
} *guests;

static void open_guest(struct many *guest, unsigned int i)
{
	char state[16];

	snprintf(guest->socket, sizeof(guest->socket), "socket-%u", i);
	snprintf(state, sizeof(state), "state-%u", i);
	daemon_exec(&guest->daemon, NULL, (const char *const []) {
		"--socket", guest->socket, "--state", state, "--anchor",
		socket_of(i), "--capacity", "1", NULL
	});
	fe_open_at(&guest->fe, &guest->daemon, guest->socket);
}

static void start_guests(unsigned int nr)
{
	unsigned int i;

	guests = calloc(nr, sizeof(*guests));
	check(guests, "no memory");
	for (i = 0; i < nr; i++) {
		open_guest(&guests[i], i);
		must_program_key(&guests[i].fe);
	}
}

/* Who is answered asks again, until all together have been so often */
static void write_at_once(unsigned int nr, unsigned int writes)
{
	struct pollfd calls[MOST];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		calls[i] = (struct pollfd) {
			.fd = guests[i].fe.call, .events = POLLIN
		};
		model_submit(&guests[i].model, &guests[i].fe);
	}
	while (writes) {
		check(poll(calls, nr, WAIT_MS) > 0, "nobody is answered");
		for (i = 0; i < nr && writes; i++) {
			if (!fe_used(&guests[i].fe))
				continue;
			model_answer(&guests[i].model, &guests[i].fe);
			writes--;
			if (writes)
				model_submit(&guests[i].model, &guests[i].fe);
		}
	}
}

static void check_fair(unsigned int nr)
{
	uint32_t least = UINT32_MAX, most = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		uint32_t counter = guests[i].model.counter;

		least = counter < least ? counter : least;
		most = counter > most ? counter : most;
	}
	tap_note("from %u to %u writes", least, most);
	check(most <= 3 * least, "from %u to %u", least, most);
}

static void kill_guest(struct many *guest)
{
	fe_close(&guest->fe);
	daemon_kill(&guest->daemon);
}

/* Nothing is lost, and a write that was on its way may be there */
static void check_kept(struct many *guest, unsigned int i)
{
	open_guest(guest, i);
	model_check(&guest->model, &guest->fe, true);
	kill_guest(guest);
}

/* @share: of the writes of guests, so many go with one of the hardware, at least */
static void write_together(unsigned int nr, unsigned int share)
{
	unsigned int writes = nr * WRITES, i;
	struct fake *fake;
	uint32_t before;

	check(!setenv("RPMB_FAKE", get_current_dir_name(), 1), "");
	fake = host_ready(nr);
	start_guests(nr);
	fake->delay = SLOW_WRITE;
	before = fake->counter;
	write_at_once(nr, writes);
	before = fake->counter - before;
	fake->delay = 0;
	tap_note("%u writes of the hardware for %u", before, writes);
	check(before * share <= writes, "%u", before);
	check_fair(nr);
	for (i = 0; i < nr; i++)
		kill_guest(&guests[i]);
	host_stop();
	host_start();
	for (i = 0; i < nr; i++)
		check_kept(&guests[i], i);
}

static void alone(void)
{
	write_together(1, 1);
}

/* Those who wait and those who are being written take turns: it is a quarter at best */
static void eight(void)
{
	write_together(8, 3);
}

static void sixty_four(void)
{
	write_together(MOST, 16);
}

static const struct test tests[] = {
	{ "many: one guest costs one write for each of its own", alone },
	{ "many: eight guests, a third at most", eight },
	{ "many: 64 guests, a sixteenth at most", sixty_four },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
