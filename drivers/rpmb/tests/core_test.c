// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lifetime, taking turns, publication, finding, suspend
 */
#include <kunit/device.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/pm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "fake.h"
#include "occupy.h"
#include "../internal.h"

#define CORE_FORMAT RPMB_FRAME_JEDEC

static struct rpmb_msg *core_msg(struct kunit *test, u8 nonce)
{
	struct rpmb_msg *msg = rpmb_msg_new(test, CORE_FORMAT,
					    RPMB_GET_WRITE_COUNTER, 0, 0, 0);

	rpmb_msg_set_nonce(CORE_FORMAT, msg, nonce);
	return msg;
}

static struct rpmb_fake *core_fake(struct kunit *test)
{
	return rpmb_fake_registered(test, CORE_FORMAT);
}

/* A device in which a call hangs until it is released or aborted */
static struct rpmb_thread *core_hang(struct rpmb_fake *fake, int step)
{
	struct rpmb_thread *thread;

	fake->hang_at = step;
	thread = rpmb_thread_route(fake, core_msg(fake->test, 1));
	rpmb_test_wait(fake->test, &fake->entered);
	return thread;
}

static struct rpmb_thread *core_wait_in_line(struct rpmb_fake *fake, u8 nonce)
{
	struct rpmb_thread *thread;

	thread = rpmb_thread_route(fake, core_msg(fake->test, nonce));
	rpmb_thread_asleep(thread, TASK_UNINTERRUPTIBLE);
	return thread;
}

static void core_expect_gone(struct rpmb_fake *fake)
{
	int calls = atomic_read(&fake->nr_calls);
	struct rpmb_thread *thread;

	thread = rpmb_thread_route(fake, core_msg(fake->test, 0));
	KUNIT_EXPECT_EQ(fake->test, -ENODEV, rpmb_thread_join(thread));
	KUNIT_EXPECT_TRUE(fake->test, rpmb_msg_untouched(thread->msg));
	KUNIT_EXPECT_EQ(fake->test, calls, atomic_read(&fake->nr_calls));
}

/**
 * struct core_file - an open file of a device
 * @ops: its operations
 * @inode: the device's node
 * @file: the file
 * @mem: a page of user memory
 */
struct core_file {
	const struct file_operations *ops;
	struct inode inode;
	struct file file;
	unsigned long mem;
};

static void core_release(void *data)
{
	struct core_file *file = data;

	file->ops->release(&file->inode, &file->file);
}

/* Open until core_release(), if by the end of the test */
static struct core_file *core_open(struct rpmb_fake *fake)
{
	struct kunit *test = fake->test;
	struct core_file *file = kunit_kzalloc(test, sizeof(*file),
					       GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, file);
	file->mem = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE,
				  PROT_READ | PROT_WRITE,
				  MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_NE(test, 0, file->mem);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(file->mem));
	file->ops = fake->rdev->cdev.ops;
	file->inode.i_cdev = &fake->rdev->cdev;
	file->file.f_mode = FMODE_READ;
	KUNIT_ASSERT_EQ(test, 0, file->ops->open(&file->inode, &file->file));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, core_release,
							   file));
	return file;
}

static long core_ioctl(struct kunit *test, struct core_file *file,
		       const struct rpmb_msg *msg)
{
	struct rpmb_ioc_route_frames cmd = {
		.size = sizeof(cmd),
		.req_len = msg->req_len,
		.resp_len = msg->resp_len,
		.req = file->mem + sizeof(cmd),
		.resp = file->mem + sizeof(cmd) + msg->req_len,
	};

	KUNIT_ASSERT_EQ(test, 0, copy_to_user((void __user *)file->mem, &cmd,
					      sizeof(cmd)));
	KUNIT_ASSERT_EQ(test, 0, copy_to_user(u64_to_user_ptr(cmd.req),
					      msg->req, msg->req_len));
	return file->ops->unlocked_ioctl(&file->file, RPMB_IOC_ROUTE_FRAMES,
					 file->mem);
}

/* One call hangs in the device, ten more are in line, and a file is open */
static void core_unregister_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);
	struct rpmb_thread *unregister, *first, *others[10];
	struct core_file *file = core_open(fake);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, core_ioctl(test, file, core_msg(test, 0)));

	first = core_hang(fake, 0);
	for (i = 0; i < ARRAY_SIZE(others); i++)
		others[i] = core_wait_in_line(fake, i);

	unregister = rpmb_thread_unregister(fake);
	rpmb_test_wait(test, &fake->aborted);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(unregister));
	KUNIT_EXPECT_EQ(test, -ENODEV, rpmb_thread_join(first));
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		KUNIT_EXPECT_EQ(test, -ENODEV, rpmb_thread_join(others[i]));
		KUNIT_EXPECT_TRUE(test, rpmb_msg_untouched(others[i]->msg));
	}
	KUNIT_EXPECT_EQ(test, 2, atomic_read(&fake->nr_calls));
	core_expect_gone(fake);

	/* Now nobody but the file has a reference */
	rpmb_dev_put(fake->rdev);
	fake->rdev = NULL;
	KUNIT_EXPECT_EQ(test, -ENODEV,
			core_ioctl(test, file, core_msg(test, 0)));
	KUNIT_EXPECT_EQ(test, 2, atomic_read(&fake->nr_calls));
	kunit_release_action(test, core_release, file);
}

/* What unregistering sleeps on after this is the call that runs */
static void core_wait_unregistered(struct rpmb_fake *fake)
{
	unsigned long end = jiffies + RPMB_TEST_TIMEOUT;

	while (device_is_registered(&fake->rdev->dev)) {
		KUNIT_ASSERT_TRUE(fake->test, time_before(jiffies, end));
		schedule_timeout_uninterruptible(1);
	}
}

/* Without abort, the end of the call that runs is waited for */
static void core_unregister_drains_test(struct kunit *test)
{
	struct rpmb_fake *fake = rpmb_fake_new(test, CORE_FORMAT);
	struct rpmb_thread *unregister, *first, *second;

	fake->descr.abort = NULL;
	rpmb_fake_register(fake);
	first = core_hang(fake, 1);
	second = core_wait_in_line(fake, 2);
	unregister = rpmb_thread_unregister(fake);
	core_wait_unregistered(fake);
	rpmb_thread_asleep(unregister, TASK_UNINTERRUPTIBLE);
	fake->hang_at = -1;
	rpmb_fake_release(fake);

	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(first));
	KUNIT_EXPECT_EQ(test, -ENODEV, rpmb_thread_join(second));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(unregister));
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&fake->nr_calls));
	core_expect_gone(fake);
}

static void core_unregister_idle_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);

	KUNIT_EXPECT_EQ(test, 0, rpmb_msg_route(fake, core_msg(test, 0)));
	rpmb_fake_unregister(fake);
	KUNIT_EXPECT_TRUE(test, completion_done(&fake->aborted));
	core_expect_gone(fake);
}

static void core_null_test(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, rpmb_dev_get(NULL));
	rpmb_dev_put(NULL);
	KUNIT_EXPECT_EQ(test, -EINVAL, rpmb_dev_unregister(NULL));
}

/*
 * Nothing comes between the transfers of a sequence, and callers are served in
 * the order in which they came, each with its own response.
 */
static void core_turns_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);
	struct rpmb_thread *threads[5];
	struct rpmb_fields fields;
	unsigned int i;

	threads[0] = core_hang(fake, 1);
	for (i = 1; i < ARRAY_SIZE(threads); i++)
		threads[i] = core_wait_in_line(fake, 1 + i);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&fake->nr_calls));
	fake->hang_at = -1;
	rpmb_fake_release(fake);

	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(threads[i]));
		KUNIT_EXPECT_EQ(test, 1 + i,
				rpmb_msg_resp_nonce(CORE_FORMAT,
						    threads[i]->msg));
		KUNIT_ASSERT_NOT_NULL(test, fake->calls[i].bytes[0]);
		rpmb_frames_get(CORE_FORMAT, fake->calls[i].bytes[0], &fields);
		KUNIT_EXPECT_EQ(test, 1 + i, fields.nonce[0]);
	}
	KUNIT_EXPECT_FALSE(test, fake->overlapped);
}

/* Devices do not wait for each other */
static void core_two_devices_test(struct kunit *test)
{
	struct rpmb_fake *busy = core_fake(test), *other = core_fake(test);
	struct rpmb_thread *first = core_hang(busy, 0), *second;

	second = rpmb_thread_route(other, core_msg(test, 2));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(second));
	busy->hang_at = -1;
	rpmb_fake_release(busy);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(first));
}

/* What runs in the kernel runs in anybody's task, who may be killed for his own sins */
static void core_signals_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);
	struct rpmb_thread *first = core_hang(fake, 0);
	struct rpmb_thread *second = core_wait_in_line(fake, 2);
	struct rpmb_thread *last = core_wait_in_line(fake, 3);

	send_sig(SIGKILL, first->task, 1);
	send_sig(SIGKILL, second->task, 1);
	rpmb_thread_asleep(second, TASK_UNINTERRUPTIBLE);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&fake->nr_calls));
	fake->hang_at = -1;
	rpmb_fake_release(fake);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(first));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(second));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(last));
	KUNIT_EXPECT_EQ(test, 3, atomic_read(&fake->nr_calls));
}

/* A TEE retries at once, and its task is as dead as before */
static int core_route_often(struct rpmb_thread *thread)
{
	int ret = 0;

	for (int i = 0; i < 10; i++)
		ret = ret ?: rpmb_msg_route(thread->fake,
					    core_msg(thread->fake->test, i));
	return ret;
}

static void core_signals_retry_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);
	struct rpmb_thread *killed, *other;

	fake->hang_at = 0;
	killed = rpmb_thread_start(fake, core_route_often);
	rpmb_test_wait(test, &fake->entered);
	other = core_wait_in_line(fake, 1);
	send_sig(SIGKILL, killed->task, 1);
	fake->hang_at = -1;
	rpmb_fake_release(fake);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(killed));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(other));
	KUNIT_EXPECT_EQ(test, 11, atomic_read(&fake->nr_calls));
}

/* Programs' requests, in the memory of the test */
static struct core_file *core_user_file;
static struct mm_struct *core_user_mm;

static int core_run_ioctl(struct rpmb_thread *thread)
{
	struct rpmb_ioc_route_frames __user *cmd =
		(void __user *)core_user_file->mem;
	int ret;

	kthread_use_mm(core_user_mm);
	ret = core_ioctl(thread->fake->test, core_user_file,
			 core_msg(thread->fake->test, 9));
	if (ret == -EINTR) {
		u32 flags = ~0;

		KUNIT_EXPECT_EQ(thread->fake->test, 0,
				get_user(flags, &cmd->out_flags));
		KUNIT_EXPECT_EQ(thread->fake->test, 0, flags);
	}
	kthread_unuse_mm(core_user_mm);
	return ret;
}

static struct rpmb_thread *core_start_ioctl(struct rpmb_fake *fake)
{
	core_user_file = core_open(fake);
	core_user_mm = current->mm;
	return rpmb_thread_start(fake, core_run_ioctl);
}

static struct rpmb_thread *core_ioctl_in_line(struct rpmb_fake *fake)
{
	struct rpmb_thread *thread = core_start_ioctl(fake);

	rpmb_thread_asleep(thread, TASK_KILLABLE | TASK_FREEZABLE);
	return thread;
}

/* A program that is killed leaves the line, in which nobody else loses his place */
static void core_kill_in_line_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);
	struct rpmb_thread *first = core_hang(fake, 0), *killed, *last;

	killed = core_ioctl_in_line(fake);
	last = core_wait_in_line(fake, 3);
	send_sig(SIGKILL, killed->task, 1);
	KUNIT_EXPECT_EQ(test, -EINTR, rpmb_thread_join(killed));
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&fake->nr_calls));
	fake->hang_at = -1;
	rpmb_fake_release(fake);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(first));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(last));
	KUNIT_EXPECT_EQ(test, 2, atomic_read(&fake->nr_calls));
}

static void core_go_on(void *data)
{
	struct rpmb_thread *thread = data;

	WRITE_ONCE(thread->task->__state, TASK_KILLABLE | TASK_FREEZABLE);
	wake_up_process(thread->task);
}

/* Until core_go_on(), a program in line is in @state, out of which nobody wakes it */
static void core_put_aside(struct rpmb_thread *thread, unsigned int state)
{
	WRITE_ONCE(thread->task->__state, state);
	KUNIT_ASSERT_EQ(thread->fake->test, 0,
			kunit_add_action_or_reset(thread->fake->test,
						  core_go_on, thread));
}

/* Programs do not look for themselves: one is woken when it can go on, the others not */
static void core_woken_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);
	struct rpmb_thread *first = core_hang(fake, 0), *next, *killed, *last;
	unsigned long switches;

	next = core_ioctl_in_line(fake);
	killed = core_ioctl_in_line(fake);
	last = core_ioctl_in_line(fake);
	switches = next->task->nvcsw;
	send_sig(SIGKILL, killed->task, 1);
	KUNIT_EXPECT_EQ(test, -EINTR, rpmb_thread_join(killed));
	rpmb_thread_asleep(next, TASK_KILLABLE | TASK_FREEZABLE);
	KUNIT_EXPECT_EQ(test, switches, next->task->nvcsw);

	switches = last->task->nvcsw;
	reinit_completion(&fake->entered);
	complete(&fake->proceed);
	rpmb_test_wait(test, &fake->entered);
	rpmb_thread_asleep(last, TASK_KILLABLE | TASK_FREEZABLE);
	KUNIT_EXPECT_EQ(test, switches, last->task->nvcsw);

	fake->hang_at = -1;
	rpmb_fake_release(fake);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(first));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(next));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(last));
}

/* Nobody waits for a program in the freezer, which has its turn when it comes out */
static void core_frozen_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);
	struct rpmb_thread *first = core_hang(fake, 0), *frozen, *next;

	frozen = core_ioctl_in_line(fake);
	next = core_ioctl_in_line(fake);
	core_put_aside(frozen, TASK_FROZEN);
	fake->hang_at = -1;
	rpmb_fake_release(fake);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(first));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(next));
	KUNIT_EXPECT_EQ(test, 2, atomic_read(&fake->nr_calls));
	kunit_release_action(test, core_go_on, frozen);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(frozen));
	KUNIT_EXPECT_EQ(test, 3, atomic_read(&fake->nr_calls));
}

#define CORE_BATCH 20

/* How many reads of the counter go in one turn, or an error */
static int core_run_batch(struct rpmb_thread *thread)
{
	struct rpmb_route routes[CORE_BATCH];
	unsigned int done;
	int ret;

	for (unsigned int i = 0; i < CORE_BATCH; i++)
		routes[i] = rpmb_msg_to_route(core_msg(thread->fake->test, i));
	ret = rpmb_route_batch(thread->fake->rdev, routes, CORE_BATCH, &done);
	return ret ?: done;
}

/* No batch is cut for him, who would not take his turn */
static void core_frozen_beside_batch_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);
	struct rpmb_thread *batch, *frozen;

	fake->hang_at = 0;
	batch = rpmb_thread_start(fake, core_run_batch);
	rpmb_test_wait(test, &fake->entered);
	frozen = core_ioctl_in_line(fake);
	core_put_aside(frozen, TASK_FROZEN);
	fake->hang_at = -1;
	rpmb_fake_release(fake);
	KUNIT_EXPECT_EQ(test, CORE_BATCH, rpmb_thread_join(batch));
	kunit_release_action(test, core_go_on, frozen);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(frozen));
}

/* Who has been woken and does not run yet is not overtaken */
static void core_slow_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);
	struct rpmb_thread *first = core_hang(fake, 0), *slow, *last;

	slow = core_ioctl_in_line(fake);
	core_put_aside(slow, TASK_PARKED);
	fake->hang_at = -1;
	rpmb_fake_release(fake);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(first));
	last = core_wait_in_line(fake, 3);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&fake->nr_calls));
	kunit_release_action(test, core_go_on, slow);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(slow));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(last));
}

/* What the device has begun is not given up */
static void core_kill_in_device_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);
	struct rpmb_thread *killed, *last;

	fake->hang_at = 1;
	killed = core_start_ioctl(fake);
	rpmb_test_wait(test, &fake->entered);
	last = core_wait_in_line(fake, 3);
	send_sig(SIGKILL, killed->task, 1);
	fake->hang_at = -1;
	rpmb_fake_release(fake);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(killed));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(last));
	KUNIT_EXPECT_EQ(test, 2, atomic_read(&fake->nr_calls));
}

/* The device that core_intf looks at */
static struct {
	struct device *parent;
	struct rpmb_msg *msg;
	int added;
	int removed;
	int ret;
	bool found;
	u8 target;
} core_seen;

static int core_match(struct device *dev, const void *data)
{
	return dev == data;
}

static int core_add_dev(struct device *dev)
{
	struct rpmb_dev *rdev = to_rpmb_dev(dev), *found;
	struct rpmb_msg *msg = core_seen.msg;

	if (dev->parent != core_seen.parent)
		return 0;
	core_seen.added++;
	core_seen.target = rdev->descr.target;
	core_seen.ret = rpmb_route_frames(rdev, msg->req, msg->req_len,
					  msg->resp, msg->resp_len);
	found = rpmb_dev_find_device(dev, NULL, core_match);
	core_seen.found = found == rdev;
	rpmb_dev_put(found);
	return 0;
}

static void core_remove_dev(struct device *dev)
{
	struct rpmb_dev *rdev = to_rpmb_dev(dev), *found;
	struct rpmb_msg *msg = core_seen.msg;

	if (dev->parent != core_seen.parent)
		return;
	core_seen.removed++;
	core_seen.ret = rpmb_route_frames(rdev, msg->req, msg->req_len,
					  msg->resp, msg->resp_len);
	found = rpmb_dev_find_device(dev, NULL, core_match);
	core_seen.found = found;
	rpmb_dev_put(found);
}

static struct class_interface core_intf = {
	.add_dev = core_add_dev,
	.remove_dev = core_remove_dev,
};

static void core_intf_end(void *data)
{
	rpmb_interface_unregister(&core_intf);
}

static void core_intf_begin(struct kunit *test, struct rpmb_fake *fake)
{
	memset(&core_seen, 0, sizeof(core_seen));
	core_seen.parent = fake->parent;
	core_seen.msg = core_msg(test, 0);
	KUNIT_ASSERT_EQ(test, 0, rpmb_interface_register(&core_intf));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, core_intf_end,
							   NULL));
}

/* Who is told of a device can use it at once, and not any more at its end */
static void core_publication_test(struct kunit *test)
{
	struct rpmb_fake *fake = rpmb_fake_new(test, CORE_FORMAT);

	fake->descr.target = 2;
	core_intf_begin(test, fake);
	core_seen.ret = -1;
	rpmb_fake_register(fake);
	KUNIT_EXPECT_EQ(test, 1, core_seen.added);
	KUNIT_EXPECT_EQ(test, 0, core_seen.ret);
	KUNIT_EXPECT_EQ(test, 2, core_seen.target);
	KUNIT_EXPECT_TRUE(test, core_seen.found);

	rpmb_fake_unregister(fake);
	KUNIT_EXPECT_EQ(test, 1, core_seen.removed);
	KUNIT_EXPECT_EQ(test, -ENODEV, core_seen.ret);
	KUNIT_EXPECT_FALSE(test, core_seen.found);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&fake->nr_calls));
}

static void core_publication_late_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);

	core_intf_begin(test, fake);
	KUNIT_EXPECT_EQ(test, 1, core_seen.added);
	KUNIT_EXPECT_EQ(test, 0, core_seen.ret);
	KUNIT_EXPECT_TRUE(test, core_seen.found);
}

/* Devices of one test, for core_match_ours() */
struct core_devices {
	struct rpmb_fake *fakes[4];
	unsigned int nr;
	struct rpmb_fake *unregister;
	unsigned int looked_at;
};

static struct rpmb_fake *core_transport_add(struct kunit *test,
					    struct core_devices *devices,
					    enum rpmb_type type,
					    enum rpmb_transport transport)
{
	struct rpmb_fake *fake = rpmb_fake_new(test, CORE_FORMAT);

	fake->descr.type = type;
	fake->descr.transport = transport;
	devices->fakes[devices->nr++] = fake;
	rpmb_fake_register(fake);
	return fake;
}

static struct rpmb_fake *core_device_add(struct kunit *test,
					 struct core_devices *devices,
					 enum rpmb_type type)
{
	return core_transport_add(test, devices, type, 0);
}

/* There may be other devices than those of the test */
static int core_match_ours(struct device *dev, const void *data)
{
	const struct core_devices *devices = data;
	unsigned int i;

	for (i = 0; i < devices->nr; i++)
		if (devices->fakes[i]->parent == dev->parent)
			return 1;
	return 0;
}

static void core_expect_next(struct kunit *test, struct core_devices *devices,
			     const struct rpmb_fake *start,
			     const struct rpmb_fake *next)
{
	struct rpmb_dev *rdev;

	rdev = rpmb_dev_find_device(devices, start ? start->rdev : NULL,
				    core_match_ours);
	KUNIT_EXPECT_PTR_EQ(test, next ? next->rdev : NULL, rdev);
	rpmb_dev_put(rdev);
}

static void core_find_order_test(struct kunit *test)
{
	struct core_devices devices = {};
	struct rpmb_fake *nvme, *emmc, *ufs, *emmc2;

	nvme = core_device_add(test, &devices, RPMB_TYPE_NVME);
	emmc = core_device_add(test, &devices, RPMB_TYPE_EMMC);
	ufs = core_device_add(test, &devices, RPMB_TYPE_UFS);
	emmc2 = core_device_add(test, &devices, RPMB_TYPE_EMMC);

	core_expect_next(test, &devices, NULL, emmc);
	core_expect_next(test, &devices, emmc, emmc2);
	core_expect_next(test, &devices, emmc2, ufs);
	core_expect_next(test, &devices, ufs, nvme);
	core_expect_next(test, &devices, nvme, NULL);
}

/* Of one type, virtio or not, it is the order of registration that counts */
static void core_find_transports_test(struct kunit *test)
{
	struct core_devices devices = {};
	struct rpmb_fake *virtio, *card, *virtio2;

	virtio = core_transport_add(test, &devices, RPMB_TYPE_EMMC,
				    RPMB_TRANSPORT_VIRTIO);
	card = core_transport_add(test, &devices, RPMB_TYPE_EMMC,
				  RPMB_TRANSPORT_EMMC);
	virtio2 = core_transport_add(test, &devices, RPMB_TYPE_EMMC,
				     RPMB_TRANSPORT_VIRTIO);

	core_expect_next(test, &devices, NULL, virtio);
	core_expect_next(test, &devices, virtio, card);
	core_expect_next(test, &devices, card, virtio2);
	core_expect_next(test, &devices, virtio2, NULL);
}

/* What core_order_intf was told of */
static struct {
	const struct core_devices *devices;
	const struct rpmb_dev *told[4];
	unsigned int nr;
} core_order;

static int core_order_add_dev(struct device *dev)
{
	if (core_match_ours(dev, core_order.devices))
		core_order.told[core_order.nr++] = to_rpmb_dev(dev);
	return 0;
}

static struct class_interface core_order_intf = {
	.add_dev = core_order_add_dev,
};

/* In the order of registration, before the interface and after it */
static void core_interface_order_test(struct kunit *test)
{
	struct core_devices devices = {};
	unsigned int i;

	memset(&core_order, 0, sizeof(core_order));
	core_order.devices = &devices;
	core_device_add(test, &devices, RPMB_TYPE_NVME);
	core_device_add(test, &devices, RPMB_TYPE_EMMC);
	KUNIT_ASSERT_EQ(test, 0, rpmb_interface_register(&core_order_intf));
	core_device_add(test, &devices, RPMB_TYPE_UFS);
	core_device_add(test, &devices, RPMB_TYPE_EMMC);
	rpmb_interface_unregister(&core_order_intf);

	KUNIT_ASSERT_EQ(test, devices.nr, core_order.nr);
	for (i = 0; i < devices.nr; i++)
		KUNIT_EXPECT_PTR_EQ(test, core_order.told[i],
				    devices.fakes[i]->rdev);
}

/* A search goes on after the place of a device that is gone, and ends */
static void core_find_removed_test(struct kunit *test)
{
	struct core_devices devices = {};
	struct rpmb_fake *a, *b, *c, *d;

	a = core_device_add(test, &devices, RPMB_TYPE_EMMC);
	b = core_device_add(test, &devices, RPMB_TYPE_EMMC);
	c = core_device_add(test, &devices, RPMB_TYPE_EMMC);

	rpmb_fake_unregister(b);
	core_expect_next(test, &devices, NULL, a);
	core_expect_next(test, &devices, a, c);
	core_expect_next(test, &devices, b, c);
	rpmb_fake_unregister(c);
	core_expect_next(test, &devices, b, NULL);
	core_expect_next(test, &devices, c, NULL);

	/* What came later is found later */
	d = core_device_add(test, &devices, RPMB_TYPE_EMMC);
	rpmb_fake_unregister(a);
	core_expect_next(test, &devices, a, d);
	core_expect_next(test, &devices, c, d);
	core_expect_next(test, &devices, d, NULL);
}

/* Looks at all devices of the test, and takes one away when it gets there */
static int core_match_removing(struct device *dev, const void *data)
{
	struct core_devices *devices = (struct core_devices *)data;

	if (!core_match_ours(dev, devices))
		return 0;
	devices->looked_at++;
	if (devices->unregister->parent == dev->parent)
		rpmb_fake_unregister(devices->unregister);
	return devices->looked_at > 3;
}

static void core_find_while_removing_test(struct kunit *test)
{
	struct core_devices devices = {};
	struct rpmb_dev *rdev;

	core_device_add(test, &devices, RPMB_TYPE_EMMC);
	devices.unregister = core_device_add(test, &devices, RPMB_TYPE_EMMC);
	core_device_add(test, &devices, RPMB_TYPE_EMMC);

	rdev = rpmb_dev_find_device(&devices, NULL, core_match_removing);
	KUNIT_EXPECT_NULL(test, rdev);
	KUNIT_EXPECT_EQ(test, 3, devices.looked_at);
	rpmb_dev_put(rdev);
}

/* Who holds a device that is gone does not meet another one by its name */
static void core_id_test(struct kunit *test)
{
	struct rpmb_fake *old = core_fake(test), *new;

	rpmb_fake_unregister(old);
	new = core_fake(test);
	KUNIT_EXPECT_NE(test, old->rdev->id, new->rdev->id);
	KUNIT_EXPECT_STRNEQ(test, dev_name(&old->rdev->dev),
			    dev_name(&new->rdev->dev));
	KUNIT_EXPECT_NE(test, old->rdev->dev.devt, new->rdev->dev.devt);
}

static const struct dev_pm_ops *core_pm(struct rpmb_fake *fake)
{
	if (!IS_ENABLED(CONFIG_PM_SLEEP))
		kunit_skip(fake->test, "needs CONFIG_PM_SLEEP");
	KUNIT_ASSERT_NOT_NULL(fake->test, fake->rdev->dev.class->pm);
	return fake->rdev->dev.class->pm;
}

static int core_suspend(struct rpmb_thread *thread)
{
	struct rpmb_dev *rdev = thread->fake->rdev;
	int ret = rdev->dev.class->pm->suspend(&rdev->dev);

	return ret ?: atomic_read(&thread->fake->running);
}

static void core_check_suspend(struct rpmb_fake *fake,
			       int (*suspend)(struct device *dev),
			       int (*resume)(struct device *dev))
{
	struct kunit *test = fake->test;
	int calls = atomic_read(&fake->nr_calls);
	int resumed = fake->nr_resumed;
	struct rpmb_thread *caller;

	KUNIT_ASSERT_EQ(test, 0, suspend(&fake->rdev->dev));
	caller = core_wait_in_line(fake, 1);
	KUNIT_EXPECT_EQ(test, calls, atomic_read(&fake->nr_calls));
	KUNIT_EXPECT_EQ(test, resumed, fake->nr_resumed);
	KUNIT_EXPECT_EQ(test, 0, resume(&fake->rdev->dev));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(caller));
	/* The backend is told first */
	KUNIT_EXPECT_EQ(test, resumed + 1, fake->nr_resumed);
	KUNIT_EXPECT_EQ(test, calls, fake->resumed_after);
	KUNIT_EXPECT_EQ(test, calls + 1, atomic_read(&fake->nr_calls));
}

static void core_suspend_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);
	const struct dev_pm_ops *pm = core_pm(fake);

	core_check_suspend(fake, pm->suspend, pm->resume);
	core_check_suspend(fake, pm->freeze, pm->thaw);
	core_check_suspend(fake, pm->poweroff, pm->restore);
}

/* Suspend waits for the call that runs; the next one, if in line, for resume */
static void core_suspend_busy_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);
	const struct dev_pm_ops *pm = core_pm(fake);
	struct rpmb_thread *first, *suspend, *second;

	first = core_hang(fake, 0);
	second = core_wait_in_line(fake, 2);
	suspend = rpmb_thread_start(fake, core_suspend);
	rpmb_thread_asleep(suspend, TASK_UNINTERRUPTIBLE);
	fake->hang_at = -1;
	rpmb_fake_release(fake);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(first));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(suspend));
	rpmb_thread_asleep(second, TASK_UNINTERRUPTIBLE);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&fake->nr_calls));

	KUNIT_EXPECT_EQ(test, 0, pm->resume(&fake->rdev->dev));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(second));
}

static void core_reset_suspend_timeout(void *timeout)
{
	rpmb_suspend_timeout = (unsigned long)timeout;
}

/* A request that does not end keeps the system awake, and nothing is the worse for it */
static void core_suspend_timeout_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);
	const struct dev_pm_ops *pm = core_pm(fake);
	struct rpmb_thread *first, *second;

	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test,
						  core_reset_suspend_timeout,
						  (void *)(unsigned long)
						  rpmb_suspend_timeout));
	rpmb_suspend_timeout = 1;
	first = core_hang(fake, 0);
	second = core_wait_in_line(fake, 2);
	KUNIT_EXPECT_EQ(test, -EBUSY, pm->suspend(&fake->rdev->dev));
	fake->hang_at = -1;
	rpmb_fake_release(fake);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(first));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(second));
	KUNIT_EXPECT_EQ(test, 0, pm->suspend(&fake->rdev->dev));
	KUNIT_EXPECT_EQ(test, 0, pm->resume(&fake->rdev->dev));
	KUNIT_EXPECT_EQ(test, 0, rpmb_msg_route(fake, core_msg(test, 3)));
}

/* Suspend comes when the device is on its way out, before who waits to take it out */
static void core_suspend_beside_unregister_test(struct kunit *test)
{
	struct rpmb_fake *fake = rpmb_fake_new(test, CORE_FORMAT);
	struct rpmb_thread *first, *unregister, *suspend;

	fake->descr.abort = NULL;
	rpmb_fake_register(fake);
	core_pm(fake);
	first = core_hang(fake, 1);
	unregister = rpmb_thread_unregister(fake);
	core_wait_unregistered(fake);
	rpmb_thread_asleep(unregister, TASK_UNINTERRUPTIBLE);
	suspend = rpmb_thread_start(fake, core_suspend);
	rpmb_thread_asleep(suspend, TASK_UNINTERRUPTIBLE);
	fake->hang_at = -1;
	rpmb_fake_release(fake);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(first));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(suspend));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(unregister));
}

/* A client that is linked sleeps first, since it may have a request to wait for */
static void core_link_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);
	struct device *client = kunit_device_register(test, "rpmb-client");
	struct device_link *link;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, client);
	KUNIT_ASSERT_TRUE(test, list_empty(&client->links.suppliers));
	KUNIT_ASSERT_EQ(test, 0, rpmb_dev_link(fake->rdev, client));
	KUNIT_ASSERT_FALSE(test, list_empty(&client->links.suppliers));
	link = list_first_entry(&client->links.suppliers, struct device_link,
				c_node);
	KUNIT_EXPECT_PTR_EQ(test, &fake->rdev->dev, link->supplier);
	/* Nothing can sleep both before and after */
	KUNIT_EXPECT_EQ(test, -EINVAL, rpmb_dev_link(fake->rdev, fake->parent));
	rpmb_dev_unlink(fake->rdev, client);
	KUNIT_EXPECT_TRUE(test, list_empty(&client->links.suppliers));

	/* It ends with the device */
	KUNIT_ASSERT_EQ(test, 0, rpmb_dev_link(fake->rdev, client));
	rpmb_fake_unregister(fake);
	KUNIT_EXPECT_TRUE(test, list_empty(&client->links.suppliers));
	rpmb_dev_unlink(fake->rdev, client);
}

/* Hot-unplug while everything sleeps; the device sees no resume */
static void core_suspend_unregister_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);
	const struct dev_pm_ops *pm = core_pm(fake);
	struct rpmb_thread *caller, *unregister;

	KUNIT_ASSERT_EQ(test, 0, pm->suspend(&fake->rdev->dev));
	caller = core_wait_in_line(fake, 1);
	unregister = rpmb_thread_unregister(fake);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(unregister));
	KUNIT_EXPECT_EQ(test, -ENODEV, rpmb_thread_join(caller));

	/* A callback that was on its way finds nothing to do */
	KUNIT_EXPECT_EQ(test, 0, pm->resume(&fake->rdev->dev));
	core_expect_gone(fake);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&fake->nr_calls));
	KUNIT_EXPECT_EQ(test, 0, fake->nr_resumed);
}

static int core_shutdown(struct rpmb_thread *thread)
{
	struct rpmb_dev *rdev = thread->fake->rdev;
	int ret = rdev->dev.class->shutdown_pre(&rdev->dev);

	return ret ?: atomic_read(&thread->fake->running);
}

/* The call that runs ends, no other begins, and the device may be unregistered */
static void core_shutdown_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);
	struct rpmb_thread *first, *second, *shutdown;

	first = core_hang(fake, 1);
	second = core_wait_in_line(fake, 2);
	shutdown = rpmb_thread_start(fake, core_shutdown);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(shutdown));
	KUNIT_EXPECT_EQ(test, -ENODEV, rpmb_thread_join(first));
	KUNIT_EXPECT_EQ(test, -ENODEV, rpmb_thread_join(second));
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&fake->nr_calls));
	core_expect_gone(fake);

	/* Shutdown may come to a device that is just being unregistered */
	reinit_completion(&fake->aborted);
	KUNIT_EXPECT_EQ(test, 0, core_shutdown(shutdown));
	KUNIT_EXPECT_FALSE(test, completion_done(&fake->aborted));
	rpmb_fake_unregister(fake);
}

/* A device that sleeps does not wake up for that */
static void core_shutdown_asleep_test(struct kunit *test)
{
	struct rpmb_fake *fake = core_fake(test);
	const struct dev_pm_ops *pm = core_pm(fake);
	struct rpmb_thread *shutdown;

	KUNIT_ASSERT_EQ(test, 0, pm->suspend(&fake->rdev->dev));
	shutdown = rpmb_thread_start(fake, core_shutdown);
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(shutdown));
	core_expect_gone(fake);
	KUNIT_EXPECT_EQ(test, 0, fake->nr_resumed);
}

static void core_expect_refused(struct kunit *test, struct device *parent,
				struct rpmb_descr *descr)
{
	struct rpmb_dev *rdev = rpmb_dev_register(parent, descr);

	KUNIT_EXPECT_EQ(test, -EINVAL, PTR_ERR_OR_ZERO(rdev));
	if (!IS_ERR(rdev))
		rpmb_dev_unregister(rdev);
}

static void core_register_refusals_test(struct kunit *test)
{
	struct rpmb_fake *fake = rpmb_fake_new(test, CORE_FORMAT);
	const struct rpmb_descr good = fake->descr;
	struct rpmb_descr *descr = &fake->descr;

	core_expect_refused(test, NULL, descr);
	core_expect_refused(test, fake->parent, NULL);
	descr->dev_id = NULL;
	core_expect_refused(test, fake->parent, descr);
	*descr = good;
	descr->dev_id_len = 0;
	core_expect_refused(test, fake->parent, descr);
	descr->dev_id_len = RPMB_MAX_ID_LEN + 1;
	core_expect_refused(test, fake->parent, descr);
	*descr = good;
	descr->transfer = NULL;
	core_expect_refused(test, fake->parent, descr);
	*descr = good;
	descr->route_frames = rpmb_fake_route_frames;
	core_expect_refused(test, fake->parent, descr);
	*descr = good;
	descr->type = RPMB_TYPE_NVME + 1;
	core_expect_refused(test, fake->parent, descr);
	*descr = good;
	descr->frame_format = RPMB_FRAME_NVME + 1;
	core_expect_refused(test, fake->parent, descr);
	*descr = good;
	descr->transport = RPMB_TRANSPORT_SIM + 1;
	core_expect_refused(test, fake->parent, descr);
	*descr = good;
	rpmb_fake_register(fake);
}

static struct rpmb_dev *core_register(struct rpmb_fake *fake)
{
	struct rpmb_dev *rdev = rpmb_dev_register(fake->parent, &fake->descr);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(fake->test, rdev);
	return rdev;
}

static int core_match_none(struct device *dev, const void *data)
{
	return 0;
}

/* When nobody has a reference to a device any more, its number is free again */
static void core_number_test(struct kunit *test)
{
	struct rpmb_fake *fake = rpmb_fake_new(test, CORE_FORMAT);
	struct rpmb_dev *rdev = core_register(fake);
	dev_t devt = rdev->dev.devt;

	/* Who looks through all keeps none of them */
	KUNIT_EXPECT_NULL(test, rpmb_dev_find_device(NULL, NULL,
						     core_match_none));
	rpmb_dev_unregister(rdev);
	rpmb_fake_register(fake);
	KUNIT_EXPECT_EQ(test, devt, fake->rdev->dev.devt);
}

/* A device that cannot be added leaves nothing behind, not even its number */
static void core_register_fails_test(struct kunit *test)
{
	struct rpmb_fake *fake = rpmb_fake_new(test, CORE_FORMAT);
	struct rpmb_dev *rdev = core_register(fake);
	dev_t devt = rdev->dev.devt;
	struct class *occupied;

	rpmb_dev_unregister(rdev);
	occupied = test_occupy(test, devt);
	rdev = rpmb_dev_register(fake->parent, &fake->descr);
	KUNIT_EXPECT_EQ(test, -EEXIST, PTR_ERR_OR_ZERO(rdev));
	test_vacate(occupied, devt);
	rpmb_fake_register(fake);
	KUNIT_EXPECT_EQ(test, devt, fake->rdev->dev.devt);
}

static void core_register_copies_test(struct kunit *test)
{
	struct rpmb_fake *fake = rpmb_fake_new(test, CORE_FORMAT);
	u8 id[] = "0123456789abcdef";

	fake->descr.dev_id = id;
	fake->descr.dev_id_len = 16;
	rpmb_fake_register(fake);
	memset(id, 0, sizeof(id));
	fake->descr.priv = NULL;
	KUNIT_ASSERT_EQ(test, 16, fake->rdev->descr.dev_id_len);
	KUNIT_EXPECT_MEMEQ(test, fake->rdev->descr.dev_id, "0123456789abcdef",
			   16);
	KUNIT_EXPECT_PTR_EQ(test, fake, (struct rpmb_fake *)
					fake->rdev->descr.priv);
}

/* Clients divide by it, so a backend of the older kind that says 0 means 1 */
static void core_reliable_wr_count_test(struct kunit *test)
{
	struct rpmb_fake *fake = rpmb_fake_new(test, CORE_FORMAT);

	rpmb_fake_make_legacy(fake);
	fake->descr.reliable_wr_count = 0;
	rpmb_fake_register(fake);
	KUNIT_EXPECT_EQ(test, 1, fake->rdev->descr.reliable_wr_count);
	KUNIT_EXPECT_EQ(test, BIT(0), fake->rdev->descr.write_sizes);
}

/* mmc_block leaves them out, and says too much in reliable_wr_count */
static void core_write_sizes_test(struct kunit *test)
{
	struct rpmb_fake *older = rpmb_fake_new(test, RPMB_FRAME_JEDEC);
	struct rpmb_fake *newer = rpmb_fake_new(test, RPMB_FRAME_JEDEC);
	struct rpmb_fake *ufs = rpmb_fake_new(test, RPMB_FRAME_JEDEC);

	rpmb_fake_make_legacy(older);
	older->descr.reliable_wr_count = 16;
	rpmb_fake_register(older);
	KUNIT_EXPECT_EQ(test, BIT(0), older->rdev->descr.write_sizes);
	newer->descr.reliable_wr_count = 16;
	rpmb_fake_register(newer);
	KUNIT_EXPECT_EQ(test, GENMASK(5, 0), newer->rdev->descr.write_sizes);
	ufs->descr = older->descr;
	ufs->descr.type = RPMB_TYPE_UFS;
	rpmb_fake_register(ufs);
	KUNIT_EXPECT_EQ(test, GENMASK(5, 0), ufs->rdev->descr.write_sizes);
}

static void core_expect_attr(struct rpmb_fake *fake, const char *name,
			     const char *want)
{
	const struct attribute_group *group =
		fake->rdev->dev.class->dev_groups[0];
	char *buf = kunit_kzalloc(fake->test, PAGE_SIZE, GFP_KERNEL);
	struct attribute **attr;

	KUNIT_ASSERT_NOT_NULL(fake->test, buf);
	for (attr = group->attrs; *attr; attr++)
		if (!strcmp((*attr)->name, name))
			break;
	KUNIT_ASSERT_NOT_NULL_MSG(fake->test, *attr, "no attribute %s", name);
	KUNIT_EXPECT_EQ(fake->test, 0444, (*attr)->mode);
	KUNIT_EXPECT_EQ(fake->test, strlen(want),
			container_of(*attr, struct device_attribute,
				     attr)->show(&fake->rdev->dev, NULL, buf));
	KUNIT_EXPECT_STREQ(fake->test, buf, want);
}

static void core_sysfs_test(struct kunit *test)
{
	struct rpmb_fake *fake = rpmb_fake_new(test, RPMB_FRAME_NVME);

	fake->descr.capacity = 3;
	fake->descr.target = 4;
	fake->descr.dev_id = "\x00\xff id\n";
	fake->descr.dev_id_len = 6;
	rpmb_fake_register(fake);
	core_expect_attr(fake, "transport", "nvme\n");
	core_expect_attr(fake, "frame_format", "nvme\n");
	core_expect_attr(fake, "block_size", "512\n");
	core_expect_attr(fake, "capacity", "768\n");
	core_expect_attr(fake, "target", "4\n");
	core_expect_attr(fake, "dev_id", "00ff2069640a\n");
}

static struct kunit_case core_cases[] = {
	KUNIT_CASE(core_unregister_test),
	KUNIT_CASE(core_unregister_drains_test),
	KUNIT_CASE(core_unregister_idle_test),
	KUNIT_CASE(core_null_test),
	KUNIT_CASE(core_turns_test),
	KUNIT_CASE(core_two_devices_test),
	KUNIT_CASE(core_signals_test),
	KUNIT_CASE(core_signals_retry_test),
	KUNIT_CASE(core_kill_in_line_test),
	KUNIT_CASE(core_woken_test),
	KUNIT_CASE(core_frozen_test),
	KUNIT_CASE(core_frozen_beside_batch_test),
	KUNIT_CASE(core_slow_test),
	KUNIT_CASE(core_kill_in_device_test),
	KUNIT_CASE(core_publication_test),
	KUNIT_CASE(core_publication_late_test),
	KUNIT_CASE(core_find_order_test),
	KUNIT_CASE(core_find_transports_test),
	KUNIT_CASE(core_interface_order_test),
	KUNIT_CASE(core_find_removed_test),
	KUNIT_CASE(core_find_while_removing_test),
	KUNIT_CASE(core_id_test),
	KUNIT_CASE(core_suspend_test),
	KUNIT_CASE(core_suspend_busy_test),
	KUNIT_CASE(core_suspend_timeout_test),
	KUNIT_CASE(core_suspend_unregister_test),
	KUNIT_CASE(core_suspend_beside_unregister_test),
	KUNIT_CASE(core_link_test),
	KUNIT_CASE(core_shutdown_test),
	KUNIT_CASE(core_shutdown_asleep_test),
	KUNIT_CASE(core_register_refusals_test),
	KUNIT_CASE(core_number_test),
	KUNIT_CASE(core_register_fails_test),
	KUNIT_CASE(core_register_copies_test),
	KUNIT_CASE(core_reliable_wr_count_test),
	KUNIT_CASE(core_write_sizes_test),
	KUNIT_CASE(core_sysfs_test),
	{}
};

static struct kunit_suite core_suite = {
	.name = "rpmb-core",
	.test_cases = core_cases,
};

kunit_test_suite(core_suite);
