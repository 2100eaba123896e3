// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Writes in one go
 *
 * The counters are foreseen, so all are signed ahead. The kernel ends a batch with the
 * first request that fails or is refused. What is behind that is thrown away, and signed
 * anew for the counter that was found, so that none is stored before one that is not.
 */
#include <string.h>

#include "interface.h"
#include "write.h"

/*
 * @rqs: the requests; their frames are in rpmb->req and rpmb->resp, one after the other
 * @chunks: what each of them writes
 */
struct batch {
	unsigned int nr;
	struct rpmb_request rqs[RPMB_MAX_BATCH];
	struct chunk chunks[RPMB_MAX_BATCH];
};

bool rpmb_can_batch(const struct rpmb *rpmb, const uint8_t *key,
		    const struct chunk *chunk, unsigned int left)
{
	return !chunk->one_by_one && rpmb_max_batch(rpmb, key) > 1 &&
	       rpmb_write_size(rpmb, chunk->most) < left;
}

/* Sign one at @req, whose length is returned */
static size_t prepare(const struct rpmb *rpmb, const uint8_t *key,
		      const struct chunk *chunk, uint8_t *req)
{
	enum rpmb_frame_format format = rpmb->info.frame_format;
	size_t len = rpmb_frames_len(format, chunk->blocks);
	unsigned int block_size = rpmb->info.block_size, i;
	const struct rpmb_fields fields = {
		.type = RPMB_WRITE_DATA,
		.addr = chunk->addr,
		.count = chunk->blocks,
		.counter = chunk->counter,
		.target = format == RPMB_FRAME_NVME ? rpmb->info.target : 0,
	};

	rpmb_frames_init(format, req, len, &fields);
	for (i = 0; i < chunk->blocks; i++)
		memcpy(rpmb_frames_data(format, req, i),
		       chunk->data + (size_t)i * block_size, block_size);
	rpmb_frames_hmac(format, req, len, key,
			 rpmb_frames_mac(format, req, len));
	return len;
}

/* The one behind @chunk, of at most @left blocks; false if there can be none */
static bool next_chunk(const struct rpmb *rpmb, struct chunk *chunk,
		       unsigned int left)
{
	chunk->addr += chunk->blocks;
	chunk->data += (size_t)chunk->blocks * rpmb->info.block_size;
	chunk->counter++;
	chunk->blocks = rpmb_write_size(rpmb, left < chunk->most ? left :
								   chunk->most);
	return chunk->blocks && chunk->counter != UINT32_MAX;
}

/* As many as are wanted, and as go into the memory for one request */
static void prepare_all(struct rpmb *rpmb, const uint8_t *key,
			struct batch *batch, struct chunk chunk,
			unsigned int left)
{
	enum rpmb_frame_format format = rpmb->info.frame_format;
	size_t resp_len = rpmb_frames_len(format, 0), used = 0;
	unsigned int most = rpmb_max_batch(rpmb, key);
	bool more;

	batch->nr = 0;
	chunk.blocks = rpmb_write_size(rpmb, chunk.most);
	more = chunk.blocks && chunk.counter != UINT32_MAX;
	while (more && batch->nr < most &&
	       rpmb_frames_len(format, chunk.blocks) <= RPMB_MAX_LEN - used) {
		batch->chunks[batch->nr] = chunk;
		batch->rqs[batch->nr] = (struct rpmb_request) {
			.req = rpmb->req + used,
			.req_len = prepare(rpmb, key, &chunk, rpmb->req + used),
			.resp = rpmb->resp + batch->nr * resp_len,
			.resp_len = resp_len,
		};
		used += batch->rqs[batch->nr++].req_len;
		left -= chunk.blocks;
		more = next_chunk(rpmb, &chunk, left);
	}
}

/* What came of a write that has its response */
static int check(struct rpmb *rpmb, const uint8_t *key, struct batch *batch,
		 unsigned int i)
{
	struct chunk *chunk = &batch->chunks[i];
	struct rpmb_request *rq = &batch->rqs[i];
	struct rpmb_exchange x = {
		.req.type = RPMB_WRITE_DATA,
		.req.addr = chunk->addr,
		.req.count = chunk->blocks,
		.req.counter = chunk->counter,
		.req.target = rpmb->info.frame_format == RPMB_FRAME_NVME ?
			      rpmb->info.target : 0,
	};
	int ret = rpmb_check_response(rpmb, &x, key, rq->resp, rq->resp_len);

	chunk->found = x.resp.counter;
	return ret;
}

/*
 * Number @i has failed for good, and those behind it may have reached the device. If
 * nobody knows what became of one, then of none behind it; one that is not stored keeps
 * them from it.
 */
static void settle_rest(struct rpmb *rpmb, const uint8_t *key,
			struct batch *batch, unsigned int i,
			struct chunk *whole)
{
	struct rpmb_outcome *outcome = &whole->outcome;
	struct chunk *chunk;

	for (i++; i < batch->nr && batch->rqs[i].started; i++) {
		chunk = &batch->chunks[i];
		chunk->started = true;
		if (outcome->unknown) {
			outcome->unknown += chunk->blocks;
			continue;
		}
		rpmb_settle(rpmb, key, chunk);
		if (!chunk->outcome.stored && !chunk->outcome.unknown)
			break;
		outcome->stored += chunk->outcome.stored;
		outcome->unknown = chunk->outcome.unknown;
		if (chunk->outcome.stored)
			whole->counter++;
	}
}

/* Those before number @i are written; of that one came @ret */
static int finish(struct rpmb *rpmb, const uint8_t *key, struct batch *batch,
		  unsigned int i, struct chunk *chunk, int ret)
{
	struct rpmb_outcome *outcome = &chunk->outcome;
	struct chunk *failed = &batch->chunks[i];

	failed->started = batch->rqs[i].started;
	if (rpmb_was_too_long(ret, failed->started)) {
		chunk->most = failed->blocks / 2;
		return chunk->most ? 0 : ret;
	}
	ret = rpmb_finish_chunk(rpmb, key, failed, ret);
	chunk->counter = failed->counter;
	outcome->stored += failed->outcome.stored;
	outcome->unknown = failed->outcome.unknown;
	if (ret && (failed->outcome.stored || failed->outcome.unknown))
		settle_rest(rpmb, key, batch, i, chunk);
	return ret;
}

int rpmb_write_batch(struct rpmb *rpmb, const uint8_t *key,
		     struct chunk *chunk, unsigned int left)
{
	struct batch batch;
	unsigned int done, i;
	int error, ret = 0;

	prepare_all(rpmb, key, &batch, *chunk, left);
	if (!batch.nr)
		return chunk->counter == UINT32_MAX ? RPMB_ERR_EXPIRED :
						      RPMB_ERR_UNSUPPORTED;
	error = rpmb->interface->carry_batch(rpmb, batch.rqs, batch.nr, &done);
	for (i = 0; i < batch.nr; i++) {
		ret = i < done ? check(rpmb, key, &batch, i) : error;
		if (ret || i >= done)
			break;
		chunk->outcome.stored += batch.chunks[i].blocks;
		chunk->counter = batch.chunks[i].found;
	}
	return ret ? finish(rpmb, key, &batch, i, chunk, ret) : 0;
}
