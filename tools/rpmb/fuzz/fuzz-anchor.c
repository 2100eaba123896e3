// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets on the sockets of rpmb-anchor: an anchor's, a device's, and the administrator's
 *
 * Its own code serves real sockets here; only what makes a table durable is not there, and
 * a device is in memory.
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
#include "step.h"
#include "table.h"
#include "tenant.h"

/* @made: steps that were made as they are to be made */
static struct server server;
static struct keys keys;
static const uint8_t guid[LIBRPMB_GUID_LEN] = { 1 };
static const uint8_t device_guid[LIBRPMB_GUID_LEN] = { 2 };
static uint64_t made;
static int client = -1, tenant = -1, admin = -1;
static uint8_t blocks[PARTITION_UNIT * PARTITION_BLOCK];

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

enum hardware_fate vrpmb_load(struct vrpmb *dev, struct hardware *hw,
			      const struct keys *unused, const struct entry *entry,
			      bool *usable)
{
	(void)unused;
	*dev = (struct vrpmb) { .hw = hw, .units = entry->capacity };
	*usable = true;
	return HARDWARE_WRITTEN;
}

int vrpmb_try(const struct hardware *hw, const struct entry *entry)
{
	(void)hw;
	must(entry->capacity && entry->capacity <= 128);
	return RPMB_ERR_NO_SPACE;
}

const char *rpmb_strerror(int error)
{
	must(error == RPMB_ERR_NO_SPACE);
	return "no room";
}

/* Nothing gets to the device that is not one of its requests */
static void check_range(uint32_t addr, uint32_t count)
{
	must(count && count <= PARTITION_MAX_BLOCKS);
	must(addr < PARTITION_UNIT && count <= PARTITION_UNIT - addr);
}

unsigned int vrpmb_cost(const struct vrpmb *dev, uint32_t addr, uint32_t count)
{
	(void)dev;
	(void)addr;
	return 1 + 2 * count;
}

enum hardware_fate vrpmb_program_key(struct vrpmb *dev,
				     const uint8_t key[LIBRPMB_KEY_LEN])
{
	must(!dev->has_key);
	dev->has_key = true;
	memcpy(dev->key, key, sizeof(dev->key));
	return HARDWARE_WRITTEN;
}

enum hardware_fate vrpmb_write(struct vrpmb *dev, uint32_t addr, uint32_t count,
			       const uint8_t *data)
{
	check_range(addr, count);
	must(dev->has_key);
	memcpy(blocks + addr * PARTITION_BLOCK, data, count * PARTITION_BLOCK);
	dev->counter++;
	dev->writes += vrpmb_cost(dev, addr, count);
	must(dev->writes <= 40);
	return HARDWARE_WRITTEN;
}

bool vrpmb_read(const struct vrpmb *dev, uint32_t addr, uint32_t count,
		uint8_t *data)
{
	(void)dev;
	check_range(addr, count);
	memcpy(data, blocks + addr * PARTITION_BLOCK, count * PARTITION_BLOCK);
	return true;
}

void commit_expect_written(enum hardware_fate fate)
{
	must(fate == HARDWARE_WRITTEN);
}

void commit_run(struct committer *committer,
		enum hardware_fate (*job)(void *arg), void *arg)
{
	(void)committer;
	commit_expect_written(job(arg));
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
		if (!guest->tenant)
			changed |= step_apply(&server, guest, &next,
					      server_now());
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
				step_done(&server, guest);
		if (noted)
			control_done(&server);
	}
	for (guest = server.guests; guest; guest = guest->next)
		if (guest->tenant && tenant_begin(&server, guest, server_now()))
			tenant_done(&server, guest);
}

static void take_answers(int sock)
{
	char answer[CONTROL_MAX];

	while (sock >= 0 && recv(sock, answer, sizeof(answer), MSG_DONTWAIT) > 0)
		;
}

/* All that is ready, and answers away */
static void serve(void)
{
	struct epoll_event event;
	struct watch *watch;

	while (epoll_wait(server.epoll, &event, 1, 0) > 0) {
		watch = event.data.ptr;
		watch->ready(&server, watch);
	}
	take_answers(client);
	take_answers(tenant);
	take_answers(admin);
}

static void reconnect(int *sock, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (*sock >= 0)
		close(*sock);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
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

/* A request that the device takes, or one of which the input has changed a byte */
static void send_request(struct input *input)
{
	const struct guest *guest = guest_find(&server, device_guid);
	struct partition_request request = { .version = htole32(PARTITION_VERSION) };
	struct { uint8_t type, addr, count, at, change; } what = {};
	size_t len = PARTITION_REQUEST_LEN;

	input_take(input, &what, sizeof(what));
	if (!guest)
		return;
	request.type = htole32(what.type);
	request.counter = htole32(guest->tenant->dev.counter + 1);
	request.addr = htole32(2 * what.addr);
	request.count = htole32(what.count);
	if (what.type == PARTITION_PROGRAM_KEY)
		len += LIBRPMB_KEY_LEN;
	if (what.type == PARTITION_WRITE && what.count <= PARTITION_MAX_BLOCKS)
		len += what.count * PARTITION_BLOCK;
	((uint8_t *)&request)[what.at % PARTITION_REQUEST_LEN] ^= what.change;
	send_packet(tenant, &request, len);
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
static const struct entry device = {
	.guid = { 2 }, .share = 40, .capacity = 1, .title = "device"
};

/* The sockets are made once: that takes longer than all else */
static void begin_once(void)
{
	const uint8_t secret[LIBRPMB_KEY_LEN] = { 0 };

	server.directory = mkdtemp(strdup("/tmp/fuzz-anchor-XXXXXX"));
	must(server.directory && !chdir(server.directory) &&
	     !atexit(remove_directory));
	keys_make(&keys, secret);
	server.keys = &keys;
	server.writes_left = UINT32_MAX;
	server.epoll = epoll_create1(EPOLL_CLOEXEC);
	must(control_begin(&server));
}

static void add(const struct entry *entry)
{
	struct table next;

	must(table_copy(&next, &server.table));
	table_add(&next, entry);
	table_free(&server.table);
	server.table = next;
}

static void begin(void)
{
	if (!server.directory)
		begin_once();
	made = 0;
	add(&first);
	add(&device);
	if (!server.guests)
		must(guest_add(&server, &first) && guest_add(&server, &device));
}

static bool is_served(const struct entry *entry)
{
	const struct guest *guest = guest_find(&server, entry->guid);

	return guest && !memcmp(guest->line.salt, entry->salt,
				sizeof(entry->salt));
}

/* Are there these two and no other, as in the beginning? */
static bool is_as_before(void)
{
	return is_served(&first) && is_served(&device) &&
	       !server.guests->next->next;
}

static void reset_device(void)
{
	struct guest *guest = guest_find(&server, device_guid);
	bool usable;

	vrpmb_load(&guest->tenant->dev, &server.hw, &keys, &device, &usable);
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
	hang_up(&tenant);
	hang_up(&admin);
	serve();
	if (is_as_before())
		reset_device();
	else
		while (server.guests)
			guest_remove(&server, server.guests);
	table_free(&server.table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char path[] = "01000000-0000-0000-0000-000000000000/socket";
	static const char other[] = "02000000-0000-0000-0000-000000000000/socket";
	struct input input = { data, size };
	uint8_t what;

	begin();
	reconnect(&client, path);
	reconnect(&tenant, other);
	reconnect(&admin, "control");
	while (input.size) {
		input_take(&input, &what, 1);
		switch (what % 8) {
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
		case 5:
			reconnect(&tenant, other);
			break;
		case 6:
			send_bytes(&input, tenant);
			break;
		case 7:
			send_request(&input);
			break;
		}
	}
	end();
	return 0;
}
