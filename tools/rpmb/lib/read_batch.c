// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reads in one go
 *
 * They change nothing, so what was not carried since others had their turn is simply
 * asked for again.
 */
#include <string.h>

#include "interface.h"

/* @exchanges: what each of the requests asks for */
struct batch {
	unsigned int nr;
	struct rpmb_request rqs[RPMB_MAX_BATCH];
	struct rpmb_exchange exchanges[RPMB_MAX_BATCH];
};

/* Another request, for @blocks blocks from @addr on, whose response goes to @resp */
static int add(struct rpmb *rpmb, struct batch *batch, unsigned int addr,
	       unsigned int blocks, uint8_t *resp)
{
	enum rpmb_frame_format format = rpmb->info.frame_format;
	struct rpmb_exchange *x = &batch->exchanges[batch->nr];
	size_t len = rpmb_frames_len(format, 0);
	uint8_t *req = rpmb->req + batch->nr * len;

	*x = (struct rpmb_exchange) {
		.req.type = RPMB_READ_DATA,
		.req.addr = addr,
		.req.count = blocks,
	};
	batch->rqs[batch->nr++] = (struct rpmb_request) {
		.req = req,
		.req_len = len,
		.resp = resp,
		.resp_len = rpmb_frames_len(format, blocks),
	};
	return rpmb_begin_at(rpmb, req, x, 0);
}

/* As many as are wanted, and as go into the memory for one response */
static int prepare(struct rpmb *rpmb, const uint8_t *key, struct batch *batch,
		   unsigned int addr, unsigned int blocks, unsigned int most)
{
	unsigned int max = rpmb_max_batch(rpmb, key), nr;
	size_t used = 0, len;
	int ret = 0;

	batch->nr = 0;
	while (!ret && blocks && batch->nr < max) {
		nr = blocks < most ? blocks : most;
		len = rpmb_frames_len(rpmb->info.frame_format, nr);
		if (len > RPMB_MAX_LEN - used)
			break;
		ret = add(rpmb, batch, addr, nr, rpmb->resp + used);
		used += len;
		addr += nr;
		blocks -= nr;
	}
	return ret;
}

/* The data of a response, which is authentic if 0 is returned and there is a key */
static int take(struct rpmb *rpmb, const uint8_t *key, struct batch *batch,
		unsigned int i, uint8_t *data)
{
	struct rpmb_exchange *x = &batch->exchanges[i];
	struct rpmb_request *rq = &batch->rqs[i];
	int ret = rpmb_check_response(rpmb, x, key, rq->resp, rq->resp_len);

	if (!ret)
		rpmb_get_data(rpmb, rq->resp, x->req.count, data);
	return ret;
}

int rpmb_read_batch(struct rpmb *rpmb, const uint8_t *key, unsigned int addr,
		    unsigned int *nr, unsigned int most, uint8_t *data)
{
	struct batch batch;
	unsigned int carried = 0, i;
	int ret, error;

	ret = prepare(rpmb, key, &batch, addr, *nr, most);
	*nr = 0;
	if (ret)
		return ret;
	error = rpmb->interface->carry_batch(rpmb, batch.rqs, batch.nr, &carried);
	for (i = 0; i < carried; i++) {
		ret = take(rpmb, key, &batch, i, data);
		if (ret)
			return ret;
		*nr += batch.exchanges[i].req.count;
		data += (size_t)batch.exchanges[i].req.count *
			rpmb->info.block_size;
	}
	if (carried < batch.nr &&
	    rpmb_was_too_long(error, batch.rqs[carried].started))
		return 0;
	return error;
}
