// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reads in one go
 *
 * They change nothing, so what was not carried since others had their turn is simply
 * asked for again.
 */
#include <string.h>

#include "interface.h"

/* @exchanges: what each of the requests asks for; their responses take @used bytes */
struct batch {
	unsigned int nr;
	unsigned int carried;
	size_t used;
	struct rpmb_request rqs[RPMB_MAX_BATCH];
	struct rpmb_exchange exchanges[RPMB_MAX_BATCH];
};

/* Another request, if it is not one too many, and its response goes into the memory */
static bool add(struct rpmb *rpmb, const uint8_t *key, struct batch *batch,
		const struct rpmb_fields *fields, int *ret)
{
	enum rpmb_frame_format format = rpmb->info.frame_format;
	size_t len = rpmb_frames_len(format, 0);
	size_t resp_len = rpmb_frames_len(format, fields->count);
	uint8_t *req = rpmb->req + batch->nr * len;

	if (batch->nr == rpmb_max_batch(rpmb, key) ||
	    resp_len > RPMB_MAX_LEN - batch->used)
		return false;
	batch->exchanges[batch->nr] = (struct rpmb_exchange) { .req = *fields };
	batch->rqs[batch->nr] = (struct rpmb_request) {
		.req = req,
		.req_len = len,
		.resp = rpmb->resp + batch->used,
		.resp_len = resp_len,
	};
	batch->used += resp_len;
	*ret = rpmb_begin_at(rpmb, req, &batch->exchanges[batch->nr++], 0);
	return !*ret;
}

/* As many as are wanted and possible, whose number is returned */
static unsigned int add_reads(struct rpmb *rpmb, const uint8_t *key,
			      struct batch *batch, unsigned int addr,
			      unsigned int blocks, unsigned int most, int *ret)
{
	struct rpmb_fields fields = { .type = RPMB_READ_DATA };
	unsigned int done;

	for (done = 0; done < blocks; done += fields.count) {
		fields.addr = addr + done;
		fields.count = blocks - done < most ? blocks - done : most;
		if (!add(rpmb, key, batch, &fields, ret))
			break;
	}
	return done;
}

/* The data of a response, if it has any, which is authentic if 0 is returned and there is a key */
static int take(struct rpmb *rpmb, const uint8_t *key, struct batch *batch,
		unsigned int i, uint8_t *data)
{
	struct rpmb_exchange *x = &batch->exchanges[i];
	struct rpmb_request *rq = &batch->rqs[i];
	int ret = rpmb_check_response(rpmb, x, key, rq->resp, rq->resp_len);

	if (!ret && x->req.count)
		rpmb_get_data(rpmb, rq->resp, x->req.count, data);
	return ret;
}

/* What is carried is taken, and added to *@nr */
static int carry(struct rpmb *rpmb, const uint8_t *key, struct batch *batch,
		 unsigned int *nr, uint8_t *data)
{
	unsigned int i;
	int ret, error;

	error = rpmb->interface->carry_batch(rpmb, batch->rqs, batch->nr,
					     &batch->carried);
	for (i = 0; i < batch->carried; i++) {
		ret = take(rpmb, key, batch, i, data);
		if (ret)
			return ret;
		*nr += batch->exchanges[i].req.count;
		data += (size_t)batch->exchanges[i].req.count *
			rpmb->info.block_size;
	}
	if (batch->carried < batch->nr &&
	    rpmb_was_too_long(error, batch->rqs[batch->carried].started))
		return 0;
	return error;
}

int rpmb_read_batch(struct rpmb *rpmb, const uint8_t *key, unsigned int addr,
		    unsigned int *nr, unsigned int most, uint8_t *data)
{
	struct batch batch;
	int ret = 0;

	batch.nr = 0;
	batch.used = 0;
	add_reads(rpmb, key, &batch, addr, *nr, most, &ret);
	*nr = 0;
	return ret ?: carry(rpmb, key, &batch, nr, data);
}

int rpmb_read_batch_at_rest(struct rpmb *rpmb, const uint8_t *key,
			    unsigned int addr, unsigned int *nr,
			    unsigned int most, uint8_t *data,
			    uint32_t *before, uint32_t *after)
{
	const struct rpmb_fields counter = { .type = RPMB_GET_WRITE_COUNTER };
	unsigned int wanted = *nr;
	struct batch batch;
	int ret = 0;

	batch.nr = 0;
	batch.used = 0;
	*nr = 0;
	if (!add(rpmb, key, &batch, &counter, &ret) ||
	    add_reads(rpmb, key, &batch, addr, wanted, most, &ret) < wanted ||
	    !add(rpmb, key, &batch, &counter, &ret))
		return ret;
	ret = carry(rpmb, key, &batch, nr, data);
	*before = batch.exchanges[0].resp.counter;
	*after = batch.exchanges[batch.nr - 1].resp.counter;
	/* Cut before the last one */
	if (!ret && batch.carried < batch.nr)
		*nr = 0;
	return ret;
}
