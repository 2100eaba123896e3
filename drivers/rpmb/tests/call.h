/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the KUnit tests of the backends share: a sequence of frames, carried as the
 * core would have it carried, by the test itself or by another task
 */
#ifndef __RPMB_TESTS_CALL_H
#define __RPMB_TESTS_CALL_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/rpmb.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "../internal.h"

/* A bound for what must happen, not a measure of how fast */
#define TEST_BOUND	(120 * HZ)

/* Most reads of the counter in a batch */
#define TEST_MAX_COUNTERS	20

/* What is in the memory for a response before there is one */
#define TEST_STALE	0xaa

/**
 * struct test_call - one call of transfer()
 * @rdev: the device
 * @xfers: the transfers
 * @nr: how many
 * @ret: what transfer() returned
 * @task: who calls, if it is not the test itself
 * @done: the call has ended
 */
struct test_call {
	struct rpmb_dev *rdev;
	struct rpmb_xfer xfers[3];
	unsigned int nr;
	int ret;
	struct task_struct *task;
	struct completion done;
};

static inline void test_wait(struct kunit *test, struct completion *event)
{
	KUNIT_ASSERT_NE(test, wait_for_completion_timeout(event, TEST_BOUND),
			0);
}

/* No two requests of a call are the same, and no two frames of a request */
static inline void test_add_xfer(struct kunit *test, struct test_call *call,
				 enum rpmb_xfer_kind kind, unsigned int len)
{
	struct rpmb_xfer *xfer = &call->xfers[call->nr++];

	xfer->kind = kind;
	xfer->len = len;
	xfer->buf = kunit_kmalloc(test, len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, xfer->buf);
	memset(xfer->buf, TEST_STALE, len);
	for (unsigned int i = 0; kind != RPMB_XFER_RECV && i < len; i++)
		((u8 *)xfer->buf)[i] = call->nr + i / 7;
}

static inline struct test_call *test_call_alloc(struct kunit *test,
						struct rpmb_dev *rdev)
{
	struct test_call *call = kunit_kzalloc(test, sizeof(*call), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, call);
	KUNIT_ASSERT_NOT_NULL(test, rdev);
	call->rdev = rdev;
	init_completion(&call->done);
	return call;
}

/* A request of @len bytes; those without data have @bare */
static inline struct test_call *test_write_len(struct kunit *test,
					       struct rpmb_dev *rdev,
					       unsigned int len,
					       unsigned int bare)
{
	struct test_call *call = test_call_alloc(test, rdev);

	test_add_xfer(test, call, RPMB_XFER_SEND, len);
	test_add_xfer(test, call, RPMB_XFER_SEND_RESULT_READ, bare);
	test_add_xfer(test, call, RPMB_XFER_RECV, bare);
	return call;
}

static inline struct test_call *test_read_len(struct kunit *test,
					      struct rpmb_dev *rdev,
					      unsigned int bare,
					      unsigned int len)
{
	struct test_call *call = test_call_alloc(test, rdev);

	test_add_xfer(test, call, RPMB_XFER_SEND, bare);
	test_add_xfer(test, call, RPMB_XFER_RECV, len);
	return call;
}

static inline struct rpmb_xfer *test_recv(struct test_call *call)
{
	return &call->xfers[call->nr - 1];
}

/* The core takes the end of the sequence for what it is, though its frames are none */
static inline int test_run(struct test_call *call)
{
	struct rpmb_request rq = {
		.resp = test_recv(call)->buf,
		.resp_len = test_recv(call)->len,
		.xfers = call->xfers,
		.nr_xfers = call->nr,
	}, *rqs = &rq;
	struct rpmb_run run = { .rqs = &rqs, .nr = 1 };
	int ret;

	call->rdev->run = &run;
	ret = call->rdev->descr.transfer(call->rdev, call->xfers, call->nr);
	call->rdev->run = NULL;
	return ret;
}

/* A read of the counter in @frame; returns its bytes, which the response has as well */
static inline unsigned int test_ask_counter(const struct rpmb_dev *rdev,
					    void *frame)
{
	struct rpmb_nvme_frame *nvme = frame;
	struct rpmb_frame *jedec = frame;

	if (rdev->descr.frame_format != RPMB_FRAME_NVME) {
		jedec->req_resp = cpu_to_be16(RPMB_GET_WRITE_COUNTER);
		return sizeof(*jedec);
	}
	nvme->target = rdev->descr.target;
	nvme->req_resp = cpu_to_le16(RPMB_GET_WRITE_COUNTER);
	return sizeof(*nvme);
}

/* Such reads as a batch: what rpmb_route_batch() returns */
static inline int test_route_counters(struct kunit *test, struct rpmb_dev *rdev,
				      struct rpmb_route *routes,
				      unsigned int nr, unsigned int *done)
{
	struct rpmb_frame *frames = kunit_kcalloc(test, 2 * nr, sizeof(*frames),
						  GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, frames);
	for (unsigned int i = 0; i < nr; i++) {
		unsigned int len = test_ask_counter(rdev, &frames[i]);

		routes[i] = (struct rpmb_route) {
			.req = (u8 *)&frames[i],
			.req_len = len,
			.resp = (u8 *)&frames[nr + i],
			.resp_len = len,
		};
	}
	return rpmb_route_batch(rdev, routes, nr, done);
}

/*
 * In the device's turn, so that rpmb_dev_unregister() waits for the end, and who has
 * waited for the turn finds the call done.
 */
static inline int test_transfer(struct test_call *call)
{
	call->ret = rpmb_get_turn(call->rdev, false);
	if (call->ret) {
		complete_all(&call->done);
		return call->ret;
	}
	call->ret = test_run(call);
	complete_all(&call->done);
	rpmb_put_turn(call->rdev);
	return call->ret;
}

static inline int test_thread(void *data)
{
	/* As a process would, so that tests can kill it */
	allow_signal(SIGKILL);
	return test_transfer(data);
}

/* If the test has failed, the call may still be under way */
static inline void test_end(void *data)
{
	struct test_call *call = data;

	if (!completion_done(&call->done))
		call->rdev->descr.abort(call->rdev);
	wait_for_completion(&call->done);
	kthread_stop_put(call->task);
}

/* A task that will call when it is woken up */
static inline void test_create(struct kunit *test, struct test_call *call,
			       int (*thread)(void *data))
{
	call->task = kthread_create(thread, call, "rpmb_test");
	KUNIT_ASSERT_FALSE(test, IS_ERR(call->task));
	get_task_struct(call->task);
}

static inline void test_wake(struct kunit *test, struct test_call *call)
{
	wake_up_process(call->task);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, test_end, call),
			0);
}

/* Let another task call, so that the test can be the device or its driver */
static inline void test_start(struct kunit *test, struct test_call *call)
{
	test_create(test, call, test_thread);
	test_wake(test, call);
}

/**
 * struct test_counters - reads of the counter as a batch, which another task has carried
 * @call: the task
 * @test: the test
 * @routes: the requests
 * @nr: how many they are
 * @carried: how many of them were carried
 */
struct test_counters {
	struct test_call call;
	struct kunit *test;
	struct rpmb_route routes[TEST_MAX_COUNTERS];
	unsigned int nr;
	unsigned int carried;
};

static inline int test_counters_thread(void *data)
{
	struct test_call *call = data;
	struct test_counters *batch = container_of(call, struct test_counters, call);

	call->ret = test_route_counters(batch->test, call->rdev, batch->routes,
					batch->nr, &batch->carried);
	complete_all(&call->done);
	return 0;
}

static inline struct test_counters *test_start_counters(struct kunit *test,
							struct rpmb_dev *rdev,
							unsigned int nr)
{
	struct test_counters *batch = kunit_kzalloc(test, sizeof(*batch),
						    GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, batch);
	batch->call.rdev = rdev;
	init_completion(&batch->call.done);
	batch->test = test;
	batch->nr = nr;
	test_create(test, &batch->call, test_counters_thread);
	test_wake(test, &batch->call);
	return batch;
}

static inline void test_finish(struct kunit *test, struct test_call *call)
{
	test_wait(test, &call->done);
	kunit_release_action(test, test_end, call);
}

/* The call waits here */
static inline void test_wait_asleep(struct kunit *test,
				    struct wait_queue_head *wait,
				    struct test_call *call)
{
	unsigned long end = jiffies + TEST_BOUND;

	while (!wq_has_sleeper(wait)) {
		KUNIT_ASSERT_FALSE_MSG(test, completion_done(&call->done),
				       "a call ended that should wait");
		KUNIT_ASSERT_TRUE_MSG(test, time_before(jiffies, end),
				      "a call does not wait as it should");
		schedule_timeout_uninterruptible(1);
	}
}

static inline void test_tell_end(void *intf)
{
	rpmb_interface_unregister(intf);
}

/* Until the test ends, others are told of devices */
static inline void test_tell(struct kunit *test, struct class_interface *intf)
{
	KUNIT_ASSERT_EQ(test, rpmb_interface_register(intf), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, test_tell_end,
							intf), 0);
}

/* Exactly the first @nr transfers may have reached the device */
static inline void test_expect_started(struct kunit *test,
				       const struct test_call *call,
				       unsigned int nr)
{
	for (unsigned int i = 0; i < call->nr; i++)
		KUNIT_EXPECT_EQ_MSG(test, call->xfers[i].started, i < nr,
				    "transfer %u", i);
}

MODULE_INFO(import_ns, "EXPORTED_FOR_KUNIT_TESTING");

#endif /* __RPMB_TESTS_CALL_H */
