// SPDX-License-Identifier: GPL-2.0-only
/*
 * The turn of a device: whose sequence it is, and the line of those who wait
 */
#include <kunit/visibility.h>
#include <linux/completion.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "internal.h"

/*
 * Who is not woken looks for himself after this long. It is also what keeps those
 * whom no signal wakes from being taken for hung: others before them may use up
 * their timeouts one after the other.
 */
#define RPMB_TURN_SLICE		HZ

/**
 * struct rpmb_waiter - one who waits for the turn
 * @node: place in the line, under the turn's lock
 * @task: who it is
 * @woken: it may be his turn, so look; completed under the turn's lock
 *
 * On the stack of who waits, and in the line for as long.
 */
struct rpmb_waiter {
	struct list_head node;
	struct task_struct *task;
	struct completion woken;
};

/* In the freezer, out of which nobody comes to take his turn */
static bool rpmb_waiter_frozen(const struct rpmb_waiter *waiter)
{
	return READ_ONCE(waiter->task->__state) & TASK_FROZEN;
}

/*
 * Wake who is next. Those in the freezer are told as well, for when they come out of
 * it, but nobody waits for them.
 */
static void rpmb_turn_wake(struct rpmb_turn *turn)
{
	struct rpmb_waiter *waiter;

	lockdep_assert_held(&turn->lock);
	if (turn->taken)
		return;
	list_for_each_entry(waiter, &turn->line, node) {
		complete(&waiter->woken);
		if (!rpmb_waiter_frozen(waiter))
			break;
	}
}

/* Whose turn is next: that of the first who is not in the freezer, or nobody's */
static const struct rpmb_waiter *rpmb_turn_next(const struct rpmb_turn *turn)
{
	const struct rpmb_waiter *waiter;

	list_for_each_entry(waiter, &turn->line, node)
		if (!rpmb_waiter_frozen(waiter))
			return waiter;
	return NULL;
}

static bool rpmb_turn_try(struct rpmb_turn *turn, struct rpmb_waiter *waiter)
{
	bool mine;

	scoped_guard(spinlock, &turn->lock) {
		reinit_completion(&waiter->woken);
		mine = !turn->taken && rpmb_turn_next(turn) == waiter;
		if (mine) {
			list_del(&waiter->node);
			turn->taken = true;
		}
	}
	return mine;
}

static void rpmb_turn_join(struct rpmb_turn *turn, struct rpmb_waiter *waiter,
			   bool first)
{
	waiter->task = current;
	init_completion(&waiter->woken);
	scoped_guard(spinlock, &turn->lock) {
		if (first)
			list_add(&waiter->node, &turn->line);
		else
			list_add_tail(&waiter->node, &turn->line);
	}
}

/* Leave the line. Who was woken wakes another one instead. */
static void rpmb_turn_give_up(struct rpmb_turn *turn,
			      struct rpmb_waiter *waiter)
{
	scoped_guard(spinlock, &turn->lock) {
		list_del(&waiter->node);
		rpmb_turn_wake(turn);
	}
}

static void rpmb_turn_release(struct rpmb_turn *turn)
{
	scoped_guard(spinlock, &turn->lock) {
		turn->taken = false;
		rpmb_turn_wake(turn);
	}
}

/* No signal ends this */
static int rpmb_turn_wait(struct rpmb_waiter *waiter)
{
	wait_for_completion_timeout(&waiter->woken, RPMB_TURN_SLICE);
	return 0;
}

/* A fatal signal does, with -ERESTARTSYS, and the freezer need not wait for it */
static int rpmb_turn_wait_user(struct rpmb_waiter *waiter)
{
	return wait_for_completion_state(&waiter->woken,
					 TASK_KILLABLE | TASK_FREEZABLE);
}

/*
 * For lockdep: the turn is waited for here. Nobody has it while he waits, or it would
 * take one in the freezer for one who holds it there.
 */
static void rpmb_turn_may_wait(struct rpmb_turn *turn)
{
	lock_map_acquire(&turn->map);
	lock_map_release(&turn->map);
}

static int rpmb_turn_get(struct rpmb_turn *turn,
			 int (*wait)(struct rpmb_waiter *waiter))
{
	struct rpmb_waiter waiter;

	rpmb_turn_may_wait(turn);
	rpmb_turn_join(turn, &waiter, false);
	while (!rpmb_turn_try(turn, &waiter)) {
		if (wait(&waiter)) {
			rpmb_turn_give_up(turn, &waiter);
			return -EINTR;
		}
	}
	lock_map_acquire_try(&turn->map);
	return 0;
}

void rpmb_turn_init(struct rpmb_turn *turn)
{
	static struct lock_class_key key;

	spin_lock_init(&turn->lock);
	INIT_LIST_HEAD(&turn->line);
	lockdep_init_map(&turn->map, "rpmb_turn", &key, 0);
}

/*
 * Wait in line for the right to call the backend, as the kernel or, if @user, for a
 * program. 0: it is ours until rpmb_put_turn(), which this task has to call; -ENODEV:
 * there is no backend any more; -EINTR: a fatal signal came, which only ends it for
 * programs.
 */
int rpmb_get_turn(struct rpmb_dev *rdev, bool user)
{
	int ret;

	if (READ_ONCE(rdev->gone))
		return -ENODEV;

	ret = rpmb_turn_get(&rdev->turn,
			    user ? rpmb_turn_wait_user : rpmb_turn_wait);
	if (ret)
		return ret;
	if (!READ_ONCE(rdev->gone))
		return 0;
	rpmb_put_turn(rdev);
	return -ENODEV;
}
EXPORT_SYMBOL_IF_KUNIT(rpmb_get_turn);

/* Lockdep first: nothing is touched any more when somebody else has the turn */
void rpmb_put_turn(struct rpmb_dev *rdev)
{
	lock_map_release(&rdev->turn.map);
	rpmb_turn_release(&rdev->turn);
}
EXPORT_SYMBOL_IF_KUNIT(rpmb_put_turn);

/* Does anybody wait for it who could take it? To be asked by who has it. */
bool rpmb_turn_is_wanted(struct rpmb_dev *rdev)
{
	struct rpmb_turn *turn = &rdev->turn;
	bool wanted;

	scoped_guard(spinlock, &turn->lock)
		wanted = rpmb_turn_next(turn);
	return wanted;
}

/*
 * Stop the line: get the turn before all who wait for it, once the sequence that runs
 * has ended. False if that takes longer than @timeout jiffies. rpmb_start_line() ends
 * it, in whichever task.
 */
bool rpmb_stop_line(struct rpmb_dev *rdev, unsigned long timeout)
{
	struct rpmb_turn *turn = &rdev->turn;
	unsigned long end = jiffies + timeout;
	struct rpmb_waiter waiter;

	rpmb_turn_may_wait(turn);
	rpmb_turn_join(turn, &waiter, true);
	while (!rpmb_turn_try(turn, &waiter)) {
		if (time_after_eq(jiffies, end)) {
			rpmb_turn_give_up(turn, &waiter);
			return false;
		}
		rpmb_turn_wait(&waiter);
	}
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(rpmb_stop_line);

void rpmb_start_line(struct rpmb_dev *rdev)
{
	rpmb_turn_release(&rdev->turn);
}
EXPORT_SYMBOL_IF_KUNIT(rpmb_start_line);
