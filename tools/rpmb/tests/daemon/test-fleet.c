// SPDX-License-Identifier: GPL-2.0-only
/*
 * States in a database: one host serves a device at a time, whatever is lost, late or
 * stopped, and nothing that was acknowledged is lost
 */
#include <endian.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "fleet.h"
#include "model.h"
#include "proxy.h"
#include "state.h"

#define FENCED 3

/* A write, of whose commit the database has not heard yet */
static void submit_held(struct proxy *proxy, struct host *host,
			const struct model *model)
{
	proxy_arm(proxy, PROXY_REQUEST, COMMITS);
	model_submit(model, &host->fe);
	proxy_wait_held(proxy);
}

/* The same, and there is no database until the proxy lets connections through again */
static void lose_database(struct proxy *proxy, struct host *host,
			  const struct model *model)
{
	submit_held(proxy, host, model);
	proxy->refuses = true;
	proxy_go_on(proxy, PROXY_CUT);
	daemon_wait_for_words("server closed the connection unexpectedly");
}

static void one_after_the_other(void)
{
	char words[128];
	struct host one, two;
	struct model model;

	serve_begin(&one, fleet_device(), &model);
	/* Which device and which guest a line is about stands before it */
	snprintf(words, sizeof(words), "%s for socket-one: front-end connected",
		 strchr(fleet_device(), '#') + 1);
	daemon_wait_for_words(words);
	serve_stop(&one);
	serve_open(&two, "two", fleet_device(), NULL);
	serve_goes_on(&two, &model, false);
	serve_stop(&two);
	serve_open(&one, "one", fleet_device(), NULL);
	serve_goes_on(&one, &model, false);
}

static void in_use_elsewhere(void)
{
	struct host one, two;
	struct model model;

	serve_begin(&one, fleet_device(), &model);
	serve_start(&two, "two", fleet_device(), NULL);
	serve_ends(&two, 1, "in use by one");
	check(access(two.socket, F_OK), "the second one has a socket");
	serve_goes_on(&one, &model, false);
	/* Another host does not know that it has died */
	fe_close(&one.fe);
	daemon_kill(&one.daemon);
	serve_start(&two, "two", fleet_device(), NULL);
	serve_ends(&two, 1, "in use by one");
	serve_open(&two, "two", fleet_device(), "--take-over");
	serve_goes_on(&two, &model, false);
}

/* The same host knows */
static void killed_then_started(void)
{
	struct host one;
	struct model model;

	serve_begin(&one, fleet_device(), &model);
	fe_close(&one.fe);
	daemon_kill(&one.daemon);
	serve_open(&one, "one", fleet_device(), NULL);
	serve_goes_on(&one, &model, false);
}

/*
 * In a container both are called the same, and both are process 1; that of the other
 * container is not dead since we have its number
 */
static void in_use_in_container(void)
{
	char *daemon = strdup(getenv("RPMB_DAEMON"));
	struct host one, two;
	struct model model;

	check(!system("printf '#!/bin/sh\\nexec unshare --user --map-current-user"
		      " --pid --fork --kill-child --mount-proc \"%s\" \"$@\"\\n'"
		      " \"$RPMB_DAEMON\" >contained && chmod 755 contained"), "");
	setenv("RPMB_DAEMON", "./contained", 1);
	serve_begin(&one, fleet_device(), &model);
	serve_start(&two, "two", fleet_device(), "--owner", "one");
	serve_ends(&two, 1, "in use by one");
	serve_goes_on(&one, &model, false);
	setenv("RPMB_DAEMON", daemon, 1);
	free(daemon);
	/* Nor does one outside know */
	serve_start(&two, "two", fleet_device(), "--owner", "one");
	serve_ends(&two, 1, "in use by one");
	serve_goes_on(&one, &model, false);
}

/* Its number is somebody else's by now, who is alive */
static void number_used_again(void)
{
	struct host one;
	struct model model;

	serve_begin(&one, fleet_device(), &model);
	fe_close(&one.fe);
	daemon_kill(&one.daemon);
	fleet_sql("a", "UPDATE rpmb_devices SET token = regexp_replace(token,"
		       " '/%d/', '/%d/') WHERE guid = '%s'", one.daemon.pid,
		  getpid(), strchr(fleet_device(), '#') + 1);
	serve_open(&one, "one", fleet_device(), NULL);
	serve_goes_on(&one, &model, false);
}

static void taken_over(void)
{
	struct host one, two;
	struct model model;

	serve_begin(&one, fleet_device(), &model);
	serve_open(&two, "two", fleet_device(), "--take-over");
	submit_count(&one.fe);
	serve_ends(&one, FENCED, "taken over by two at epoch 2");
	check(!fe_used(&one.fe), "an answer from who has lost the device");
	serve_goes_on(&two, &model, false);
}

static void taken_over_write(void)
{
	struct host one, two;
	struct model model;

	serve_begin(&one, fleet_device(), &model);
	serve_open(&two, "two", fleet_device(), "--take-over");
	model_submit(&model, &one.fe);
	serve_ends(&one, FENCED, "somebody else has the device");
	check(!fe_used(&one.fe), "an answer from who has lost the device");
	serve_goes_on(&two, &model, false);
}

/* Stopped with a request in its ring, and woken up when another one has the device */
static void sleeper(void)
{
	struct host one, two;
	struct model model, old;
	int status;

	serve_begin(&one, fleet_device(), &model);
	old = model;
	kill(one.daemon.pid, SIGSTOP);
	check(waitpid(one.daemon.pid, &status, WUNTRACED) > 0, "not stopped");
	model_submit(&old, &one.fe);
	serve_open(&two, "two", fleet_device(), "--take-over");
	serve_goes_on(&two, &model, false);
	kill(one.daemon.pid, SIGCONT);
	serve_ends(&one, FENCED, "taken over by two");
	check(!fe_used(&one.fe), "an answer from who has lost the device");
	serve_goes_on(&two, &model, false);
}

/* Whoever is let go first has the device, the other one is refused */
static void two_take(bool first)
{
	struct proxy *proxies[2] = { proxy_new("x"), proxy_new("y") };
	struct host hosts[2];
	struct model model;
	struct host one;
	unsigned int i;
	char *names[2];

	serve_begin(&one, fleet_device(), &model);
	fe_close(&one.fe);
	daemon_kill(&one.daemon);
	names[0] = strdup(fleet_device_by("x"));
	names[1] = strdup(fleet_device_by("y"));
	for (i = 0; i < 2; i++) {
		proxy_arm(proxies[i], PROXY_REQUEST, TAKES);
		serve_start(&hosts[i], i ? "y" : "x", names[i], "--take-over");
		proxy_wait_held(proxies[i]);
	}
	proxy_go_on(proxies[first], PROXY_PASS);
	fe_open_at(&hosts[first].fe, &hosts[first].daemon,
		   hosts[first].socket);
	serve_goes_on(&hosts[first], &model, false);
	proxy_go_on(proxies[!first], PROXY_PASS);
	serve_ends(&hosts[!first], 1, "somebody else has taken the device");
	serve_goes_on(&hosts[first], &model, false);
}

static void two_take_one_first(void)
{
	two_take(false);
}

static void two_take_other_first(void)
{
	two_take(true);
}

enum comer { HELD, OTHER };

/*
 * One is held on its way to a device, and another one comes while it is; then it goes on.
 *
 * @option: what both are started with
 * @loser: who does not have it in the end
 * @status: with which status that one ends: refused, or it has had it
 * @says: and what it says
 */
static const struct meeting {
	const char *option;
	const char *words;
	enum proxy_place place;
	enum comer loser;
	int status;
	const char *says;
} meetings[] = {
	{ NULL, LOOKS, PROXY_REQUEST, HELD, 1, "in use by two" },
	{ NULL, LOOKS, PROXY_ANSWER, HELD, 1, "somebody else has taken" },
	{ NULL, TAKES, PROXY_REQUEST, HELD, 1, "somebody else has taken" },
	{ NULL, TAKES, PROXY_ANSWER, OTHER, 1, "in use by x" },
	{ "--take-over", LOOKS, PROXY_REQUEST, OTHER, FENCED, "over by x" },
	{ "--take-over", LOOKS, PROXY_ANSWER, HELD, 1, "over by two" },
	{ "--take-over", TAKES, PROXY_REQUEST, HELD, 1, "over by two" },
	{ "--take-over", TAKES, PROXY_ANSWER, HELD, FENCED, "over by two" },
};

/* A device that nobody has, or one whose host has died if it is to be taken over */
static void begin_meeting(const struct meeting *meeting, struct model *model)
{
	struct host one;

	daemon_new_device();
	serve_begin(&one, fleet_device(), model);
	fe_close(&one.fe);
	if (meeting->option)
		daemon_kill(&one.daemon);
	else
		daemon_stop(&one.daemon);
	daemon_forget_messages();
}

static void arrive(const struct meeting *meeting, struct host *hosts,
		   enum comer who)
{
	struct host *host = &hosts[who];

	if (who == meeting->loser && meeting->status != FENCED)
		serve_ends(host, meeting->status, meeting->says);
	else
		fe_open_at(&host->fe, &host->daemon, host->socket);
}

static void meet(const struct meeting *meeting, struct proxy *proxy)
{
	struct host hosts[2], *winner = &hosts[!meeting->loser];
	struct host *loser = &hosts[meeting->loser];
	struct model model;

	begin_meeting(meeting, &model);
	proxy_arm(proxy, meeting->place, meeting->words);
	serve_start(&hosts[HELD], "x", fleet_device_by("x"), meeting->option);
	proxy_wait_held(proxy);
	serve_start(&hosts[OTHER], "two", fleet_device(), meeting->option);
	arrive(meeting, hosts, OTHER);
	proxy_go_on(proxy, PROXY_PASS);
	arrive(meeting, hosts, HELD);
	if (meeting->status == FENCED) {
		submit_count(&loser->fe);
		serve_ends(loser, FENCED, meeting->says);
		check(!fe_used(&loser->fe), "an answer from who has lost it");
		fe_close(&loser->fe);
	}
	serve_goes_on(winner, &model, false);
	serve_stop(winner);
}

static void two_meet(void)
{
	struct proxy *proxy = proxy_new("x");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(meetings); i++)
		meet(&meetings[i], proxy);
}

/* Two make the same new device */
static void two_create(void)
{
	struct proxy *proxy = proxy_new("x");
	struct host one, two;
	struct model model = { 0 };

	proxy_arm(proxy, PROXY_REQUEST, "'created'");
	serve_start(&two, "two", fleet_device_by("x"), NULL);
	proxy_wait_held(proxy);
	serve_begin(&one, fleet_device(), &model);
	proxy_go_on(proxy, PROXY_PASS);
	serve_ends(&two, 1, "duplicate key");
	serve_goes_on(&one, &model, false);
}

/*
 * A write of the old owner is held somewhere while another host takes the device. If it
 * was done before that the new owner has it, and else nobody has.
 */
static void overtaken(enum proxy_place place)
{
	struct proxy *proxy = proxy_new("x");
	struct host one, two;
	struct model model;

	serve_begin(&one, fleet_device_by("x"), &model);
	proxy_arm(proxy, place, COMMITS);
	model_submit(&model, &one.fe);
	proxy_wait_held(proxy);
	check(!fe_used(&one.fe), "an answer before it is durable");
	serve_open(&two, "two", fleet_device(), "--take-over");
	if (place == PROXY_ANSWER)
		model_set(&model, model.counter + 1);
	serve_goes_on(&two, &model, false);
	proxy_go_on(proxy, PROXY_PASS);
	if (place == PROXY_REQUEST) {
		serve_ends(&one, FENCED, "taken over by two");
		check(!fe_used(&one.fe), "an answer to what was not done");
	} else {
		check_eq(fe_wait_used(&one.fe, NULL), FRAME);
		submit_count(&one.fe);
		serve_ends(&one, FENCED, "taken over by two");
	}
	serve_goes_on(&two, &model, false);
}

static void overtaken_before(void)
{
	overtaken(PROXY_REQUEST);
}

static void overtaken_after(void)
{
	overtaken(PROXY_ANSWER);
}

/* The same for who only asks: what it had in memory is not told */
static void overtaken_reader(void)
{
	struct proxy *proxy = proxy_new("x");
	struct host one, two;
	struct model model;

	serve_begin(&one, fleet_device_by("x"), &model);
	proxy_arm(proxy, PROXY_REQUEST, COMMITS);
	submit_count(&one.fe);
	proxy_wait_held(proxy);
	serve_open(&two, "two", fleet_device(), "--take-over");
	serve_goes_on(&two, &model, false);
	proxy_go_on(proxy, PROXY_PASS);
	serve_ends(&one, FENCED, "taken over by two");
	check(!fe_used(&one.fe), "an answer from memory");
}

/* Data is told only if it was found to be ours after it was read */
static void overtaken_data(enum proxy_place place, enum proxy_action action)
{
	struct proxy *proxy = proxy_new("x");
	struct host one, two;
	struct model model;

	serve_begin(&one, fleet_device_by("x"), &model);
	model_check(&model, &one.fe, false);
	proxy_arm(proxy, place, READS);
	model_submit_read(&one.fe);
	proxy_wait_held(proxy);
	serve_open(&two, "two", fleet_device(), "--take-over");
	serve_goes_on(&two, &model, false);
	proxy_go_on(proxy, action);
	serve_ends(&one, FENCED, "taken over by two");
	check(!fe_used(&one.fe), "an answer of who has lost the device");
	serve_goes_on(&two, &model, false);
}

static void overtaken_data_asked(void)
{
	overtaken_data(PROXY_REQUEST, PROXY_PASS);
}

static void overtaken_data_lost(void)
{
	overtaken_data(PROXY_REQUEST, PROXY_CUT);
}

static void overtaken_data_found(void)
{
	overtaken_data(PROXY_ANSWER, PROXY_PASS);
}

/* The connection is lost, and nobody has taken the device */
static void lost_data(enum proxy_place place)
{
	struct proxy *proxy = proxy_new("x");
	struct host one;
	struct model model;

	serve_begin(&one, fleet_device_by("x"), &model);
	model_check(&model, &one.fe, false);
	proxy_arm(proxy, place, READS);
	model_submit_read(&one.fe);
	proxy_wait_held(proxy);
	proxy_go_on(proxy, PROXY_CUT);
	model_answer_read(&model, &one.fe);
	serve_goes_on(&one, &model, false);
	serve_stop(&one);
}

static void lost_data_asked(void)
{
	lost_data(PROXY_REQUEST);
}

static void lost_data_found(void)
{
	lost_data(PROXY_ANSWER);
}

/* The connection is lost, and nobody knows what has become of a write */
static void lost(enum proxy_place place, const char *words,
		 enum proxy_place then)
{
	struct proxy *proxy = proxy_new("x");
	struct host one;
	struct model model;

	serve_begin(&one, fleet_device_by("x"), &model);
	proxy_arm(proxy, place, COMMITS);
	model_submit(&model, &one.fe);
	proxy_wait_held(proxy);
	if (words)
		proxy_arm(proxy, then, words);
	proxy_go_on(proxy, PROXY_CUT);
	if (words) {
		proxy_wait_held(proxy);
		proxy_go_on(proxy, PROXY_CUT);
	}
	model_answer(&model, &one.fe);
	serve_goes_on(&one, &model, false);
	serve_stop(&one);
}

static void lost_request(void)
{
	lost(PROXY_REQUEST, NULL, 0);
}

static void lost_answer(void)
{
	lost(PROXY_ANSWER, NULL, 0);
}

static void lost_settling(void)
{
	lost(PROXY_ANSWER, SETTLES, PROXY_REQUEST);
}

static void lost_settled(void)
{
	lost(PROXY_ANSWER, SETTLES, PROXY_ANSWER);
}

static void lost_settled_unwritten(void)
{
	lost(PROXY_REQUEST, SETTLES, PROXY_ANSWER);
}

static void lost_again(void)
{
	lost(PROXY_REQUEST, COMMITS, PROXY_ANSWER);
}

/*
 * Another host takes the device while it is settled what has become of a write. If that was
 * done the new owner has it, and the guest is told only by who has settled it before.
 */
static void overtake_settling(struct proxy *proxy, enum proxy_place wrote,
			      enum proxy_place settles)
{
	struct host one, two;
	struct model model;

	daemon_new_device();
	daemon_forget_messages();
	serve_begin(&one, fleet_device_by("x"), &model);
	proxy_arm(proxy, wrote, COMMITS);
	model_submit(&model, &one.fe);
	proxy_wait_held(proxy);
	proxy_arm(proxy, settles, SETTLES);
	proxy_go_on(proxy, PROXY_CUT);
	proxy_wait_held(proxy);
	serve_open(&two, "two", fleet_device(), "--take-over");
	if (wrote == PROXY_ANSWER)
		model_set(&model, model.counter + 1);
	serve_goes_on(&two, &model, false);
	proxy_go_on(proxy, PROXY_PASS);
	if (wrote == PROXY_ANSWER && settles == PROXY_ANSWER) {
		check_eq(fe_wait_used(&one.fe, NULL), FRAME);
		submit_count(&one.fe);
	}
	serve_ends(&one, FENCED, "taken over by two");
	check(!fe_used(&one.fe), "an answer from who has lost the device");
	fe_close(&one.fe);
	serve_goes_on(&two, &model, false);
	serve_stop(&two);
}

static void overtaken_settling(void)
{
	struct proxy *proxy = proxy_new("x");
	enum proxy_place wrote, settles;

	for (wrote = PROXY_REQUEST; wrote <= PROXY_ANSWER; wrote++)
		for (settles = PROXY_REQUEST; settles <= PROXY_ANSWER; settles++)
			overtake_settling(proxy, wrote, settles);
}

/* Who closes the device does so only if it is its own still */
static void overtake_closing(struct proxy *proxy, enum proxy_place place)
{
	const bool in_time = place == PROXY_ANSWER;
	struct host one, two;
	struct model model;

	daemon_new_device();
	daemon_forget_messages();
	serve_begin(&one, fleet_device_by("x"), &model);
	proxy_arm(proxy, place, RELEASES);
	fe_close(&one.fe);
	kill(one.daemon.pid, SIGTERM);
	proxy_wait_held(proxy);
	serve_open(&two, "two", fleet_device(), "--take-over");
	serve_goes_on(&two, &model, false);
	proxy_go_on(proxy, PROXY_PASS);
	serve_ends(&one, !in_time, in_time ? "" : "taken over by two");
	serve_goes_on(&two, &model, false);
	serve_stop(&two);
}

static void overtaken_closing(void)
{
	struct proxy *proxy = proxy_new("x");

	overtake_closing(proxy, PROXY_REQUEST);
	overtake_closing(proxy, PROXY_ANSWER);
}

/* The same of the key, which changes no counter */
static void lost_key(enum proxy_place place)
{
	struct proxy *proxy = proxy_new("x");
	struct rpmb_frame in;
	struct model model;
	struct host one;

	model_set(&model, 0);
	serve_open(&one, "one", fleet_device_by("x"), NULL);
	proxy_arm(proxy, place, COMMITS);
	submit_key(&one.fe);
	proxy_wait_held(proxy);
	proxy_go_on(proxy, PROXY_CUT);
	check_eq(fe_wait_used(&one.fe, NULL), FRAME);
	fetch_frames(&one.fe, &in, 1);
	check_eq(in.result, 0);
	check_eq(must_count(&one.fe), 0);
	serve_goes_on(&one, &model, false);
	serve_stop(&one);
}

static void lost_key_request(void)
{
	lost_key(PROXY_REQUEST);
}

static void lost_key_answer(void)
{
	lost_key(PROXY_ANSWER);
}

/* Another host takes the device before: it has no key, and takes another one */
static void overtaken_key(void)
{
	struct proxy *proxy = proxy_new("x");
	struct host one, two;
	struct model model;
	uint32_t counter;

	model_set(&model, 0);
	serve_open(&one, "one", fleet_device_by("x"), NULL);
	proxy_arm(proxy, PROXY_REQUEST, COMMITS);
	submit_key(&one.fe);
	proxy_wait_held(proxy);
	serve_open(&two, "two", fleet_device(), "--take-over");
	check_eq(guest_counter(&two.fe, test_key, &counter), RPMB_RES_NO_KEY);
	proxy_go_on(proxy, PROXY_PASS);
	serve_ends(&one, FENCED, "taken over by two");
	check(!fe_used(&one.fe), "an answer to what was not done");
	check_eq(guest_counter(&two.fe, test_key, &counter), RPMB_RES_NO_KEY);
	must_program_key(&two.fe);
	serve_goes_on(&two, &model, false);
}

/* What was sent comes to the server when all is settled: it is not done then */
static void late(const char *first, const char *second)
{
	struct proxy *proxy = proxy_new("x");
	struct host one;
	struct model model;

	serve_begin(&one, fleet_device_by("x"), &model);
	proxy_arm(proxy, PROXY_REQUEST, first);
	model_submit(&model, &one.fe);
	proxy_wait_held(proxy);
	if (second) {
		proxy_arm(proxy, PROXY_REQUEST, second);
		proxy_go_on(proxy, PROXY_CUT);
		proxy_wait_held(proxy);
	}
	proxy_go_on(proxy, PROXY_LATE);
	model_answer(&model, &one.fe);
	model_write(&model, &one.fe);
	proxy_go_on(proxy, PROXY_LATE);
	proxy_wait_done(proxy);
	serve_goes_on(&one, &model, false);
	serve_stop(&one);
}

static void late_write(void)
{
	late(COMMITS, NULL);
}

static void late_settling(void)
{
	late(COMMITS, SETTLES);
}

/* The server is killed while the proxy holds something, and starts again */
static const struct loss {
	enum proxy_place place;
	enum proxy_action action;
} losses[] = {
	{ PROXY_REQUEST, PROXY_CUT },
	{ PROXY_ANSWER, PROXY_PASS },
	{ PROXY_ANSWER, PROXY_CUT },
};

static void lose_server(struct proxy *proxy, const struct loss *loss)
{
	proxy_wait_held(proxy);
	fleet_do("kill", "a");
	fleet_do("start", "a");
	proxy_go_on(proxy, loss->action);
}

static void killed_in_take(struct proxy *proxy, const struct loss *loss,
			   struct host *one, struct model *model)
{
	serve_stop(one);
	proxy_arm(proxy, loss->place, TAKES);
	serve_start(one, "one", fleet_device_by("x"), NULL);
	lose_server(proxy, loss);
	fe_open_at(&one->fe, &one->daemon, one->socket);
	model_check(model, &one->fe, false);
}

static void killed_in_commit(struct proxy *proxy, const struct loss *loss,
			     struct host *one, struct model *model)
{
	proxy_arm(proxy, loss->place, COMMITS);
	model_submit(model, &one->fe);
	lose_server(proxy, loss);
	model_answer(model, &one->fe);
}

static void killed_in_read(struct proxy *proxy, const struct loss *loss,
			   struct host *one, struct model *model)
{
	proxy_arm(proxy, loss->place, READS);
	model_submit_read(&one->fe);
	lose_server(proxy, loss);
	model_answer_read(model, &one->fe);
}

static void killed_in_settle(struct proxy *proxy, const struct loss *loss,
			     struct host *one, struct model *model)
{
	submit_held(proxy, one, model);
	proxy_arm(proxy, loss->place, SETTLES);
	proxy_go_on(proxy, PROXY_CUT);
	lose_server(proxy, loss);
	model_answer(model, &one->fe);
}

/* If it was closed nobody says so, but the same host knows that it has died */
static void killed_in_release(struct proxy *proxy, const struct loss *loss,
			      struct host *one, struct model *model)
{
	proxy_arm(proxy, loss->place, RELEASES);
	fe_close(&one->fe);
	kill(one->daemon.pid, SIGTERM);
	lose_server(proxy, loss);
	daemon_wait(&one->daemon);
	serve_open(one, "one", fleet_device_by("x"), NULL);
	model_check(model, &one->fe, false);
}

static void server_killed(void)
{
	static void (*const steps[])(struct proxy *, const struct loss *,
				     struct host *, struct model *) = {
		killed_in_take, killed_in_commit, killed_in_read,
		killed_in_settle, killed_in_release
	};
	struct proxy *proxy = proxy_new("x");
	struct model model;
	struct host one;
	unsigned int i;

	serve_begin(&one, fleet_device_by("x"), &model);
	for (i = 0; i < ARRAY_SIZE(steps) * ARRAY_SIZE(losses); i++) {
		steps[i / ARRAY_SIZE(losses)](proxy,
					      &losses[i % ARRAY_SIZE(losses)],
					      &one, &model);
		serve_goes_on(&one, &model, false);
	}
	serve_stop(&one);
}

/*
 * Nobody knows whether the device was opened, and what was to settle that comes when it has
 * been opened by another attempt: that one stays
 */
static void late_settling_opening(void)
{
	struct proxy *proxy = proxy_new("x");
	struct host one, two;
	struct model model;

	serve_begin(&one, fleet_device(), &model);
	serve_stop(&one);
	proxy_arm(proxy, PROXY_REQUEST, TAKES);
	serve_start(&two, "two", fleet_device_by("x"), NULL);
	proxy_wait_held(proxy);
	proxy_arm(proxy, PROXY_REQUEST, SETTLES);
	proxy_go_on(proxy, PROXY_CUT);
	proxy_wait_held(proxy);
	proxy_go_on(proxy, PROXY_LATE);
	fe_open_at(&two.fe, &two.daemon, two.socket);
	check_eq(must_count(&two.fe), model.counter);
	proxy_go_on(proxy, PROXY_LATE);
	proxy_wait_done(proxy);
	serve_goes_on(&two, &model, false);
	serve_stop(&two);
}

/* Nobody knows who has opened the device, or whether it is closed */
static void lost_opening(enum proxy_place place)
{
	struct proxy *proxy = proxy_new("x");
	struct host one, two;
	struct model model;

	serve_begin(&one, fleet_device(), &model);
	serve_stop(&one);
	proxy_arm(proxy, place, TAKES);
	serve_start(&two, "two", fleet_device_by("x"), NULL);
	proxy_wait_held(proxy);
	proxy_go_on(proxy, PROXY_CUT);
	fe_open_at(&two.fe, &two.daemon, two.socket);
	serve_goes_on(&two, &model, false);
	proxy_arm(proxy, place, RELEASES);
	fe_close(&two.fe);
	kill(two.daemon.pid, SIGTERM);
	proxy_wait_held(proxy);
	proxy_go_on(proxy, PROXY_CUT);
	/* If it was closed nobody says so, but everybody can go on */
	daemon_wait(&two.daemon);
	serve_open(&one, "one", fleet_device(), NULL);
	serve_goes_on(&one, &model, false);
}

static void lost_opening_request(void)
{
	lost_opening(PROXY_REQUEST);
}

static void lost_opening_answer(void)
{
	lost_opening(PROXY_ANSWER);
}

/* A host that has served a device, and serves it with metrics now */
static void begin_metrics(struct host *host, const char *name,
			  struct model *model)
{
	serve_begin(host, name, model);
	serve_stop(host);
	serve_open(host, "one", name, "--metrics", METRICS);
}

/* The metrics say a value that is more than that, within the time of a wait */
static double wait_for_more(const char *name, double than)
{
	const char *device = strchr(fleet_device(), '#') + 1;
	double value;
	int ms = 0;

	while ((value = daemon_metric(name, device)) <= than) {
		check(ms++ < WAIT_MS, "%s stays %g", name, value);
		poll(NULL, 0, 1);
	}
	return value;
}

/* Each bucket has what the one before has; one of all took longer than @waited seconds */
static void check_buckets(double waited)
{
	double count = daemon_metric("rpmb_commit_seconds_count", ""), end = 0;
	double sum = 0, last = 0;
	FILE *f = fopen(METRICS, "re");
	char line[512];

	check(f, "no metrics");
	while (fgets(line, sizeof(line), f)) {
		const char *le = strstr(line, "le=\"");

		if (!le)
			continue;
		end = strtod(le + strlen("le=\""), NULL);
		sum = atof(strrchr(line, ' '));
		check(sum >= last && sum <= count - (end <= waited), "%s", line);
		last = sum;
	}
	fclose(f);
	check(isinf(end) && sum == count, "%g up to %g, of %g", sum, end, count);
}

/* The guest waits as long as there is no database, and no longer; the metrics say so */
static void away(void)
{
	const char *device = strchr(fleet_device(), '#') + 1;
	struct proxy *proxy = proxy_new("x");
	struct host one;
	struct model model;
	double waited;

	begin_metrics(&one, fleet_device_by("x"), &model);
	lose_database(proxy, &one, &model);
	waited = wait_for_more("rpmb_waiting_seconds", 0);
	check_eq(daemon_metric("rpmb_connected", device), 0);
	waited = wait_for_more("rpmb_waiting_seconds", waited);
	check(!fe_used(&one.fe), "an answer without a database");
	proxy->refuses = false;
	model_answer(&model, &one.fe);
	check(strstr(daemon_messages(), "connected"), "no word of it");
	wait_for_more("rpmb_connected", 0);
	serve_goes_on(&one, &model, false);
	serve_stop(&one);
	check_eq(daemon_metric("rpmb_connected", device), 1);
	check_eq(daemon_metric("rpmb_waiting_seconds", device), 0);
	check_buckets(waited);
}

/* Who waits for a database can be stopped */
static void away_and_stopped(void)
{
	struct proxy *proxy = proxy_new("x");
	struct host one;
	struct model model;

	serve_begin(&one, fleet_device_by("x"), &model);
	lose_database(proxy, &one, &model);
	kill(one.daemon.pid, SIGTERM);
	serve_ends(&one, 1, "giving up at epoch");
	check(!fe_used(&one.fe), "an answer without a database");
	serve_open(&one, "one", fleet_device(), NULL);
	serve_goes_on(&one, &model, true);
}

/* A database that was put back under a running daemon */
static void put_back(bool settles)
{
	struct proxy *proxy = proxy_new("x");
	struct host one;
	struct model model;

	serve_begin(&one, fleet_device_by("x"), &model);
	submit_held(proxy, &one, &model);
	state_set_counter(1);
	proxy_go_on(proxy, settles ? PROXY_CUT : PROXY_PASS);
	serve_ends(&one, FENCED, settles ? "it was put back" :
		  "somebody else has the device");
	check(!fe_used(&one.fe), "an answer of a state that is gone");
}

static void put_back_unsettled(void)
{
	put_back(false);
}

static void put_back_settled(void)
{
	put_back(true);
}

static void refused(const char *name, const char *words)
{
	struct host host;

	daemon_forget_messages();
	serve_start(&host, "one", name, NULL);
	serve_ends(&host, 1, words);
}

/* Those who connect from now on find it so */
static void set(const char *name, const char *value)
{
	unsigned int tries = 0;

	fleet_sql("a", "ALTER SYSTEM SET %s = '%s'", name, value);
	fleet_sql("a", "SELECT pg_reload_conf()");
	while (strcmp(fleet_sql("a", "SHOW %s", name), value))
		check(tries++ < 1000, "%s is not '%s'", name, value);
}

/* Servers that would lose what they acknowledge */
static void settings(void)
{
	static const struct {
		const char *name;
		const char *value;
		const char *words;
	} bad[] = {
		{ "fsync", "off", "fsync is off" },
		{ "full_page_writes", "off", "full_page_writes is off" },
		{ "synchronous_commit", "off", "synchronous_commit is off" },
		{ "synchronous_commit", "local", "synchronous_commit is off" },
		{ "synchronous_commit", "remote_write", "or remote_write" },
		{ "synchronous_standby_names", "", "--single-server" },
	};
	struct model model;
	struct host host;
	unsigned int i;

	serve_begin(&host, fleet_device(), &model);
	serve_stop(&host);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		char *before = strdup(fleet_sql("a", "SHOW %s", bad[i].name));

		set(bad[i].name, bad[i].value);
		refused(fleet_device(), bad[i].words);
		if (i == ARRAY_SIZE(bad) - 1) {
			serve_open(&host, "one", fleet_device(),
				   "--single-server");
			serve_goes_on(&host, &model, false);
			serve_stop(&host);
		}
		set(bad[i].name, before);
		free(before);
	}
	serve_open(&host, "one", fleet_device(), NULL);
	serve_goes_on(&host, &model, false);
}

/* A server that takes no writes any more is left, and asked again */
static void read_only(void)
{
	struct model model;
	struct host one;

	serve_begin(&one, fleet_device(), &model);
	set("default_transaction_read_only", "on");
	model_submit(&model, &one.fe);
	daemon_wait_for_words("session is read-only");
	check(!fe_used(&one.fe), "an answer without a server for it");
	set("default_transaction_read_only", "off");
	model_answer(&model, &one.fe);
	serve_goes_on(&one, &model, false);
}

/* @condition: what ends as many changes of a device as that, by the name SQL has for it */
static void put_in_the_way(const char *condition, int times)
{
	fleet_sql("a", "CREATE SEQUENCE tries; CREATE FUNCTION in_the_way()"
		  " RETURNS trigger LANGUAGE plpgsql AS 'BEGIN"
		  " IF nextval(''tries'') <= %d THEN RAISE %s; END IF;"
		  " RETURN NEW; END'; CREATE TRIGGER in_the_way BEFORE UPDATE"
		  " OR INSERT ON rpmb_devices FOR EACH ROW EXECUTE FUNCTION in_the_way()",
		  times, condition);
}

/* How often it was tried */
static int take_out_of_the_way(void)
{
	int tries = atoi(fleet_sql("a", "SELECT last_value FROM tries"));

	fleet_sql("a", "DROP FUNCTION in_the_way CASCADE; DROP SEQUENCE tries");
	return tries;
}

/* What ends since others were in the way was not done, and is sent once more */
static void others_in_the_way(void)
{
	static const char *const conditions[] = {
		"serialization_failure", "deadlock_detected"
	};
	uint8_t block[BLOCK] = { 0 };
	struct model model;
	struct host host;
	unsigned int i;

	serve_begin(&host, fleet_device(), &model);
	for (i = 0; i < ARRAY_SIZE(conditions); i++) {
		put_in_the_way(conditions[i], 3);
		model_write(&model, &host.fe);
		check_eq(take_out_of_the_way(), 4);

		/* But not for ever: the guest hears that it was not done */
		put_in_the_way(conditions[i], 1000);
		check_eq(guest_write(&host.fe, test_key, 0, 1, model.counter,
				     block),
			 RPMB_RES_WRITE);
		daemon_wait_for_words("others were in the way");
		take_out_of_the_way();
		serve_goes_on(&host, &model, false);
	}
}

/* What there is no room for is not done, neither a device nor its key, and can be later */
static void no_room(void)
{
	struct model model;
	struct host host;
	uint32_t counter;

	model_set(&model, 0);
	put_in_the_way("disk_full", 1);
	refused(fleet_device(), "disk_full");
	check_eq(take_out_of_the_way(), 1);
	serve_open(&host, "one", fleet_device(), NULL);
	put_in_the_way("disk_full", 1);
	check_eq(guest_program_key(&host.fe, test_key), RPMB_RES_WRITE);
	check_eq(guest_counter(&host.fe, test_key, &counter), RPMB_RES_NO_KEY);
	take_out_of_the_way();
	must_program_key(&host.fe);
	serve_goes_on(&host, &model, false);
}

/* The server does not know what has become of it: it is found out, and done once */
static void unknown_to_server(void)
{
	static const char *const conditions[] = {
		"statement_completion_unknown", "transaction_resolution_unknown"
	};
	struct model model;
	struct host host;
	unsigned int i;

	serve_begin(&host, fleet_device(), &model);
	for (i = 0; i < ARRAY_SIZE(conditions); i++) {
		daemon_forget_messages();
		put_in_the_way(conditions[i], 1);
		model_write(&model, &host.fe);
		/* It, what settles it, and it once more */
		check_eq(take_out_of_the_way(), 3);
		serve_goes_on(&host, &model, false);
	}
	check(atoi(fleet_sql("a", "SELECT count(*) FROM rpmb_log WHERE guid = '%s'"
			     " AND event = 'settled'", strchr(fleet_device(), '#') + 1)) == 2,
	      "not settled");
}

/* A block that is none is told as such, and can be written anew */
static void damaged_block(void)
{
	uint8_t data[MODEL_BLOCKS * BLOCK];
	struct model model;
	struct host host;

	serve_begin(&host, fleet_device(), &model);
	fleet_sql("a", "ALTER TABLE rpmb_blocks DROP CONSTRAINT rpmb_blocks_data_check;"
		       " UPDATE rpmb_blocks SET data = '' WHERE guid = '%s'"
		       " AND addr = 0", strchr(fleet_device(), '#') + 1);
	check_eq(guest_read(&host.fe, test_key, 0, MODEL_BLOCKS, data),
		 RPMB_RES_READ);
	daemon_wait_for_words("its blocks are damaged");
	check_eq(must_count(&host.fe), model.counter);
	model_write(&model, &host.fe);
	fleet_sql("a", "ALTER TABLE rpmb_blocks ADD CONSTRAINT rpmb_blocks_data_check"
		       " CHECK (length(data) = 256)");
	serve_goes_on(&host, &model, false);
}

static void schema(const char *version, const char *words)
{
	char *before = strdup(fleet_sql("a", "SELECT version FROM rpmb_schema"));
	struct model model;
	struct host host;

	serve_begin(&host, fleet_device(), &model);
	serve_stop(&host);
	fleet_sql("a", "UPDATE rpmb_schema SET version = version %s", version);
	refused(fleet_device(), words);
	fleet_sql("a", "UPDATE rpmb_schema SET version = %s", before);
	free(before);
	serve_open(&host, "one", fleet_device(), NULL);
	serve_goes_on(&host, &model, false);
}

static void schema_too_old(void)
{
	schema("- 1", "rpmb-state(1), setup");
}

static void schema_too_new(void)
{
	schema("+ 1", "it is too old");
}

static void names(void)
{
	refused("postgresql:///postgres", "#GUID");
	refused("postgresql:///postgres#12", "#GUID");
	refused("postgresql://me:secret@host/db#"
		"00112233-4455-6677-8899-aabbccddeeff", "no place for a password");
	check(!strstr(daemon_messages(), "secret"), "it tells the password");
	refused("postgresql://host/db?password=secret#"
		"00112233-4455-6677-8899-aabbccddeeff", "no place for a password");
	refused("postgresql://host/db?nonsense=1#"
		"00112233-4455-6677-8899-aabbccddeeff", "nonsense");
	refused("postgresql://postgres@/postgres?host=/nowhere&port=1#"
		"00112233-4455-6677-8899-aabbccddeeff", "No such file");
	refused("postgresql://postgres@/postgres?host=127.0.0.1&port=1#"
		"00112233-4455-6677-8899-aabbccddeeff", "refused");
}

/* Without the hosts' key nobody has the device's */
static void other_key(void)
{
	struct model model;
	struct daemon d;
	struct host one;
	int status;

	serve_begin(&one, fleet_device(), &model);
	serve_stop(&one);
	check(!system("umask 077; head -c 32 /dev/zero >other-key"), "");
	daemon_exec(&d, NULL, (const char *const []){
		"--socket", SOCKET, "--state", fleet_device(), "--wrap-key",
		"other-key", NULL });
	status = daemon_wait(&d);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%#x", status);
	check(strstr(daemon_messages(), "--wrap-key"), "no message");
	daemon_exec(&d, NULL, (const char *const []){
		"--socket", SOCKET, "--state", fleet_device(), NULL });
	daemon_wait(&d);
	check(strstr(daemon_messages(), "no key in clear"), "no message");
	daemon_exec(&d, NULL, (const char *const []){
		"--socket", SOCKET, "--state", fleet_device(), "--wrap-key",
		"other-key", "--anchor", "x", NULL });
	daemon_wait(&d);
	check(strstr(daemon_messages(), "do not go together"), "no message");
	/* The database has it nowhere in clear, nor anything else that it is in */
	check(!strcmp(fleet_sql("a", "SELECT count(*) FROM rpmb_devices"
				" WHERE position('\\x%02x%02x%02x%02x'::bytea"
				" IN sealed) > 0", test_key[0], test_key[1],
				test_key[2], test_key[3]), "0"), "in clear");
	serve_open(&one, "one", fleet_device(), NULL);
	serve_goes_on(&one, &model, false);
}

/* With a key that others can read it is not started, unless somebody says so */
static void open_key(void)
{
	struct model model;
	struct host one;
	char key[16];
	int fd;

	serve_begin(&one, fleet_device(), &model);
	serve_stop(&one);
	check(!system("cp \"$RPMB_WRAP_KEY\" open-key && chmod 644 open-key"), "");
	serve_start(&one, "one", fleet_device(), "--wrap-key", "open-key");
	serve_ends(&one, 64, "others can use this key");
	serve_open(&one, "one", fleet_device(), "--wrap-key", "open-key",
		   "--insecure-key-file");
	serve_goes_on(&one, &model, false);
	serve_stop(&one);
	fd = open(getenv("RPMB_WRAP_KEY"), O_RDONLY);
	check(fd >= 0, "no key");
	snprintf(key, sizeof(key), "%d", fd);
	daemon_exec(&one.daemon, NULL, (const char *const []){
		"--socket", SOCKET, "--state", fleet_device(),
		"--wrap-key-fd", key, NULL });
	close(fd);
	fe_open(&one.fe, &one.daemon);
	serve_goes_on(&one, &model, false);
}

/*
 * One in so many bytes of what the server says is wrong; at first none is, and then each
 * one, which nothing is to be believed of
 */
static void damaged_answers(void)
{
	struct proxy *proxy = proxy_new("x");
	struct model model;
	unsigned int i, ms, served = 0;
	struct host one;
	struct pollfd call;
	int status;

	model_seed();
	serve_begin(&one, fleet_device(), &model);
	fe_close(&one.fe);
	daemon_stop(&one.daemon);
	for (i = 0; i < 25; i++) {
		proxy->damages = 0;
		serve_open(&one, "one", fleet_device_by("x"), "--take-over");
		proxy->damages = i < 2 ? i : 40U << random() % 6;
		call = (struct pollfd){ .fd = one.fe.call, .events = POLLIN };
		model_submit(&model, &one.fe);
		/* It answers, ends, or waits, at some time in which it is killed */
		for (ms = i ? random() % 200 : WAIT_MS; ms && !fe_used(&one.fe) &&
		     daemon_alive(&one.daemon); ms--)
			poll(&call, 1, 1);
		kill(one.daemon.pid, SIGKILL);
		status = daemon_wait(&one.daemon);
		check(WIFEXITED(status) || WTERMSIG(status) == SIGKILL,
		      "status %#x", status);
		check(i || fe_used(&one.fe), "an honest server, and no answer");
		check(i != 1 || !fe_used(&one.fe), "an answer without a server");
		served += fe_used(&one.fe);
		fe_close(&one.fe);
		/* What became of it the honest server knows */
		proxy->damages = 0;
		serve_open(&one, "one", fleet_device(), "--take-over");
		model_check(&model, &one.fe, true);
		serve_stop(&one);
	}
	tap_note("%u of %u were served", served, i);
}

static void metrics(void)
{
	const char *device = strchr(fleet_device(), '#') + 1;
	struct host one;
	struct model model;

	begin_metrics(&one, fleet_device(), &model);
	model_write(&model, &one.fe);
	model_write(&model, &one.fe);
	check(guest_write(&one.fe, test_key, 0, 1, 0, model.area), "replayed");
	check_eq(must_count(&one.fe), 5);
	serve_stop(&one);
	check_eq(daemon_metric("rpmb_requests_total", device), 4);
	check_eq(daemon_metric("rpmb_failures_total", device), 1);
	check_eq(daemon_metric("rpmb_write_counter", device), 5);
	check_eq(daemon_metric("rpmb_commit_seconds_count", device), 4);
	/* One write of the two since the first requests were done, which took no day */
	check(daemon_metric("rpmb_counter_ends_seconds", device) > 0 &&
	      daemon_metric("rpmb_counter_ends_seconds", device) <
	      86400.0 * (UINT32_MAX - 5), "no forecast");
	check_eq(daemon_metric("rpmb_connected", device), 1);
	check_eq(daemon_metric("rpmb_waiting_seconds", device), 0);
	check(access(METRICS ".new", F_OK), "something is left");
}

static const struct test tests[] = {
	{ "one host after the other", one_after_the_other },
	{ "in use elsewhere: refused, unless it is to be taken over",
	  in_use_elsewhere },
	{ "killed: the same host goes on", killed_then_started },
	{ "killed: and if another process has its number", number_used_again },
	{ "in use in another container: refused", in_use_in_container },
	{ "taken over: who had it ends without an answer", taken_over },
	{ "taken over: nor does it write", taken_over_write },
	{ "taken over while stopped: it wakes up and writes nothing", sleeper },
	{ "two take it over: the first one has it", two_take_one_first },
	{ "two take it over: or the other", two_take_other_first },
	{ "two open it, or take it over, one held at each step: one has it",
	  two_meet },
	{ "two make it: one has it", two_create },
	{ "a write under way, another takes the device: not done",
	  overtaken_before },
	{ "a write that is done, another takes the device: it has it",
	  overtaken_after },
	{ "a read under way, another takes the device: no answer",
	  overtaken_reader },
	{ "data is asked for, another takes the device: no answer",
	  overtaken_data_asked },
	{ "data is asked for, another takes the device, connection lost: no answer",
	  overtaken_data_lost },
	{ "data is found, another takes the device: no answer",
	  overtaken_data_found },
	{ "a write is settled, another takes the device: no answer after that",
	  overtaken_settling },
	{ "the device is closed, another takes it: it stays that one's",
	  overtaken_closing },
	{ "connection lost before data is read", lost_data_asked },
	{ "connection lost after data is read", lost_data_found },
	{ "connection lost before a write", lost_request },
	{ "connection lost after a write", lost_answer },
	{ "connection lost before the key is programmed", lost_key_request },
	{ "connection lost after the key is programmed", lost_key_answer },
	{ "a key under way, another takes the device: not done", overtaken_key },
	{ "connection lost again before it is settled", lost_settling },
	{ "connection lost again after it is settled", lost_settled },
	{ "connection lost before a write, and after that is settled",
	  lost_settled_unwritten },
	{ "connection lost before a write and after the next try", lost_again },
	{ "a write that comes late is not done", late_write },
	{ "nor does what was to settle it do anything late", late_settling },
	{ "connection lost before the device is opened, and closed",
	  lost_opening_request },
	{ "connection lost after the device is opened, and closed",
	  lost_opening_answer },
	{ "connection lost before the device is opened, what settles it comes late",
	  late_settling_opening },
	{ "no database: the guest waits, and the metrics say so", away },
	{ "no database: the daemon can be stopped", away_and_stopped },
	{ "the server is killed at each step, and starts: nothing is lost",
	  server_killed },
	{ "put back under a daemon: it ends", put_back_unsettled },
	{ "put back while nobody looks: it ends", put_back_settled },
	{ "settings that lose writes: refused", settings },
	{ "a server that takes no writes any more: the guest waits", read_only },
	{ "others in the way of a write: it is sent again", others_in_the_way },
	{ "no room for a device, nor for its key: not done", no_room },
	{ "a write of which the server knows no end: found out, done once",
	  unknown_to_server },
	{ "a damaged block: read failure, until it is written", damaged_block },
	{ "tables of an older program: refused", schema_too_old },
	{ "tables of a newer program: refused", schema_too_new },
	{ "names that are none: refused", names },
	{ "another wrapping key: refused", other_key },
	{ "a wrapping key that others can read: refused, unless it is said",
	  open_key },
	{ "metrics: what was asked, failed, and took how long", metrics },
	{ "a server whose answers are damaged: nothing acknowledged is lost",
	  damaged_answers },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
