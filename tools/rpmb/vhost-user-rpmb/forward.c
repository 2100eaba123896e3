// SPDX-License-Identifier: GPL-2.0-only
/*
 * The checks are those that the virtio specification asks of a device before it
 * looks at a MAC. All else is for the host's device to say, in its own signed
 * answer. What it cannot answer is answered here, without a MAC, as nobody here
 * has the key; but not if the host's device may have done what was asked: the
 * request then comes back without a response, as nothing true can be said.
 *
 * A request and its result read reach the host's device as one, with nothing of
 * anybody else in between. So the result register is this device's own: a guest
 * that asks for the result later gets the answer to its own request, too.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ahead.h"
#include "forward.h"
#include "librpmb.h"
#include "log.h"

#define FRAME_LEN sizeof(struct rpmb_frame)
#define MAX_BLOCKS (RPMB_MAX_LEN / FRAME_LEN)
#define UNIT_BLOCKS 512		/* 128 KiB */

/* Seconds from one log line to the next about the same: a guest can cause them */
#define LOG_PAUSE 60
#define LOG_KINDS 64

/*
 * A response that waits to be fetched. If @request is set it is still to be got
 * from the host's device, as its length is known only then; else it is in @frame,
 * unless there is none.
 */
struct answer {
	bool request;
	bool none;
	struct rpmb_frame frame;
};

/*
 * @result: what a result read makes the response
 * @response: what the next response is, if @ready
 */
struct registers {
	struct answer result;
	struct answer response;
	bool ready;
};

/*
 * @before: the registers at the begin of a group, whose buffers are served twice
 * @logged: when each error was logged last, by its number
 */
struct forward {
	struct device dev;
	struct rpmb *host;
	bool allow_key;
	unsigned int max_write;
	unsigned int max_read;
	struct registers regs;
	struct registers before;
	struct ahead ahead;
	time_t logged[LOG_KINDS];
};

static struct forward *to_forward(struct device *dev)
{
	return (struct forward *)dev;
}

/* An answer of our own, without a MAC */
static struct answer refusal(const struct rpmb_fields *req, uint16_t result)
{
	struct rpmb_fields fields = {
		.type = rpmb_response_type(req->type),
		.result = result,
		.addr = req->addr,
		.count = req->type == RPMB_READ_DATA ? req->count : 0,
	};
	struct answer answer = {};

	memcpy(fields.nonce, req->nonce, sizeof(fields.nonce));
	rpmb_frames_init(RPMB_FRAME_JEDEC, &answer.frame, FRAME_LEN, &fields);
	return answer;
}

static const char *words(int err)
{
	return err == RPMB_ERR_SYSTEM ? strerror(errno) : rpmb_strerror(err);
}

/* @kind: an error of librpmb, or 0 for what is none of them */
static void complain(struct forward *forward, unsigned int kind,
		     const char *what, bool started)
{
	time_t now = time(NULL), *last = &forward->logged[kind % LOG_KINDS];

	if (*last && now - *last < LOG_PAUSE)
		return;
	*last = now;
	log_line("%s: %s%s", rpmb_info(forward->host)->name, what,
		 started ? "; what was asked may have been done" : "");
}

/* 5.12.6: what a request that the host's device did not get has failed with */
static uint16_t failure(uint16_t type, int err)
{
	if (err == RPMB_ERR_PERMISSION || err == RPMB_ERR_UNSUPPORTED ||
	    err == RPMB_ERR_ARGUMENT || err == RPMB_ERR_TOO_LONG)
		return RPMB_RES_GENERAL;
	switch (type) {
	case RPMB_PROGRAM_KEY:
	case RPMB_WRITE_DATA:
		return RPMB_RES_WRITE;
	case RPMB_READ_DATA:
		return RPMB_RES_READ;
	default:
		return RPMB_RES_GENERAL;
	}
}

/* Have the host's device do what cannot be undone, and keep its answer */
static struct answer change(struct forward *forward, const void *frames,
			    size_t len, const struct rpmb_fields *req)
{
	struct answer answer = {};
	bool started;
	int err;

	err = ahead_change(&forward->ahead, frames, len, &answer.frame, &started);
	if (!err)
		return answer;
	complain(forward, -err, words(err), started);
	answer = refusal(req, failure(req->type, err));
	answer.none = started;
	return answer;
}

/* The count is not signed, and what it has to be differs between devices */
static void clear_count(struct rpmb_frame *frame)
{
	frame->block_count = 0;
}

static bool is_bare_or_uncounted(const struct rpmb_fields *req, size_t len)
{
	return len == FRAME_LEN && req->count <= 1;
}

/* 5.12.6.1.1 */
static struct answer program_key(struct forward *forward, void *frames,
				 size_t len, const struct rpmb_fields *req)
{
	if (!is_bare_or_uncounted(req, len))
		return refusal(req, RPMB_RES_GENERAL);
	if (!forward->allow_key) {
		complain(forward, 0, "the guest may not program the key: see --allow-key",
			 false);
		return refusal(req, RPMB_RES_GENERAL);
	}
	clear_count(frames);
	return change(forward, frames, len, req);
}

/* 5.12.6.1.3, item 2 */
static struct answer write_data(struct forward *forward, void *frames,
				size_t len, const struct rpmb_fields *req,
				bool agree)
{
	if (!agree || !req->count || req->count != len / FRAME_LEN ||
	    req->count > forward->max_write)
		return refusal(req, RPMB_RES_GENERAL);
	return change(forward, frames, len, req);
}

/* 5.12.6.1.2, 5.12.6.1.4: what changes nothing is asked for with the response */
static struct answer ask_later(const struct rpmb_frame *frame, size_t len,
			       const struct rpmb_fields *req)
{
	struct answer answer = { .request = true };

	if (len != FRAME_LEN ||
	    (req->type == RPMB_GET_WRITE_COUNTER && req->count > 1))
		return refusal(req, RPMB_RES_GENERAL);
	answer.frame = *frame;
	if (req->type == RPMB_GET_WRITE_COUNTER)
		clear_count(&answer.frame);
	return answer;
}

/* 5.12.6.1.5 */
static struct answer result_read(const struct forward *forward, size_t len,
				 const struct rpmb_fields *req)
{
	struct rpmb_fields last;

	if (is_bare_or_uncounted(req, len))
		return forward->regs.result;
	rpmb_frames_parse(RPMB_FRAME_JEDEC, &forward->regs.result.frame, FRAME_LEN,
			  &last);
	last.type >>= 8;
	return refusal(&last, RPMB_RES_GENERAL);
}

static void forward_request(struct device *dev, void *frames, size_t len)
{
	struct forward *forward = to_forward(dev);
	struct rpmb_fields req;
	bool agree = rpmb_frames_parse(RPMB_FRAME_JEDEC, frames, len, &req);

	if (req.type == RPMB_RESULT_READ) {
		forward->regs.response = result_read(forward, len, &req);
		forward->regs.ready = true;
		return;
	}
	/* Every other request overwrites the result register */
	forward->regs.result = refusal(&req, RPMB_RES_GENERAL);
	forward->regs.response = forward->regs.result;
	forward->regs.ready = false;

	switch (req.type) {
	case RPMB_PROGRAM_KEY:
		forward->regs.result = program_key(forward, frames, len, &req);
		return;
	case RPMB_WRITE_DATA:
		forward->regs.result = write_data(forward, frames, len, &req, agree);
		return;
	case RPMB_GET_WRITE_COUNTER:
	case RPMB_READ_DATA:
		forward->regs.response = ask_later(frames, len, &req);
	}
	forward->regs.ready = true;
}

/* As in the engine, a count of 0 is what the response has room for */
static bool read_fits(const struct forward *forward,
		      const struct rpmb_fields *req, size_t len)
{
	size_t blocks = len / FRAME_LEN;

	return (!req->count || req->count == blocks) &&
	       blocks <= forward->max_read;
}

/* Ask the host's device for what changes nothing; false if it does not answer */
static bool ask(struct forward *forward, void *frames, size_t len)
{
	struct rpmb_frame *frame = &forward->regs.response.frame;
	int err = RPMB_ERR_ARGUMENT;
	struct rpmb_fields req;

	rpmb_frames_parse(RPMB_FRAME_JEDEC, frame, FRAME_LEN, &req);
	if (req.type != RPMB_READ_DATA || read_fits(forward, &req, len)) {
		err = ahead_ask(&forward->ahead, frame, frames, len);
		if (!err)
			return true;
		complain(forward, -err, words(err), false);
	}
	forward->regs.response = refusal(&req, failure(req.type, err));
	return false;
}

/* Each frame of a response says the same, and only reads have several */
static size_t response_len(const struct rpmb_frame *frame, size_t len)
{
	uint16_t type = be16toh(frame->req_resp);

	return type == RPMB_READ_DATA || type == RPMB_READ_DATA << 8 ?
	       len : FRAME_LEN;
}

static size_t forward_response(struct device *dev, void *frames, size_t len)
{
	struct forward *forward = to_forward(dev);
	struct answer *response = &forward->regs.response;
	size_t done;

	if (!forward->regs.ready || len < FRAME_LEN)
		return 0;
	forward->regs.ready = false;
	if (response->none)
		return 0;
	len = response_len(&response->frame, len);
	if (response->request && ask(forward, frames, len))
		return len;
	for (done = 0; done < len; done += FRAME_LEN)
		memcpy((uint8_t *)frames + done, &response->frame, FRAME_LEN);
	return len;
}

static void forward_begin(struct device *dev)
{
	struct forward *forward = to_forward(dev);

	forward->before = forward->regs;
	ahead_begin(&forward->ahead);
}

static void forward_again(struct device *dev)
{
	struct forward *forward = to_forward(dev);

	forward->regs = forward->before;
	ahead_carry(&forward->ahead);
}

static bool forward_commit(struct device *dev)
{
	ahead_end(&to_forward(dev)->ahead);
	return true;
}

static bool forward_close(struct device *dev)
{
	rpmb_close(to_forward(dev)->host);
	free(dev);
	return true;
}

static const struct device_ops forward_ops = {
	.begin = forward_begin,
	.again = forward_again,
	.commit = forward_commit,
	.request = forward_request,
	.response = forward_response,
	.close = forward_close,
};

/*
 * The most blocks of which any number up to it can be written: a set with a gap,
 * as eMMC's 1, 2 and 32, ends before the gap.
 */
static unsigned int max_write(const struct rpmb_info *info)
{
	unsigned int max = 0;

	while (max < MAX_BLOCKS && info->write_sizes & (max ? 2 * max : 1))
		max = max ? 2 * max : 1;
	return max;
}

static unsigned int max_read(const struct rpmb_info *info)
{
	return info->max_read && info->max_read < MAX_BLOCKS ?
	       info->max_read : MAX_BLOCKS;
}

static bool fits(const struct rpmb_info *info)
{
	if (info->frame_format != RPMB_FRAME_JEDEC)
		log_line("%s speaks NVMe's frames, a virtio device has JEDEC's",
			 info->name);
	else if (info->capacity < UNIT_BLOCKS)
		log_line("%s has less than 128 KiB", info->name);
	else if (!max_write(info))
		log_line("%s cannot be written", info->name);
	else
		return true;
	return false;
}

/* 5.12.4: there is a byte to say it in; what does not fit is told without a limit */
static uint8_t limit(unsigned int blocks)
{
	return blocks <= UINT8_MAX ? blocks : 0;
}

/* Limits of the host's device, in the words of the virtio device */
static void forward_init(struct forward *forward,
			 const struct forward_config *config)
{
	const struct rpmb_info *info = rpmb_info(forward->host);
	unsigned int units = info->capacity / UNIT_BLOCKS;
	const struct virtio_rpmb_config rpmb = {
		.capacity = units < STATE_MAX_CAPACITY ? units :
							 STATE_MAX_CAPACITY,
		.max_wr_cnt = limit(max_write(info)),
		.max_rd_cnt = limit(max_read(info)),
	};

	forward->allow_key = config->allow_key;
	forward->max_write = max_write(info);
	forward->max_read = max_read(info);
	forward->ahead.host = forward->host;
	device_init(&forward->dev, &forward_ops, &rpmb, config->dev_id);
	forward->dev.groups = ahead_is_possible(info);
}

struct device *forward_open(const struct forward_config *config)
{
	struct forward *forward = calloc(1, sizeof(*forward));
	int err;

	if (!forward) {
		log_line("out of memory");
		return NULL;
	}
	err = rpmb_open(&forward->host, config->name, O_RDWR);
	if (err)
		log_line("%s: %s", config->name, words(err));
	if (!err && fits(rpmb_info(forward->host))) {
		forward_init(forward, config);
		return &forward->dev;
	}
	rpmb_close(forward->host);
	free(forward);
	return NULL;
}
