// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Writing, and what became of a write that failed
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* How often a request is sent at most */
#define TRIES 2

/* A write that takes one request */
struct chunk {
	unsigned int addr;
	unsigned int blocks;
	const uint8_t *data;
	uint32_t counter;	/* that it was signed with */
	bool started;		/* may have reached the device */
};

/* The largest write of the device that is no larger than @left, 0 if none is */
static unsigned int write_size(const struct rpmb *rpmb, unsigned int left)
{
	unsigned int carried = rpmb_max_blocks(rpmb);
	unsigned int size = 1u << 31;

	while (size && (size > left || size > carried ||
			!(rpmb->info.write_sizes & size)))
		size >>= 1;
	return size;
}

static int write_once(struct rpmb *rpmb, const uint8_t key[RPMB_KEY_LEN],
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

	ret = rpmb_begin(rpmb, &x, chunk->blocks);
	if (ret)
		return ret;
	for (i = 0; i < chunk->blocks; i++)
		memcpy(rpmb_frames_data(rpmb->info.frame_format, rpmb->req, i),
		       chunk->data + (size_t)i * block_size, block_size);
	rpmb_sign(rpmb, key, chunk->blocks);
	ret = rpmb_exchange(rpmb, &x, key, chunk->blocks, 0);
	chunk->started = x.started;
	return ret;
}

static int compare(struct rpmb *rpmb, const uint8_t key[RPMB_KEY_LEN],
		   const struct chunk *chunk, bool *same)
{
	size_t len = (size_t)chunk->blocks * rpmb->info.block_size;
	uint8_t *data = malloc(len);
	int ret;

	if (!data)
		return RPMB_ERR_MEMORY;
	ret = rpmb_get_blocks(rpmb, key, chunk->addr, chunk->blocks, data);
	*same = !ret && !memcmp(data, chunk->data, len);
	free(data);
	return ret;
}

/* Counter and data as they are at one time: nobody writes in between */
static int read_back(struct rpmb *rpmb, const uint8_t key[RPMB_KEY_LEN],
		     const struct chunk *chunk, uint32_t *counter, bool *same)
{
	uint32_t before;
	int ret;

	ret = rpmb_get_counter(rpmb, key, &before);
	if (!ret)
		ret = compare(rpmb, key, chunk, same);
	if (!ret)
		ret = rpmb_get_counter(rpmb, key, counter);
	if (!ret && *counter != before)
		ret = RPMB_ERR_COUNTER;
	return ret;
}

/*
 * The counter as it was: not written. Data as it should be: stored, by whomever.
 * One step of the counter with other data was somebody else's write, so ours was
 * refused. After several steps ours may have been overwritten.
 */
static enum rpmb_fate find_fate(struct rpmb *rpmb,
				const uint8_t key[RPMB_KEY_LEN],
				const struct chunk *chunk)
{
	uint32_t counter;
	bool same;

	if (!chunk->started)
		return RPMB_FATE_NOT_WRITTEN;
	if (read_back(rpmb, key, chunk, &counter, &same))
		return RPMB_FATE_UNKNOWN;
	if (counter == chunk->counter)
		return RPMB_FATE_NOT_WRITTEN;
	if (same)
		return RPMB_FATE_STORED;
	return counter == chunk->counter + 1 ? RPMB_FATE_NOT_WRITTEN : RPMB_FATE_UNKNOWN;
}

static enum rpmb_fate settle(struct rpmb *rpmb,
			     const uint8_t key[RPMB_KEY_LEN],
			     const struct chunk *chunk)
{
	void (*progress)(void *arg, unsigned int done, unsigned int total);
	enum rpmb_fate fate;
	int saved = errno;

	/* Reading back is no progress */
	progress = rpmb->progress;
	rpmb->progress = NULL;
	fate = find_fate(rpmb, key, chunk);
	rpmb->progress = progress;
	errno = saved;
	return fate;
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
 * Write a chunk, and if it is certainly not written, once more. What is sent then
 * is the same, byte for byte, with the same counter: if the first one was only late,
 * the device takes one of them and refuses the other.
 */
static int write_chunk(struct rpmb *rpmb, const uint8_t key[RPMB_KEY_LEN],
		       struct chunk *chunk, enum rpmb_fate *fate)
{
	int ret, tries = TRIES;

	do {
		ret = write_once(rpmb, key, chunk);
		*fate = ret ? settle(rpmb, key, chunk) : RPMB_FATE_STORED;
	} while (ret && *fate == RPMB_FATE_NOT_WRITTEN && chunk->started &&
		 failed_on_its_way(ret) && --tries);
	return ret;
}

static int write_chunks(struct rpmb *rpmb, const uint8_t key[RPMB_KEY_LEN],
			struct chunk *chunk, unsigned int blocks,
			struct rpmb_outcome *outcome)
{
	enum rpmb_fate fate;
	int ret;

	while (outcome->stored < blocks) {
		if (chunk->counter == UINT32_MAX)
			return RPMB_ERR_EXPIRED;
		chunk->blocks = write_size(rpmb, blocks - outcome->stored);
		if (!chunk->blocks)
			return RPMB_ERR_UNSUPPORTED;
		ret = write_chunk(rpmb, key, chunk, &fate);
		rpmb_count_outcome(outcome, fate, chunk->blocks);
		if (ret)
			return ret;

		chunk->addr += chunk->blocks;
		chunk->data += (size_t)chunk->blocks * rpmb->info.block_size;
		chunk->counter++;
		rpmb_report_progress(rpmb, outcome->stored, blocks);
	}
	return 0;
}

int rpmb_write(struct rpmb *rpmb, const uint8_t key[LIBRPMB_KEY_LEN],
	       unsigned int addr, unsigned int blocks, const void *data,
	       struct rpmb_outcome *outcome)
{
	struct chunk chunk = { .addr = addr, .data = data };
	struct rpmb_outcome unused;
	int ret;

	RPMB_GUARD(rpmb);
	if (!outcome)
		outcome = &unused;
	*outcome = (struct rpmb_outcome){ 0 };

	ret = rpmb_check_range(rpmb, addr, blocks);
	if (!ret)
		ret = rpmb_get_counter(rpmb, key, &chunk.counter);
	return ret ?: write_chunks(rpmb, key, &chunk, blocks, outcome);
}
