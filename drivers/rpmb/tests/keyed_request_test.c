// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keyed requests about configuration and purge, which are one block and one answer
 */
#include <linux/slab.h>
#include <linux/string.h>

#include "between.h"

#define REQUEST_TARGET	3
#define REQUEST_COUNTER	41

static const char * const request_types[] = { "ufs", "nvme" };

static void request_type_desc(const char * const *type, char *desc)
{
	strscpy(desc, *type, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(request_type, request_types, request_type_desc);

/* What came to the device, and was the request signed as it should be? */
static struct rpmb_fields request_got;
static u8 request_block[512];
static bool request_signed;

/* What the answer says that is not so: its counter is wrong by this */
static u32 request_wrong;

static void request_mac(struct between *b, void *frames, unsigned int len,
			u8 *mac)
{
	u8 raw[RPMB_KEY_SIZE];
	struct rpmb_hmac *hmac;

	KUNIT_ASSERT_EQ(b->test, 0, rpmb_key_read(b->key, raw));
	hmac = rpmb_hmac_alloc(raw);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(b->test, hmac);
	rpmb_frames_mac(b->format, frames, len, hmac, mac);
	rpmb_hmac_free(hmac);
}

/* NVMe has a block in a frame only where the request has one */
static bool request_has_block(struct between *b, unsigned int len)
{
	return b->format == RPMB_FRAME_JEDEC ||
	       len > rpmb_frames_len(b->format, 0);
}

static void request_note(struct between *b, const struct rpmb_xfer *xfer)
{
	u8 mac[RPMB_KEY_SIZE];

	rpmb_frames_get_last(b->format, xfer->buf, xfer->len, &request_got);
	request_mac(b, xfer->buf, xfer->len, mac);
	request_signed = !memcmp(mac, rpmb_frames_key_mac(b->format, xfer->buf,
							  xfer->len),
				 sizeof(mac));
	memset(request_block, 0, sizeof(request_block));
	if (request_has_block(b, xfer->len))
		memcpy(request_block, rpmb_frames_data(b->format, xfer->buf, 0),
		       rpmb_block_size(b->format));
}

/* The device: one more write if the request was signed, and a block of 0x5a */
static int request_transfer(struct rpmb_dev *rdev, struct rpmb_xfer *xfers,
			    unsigned int nr)
{
	struct between *b = rdev->descr.priv;
	struct rpmb_xfer *recv = between_recv(xfers, nr);
	struct rpmb_fields answer;

	request_note(b, &xfers[0]);
	answer = request_got;
	answer.type <<= 8;
	answer.counter = request_signed ? request_got.counter + 1 :
					  REQUEST_COUNTER;
	answer.counter += request_wrong;
	memset(recv->buf, 0, recv->len);
	if (request_has_block(b, recv->len))
		memset(rpmb_frames_data(b->format, recv->buf, 0), 0x5a,
		       rpmb_block_size(b->format));
	rpmb_frames_set(b->format, recv->buf, recv->len, &answer);
	request_mac(b, recv->buf, recv->len,
		    rpmb_frames_key_mac(b->format, recv->buf, recv->len));
	return 0;
}

static void request_limit(struct rpmb_descr *descr)
{
	descr->transfer = request_transfer;
	descr->request_types = GENMASK(RPMB_PURGE_STATUS, RPMB_PROGRAM_KEY);
	if (descr->frame_format == RPMB_FRAME_NVME)
		descr->target = REQUEST_TARGET;
}

static struct between *request_new(struct kunit *test)
{
	request_wrong = 0;
	return between_new(test, *(const char * const *)test->param_value,
			   request_limit);
}

/* The block goes out, and comes back, at @block */
static int request_do(struct between *b, u16 type, u8 *block,
		      struct rpmb_keyed *k)
{
	int ret;

	*k = (struct rpmb_keyed) {
		.rdev = b->rdev,
		.key = b->key,
		.addr = 2,
		.count = 1,
		.counter = 7,
	};
	memset(block, 0xc3, 512);
	KUNIT_ASSERT_EQ(b->test, 0, rpmb_keyed_begin(k));
	ret = rpmb_keyed_request(k, type, block);
	rpmb_hmac_free(k->hmac);
	KUNIT_EXPECT_EQ(b->test, type, request_got.type);
	KUNIT_EXPECT_EQ(b->test, 2, request_got.addr);
	KUNIT_EXPECT_EQ(b->test, 1, request_got.count);
	KUNIT_EXPECT_EQ(b->test, b->rdev->descr.target, request_got.target);
	return ret;
}

static void request_expect(struct between *b, const u8 *block, u8 value)
{
	KUNIT_EXPECT_EQ(b->test, value, block[0]);
	KUNIT_EXPECT_NULL(b->test, memchr_inv(block, value,
					      rpmb_block_size(b->format)));
}

static void request_config_read_test(struct kunit *test)
{
	struct between *b = request_new(test);
	u8 *block = kunit_kmalloc(test, 512, GFP_KERNEL);
	struct rpmb_keyed k;

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, 0, request_do(b, RPMB_CONFIG_READ, block, &k));
	/* It has no counter of its own, and is not signed */
	KUNIT_EXPECT_EQ(test, 0, request_got.counter);
	KUNIT_EXPECT_FALSE(test, request_signed);
	KUNIT_EXPECT_EQ(test, REQUEST_COUNTER, k.counter);
	request_expect(b, block, 0x5a);
}

static void request_config_write_test(struct kunit *test)
{
	struct between *b = request_new(test);
	u8 *block = kunit_kmalloc(test, 512, GFP_KERNEL);
	struct rpmb_keyed k;

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, 0, request_do(b, RPMB_CONFIG_WRITE, block, &k));
	KUNIT_EXPECT_EQ(test, 7, request_got.counter);
	KUNIT_EXPECT_TRUE(test, request_signed);
	request_expect(b, request_block, 0xc3);
	KUNIT_EXPECT_EQ(test, 8, k.counter);
	/* The counter has moved by one, or it is the answer to another */
	request_wrong = 1;
	KUNIT_EXPECT_EQ(test, -EBADMSG,
			request_do(b, RPMB_CONFIG_WRITE, block, &k));
	KUNIT_EXPECT_EQ(test, RPMB_MISMATCH_COUNTER, k.mismatch);
	KUNIT_EXPECT_EQ(test, 7, k.counter);
}

static void request_purge_test(struct kunit *test)
{
	struct between *b = request_new(test);
	u8 *block = kunit_kmalloc(test, 512, GFP_KERNEL);
	struct rpmb_keyed k;

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, 0, request_do(b, RPMB_PURGE_ENABLE, block, &k));
	KUNIT_EXPECT_EQ(test, 7, request_got.counter);
	KUNIT_EXPECT_TRUE(test, request_signed);
	KUNIT_EXPECT_EQ(test, 8, k.counter);
	KUNIT_EXPECT_EQ(test, 0, request_do(b, RPMB_PURGE_STATUS, block, &k));
	KUNIT_EXPECT_EQ(test, 0, request_got.counter);
	KUNIT_EXPECT_FALSE(test, request_signed);
	if (b->format == RPMB_FRAME_JEDEC)
		request_expect(b, block, 0x5a);
}

static struct kunit_case request_cases[] = {
	KUNIT_CASE_PARAM(request_config_read_test, request_type_gen_params),
	KUNIT_CASE_PARAM(request_config_write_test, request_type_gen_params),
	KUNIT_CASE_PARAM(request_purge_test, request_type_gen_params),
	{}
};

static struct kunit_suite request_suite = {
	.name = "rpmb-keyed-request",
	.test_cases = request_cases,
};

kunit_test_suite(request_suite);
