// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Key, write counter and reading
 */
#include <errno.h>
#include <string.h>

#include "interface.h"

/* How often data is read again that others write meanwhile */
#define RETRIES_AT_REST 3

/* Has not been tried */
#define NOT_YET 1

static int carry_both(struct rpmb *rpmb, const uint8_t *key,
		      struct rpmb_request rqs[2], unsigned int *done)
{
	int ret;

	if (rpmb_max_batch(rpmb, key) > 1)
		return rpmb->interface->carry_batch(rpmb, rqs, 2, done);
	ret = rpmb_carry(rpmb, rqs);
	*done = !ret;
	return ret;
}

/*
 * The key, and in the same go, if that is possible, the counter, which shows whether it
 * is in place: *@verified. Requests without data have a block count of 0 here; the kernel
 * knows which devices want something else there.
 */
static int send_key(struct rpmb *rpmb, const uint8_t *key, bool *started,
		    int *verified)
{
	enum rpmb_frame_format format = rpmb->info.frame_format;
	size_t len = rpmb_frames_len(format, 0);
	struct rpmb_exchange program = { .req.type = RPMB_PROGRAM_KEY };
	struct rpmb_exchange verify = { .req.type = RPMB_GET_WRITE_COUNTER };
	struct rpmb_request rqs[] = {
		{ rpmb->req, len, rpmb->resp, len, false },
		{ rpmb->req + len, len, rpmb->resp + len, len, false },
	};
	unsigned int done;
	int ret;

	ret = rpmb_begin_at(rpmb, rpmb->req, &program, 0) ?:
	      rpmb_begin_at(rpmb, rpmb->req + len, &verify, 0);
	if (ret)
		return ret;
	memcpy(rpmb_frames_mac(format, rpmb->req, len), key, RPMB_KEY_LEN);
	ret = carry_both(rpmb, key, rqs, &done);
	explicit_bzero(rpmb->req, len);
	*started = rqs[0].started;
	if (done)
		ret = rpmb_check_response(rpmb, &program, NULL, rqs[0].resp, len);
	if (!ret && done > 1)
		*verified = rpmb_check_response(rpmb, &verify, key, rqs[1].resp,
						len);
	return ret;
}

/* Which sees for itself whether it is in place */
static int send_kernel_key(struct rpmb *rpmb)
{
	struct rpmb_exchange x = { .req.type = RPMB_PROGRAM_KEY };

	return rpmb_keyed_exchange(rpmb, &x, 0, 0);
}

int rpmb_program_key(struct rpmb *rpmb, const uint8_t *key)
{
	bool started = false;
	uint32_t counter;
	int ret, verified = NOT_YET, saved;

	RPMB_GUARD(rpmb);
	if (rpmb_by_kernel(rpmb, key))
		return send_kernel_key(rpmb);
	ret = send_key(rpmb, key, &started, &verified);
	if (ret && (!started || ret <= RPMB_ERR_GENERAL))
		return ret;
	/*
	 * The answer was not signed, or did not get here; only this shows that
	 * the key is in place.
	 */
	saved = errno;
	if (verified == NOT_YET)
		verified = rpmb_get_counter(rpmb, key, &counter);
	if (!ret || !verified)
		return verified;
	errno = saved;
	return ret;
}

int rpmb_get_counter(struct rpmb *rpmb, const uint8_t *key, uint32_t *counter)
{
	struct rpmb_exchange x = { .req.type = RPMB_GET_WRITE_COUNTER };
	int ret;

	ret = rpmb_begin(rpmb, &x, 0);
	if (ret)
		return ret;
	ret = rpmb_exchange(rpmb, &x, key, 0, 0);
	if (ret)
		return ret;
	*counter = x.resp.counter;
	return 0;
}

int rpmb_read_counter(struct rpmb *rpmb, const uint8_t *key, uint32_t *counter)
{
	RPMB_GUARD(rpmb);
	return rpmb_get_counter(rpmb, key, counter);
}

void rpmb_get_data(const struct rpmb *rpmb, uint8_t *resp, unsigned int blocks,
		   uint8_t *data)
{
	unsigned int block_size = rpmb->info.block_size, i;

	for (i = 0; i < blocks; i++)
		memcpy(data + (size_t)i * block_size,
		       rpmb_frames_data(rpmb->info.frame_format, resp, i),
		       block_size);
}

static int read_once(struct rpmb *rpmb, const uint8_t *key,
		     unsigned int addr, unsigned int blocks, uint8_t *data,
		     bool *started)
{
	struct rpmb_exchange x = {
		.req.type = RPMB_READ_DATA,
		.req.addr = addr,
		.req.count = blocks,
	};
	int ret;

	ret = rpmb_begin(rpmb, &x, 0);
	if (ret)
		return ret;
	ret = rpmb_exchange(rpmb, &x, key, 0, blocks);
	*started = x.started;
	if (!ret)
		rpmb_get_data(rpmb, rpmb->resp, blocks, data);
	return ret;
}

static unsigned int max_read(const struct rpmb *rpmb)
{
	unsigned int carried = rpmb_max_blocks(rpmb);
	unsigned int max = rpmb->info.max_read;

	return max && max < carried ? max : carried;
}

/* Read *@nr blocks, or as many as can be carried if it is not that many */
static int read_one(struct rpmb *rpmb, const uint8_t *key,
		    unsigned int addr, unsigned int *nr, uint8_t *data)
{
	bool started = false;
	int ret;

	do
		ret = read_once(rpmb, key, addr, *nr, data, &started);
	while (rpmb_was_too_long(ret, started) && (*nr /= 2));
	return ret;
}

/* Read some of *@nr blocks; *@most are what one request can carry */
static int read_some(struct rpmb *rpmb, const uint8_t *key, unsigned int addr,
		     unsigned int *nr, unsigned int *most, uint8_t *data)
{
	unsigned int wanted = *nr;
	int ret;

	if (*nr > *most && rpmb_max_batch(rpmb, key) > 1) {
		ret = rpmb_read_batch(rpmb, key, addr, nr, *most, data);
		if (ret || *nr)
			return ret;
	}
	*nr = wanted < *most ? wanted : *most;
	ret = read_one(rpmb, key, addr, nr, data);
	*most = *nr;
	return ret;
}

int rpmb_get_blocks(struct rpmb *rpmb, const uint8_t *key,
		    unsigned int addr, unsigned int blocks, void *data)
{
	unsigned int done = 0, most = max_read(rpmb), nr;
	int ret;

	ret = rpmb_check_range(rpmb, addr, blocks);
	while (!ret && done < blocks) {
		nr = blocks - done;
		ret = read_some(rpmb, key, addr + done, &nr, &most,
				(uint8_t *)data +
				(size_t)done * rpmb->info.block_size);
		if (ret)
			break;
		done += nr;
		rpmb_report_progress(rpmb, done, blocks);
	}
	return ret;
}

/* Counter, blocks and counter, in one go if that is possible */
static int get_between(struct rpmb *rpmb, const uint8_t *key,
		       unsigned int addr, unsigned int blocks, void *data,
		       uint32_t *before, uint32_t *after)
{
	unsigned int nr = blocks;
	int ret = rpmb_check_range(rpmb, addr, blocks);

	if (!ret && rpmb_max_batch(rpmb, key) > 1) {
		ret = rpmb_read_batch_at_rest(rpmb, key, addr, &nr,
					      max_read(rpmb), data, before,
					      after);
		if (!ret && nr)
			rpmb_report_progress(rpmb, blocks, blocks);
		if (ret || nr)
			return ret;
	}
	if (!ret)
		ret = rpmb_get_counter(rpmb, key, before);
	if (!ret)
		ret = rpmb_get_blocks(rpmb, key, addr, blocks, data);
	return ret ?: rpmb_get_counter(rpmb, key, after);
}

int rpmb_get_at_rest(struct rpmb *rpmb, const uint8_t *key,
		     unsigned int addr, unsigned int blocks, void *data,
		     unsigned int retries, uint32_t *counter)
{
	uint32_t before;
	int ret;

	do {
		ret = get_between(rpmb, key, addr, blocks, data, &before,
				  counter);
		if (!ret && *counter != before)
			ret = RPMB_ERR_COUNTER;
	} while (ret == RPMB_ERR_COUNTER && retries--);
	return ret;
}

int rpmb_read(struct rpmb *rpmb, const uint8_t *key,
	      unsigned int addr, unsigned int blocks, void *data)
{
	RPMB_GUARD(rpmb);
	return rpmb_get_blocks(rpmb, key, addr, blocks, data);
}

int rpmb_read_at_rest(struct rpmb *rpmb, const uint8_t *key,
		      unsigned int addr, unsigned int blocks, void *data,
		      uint32_t *counter)
{
	RPMB_GUARD(rpmb);
	return rpmb_get_at_rest(rpmb, key, addr, blocks, data, RETRIES_AT_REST,
				counter);
}
