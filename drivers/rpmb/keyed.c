// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests made, signed and judged by the kernel, with a key of its keyring
 *
 * All goes through route.c like anybody's frames, and between two requests of one call
 * others may have their turn. No counter is kept: it is read, or the caller says which
 * one he expects.
 */
#include <crypto/utils.h>
#include <kunit/visibility.h>
#include <linux/bits.h>
#include <linux/export.h>
#include <linux/key.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "keyed.h"

/* JEDEC's addresses have 16 bits */
#define RPMB_JEDEC_MAX_BLOCKS	0x10000

#define RPMB_NONCE_TYPES	(BIT(RPMB_GET_WRITE_COUNTER) | \
				 BIT(RPMB_READ_DATA) | BIT(RPMB_CONFIG_READ) | \
				 BIT(RPMB_PURGE_ENABLE) | BIT(RPMB_PURGE_STATUS))

/* They are signed, and increment the counter that they have */
#define RPMB_SIGNED_TYPES	(BIT(RPMB_WRITE_DATA) | BIT(RPMB_CONFIG_WRITE) | \
				 BIT(RPMB_PURGE_ENABLE))

/* They have a block in the request, and in the response */
#define RPMB_BLOCK_OUT_TYPES	BIT(RPMB_CONFIG_WRITE)
#define RPMB_BLOCK_IN_TYPES	BIT(RPMB_CONFIG_READ)

/* Zeroed frames for a request with @out blocks of data, answered by @in */
int rpmb_exchange_begin(const struct rpmb_keyed *k, struct rpmb_exchange *x,
			unsigned int out, unsigned int in)
{
	enum rpmb_frame_format format = rpmb_keyed_format(k);
	struct rpmb_request *rq =
		rpmb_request_alloc(rpmb_frames_len(format, out),
				   rpmb_frames_len(format, in),
				   rpmb_keyed_gfp(k));

	if (IS_ERR(rq))
		return PTR_ERR(rq);
	memset(rq->req, 0, rq->req_len);
	x->rq = rq;
	return 0;
}

void rpmb_exchange_end(struct rpmb_exchange *x)
{
	rpmb_request_free(x->rq);
	x->rq = NULL;
}

/* The kernel's error for what a response to a request of a type has said */
static int rpmb_result_error(u16 type, u16 said)
{
	u16 result = said & ~RPMB_RES_EXPIRED;

	/*
	 * An expired counter ends writes only. From this answer alone the last
	 * write cannot be told from one that came too late.
	 */
	if (RPMB_SIGNED_TYPES & BIT(type) && said & RPMB_RES_EXPIRED &&
	    (result == RPMB_RES_OK || result == RPMB_RES_WRITE))
		return -EOVERFLOW;

	switch (result) {
	case RPMB_RES_OK:
		return 0;
	case RPMB_RES_AUTH:
		return -EKEYREJECTED;
	case RPMB_RES_COUNTER:
		return -ESTALE;
	case RPMB_RES_ADDRESS:
		return -ERANGE;
	case RPMB_RES_NO_KEY:
		return -ENOKEY;
	default:
		return -EREMOTEIO;
	}
}

static bool rpmb_mac_ok(const struct rpmb_keyed *k,
			const struct rpmb_request *rq)
{
	enum rpmb_frame_format format = rpmb_keyed_format(k);
	u8 mac[RPMB_KEY_SIZE];

	if (rpmb_frames_mac(format, rq->resp, rq->resp_len, k->hmac, mac))
		return false;
	return !crypto_memneq(mac, rpmb_frames_key_mac(format, rq->resp,
						       rq->resp_len),
			      sizeof(mac));
}

/*
 * Is it the answer to this request, and not an old one or one to another? Nonce or
 * counter say which request it answers; what stands unsigned in that one may have been
 * changed on its way, so address and count are compared as well.
 */
static enum rpmb_mismatch rpmb_find_mismatch(const struct rpmb_fields *req,
					     const struct rpmb_fields *resp)
{
	bool read = req->type == RPMB_READ_DATA;

	if (BIT(req->type) & RPMB_NONCE_TYPES &&
	    memcmp(req->nonce, resp->nonce, sizeof(req->nonce)))
		return RPMB_MISMATCH_NONCE;
	if (resp->target != req->target)
		return RPMB_MISMATCH_TARGET;
	if ((read || req->type == RPMB_WRITE_DATA) && resp->addr != req->addr)
		return RPMB_MISMATCH_ADDRESS;
	if (read && resp->count != req->count)
		return RPMB_MISMATCH_COUNT;
	if (BIT(req->type) & RPMB_SIGNED_TYPES &&
	    resp->counter != req->counter + 1)
		return RPMB_MISMATCH_COUNTER;
	return RPMB_MISMATCH_NONE;
}

static enum rpmb_mismatch rpmb_judge(const struct rpmb_keyed *k,
				     const struct rpmb_exchange *x)
{
	const struct rpmb_request *rq = x->rq;

	if (!rpmb_frames_agree(rpmb_keyed_format(k), rq->resp, rq->resp_len))
		return RPMB_MISMATCH_FRAMES;
	/* The answer to a key is not signed */
	if (x->req.type == RPMB_PROGRAM_KEY)
		return RPMB_MISMATCH_NONE;
	if (!rpmb_mac_ok(k, rq))
		return RPMB_MISMATCH_MAC;
	return rpmb_find_mismatch(&x->req, &x->resp);
}

/*
 * What the device refuses it need not sign: without a key, or with another one, it
 * cannot. So a refusal is reported as such, and concludes nothing.
 */
int rpmb_exchange_check(struct rpmb_keyed *k, struct rpmb_exchange *x)
{
	int ret;

	rpmb_frames_get_last(rpmb_keyed_format(k), x->rq->resp,
			     x->rq->resp_len, &x->resp);
	ret = rpmb_result_error(x->req.type, x->resp.result);
	if (ret) {
		k->result = x->resp.result;
		return ret;
	}
	k->mismatch = rpmb_judge(k, x);
	return k->mismatch ? -EBADMSG : 0;
}

/* Write the fields behind which the data is, and sign what is to be signed */
int rpmb_exchange_seal(const struct rpmb_keyed *k, struct rpmb_exchange *x)
{
	enum rpmb_frame_format format = rpmb_keyed_format(k);
	struct rpmb_request *rq = x->rq;

	/* A UFS region is not in the frames, only in the command */
	if (format == RPMB_FRAME_NVME)
		x->req.target = k->rdev->descr.target;
	if (BIT(x->req.type) & RPMB_NONCE_TYPES)
		get_random_bytes(x->req.nonce, sizeof(x->req.nonce));
	rpmb_frames_set(format, rq->req, rq->req_len, &x->req);
	if (!(BIT(x->req.type) & RPMB_SIGNED_TYPES))
		return 0;
	return rpmb_frames_mac(format, rq->req, rq->req_len, k->hmac,
			       rpmb_frames_key_mac(format, rq->req,
						   rq->req_len));
}

/* Carry it; afterwards k->started says whether it may have reached the device */
int rpmb_exchange_run(struct rpmb_keyed *k, struct rpmb_exchange *x)
{
	int ret;

	k->started = false;
	ret = rpmb_exchange_seal(k, x) ?: rpmb_request_prepare(k->rdev, x->rq);
	if (ret)
		return ret;
	ret = rpmb_request_run(k->rdev, x->rq, k->user);
	k->started = x->rq->xfers[0].started;
	return ret ?: rpmb_exchange_check(k, x);
}

/**
 * rpmb_keyed_get_counter() - read the write counter
 * @k: the call; the counter is in @k->counter then
 *
 * Return: 0 or an error as rpmb_get_write_count() has it
 */
int rpmb_keyed_get_counter(struct rpmb_keyed *k)
{
	struct rpmb_exchange x = { .req.type = RPMB_GET_WRITE_COUNTER };
	int ret;

	ret = rpmb_exchange_begin(k, &x, 0, 0);
	if (ret)
		return ret;
	ret = rpmb_exchange_run(k, &x);
	if (!ret)
		k->counter = x.resp.counter;
	rpmb_exchange_end(&x);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(rpmb_keyed_get_counter);

/* The call is made with these bytes of the key from now on */
static int rpmb_keyed_use(struct rpmb_keyed *k, const u8 *raw)
{
	struct rpmb_hmac *hmac = rpmb_hmac_alloc(raw);

	if (IS_ERR(hmac))
		return PTR_ERR(hmac);
	k->hmac = hmac;
	return 0;
}

/**
 * rpmb_keyed_begin() - begin a call with a key
 * @k: the call; what is to be done with it follows. Whatever is returned, its memory is
 *	given back by __free(rpmb_keyed), which wipes it
 *
 * Context: may sleep.
 * Return: 0, -ENOMEM or an error of rpmb_key_read()
 */
int rpmb_keyed_begin(struct rpmb_keyed *k)
{
	u8 raw[RPMB_KEY_SIZE];
	int ret;

	ret = rpmb_key_read(k->key, raw) ?: rpmb_keyed_use(k, raw);
	memzero_explicit(raw, sizeof(raw));
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(rpmb_keyed_begin);

/* What is programmed is what the device's answers are judged by */
static int rpmb_send_key(struct rpmb_keyed *k)
{
	enum rpmb_frame_format format = rpmb_keyed_format(k);
	struct rpmb_exchange x = { .req.type = RPMB_PROGRAM_KEY };
	u8 *raw;
	int ret;

	ret = rpmb_exchange_begin(k, &x, 0, 0);
	if (ret)
		return ret;
	raw = rpmb_frames_key_mac(format, x.rq->req, x.rq->req_len);
	ret = rpmb_key_read(k->key, raw) ?: rpmb_keyed_use(k, raw) ?:
	      rpmb_exchange_run(k, &x);
	rpmb_exchange_end(&x);
	return ret;
}

/**
 * rpmb_keyed_program_key() - program the key, and see whether it is in place
 * @k: the call; the counter is in @k->counter then
 *
 * Return: 0 or an error as rpmb_program_key() has it
 */
int rpmb_keyed_program_key(struct rpmb_keyed *k)
{
	struct rpmb_keyed check;
	int ret, verified;

	ret = rpmb_send_key(k);
	if (ret && (!k->started || k->result))
		return ret;
	/*
	 * The answer was not signed, or did not get here; only this shows that the
	 * key is in place
	 */
	check = *k;
	check.mismatch = RPMB_MISMATCH_NONE;
	verified = rpmb_keyed_get_counter(&check);
	if (ret && verified)
		return ret;
	/* No error may say that nothing happened */
	if (verified && !check.started && verified != -ENODEV &&
	    verified != -EINTR)
		verified = -EIO;
	k->counter = check.counter;
	k->result = check.result;
	k->mismatch = check.mismatch;
	return verified;
}
EXPORT_SYMBOL_IF_KUNIT(rpmb_keyed_program_key);

/**
 * rpmb_keyed_request() - one request about configuration or purge
 * @k: the call; @k->counter is what is signed with, and then that of the response
 * @type: type of the request
 * @block: block of the request, then of the response, where it has one
 *
 * Return: 0 or an error; what became of a request that failed is not found out
 */
int rpmb_keyed_request(struct rpmb_keyed *k, u16 type, void *block)
{
	enum rpmb_frame_format format = rpmb_keyed_format(k);
	size_t size = rpmb_block_size(format);
	bool jedec = format == RPMB_FRAME_JEDEC;
	struct rpmb_exchange x = {
		.req.type = type,
		.req.addr = k->addr,
		.req.count = k->count,
		.req.counter = BIT(type) & RPMB_SIGNED_TYPES ? k->counter : 0,
	};
	int ret;

	ret = rpmb_exchange_begin(k, &x, !!(BIT(type) & RPMB_BLOCK_OUT_TYPES),
				  !!(BIT(type) & RPMB_BLOCK_IN_TYPES));
	if (ret)
		return ret;
	/* A frame of JEDEC's has a block in any case */
	if (jedec || BIT(type) & RPMB_BLOCK_OUT_TYPES)
		memcpy(rpmb_frames_data(format, x.rq->req, 0), block, size);
	ret = rpmb_exchange_run(k, &x);
	if (!ret && (jedec || BIT(type) & RPMB_BLOCK_IN_TYPES))
		memcpy(block, rpmb_frames_data(format, x.rq->resp, 0), size);
	if (!ret)
		k->counter = x.resp.counter;
	rpmb_exchange_end(&x);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(rpmb_keyed_request);

/**
 * rpmb_program_key() - program the key of a device, once in its life
 * @rdev: RPMB device, to which the caller holds a reference
 * @key: the key, likewise
 *
 * Afterwards the write counter is read with the key, since the device's answer to a key
 * is not authenticated. If that shows the key in place, it is a success, whatever became
 * of the answer. After any error the key may have been programmed, unless it is one of
 * those that say that nothing happened: see rpmb_route_frames(). A key can never be
 * changed: whoever loses it can never write again.
 *
 * Context: may sleep, as rpmb_route_frames() does.
 * Return: 0 or a negative error, see rpmb_write_blocks(); a device that has a key
 * already answers with a general failure, -EREMOTEIO
 */
int rpmb_program_key(struct rpmb_dev *rdev, struct key *key)
{
	struct rpmb_keyed k __free(rpmb_keyed) = { .rdev = rdev, .key = key };

	return rpmb_keyed_program_key(&k);
}
EXPORT_SYMBOL_GPL(rpmb_program_key);

/**
 * rpmb_get_capacity() - say how large a device is
 * @rdev: RPMB device
 * @block_size: bytes of a block, 256 or 512; may be NULL
 *
 * Context: any.
 * Return: number of blocks that can be addressed
 */
unsigned int rpmb_get_capacity(const struct rpmb_dev *rdev,
			       unsigned int *block_size)
{
	enum rpmb_frame_format format = rdev->descr.frame_format;

	if (block_size)
		*block_size = rpmb_block_size(format);
	return min(rpmb_capacity_blocks(rdev),
		   format == RPMB_FRAME_JEDEC ? RPMB_JEDEC_MAX_BLOCKS : U32_MAX);
}
EXPORT_SYMBOL_GPL(rpmb_get_capacity);

/**
 * rpmb_get_write_count() - read the write counter
 * @rdev: RPMB device, to which the caller holds a reference
 * @key: its key, likewise
 * @count: where to put the number of writes that the device has done
 *
 * Context: may sleep, as rpmb_route_frames() does.
 * Return: 0 or a negative error, see rpmb_write_blocks()
 */
int rpmb_get_write_count(struct rpmb_dev *rdev, struct key *key, u32 *count)
{
	struct rpmb_keyed k __free(rpmb_keyed) = { .rdev = rdev, .key = key };
	int ret;

	ret = rpmb_keyed_begin(&k) ?: rpmb_keyed_get_counter(&k);
	if (!ret)
		*count = k.counter;
	return ret;
}
EXPORT_SYMBOL_GPL(rpmb_get_write_count);

/**
 * rpmb_read_blocks() - read blocks, and see that they are what the device has
 * @rdev: RPMB device, to which the caller holds a reference
 * @key: its key, likewise
 * @addr: first block
 * @count: number of blocks
 * @data: where to put them, any memory
 *
 * A range longer than a request of the device is read in several, and others may write
 * between them. On failure the beginning of @data may have been written to.
 *
 * Context: may sleep, as rpmb_route_frames() does.
 * Return: 0 or a negative error, see rpmb_write_blocks()
 */
int rpmb_read_blocks(struct rpmb_dev *rdev, struct key *key, u32 addr,
		     u32 count, void *data)
{
	struct rpmb_keyed k __free(rpmb_keyed) = {
		.rdev = rdev,
		.key = key,
		.addr = addr,
		.count = count,
	};
	struct kvec vec = { .iov_base = data };
	struct iov_iter to;
	int ret;

	vec.iov_len = (size_t)count * rpmb_block_size(rpmb_keyed_format(&k));
	iov_iter_kvec(&to, ITER_DEST, &vec, 1, vec.iov_len);
	ret = rpmb_keyed_begin(&k);
	return ret ?: rpmb_keyed_read(&k, &to);
}
EXPORT_SYMBOL_GPL(rpmb_read_blocks);

/**
 * rpmb_write_blocks() - write blocks
 * @rdev: RPMB device, to which the caller holds a reference
 * @key: its key, likewise
 * @addr: first block
 * @count: number of blocks
 * @data: what to write, any memory
 * @expected: the write counter that the device is expected to have, or NULL. The write is
 *	signed for no other, so if somebody else has written, it is refused. It is what
 *	the next write can expect then, as far as is known, also on failure
 * @outcome: what became of it, also on failure; may be NULL
 *
 * A range longer than what the device writes at once takes several requests, as few as
 * possible, which the device does not do as one: a failure can leave its beginning
 * stored. After a failure it is found out what is stored by reading counter and data;
 * nothing is sent again. It can turn out that all is stored, and only the answer was
 * lost, or that this was the last write of the device's life: look at @outcome.
 *
 * Not stored means not yet, if somebody can hold back what goes to the device: he could
 * deliver it later, as long as the counter is the same, and give its answer for that to
 * the next write. A range goes in several writes, and up to 15 that are signed for the
 * counters behind this one may be with him, too. So what is written next for these 16 has
 * to be the same, or be read back. A counter that is more than one step from the expected
 * one leaves it unknown whether ours was among those writes; rpmb_get_write_count() before
 * avoids that.
 *
 * The device's refusals: -EKEYREJECTED (it has another key), -ENOKEY (it has none),
 * -ESTALE (the counter is not the expected one), -ERANGE (blocks that it does not have),
 * -EOVERFLOW (its counter is at the end), -EREMOTEIO (any other). -EBADMSG: the answer is
 * not authentic. The key's: -EKEYREJECTED (not a trusted, encrypted, logon or user key of
 * 32 bytes whose description begins with "rpmb:"), -ENOKEY (not instantiated),
 * -EKEYREVOKED, -EKEYEXPIRED; a range ends between two turns by them, too. -EINVAL: no
 * blocks. The others are those of rpmb_route_frames().
 *
 * Context: may sleep, as rpmb_route_frames() does.
 * Return: 0 if all is stored and said to be, else a negative error
 */
int rpmb_write_blocks(struct rpmb_dev *rdev, struct key *key, u32 addr,
		      u32 count, const void *data, u32 *expected,
		      struct rpmb_outcome *outcome)
{
	struct rpmb_keyed k __free(rpmb_keyed) = {
		.rdev = rdev,
		.key = key,
		.addr = addr,
		.count = count,
		.named = expected,
		.counter = expected ? *expected : 0,
	};
	struct kvec vec = { .iov_base = (void *)data };
	struct iov_iter from;
	int ret;

	vec.iov_len = (size_t)count * rpmb_block_size(rpmb_keyed_format(&k));
	iov_iter_kvec(&from, ITER_SOURCE, &vec, 1, vec.iov_len);
	ret = rpmb_keyed_begin(&k) ?: rpmb_keyed_write(&k, &from);
	if (expected)
		*expected = k.counter;
	if (outcome)
		*outcome = (struct rpmb_outcome) {
			.stored = k.done,
			.unknown = k.unknown,
		};
	return ret;
}
EXPORT_SYMBOL_GPL(rpmb_write_blocks);
