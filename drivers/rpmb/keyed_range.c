// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges of blocks, read and written with a key
 *
 * A range is cut into requests as long as the device takes, and if its backend takes
 * several of those, some go in one turn. Nonces are nobody else's and write counters are
 * foreseen, so they are all made ahead. The core ends a batch with the first that fails
 * or is refused. What is behind that is thrown away, and nothing is sent again.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/key.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "keyed.h"

/* How often data is read again that others write meanwhile */
#define RPMB_READ_BACK_TRIES	4

/**
 * struct rpmb_burst - requests of a range that go in one turn
 * @batch: their frames
 * @x: what they say, in the same order
 */
struct rpmb_burst {
	struct rpmb_batch *batch;
	struct rpmb_exchange x[];
};

/* What became of a write */
enum rpmb_fate {
	RPMB_FATE_NOT_STORED,
	RPMB_FATE_STORED,
	RPMB_FATE_UNKNOWN,
};

static void rpmb_burst_free(struct rpmb_burst *burst)
{
	if (IS_ERR_OR_NULL(burst))
		return;
	rpmb_batch_free(burst->batch);
	kfree(burst);
}

DEFINE_FREE(rpmb_burst, struct rpmb_burst *, rpmb_burst_free(_T))

/*
 * Room for some of the requests that what is left takes, or -ENOMEM. They are no more
 * than go in one turn while others wait, since after them a program can be interrupted.
 */
static struct rpmb_burst *rpmb_burst_alloc(const struct rpmb_keyed *k)
{
	u32 most = k->rdev->descr.max_batch > 1 ? RPMB_BATCH_SHARE : 1;
	u32 max = min(k->count - k->done, most);
	gfp_t gfp = rpmb_keyed_gfp(k);
	struct rpmb_burst *burst;

	burst = kzalloc(struct_size(burst, x, max), gfp);
	if (!burst)
		return ERR_PTR(-ENOMEM);
	burst->batch = rpmb_batch_alloc(max, gfp);
	if (IS_ERR(burst->batch)) {
		rpmb_burst_free(burst);
		return ERR_PTR(-ENOMEM);
	}
	return burst;
}

/*
 * Zeroed frames for one more, with @out blocks of data, answered by @in. NULL: there is
 * no room for it, so those before it go without.
 */
static struct rpmb_exchange *rpmb_burst_add(const struct rpmb_keyed *k,
					    struct rpmb_burst *burst,
					    unsigned int out, unsigned int in)
{
	enum rpmb_frame_format format = rpmb_keyed_format(k);
	struct rpmb_exchange *x = &burst->x[burst->batch->nr];
	struct rpmb_request *rq;

	rq = rpmb_batch_add(burst->batch, rpmb_frames_len(format, out),
			    rpmb_frames_len(format, in), rpmb_keyed_gfp(k));
	if (IS_ERR(rq))
		return burst->batch->nr ? NULL : ERR_CAST(rq);
	memset(rq->req, 0, rq->req_len);
	x->rq = rq;
	return x;
}

static int rpmb_burst_seal(const struct rpmb_keyed *k,
			   struct rpmb_burst *burst, struct rpmb_exchange *x)
{
	return rpmb_exchange_seal(k, x) ?:
	       rpmb_batch_prepare(k->rdev, burst->batch, x->rq);
}

static bool rpmb_is_started(const struct rpmb_exchange *x)
{
	return x->rq->xfers[0].started;
}

/*
 * Carry them. The first *@good have an answer that is to be believed; an error is that of
 * the one behind them, and k->started says whether that may have reached the device.
 */
static int rpmb_burst_run(struct rpmb_keyed *k, struct rpmb_burst *burst,
			  unsigned int *good)
{
	unsigned int done;
	int ret, error = 0;

	ret = rpmb_batch_run(k->rdev, burst->batch, k->user, &done);
	while (*good < done) {
		error = rpmb_exchange_check(k, &burst->x[*good]);
		if (error)
			break;
		++*good;
	}
	ret = error ?: ret;
	k->started = !ret || rpmb_is_started(&burst->x[*good]);
	return ret;
}

/* Was it not even begun, for want of memory or of room, so that less may do? */
static bool rpmb_was_too_long(const struct rpmb_keyed *k, int ret)
{
	return !k->started && (ret == -ENOMEM || ret == -EMSGSIZE);
}

/* A key may be taken away, and a program interrupted, between two turns */
static int rpmb_may_go_on(const struct rpmb_keyed *k)
{
	if (k->user && signal_pending(current))
		return -EINTR;
	return key_validate(k->key);
}

/**
 * rpmb_keyed_check_range() - see whether the device has the blocks of a call
 * @k: the call
 *
 * Return: 0, -EINVAL (no blocks) or -ERANGE
 */
int rpmb_keyed_check_range(const struct rpmb_keyed *k)
{
	unsigned int capacity = rpmb_get_capacity(k->rdev, NULL);

	if (!k->count)
		return -EINVAL;
	if (k->addr >= capacity || k->count > capacity - k->addr)
		return -ERANGE;
	return 0;
}

/* As many as go in one turn, of at most @most blocks each */
static int rpmb_add_reads(const struct rpmb_keyed *k, struct rpmb_burst *burst,
			  u32 most)
{
	u32 left = k->count - k->done;
	struct rpmb_fields req = {
		.type = RPMB_READ_DATA,
		.addr = k->addr + k->done,
	};
	struct rpmb_exchange *x;
	int ret = 0;

	for (; !ret && left; left -= req.count, req.addr += req.count) {
		req.count = min(left, most);
		x = rpmb_burst_add(k, burst, 0, req.count);
		if (IS_ERR_OR_NULL(x))
			return PTR_ERR_OR_ZERO(x);
		x->req = req;
		ret = rpmb_burst_seal(k, burst, x);
	}
	return ret;
}

static int rpmb_take_blocks(struct rpmb_keyed *k, const struct rpmb_exchange *x,
			    struct iov_iter *to)
{
	enum rpmb_frame_format format = rpmb_keyed_format(k);
	size_t size = rpmb_block_size(format);

	for (u32 i = 0; i < x->req.count; i++)
		if (copy_to_iter(rpmb_frames_data(format, x->rq->resp, i), size,
				 to) != size)
			return -EFAULT;
	k->done += x->req.count;
	return 0;
}

static int rpmb_read_burst(struct rpmb_keyed *k, u32 most, struct iov_iter *to)
{
	struct rpmb_burst *burst __free(rpmb_burst) = rpmb_burst_alloc(k);
	unsigned int good = 0;
	int ret;

	k->started = false;
	if (IS_ERR(burst))
		return PTR_ERR(burst);
	ret = rpmb_add_reads(k, burst, most) ?: rpmb_burst_run(k, burst, &good);
	for (unsigned int i = 0; i < good; i++)
		if (rpmb_take_blocks(k, &burst->x[i], to))
			return -EFAULT;
	return ret;
}

/**
 * rpmb_keyed_read() - read blocks, in as few requests as the device lets
 * @k: the call; @k->done says how many have been read, also on failure
 * @to: where to put them
 *
 * Return: 0 or an error as rpmb_read_blocks() has it
 */
int rpmb_keyed_read(struct rpmb_keyed *k, struct iov_iter *to)
{
	unsigned int most = min(k->rdev->descr.max_read,
				rpmb_frames_max_blocks(rpmb_keyed_format(k)));
	int ret = rpmb_keyed_check_range(k);

	while (!ret && k->done < k->count) {
		ret = rpmb_read_burst(k, most, to);
		if (rpmb_was_too_long(k, ret)) {
			most = min(most, k->count - k->done) / 2;
			ret = most ? 0 : ret;
		} else if (!ret && k->done < k->count) {
			ret = rpmb_may_go_on(k);
		}
	}
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(rpmb_keyed_read);

/* Read some blocks at a place; the caller has x->rq until rpmb_exchange_end() */
static int rpmb_read_exchange(struct rpmb_keyed *k, struct rpmb_exchange *x,
			      u32 addr, u32 count)
{
	int ret;

	x->req = (struct rpmb_fields) {
		.type = RPMB_READ_DATA,
		.addr = addr,
		.count = count,
	};
	k->started = false;
	ret = rpmb_exchange_begin(k, x, 0, count);
	return ret ?: rpmb_exchange_run(k, x);
}

/* Read some blocks of what the write in @written has sent: are they there? */
static int rpmb_compare_chunk(struct rpmb_keyed *k,
			      const struct rpmb_exchange *written, u32 done,
			      u32 count, bool *same)
{
	enum rpmb_frame_format format = rpmb_keyed_format(k);
	size_t size = rpmb_block_size(format);
	struct rpmb_exchange x = { };
	int ret;

	ret = rpmb_read_exchange(k, &x, written->req.addr + done, count);
	for (u32 i = 0; !ret && i < count; i++)
		*same &= !memcmp(rpmb_frames_data(format, x.rq->resp, i),
				 rpmb_frames_data(format, written->rq->req,
						  done + i), size);
	rpmb_exchange_end(&x);
	return ret;
}

static int rpmb_compare(struct rpmb_keyed *k,
			const struct rpmb_exchange *written, bool *same)
{
	u32 most = k->rdev->descr.max_read, done = 0, count;
	int ret = 0;

	*same = true;
	while (!ret && done < written->req.count) {
		count = min(written->req.count - done, most);
		ret = rpmb_compare_chunk(k, written, done, count, same);
		if (!ret) {
			done += count;
		} else if (rpmb_was_too_long(k, ret) && count > 1) {
			most = count / 2;
			ret = 0;
		}
	}
	return ret;
}

/* Counter and data as they are at one time, though others may write meanwhile */
static int rpmb_read_back(struct rpmb_keyed *k,
			  const struct rpmb_exchange *written, bool *same)
{
	u32 before;
	int ret;

	for (int i = 0; i < RPMB_READ_BACK_TRIES; i++) {
		ret = rpmb_keyed_get_counter(k);
		if (ret)
			return ret;
		before = k->counter;
		ret = rpmb_compare(k, written, same) ?:
		      rpmb_keyed_get_counter(k);
		if (ret || k->counter == before)
			return ret;
	}
	return -ESTALE;
}

/*
 * The counter as it was, or lower than the one that was named: not stored. Data as it
 * should be: stored, by whomever. One step of the counter with other data was somebody
 * else's write, so ours was refused. After several steps ours may have been overwritten.
 */
static enum rpmb_fate rpmb_find_fate(struct rpmb_keyed *k,
				     const struct rpmb_exchange *written)
{
	/* What is read back says nothing of why the write failed */
	struct rpmb_keyed back = *k;
	bool same;

	if (rpmb_read_back(&back, written, &same))
		return RPMB_FATE_UNKNOWN;
	k->counter = back.counter;
	if (back.counter <= written->req.counter)
		return RPMB_FATE_NOT_STORED;
	if (same)
		return RPMB_FATE_STORED;
	return back.counter == written->req.counter + 1 ? RPMB_FATE_NOT_STORED :
							  RPMB_FATE_UNKNOWN;
}

/*
 * Number @i has failed, and those behind it may have reached the device as well. If
 * nobody knows what became of one, then of none behind it; one that is not stored keeps
 * them from it.
 */
static void rpmb_settle(struct rpmb_keyed *k, const struct rpmb_burst *burst,
			unsigned int i)
{
	enum rpmb_fate fate = RPMB_FATE_STORED;
	const struct rpmb_exchange *x;

	for (; i < burst->batch->nr && rpmb_is_started(&burst->x[i]); i++) {
		x = &burst->x[i];
		if (fate == RPMB_FATE_STORED)
			fate = rpmb_find_fate(k, x);
		if (fate == RPMB_FATE_NOT_STORED)
			break;
		if (fate == RPMB_FATE_STORED)
			k->done += x->req.count;
		else
			k->unknown += x->req.count;
	}
}

/* The largest write of the device that is no larger than @left, 0 if none is */
static u32 rpmb_write_size(const struct rpmb_descr *descr, u32 left)
{
	u32 any, size;

	left = min(left, rpmb_frames_max_blocks(descr->frame_format));
	any = min(left, descr->max_write);
	size = descr->write_sizes & ((1U << fls(left)) - 1);
	return max(any, size ? 1U << (fls(size) - 1) : 0);
}

static int rpmb_fill_blocks(const struct rpmb_keyed *k,
			    struct rpmb_exchange *x, struct iov_iter *from)
{
	enum rpmb_frame_format format = rpmb_keyed_format(k);
	size_t size = rpmb_block_size(format);

	for (u32 i = 0; i < x->req.count; i++)
		if (!copy_from_iter_full(rpmb_frames_data(format, x->rq->req, i),
					 size, from))
			return -EFAULT;
	return 0;
}

/*
 * As many as go in one turn; each is signed for the counter that the one before leaves. Not
 * if that may be another one for which it would then be right, and which was not named.
 */
static int rpmb_add_writes(const struct rpmb_keyed *k, struct rpmb_burst *burst,
			   u32 most, struct iov_iter *from)
{
	u32 left = k->count - k->done;
	bool alone = k->named && k->rdev->descr.runs_on;
	struct rpmb_fields req = {
		.type = RPMB_WRITE_DATA,
		.addr = k->addr + k->done,
		.counter = k->counter,
	};
	struct rpmb_exchange *x;
	int ret = 0;

	for (; !ret && left && req.counter != U32_MAX; req.counter++) {
		req.count = rpmb_write_size(&k->rdev->descr, min(most, left));
		if (!req.count)
			break;
		x = rpmb_burst_add(k, burst, req.count, 0);
		if (IS_ERR_OR_NULL(x))
			return PTR_ERR_OR_ZERO(x);
		x->req = req;
		ret = rpmb_fill_blocks(k, x, from) ?:
		      rpmb_burst_seal(k, burst, x);
		req.addr += req.count;
		left -= req.count;
		if (alone)
			break;
	}
	return ret;
}

/* Some requests; if one fails, it is found out what became of it */
static int rpmb_write_burst(struct rpmb_keyed *k, u32 most,
			    const struct iov_iter *from)
{
	struct rpmb_burst *burst __free(rpmb_burst) = rpmb_burst_alloc(k);
	struct iov_iter rest = *from;
	unsigned int good = 0;
	int ret;

	k->started = false;
	if (IS_ERR(burst))
		return PTR_ERR(burst);
	if (k->counter == U32_MAX)
		return -EOVERFLOW;
	iov_iter_advance(&rest, (size_t)k->done *
				rpmb_block_size(rpmb_keyed_format(k)));
	ret = rpmb_add_writes(k, burst, most, &rest) ?:
	      rpmb_burst_run(k, burst, &good);
	for (unsigned int i = 0; i < good; i++) {
		k->counter++;
		k->done += burst->x[i].req.count;
	}
	if (ret)
		rpmb_settle(k, burst, good);
	return ret;
}

/* The same with fewer blocks, if so many cannot be carried */
static int rpmb_write_some(struct rpmb_keyed *k, u32 *most,
			   const struct iov_iter *from)
{
	int ret = -EOPNOTSUPP;
	u32 count;

	do {
		count = rpmb_write_size(&k->rdev->descr,
					min(*most, k->count - k->done));
		if (!count)
			return ret;
		ret = rpmb_write_burst(k, *most, from);
		if (!rpmb_was_too_long(k, ret))
			return ret;
		*most = rpmb_write_size(&k->rdev->descr,
					min(*most, k->count - k->done)) / 2;
	} while (*most);
	return ret;
}

/**
 * rpmb_keyed_write() - write blocks, in as few requests as the device lets
 * @k: the call. @k->counter is what is signed with if it is @k->named, else it is read
 *	first. @k->done says how many blocks are stored, @k->unknown of how many behind
 *	them nobody knows, and @k->counter what it is by then as far as is known, also
 *	on failure
 * @from: what to write
 *
 * Return: 0 or an error as rpmb_write_blocks() has it
 */
int rpmb_keyed_write(struct rpmb_keyed *k, const struct iov_iter *from)
{
	u32 most = k->count;
	int ret = rpmb_keyed_check_range(k);

	if (!ret && !k->named)
		ret = rpmb_keyed_get_counter(k);
	while (!ret && k->done < k->count) {
		ret = rpmb_write_some(k, &most, from);
		if (!ret && k->done < k->count)
			ret = rpmb_may_go_on(k);
	}
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(rpmb_keyed_write);

