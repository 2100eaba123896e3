/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites share: a backend where the hardware would be, messages, and
 * threads that carry them
 */
#ifndef __RPMB_TESTS_FAKE_H
#define __RPMB_TESTS_FAKE_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/rpmb.h>
#include <linux/sched.h>

#include "../frame.h"

/* Waits are for an event; this ends those whose event never comes */
#define RPMB_TEST_TIMEOUT	(120 * HZ)

/* What is beyond these is done, and not noted */
#define RPMB_FAKE_MAX_CALLS	32
/* Of four sequences */
#define RPMB_FAKE_MAX_XFERS	12

/**
 * struct rpmb_fake_call - one call of the backend, as it saw it
 * @nr: transfers in the list
 * @xfers: copy of the list; buffers are not valid any more
 * @bytes: what each of the first transfers that were performed moved
 * @noio: allocations were GFP_NOIO
 * @dma_fit: the buffers were fit for DMA
 */
struct rpmb_fake_call {
	unsigned int nr;
	struct rpmb_xfer xfers[RPMB_FAKE_MAX_XFERS];
	void *bytes[RPMB_FAKE_MAX_XFERS];
	bool noio;
	bool dma_fit;
};

/**
 * struct rpmb_fake - a backend that the test controls
 * @test: the test
 * @parent: parent of the device; its driver data is this structure
 * @descr: what is registered; the test may change it before
 * @rdev: the device; the reference to it is kept to the end of the test
 * @registered: rpmb_dev_unregister() has not been called
 * @enter: called at the beginning of each call of the backend
 * @steps: transfers that are performed before the call ends with @ret
 * @ret: what the call returns
 * @fail_at: this transfer, counted over all calls, fails with @ret before it begins
 * @moved: transfers so far
 * @begins_all: all of a list may have reached the device when it begins
 * @resp_type: type of the response, 0 for the right one
 * @resp_result: result in the response
 * @odd_at: the only response, counted over all calls, that has these; -1 for all
 * @answered: responses so far
 * @hang_at: this step waits for rpmb_fake_release(), or abort, before
 *	it begins; -1 for none
 * @entered: a step waits because of @hang_at
 * @aborted: abort was called
 * @proceed: ends the waiting
 * @nr_resumed: calls of resumed
 * @resumed_after: calls of the backend before the last of these
 * @gone: rpmb_dev_unregister() has returned
 * @calls: the calls
 * @nr_calls: how many they are
 * @running: calls that are running
 * @overlapped: calls ran at one time
 * @late: a call was made or running when the backend may be unloaded
 */
struct rpmb_fake {
	struct kunit *test;
	struct device *parent;
	struct rpmb_descr descr;
	struct rpmb_dev *rdev;
	atomic_t registered;

	void (*enter)(struct rpmb_fake *fake);
	unsigned int steps;
	int ret;
	unsigned int fail_at;
	unsigned int moved;
	bool begins_all;
	u16 resp_type;
	u16 resp_result;
	int odd_at;
	int answered;
	int hang_at;

	struct completion entered;
	struct completion aborted;
	struct completion proceed;
	int nr_resumed;
	int resumed_after;
	bool gone;

	struct rpmb_fake_call calls[RPMB_FAKE_MAX_CALLS];
	atomic_t nr_calls;
	atomic_t running;
	bool overlapped;
	bool late;
};

struct rpmb_fake *rpmb_fake_new(struct kunit *test,
				enum rpmb_frame_format format);
void rpmb_fake_register(struct rpmb_fake *fake);
struct rpmb_fake *rpmb_fake_registered(struct kunit *test,
				       enum rpmb_frame_format format);
void rpmb_fake_unregister(struct rpmb_fake *fake);
void rpmb_fake_release(struct rpmb_fake *fake);
int rpmb_fake_route_frames(struct device *dev, u8 *req, unsigned int req_len,
			   u8 *resp, unsigned int resp_len);
void rpmb_fake_make_legacy(struct rpmb_fake *fake);

/**
 * struct rpmb_msg - a request and memory for its response
 * @req: the request; what is not a field is a pattern without zeroes
 * @req_len: its bytes
 * @resp: memory for the response, RPMB_MSG_UNTOUCHED
 * @resp_len: its bytes
 */
struct rpmb_msg {
	u8 *req;
	unsigned int req_len;
	u8 *resp;
	unsigned int resp_len;
};

#define RPMB_MSG_UNTOUCHED	0xa5
#define RPMB_MSG_COUNTER	0x01020304
#define RPMB_MSG_ADDR		0x0506

struct rpmb_msg *rpmb_msg_new(struct kunit *test,
			      enum rpmb_frame_format format, u16 type,
			      unsigned int out_blocks, unsigned int in_blocks,
			      unsigned int count);
void rpmb_msg_set_nonce(enum rpmb_frame_format format, struct rpmb_msg *msg,
			u8 nonce);
u8 rpmb_msg_resp_nonce(enum rpmb_frame_format format,
		       const struct rpmb_msg *msg);
int rpmb_msg_route(struct rpmb_fake *fake, struct rpmb_msg *msg);
bool rpmb_msg_untouched(const struct rpmb_msg *msg);

/* The same as rpmb_route_batch() takes it */
static inline struct rpmb_route rpmb_msg_to_route(const struct rpmb_msg *msg)
{
	return (struct rpmb_route) {
		.req = msg->req,
		.req_len = msg->req_len,
		.resp = msg->resp,
		.resp_len = msg->resp_len,
	};
}

/**
 * struct rpmb_thread - a thread that does one thing
 * @fake: with which
 * @msg: rpmb_thread_route(): the message
 * @run: what
 * @ret: what that returned
 * @started: the thread is about to call @run
 * @done: the thread is through
 * @joined: rpmb_thread_join() saw @done
 * @task: the thread
 */
struct rpmb_thread {
	struct rpmb_fake *fake;
	struct rpmb_msg *msg;
	int (*run)(struct rpmb_thread *thread);
	int ret;
	bool started;
	struct completion done;
	bool joined;
	struct task_struct *task;
};

struct rpmb_thread *rpmb_thread_start(struct rpmb_fake *fake,
				      int (*run)(struct rpmb_thread *thread));
struct rpmb_thread *rpmb_thread_route(struct rpmb_fake *fake,
				      struct rpmb_msg *msg);
struct rpmb_thread *rpmb_thread_unregister(struct rpmb_fake *fake);
void rpmb_thread_asleep(struct rpmb_thread *thread, unsigned int state);
int rpmb_thread_join(struct rpmb_thread *thread);

void rpmb_test_wait(struct kunit *test, struct completion *done);

#endif /* __RPMB_TESTS_FAKE_H */
