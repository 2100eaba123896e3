// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One request and its response, which is believed only if it is authentic
 */
#include <errno.h>
#include <string.h>
#include <nettle/memops.h>
#include <sys/random.h>

#include "internal.h"

unsigned int rpmb_max_blocks(const struct rpmb *rpmb)
{
	enum rpmb_frame_format format = rpmb->info.frame_format;
	size_t header = rpmb_frames_len(format, 1) - rpmb->info.block_size;

	if (format == RPMB_FRAME_NVME)
		return (RPMB_MAX_LEN - header) / rpmb->info.block_size;
	return RPMB_MAX_LEN / (header + rpmb->info.block_size);
}

unsigned int rpmb_max_batch(const struct rpmb *rpmb, const uint8_t *key)
{
	unsigned int max = rpmb->info.max_batch;

	if (rpmb_by_kernel(rpmb, key) || !max)
		return 1;
	return max < RPMB_MAX_BATCH ? max : RPMB_MAX_BATCH;
}

bool rpmb_was_too_long(int error, bool started)
{
	return !started && (error == RPMB_ERR_MEMORY ||
			    error == RPMB_ERR_TOO_LONG);
}

int rpmb_check_range(const struct rpmb *rpmb, unsigned int addr,
		     unsigned int blocks)
{
	unsigned int capacity = rpmb->info.capacity;

	/* The addresses of JEDEC have 16 bits */
	if (rpmb->info.frame_format == RPMB_FRAME_JEDEC && capacity > 0x10000)
		capacity = 0x10000;
	if (!blocks)
		return RPMB_ERR_ARGUMENT;
	if (addr >= capacity || blocks > capacity - addr)
		return RPMB_ERR_RANGE;
	return 0;
}

static bool has_nonce(uint16_t type)
{
	switch (type) {
	case RPMB_GET_WRITE_COUNTER:
	case RPMB_READ_DATA:
	case RPMB_CONFIG_READ:
	case RPMB_PURGE_ENABLE:
	case RPMB_PURGE_STATUS:
		return true;
	default:
		return false;
	}
}

bool rpmb_has_counter(uint16_t type)
{
	return type == RPMB_WRITE_DATA || type == RPMB_CONFIG_WRITE ||
	       type == RPMB_PURGE_ENABLE;
}

int rpmb_begin_at(struct rpmb *rpmb, uint8_t *req, struct rpmb_exchange *x,
		  unsigned int blocks)
{
	enum rpmb_frame_format format = rpmb->info.frame_format;
	ssize_t len;

	/* A UFS region is not in the frames, only in the command */
	if (format == RPMB_FRAME_NVME)
		x->req.target = rpmb->info.target;
	if (has_nonce(x->req.type)) {
		len = getrandom(x->req.nonce, sizeof(x->req.nonce), 0);
		if (len != sizeof(x->req.nonce))
			return RPMB_ERR_SYSTEM;
	}
	rpmb_frames_init(format, req, rpmb_frames_len(format, blocks), &x->req);
	return 0;
}

int rpmb_begin(struct rpmb *rpmb, struct rpmb_exchange *x, unsigned int blocks)
{
	return rpmb_begin_at(rpmb, rpmb->req, x, blocks);
}

void rpmb_sign(struct rpmb *rpmb, const uint8_t *key, unsigned int blocks)
{
	enum rpmb_frame_format format = rpmb->info.frame_format;
	size_t len = rpmb_frames_len(format, blocks);

	if (rpmb_by_kernel(rpmb, key))
		return;
	rpmb_frames_hmac(format, rpmb->req, len, key,
			 rpmb_frames_mac(format, rpmb->req, len));
}

int rpmb_result_error(const struct rpmb_fields *resp)
{
	uint16_t result = resp->result & ~RPMB_RES_EXPIRED;
	bool expired = resp->result & RPMB_RES_EXPIRED;

	/*
	 * An expired counter ends writes only. From this answer alone the last
	 * write cannot be told from one that came too late.
	 */
	if (rpmb_has_counter(resp->type >> 8) && expired &&
	    (result == RPMB_RES_OK || result == RPMB_RES_WRITE))
		return RPMB_ERR_EXPIRED;
	if (result == RPMB_RES_OK)
		return 0;
	if (result > RPMB_RES_PURGING)
		return RPMB_ERR_RESULT;
	return RPMB_ERR_GENERAL - (result - RPMB_RES_GENERAL);
}

static bool mac_ok(enum rpmb_frame_format format, uint8_t *resp, size_t len,
		   const uint8_t *key)
{
	uint8_t mac[RPMB_MAC_LEN];

	rpmb_frames_hmac(format, resp, len, key, mac);
	return memeql_sec(mac, rpmb_frames_mac(format, resp, len), sizeof(mac));
}

/*
 * Is it the answer to this request, and not an old one or one to another? Nonce or
 * counter say which request it answers; what stands unsigned in that one may have
 * been changed on its way, so address and count are compared as well.
 */
static int check_fields(const struct rpmb_fields *req,
			const struct rpmb_fields *resp)
{
	bool read = req->type == RPMB_READ_DATA;
	bool write = req->type == RPMB_WRITE_DATA;

	if (has_nonce(req->type) &&
	    memcmp(req->nonce, resp->nonce, sizeof(req->nonce)))
		return RPMB_ERR_RESPONSE_NONCE;
	if (resp->target != req->target)
		return RPMB_ERR_RESPONSE_TARGET;
	if ((read || write) && resp->addr != req->addr)
		return RPMB_ERR_RESPONSE_ADDRESS;
	if (read && resp->count != req->count)
		return RPMB_ERR_RESPONSE_COUNT;
	if (rpmb_has_counter(req->type) && resp->counter != req->counter + 1)
		return RPMB_ERR_RESPONSE_COUNTER;
	return 0;
}

/*
 * What the device refuses it need not sign: without a key, or with another one, it
 * cannot. So a refusal is reported as such, and concludes nothing.
 */
int rpmb_check_response(const struct rpmb *rpmb, struct rpmb_exchange *x,
			const uint8_t *key, uint8_t *resp, size_t len)
{
	enum rpmb_frame_format format = rpmb->info.frame_format;
	bool agree = rpmb_frames_parse(format, resp, len, &x->resp);
	int ret;

	if (x->resp.type != x->req.type << 8)
		return RPMB_ERR_RESPONSE_TYPE;
	ret = rpmb_result_error(&x->resp);
	if (ret)
		return ret;
	if (!agree)
		return RPMB_ERR_RESPONSE_FRAMES;
	if (key && !mac_ok(format, resp, len, key))
		return RPMB_ERR_RESPONSE_MAC;
	return check_fields(&x->req, &x->resp);
}

int rpmb_exchange_frames(struct rpmb *rpmb, struct rpmb_exchange *x,
			 const uint8_t *key, unsigned int req_blocks,
			 unsigned int resp_blocks)
{
	enum rpmb_frame_format format = rpmb->info.frame_format;
	struct rpmb_request rq = {
		.req = rpmb->req,
		.req_len = rpmb_frames_len(format, req_blocks),
		.resp = rpmb->resp,
		.resp_len = rpmb_frames_len(format, resp_blocks),
	};
	int ret;

	ret = rpmb_carry(rpmb, &rq);
	x->started = rq.started;
	return ret ?: rpmb_check_response(rpmb, x, key, rpmb->resp, rq.resp_len);
}

int rpmb_exchange(struct rpmb *rpmb, struct rpmb_exchange *x,
		  const uint8_t *key, unsigned int req_blocks,
		  unsigned int resp_blocks)
{
	if (rpmb_by_kernel(rpmb, key))
		return rpmb_keyed_exchange(rpmb, x, req_blocks, resp_blocks);
	return rpmb_exchange_frames(rpmb, x, key, req_blocks, resp_blocks);
}
