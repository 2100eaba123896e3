// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest moves to another host: one of both has the device at any time, whatever goes
 * wrong, and nothing that was acknowledged is lost
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "model.h"
#include "move.h"
#include "proxy.h"

static struct host a, b, c;
static struct model model;
static uint8_t ticket[TICKET_LEN];

#define FENCED 3

/* A guest on a, with some writes behind it */
static void begin_by(const char *name)
{
	move_begin_by(&a, "a", name);
	model_set(&model, 0);
	for (unsigned int i = 0; i < 5; i++)
		model_write(&model, &a.fe);
}

static void begin(void)
{
	begin_by(fleet_device());
}

/* It is there, all of it, and can be written to */
static void must_have(struct host *host)
{
	model_check(&model, &host->fe, false);
	for (unsigned int i = 0; i < 3; i++)
		model_write(&model, &host->fe);
	model_check(&model, &host->fe, false);
}

static void begin_move(void)
{
	begin();
	move_await(&b, "b");
	move_save(&a, ticket);
	move_arrive(&b, &a);
}

static void offered(void)
{
	union vu_payload payload;

	begin();
	fe_ask(&a.fe, VU_GET_PROTOCOL_FEATURES, &payload, 0);
	check(payload.u64 & BIT(VU_PROTOCOL_F_DEVICE_STATE), "%#llx",
	      (unsigned long long)payload.u64);
}

static void moved(void)
{
	begin_move();
	check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	move_resume(&b);
	must_have(&b);
	move_resume_in_vain(&a);
	must_have(&b);
	serve_stop(&a);
	must_have(&b);
	serve_stop(&b);
}

/* Where nothing was asked for since the guest came, and nothing happens to a */
static void moved_in_silence(void)
{
	begin_move();
	check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	serve_stop(&a);
	move_resume(&b);
	must_have(&b);
}

/* Among three, and back again */
static void moved_on_and_on(void)
{
	struct host *from = &a, *to = &b;

	begin();
	for (unsigned int i = 0; i < 12; i++) {
		struct host *next = from;

		move_await(to, i % 3 == 0 ? "x" : i % 3 == 1 ? "y" : "z");
		move(from, to);
		must_have(to);
		serve_stop(from);
		from = to;
		to = next;
	}
}

/* The same two daemons all along */
static void moved_there_and_back(void)
{
	begin();
	move_await(&b, "b");
	move(&a, &b);
	must_have(&b);
	for (unsigned int i = 0; i < 5; i++) {
		fe_close(&a.fe);
		move(&b, &a);
		must_have(&a);
		fe_close(&b.fe);
		move(&a, &b);
		must_have(&b);
	}
}

/* What the guest has asked for, and not heard of, it hears of there */
static void moved_with_requests(void)
{
	begin();
	move_await(&b, "b");
	fe_stop_ring(&a.fe);
	model_submit(&model, &a.fe);
	move(&a, &b);
	model_answer(&model, &b.fe);
	must_have(&b);
}

/* A response that was made on a host is none of the device any more when it is back */
static void old_answers_stay(void)
{
	struct rpmb_frame out[2], in;
	uint8_t data[BLOCK] = { 7 };

	begin();
	move_await(&b, "b");
	make_write(out, 1, 0, model.counter, data, test_key);
	check_eq(transact(&a.fe, out, 1, &in, 0), 0);
	move(&a, &b);
	make_write(out, 1, 0, model.counter + 1, data, test_key);
	check_eq(transact(&b.fe, out, 1, &in, 0), 0);
	fe_close(&a.fe);
	move(&b, &a);
	make_result_read(out);
	check_eq(transact(&a.fe, out, 1, &in, 1), FRAME);
	check_eq(in.req_resp, 0);
	check_eq(must_count(&a.fe), model.counter + 2);
}

static void incoming_config(void)
{
	uint8_t here[3], there[3];

	begin_move();
	check(fe_config(&a.fe, 0, sizeof(there), there) &&
	      fe_config(&b.fe, 0, sizeof(here), here), "refused");
	check(!memcmp(here, there, sizeof(here)), "another device");
}

static void nothing_came(void)
{
	begin();
	move_await(&b, "b");
	move_connect(&b);
	move_resume_in_vain(&b);
	check(strstr(daemon_messages(), "nothing has come"), "no message");
	must_have(&a);
	serve_stop(&b);
	must_have(&a);
}

static void no_such_device(void)
{
	move_await(&b, "b");
	serve_ends(&b, 1, "there is no such device");
}

static void failed_before(void)
{
	begin();
	move_save(&a, ticket);
	move_resume(&a);
	must_have(&a);
	move_await(&b, "b");
	move_connect(&b);
	check(move_load(&b, ticket, sizeof(ticket)), "accepted");
	must_have(&a);
}

/* The new host has checked the ticket, but the old one goes on */
static void failed_after(void)
{
	begin_move();
	check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	move_resume(&a);
	must_have(&a);
	move_resume_in_vain(&b);
	must_have(&a);
	/* and then it moves after all */
	fe_close(&b.fe);
	move(&a, &b);
	must_have(&b);
}

/* A guest that has nothing to ask does not start the ring in between */
static void saved_twice(void)
{
	uint8_t again[TICKET_LEN];

	begin();
	move_await(&b, "b");
	move_save(&a, ticket);
	move_save(&a, again);
	move_arrive(&b, &a);
	check_eq(move_load(&b, again, sizeof(again)), 0);
	move_resume(&b);
	must_have(&b);
}

static void next_frontend_goes_on(void)
{
	begin();
	move_save(&a, ticket);
	fe_close(&a.fe);
	move_connect(&a);
	move_resume(&a);
	must_have(&a);
}

static void source_killed(void)
{
	begin_move();
	check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	move_kill(&a);
	move_resume(&b);
	must_have(&b);
}

static void source_killed_before(void)
{
	begin_move();
	move_kill(&a);
	check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	move_resume(&b);
	must_have(&b);
}

static void target_killed(void)
{
	begin_move();
	check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	move_kill(&b);
	move_resume(&a);
	must_have(&a);
}

/* Too late for the old host; a third one has to say that the new one is dead */
static void target_killed_later(void)
{
	begin_move();
	check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	move_resume(&b);
	must_have(&b);
	move_kill(&b);
	move_resume_in_vain(&a);
	serve_start(&c, "c", fleet_device(), "--take-over");
	move_connect(&c);
	move_resume(&c);
	must_have(&c);
}

static void used_twice(void)
{
	begin_move();
	move_await(&c, "c");
	move_arrive(&c, &a);
	check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	check_eq(move_load(&c, ticket, sizeof(ticket)), 0);
	move_resume(&b);
	must_have(&b);
	move_resume_in_vain(&c);
	must_have(&b);
	fe_stop_ring(&c.fe);
	check(move_load(&c, ticket, sizeof(ticket)), "accepted");
	must_have(&b);
}

static void refused(const void *bytes, size_t len)
{
	check(move_load(&b, bytes, len), "%zu bytes accepted", len);
	check(daemon_alive(&b.daemon), "the daemon has ended");
}

static void other_device(void)
{
	uint8_t other[TICKET_LEN];

	begin_move();
	daemon_new_device();
	move_begin(&c, "c");
	move_save(&c, other);
	refused(other, sizeof(other));
	check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	move_resume(&b);
	must_have(&b);
}

/* Of one byte each */
static void damaged(void)
{
	uint8_t bytes[TICKET_LEN];

	begin_move();
	for (unsigned int i = 0; i < TICKET_LEN; i++) {
		memcpy(bytes, ticket, sizeof(bytes));
		bytes[i] ^= 1 << i % 8;
		refused(bytes, sizeof(bytes));
	}
	move_resume_in_vain(&b);
	fe_stop_ring(&b.fe);
	check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	move_resume(&b);
}

static void short_and_long(void)
{
	static uint8_t bytes[200000];

	begin_move();
	memcpy(bytes, ticket, sizeof(ticket));
	for (unsigned int len = 0; len < TICKET_LEN; len++)
		refused(bytes, len);
	refused(bytes, TICKET_LEN + 1);
	refused(bytes, 255);
	refused(bytes, 256);
	refused(bytes, 257);
	refused(bytes, 60000);
	refused(bytes, sizeof(bytes));
	memset(bytes, 0, TICKET_LEN);
	refused(bytes, TICKET_LEN);
	memset(bytes, 255, TICKET_LEN);
	refused(bytes, TICKET_LEN);
	check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	move_resume(&b);
	must_have(&b);
}

static void old_ticket(void)
{
	uint8_t old[TICKET_LEN];

	begin();
	move_save(&a, old);
	move_resume(&a);
	must_have(&a);
	move_await(&b, "b");
	move_save(&a, ticket);
	move_arrive(&b, &a);
	refused(old, sizeof(old));
	check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	/* the older one, that it is refused, changes nothing */
	refused(old, sizeof(old));
	check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	move_resume(&b);
	must_have(&b);
	fe_stop_ring(&b.fe);
	refused(ticket, sizeof(ticket));
}

/* The database is away for a moment: the transfer fails, and the guest stays */
static void no_database(void)
{
	int fds[2];

	begin();
	a.fe.base = fe_stop_ring(&a.fe);
	fleet_do("kill", "a");
	check(!pipe2(fds, O_CLOEXEC), "%s", strerror(errno));
	check(move_transfer(&a, SAVE, fds[1]), "saved");
	close(fds[0]);
	close(fds[1]);
	fleet_do("start", "a");
	move_resume(&a);
	must_have(&a);
}

static void no_database_there(void)
{
	begin_move();
	fleet_do("kill", "a");
	check(move_load(&b, ticket, sizeof(ticket)), "accepted");
	fleet_do("start", "a");
	check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	move_resume(&b);
	must_have(&b);
}

static void await_by(struct host *host, const char *owner, const char *proxy)
{
	serve_start(host, owner, fleet_device_by(proxy), "--incoming");
	move_arrive(host, &a);
	check_eq(move_load(host, ticket, sizeof(ticket)), 0);
}

/* Two go on at once with one ticket: who comes first has the device, and only that one */
static void compete(struct proxy *first, struct host *winner,
		    struct proxy *second, struct host *loser)
{
	uint8_t config;

	daemon_forget_messages();
	proxy_arm(first, PROXY_REQUEST, TAKES);
	proxy_arm(second, PROXY_REQUEST, TAKES);
	move_begin_resuming(winner);
	move_begin_resuming(loser);
	proxy_wait_held(first);
	proxy_wait_held(second);
	submit_count(&loser->fe);
	proxy_go_on(first, PROXY_PASS);
	must_have(winner);
	proxy_go_on(second, PROXY_PASS);
	check(fe_config(&loser->fe, 0, 1, &config), "refused");
	daemon_wait_for_words("somebody else has taken the device");
	check(!fe_used(&loser->fe), "served");
	must_have(winner);
	move_kill(loser);
	move_kill(winner);
}

static void two_compete(void)
{
	struct proxy *x = proxy_new("x"), *y = proxy_new("y");
	unsigned int i;

	for (i = 0; i < 4; i++) {
		struct host *one = i & 2 ? &c : &a;

		daemon_new_device();
		begin_by(i & 2 ? fleet_device() : fleet_device_by("x"));
		move_save(&a, ticket);
		await_by(&b, "b", "y");
		if (one == &c)
			await_by(&c, "c", "x");
		if (i & 1)
			compete(x, one, y, &b);
		else
			compete(y, &b, x, one);
		if (one == &c)
			move_kill(&a);
	}
}

/* Another host takes the device while the old one saves: what was saved is worth nothing */
static void overtake_saving(struct proxy *proxy, enum proxy_place place)
{
	uint8_t bytes[TICKET_LEN + 1];
	int fds[2];

	daemon_new_device();
	daemon_forget_messages();
	begin_by(fleet_device_by("x"));
	a.fe.base = fe_stop_ring(&a.fe);
	check(!pipe2(fds, O_CLOEXEC), "%s", strerror(errno));
	proxy_arm(proxy, place, SUSPENDS);
	move_ask(&a, SAVE, fds[1]);
	close(fds[1]);
	proxy_wait_held(proxy);
	serve_open(&c, "c", fleet_device(), "--take-over");
	serve_goes_on(&c, &model, false);
	proxy_go_on(proxy, PROXY_PASS);
	if (place == PROXY_REQUEST) {
		serve_ends(&a, FENCED, "taken over by c");
		check_eq(move_read(fds[0], bytes, sizeof(bytes)), 0);
		fe_close(&a.fe);
	} else {
		check_eq(move_told(&a), 0);
		check_eq(move_read(fds[0], bytes, sizeof(bytes)), TICKET_LEN);
		move_await(&b, "b");
		move_connect(&b);
		refused(bytes, TICKET_LEN);
		move_kill(&b);
		move_resume_in_vain(&a);
		move_kill(&a);
	}
	close(fds[0]);
	serve_goes_on(&c, &model, false);
	serve_stop(&c);
}

static void overtaken_saving(void)
{
	struct proxy *proxy = proxy_new("x");

	overtake_saving(proxy, PROXY_REQUEST);
	overtake_saving(proxy, PROXY_ANSWER);
}

/* How far a move is when a host dies; the guest has asked for something all along */
enum step { STOPPED, SAVED, LOADED, RESUMED, NR_STEPS };

static void go_to(enum step step)
{
	begin();
	move_await(&b, "b");
	a.fe.base = fe_stop_ring(&a.fe);
	model_submit(&model, &a.fe);
	if (step >= SAVED)
		move_save(&a, ticket);
	move_arrive(&b, &a);
	if (step >= LOADED)
		check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	if (step >= RESUMED)
		move_resume(&b);
}

/* Whose guest can go on, if @dead does not live any more; NULL if nobody's */
static struct host *survivor(enum step step, const struct host *dead)
{
	if (dead == &b)
		return step >= RESUMED ? NULL : &a;
	return step >= SAVED ? &b : NULL;
}

static void goes_on(struct host *host, enum step step)
{
	if (host == &b && step < LOADED)
		check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	if (host == &a || step < RESUMED)
		move_resume(host);
	model_answer(&model, &host->fe);
	must_have(host);
}

/* It is known to be dead, and the guest starts anew somewhere else */
static void taken_over(void)
{
	serve_start(&c, "c", fleet_device(), "--take-over");
	move_connect(&c);
	move_resume(&c);
	model_check(&model, &c.fe, true);
	must_have(&c);
	fe_close(&c.fe);
	daemon_kill(&c.daemon);
}

static void one_dies(enum step step, struct host *dead, struct host *other)
{
	struct host *host = survivor(step, dead);

	go_to(step);
	move_kill(dead);
	if (host)
		goes_on(host, step);
	move_kill(other);
	if (!host)
		taken_over();
	daemon_new_device();
}

static void dies_at_each_step(void)
{
	for (enum step step = STOPPED; step < NR_STEPS; step++) {
		one_dies(step, &a, &b);
		one_dies(step, &b, &a);
	}
}

static const struct test tests[] = {
	{ "move: offered", offered },
	{ "move: done", moved },
	{ "move: done, and nobody asks anything", moved_in_silence },
	{ "move: on and on", moved_on_and_on },
	{ "move: there and back", moved_there_and_back },
	{ "move: with requests on their way", moved_with_requests },
	{ "move: old answers stay behind", old_answers_stay },
	{ "incoming: the configuration is the device's", incoming_config },
	{ "incoming: nothing came, nothing is served", nothing_came },
	{ "incoming: there is no such device", no_such_device },
	{ "failed before the hand-over", failed_before },
	{ "failed after the hand-over", failed_after },
	{ "saved twice", saved_twice },
	{ "another front-end goes on where it was", next_frontend_goes_on },
	{ "the old host is killed", source_killed },
	{ "the old host is killed before the ticket comes",
	  source_killed_before },
	{ "the new host is killed", target_killed },
	{ "the new host is killed when it serves", target_killed_later },
	{ "one of both is killed, at each step", dies_at_each_step },
	{ "two go on at once: one of them has it", two_compete },
	{ "another takes the device while it is saved: no ticket for it",
	  overtaken_saving },
	{ "ticket: used twice", used_twice },
	{ "ticket: of another device", other_device },
	{ "ticket: damaged", damaged },
	{ "ticket: short and long", short_and_long },
	{ "ticket: old after more writes", old_ticket },
	{ "database: away when the old host saves", no_database },
	{ "database: away when the new host loads", no_database_there },
};

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
