// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests that are forwarded. librpmb is this file: a device that answers what the
 * input says, and sees that it is asked for nothing but what it may be.
 */
#include <string.h>

#include "forward.h"
#include "fuzz.h"
#include "librpmb.h"

static struct rpmb_info info = {
	.name = "fuzzed",
	.frame_format = RPMB_FRAME_JEDEC,
	.capacity = FUZZ_BLOCKS,
	.write_sizes = 7,
	.max_read = 8,
};

static struct input *answers;

int rpmb_open(struct rpmb **rpmb, const char *name, int flags)
{
	(void)name;
	(void)flags;
	*rpmb = (struct rpmb *)&info;
	return 0;
}

void rpmb_close(struct rpmb *rpmb)
{
	must(rpmb == (struct rpmb *)&info);
}

const struct rpmb_info *rpmb_info(const struct rpmb *rpmb)
{
	must(rpmb == (const struct rpmb *)&info);
	return &info;
}

const char *rpmb_strerror(int error)
{
	must(error < 0);
	return "error";
}

static void check_request(const void *req, size_t req_len, size_t resp_len)
{
	struct rpmb_fields fields;

	must(req_len && req_len % FRAME_LEN == 0 && req_len <= 4 * FRAME_LEN);
	must(rpmb_frames_parse(RPMB_FRAME_JEDEC, req, req_len, &fields));
	must(fields.type >= RPMB_PROGRAM_KEY && fields.type <= RPMB_READ_DATA);
	must(fields.type == RPMB_WRITE_DATA || req_len == FRAME_LEN);
	must(fields.type != RPMB_WRITE_DATA ||
	     fields.count == req_len / FRAME_LEN);
	must(fields.type == RPMB_READ_DATA || resp_len == FRAME_LEN);
	must(resp_len && resp_len <= 8 * FRAME_LEN);
}

int rpmb_route(struct rpmb *rpmb, const void *req, size_t req_len, void *resp,
	       size_t resp_len, bool *started)
{
	uint8_t answer;

	must(rpmb == (struct rpmb *)&info);
	check_request(req, req_len, resp_len);
	input_take(answers, &answer, 1);
	if (started)
		*started = answer & 1;
	if (answer & 2)
		return -(answer >> 2) - 1;
	memset(resp, answer, resp_len);
	return 0;
}

int rpmb_route_batch(struct rpmb *rpmb, struct rpmb_request *requests,
		     unsigned int nr, unsigned int *done)
{
	int ret;

	must(nr);
	ret = rpmb_route(rpmb, requests->req, requests->req_len,
			 requests->resp, requests->resp_len, &requests->started);
	*done = !ret;
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct forward_config config = { .name = "fuzzed" };
	struct device *dev;
	uint8_t settings;

	answers = &input;
	input_take(&input, &settings, 1);
	config.allow_key = settings & 1;
	dev = forward_open(&config);
	must(dev);
	fuzz_requests(dev, &input);
	return !dev->ops->close(dev);
}
