// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of a request: it is copied and classified once, and turned into
 * transfers
 */
#include <linux/align.h>
#include <linux/bits.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "internal.h"

/* How much data the frames of a request, or of its response, carry */
enum rpmb_payload {
	RPMB_NO_BLOCK,
	RPMB_ONE_BLOCK,
	RPMB_COUNTED_BLOCKS,	/* as many as the block count says */
};

/**
 * struct rpmb_rule - what the specifications say of a request type
 * @out: data in the request; its block count is then signed and must fit
 * @in: data in the response
 * @result_read: the response has to be asked for by a result read
 * @fill_count: the block count is not signed, and 0 in what some clients send
 */
struct rpmb_rule {
	enum rpmb_payload out;
	enum rpmb_payload in;
	bool result_read;
	bool fill_count;
};

/* JESD220G section 12.4.7, NVM Express Base Specification 2.1 section 8.1.21 */
static const struct rpmb_rule rpmb_rules[] = {
	[RPMB_PROGRAM_KEY] = { .result_read = true, .fill_count = true },
	[RPMB_GET_WRITE_COUNTER] = { .fill_count = true },
	[RPMB_WRITE_DATA] = { .out = RPMB_COUNTED_BLOCKS, .result_read = true },
	[RPMB_READ_DATA] = { .in = RPMB_COUNTED_BLOCKS, .fill_count = true },
	[RPMB_CONFIG_WRITE] = { .out = RPMB_ONE_BLOCK, .result_read = true },
	[RPMB_CONFIG_READ] = { .in = RPMB_ONE_BLOCK, .fill_count = true },
	[RPMB_PURGE_ENABLE] = { },
	[RPMB_PURGE_STATUS] = { .fill_count = true },
};

static int rpmb_check_len(unsigned int len)
{
	if (len > RPMB_MAX_LEN)
		return -EMSGSIZE;
	return len ? 0 : -EINVAL;
}

/*
 * Room for @len bytes of something of @all bytes. In whole frames: no frame lies in two
 * pages, nor in a cache line with what is no frame. In whole pages if it is more than
 * one, so that a device needs no more pieces than it must. Memory is as aligned as what
 * is asked for.
 */
static size_t rpmb_room(size_t len, size_t all)
{
	return ALIGN(len, all > PAGE_SIZE ? PAGE_SIZE :
					    sizeof(struct rpmb_frame));
}

/*
 * Memory for a request and its response, to be filled and prepared; or -EINVAL,
 * -EMSGSIZE or -ENOMEM. All in one piece: the response, the request, the frame of the
 * result read, and what we know of it.
 */
struct rpmb_request *rpmb_request_alloc(unsigned int req_len,
					unsigned int resp_len, gfp_t gfp)
{
	int ret = rpmb_check_len(req_len) ?: rpmb_check_len(resp_len);
	size_t all = (size_t)resp_len + req_len + sizeof(struct rpmb_frame);
	struct rpmb_request *rq;
	size_t front, back;
	void *resp;

	if (ret)
		return ERR_PTR(ret);
	front = rpmb_room(resp_len, all);
	back = rpmb_room(req_len + sizeof(struct rpmb_frame), all);
	/*
	 * A large one need not find contiguous memory. If there is none at all, its
	 * caller is told by -ENOMEM, and may try smaller ones.
	 */
	resp = kvmalloc(front + back + rpmb_room(sizeof(*rq), sizeof(*rq)),
			gfp | __GFP_NOWARN);
	if (!resp)
		return ERR_PTR(-ENOMEM);
	memset(resp, 0, resp_len);
	rq = resp + front + back;
	*rq = (struct rpmb_request) {
		.req_len = req_len,
		.resp_len = resp_len,
		.req = resp + front,
		.resp = resp,
		.xfers = rq->own,
	};
	return rq;
}

/*
 * A program key request has the key in it, and what is stored may be as secret, so
 * nothing is left in memory
 */
void rpmb_request_free(struct rpmb_request *rq)
{
	if (IS_ERR_OR_NULL(rq))
		return;
	kvfree_sensitive(rq->resp, (void *)(rq + 1) - rq->resp);
}

static const struct rpmb_rule *rpmb_find_rule(const struct rpmb_descr *descr,
					      u16 type)
{
	if (type >= ARRAY_SIZE(rpmb_rules))
		return NULL;
	type = array_index_nospec(type, ARRAY_SIZE(rpmb_rules));
	return descr->request_types & BIT(type) ? &rpmb_rules[type] : NULL;
}

/* Are @len bytes what it takes to carry @payload, @count blocks if counted? */
static bool rpmb_len_fits(enum rpmb_frame_format format, unsigned int len,
			  enum rpmb_payload payload, u32 count)
{
	int blocks = rpmb_frames_blocks(format, len);

	switch (payload) {
	case RPMB_NO_BLOCK:
		return len == rpmb_frames_len(format, 0);
	case RPMB_ONE_BLOCK:
		return len == rpmb_frames_len(format, 1);
	case RPMB_COUNTED_BLOCKS:
		return blocks > 0 && blocks == count;
	}
	return false;
}

/* Lengths and fields must not contradict each other; the rest is the device's */
static int rpmb_check_request(const struct rpmb_descr *descr,
			      const struct rpmb_request *rq,
			      const struct rpmb_rule *rule)
{
	enum rpmb_frame_format format = descr->frame_format;
	struct rpmb_fields fields;
	u32 read_count;

	rpmb_frames_get(format, rq->req, &fields);
	read_count = fields.count ?: rpmb_frames_blocks(format, rq->resp_len);

	if (!rpmb_len_fits(format, rq->req_len, rule->out, fields.count) ||
	    !rpmb_len_fits(format, rq->resp_len, rule->in, read_count) ||
	    !rpmb_frames_agree(format, rq->req, rq->req_len))
		return -EINVAL;
	if (rule->out == RPMB_ONE_BLOCK && fields.count != 1)
		return -EINVAL;
	if (format == RPMB_FRAME_NVME && fields.target != descr->target)
		return -EINVAL;
	return 0;
}

static void rpmb_fill_count(const struct rpmb_descr *descr,
			    struct rpmb_request *rq,
			    const struct rpmb_rule *rule)
{
	enum rpmb_frame_format format = descr->frame_format;
	unsigned int count = rule->in == RPMB_COUNTED_BLOCKS ?
			     rpmb_frames_blocks(format, rq->resp_len) : 1;
	struct rpmb_fields fields;

	rpmb_frames_get(format, rq->req, &fields);
	if (!fields.count)
		rpmb_frames_set_count(format, rq->req, count);
}

static void rpmb_add_xfer(struct rpmb_request *rq, enum rpmb_xfer_kind kind,
			  void *buf, unsigned int len)
{
	rq->xfers[rq->nr_xfers++] = (struct rpmb_xfer) {
		.kind = kind,
		.len = len,
		.buf = buf,
	};
}

/* The result-read frame goes behind the request, where alloc left room for it */
static void rpmb_add_result_read(const struct rpmb_descr *descr,
				 struct rpmb_request *rq)
{
	unsigned int len = rpmb_frames_len(descr->frame_format, 0);
	void *frame = rq->req + rq->req_len;
	struct rpmb_fields fields = {
		.type = RPMB_RESULT_READ,
		.count = !!(descr->fill_block_count & BIT(RPMB_RESULT_READ)),
		.target = descr->target,
	};

	memset(frame, 0, len);
	rpmb_frames_set(descr->frame_format, frame, len, &fields);
	rpmb_add_xfer(rq, RPMB_XFER_SEND_RESULT_READ, frame, len);
}

/*
 * Classify and check the request that is now in rq->req, and turn it into
 * transfers. 0, or -EINVAL or -EOPNOTSUPP.
 */
int rpmb_request_prepare(struct rpmb_dev *rdev, struct rpmb_request *rq)
{
	const struct rpmb_descr *descr = &rdev->descr;
	const struct rpmb_rule *rule;
	int ret;

	if (rpmb_frames_blocks(descr->frame_format, rq->req_len) < 0)
		return -EINVAL;
	rq->type = rpmb_frames_type(descr->frame_format, rq->req);
	rule = rpmb_find_rule(descr, rq->type);
	if (!rule)
		return -EOPNOTSUPP;
	ret = rpmb_check_request(descr, rq, rule);
	if (ret)
		return ret;

	if (rule->fill_count && descr->fill_block_count & BIT(rq->type))
		rpmb_fill_count(descr, rq, rule);
	rpmb_add_xfer(rq, RPMB_XFER_SEND, rq->req, rq->req_len);
	if (rule->result_read)
		rpmb_add_result_read(descr, rq);
	rpmb_add_xfer(rq, RPMB_XFER_RECV, rq->resp, rq->resp_len);
	return 0;
}

/**
 * rpmb_route_frames() - carry a request to the device and its response back
 * @rdev: RPMB device, to which the caller holds a reference
 * @req: request frames, in any memory
 * @req_len: their bytes, at most RPMB_MAX_LEN
 * @resp: where to put the response frames
 * @resp_len: their bytes, at most RPMB_MAX_LEN
 *
 * Requests of one device are carried one after the other, whole. The result read
 * is the core's business. Signed fields are never altered.
 *
 * A request is never sent twice by the kernel's RPMB code, but a layer below may
 * do so. After an error it is unknown whether the device has done what was asked,
 * and after a counter failure as well: the owner of the key reads the counter and
 * the data before concluding anything. These errors mean that nothing happened:
 * -EINVAL (lengths or frames that contradict each other, or a number of blocks
 * that an eMMC does not write at once), -EOPNOTSUPP (a type that the device does
 * not have, or a bare result read), -EMSGSIZE (more than can be carried), -ENOMEM.
 * Others: -ENODEV (the device is gone), -EPROTO (the response is not to this
 * request), -ETIMEDOUT, -EIO and what else the transport has.
 *
 * No signal ends this, in line or with the device, since the task may be anybody's
 * who called into a TEE. It takes as long as the transport's timeouts let those
 * take who were first, and then the request itself; such a wait is not reported as
 * a hung task. While the system sleeps, it waits: see rpmb_dev_link().
 *
 * Context: may sleep.
 * Return: 0 if a response of the right type is in @resp, whatever its result
 * says; else a negative error, and @resp is as it was
 */
int rpmb_route_frames(struct rpmb_dev *rdev, u8 *req, unsigned int req_len,
		      u8 *resp, unsigned int resp_len)
{
	struct rpmb_request *rq __free(rpmb_request) = NULL;
	int ret;

	if (!rdev || !req || !resp)
		return -EINVAL;

	rq = rpmb_request_alloc(req_len, resp_len, GFP_KERNEL);
	if (IS_ERR(rq))
		return PTR_ERR(rq);
	memcpy(rq->req, req, req_len);

	ret = rpmb_request_prepare(rdev, rq);
	if (ret)
		return ret;
	ret = rpmb_request_run(rdev, rq, false);
	if (ret)
		return ret;
	memcpy(resp, rq->resp, resp_len);
	return 0;
}
EXPORT_SYMBOL_GPL(rpmb_route_frames);

/**
 * rpmb_xfer_map() - say where the memory of a transfer is
 * @xfer: the transfer
 * @sg: entries to fill in; the last one that is used is marked as the end
 * @max_sg: how many there are, not 0
 * @max_seg: most bytes of an entry, a multiple of 512
 *
 * Entries follow each other in @xfer->buf. Each is as long as it can be, and a
 * multiple of 512 bytes if @xfer->len is.
 *
 * Context: any.
 * Return: number of entries used, or 0 if @max_sg are too few
 */
unsigned int rpmb_xfer_map(const struct rpmb_xfer *xfer, struct scatterlist *sg,
			   unsigned int max_sg, unsigned int max_seg)
{
	bool pages = is_vmalloc_addr(xfer->buf);
	unsigned int nr = 0, len;

	sg_init_table(sg, max_sg);
	for (unsigned int pos = 0; pos < xfer->len; pos += len, nr++) {
		void *buf = xfer->buf + pos;

		if (nr == max_sg)
			return 0;
		len = min(xfer->len - pos, max_seg);
		if (pages)
			len = min_t(unsigned int, len,
				    PAGE_SIZE - offset_in_page(buf));
		sg_set_page(&sg[nr], pages ? vmalloc_to_page(buf) :
					     virt_to_page(buf),
			    len, offset_in_page(buf));
	}
	sg_mark_end(&sg[nr - 1]);
	return nr;
}
EXPORT_SYMBOL_GPL(rpmb_xfer_map);
