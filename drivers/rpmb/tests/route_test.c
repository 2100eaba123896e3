// SPDX-License-Identifier: GPL-2.0-only
/*
 * Routing: the transfers that a request becomes, what is refused before the
 * backend hears of it, and what comes back
 */
#include <linux/align.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <linux/vmalloc.h>

#include "fake.h"

#define ROUTE_TARGET 3

static unsigned int route_target(enum rpmb_frame_format format)
{
	return format == RPMB_FRAME_NVME ? ROUTE_TARGET : 0;
}

static struct rpmb_fake *route_fake(struct kunit *test,
				    enum rpmb_frame_format format, u32 fill)
{
	struct rpmb_fake *fake = rpmb_fake_new(test, format);

	fake->descr.fill_block_count = fill;
	fake->descr.target = route_target(format);
	rpmb_fake_register(fake);
	return fake;
}

static struct rpmb_msg *route_msg(struct kunit *test,
				  enum rpmb_frame_format format, u16 type,
				  unsigned int out_blocks,
				  unsigned int in_blocks, unsigned int count)
{
	struct rpmb_msg *msg = rpmb_msg_new(test, format, type, out_blocks,
					    in_blocks, count);

	if (format == RPMB_FRAME_NVME)
		msg->req[offsetof(struct rpmb_nvme_frame, target)] =
			ROUTE_TARGET;
	return msg;
}

static struct rpmb_msg *route_counter_msg(struct kunit *test)
{
	return route_msg(test, RPMB_FRAME_JEDEC, RPMB_GET_WRITE_COUNTER, 0, 0,
			 0);
}

/**
 * struct route_way - how a request is carried
 * @name: name
 * @batch: see route_send()
 */
struct route_way {
	const char *name;
	bool batch;
};

static const struct route_way route_ways[] = {
	{ "alone" },
	{ "in a batch", true },
};

KUNIT_ARRAY_PARAM_DESC(route_way, route_ways, name);

static bool route_in_batch(struct kunit *test)
{
	const struct route_way *way = test->param_value;

	return way->batch;
}

/* Alone; or as the second of a batch, between two reads of the counter */
static int route_send(struct kunit *test, struct rpmb_fake *fake,
		      struct rpmb_msg *msg, bool batch)
{
	struct rpmb_msg *other;
	unsigned int done;
	int ret;

	if (!batch)
		return rpmb_msg_route(fake, msg);
	other = route_msg(test, fake->descr.frame_format,
			  RPMB_GET_WRITE_COUNTER, 0, 0, 1);
	struct rpmb_route routes[] = {
		rpmb_msg_to_route(other), rpmb_msg_to_route(msg),
		rpmb_msg_to_route(other),
	};
	ret = rpmb_route_batch(fake->rdev, routes, ARRAY_SIZE(routes), &done);
	KUNIT_EXPECT_EQ(test, done, ret ? 0 : ARRAY_SIZE(routes));
	return ret;
}

static void route_put_count(enum rpmb_frame_format format, u8 *frame,
			    unsigned int count)
{
	if (format == RPMB_FRAME_NVME)
		put_unaligned_le32(count, frame + 248);
	else
		put_unaligned_be16(count, frame + 506);
}

/**
 * struct route_case - a request and what becomes of it
 * @name: name
 * @format: frame format
 * @type: request type
 * @out: blocks in the request
 * @in: blocks in the response
 * @result_read: the response is asked for
 * @filled: the block count instead of 0, or 0 if the block count is signed
 */
struct route_case {
	const char *name;
	enum rpmb_frame_format format;
	u16 type;
	unsigned int out;
	unsigned int in;
	bool result_read;
	unsigned int filled;
};

static const struct route_case route_request_cases[] = {
	{ "jedec key", RPMB_FRAME_JEDEC, RPMB_PROGRAM_KEY, 0, 0, true, 1 },
	{ "jedec counter", RPMB_FRAME_JEDEC, RPMB_GET_WRITE_COUNTER, 0, 0,
	  false, 1 },
	{ "jedec write 1", RPMB_FRAME_JEDEC, RPMB_WRITE_DATA, 1, 0, true },
	{ "jedec write 2", RPMB_FRAME_JEDEC, RPMB_WRITE_DATA, 2, 0, true },
	{ "jedec write 1024", RPMB_FRAME_JEDEC, RPMB_WRITE_DATA, 1024, 0, true },
	{ "jedec read 1", RPMB_FRAME_JEDEC, RPMB_READ_DATA, 0, 1, false, 1 },
	{ "jedec read 5", RPMB_FRAME_JEDEC, RPMB_READ_DATA, 0, 5, false, 5 },
	{ "jedec read 1024", RPMB_FRAME_JEDEC, RPMB_READ_DATA, 0, 1024, false,
	  1024 },
	{ "jedec config write", RPMB_FRAME_JEDEC, RPMB_CONFIG_WRITE, 1, 0,
	  true },
	{ "jedec config read", RPMB_FRAME_JEDEC, RPMB_CONFIG_READ, 0, 1, false,
	  1 },
	{ "jedec purge enable", RPMB_FRAME_JEDEC, RPMB_PURGE_ENABLE, 1, 0 },
	{ "jedec purge status", RPMB_FRAME_JEDEC, RPMB_PURGE_STATUS, 1, 0,
	  false, 1 },
	{ "nvme key", RPMB_FRAME_NVME, RPMB_PROGRAM_KEY, 0, 0, true, 1 },
	{ "nvme counter", RPMB_FRAME_NVME, RPMB_GET_WRITE_COUNTER, 0, 0, false,
	  1 },
	{ "nvme write 1", RPMB_FRAME_NVME, RPMB_WRITE_DATA, 1, 0, true },
	{ "nvme write 127", RPMB_FRAME_NVME, RPMB_WRITE_DATA, 127, 0, true },
	{ "nvme read 1", RPMB_FRAME_NVME, RPMB_READ_DATA, 0, 1, false, 1 },
	{ "nvme read 127", RPMB_FRAME_NVME, RPMB_READ_DATA, 0, 127, false,
	  127 },
	{ "nvme config write", RPMB_FRAME_NVME, RPMB_CONFIG_WRITE, 1, 0, true },
	{ "nvme config read", RPMB_FRAME_NVME, RPMB_CONFIG_READ, 0, 1, false,
	  1 },
};

KUNIT_ARRAY_PARAM_DESC(route_request, route_request_cases, name);

static void route_expect_xfer(struct kunit *test,
			      const struct rpmb_fake_call *call, unsigned int i,
			      enum rpmb_xfer_kind kind, const void *bytes,
			      unsigned int len)
{
	KUNIT_ASSERT_LT(test, i, call->nr);
	KUNIT_EXPECT_EQ(test, kind, call->xfers[i].kind);
	KUNIT_ASSERT_EQ(test, len, call->xfers[i].len);
	KUNIT_EXPECT_FALSE(test, call->xfers[i].started);
	KUNIT_ASSERT_NOT_NULL(test, call->bytes[i]);
	KUNIT_EXPECT_MEMEQ(test, call->bytes[i], bytes, len);
}

/* Everything in it is zero but what is said here */
static void route_expect_result_read(struct kunit *test,
				     const struct route_case *c, u32 fill,
				     const struct rpmb_fake_call *call)
{
	unsigned int len = c->format == RPMB_FRAME_NVME ? 256 : 512;
	u8 *frame = kunit_kzalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, frame);
	route_put_count(c->format, frame, !!(fill & BIT(RPMB_RESULT_READ)));
	if (c->format == RPMB_FRAME_NVME) {
		frame[223] = ROUTE_TARGET;
		frame[254] = RPMB_RESULT_READ;
	} else {
		frame[511] = RPMB_RESULT_READ;
	}
	route_expect_xfer(test, call, 1, RPMB_XFER_SEND_RESULT_READ, frame,
			  len);
}

static void route_check_sent(struct kunit *test, const struct route_case *c,
			     u32 fill, unsigned int count, bool batch)
{
	struct rpmb_fake *fake = route_fake(test, c->format, fill);
	struct rpmb_msg *msg = route_msg(test, c->format, c->type, c->out,
					 c->in, count);
	u8 *req = kunit_kmalloc(test, msg->req_len, GFP_KERNEL);
	const struct rpmb_fake_call *call = &fake->calls[batch];
	unsigned int last = c->result_read ? 2 : 1;

	KUNIT_ASSERT_NOT_NULL(test, req);
	memcpy(req, msg->req, msg->req_len);
	KUNIT_EXPECT_EQ(test, 0, route_send(test, fake, msg, batch));
	KUNIT_ASSERT_EQ(test, batch ? 3 : 1, atomic_read(&fake->nr_calls));
	KUNIT_ASSERT_EQ(test, last + 1, call->nr);
	KUNIT_EXPECT_TRUE(test, call->noio);
	KUNIT_EXPECT_TRUE(test, call->dma_fit);
	KUNIT_EXPECT_FALSE(test, current->flags & PF_MEMALLOC_NOIO);

	/* The caller's request is never written to, only the copy is */
	KUNIT_EXPECT_MEMEQ(test, msg->req, req, msg->req_len);
	if (!count && fill & BIT(c->type))
		route_put_count(c->format, req, c->filled);
	route_expect_xfer(test, call, 0, RPMB_XFER_SEND, req, msg->req_len);
	if (c->result_read)
		route_expect_result_read(test, c, fill, call);
	route_expect_xfer(test, call, last, RPMB_XFER_RECV, msg->resp,
			  msg->resp_len);
}

/* A batch has no more bytes together than a request alone may have */
static void route_check_request(struct kunit *test, const struct route_case *c,
				u32 fill, unsigned int count)
{
	route_check_sent(test, c, fill, count, false);
	if (c->out < 1024 && c->in < 1024)
		route_check_sent(test, c, fill, count, true);
}

static void route_request_test(struct kunit *test)
{
	const struct route_case *c = test->param_value;
	unsigned int count = c->filled ?: c->out;

	route_check_request(test, c, 0, count);
	route_check_request(test, c, ~0U, count);
	if (c->filled) {
		route_check_request(test, c, 0, 0);
		route_check_request(test, c, ~0U, 0);
		route_check_request(test, c, BIT(c->type), 0);
		route_check_request(test, c, ~BIT(c->type), 0);
	}
}

/* An unsigned block count is only filled in, and never put right */
static void route_count_kept_test(struct kunit *test)
{
	struct rpmb_fake *fake = route_fake(test, RPMB_FRAME_JEDEC, ~0U);
	struct rpmb_msg *msg = route_msg(test, RPMB_FRAME_JEDEC,
					 RPMB_GET_WRITE_COUNTER, 0, 0, 7);
	bool batch = route_in_batch(test);

	KUNIT_EXPECT_EQ(test, 0, route_send(test, fake, msg, batch));
	route_expect_xfer(test, &fake->calls[batch], 0, RPMB_XFER_SEND,
			  msg->req, 512);
}

/* One that is signed is not touched, even if it is wrong */
static void route_count_signed_test(struct kunit *test)
{
	struct rpmb_fake *fake = route_fake(test, RPMB_FRAME_JEDEC, ~0U);
	struct rpmb_msg *msg = route_msg(test, RPMB_FRAME_JEDEC,
					 RPMB_PURGE_ENABLE, 0, 0, 0);
	bool batch = route_in_batch(test);

	KUNIT_EXPECT_EQ(test, 0, route_send(test, fake, msg, batch));
	route_expect_xfer(test, &fake->calls[batch], 0, RPMB_XFER_SEND,
			  msg->req, 512);
}

/**
 * struct route_refusal - a request that must not reach the backend
 * @name: name
 * @format: frame format
 * @type: request type
 * @out: blocks in the request
 * @in: blocks in the response
 * @count: block count that the request says
 * @req_cut: so many bytes less of the request
 * @resp_cut: so many bytes less of the response
 * @spoil: change the request at this offset, if not 0
 * @ret: the error
 */
struct route_refusal {
	const char *name;
	enum rpmb_frame_format format;
	u16 type;
	unsigned int out;
	unsigned int in;
	unsigned int count;
	unsigned int req_cut;
	unsigned int resp_cut;
	unsigned int spoil;
	int ret;
};

#define JEDEC(_name, _type, _out, _in, _count, _ret, ...)		\
	{ .name = "jedec " _name, .format = RPMB_FRAME_JEDEC,		\
	  .type = _type, .out = _out, .in = _in, .count = _count,	\
	  .ret = _ret, __VA_ARGS__ }
#define NVME(_name, _type, _out, _in, _count, _ret, ...)		\
	{ .name = "nvme " _name, .format = RPMB_FRAME_NVME,		\
	  .type = _type, .out = _out, .in = _in, .count = _count,	\
	  .ret = _ret, __VA_ARGS__ }

static const struct route_refusal route_refusal_cases[] = {
	JEDEC("empty request", RPMB_GET_WRITE_COUNTER, 1, 0, 0, -EINVAL,
	      .req_cut = 512),
	JEDEC("empty response", RPMB_GET_WRITE_COUNTER, 0, 1, 0, -EINVAL,
	      .resp_cut = 512),
	JEDEC("short request", RPMB_GET_WRITE_COUNTER, 1, 0, 0, -EINVAL,
	      .req_cut = 1),
	JEDEC("short response", RPMB_GET_WRITE_COUNTER, 0, 1, 0, -EINVAL,
	      .resp_cut = 1),
	JEDEC("unaligned write", RPMB_WRITE_DATA, 2, 0, 1, -EINVAL,
	      .req_cut = 511),
	JEDEC("unaligned read", RPMB_READ_DATA, 0, 2, 1, -EINVAL,
	      .resp_cut = 511),
	JEDEC("unaligned read without count", RPMB_READ_DATA, 0, 2, 0, -EINVAL,
	      .resp_cut = 511),
	JEDEC("write too long", RPMB_WRITE_DATA, 1025, 0, 1025, -EMSGSIZE),
	JEDEC("read too long", RPMB_READ_DATA, 0, 1025, 1025, -EMSGSIZE),
	JEDEC("byte too long", RPMB_WRITE_DATA, 1025, 0, 1025, -EMSGSIZE,
	      .req_cut = 511),

	JEDEC("two types", RPMB_WRITE_DATA, 3, 0, 3, -EINVAL,
	      .spoil = 512 + 511),
	JEDEC("last of another type", RPMB_WRITE_DATA, 3, 0, 3, -EINVAL,
	      .spoil = 1024 + 510),
	JEDEC("two addresses", RPMB_WRITE_DATA, 3, 0, 3, -EINVAL,
	      .spoil = 512 + 505),
	JEDEC("two counters", RPMB_WRITE_DATA, 3, 0, 3, -EINVAL,
	      .spoil = 1024 + 503),
	JEDEC("two counts", RPMB_WRITE_DATA, 3, 0, 3, -EINVAL,
	      .spoil = 1024 + 507),

	JEDEC("write of count 0", RPMB_WRITE_DATA, 1, 0, 0, -EINVAL),
	JEDEC("write of too many", RPMB_WRITE_DATA, 2, 0, 1, -EINVAL),
	JEDEC("write of too few", RPMB_WRITE_DATA, 2, 0, 3, -EINVAL),
	JEDEC("config write of count 0", RPMB_CONFIG_WRITE, 1, 0, 0, -EINVAL),
	JEDEC("config write of count 2", RPMB_CONFIG_WRITE, 1, 0, 2, -EINVAL),
	JEDEC("config write of two", RPMB_CONFIG_WRITE, 2, 0, 2, -EINVAL),
	JEDEC("key of two frames", RPMB_PROGRAM_KEY, 2, 0, 0, -EINVAL),
	JEDEC("counter of two frames", RPMB_GET_WRITE_COUNTER, 2, 0, 0,
	      -EINVAL),
	JEDEC("read of two frames", RPMB_READ_DATA, 2, 2, 2, -EINVAL),
	JEDEC("config read of two frames", RPMB_CONFIG_READ, 2, 1, 1, -EINVAL),
	JEDEC("purge of two frames", RPMB_PURGE_ENABLE, 2, 0, 1, -EINVAL),
	JEDEC("status of two frames", RPMB_PURGE_STATUS, 2, 0, 1, -EINVAL),

	JEDEC("long key response", RPMB_PROGRAM_KEY, 0, 2, 1, -EINVAL),
	JEDEC("long counter response", RPMB_GET_WRITE_COUNTER, 0, 2, 1,
	      -EINVAL),
	JEDEC("long write response", RPMB_WRITE_DATA, 2, 2, 2, -EINVAL),
	JEDEC("long read response", RPMB_READ_DATA, 0, 3, 2, -EINVAL),
	JEDEC("short read response", RPMB_READ_DATA, 0, 2, 4, -EINVAL),
	JEDEC("long config write response", RPMB_CONFIG_WRITE, 1, 2, 1,
	      -EINVAL),
	JEDEC("long config read response", RPMB_CONFIG_READ, 0, 2, 1, -EINVAL),
	JEDEC("long purge response", RPMB_PURGE_ENABLE, 0, 2, 1, -EINVAL),
	JEDEC("long status response", RPMB_PURGE_STATUS, 0, 2, 1, -EINVAL),

	JEDEC("result read", RPMB_RESULT_READ, 0, 0, 0, -EOPNOTSUPP),
	JEDEC("type 0", 0, 0, 0, 0, -EOPNOTSUPP),
	JEDEC("type 10", 10, 0, 0, 0, -EOPNOTSUPP),
	JEDEC("type 16", 16, 0, 0, 0, -EOPNOTSUPP),
	JEDEC("type 34", 34, 0, 0, 0, -EOPNOTSUPP),
	JEDEC("type of a response", RPMB_GET_WRITE_COUNTER << 8, 0, 0, 0,
	      -EOPNOTSUPP),
	JEDEC("type 65535", 0xffff, 0, 0, 0, -EOPNOTSUPP),

	NVME("empty request", RPMB_GET_WRITE_COUNTER, 0, 0, 0, -EINVAL,
	     .req_cut = 256),
	NVME("empty response", RPMB_GET_WRITE_COUNTER, 0, 0, 0, -EINVAL,
	     .resp_cut = 256),
	NVME("short request", RPMB_GET_WRITE_COUNTER, 0, 0, 0, -EINVAL,
	     .req_cut = 1),
	NVME("half a sector", RPMB_WRITE_DATA, 1, 0, 1, -EINVAL,
	     .req_cut = 256),
	NVME("half a sector to read", RPMB_READ_DATA, 0, 1, 1, -EINVAL,
	     .resp_cut = 256),
	NVME("write too long", RPMB_WRITE_DATA, 1024, 0, 1024, -EMSGSIZE),
	NVME("read too long", RPMB_READ_DATA, 0, 1024, 1024, -EMSGSIZE),
	NVME("write of nothing", RPMB_WRITE_DATA, 0, 0, 0, -EINVAL),
	NVME("write of too many", RPMB_WRITE_DATA, 2, 0, 1, -EINVAL),
	NVME("write of too few", RPMB_WRITE_DATA, 2, 0, 3, -EINVAL),
	NVME("write of 2^32 - 1", RPMB_WRITE_DATA, 1, 0, U32_MAX, -EINVAL),
	NVME("read of nothing", RPMB_READ_DATA, 0, 0, 0, -EINVAL),
	NVME("read without room", RPMB_READ_DATA, 0, 0, 1, -EINVAL),
	NVME("read of 2^23 + 1", RPMB_READ_DATA, 0, 1, 0x800001, -EINVAL),
	NVME("read with data", RPMB_READ_DATA, 1, 1, 1, -EINVAL),
	NVME("key with data", RPMB_PROGRAM_KEY, 1, 0, 1, -EINVAL),
	NVME("long counter response", RPMB_GET_WRITE_COUNTER, 0, 1, 1,
	     -EINVAL),
	NVME("long write response", RPMB_WRITE_DATA, 1, 1, 1, -EINVAL),
	NVME("config write of two", RPMB_CONFIG_WRITE, 2, 0, 2, -EINVAL),
	NVME("config write of none", RPMB_CONFIG_WRITE, 0, 0, 0, -EINVAL),
	NVME("config read of two", RPMB_CONFIG_READ, 0, 2, 1, -EINVAL),
	NVME("another target", RPMB_GET_WRITE_COUNTER, 0, 0, 0, -EINVAL,
	     .spoil = 223),
	NVME("result read", RPMB_RESULT_READ, 0, 0, 0, -EOPNOTSUPP),
	NVME("type 10", 10, 0, 0, 0, -EOPNOTSUPP),
};

KUNIT_ARRAY_PARAM_DESC(route_refusal, route_refusal_cases, name);

static void route_check_refused(struct kunit *test,
				const struct route_refusal *c, bool batch)
{
	struct rpmb_fake *fake = route_fake(test, c->format, 0);
	struct rpmb_msg *msg = route_msg(test, c->format, c->type, c->out,
					 c->in, c->count);

	if (c->spoil)
		msg->req[c->spoil] ^= 1;
	msg->req_len -= c->req_cut;
	msg->resp_len -= c->resp_cut;
	KUNIT_EXPECT_EQ(test, c->ret, route_send(test, fake, msg, batch));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&fake->nr_calls));
	KUNIT_EXPECT_TRUE(test, rpmb_msg_untouched(msg));
}

static void route_refusal_test(struct kunit *test)
{
	route_check_refused(test, test->param_value, false);
	route_check_refused(test, test->param_value, true);
}

/* What the device does not have is refused, also by its default */
static void route_unsupported_test(struct kunit *test)
{
	struct rpmb_fake *fake = rpmb_fake_new(test, RPMB_FRAME_JEDEC);
	u16 type;

	fake->descr.request_types = 0;
	rpmb_fake_register(fake);
	for (type = RPMB_CONFIG_WRITE; type <= RPMB_PURGE_STATUS; type++)
		KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
				rpmb_msg_route(fake, route_msg(test,
							       RPMB_FRAME_JEDEC,
							       type, 1, 1, 1)));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&fake->nr_calls));
	for (type = RPMB_PROGRAM_KEY; type <= RPMB_READ_DATA; type++)
		KUNIT_EXPECT_EQ(test, 0,
				rpmb_msg_route(fake, route_msg(test,
							       RPMB_FRAME_JEDEC,
							       type, 1, 1, 1)));
}

static void route_null_test(struct kunit *test)
{
	struct rpmb_fake *fake = route_fake(test, RPMB_FRAME_JEDEC, 0);
	struct rpmb_msg *msg = route_counter_msg(test);

	KUNIT_EXPECT_EQ(test, -EINVAL,
			rpmb_route_frames(NULL, msg->req, 512, msg->resp, 512));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			rpmb_route_frames(fake->rdev, NULL, 512, msg->resp,
					  512));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			rpmb_route_frames(fake->rdev, msg->req, 512, NULL,
					  512));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&fake->nr_calls));
}

static int route_end(struct kunit *test, bool legacy, unsigned int steps,
		     int ret, bool batch)
{
	struct rpmb_fake *fake = rpmb_fake_new(test, RPMB_FRAME_JEDEC);
	struct rpmb_msg *msg = route_counter_msg(test);

	if (legacy)
		rpmb_fake_make_legacy(fake);
	fake->steps = steps;
	fake->ret = ret;
	rpmb_fake_register(fake);
	ret = route_send(test, fake, msg, batch);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&fake->nr_calls));
	/* What was received before the error is nothing to rely on */
	KUNIT_EXPECT_TRUE(test, rpmb_msg_untouched(msg));
	return ret;
}

/*
 * A backend ends after @steps transfers with @ret; what the caller gets, be it for a
 * request or for a batch of them
 */
static int route_ending(struct kunit *test, bool legacy, unsigned int steps,
			int ret)
{
	int alone = route_end(test, legacy, steps, ret, false);

	KUNIT_EXPECT_EQ(test, alone,
			route_end(test, legacy, steps, ret, true));
	return alone;
}

static void route_error_test(struct kunit *test)
{
	unsigned int steps;

	for (steps = 0; steps <= 2; steps++) {
		KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
				route_ending(test, false, steps, -ETIMEDOUT));
		KUNIT_EXPECT_EQ(test, -ENXIO,
				route_ending(test, true, steps, -ENXIO));
	}
}

/* Errors that say that nothing happened, from backends that cannot know that */
static void route_unknown_test(struct kunit *test)
{
	static const int errors[] = {
		-EINVAL, -EOPNOTSUPP, -EMSGSIZE, -ENOMEM,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		KUNIT_EXPECT_EQ(test, errors[i],
				route_ending(test, false, 0, errors[i]));
		KUNIT_EXPECT_EQ(test, -EIO,
				route_ending(test, false, 1, errors[i]));
		KUNIT_EXPECT_EQ(test, -EIO,
				route_ending(test, true, 0, errors[i]));
	}
}

/* As SCSI's CHECK CONDITION, which callers would take for success */
static void route_positive_test(struct kunit *test)
{
	unsigned int steps;

	for (steps = 0; steps <= 2; steps++) {
		KUNIT_EXPECT_EQ(test, -EIO, route_ending(test, false, steps, 2));
		KUNIT_EXPECT_EQ(test, -EIO, route_ending(test, true, steps, 2));
	}
}

static void route_response_type_test(struct kunit *test)
{
	static const u16 types[] = {
		RPMB_GET_WRITE_COUNTER, RPMB_PROGRAM_KEY << 8,
		RPMB_RESULT_READ << 8, 0x0201, 0xffff,
	};
	enum rpmb_frame_format format;
	unsigned int i;

	for (format = RPMB_FRAME_JEDEC; format <= RPMB_FRAME_NVME; format++) {
		struct rpmb_fake *fake = route_fake(test, format, 0);
		struct rpmb_msg *msg = route_msg(test, format,
						 RPMB_GET_WRITE_COUNTER, 0, 0,
						 0);

		for (i = 0; i < ARRAY_SIZE(types); i++) {
			fake->resp_type = types[i];
			KUNIT_EXPECT_EQ(test, -EPROTO,
					rpmb_msg_route(fake, msg));
		}
		KUNIT_EXPECT_TRUE(test, rpmb_msg_untouched(msg));
	}
}

/* A device that says no has answered */
static void route_result_test(struct kunit *test)
{
	struct rpmb_fake *fake = route_fake(test, RPMB_FRAME_JEDEC, 0);
	static const u16 results[] = {
		RPMB_RES_GENERAL, RPMB_RES_AUTH, RPMB_RES_COUNTER,
		RPMB_RES_ADDRESS, RPMB_RES_WRITE, RPMB_RES_READ,
		RPMB_RES_NO_KEY, RPMB_RES_PURGING,
		RPMB_RES_WRITE | RPMB_RES_EXPIRED, 0xffff,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(results); i++) {
		struct rpmb_msg *msg = route_msg(test, RPMB_FRAME_JEDEC,
						 RPMB_WRITE_DATA, 1, 0, 1);

		fake->resp_result = results[i];
		KUNIT_EXPECT_EQ(test, 0, rpmb_msg_route(fake, msg));
		KUNIT_EXPECT_EQ(test, results[i],
				get_unaligned_be16(msg->resp + 508));
	}
}

static void route_legacy_test(struct kunit *test)
{
	struct rpmb_fake *fake = rpmb_fake_new(test, RPMB_FRAME_JEDEC);
	struct rpmb_msg *msg = route_msg(test, RPMB_FRAME_JEDEC,
					 RPMB_WRITE_DATA, 2, 0, 2);
	bool batch = route_in_batch(test);
	struct rpmb_fake_call *call = &fake->calls[batch];

	rpmb_fake_make_legacy(fake);
	rpmb_fake_register(fake);
	KUNIT_EXPECT_EQ(test, 0, route_send(test, fake, msg, batch));
	/* The result read is up to such a backend */
	KUNIT_ASSERT_EQ(test, 2, call->nr);
	route_expect_xfer(test, call, 0, RPMB_XFER_SEND, msg->req, 1024);
	route_expect_xfer(test, call, 1, RPMB_XFER_RECV, msg->resp, 512);
	KUNIT_EXPECT_TRUE(test, call->noio);
	KUNIT_EXPECT_TRUE(test, call->dma_fit);
}

static void route_scribble(struct rpmb_fake *fake)
{
	struct rpmb_msg *msg = fake->test->priv;

	memset(msg->req, 0, msg->req_len);
}

/* A request that the caller makes another one of while the backend has it */
static void route_changed_test(struct kunit *test)
{
	struct rpmb_fake *fake = route_fake(test, RPMB_FRAME_JEDEC, 0);
	struct rpmb_msg *msg = route_msg(test, RPMB_FRAME_JEDEC,
					 RPMB_WRITE_DATA, 2, 0, 2);
	u8 *req = kunit_kmalloc(test, msg->req_len, GFP_KERNEL);
	bool batch = route_in_batch(test);

	KUNIT_ASSERT_NOT_NULL(test, req);
	memcpy(req, msg->req, msg->req_len);
	test->priv = msg;
	fake->enter = route_scribble;
	KUNIT_EXPECT_EQ(test, 0, route_send(test, fake, msg, batch));
	KUNIT_EXPECT_EQ(test, 0, msg->req[511]);
	route_expect_xfer(test, &fake->calls[batch], 0, RPMB_XFER_SEND, req,
			  1024);
}

static int route_thread(struct rpmb_thread *thread)
{
	struct kunit *test = thread->fake->test;

	return route_send(test, thread->fake, test->priv, route_in_batch(test));
}

/* The same while it waits in line, after it was checked */
static void route_changed_waiting_test(struct kunit *test)
{
	struct rpmb_fake *fake = route_fake(test, RPMB_FRAME_JEDEC, 0);
	struct rpmb_msg *msg = route_counter_msg(test);
	struct rpmb_thread *first, *second;
	unsigned int at = 1 + route_in_batch(test);
	u8 req[16];

	memcpy(req, &msg->req[496], sizeof(req));
	test->priv = msg;
	fake->hang_at = 0;
	first = rpmb_thread_route(fake, route_counter_msg(test));
	rpmb_test_wait(test, &fake->entered);
	second = rpmb_thread_start(fake, route_thread);
	rpmb_thread_asleep(second, TASK_UNINTERRUPTIBLE);
	msg->req[511] = RPMB_PROGRAM_KEY;
	fake->hang_at = -1;
	rpmb_fake_release(fake);

	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(first));
	KUNIT_EXPECT_EQ(test, 0, rpmb_thread_join(second));
	KUNIT_ASSERT_NOT_NULL(test, fake->calls[at].bytes[0]);
	KUNIT_EXPECT_MEMEQ(test, fake->calls[at].bytes[0] + 496, req,
			   sizeof(req));
}

/* Route a message from @req to @resp, which are memory of some kind */
static void route_from(struct rpmb_fake *fake, u8 *req, u8 *resp)
{
	struct kunit *test = fake->test;
	struct rpmb_msg *msg = route_counter_msg(test), here = {
		.req = req, .req_len = 512, .resp = resp, .resp_len = 512,
	};
	bool batch = route_in_batch(test);
	struct rpmb_fake_call *call =
		&fake->calls[atomic_read(&fake->nr_calls) + batch];

	memcpy(req, msg->req, 512);
	KUNIT_EXPECT_EQ(test, 0, route_send(test, fake, &here, batch));
	KUNIT_EXPECT_TRUE(test, call->dma_fit);
	route_expect_xfer(test, call, 0, RPMB_XFER_SEND, msg->req, 512);
	route_expect_xfer(test, call, 1, RPMB_XFER_RECV, resp, 512);
}

static noinline void route_from_stack(struct rpmb_fake *fake)
{
	u8 frame[512] = {};

	/* A response may come where the request was */
	route_from(fake, frame, frame);
}

static void route_memory_test(struct kunit *test)
{
	struct rpmb_fake *fake = route_fake(test, RPMB_FRAME_JEDEC, 0);
	u8 *kmem = kunit_kzalloc(test, 2048, GFP_KERNEL);
	u8 *vmem = vzalloc(4096 + 512);
	unsigned int offset;

	KUNIT_ASSERT_NOT_NULL(test, kmem);
	KUNIT_ASSERT_NOT_NULL(test, vmem);
	for (offset = 1; offset < 8; offset++)
		route_from(fake, kmem + offset, kmem + 1024 + offset);
	/* Across a page boundary */
	route_from(fake, vmem + 4096 - 3, vmem + 1);
	vfree(vmem);
	route_from_stack(fake);
}

/* A key is in no memory that somebody else may get */
static void route_key_wiped_test(struct kunit *test)
{
	struct rpmb_fake *fake = route_fake(test, RPMB_FRAME_JEDEC, 0);
	struct rpmb_msg *msg = rpmb_msg_new(test, RPMB_FRAME_JEDEC,
					    RPMB_PROGRAM_KEY, 0, 0, 0);
	const u8 *key = rpmb_frames_key_mac(RPMB_FRAME_JEDEC, msg->req, 512);
	bool batch = route_in_batch(test);
	struct rpmb_fake_call *call = &fake->calls[batch];

	if (IS_ENABLED(CONFIG_KASAN))
		kunit_skip(test, "looks at memory that was freed");
	KUNIT_ASSERT_NOT_NULL(test, memchr_inv(key, 0, RPMB_KEY_SIZE));
	KUNIT_ASSERT_EQ(test, 0, route_send(test, fake, msg, batch));
	KUNIT_ASSERT_NOT_NULL(test, call->bytes[0]);
	KUNIT_EXPECT_MEMEQ(test, key,
			   rpmb_frames_key_mac(RPMB_FRAME_JEDEC, call->bytes[0],
					       512),
			   RPMB_KEY_SIZE);
	KUNIT_EXPECT_MEMNEQ(test, key,
			    rpmb_frames_key_mac(RPMB_FRAME_JEDEC,
						call->xfers[0].buf, 512),
			    RPMB_KEY_SIZE);
}

/* @len bytes in entries of at most @max_seg; how many they are */
static unsigned int route_map(struct kunit *test, void *buf, unsigned int len,
			      unsigned int max_sg, unsigned int max_seg)
{
	struct rpmb_xfer xfer = { .buf = buf, .len = len };
	struct scatterlist *sg = kunit_kmalloc_array(test, max_sg, sizeof(*sg),
						     GFP_KERNEL);
	unsigned int nr, pos = 0;

	KUNIT_ASSERT_NOT_NULL(test, sg);
	/* What is in them from the last time does not matter */
	memset(sg, 0xff, max_sg * sizeof(*sg));
	nr = rpmb_xfer_map(&xfer, sg, max_sg, max_seg);
	for (unsigned int i = 0; i < nr; i++) {
		KUNIT_EXPECT_LE(test, sg[i].length, max_seg);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(sg[i].length, 512));
		KUNIT_ASSERT_LE(test, pos + sg[i].length, len);
		KUNIT_EXPECT_MEMEQ(test, sg_virt(&sg[i]), buf + pos,
				   sg[i].length);
		KUNIT_EXPECT_EQ(test, i == nr - 1, sg_is_last(&sg[i]));
		pos += sg[i].length;
	}
	if (nr)
		KUNIT_EXPECT_EQ(test, len, pos);
	return nr;
}

static void route_map_test(struct kunit *test)
{
	const unsigned int len = 5 * PAGE_SIZE + 512;
	u8 *kmem = kunit_kmalloc(test, len, GFP_KERNEL);
	u8 *vmem = vmalloc(len);

	KUNIT_ASSERT_NOT_NULL(test, kmem);
	KUNIT_ASSERT_NOT_NULL(test, vmem);
	for (unsigned int i = 0; i < len; i++)
		kmem[i] = i / 251;
	memcpy(vmem, kmem, len);

	KUNIT_EXPECT_EQ(test, 1, route_map(test, kmem, len, 1, len));
	KUNIT_EXPECT_EQ(test, 6, route_map(test, kmem, len, 6, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 6, route_map(test, kmem, len, 9, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 0, route_map(test, kmem, len, 5, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, len / 512, route_map(test, kmem, len, 64, 512));

	KUNIT_EXPECT_EQ(test, 6, route_map(test, vmem, len, 6, len));
	KUNIT_EXPECT_EQ(test, 0, route_map(test, vmem, len, 5, len));
	KUNIT_EXPECT_EQ(test, len / 512, route_map(test, vmem, len, 64, 512));
	/* An entry ends where a page does */
	KUNIT_EXPECT_EQ(test, 11, route_map(test, vmem, len, 64,
					    PAGE_SIZE - 512));
	KUNIT_EXPECT_EQ(test, 5, route_map(test, vmem + 512, 4 * PAGE_SIZE, 5,
					   len));
	vfree(vmem);
}

static struct kunit_case route_cases[] = {
	KUNIT_CASE_PARAM(route_request_test, route_request_gen_params),
	KUNIT_CASE_PARAM(route_count_kept_test, route_way_gen_params),
	KUNIT_CASE_PARAM(route_count_signed_test, route_way_gen_params),
	KUNIT_CASE_PARAM(route_refusal_test, route_refusal_gen_params),
	KUNIT_CASE(route_unsupported_test),
	KUNIT_CASE(route_null_test),
	KUNIT_CASE(route_error_test),
	KUNIT_CASE(route_unknown_test),
	KUNIT_CASE(route_positive_test),
	KUNIT_CASE(route_response_type_test),
	KUNIT_CASE(route_result_test),
	KUNIT_CASE_PARAM(route_legacy_test, route_way_gen_params),
	KUNIT_CASE_PARAM(route_changed_test, route_way_gen_params),
	KUNIT_CASE_PARAM(route_changed_waiting_test, route_way_gen_params),
	KUNIT_CASE_PARAM(route_memory_test, route_way_gen_params),
	KUNIT_CASE_PARAM(route_key_wiped_test, route_way_gen_params),
	KUNIT_CASE(route_map_test),
	{}
};

static struct kunit_suite route_suite = {
	.name = "rpmb-route",
	.test_cases = route_cases,
};

kunit_test_suite(route_suite);
