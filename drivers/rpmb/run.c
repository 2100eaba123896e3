// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests in the device's turn: given to the backend, one or a batch of them, and what
 * came of each
 */
#include <linux/export.h>
#include <linux/highmem.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "internal.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static struct rpmb_request *rpmb_run_current(const struct rpmb_run *run)
{
	return run->rqs[run->done];
}

/* A backend of the older kind makes its own transfers and does not say how far */
static int rpmb_call_route_frames(struct rpmb_dev *rdev,
				  struct rpmb_request *rq)
{
	rq->xfers[0].started = true;
	return rdev->descr.route_frames(rdev->dev.parent, rq->req, rq->req_len,
					rq->resp, rq->resp_len);
}

/*
 * What a backend returned, as callers may take it: 0 or an error, and none that
 * says that nothing happened when nobody can know.
 */
static int rpmb_backend_error(const struct rpmb_request *rq, int ret)
{
	if (ret > 0)
		return -EIO;
	if (!rq->xfers[0].started)
		return ret;

	switch (ret) {
	case -EINVAL:
	case -EOPNOTSUPP:
	case -EMSGSIZE:
	case -ENOMEM:
		return -EIO;
	default:
		return ret;
	}
}

/*
 * Memory in pages has two addresses. Backends and devices know the one that is not
 * ours, and some processors do not see that it is the same.
 */
static void rpmb_flush(const struct rpmb_xfer *xfers, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (is_vmalloc_addr(xfers[i].buf))
			flush_kernel_vmap_range(xfers[i].buf, xfers[i].len);
}

/* Some backends copy the response to our address, which must not be lost either */
static void rpmb_invalidate(const struct rpmb_request *rq)
{
	if (!is_vmalloc_addr(rq->resp))
		return;
	flush_kernel_vmap_range(rq->resp, rq->resp_len);
	invalidate_kernel_vmap_range(rq->resp, rq->resp_len);
}

static void rpmb_begin_current(struct rpmb_dev *rdev, struct rpmb_run *run)
{
	const struct rpmb_request *rq = rpmb_run_current(run);

	WRITE_ONCE(rdev->running, rq->type);
	trace_rpmb_start(rdev, rq);
	run->start = trace_rpmb_done_enabled() ? ktime_get() : 0;
}

/* Time is only read for who watches; if he came in the middle, it is 0 */
static void rpmb_trace_end(struct rpmb_dev *rdev, const struct rpmb_run *run,
			   int ret)
{
	s64 duration;

	if (!trace_rpmb_done_enabled())
		return;
	duration = run->start ? ktime_sub(ktime_get(), run->start) : 0;
	trace_rpmb_done(rdev, rpmb_run_current(run), ret, duration);
}

/* The one that is carried has ended, with @ret */
static void rpmb_end_current(struct rpmb_dev *rdev, struct rpmb_run *run,
			     int ret)
{
	rpmb_trace_end(rdev, run, ret);
	run->ret = ret;
	if (ret)
		run->over = true;
	else
		run->done++;
}

static int rpmb_check_response(const struct rpmb_descr *descr,
			       const struct rpmb_request *rq)
{
	u16 type = rpmb_frames_type(descr->frame_format, rq->resp);

	/* Somebody spoke to the hardware past us, so all bets are off */
	return type == rq->type << 8 ? 0 : -EPROTO;
}

/* What follows a write that was refused may count on it */
static bool rpmb_is_refused(const struct rpmb_descr *descr,
			    const struct rpmb_request *rq)
{
	struct rpmb_fields fields;

	if (rpmb_is_question(rq->type))
		return false;
	rpmb_frames_get(descr->frame_format, rq->resp, &fields);
	return fields.result & ~RPMB_RES_EXPIRED;
}

/*
 * Has the backend begun the next one, too? Then its answer is to be had, and nobody gets
 * the device sooner without it.
 */
static bool rpmb_has_begun(const struct rpmb_run *run)
{
	return rpmb_run_current(run)->xfers[0].started;
}

/* Between two requests; -errno fails the next one before it begins */
static int rpmb_may_begin(const struct rpmb_dev *rdev,
			  const struct rpmb_run *run)
{
	if (READ_ONCE(rdev->gone))
		return -ENODEV;
	return run->user && fatal_signal_pending(current) ? -EINTR : 0;
}

/* Nobody waits for more than some requests of a batch */
static bool rpmb_is_cut(struct rpmb_dev *rdev, const struct rpmb_run *run)
{
	return run->done >= RPMB_BATCH_SHARE && !rpmb_has_begun(run) &&
	       rpmb_turn_is_wanted(rdev);
}

/**
 * rpmb_sequence_completed() - the sequence is completed; does the batch go on?
 * @rdev: RPMB device, whose transfer() calls this
 *
 * For backends that take several sequences at once, after each of them, in their order,
 * when its response is there. A batch ends with a response of the wrong type, with a
 * write that the device has refused, when the device is unregistered or the caller
 * killed, and after some requests if others wait; for these, not before all that the
 * backend has begun are completed. What it has begun beyond a failure it lets end.
 *
 * Context: from transfer(), in its task.
 * Return: true if the next sequence of the list is to be begun
 */
bool rpmb_sequence_completed(struct rpmb_dev *rdev)
{
	struct rpmb_run *run = rdev->run;
	struct rpmb_request *rq = rpmb_run_current(run);

	rpmb_invalidate(rq);
	rpmb_end_current(rdev, run, rpmb_check_response(&rdev->descr, rq));
	if (run->over)
		return false;
	if (run->done == run->nr || rpmb_is_refused(&rdev->descr, rq) ||
	    rpmb_is_cut(rdev, run)) {
		run->over = true;
		return false;
	}
	run->ret = rpmb_has_begun(run) ? 0 : rpmb_may_begin(rdev, run);
	run->over = run->ret;
	if (!run->over)
		rpmb_begin_current(rdev, run);
	return !run->over;
}
EXPORT_SYMBOL_GPL(rpmb_sequence_completed);

/* The transfers of what is left, as far as the backend takes them in one list */
static unsigned int rpmb_list_len(const struct rpmb_descr *descr,
				  const struct rpmb_run *run)
{
	unsigned int most = max(descr->max_batch, 1), len = 0;

	for (unsigned int i = run->done; i < run->nr && most--; i++)
		len += run->rqs[i]->nr_xfers;
	return len;
}

static int rpmb_call_backend(struct rpmb_dev *rdev, struct rpmb_run *run)
{
	const struct rpmb_descr *descr = &rdev->descr;
	struct rpmb_request *rq = rpmb_run_current(run);
	unsigned int nr = rpmb_list_len(descr, run);
	int ret;

	rpmb_flush(rq->xfers, nr);
	if (!descr->transfer)
		ret = rpmb_call_route_frames(rdev, rq);
	else
		ret = descr->transfer(rdev, rq->xfers, nr);
	if (!ret && descr->max_batch <= 1)
		rpmb_sequence_completed(rdev);
	return ret;
}

/* One call of the backend, which carries at least one of the requests, or fails it */
static void rpmb_carry_some(struct rpmb_dev *rdev, struct rpmb_run *run)
{
	unsigned int done = run->done;
	int ret = rpmb_call_backend(rdev, run);

	if (run->over)
		return;
	if (!ret && run->done == done)
		ret = -EIO;
	if (ret)
		rpmb_end_current(rdev, run,
				 rpmb_backend_error(rpmb_run_current(run), ret));
}

static void rpmb_carry(struct rpmb_dev *rdev, struct rpmb_run *run)
{
	/* The device may be what memory would be written back to */
	unsigned int noio = memalloc_noio_save();

	rdev->run = run;
	rpmb_begin_current(rdev, run);
	while (!run->over)
		rpmb_carry_some(rdev, run);
	WRITE_ONCE(rdev->running, 0);
	rdev->run = NULL;
	memalloc_noio_restore(noio);
}

static int rpmb_run(struct rpmb_dev *rdev, struct rpmb_run *run)
{
	int ret = rpmb_get_turn(rdev, run->user);

	if (ret)
		return ret;
	rpmb_carry(rdev, run);
	rpmb_put_turn(rdev);
	return run->ret;
}

/*
 * Run the transfers of a prepared request, for the kernel or, if @user, for a
 * program. 0: a response of the right type is in rq->resp; else an error, and
 * rq->xfers[] say how far it got.
 */
int rpmb_request_run(struct rpmb_dev *rdev, struct rpmb_request *rq, bool user)
{
	struct rpmb_run run = { .rqs = &rq, .nr = 1, .user = user };

	return rpmb_run(rdev, &run);
}

/*
 * The same with all of a batch. The first *@done of its requests have their response.
 * An error is that of the next one; 0 and less than all: the last of them was refused
 * by the device, or others wanted their turn.
 */
int rpmb_batch_run(struct rpmb_dev *rdev, struct rpmb_batch *batch, bool user,
		   unsigned int *done)
{
	struct rpmb_run run = {
		.rqs = batch->rqs,
		.nr = batch->nr,
		.user = user,
	};
	int ret = rpmb_run(rdev, &run);

	*done = run.done;
	return ret;
}
