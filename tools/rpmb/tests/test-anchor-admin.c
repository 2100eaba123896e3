// SPDX-License-Identifier: GPL-2.0-only
/*
 * rpmb-anchor and its administrator, and whoever gets at one of its sockets
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "anchor-client.h"
#include "anchor-host.h"
#include "daemon.h"

/* Writes of the hardware that are kept for starts and the administrator */
#define RESERVE 65536

/* An administrator who speaks for himself */
static int control(void)
{
	int sock = host_connect(CONTROL);

	check(sock >= 0, "%s", strerror(errno));
	return sock;
}

static void tell(int sock, const char *text)
{
	check_eq(send(sock, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* One answer, in static memory; empty at the end */
static const char *hear(int sock)
{
	static char text[4096];
	ssize_t len = recv(sock, text, sizeof(text) - 1, 0);

	text[len > 0 ? len : 0] = '\0';
	return text;
}

static bool is_done(const char *answer)
{
	return strstr(answer, "\"done\"");
}

static bool is_error(const char *answer)
{
	return strstr(answer, "\"error\"");
}

static void one_step(unsigned int n)
{
	struct rpmb_anchor *anchor = must_connect(n);
	struct kept kept = {};

	check_eq(rpmb_anchor_get(anchor, &kept.step), 0);
	must_step(anchor, &kept);
	rpmb_anchor_free(anchor);
}

/* What list and log say is the same after a crash */
static void expect_kept(void)
{
	static char list[65536], log[65536];

	check(!admin("list"), "%s", said());
	strcpy(list, said());
	check(!admin("log"), "%s", said());
	strcpy(log, said());
	host_kill();
	host_start();
	check(!admin("list"), "%s", said());
	expect(!strcmp(list, said()));
	check(!admin("log"), "%s", said());
	expect(!strcmp(log, said()));
}

static void test_commands(void)
{
	host_ready(1);
	expect_kept();
	check(!admin("add other --share 5 --per-day 3 --user 4711"), "%s", said());
	expect_kept();
	check(!admin("set other --share 6 --title another"), "%s", said());
	expect_kept();
	check(!admin("accept another"), "%s", said());
	expect_kept();
	one_step(0);
	expect_kept();
	check(!admin("remove another"), "%s", said());
	expect_kept();
	expect_eq(admin_lines("list"), 1);
	expect_eq(admin_lines("log"), 6);
	expect_eq(connect_error(0), 0);
}

/* Whoever has an anchor keeps it, whatever is done to others, or to its own settings */
static void test_sessions(void)
{
	struct kept kept = {};
	struct rpmb_anchor *anchor;

	host_ready(2);
	anchor = must_connect(0);
	check(!admin("add third"), "%s", said());
	check(!admin("remove number-1"), "%s", said());
	check(!admin("set number-0 --title zero --per-day 0"), "%s", said());
	expect(rpmb_anchor_is_held(anchor));
	must_step(anchor, &kept);
	check(!admin("remove zero"), "%s", said());
	expect(!rpmb_anchor_is_held(anchor));
	expect_eq(rpmb_anchor_connect(anchor, socket_of(0)), RPMB_ERR_NO_ANCHOR);
	rpmb_anchor_free(anchor);
	expect_eq(admin_lines("list"), 1);
}

/* The next step may come from an older version; it is a step, and the last such one */
static void test_accept(void)
{
	struct kept kept = {}, old;
	struct rpmb_anchor *anchor;

	host_ready(1);
	anchor = must_connect(0);
	must_step(anchor, &kept);
	old = kept;
	must_step(anchor, &kept);
	expect(!rpmb_anchor_may_step_back(anchor));
	check(!admin("accept number-0"), "%s", said());
	expect_anchored(anchor, &kept);
	expect(rpmb_anchor_may_step_back(anchor));
	expect_eq(rpmb_anchor_verify(anchor, &old.step, old.root), RPMB_ERR_OLD);
	host_kill();
	host_start();
	check_eq(rpmb_anchor_connect(anchor, socket_of(0)), 0);
	expect(rpmb_anchor_may_step_back(anchor));
	check_eq(rpmb_anchor_get(anchor, &kept.step), 0);
	rpmb_anchor_next(anchor, &kept.step, old.root, &kept.step);
	memcpy(kept.root, old.root, sizeof(kept.root));
	check_eq(advance(anchor, &kept), 0);
	expect_anchored(anchor, &kept);
	expect(!rpmb_anchor_may_step_back(anchor));
	rpmb_anchor_free(anchor);
	check(!admin("log"), "%s", said());
	expect(says("accept "));
}

/* One who is slowed down waits; others do not, and he goes on when he may */
static void test_per_day(void)
{
	struct raw slow;

	host_ready(2);
	check(!admin("set number-0 --per-day 1"), "%s", said());
	check_eq(raw_connect(&slow, 0), ANCHOR_OK);
	raw_ask_step(&slow, 1);
	expect_eq(raw_answer(&slow), ANCHOR_OK);
	raw_ask_step(&slow, 2);
	/* Whatever else is changed gives him no other day */
	check(!admin("set number-0 --title zero --per-day 1"), "%s", said());
	check(!admin("accept zero"), "%s", said());
	one_step(1);
	one_step(1);
	check(!admin("list"), "%s", said());
	expect(says("  1 of "));
	expect(says("  2 of "));
	check(!admin("set zero --per-day 0"), "%s", said());
	expect_eq(raw_answer(&slow), ANCHOR_OK);
	raw_close(&slow);
}

/* A command that is refused changes nothing, whatever goes with the same write */
static void test_refused_with_others(void)
{
	struct fake *fake = host_ready(2);
	struct raw clients[2];
	unsigned int i;
	int sock;

	check(!admin("set number-1 --share 1000"), "%s", said());
	sock = control();
	for (i = 0; i < 2; i++)
		check_eq(raw_connect(&clients[i], i), ANCHOR_OK);
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 0);
	raw_ask_step(&clients[0], 0);
	host_wait_held(fake);
	tell(sock, "{\"command\":\"set\",\"anchor\":\"number-1\",\"share\":7,"
		   "\"title\":\"a title that is longer than any can be\"}");
	raw_ask_step(&clients[1], 1);
	host_release(fake);
	for (i = 0; i < 2; i++) {
		expect_eq(raw_answer(&clients[i]), ANCHOR_OK);
		raw_close(&clients[i]);
	}
	expect(is_error(hear(sock)));
	close(sock);
	check(!admin("list"), "%s", said());
	expect(says("  1 of 1000 steps"));
}

/* An administrator who goes away in the middle, before his command is done */
static void test_gone(void)
{
	struct fake *fake = host_ready(1);
	char text[128];
	int sock;

	sock = control();
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 0);
	snprintf(text, sizeof(text), "{\"command\":\"add\",\"guid\":\"" GUID "\"}",
		 1);
	tell(sock, text);
	host_wait_held(fake);
	close(sock);
	host_release(fake);
	expect_eq(admin_lines("list"), 2);
	expect_eq(admin_lines("log"), 3);
	expect_eq(connect_error(1), 0);
}

/* The same, before it was begun: it is not done, or done as a whole */
static void test_gone_before(void)
{
	struct fake *fake = host_ready(1);
	struct raw client;
	unsigned int nr;
	int sock;

	sock = control();
	check_eq(raw_connect(&client, 0), ANCHOR_OK);
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 0);
	raw_ask_step(&client, 0);
	host_wait_held(fake);
	tell(sock, "{\"command\":\"add\",\"title\":\"x\"}");
	close(sock);
	host_release(fake);
	expect_eq(raw_answer(&client), ANCHOR_OK);
	raw_close(&client);
	nr = admin_lines("list");
	expect_eq(admin_lines("log"), nr + 1);
	one_step(0);
}

static const char *const bad_requests[] = {
	"{", "[]", "null", "7", "\"add\"", "\xff\xfe", "{}", "{\"command\":5}",
	"{\"command\":null}", "{\"command\":\"nothing\"}",
	"{\"command\":\"init\"}",
	"{\"command\":\"add\",\"guid\":\"x\"}",
	"{\"command\":\"add\",\"guid\":\"00000000-0000-4000-8000-000000000000\"}",
	"{\"command\":\"add\",\"uid\":4294967295}",
	"{\"command\":\"add\",\"uid\":18446744073709551615}",
	"{\"command\":\"add\",\"title\":\"two\\nlines\"}",
	"{\"command\":\"add\",\"title\":\"1234567890123456789012345678901234567\"}",
	"{\"command\":\"set\"}",
	"{\"command\":\"set\",\"anchor\":\"nobody\"}",
	"{\"command\":\"set\",\"anchor\":5,\"share\":5}",
	"{\"command\":\"remove\",\"anchor\":{}}",
	"{\"command\":\"accept\",\"anchor\":\"\"}",
	"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
};

static void test_bad_requests(void)
{
	unsigned int i;
	int sock;

	host_ready(1);
	sock = control();
	for (i = 0; i < ARRAY_SIZE(bad_requests); i++) {
		tell(sock, bad_requests[i]);
		check(is_error(hear(sock)), "%s is not refused",
		      bad_requests[i]);
	}
	close(sock);
	expect_eq(admin_lines("list"), 1);
	expect_eq(admin_lines("log"), 2);
	one_step(0);
}

/* What is no request at all ends the session, and nothing else */
static void test_bad_packets(void)
{
	char long_one[8192];
	int sock;

	host_ready(1);
	memset(long_one, ' ', sizeof(long_one));
	memcpy(long_one, "{\"command\":\"add\"}", 17);
	sock = control();
	check_eq(send(sock, long_one, sizeof(long_one), 0), sizeof(long_one));
	expect(!*hear(sock));
	close(sock);
	sock = control();
	check_eq(send(sock, "", 0, 0), 0);
	expect(!*hear(sock));
	close(sock);
	expect_eq(admin_lines("list"), 1);
	expect_eq(admin_lines("log"), 2);
}

/* Pages that are not there, and one who does not wait for his answer */
static void test_bad_order(void)
{
	struct fake *fake = host_ready(1);
	int sock = control();

	tell(sock, "{\"command\":\"list\",\"from\":18446744073709551615}");
	expect(is_done(hear(sock)));
	tell(sock, "{\"command\":\"log\",\"from\":9223372036854775807}");
	expect(is_done(hear(sock)));
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 0);
	tell(sock, "{\"command\":\"add\",\"title\":\"x\"}");
	host_wait_held(fake);
	tell(sock, "{\"command\":\"add\",\"title\":\"y\"}");
	expect(!*hear(sock));
	host_release(fake);
	close(sock);
	expect_eq(admin_lines("list"), 2);
	expect_eq(admin_lines("log"), 3);
}

static void add_up_to(unsigned int *nr, unsigned int end)
{
	const char *answer;
	char text[128];
	int sock = control();

	for (; *nr < end; ++*nr) {
		snprintf(text, sizeof(text),
			 "{\"command\":\"add\",\"share\":9,\"guid\":\"" GUID "\"}",
			 *nr);
		tell(sock, text);
		answer = hear(sock);
		check(strstr(answer, "\"socket\""), "%s", answer);
		check(is_done(hear(sock)), "no end");
	}
	close(sock);
}

/* Each anchor is listed once, and so is each line of the log */
static void expect_all_listed(unsigned int nr)
{
	char guid[LIBRPMB_GUID_TEXT], *found;
	unsigned int i;

	expect_eq(admin_lines("log"), nr + 1);
	for (i = 0; i < nr; i++) {
		snprintf(guid, sizeof(guid), GUID, i);
		found = strstr(said(), guid);
		check(found && !strstr(found + 1, guid), "log: %s", guid);
	}
	expect_eq(admin_lines("list"), nr);
	for (i = 0; i < nr; i++) {
		snprintf(guid, sizeof(guid), GUID, i);
		found = strstr(said(), guid);
		check(found && !strstr(found + 1, guid), "list: %s", guid);
	}
}

static void test_pages(void)
{
	static const unsigned int numbers[] = { 63, 64, 65, 128, 150 };
	unsigned int i, nr = 0;

	host_ready(0);
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		add_up_to(&nr, numbers[i]);
		expect_all_listed(nr);
	}
	host_kill();
	host_start();
	expect_all_listed(nr);
	one_step(0);
	one_step(149);
}

/* A packet of that length ends the session; the anchor can be had again */
static void send_length(size_t len)
{
	struct anchor_request req;
	uint8_t packet[4096] = {};
	struct raw client;

	check_eq(raw_connect(&client, 0), ANCHOR_OK);
	req = raw_next(&client, 1);
	memcpy(packet, &req, sizeof(req));
	raw_send(&client, packet, len);
	expect(raw_is_over(&client));
	raw_close(&client);
	expect_eq(connect_error(0), 0);
}

static void test_client_packets(void)
{
	struct kept kept = {};
	struct rpmb_anchor *anchor;
	size_t len;

	host_ready(1);
	for (len = 0; len < sizeof(struct anchor_request); len++)
		send_length(len);
	send_length(len + 1);
	send_length(4096);
	anchor = must_connect(0);
	expect_anchored(anchor, &kept);
	must_step(anchor, &kept);
	rpmb_anchor_free(anchor);
}

static enum anchor_result ask(const struct raw *client, uint32_t version,
			      uint32_t type)
{
	struct anchor_request req = {
		.version = htole32(version), .type = htole32(type)
	};

	raw_send(client, &req, sizeof(req));
	return raw_answer(client);
}

static void test_client_requests(void)
{
	struct fake *fake = host_ready(1);
	struct anchor_request req;
	struct raw client;

	check_eq(raw_connect(&client, 0), ANCHOR_OK);
	expect_eq(ask(&client, 0, ANCHOR_GET), ANCHOR_BAD_REQUEST);
	expect_eq(ask(&client, 2, ANCHOR_GET), ANCHOR_BAD_REQUEST);
	expect_eq(ask(&client, 1, 0), ANCHOR_BAD_REQUEST);
	expect_eq(ask(&client, 1, 3), ANCHOR_BAD_REQUEST);
	/* The second and third come while the first is written; two is one too many */
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 0);
	raw_ask_step(&client, 1);
	host_wait_held(fake);
	raw_ask_step(&client, 2);
	req = raw_next(&client, 3);
	raw_send(&client, &req, sizeof(req));
	expect_eq(raw_answer(&client), ANCHOR_BAD_REQUEST);
	host_release(fake);
	expect_eq(raw_answer(&client), ANCHOR_OK);
	expect_eq(raw_answer(&client), ANCHOR_OK);
	raw_close(&client);
	check_eq(raw_connect(&client, 0), ANCHOR_OK);
	expect_eq(client.at.number, 2);
	raw_close(&client);
}

/* One who asks and asks, and takes no answer, is given up; others see nothing of it */
static void test_client_deaf(void)
{
	const struct anchor_request get = {
		.version = htole32(ANCHOR_VERSION), .type = htole32(ANCHOR_GET)
	};
	unsigned int nr = 0;
	struct raw client;

	host_ready(2);
	check_eq(raw_connect(&client, 0), ANCHOR_OK);
	while (send(client.sock, &get, sizeof(get), MSG_NOSIGNAL) > 0)
		check(nr++ < 1000000, "it is never given up");
	expect(errno == EPIPE || errno == ECONNRESET);
	one_step(1);
	expect_eq(connect_error(0), 0);
	raw_close(&client);
}

static void test_client_noise(void)
{
	uint8_t packet[512];
	struct raw client;
	unsigned int i, j;

	host_ready(2);
	srandom(1);
	for (i = 0; i < 500; i++) {
		if (raw_connect(&client, 0) == ANCHOR_OK) {
			for (j = 0; j < sizeof(packet); j++)
				packet[j] = random();
			packet[0] = 1;
			memset(packet + 1, 0, 3);
			send(client.sock, packet,
			     i % 2 ? 80 : random() % sizeof(packet),
			     MSG_NOSIGNAL);
		}
		raw_close(&client);
	}
	one_step(1);
	one_step(0);
	check(!admin("list"), "%s", said());
	expect(!says("  0 of ") && !says("  2 of "));
}

/* Long before, the shares are used up; but if it does come to that, it says so */
static void test_counter_ends(void)
{
	struct fake *fake = host_ready(1);

	one_step(0);
	host_stop();
	fake->counter = UINT32_MAX;
	host_refuses("write counter");
}

/* The last writes are for starts and the administrator: nobody else makes a step then */
static void test_reserve(void)
{
	struct fake *fake = host_ready(1);
	struct rpmb_anchor *anchor;
	struct kept kept = {};

	host_stop();
	/* The start is a write, too */
	fake->counter = UINT32_MAX - RESERVE - 3;
	host_start();
	anchor = must_connect(0);
	expect_eq(rpmb_anchor_left(anchor), 2);
	must_step(anchor, &kept);
	must_step(anchor, &kept);
	expect_eq(rpmb_anchor_left(anchor), 0);
	keep_next(anchor, &kept);
	expect_eq(advance(anchor, &kept), RPMB_ERR_SPENT);
	rpmb_anchor_free(anchor);
	expect_eq(fake->counter, UINT32_MAX - RESERVE);
	check(!admin("set number-0 --title zero"), "%s", said());
	host_kill();
	host_start();
	check(!admin("list"), "%s", said());
	expect(says("  2 of ") && says("  zero"));
}

static const char *add_one(int sock)
{
	const char *answer;

	tell(sock, "{\"command\":\"add\",\"title\":\"one\",\"share\":9}");
	answer = hear(sock);
	return is_error(answer) ? answer : hear(sock);
}

/* As many as the guide promises; and who has one of them can use it */
static void test_most(void)
{
	unsigned int i;
	int sock;

	host_ready(1);
	sock = control();
	for (i = 1; i < 4096; i++)
		check(is_done(add_one(sock)), "%u: %s", i, add_one(sock));
	check(strstr(add_one(sock), "as many as there can be"), "no limit");
	close(sock);
	one_step(0);
	host_kill();
	host_start();
	daemon_wait_for_words("serving 4096 anchors");
	one_step(0);
	check(!admin("remove " GUID, 0), "%s", said());
	check(!admin("add another"), "%s", said());
}

static const struct test tests[] = {
	{ "commands: what they do outlives a crash", test_commands },
	{ "commands: those who have their anchors keep them", test_sessions },
	{ "commands: more than a page of anchors and lines of the log",
	  test_pages },
	{ "commands: one that is refused changes nothing",
	  test_refused_with_others },
	{ "add: 4096 anchors, and not one more", test_most },
	{ "accept: one step may come from an older version", test_accept },
	{ "set: one who is slowed down does not hinder the others",
	  test_per_day },
	{ "administrator: goes away while his command is written", test_gone },
	{ "administrator: goes away before it is", test_gone_before },
	{ "administrator: requests that make no sense", test_bad_requests },
	{ "administrator: packets that are none", test_bad_packets },
	{ "administrator: does not wait for his answer", test_bad_order },
	{ "client: packets of any length", test_client_packets },
	{ "client: requests that make no sense", test_client_requests },
	{ "client: takes no answers", test_client_deaf },
	{ "client: noise", test_client_noise },
	{ "hardware: its write counter is at its end", test_counter_ends },
	{ "hardware: its last writes are nobody's steps", test_reserve },
};

int main(int argc, char **argv)
{
	return run_anchor_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
