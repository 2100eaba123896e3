// SPDX-License-Identifier: GPL-2.0-only
/*
 * Batches: with a backend that takes one request at a time, and with one that takes
 * several, callers see the same
 */
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fake.h"

/* Requests of a batch after which others have their turn, if they want it */
#define BATCH_SHARE	16
#define BATCH_MOST	20

/**
 * struct batch_case - how the backend takes a batch
 * @name: name
 * @format: frame format
 * @max_batch: most sequences in a list
 * @legacy: it is of the older kind, which does not say how far it got
 */
struct batch_case {
	const char *name;
	enum rpmb_frame_format format;
	unsigned int max_batch;
	bool legacy;
};

static const struct batch_case batch_cases[] = {
	{ "jedec one by one", RPMB_FRAME_JEDEC, 0 },
	{ "jedec by two", RPMB_FRAME_JEDEC, 2 },
	{ "jedec by three", RPMB_FRAME_JEDEC, 3 },
	{ "jedec by four", RPMB_FRAME_JEDEC, 4 },
	{ "jedec older kind", RPMB_FRAME_JEDEC, 0, true },
	{ "nvme one by one", RPMB_FRAME_NVME, 0 },
	{ "nvme by three", RPMB_FRAME_NVME, 3 },
};

KUNIT_ARRAY_PARAM_DESC(batch, batch_cases, name);

static enum rpmb_frame_format batch_format(struct kunit *test)
{
	const struct batch_case *c = test->param_value;

	return c->format;
}

/**
 * struct batch_ctx - a batch, and who is to carry it
 * @fake: the device
 * @msgs: the requests
 * @routes: the same as rpmb_route_batch() takes them
 * @nr: how many they are
 * @done: how many were carried
 */
struct batch_ctx {
	struct rpmb_fake *fake;
	struct rpmb_msg *msgs[RPMB_MAX_BATCH + 1];
	struct rpmb_route routes[RPMB_MAX_BATCH + 1];
	unsigned int nr;
	unsigned int done;
};

static int batch_test_init(struct kunit *test)
{
	const struct batch_case *c = test->param_value;
	struct batch_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->fake = rpmb_fake_new(test, c->format);
	ctx->fake->descr.max_batch = c->max_batch;
	if (c->legacy)
		rpmb_fake_make_legacy(ctx->fake);
	rpmb_fake_register(ctx->fake);
	test->priv = ctx;
	return 0;
}

/* One more request; its nonce, and that of its response, is its number */
static void batch_add(struct kunit *test, u16 type)
{
	bool write = type == RPMB_WRITE_DATA || type == RPMB_CONFIG_WRITE;
	struct batch_ctx *ctx = test->priv;
	struct rpmb_msg *msg = rpmb_msg_new(test, batch_format(test), type,
					    write, 0, write);

	rpmb_msg_set_nonce(batch_format(test), msg, ctx->nr);
	ctx->msgs[ctx->nr] = msg;
	ctx->routes[ctx->nr] = rpmb_msg_to_route(msg);
	ctx->routes[ctx->nr++].started = true;
}

static void batch_add_writes(struct kunit *test, unsigned int nr)
{
	while (nr--)
		batch_add(test, RPMB_WRITE_DATA);
}

static int batch_route(struct kunit *test)
{
	struct batch_ctx *ctx = test->priv;

	ctx->done = UINT_MAX;
	return rpmb_route_batch(ctx->fake->rdev, ctx->routes, ctx->nr,
				&ctx->done);
}

/* Those that are done have their own response, all others none */
static void batch_expect_done(struct kunit *test, unsigned int done)
{
	struct batch_ctx *ctx = test->priv;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, done, ctx->done);
	for (i = 0; i < ctx->nr; i++) {
		if (i >= done)
			KUNIT_EXPECT_TRUE(test,
					  rpmb_msg_untouched(ctx->msgs[i]));
		else
			KUNIT_EXPECT_EQ(test, i & 0xff,
					rpmb_msg_resp_nonce(batch_format(test),
							    ctx->msgs[i]));
	}
}

static void batch_expect_started(struct kunit *test, unsigned int nr)
{
	struct batch_ctx *ctx = test->priv;
	unsigned int i;

	for (i = 0; i < ctx->nr; i++)
		KUNIT_EXPECT_EQ_MSG(test, i < nr, ctx->routes[i].started,
				    "request %u of %u", i, ctx->nr);
}

/* How often the backend is called for @nr requests */
static unsigned int batch_calls(struct kunit *test, unsigned int nr)
{
	const struct batch_case *c = test->param_value;

	return DIV_ROUND_UP(nr, max(c->max_batch, 1));
}

static void batch_order_test(struct kunit *test)
{
	static const u16 types[] = {
		RPMB_GET_WRITE_COUNTER, RPMB_WRITE_DATA, RPMB_WRITE_DATA,
		RPMB_PROGRAM_KEY, RPMB_GET_WRITE_COUNTER,
	};
	struct batch_ctx *ctx = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		batch_add(test, types[i]);
	KUNIT_EXPECT_EQ(test, 0, batch_route(test));
	batch_expect_done(test, ARRAY_SIZE(types));
	batch_expect_started(test, ARRAY_SIZE(types));
	KUNIT_EXPECT_EQ(test, batch_calls(test, ARRAY_SIZE(types)),
			atomic_read(&ctx->fake->nr_calls));
	for (i = 0; i < atomic_read(&ctx->fake->nr_calls); i++) {
		KUNIT_EXPECT_TRUE(test, ctx->fake->calls[i].noio);
		KUNIT_EXPECT_TRUE(test, ctx->fake->calls[i].dma_fit);
	}
}

/* What the device has not done ends it, with its response */
static void batch_refused_test(struct kunit *test)
{
	static const u16 types[] = {
		RPMB_PROGRAM_KEY, RPMB_WRITE_DATA, RPMB_CONFIG_WRITE,
		RPMB_PURGE_ENABLE,
	};
	struct batch_ctx *ctx = test->priv;

	ctx->fake->resp_result = RPMB_RES_COUNTER;
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		ctx->nr = 0;
		ctx->fake->answered = 0;
		ctx->fake->odd_at = 2;
		batch_add_writes(test, 2);
		batch_add(test, types[i]);
		batch_add_writes(test, 3);
		KUNIT_EXPECT_EQ(test, 0, batch_route(test));
		batch_expect_done(test, 3);
		batch_expect_started(test, 3);
	}
}

static void batch_kill(struct rpmb_fake *fake)
{
	send_sig(SIGKILL, current, 1);
}

/* A TEE was called by a task that is killed: what it asks for is done all the same */
static void batch_killed_test(struct kunit *test)
{
	struct batch_ctx *ctx = test->priv;

	ctx->fake->enter = batch_kill;
	batch_add_writes(test, 6);
	allow_signal(SIGKILL);
	KUNIT_EXPECT_EQ(test, 0, batch_route(test));
	KUNIT_EXPECT_TRUE(test, fatal_signal_pending(current));
	disallow_signal(SIGKILL);
	flush_signals(current);
	batch_expect_done(test, 6);
}

/* A read that was not possible leaves the device as it was, and so does the last write */
static void batch_not_refused_test(struct kunit *test)
{
	struct batch_ctx *ctx = test->priv;
	unsigned int i;

	ctx->fake->odd_at = 1;
	ctx->fake->resp_result = RPMB_RES_ADDRESS;
	for (i = 0; i < 3; i++)
		batch_add(test, RPMB_GET_WRITE_COUNTER);
	KUNIT_EXPECT_EQ(test, 0, batch_route(test));
	batch_expect_done(test, 3);

	ctx->fake->answered = 0;
	ctx->fake->resp_result = RPMB_RES_EXPIRED;
	ctx->nr = 0;
	batch_add_writes(test, 3);
	KUNIT_EXPECT_EQ(test, 0, batch_route(test));
	batch_expect_done(test, 3);
}

/* Whichever transfer fails: what was before it is done, and nothing behind it begins */
static void batch_error_test(struct kunit *test)
{
	const struct batch_case *c = test->param_value;
	/* The result read is up to a backend of the older kind */
	unsigned int per_write = c->legacy ? 2 : 3;
	struct batch_ctx *ctx = test->priv;

	for (unsigned int at = 0; at < 3 * per_write; at++) {
		/* Only before its request was sent it is known that nothing happened */
		bool begun = c->legacy || at % per_write;

		ctx->nr = 0;
		ctx->fake->moved = 0;
		ctx->fake->fail_at = at;
		ctx->fake->ret = -ENOMEM;
		batch_add_writes(test, 4);
		KUNIT_EXPECT_EQ(test, begun ? -EIO : -ENOMEM,
				batch_route(test));
		batch_expect_done(test, at / per_write);
		batch_expect_started(test, at / per_write + begun);
	}
}

static void batch_response_type_test(struct kunit *test)
{
	struct batch_ctx *ctx = test->priv;

	ctx->fake->odd_at = 2;
	ctx->fake->resp_type = RPMB_READ_DATA << 8;
	batch_add_writes(test, 5);
	KUNIT_EXPECT_EQ(test, -EPROTO, batch_route(test));
	batch_expect_done(test, 2);
	batch_expect_started(test, 3);
}

/* All are checked before the first one is begun */
static void batch_checked_test(struct kunit *test)
{
	struct batch_ctx *ctx = test->priv;

	batch_add_writes(test, 3);
	ctx->routes[2].req_len--;
	KUNIT_EXPECT_EQ(test, -EINVAL, batch_route(test));
	batch_expect_done(test, 0);
	ctx->routes[2].req_len++;
	ctx->routes[2].resp = NULL;
	KUNIT_EXPECT_EQ(test, -EINVAL, batch_route(test));
	ctx->nr = 2;
	batch_add(test, RPMB_RESULT_READ);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, batch_route(test));
	batch_expect_done(test, 0);
	batch_expect_started(test, 0);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&ctx->fake->nr_calls));
}

static void batch_bounds_test(struct kunit *test)
{
	enum rpmb_frame_format format = batch_format(test);
	struct batch_ctx *ctx = test->priv;
	/* With one more write, as long as all may be together */
	unsigned int most = rpmb_frames_blocks(format, RPMB_MAX_LEN -
						       rpmb_frames_len(format, 1));
	struct rpmb_msg *msg = rpmb_msg_new(test, format, RPMB_WRITE_DATA, most,
					    0, most);

	KUNIT_EXPECT_EQ(test, -EINVAL, batch_route(test));
	batch_add_writes(test, RPMB_MAX_BATCH + 1);
	KUNIT_EXPECT_EQ(test, -EMSGSIZE, batch_route(test));
	batch_expect_done(test, 0);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&ctx->fake->nr_calls));
	ctx->nr--;
	KUNIT_EXPECT_EQ(test, 0, batch_route(test));
	batch_expect_done(test, RPMB_MAX_BATCH);

	ctx->nr = 0;
	batch_add_writes(test, 3);
	ctx->routes[0].req = msg->req;
	ctx->routes[0].req_len = msg->req_len;
	KUNIT_EXPECT_EQ(test, -EMSGSIZE, batch_route(test));
	ctx->nr = 2;
	KUNIT_EXPECT_EQ(test, 0, batch_route(test));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			rpmb_route_batch(ctx->fake->rdev, ctx->routes, 2, NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			rpmb_route_batch(NULL, ctx->routes, 2, &ctx->done));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			rpmb_route_batch(ctx->fake->rdev, NULL, 2, &ctx->done));
}

static int batch_run(struct rpmb_thread *thread)
{
	return batch_route(thread->fake->test);
}

/* It hangs at its first step; the test has to say which */
static struct rpmb_thread *batch_start(struct kunit *test)
{
	struct batch_ctx *ctx = test->priv;
	struct rpmb_thread *thread;

	thread = rpmb_thread_start(ctx->fake, batch_run);
	rpmb_test_wait(test, &ctx->fake->entered);
	return thread;
}

/* Who waits gets the device after @done requests */
static void batch_cut(struct kunit *test, unsigned int done)
{
	struct rpmb_msg *msg = rpmb_msg_new(test, batch_format(test),
					    RPMB_GET_WRITE_COUNTER, 0, 0, 0);
	struct batch_ctx *ctx = test->priv;
	struct rpmb_thread *batch, *other;

	ctx->fake->hang_at = 0;
	batch_add_writes(test, BATCH_MOST);
	batch = batch_start(test);
	other = rpmb_thread_route(ctx->fake, msg);
	rpmb_thread_asleep(other, TASK_UNINTERRUPTIBLE);
	ctx->fake->hang_at = -1;
	rpmb_fake_release(ctx->fake);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(batch));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(other));
	batch_expect_done(test, done);
	batch_expect_started(test, done);

	KUNIT_EXPECT_EQ(test, 0, batch_route(test));
	batch_expect_done(test, BATCH_MOST);
}

static void batch_cut_test(struct kunit *test)
{
	batch_cut(test, BATCH_SHARE);
}

/* What the device has already been given is not thrown away */
static void batch_cut_begun_test(struct kunit *test)
{
	const struct batch_case *c = test->param_value;
	struct batch_ctx *ctx = test->priv;

	ctx->fake->begins_all = true;
	batch_cut(test, roundup(BATCH_SHARE, max(c->max_batch, 1)));
}

/* Removed while one is with the device: that and all behind it fail */
static void batch_gone_test(struct kunit *test)
{
	const struct batch_case *c = test->param_value;
	struct batch_ctx *ctx = test->priv;
	struct rpmb_thread *batch, *unregister;

	ctx->fake->hang_at = 0;
	batch_add_writes(test, 6);
	batch = batch_start(test);
	unregister = rpmb_thread_unregister(ctx->fake);
	KUNIT_EXPECT_EQ(test, -ENODEV, rpmb_thread_join(batch));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(unregister));
	batch_expect_done(test, 0);
	batch_expect_started(test, c->legacy);
}

static void batch_make_gone(struct rpmb_fake *fake)
{
	WRITE_ONCE(fake->rdev->gone, true);
}

/* Removed between two: the next one is not begun */
static void batch_gone_between_test(struct kunit *test)
{
	struct batch_ctx *ctx = test->priv;

	ctx->fake->enter = batch_make_gone;
	batch_add_writes(test, 6);
	KUNIT_EXPECT_EQ(test, -ENODEV, batch_route(test));
	WRITE_ONCE(ctx->fake->rdev->gone, false);
	batch_expect_done(test, 1);
	batch_expect_started(test, 1);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&ctx->fake->nr_calls));
}

static int batch_leave_rest(struct rpmb_dev *rdev, struct rpmb_xfer *xfers,
			    unsigned int nr)
{
	return 0;
}

/* A backend that carries nothing and says that all went well */
static void batch_idle_backend_test(struct kunit *test)
{
	const struct batch_case *c = test->param_value;
	struct batch_ctx *ctx = test->priv;

	if (c->max_batch <= 1)
		kunit_skip(test, "it says by its return that one is carried");
	ctx->fake->rdev->descr.transfer = batch_leave_rest;
	batch_add_writes(test, 2);
	KUNIT_EXPECT_EQ(test, -EIO, batch_route(test));
	batch_expect_done(test, 0);
}

static struct kunit_case batch_cases_run[] = {
	KUNIT_CASE_PARAM(batch_order_test, batch_gen_params),
	KUNIT_CASE_PARAM(batch_refused_test, batch_gen_params),
	KUNIT_CASE_PARAM(batch_not_refused_test, batch_gen_params),
	KUNIT_CASE_PARAM(batch_killed_test, batch_gen_params),
	KUNIT_CASE_PARAM(batch_error_test, batch_gen_params),
	KUNIT_CASE_PARAM(batch_response_type_test, batch_gen_params),
	KUNIT_CASE_PARAM(batch_checked_test, batch_gen_params),
	KUNIT_CASE_PARAM(batch_bounds_test, batch_gen_params),
	KUNIT_CASE_PARAM(batch_cut_test, batch_gen_params),
	KUNIT_CASE_PARAM(batch_cut_begun_test, batch_gen_params),
	KUNIT_CASE_PARAM(batch_gone_test, batch_gen_params),
	KUNIT_CASE_PARAM(batch_gone_between_test, batch_gen_params),
	KUNIT_CASE_PARAM(batch_idle_backend_test, batch_gen_params),
	{ }
};

static struct kunit_suite batch_suite = {
	.name = "rpmb-batch",
	.init = batch_test_init,
	.test_cases = batch_cases_run,
};

kunit_test_suite(batch_suite);
