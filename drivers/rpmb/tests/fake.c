// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the suites share: a backend where the hardware would be, messages, and
 * threads that carry them
 */
#include <kunit/device.h>
#include <linux/align.h>
#include <linux/cache.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fake.h"

void rpmb_test_wait(struct kunit *test, struct completion *done)
{
	KUNIT_ASSERT_TRUE_MSG(test,
			      wait_for_completion_timeout(done,
							  RPMB_TEST_TIMEOUT),
			      "an awaited event never came");
}

static struct rpmb_fake_call *rpmb_fake_begin(struct rpmb_fake *fake)
{
	unsigned int i = atomic_inc_return(&fake->nr_calls) - 1;

	if (atomic_inc_return(&fake->running) > 1)
		fake->overlapped = true;
	if (READ_ONCE(fake->gone))
		fake->late = true;
	if (fake->enter)
		fake->enter(fake);
	return i < RPMB_FAKE_MAX_CALLS ? &fake->calls[i] : NULL;
}

static int rpmb_fake_end(struct rpmb_fake *fake, int ret)
{
	if (READ_ONCE(fake->gone))
		fake->late = true;
	atomic_dec(&fake->running);
	return ret;
}

/* The response has the fields of the request, and data of its own */
static void rpmb_fake_answer(struct rpmb_fake *fake, const void *req,
			     const struct rpmb_xfer *xfer)
{
	bool odd = fake->odd_at < 0 || fake->odd_at == fake->answered;
	struct rpmb_fields fields;

	fake->answered++;
	rpmb_frames_get(fake->descr.frame_format, req, &fields);
	fields.type = odd && fake->resp_type ? fake->resp_type :
					       fields.type << 8;
	fields.result = odd ? fake->resp_result : 0;
	memset(xfer->buf, 0x5a, xfer->len);
	rpmb_frames_set(fake->descr.frame_format, xfer->buf, xfer->len,
			&fields);
}

static int rpmb_fake_hang(struct rpmb_fake *fake)
{
	complete(&fake->entered);
	wait_for_completion(&fake->proceed);
	return completion_done(&fake->aborted) ? -ENODEV : 0;
}

/* What was moved, as far as there is room for it */
static int rpmb_fake_note(struct rpmb_fake_call *call,
			  const struct rpmb_xfer *xfer, unsigned int i)
{
	if (!call || i >= RPMB_FAKE_MAX_XFERS)
		return 0;
	call->bytes[i] = kmemdup(xfer->buf, xfer->len, GFP_KERNEL);
	return call->bytes[i] ? 0 : -ENOMEM;
}

/* Transfer @i of the list; @first is where its sequence begins */
static int rpmb_fake_step(struct rpmb_fake *fake, struct rpmb_fake_call *call,
			  struct rpmb_xfer *xfers, int first, int i)
{
	struct rpmb_xfer *xfer = &xfers[i];
	int ret = 0;

	if (i == fake->hang_at)
		ret = rpmb_fake_hang(fake);
	if (!ret && fake->moved++ == fake->fail_at)
		ret = fake->ret;
	if (ret)
		return ret;

	xfer->started = true;
	if (xfer->kind == RPMB_XFER_RECV)
		rpmb_fake_answer(fake, xfers[first].buf, xfer);
	return rpmb_fake_note(call, xfer, i);
}

static bool rpmb_fake_share_line(const struct rpmb_xfer *a,
				 const struct rpmb_xfer *b)
{
	unsigned long a_first = (unsigned long)a->buf / SMP_CACHE_BYTES;
	unsigned long a_last = ((unsigned long)a->buf + a->len - 1) /
			       SMP_CACHE_BYTES;
	unsigned long b_first = (unsigned long)b->buf / SMP_CACHE_BYTES;
	unsigned long b_last = ((unsigned long)b->buf + b->len - 1) /
			       SMP_CACHE_BYTES;

	return a_first <= b_last && b_first <= a_last;
}

static bool rpmb_fake_is_answer(const struct rpmb_xfer *xfer)
{
	return xfer->kind == RPMB_XFER_RECV;
}

/* The core's own, aligned, and apart from what moves the other way */
static bool rpmb_fake_dma_fit(const struct rpmb_xfer *xfers, unsigned int nr)
{
	unsigned int i, j;

	for (i = 0; i < nr; i++) {
		const void *buf = xfers[i].buf;

		if ((!virt_addr_valid(buf) && !is_vmalloc_addr(buf)) ||
		    object_is_on_stack(buf) ||
		    !IS_ALIGNED((unsigned long)buf, ARCH_DMA_MINALIGN))
			return false;
		for (j = 0; j < i; j++)
			if (rpmb_fake_is_answer(&xfers[i]) !=
			    rpmb_fake_is_answer(&xfers[j]) &&
			    rpmb_fake_share_line(&xfers[i], &xfers[j]))
				return false;
	}
	return true;
}

/* Is the batch over, of which this has been performed? */
static bool rpmb_fake_is_over(struct rpmb_dev *rdev,
			      const struct rpmb_xfer *xfer)
{
	return rdev && rdev->descr.max_batch > 1 &&
	       xfer->kind == RPMB_XFER_RECV && !rpmb_sequence_completed(rdev);
}

static void rpmb_fake_note_call(struct rpmb_fake_call *call,
				const struct rpmb_xfer *xfers, unsigned int nr)
{
	call->nr = nr;
	memcpy(call->xfers, xfers, min(nr, RPMB_FAKE_MAX_XFERS) *
				   sizeof(*xfers));
	call->noio = current->flags & PF_MEMALLOC_NOIO;
	call->dma_fit = rpmb_fake_dma_fit(xfers, nr);
}

/* @rdev: who is called, NULL if it is of the older kind */
static int rpmb_fake_run(struct rpmb_fake *fake, struct rpmb_dev *rdev,
			 struct rpmb_xfer *xfers, unsigned int nr)
{
	struct rpmb_fake_call *call = rpmb_fake_begin(fake);
	unsigned int i, first = 0;
	bool over = false;
	int ret = 0;

	if (call)
		rpmb_fake_note_call(call, xfers, nr);
	for (i = 0; fake->begins_all && i < nr; i++)
		xfers[i].started = true;
	for (i = 0; !ret && !over && i < nr && i < fake->steps; i++) {
		if (xfers[i].kind == RPMB_XFER_SEND)
			first = i;
		ret = rpmb_fake_step(fake, call, xfers, first, i);
		over = !ret && rpmb_fake_is_over(rdev, &xfers[i]);
	}
	if (fake->fail_at == UINT_MAX)
		ret = ret ?: fake->ret;
	return rpmb_fake_end(fake, ret);
}

static int rpmb_fake_transfer(struct rpmb_dev *rdev, struct rpmb_xfer *xfers,
			      unsigned int nr)
{
	return rpmb_fake_run(rdev->descr.priv, rdev, xfers, nr);
}

/* A backend of the older kind, for descr.route_frames */
int rpmb_fake_route_frames(struct device *dev, u8 *req, unsigned int req_len,
			   u8 *resp, unsigned int resp_len)
{
	struct rpmb_xfer xfers[] = {
		{ .kind = RPMB_XFER_SEND, .len = req_len, .buf = req },
		{ .kind = RPMB_XFER_RECV, .len = resp_len, .buf = resp },
	};

	return rpmb_fake_run(dev_get_drvdata(dev), NULL, xfers,
			     ARRAY_SIZE(xfers));
}

static void rpmb_fake_abort(struct rpmb_dev *rdev)
{
	struct rpmb_fake *fake = rdev->descr.priv;

	complete_all(&fake->aborted);
	complete_all(&fake->proceed);
}

static void rpmb_fake_resumed(struct rpmb_dev *rdev)
{
	struct rpmb_fake *fake = rdev->descr.priv;

	fake->nr_resumed++;
	fake->resumed_after = atomic_read(&fake->nr_calls);
}

/* Let one step that waits because of hang_at go on */
void rpmb_fake_release(struct rpmb_fake *fake)
{
	complete(&fake->proceed);
}

static void rpmb_fake_free(void *data)
{
	struct rpmb_fake *fake = data;
	struct rpmb_fake_call *call;
	unsigned int i;

	complete_all(&fake->proceed);
	rpmb_fake_unregister(fake);
	rpmb_dev_put(fake->rdev);
	for (call = fake->calls; call < &fake->calls[RPMB_FAKE_MAX_CALLS];
	     call++)
		for (i = 0; i < RPMB_FAKE_MAX_XFERS; i++)
			kfree(call->bytes[i]);
	KUNIT_EXPECT_FALSE_MSG(fake->test, fake->overlapped,
			       "two sequences ran at one time");
	KUNIT_EXPECT_FALSE_MSG(fake->test, fake->late,
			       "the backend ran after it was unregistered");
}

/* A backend that answers everything, not registered yet */
struct rpmb_fake *rpmb_fake_new(struct kunit *test,
				enum rpmb_frame_format format)
{
	static atomic_t nr = ATOMIC_INIT(0);
	struct rpmb_fake *fake = kunit_kzalloc(test, sizeof(*fake),
					       GFP_KERNEL);
	char name[32];

	KUNIT_ASSERT_NOT_NULL(test, fake);
	snprintf(name, sizeof(name), "rpmb-fake%d", atomic_inc_return(&nr));
	fake->parent = kunit_device_register(test, name);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->parent);
	dev_set_drvdata(fake->parent, fake);

	fake->test = test;
	fake->steps = UINT_MAX;
	fake->fail_at = UINT_MAX;
	fake->odd_at = -1;
	fake->hang_at = -1;
	init_completion(&fake->entered);
	init_completion(&fake->aborted);
	init_completion(&fake->proceed);
	fake->descr = (struct rpmb_descr) {
		.type = format == RPMB_FRAME_NVME ? RPMB_TYPE_NVME :
						    RPMB_TYPE_EMMC,
		.transfer = rpmb_fake_transfer,
		.abort = rpmb_fake_abort,
		.resumed = rpmb_fake_resumed,
		.priv = fake,
		.dev_id = "fake-rpmb-device",
		.dev_id_len = 16,
		.capacity = 1,
		.reliable_wr_count = 1,
		.frame_format = format,
		.request_types = GENMASK(RPMB_PURGE_STATUS, RPMB_PROGRAM_KEY),
	};
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, rpmb_fake_free,
							   fake));
	return fake;
}

void rpmb_fake_register(struct rpmb_fake *fake)
{
	struct rpmb_dev *rdev = rpmb_dev_register(fake->parent, &fake->descr);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(fake->test, rdev);
	fake->rdev = rpmb_dev_get(rdev);
	atomic_set(&fake->registered, 1);
}

struct rpmb_fake *rpmb_fake_registered(struct kunit *test,
				       enum rpmb_frame_format format)
{
	struct rpmb_fake *fake = rpmb_fake_new(test, format);

	rpmb_fake_register(fake);
	return fake;
}

/* Of the older kind; to be called before it is registered */
void rpmb_fake_make_legacy(struct rpmb_fake *fake)
{
	fake->descr.transfer = NULL;
	fake->descr.route_frames = rpmb_fake_route_frames;
}

/* Whatever runs in the backend after this, or still does, is too late */
void rpmb_fake_unregister(struct rpmb_fake *fake)
{
	if (!atomic_xchg(&fake->registered, 0))
		return;
	rpmb_dev_unregister(fake->rdev);
	WRITE_ONCE(fake->gone, true);
}

static void rpmb_msg_fill(u8 *buf, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		buf[i] = 1 + i % 251;
}

/*
 * A message whose request has room for @out_blocks blocks of data and its
 * response for @in_blocks, with a block count of @count.
 */
struct rpmb_msg *rpmb_msg_new(struct kunit *test,
			      enum rpmb_frame_format format, u16 type,
			      unsigned int out_blocks, unsigned int in_blocks,
			      unsigned int count)
{
	struct rpmb_msg *msg = kunit_kzalloc(test, sizeof(*msg), GFP_KERNEL);
	struct rpmb_fields fields = {
		.type = type,
		.counter = RPMB_MSG_COUNTER,
		.addr = RPMB_MSG_ADDR,
		.count = count,
		.nonce = "nonce of message",
	};

	KUNIT_ASSERT_NOT_NULL(test, msg);
	msg->req_len = rpmb_frames_len(format, out_blocks);
	msg->resp_len = rpmb_frames_len(format, in_blocks);
	msg->req = kunit_kzalloc(test, msg->req_len, GFP_KERNEL);
	msg->resp = kunit_kzalloc(test, msg->resp_len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, msg->req);
	KUNIT_ASSERT_NOT_NULL(test, msg->resp);
	rpmb_msg_fill(msg->req, msg->req_len);
	rpmb_frames_set(format, msg->req, msg->req_len, &fields);
	memset(msg->resp, RPMB_MSG_UNTOUCHED, msg->resp_len);
	return msg;
}

/* Mark a message, so that its response can be told from others */
void rpmb_msg_set_nonce(enum rpmb_frame_format format, struct rpmb_msg *msg,
			u8 nonce)
{
	struct rpmb_fields fields;

	rpmb_frames_get(format, msg->req, &fields);
	fields.nonce[0] = nonce;
	rpmb_frames_set(format, msg->req, msg->req_len, &fields);
}

u8 rpmb_msg_resp_nonce(enum rpmb_frame_format format,
		       const struct rpmb_msg *msg)
{
	struct rpmb_fields fields;

	rpmb_frames_get(format, msg->resp, &fields);
	return fields.nonce[0];
}

int rpmb_msg_route(struct rpmb_fake *fake, struct rpmb_msg *msg)
{
	return rpmb_route_frames(fake->rdev, msg->req, msg->req_len, msg->resp,
				 msg->resp_len);
}

bool rpmb_msg_untouched(const struct rpmb_msg *msg)
{
	return !memchr_inv(msg->resp, RPMB_MSG_UNTOUCHED, msg->resp_len);
}

static int rpmb_thread_main(void *data)
{
	struct rpmb_thread *thread = data;

	/* As a process would, so that tests can kill it */
	allow_signal(SIGKILL);
	WRITE_ONCE(thread->started, true);
	thread->ret = thread->run(thread);
	kthread_complete_and_exit(&thread->done, 0);
}

/* Whatever it waits for must end when the device does */
static void rpmb_thread_end(void *data)
{
	struct rpmb_thread *thread = data;
	struct rpmb_fake *fake = thread->fake;

	complete_all(&fake->proceed);
	rpmb_fake_unregister(fake);
	if (!thread->joined)
		KUNIT_EXPECT_TRUE_MSG(fake->test,
				      wait_for_completion_timeout(&thread->done,
								  RPMB_TEST_TIMEOUT),
				      "a thread never ended");
	put_task_struct(thread->task);
}

static struct rpmb_thread *rpmb_thread_new(struct rpmb_fake *fake,
					   int (*run)(struct rpmb_thread *))
{
	struct rpmb_thread *thread = kunit_kzalloc(fake->test, sizeof(*thread),
						   GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(fake->test, thread);
	thread->fake = fake;
	thread->run = run;
	init_completion(&thread->done);
	return thread;
}

static void rpmb_thread_go(struct rpmb_thread *thread)
{
	struct kunit *test = thread->fake->test;

	thread->task = kthread_create(rpmb_thread_main, thread, "rpmb-test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread->task);
	get_task_struct(thread->task);
	wake_up_process(thread->task);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, rpmb_thread_end,
						  thread));
}

struct rpmb_thread *rpmb_thread_start(struct rpmb_fake *fake,
				      int (*run)(struct rpmb_thread *thread))
{
	struct rpmb_thread *thread = rpmb_thread_new(fake, run);

	rpmb_thread_go(thread);
	return thread;
}

static int rpmb_thread_run_route(struct rpmb_thread *thread)
{
	return rpmb_msg_route(thread->fake, thread->msg);
}

struct rpmb_thread *rpmb_thread_route(struct rpmb_fake *fake,
				      struct rpmb_msg *msg)
{
	struct rpmb_thread *thread = rpmb_thread_new(fake,
						     rpmb_thread_run_route);

	thread->msg = msg;
	rpmb_thread_go(thread);
	return thread;
}

static int rpmb_thread_run_unregister(struct rpmb_thread *thread)
{
	rpmb_fake_unregister(thread->fake);
	return 0;
}

struct rpmb_thread *rpmb_thread_unregister(struct rpmb_fake *fake)
{
	return rpmb_thread_start(fake, rpmb_thread_run_unregister);
}

/* Wait until the thread sleeps in @state, which tells what it waits for */
void rpmb_thread_asleep(struct rpmb_thread *thread, unsigned int state)
{
	unsigned long end = jiffies + RPMB_TEST_TIMEOUT;
	struct kunit *test = thread->fake->test;

	while (!READ_ONCE(thread->started) ||
	       READ_ONCE(thread->task->__state) != state) {
		KUNIT_ASSERT_FALSE_MSG(test, completion_done(&thread->done),
				       "a thread ended that should wait");
		KUNIT_ASSERT_TRUE_MSG(test, time_before(jiffies, end),
				      "a thread does not wait as it should");
		schedule_timeout_uninterruptible(1);
	}
}

/* Wait for the end of the thread; what it returned */
int rpmb_thread_join(struct rpmb_thread *thread)
{
	rpmb_test_wait(thread->fake->test, &thread->done);
	thread->joined = true;
	return thread->ret;
}

MODULE_INFO(import_ns, RPMB_NAMESPACE);
MODULE_INFO(import_ns, "EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of the RPMB core");
MODULE_LICENSE("GPL");
