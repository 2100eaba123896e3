// SPDX-License-Identifier: GPL-2.0-only
/*
 * rpmb-anchor and the clients of librpmb: which steps are anchored, and for whom
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "anchor-client.h"
#include "anchor-host.h"

static void test_steps(void)
{
	struct kept kept = {};
	struct rpmb_anchor *anchor;
	unsigned int i;

	host_ready(1);
	check(!admin("set number-0 --share 10"), "%s", said());
	anchor = must_connect(0);
	expect_anchored(anchor, &kept);
	expect_eq(rpmb_anchor_left(anchor), 10);
	for (i = 1; i <= 3; i++) {
		must_step(anchor, &kept);
		expect_eq(kept.step.number, i);
		expect_anchored(anchor, &kept);
		expect_eq(rpmb_anchor_left(anchor), 10 - i);
		expect_eq(rpmb_anchor_verify(anchor, &kept.step, kept.root), 0);
	}
	rpmb_anchor_free(anchor);
	host_stop();
}

/* A restart in good order has nothing to recover */
static void test_restart(void)
{
	struct kept kept = {};
	struct rpmb_anchor *anchor;

	host_ready(2);
	anchor = must_connect(1);
	must_step(anchor, &kept);
	host_stop();
	expect(!rpmb_anchor_is_held(anchor));
	expect_eq(advance(anchor, &kept), RPMB_ERR_NO_ANCHOR);
	expect_eq(rpmb_anchor_connect(anchor, socket_of(1)), RPMB_ERR_NO_ANCHOR);
	host_start();
	check_eq(rpmb_anchor_connect(anchor, socket_of(1)), 0);
	expect_anchored(anchor, &kept);
	rpmb_anchor_free(anchor);
	expect_goes_on(1, &kept);
}

/* The same client gets the same keys, others get others */
static void test_keys(void)
{
	uint8_t one[LIBRPMB_KEY_LEN], same[LIBRPMB_KEY_LEN];
	uint8_t purpose[LIBRPMB_KEY_LEN], other[LIBRPMB_KEY_LEN];
	struct rpmb_anchor *anchor;

	host_ready(2);
	anchor = must_connect(0);
	rpmb_anchor_derive(anchor, "state", one);
	rpmb_anchor_derive(anchor, "other", purpose);
	host_stop();
	host_start();
	check_eq(rpmb_anchor_connect(anchor, socket_of(0)), 0);
	rpmb_anchor_derive(anchor, "state", same);
	check_eq(rpmb_anchor_connect(anchor, socket_of(1)), 0);
	rpmb_anchor_derive(anchor, "state", other);
	rpmb_anchor_free(anchor);
	expect(!memcmp(one, same, sizeof(one)));
	expect(memcmp(one, purpose, sizeof(one)));
	expect(memcmp(one, other, sizeof(one)));
}

/* What is not the next step is refused, and what is anchored stays */
static void test_other_steps(void)
{
	struct kept kept = {}, old, other;
	struct rpmb_anchor *anchor;

	host_ready(1);
	anchor = must_connect(0);
	must_step(anchor, &kept);
	old = kept;
	must_step(anchor, &kept);

	expect_eq(advance(anchor, &old), RPMB_ERR_OLD);
	expect_eq(rpmb_anchor_verify(anchor, &old.step, old.root), RPMB_ERR_OLD);
	other = old;
	memset(other.root, 'x', sizeof(other.root));
	rpmb_anchor_next(anchor, &other.step, other.root, &other.step);
	expect_eq(advance(anchor, &other), RPMB_ERR_OLD);
	expect_eq(rpmb_anchor_verify(anchor, &other.step, other.root),
		  RPMB_ERR_OLD);
	other = kept;
	keep_next(anchor, &other);
	keep_next(anchor, &other);
	expect_eq(advance(anchor, &other), RPMB_ERR_OLD);
	expect_eq(rpmb_anchor_verify(anchor, &other.step, other.root),
		  RPMB_ERR_OLD);
	expect_anchored(anchor, &kept);
	must_step(anchor, &kept);
	rpmb_anchor_free(anchor);
}

/* Steps of the right number that the anchor's key was not used for, or not for this */
static void test_forged(void)
{
	struct kept kept = {}, forged, fork;
	struct rpmb_anchor *anchor;
	unsigned int i;

	host_ready(1);
	anchor = must_connect(0);
	fork = kept;
	memset(fork.root, 'x', sizeof(fork.root));
	rpmb_anchor_next(anchor, &fork.step, fork.root, &fork.step);
	must_step(anchor, &kept);
	/* After a version that was never anchored */
	keep_next(anchor, &fork);
	expect_eq(advance(anchor, &fork), RPMB_ERR_FORGED);
	expect_eq(rpmb_anchor_verify(anchor, &fork.step, fork.root),
		  RPMB_ERR_OLD);
	for (i = 0; i < LIBRPMB_STEP_LEN; i++) {
		forged = kept;
		keep_next(anchor, &forged);
		forged.step.name[i] ^= 1;
		expect_eq(advance(anchor, &forged), RPMB_ERR_FORGED);
		forged.step.name[i] ^= 1;
		forged.root[i] ^= 1;
		expect_eq(advance(anchor, &forged), RPMB_ERR_FORGED);
		expect(!rpmb_anchor_is_genuine(anchor, &forged.step,
					       forged.root));
		expect_eq(rpmb_anchor_verify(anchor, &forged.step, forged.root),
			  RPMB_ERR_FORGED);
	}
	/* The step that is anchored, kept with another version */
	forged = kept;
	forged.root[0] ^= 1;
	expect_eq(rpmb_anchor_verify(anchor, &forged.step, forged.root),
		  RPMB_ERR_FORGED);
	expect_anchored(anchor, &kept);
	must_step(anchor, &kept);
	rpmb_anchor_free(anchor);
}

static void test_other_guest(void)
{
	struct kept mine = {}, theirs = {};
	struct rpmb_anchor *me, *they;

	host_ready(2);
	me = must_connect(0);
	they = must_connect(1);
	must_step(they, &theirs);
	expect_eq(advance(me, &theirs), RPMB_ERR_FORGED);
	expect_eq(rpmb_anchor_verify(me, &theirs.step, theirs.root),
		  RPMB_ERR_FORGED);
	expect_anchored(me, &mine);
	must_step(me, &mine);
	expect_anchored(they, &theirs);
	rpmb_anchor_free(me);
	rpmb_anchor_free(they);
}

static void test_spent(void)
{
	struct kept kept = {}, next;
	struct rpmb_anchor *anchor;
	struct fake *fake;
	uint32_t counter;

	fake = host_ready(1);
	check(!admin("set number-0 --share 2"), "%s", said());
	anchor = must_connect(0);
	must_step(anchor, &kept);
	must_step(anchor, &kept);
	expect_eq(rpmb_anchor_left(anchor), 0);
	next = kept;
	keep_next(anchor, &next);
	counter = fake->counter;
	expect_eq(advance(anchor, &next), RPMB_ERR_SPENT);
	expect_eq(rpmb_anchor_verify(anchor, &next.step, next.root),
		  RPMB_ERR_SPENT);
	expect_eq(fake->counter, counter);
	expect_anchored(anchor, &kept);
	check(!admin("set number-0 --share 3"), "%s", said());
	expect_eq(rpmb_anchor_verify(anchor, &next.step, next.root), 0);
	expect_anchored(anchor, &next);
	rpmb_anchor_free(anchor);
}

/* What a client was told that is left he has, if it is one step: it may be durable already */
static void test_share_lowered(void)
{
	struct rpmb_anchor *anchor;
	struct kept kept = {};

	host_ready(1);
	check(!admin("set number-0 --share 10"), "%s", said());
	anchor = must_connect(0);
	must_step(anchor, &kept);
	must_step(anchor, &kept);
	check(!admin("set number-0 --share 1"), "%s", said());
	must_step(anchor, &kept);
	expect_eq(rpmb_anchor_left(anchor), 0);
	keep_next(anchor, &kept);
	expect_eq(advance(anchor, &kept), RPMB_ERR_SPENT);
	/* Not by coming again either */
	rpmb_anchor_free(anchor);
	anchor = must_connect(0);
	expect_eq(rpmb_anchor_left(anchor), 0);
	expect_eq(advance(anchor, &kept), RPMB_ERR_SPENT);
	rpmb_anchor_free(anchor);
}

/* A number that no open file of the program has, and none below it */
static unsigned int first_free_file(void)
{
	char path[64];
	unsigned int fd = 0;

	do
		snprintf(path, sizeof(path), "/proc/%d/fd/%u", host_pid(), fd++);
	while (!faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW));
	return fd - 1;
}

/* Who has an anchor goes on, who comes is turned away, and comes again */
static void test_no_files(void)
{
	struct rlimit limit = {}, few;
	struct kept kept = {};
	struct rpmb_anchor *anchor;
	struct raw raw;
	unsigned int i;

	host_ready(2);
	anchor = must_connect(0);
	must_step(anchor, &kept);
	check(!prlimit(host_pid(), RLIMIT_NOFILE, NULL, &limit), "%s",
	      strerror(errno));
	few = limit;
	few.rlim_cur = first_free_file();
	check(!prlimit(host_pid(), RLIMIT_NOFILE, &few, NULL), "%s",
	      strerror(errno));
	for (i = 0; i < 10; i++) {
		raw_come(&raw, 1);
		check(raw_is_over(&raw), "let in");
		raw_close(&raw);
		must_step(anchor, &kept);
	}
	expect(admin("list"));
	expect(host_says("no file is left for another client"));
	check(!prlimit(host_pid(), RLIMIT_NOFILE, &limit, NULL), "%s",
	      strerror(errno));
	check_eq(raw_connect(&raw, 1), ANCHOR_OK);
	raw_close(&raw);
	expect(!admin("list"));
	must_step(anchor, &kept);
	rpmb_anchor_free(anchor);
	host_stop();
}

/* An answer that got lost: who asks again gets it, and nothing is written again */
static void test_again(void)
{
	struct kept kept = {};
	struct rpmb_anchor *anchor;
	struct fake *fake;
	uint32_t counter;

	fake = host_ready(1);
	anchor = must_connect(0);
	must_step(anchor, &kept);
	must_step(anchor, &kept);
	counter = fake->counter;
	expect_eq(advance(anchor, &kept), 0);
	expect_eq(advance(anchor, &kept), 0);
	check_eq(rpmb_anchor_connect(anchor, socket_of(0)), 0);
	expect_eq(advance(anchor, &kept), 0);
	expect_eq(rpmb_anchor_verify(anchor, &kept.step, kept.root), 0);
	expect_eq(fake->counter, counter);
	expect_anchored(anchor, &kept);
	rpmb_anchor_free(anchor);
}

/* The client has gone before it was answered: who comes then hears of its step */
static void test_come_meanwhile(void)
{
	struct fake *fake = host_ready(1);
	struct raw first, second;
	uint32_t counter;

	check_eq(raw_connect(&first, 0), ANCHOR_OK);
	counter = fake->counter;
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 0);
	raw_ask_step(&first, 1);
	host_wait_held(fake);
	raw_close(&first);
	raw_come(&second, 0);
	host_release(fake);
	expect_eq(raw_greeting(&second), ANCHOR_OK);
	expect_eq(second.at.number, first.at.number);
	expect_eq(fake->counter, counter + 1);
	raw_ask_step(&second, 2);
	expect_eq(raw_answer(&second), ANCHOR_OK);
	raw_close(&second);
}

static void test_one_client(void)
{
	struct rpmb_anchor *first;

	host_ready(2);
	first = must_connect(0);
	expect_eq(connect_error(0), RPMB_ERR_ANCHOR_IN_USE);
	expect(rpmb_anchor_is_held(first));
	expect_eq(connect_error(1), 0);
	rpmb_anchor_free(first);
	expect_eq(connect_error(0), 0);
}

/* A client that asked and was killed: nobody waits until its end is noticed */
static void test_killed_client(void)
{
	struct raw first, second;
	struct anchor_request req;

	host_ready(1);
	check_eq(raw_connect(&first, 0), ANCHOR_OK);
	host_freeze();
	req = raw_next(&first, 1);
	raw_send(&first, &req, sizeof(req));
	raw_close(&first);
	host_thaw();
	expect_eq(raw_connect(&second, 0), ANCHOR_OK);
	raw_close(&second);
}

/* Whoever waits for a device that does not answer can be told to give up */
static void test_stop_waiting(void)
{
	struct fake *fake = host_ready(1);
	int stop = eventfd(0, EFD_CLOEXEC);
	struct rpmb_anchor *anchor = rpmb_anchor_new(stop);
	struct kept kept = {};

	check(anchor && !rpmb_anchor_connect(anchor, socket_of(0)), "%s",
	      strerror(errno));
	must_step(anchor, &kept);
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 0);
	check(!eventfd_write(stop, 1), "%s", strerror(errno));
	keep_next(anchor, &kept);
	expect_eq(advance(anchor, &kept), RPMB_ERR_SYSTEM);
	expect_eq(errno, ECANCELED);
	rpmb_anchor_free(anchor);
	close(stop);
	host_wait_held(fake);
	host_release(fake);
	expect_goes_on(0, &kept);
}

/* The error that another user gets */
static int error_of_user(uid_t uid)
{
	int status, ret;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (setgroups(0, NULL) || setgid(uid) || setuid(uid))
			_exit(99);
		ret = connect_error(0);
		_exit(-ret);
	}
	check(waitpid(pid, &status, 0) == pid && WIFEXITED(status),
	      "%s", strerror(errno));
	check(WEXITSTATUS(status) != 99, "cannot become user %u", uid);
	return -WEXITSTATUS(status);
}

#define USER 4711

static void test_users(void)
{
	if (geteuid()) {
		tap_note("skipped: only root can be another user");
		return;
	}
	host_ready(1);
	expect_eq(error_of_user(USER), RPMB_ERR_PERMISSION);
	check(!admin("set number-0 --user %u", USER), "%s", said());
	expect_eq(error_of_user(USER), 0);
	expect_eq(error_of_user(USER + 1), RPMB_ERR_PERMISSION);
	expect_eq(connect_error(0), 0);
	host_stop();
	host_start();
	expect_eq(error_of_user(USER), 0);
	expect_eq(error_of_user(USER + 1), RPMB_ERR_PERMISSION);
}

#define CLIENTS 8

/* While the hardware writes all others gather, and go with the next write */
static void test_group_commit(void)
{
	struct fake *fake = host_ready(CLIENTS);
	struct raw clients[CLIENTS];
	uint32_t counter = fake->counter;
	unsigned int i;

	for (i = 0; i < CLIENTS; i++)
		check_eq(raw_connect(&clients[i], i), ANCHOR_OK);
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 0);
	raw_ask_step(&clients[0], 0);
	host_wait_held(fake);
	for (i = 1; i < CLIENTS; i++)
		raw_ask_step(&clients[i], i);
	host_release(fake);
	for (i = 0; i < CLIENTS; i++)
		expect_eq(raw_answer(&clients[i]), ANCHOR_OK);
	expect_eq(fake->counter, counter + 2);
	host_stop();
	host_start();
	for (i = 0; i < CLIENTS; i++) {
		struct kept kept = { .step = clients[i].at };
		struct rpmb_anchor *anchor = must_connect(i);

		expect_anchored(anchor, &kept);
		rpmb_anchor_free(anchor);
		raw_close(&clients[i]);
	}
}

/* One that is refused does not take the others with it */
static void test_group_with_bad(void)
{
	struct fake *fake = host_ready(3);
	struct anchor_request bad;
	struct raw clients[3];
	unsigned int i;

	for (i = 0; i < 3; i++)
		check_eq(raw_connect(&clients[i], i), ANCHOR_OK);
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 0);
	raw_ask_step(&clients[0], 0);
	host_wait_held(fake);
	raw_ask_step(&clients[1], 1);
	bad = raw_next(&clients[2], 2);
	bad.name[0] ^= 1;
	raw_send(&clients[2], &bad, sizeof(bad));
	host_release(fake);
	expect_eq(raw_answer(&clients[0]), ANCHOR_OK);
	expect_eq(raw_answer(&clients[1]), ANCHOR_OK);
	expect_eq(raw_answer(&clients[2]), ANCHOR_FORGED);
	for (i = 0; i < 3; i++)
		raw_close(&clients[i]);
}

/* Whoever waits while it ends in good order is answered first, or not at all */
static void test_stop_meanwhile(void)
{
	struct fake *fake = host_ready(2);
	struct kept kept = {};
	struct raw client;

	check_eq(raw_connect(&client, 0), ANCHOR_OK);
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 0);
	raw_ask_step(&client, 1);
	host_wait_held(fake);
	host_end_later();
	host_release(fake);
	expect_eq(WEXITSTATUS(host_wait()), 0);
	raw_close(&client);
	host_start();
	memset(kept.root, 1, sizeof(kept.root));
	check_eq(raw_connect(&client, 0), ANCHOR_OK);
	expect_eq(client.at.number, 1);
	raw_close(&client);
}

static const struct test tests[] = {
	{ "steps: they are anchored, one after the other", test_steps },
	{ "steps: a restart knows them", test_restart },
	{ "steps: only the next one is anchored", test_other_steps },
	{ "steps: only those made with the anchor's key", test_forged },
	{ "steps: not another guest's", test_other_guest },
	{ "steps: not more than the share", test_spent },
	{ "steps: a share that is made smaller", test_share_lowered },
	{ "steps: asked for twice, made once", test_again },
	{ "steps: who comes while one is written hears of that one",
	  test_come_meanwhile },
	{ "keys: always the same, and nobody else's", test_keys },
	{ "clients: one at a time", test_one_client },
	{ "clients: one that was killed is not waited for",
	  test_killed_client },
	{ "clients: they can be told not to wait any longer",
	  test_stop_waiting },
	{ "clients: there is no file for another one", test_no_files },
	{ "clients: of the user that the administrator says", test_users },
	{ "group: one write of the hardware for all who wait",
	  test_group_commit },
	{ "group: one that is refused does not hinder the others",
	  test_group_with_bad },
	{ "group: what is under way when it ends is done", test_stop_meanwhile },
};

int main(int argc, char **argv)
{
	return run_anchor_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
