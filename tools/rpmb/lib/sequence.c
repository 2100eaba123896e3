// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Requests as sequences of transfers, for kernels that do not make them
 *
 * The same rules as those of the kernel's RPMB core, which documents them at
 * RPMB_IOC_ROUTE_FRAMES: who finds a device either way finds it the same.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "interface.h"

/* How much data the frames of a request, or of its response, carry */
enum payload {
	NO_BLOCK,
	ONE_BLOCK,
	COUNTED_BLOCKS,			/* as many as the block count says */
};

/*
 * @reads: changes nothing in the device
 * @result_read: the response has to be asked for
 * @fill_count: UFS wants a block count there, which is not signed and 0 in what some
 *	clients send
 */
struct rule {
	enum payload out;
	enum payload in;
	bool reads;
	bool result_read;
	bool fill_count;
};

static const struct rule rules[] = {
	[RPMB_PROGRAM_KEY] = { .result_read = true },
	[RPMB_GET_WRITE_COUNTER] = { .reads = true },
	[RPMB_WRITE_DATA] = { .out = COUNTED_BLOCKS, .result_read = true },
	[RPMB_READ_DATA] = { .in = COUNTED_BLOCKS, .reads = true,
			     .fill_count = true },
	[RPMB_CONFIG_WRITE] = { .out = ONE_BLOCK, .result_read = true },
	[RPMB_CONFIG_READ] = { .in = ONE_BLOCK, .reads = true,
			       .fill_count = true },
	[RPMB_PURGE_ENABLE] = { .reads = false },
	[RPMB_PURGE_STATUS] = { .reads = true, .fill_count = true },
};

static const struct rule *find_rule(const struct rpmb *rpmb, uint16_t type)
{
	if (type >= ARRAY_SIZE(rules) ||
	    !(rpmb->info.request_types & (1u << type)))
		return NULL;
	return &rules[type];
}

/* Are @len bytes what it takes to carry @payload, @count blocks if counted? */
static bool len_fits(enum rpmb_frame_format format, size_t len,
		     enum payload payload, uint32_t count)
{
	int blocks = rpmb_frames_blocks(format, len);

	switch (payload) {
	case NO_BLOCK:
		return len == rpmb_frames_len(format, 0);
	case ONE_BLOCK:
		return len == rpmb_frames_len(format, 1);
	case COUNTED_BLOCKS:
		return blocks > 0 && (uint32_t)blocks == count;
	}
	return false;
}

static int check_access(const struct rpmb *rpmb, const struct rule *rule)
{
	if (rpmb->access == (rule->reads ? O_WRONLY : O_RDONLY))
		return rpmb_set_error(EBADF);
	return 0;
}

/* Lengths and fields must not contradict each other; the rest is the device's */
static int check_fields(const struct rpmb *rpmb, const struct rule *rule,
			const struct rpmb_request *rq,
			const struct rpmb_fields *fields)
{
	enum rpmb_frame_format format = rpmb->info.frame_format;
	uint32_t read_count = fields->count;

	if (!read_count)
		read_count = rpmb_frames_blocks(format, rq->resp_len);
	if (!len_fits(format, rq->req_len, rule->out, fields->count) ||
	    !len_fits(format, rq->resp_len, rule->in, read_count))
		return rpmb_set_error(EINVAL);
	if (rule->out == ONE_BLOCK && fields->count != 1)
		return rpmb_set_error(EINVAL);
	if (format == RPMB_FRAME_NVME && fields->target != rpmb->info.target)
		return rpmb_set_error(EINVAL);
	return 0;
}

static void fill_count(const struct rpmb *rpmb, const struct rpmb_request *rq,
		       const struct rule *rule, uint32_t count,
		       struct rpmb_frame *frame)
{
	if (rpmb->info.transport != RPMB_TRANSPORT_UFS || !rule->fill_count ||
	    count)
		return;
	count = rule->in == COUNTED_BLOCKS ?
		rpmb_frames_blocks(RPMB_FRAME_JEDEC, rq->resp_len) : 1;
	frame->block_count = htobe16(count);
}

static void add(struct rpmb_sequence *seq, enum rpmb_xfer_kind kind, void *buf,
		size_t len)
{
	seq->xfers[seq->nr++] = (struct rpmb_xfer) {
		.kind = kind,
		.buf = buf,
		.len = len,
	};
}

static void add_result_read(const struct rpmb *rpmb, struct rpmb_sequence *seq,
			    void *frame)
{
	enum rpmb_frame_format format = rpmb->info.frame_format;
	struct rpmb_fields fields = {
		.type = RPMB_RESULT_READ,
		.target = rpmb->info.target,
	};
	size_t len = rpmb_frames_len(format, 0);

	rpmb_frames_init(format, frame, len, &fields);
	add(seq, RPMB_XFER_SEND_RESULT_READ, frame, len);
}

int rpmb_make_sequence(const struct rpmb *rpmb, const struct rpmb_request *rq,
		       void *req, void *resp, struct rpmb_frame *result_read,
		       struct rpmb_sequence *seq)
{
	enum rpmb_frame_format format = rpmb->info.frame_format;
	struct rpmb_fields fields;
	const struct rule *rule;
	int ret;

	if (!rpmb_frames_parse(format, req, rq->req_len, &fields))
		return rpmb_set_error(EINVAL);
	rule = find_rule(rpmb, fields.type);
	if (!rule)
		return rpmb_set_error(EOPNOTSUPP);
	ret = check_fields(rpmb, rule, rq, &fields);
	if (!ret)
		ret = check_access(rpmb, rule);
	if (ret)
		return ret;

	fill_count(rpmb, rq, rule, fields.count, req);
	*seq = (struct rpmb_sequence) {
		.type = fields.type,
		.reads = rule->reads,
	};
	add(seq, RPMB_XFER_SEND, req, rq->req_len);
	if (rule->result_read)
		add_result_read(rpmb, seq, result_read);
	/* If the device sends less, there is nothing of an earlier response */
	memset(resp, 0, rq->resp_len);
	add(seq, RPMB_XFER_RECV, resp, rq->resp_len);
	return 0;
}

bool rpmb_has_response(const struct rpmb *rpmb, const struct rpmb_sequence *seq)
{
	const struct rpmb_xfer *xfer = &seq->xfers[seq->nr - 1];
	struct rpmb_fields resp;

	rpmb_frames_parse(rpmb->info.frame_format, xfer->buf, xfer->len, &resp);
	return resp.type == seq->type << 8;
}

int rpmb_carry_sequence(struct rpmb *rpmb, struct rpmb_request *rq)
{
	struct rpmb_frame result_read;
	struct rpmb_sequence seq;
	int ret;

	/* Only the copy is looked at, and sent */
	memmove(rpmb->req, rq->req, rq->req_len);
	ret = rpmb_make_sequence(rpmb, rq, rpmb->req, rpmb->resp, &result_read,
				 &seq);
	if (!ret) {
		ret = rpmb->interface->transfer(rpmb, &seq);
		rq->started = seq.started;
	}
	/* A key may be in it */
	explicit_bzero(rpmb->req, rq->req_len);
	if (ret)
		return ret;
	if (!rpmb_has_response(rpmb, &seq))
		return rpmb_set_error(EPROTO);
	memmove(rq->resp, rpmb->resp, rq->resp_len);
	return 0;
}
