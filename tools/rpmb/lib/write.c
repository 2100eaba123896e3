// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Writing, and what became of a write that failed
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "interface.h"
#include "write.h"

/* How often a request is sent at most */
#define TRIES 2

unsigned int rpmb_write_size(const struct rpmb *rpmb, unsigned int left)
{
	unsigned int carried = rpmb_max_blocks(rpmb);
	unsigned int any = rpmb->info.max_write;
	unsigned int size = 1u << 31;

	if (left > carried)
		left = carried;
	while (size && (size > left || !(rpmb->info.write_sizes & size)))
		size >>= 1;
	if (any > left)
		any = left;
	return any > size ? any : size;
}

static int write_once(struct rpmb *rpmb, const uint8_t *key,
		      struct chunk *chunk)
{
	unsigned int block_size = rpmb->info.block_size;
	struct rpmb_exchange x = {
		.req.type = RPMB_WRITE_DATA,
		.req.addr = chunk->addr,
		.req.count = chunk->blocks,
		.req.counter = chunk->counter,
	};
	unsigned int i;
	int ret;

	chunk->started = false;
	chunk->outcome = (struct rpmb_outcome){ 0 };
	if (chunk->counter == UINT32_MAX)
		return RPMB_ERR_EXPIRED;
	ret = rpmb_begin(rpmb, &x, chunk->blocks);
	if (ret)
		return ret;
	for (i = 0; i < chunk->blocks; i++)
		memcpy(rpmb_frames_data(rpmb->info.frame_format, rpmb->req, i),
		       chunk->data + (size_t)i * block_size, block_size);
	rpmb_sign(rpmb, key, chunk->blocks);
	ret = rpmb_exchange(rpmb, &x, key, chunk->blocks, 0);
	chunk->started = x.started;
	chunk->found = x.resp.counter;
	chunk->outcome = x.outcome;
	return ret;
}

/* The counter, and whether the data is there; that is no progress */
static int read_back(struct rpmb *rpmb, const uint8_t *key,
		     const struct chunk *chunk, uint32_t *counter, bool *same)
{
	void (*progress)(void *arg, unsigned int done, unsigned int total);
	size_t len = (size_t)chunk->blocks * rpmb->info.block_size;
	uint8_t *data = malloc(len);
	int ret;

	if (!data)
		return RPMB_ERR_MEMORY;
	progress = rpmb->progress;
	rpmb->progress = NULL;
	ret = rpmb_get_at_rest(rpmb, key, chunk->addr, chunk->blocks, data,
			       chunk->retries, counter);
	rpmb->progress = progress;
	*same = !ret && !memcmp(data, chunk->data, len);
	free(data);
	return ret;
}

/*
 * The counter as it was: not written. Data as it should be: stored, by whomever.
 * One step of the counter with other data was somebody else's write, so ours was
 * refused. After several steps ours may have been overwritten.
 */
static enum rpmb_fate find_fate(struct rpmb *rpmb,
				const uint8_t *key,
				struct chunk *chunk)
{
	bool same;
	int ret;

	chunk->was_read_back = false;
	if (!chunk->started)
		return RPMB_FATE_NOT_WRITTEN;
	ret = read_back(rpmb, key, chunk, &chunk->found, &same);
	if (ret)
		return RPMB_FATE_UNKNOWN;
	chunk->was_read_back = true;
	if (chunk->found == chunk->counter)
		return RPMB_FATE_NOT_WRITTEN;
	if (same)
		return RPMB_FATE_STORED;
	return chunk->found == chunk->counter + 1 ? RPMB_FATE_NOT_WRITTEN :
						    RPMB_FATE_UNKNOWN;
}

void rpmb_settle(struct rpmb *rpmb, const uint8_t *key, struct chunk *chunk)
{
	enum rpmb_fate fate;
	int saved = errno;

	if (rpmb_by_kernel(rpmb, key)) {
		chunk->was_read_back = chunk->started;
		return;
	}
	fate = find_fate(rpmb, key, chunk);
	rpmb_count_outcome(&chunk->outcome, fate, chunk->blocks);
	errno = saved;
}

void rpmb_count_outcome(struct rpmb_outcome *outcome, enum rpmb_fate fate,
			unsigned int blocks)
{
	if (fate == RPMB_FATE_STORED)
		outcome->stored += blocks;
	else if (fate == RPMB_FATE_UNKNOWN)
		outcome->unknown = blocks;
}

/*
 * Did it fail on its way, and not because of what the device or the caller did? A
 * signal ends what is under way, and nothing else is begun.
 */
static bool failed_on_its_way(int error)
{
	switch (error) {
	case RPMB_ERR_SYSTEM:
		return errno != EINTR;
	case RPMB_ERR_TIMEOUT:
	case RPMB_ERR_MIXED_UP:
	case RPMB_ERR_RESPONSE_TYPE:
	case RPMB_ERR_RESPONSE_FRAMES:
	case RPMB_ERR_RESPONSE_MAC:
	case RPMB_ERR_RESPONSE_ADDRESS:
	case RPMB_ERR_RESPONSE_COUNTER:
		return true;
	default:
		return false;
	}
}

/*
 * May what was refused for its counter be signed for the present one? Only if the
 * caller has asked for it, and if the device has a later one: what was sent can never
 * be carried out any more, and whatever the blocks have now is for us to write over.
 */
static bool may_follow(struct chunk *chunk, int error, unsigned int *retries)
{
	if (error != RPMB_ERR_COUNTER || !chunk->was_read_back ||
	    chunk->found <= chunk->counter || !*retries)
		return false;
	--*retries;
	chunk->counter = chunk->found;
	return true;
}

/* May the same be sent again? Only if it is certainly not written */
static bool may_repeat(const struct chunk *chunk, int error,
		       unsigned int *tries)
{
	return !chunk->outcome.stored && !chunk->outcome.unknown &&
	       chunk->started && failed_on_its_way(error) && --*tries;
}

/*
 * What is sent once more is the same, byte for byte, with the same counter: if the first
 * one was only late, the device takes one of them and refuses the other.
 */
int rpmb_finish_chunk(struct rpmb *rpmb, const uint8_t *key,
		      struct chunk *chunk, int ret)
{
	unsigned int tries = TRIES, retries = chunk->retries;
	bool follows;

	for (;; ret = write_once(rpmb, key, chunk)) {
		if (ret)
			rpmb_settle(rpmb, key, chunk);
		else
			chunk->outcome.stored = chunk->blocks;
		follows = may_follow(chunk, ret, &retries);
		if (follows ? chunk->outcome.stored == chunk->blocks :
			      !may_repeat(chunk, ret, &tries))
			break;
	}
	if (!ret)
		chunk->counter = chunk->found;
	else if (!follows && chunk->outcome.stored == chunk->blocks)
		chunk->counter++;
	return follows ? 0 : ret;
}

/*
 * The same with fewer blocks, if so many cannot be carried. The kernel with its own key
 * has then tried that, and may have stored some.
 */
static int write_some(struct rpmb *rpmb, const uint8_t *key,
		      struct chunk *chunk)
{
	int ret;

	do {
		chunk->blocks = rpmb_write_size(rpmb, chunk->most);
		if (!chunk->blocks)
			return RPMB_ERR_UNSUPPORTED;
		ret = rpmb_finish_chunk(rpmb, key, chunk,
					write_once(rpmb, key, chunk));
		if (!rpmb_was_too_long(ret, chunk->started) ||
		    chunk->outcome.stored)
			return ret;
		chunk->most = chunk->blocks / 2;
	} while (chunk->most);
	return ret;
}

static int write_chunks(struct rpmb *rpmb, const uint8_t *key,
			struct chunk *chunk, unsigned int blocks,
			struct rpmb_outcome *outcome)
{
	int ret;

	chunk->most = blocks;
	while (outcome->stored < blocks) {
		unsigned int left = blocks - outcome->stored, stored;

		chunk->outcome = (struct rpmb_outcome){ 0 };
		if (chunk->most > left)
			chunk->most = left;
		ret = rpmb_can_batch(rpmb, key, chunk, left) ?
		      rpmb_write_batch(rpmb, key, chunk, left) :
		      write_some(rpmb, key, chunk);
		stored = chunk->outcome.stored;
		outcome->stored += stored;
		outcome->unknown = chunk->outcome.unknown;
		if (ret)
			return ret;

		chunk->addr += stored;
		chunk->data += (size_t)stored * rpmb->info.block_size;
		rpmb_report_progress(rpmb, outcome->stored, blocks);
	}
	return 0;
}

/*
 * Is a write carried out although the one in front was refused? With somebody else's in
 * between it can be the right one for the counter by then.
 */
static bool runs_on(const struct rpmb *rpmb)
{
	return rpmb->interface->runs_on ||
	       rpmb->info.transport == RPMB_TRANSPORT_VIRTIO;
}

/* @expected: the only counter to write with, if it is not NULL */
static int write_blocks(struct rpmb *rpmb, const uint8_t *key,
			struct chunk *chunk, unsigned int blocks,
			const uint32_t *expected, struct rpmb_outcome *outcome)
{
	struct rpmb_outcome unused;
	uint32_t found;
	int ret;

	if (!outcome)
		outcome = &unused;
	*outcome = (struct rpmb_outcome){ 0 };
	if (expected && runs_on(rpmb))
		chunk->one_by_one = true;

	ret = rpmb_check_range(rpmb, chunk->addr, blocks);
	if (!ret)
		ret = rpmb_get_counter(rpmb, key, &found);
	if (!ret && expected && found != *expected)
		ret = RPMB_ERR_COUNTER;
	if (ret)
		return ret;
	chunk->counter = found;
	return write_chunks(rpmb, key, chunk, blocks, outcome);
}

int rpmb_write(struct rpmb *rpmb, const uint8_t *key,
	       unsigned int addr, unsigned int blocks, const void *data,
	       struct rpmb_outcome *outcome)
{
	return rpmb_write_retry(rpmb, key, addr, blocks, data, 0, outcome);
}

int rpmb_write_retry(struct rpmb *rpmb, const uint8_t *key,
		     unsigned int addr, unsigned int blocks, const void *data,
		     unsigned int retries, struct rpmb_outcome *outcome)
{
	struct chunk chunk = {
		.addr = addr,
		.data = data,
		.retries = retries,
	};

	RPMB_GUARD(rpmb);
	return write_blocks(rpmb, key, &chunk, blocks, NULL, outcome);
}

/*
 * One request, or several if it is too long. What is stored counts, also if its answer was
 * lost, or if it came late and was refused when it was sent again: it is one step of the
 * counter. Anybody else's has taken another one, which the next write does not pass over.
 */
static int write_request(struct rpmb *rpmb, const uint8_t *key,
			 struct chunk *request, uint32_t *counter)
{
	unsigned int blocks = request->blocks;
	struct rpmb_outcome outcome;
	int ret = write_blocks(rpmb, key, request, blocks, counter, &outcome);

	if (ret && outcome.stored < blocks)
		return ret;
	*counter = request->counter;
	return 0;
}

static int check_written(struct rpmb *rpmb, const uint8_t *key,
			 const struct chunk *whole, uint32_t counter)
{
	uint32_t found;
	bool same;
	int ret = read_back(rpmb, key, whole, &found, &same);

	if (!ret && found != counter)
		ret = RPMB_ERR_COUNTER;
	return ret || same ? ret : RPMB_ERR_MIXED_UP;
}

/*
 * The answer to a write says where and when something was written, but not what: if an
 * earlier write for the same counter and place was given up, and held back, it may have
 * been that one.
 */
int rpmb_write_surely(struct rpmb *rpmb, const uint8_t *key,
		      unsigned int addr, unsigned int blocks, const void *data,
		      uint32_t *counter)
{
	const struct chunk whole = {
		.addr = addr,
		.blocks = blocks,
		.data = data,
	};
	unsigned int nr, done;
	int ret = 0;

	for (done = 0; done < blocks && !ret; done += nr) {
		struct chunk request = {
			.addr = addr + done,
			.one_by_one = true,
			.data = whole.data + (size_t)done * rpmb->info.block_size,
		};

		nr = rpmb_write_size(rpmb, blocks - done);
		if (!nr)
			return RPMB_ERR_UNSUPPORTED;
		request.blocks = nr;
		ret = write_request(rpmb, key, &request, counter);
	}
	return ret ?: check_written(rpmb, key, &whole, *counter);
}

int rpmb_write_if(struct rpmb *rpmb, const uint8_t *key,
		  unsigned int addr, unsigned int blocks, const void *data,
		  uint32_t *counter, struct rpmb_outcome *outcome)
{
	struct chunk chunk = {
		.addr = addr, .data = data, .counter = *counter
	};
	int ret;

	RPMB_GUARD(rpmb);
	ret = write_blocks(rpmb, key, &chunk, blocks, counter, outcome);
	*counter = chunk.counter;
	return ret;
}
