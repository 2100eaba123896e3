// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets on the sockets of rpmb-anchor: an anchor's, and the administrator's
 *
 * Its own code serves real sockets here; only what makes a table durable is not there.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"
#include "fuzz.h"
#include "guest.h"
#include "table.h"

/* @made: steps that were made as they are to be made */
static struct server server;
static struct keys keys;
static const uint8_t guid[LIBRPMB_GUID_LEN] = { 1 };
static uint64_t made;
static int client = -1, admin = -1;

bool ledger_has_log_of(struct ledger *ledger, const struct table *table)
{
	(void)ledger;
	(void)table;
	return true;
}

bool ledger_each_note(struct ledger *ledger, uint64_t skip,
		      bool (*each)(void *arg, const struct note *note),
		      void *arg)
{
	const struct note note = { .text = "a line" };

	(void)ledger;
	return skip || each(arg, &note);
}

double server_now(void)
{
	static double now;

	return now += 1;
}

/* What is anchored was made with the key, one step after the other */
static void check_steps(const struct table *next)
{
	const struct entry *entry = table_find(next, guid);

	must(next->nr <= TABLE_MAX);
	must(!entry || entry->number <= made);
}

static bool make_next(struct note *note, bool *noted)
{
	struct guest *guest;
	struct table next;
	bool changed;

	must(table_copy(&next, &server.table));
	*noted = control_apply(&server, &next, note);
	changed = *noted;
	for (guest = server.guests; guest; guest = guest->next)
		changed |= guest_apply(&server, guest, &next, server_now());
	if (!changed) {
		table_free(&next);
		return false;
	}
	table_seal(&next);
	check_steps(&next);
	table_free(&server.table);
	server.table = next;
	return true;
}

void server_go_on(struct server *unused)
{
	struct guest *guest;
	struct note note;
	bool noted;

	(void)unused;
	while (make_next(&note, &noted)) {
		for (guest = server.guests; guest; guest = guest->next)
			if (guest->in_batch)
				guest_done(&server, guest);
		if (noted)
			control_done(&server);
	}
}

/* All that is ready, and answers away */
static void serve(void)
{
	struct epoll_event event;
	struct watch *watch;
	char answer[CONTROL_MAX];

	while (epoll_wait(server.epoll, &event, 1, 0) > 0) {
		watch = event.data.ptr;
		watch->ready(&server, watch);
	}
	while (client >= 0 &&
	       recv(client, answer, sizeof(answer), MSG_DONTWAIT) > 0)
		;
	while (admin >= 0 &&
	       recv(admin, answer, sizeof(answer), MSG_DONTWAIT) > 0)
		;
}

static void reconnect(int *sock, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (*sock >= 0)
		close(*sock);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s",
		 server.directory, path);
	*sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	/* The administrator may have removed it */
	if (*sock >= 0 && connect(*sock, (struct sockaddr *)&addr, sizeof(addr))) {
		close(*sock);
		*sock = -1;
	}
	serve();
}

static void send_packet(int sock, const void *packet, size_t len)
{
	if (sock >= 0)
		send(sock, packet, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	serve();
}

/* The right next step, or one of which the input has changed a byte */
static void send_step(struct input *input)
{
	const struct entry *entry = table_find(&server.table, guid);
	struct anchor_line line = {};
	struct anchor_request request = { .version = htole32(ANCHOR_VERSION) };
	struct { uint8_t at, change; } wrong;

	input_take(input, &wrong, sizeof(wrong));
	if (!entry)
		return;
	memcpy(line.guid, guid, sizeof(line.guid));
	memcpy(line.salt, entry->salt, sizeof(line.salt));
	keys_of_line(&keys, &line);
	request.type = htole32(ANCHOR_ADVANCE);
	request.number = htole64(entry->number + 1);
	input_take(input, request.root, 1);
	anchor_name_step(&line, entry->number + 1, entry->name, request.root,
			 request.name);
	((uint8_t *)&request)[wrong.at % sizeof(request)] ^= wrong.change;
	made += !wrong.change;
	send_packet(client, &request, sizeof(request));
}

static void send_bytes(struct input *input, int sock)
{
	uint8_t bytes[256];
	uint8_t len;

	input_take(input, &len, 1);
	input_take(input, bytes, len);
	send_packet(sock, bytes, len);
}

static void remove_directory(void)
{
	control_end(&server);
	while (server.guests)
		guest_remove(&server, server.guests);
	rmdir(server.directory);
}

static const struct entry first = { .guid = { 1 }, .share = 4, .title = "fuzzed" };

/* The sockets are made once: that takes longer than all else */
static void begin_once(void)
{
	const uint8_t secret[LIBRPMB_KEY_LEN] = { 0 };

	server.directory = mkdtemp(strdup("/tmp/fuzz-anchor-XXXXXX"));
	must(server.directory && !atexit(remove_directory));
	keys_make(&keys, secret);
	server.keys = &keys;
	server.writes_left = UINT32_MAX;
	server.epoll = epoll_create1(EPOLL_CLOEXEC);
	must(control_begin(&server));
}

static void begin(void)
{
	if (!server.directory)
		begin_once();
	made = 0;
	must(table_copy(&server.table, &(struct table){}));
	table_add(&server.table, &first);
	if (!server.guests)
		must(guest_add(&server, &first));
}

/* Is there the first one alone, as in the beginning? */
static bool is_as_before(void)
{
	return server.guests && !server.guests->next &&
	       table_find(&server.table, guid) &&
	       !memcmp(server.guests->line.salt, first.salt, sizeof(first.salt));
}

static void hang_up(int *sock)
{
	if (*sock >= 0)
		close(*sock);
	*sock = -1;
}

static void end(void)
{
	hang_up(&client);
	hang_up(&admin);
	serve();
	while (server.guests && !is_as_before())
		guest_remove(&server, server.guests);
	table_free(&server.table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char path[] = "01000000-0000-0000-0000-000000000000/socket";
	struct input input = { data, size };
	uint8_t what;

	begin();
	reconnect(&client, path);
	reconnect(&admin, "control");
	while (input.size) {
		input_take(&input, &what, 1);
		switch (what % 5) {
		case 0:
			reconnect(&client, path);
			break;
		case 1:
			send_bytes(&input, client);
			break;
		case 2:
			send_step(&input);
			break;
		case 3:
			reconnect(&admin, "control");
			break;
		case 4:
			send_bytes(&input, admin);
			break;
		}
	}
	end();
	return 0;
}
