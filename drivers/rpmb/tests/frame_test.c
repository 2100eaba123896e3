// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames: fields at the offsets of the specifications, lengths, MACs
 */
#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "../frame.h"
#include "vectors.h"

static const struct rpmb_fields frame_fields = {
	.type = 0x0304,
	.result = 0x0586,
	.counter = 0x01020304,
	.addr = 0x1122,
	.count = 0x3344,
	.nonce = "0123456789abcde",
};

static void frame_mac_test(struct kunit *test)
{
	const struct rpmb_mac_vector *vector = test->param_value;
	struct rpmb_hmac *hmac = rpmb_hmac_alloc(vector->key);
	u8 mac[RPMB_KEY_SIZE];
	int ret;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, hmac);
	ret = rpmb_frames_mac(vector->format, vector->frames, vector->len,
			      hmac, mac);
	rpmb_hmac_free(hmac);
	KUNIT_ASSERT_EQ(test, 0, ret);
	KUNIT_EXPECT_MEMEQ(test, mac, vector->mac, sizeof(mac));
}

static void frame_vector_desc(const struct rpmb_mac_vector *vector, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s %u bytes",
		 vector->format == RPMB_FRAME_NVME ? "nvme" : "jedec",
		 vector->len);
}

KUNIT_ARRAY_PARAM(frame_vector, rpmb_mac_vectors, frame_vector_desc);

static void frame_block_size_test(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 256, rpmb_block_size(RPMB_FRAME_JEDEC));
	KUNIT_EXPECT_EQ(test, 512, rpmb_block_size(RPMB_FRAME_NVME));
}

static void frame_len_test(struct kunit *test)
{
	/* What has no data is still a frame */
	KUNIT_EXPECT_EQ(test, 512, rpmb_frames_len(RPMB_FRAME_JEDEC, 0));
	KUNIT_EXPECT_EQ(test, 512, rpmb_frames_len(RPMB_FRAME_JEDEC, 1));
	KUNIT_EXPECT_EQ(test, 16384, rpmb_frames_len(RPMB_FRAME_JEDEC, 32));
	KUNIT_EXPECT_EQ(test, 256, rpmb_frames_len(RPMB_FRAME_NVME, 0));
	KUNIT_EXPECT_EQ(test, 768, rpmb_frames_len(RPMB_FRAME_NVME, 1));
	KUNIT_EXPECT_EQ(test, 4352, rpmb_frames_len(RPMB_FRAME_NVME, 8));
}

static void frame_blocks_test(struct kunit *test)
{
	static const struct {
		enum rpmb_frame_format format;
		unsigned int len;
		int blocks;
	} cases[] = {
		{ RPMB_FRAME_JEDEC, 0, -EINVAL },
		{ RPMB_FRAME_JEDEC, 1, -EINVAL },
		{ RPMB_FRAME_JEDEC, 511, -EINVAL },
		{ RPMB_FRAME_JEDEC, 512, 1 },
		{ RPMB_FRAME_JEDEC, 513, -EINVAL },
		{ RPMB_FRAME_JEDEC, 768, -EINVAL },
		{ RPMB_FRAME_JEDEC, 1024, 2 },
		{ RPMB_FRAME_JEDEC, RPMB_MAX_LEN, 1024 },
		{ RPMB_FRAME_NVME, 0, -EINVAL },
		{ RPMB_FRAME_NVME, 255, -EINVAL },
		{ RPMB_FRAME_NVME, 256, 0 },
		{ RPMB_FRAME_NVME, 257, -EINVAL },
		{ RPMB_FRAME_NVME, 512, -EINVAL },
		{ RPMB_FRAME_NVME, 768, 1 },
		{ RPMB_FRAME_NVME, 4352, 8 },
		{ RPMB_FRAME_NVME, RPMB_MAX_LEN, -EINVAL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, cases[i].blocks,
				    rpmb_frames_blocks(cases[i].format,
						       cases[i].len),
				    "format %d, %u bytes", cases[i].format,
				    cases[i].len);
}

/* What is not a field must survive, so it is no zero */
static u8 *frame_filled(struct kunit *test, unsigned int len)
{
	u8 *frames = kunit_kzalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, frames);
	memset(frames, 0xee, len);
	return frames;
}

static void frame_jedec_layout_test(struct kunit *test)
{
	u8 *frames = frame_filled(test, 1024), *frame;

	rpmb_frames_set(RPMB_FRAME_JEDEC, frames, 1024, &frame_fields);
	for (frame = frames; frame < frames + 1024; frame += 512) {
		KUNIT_EXPECT_NULL(test, memchr_inv(frame, 0xee, 484));
		KUNIT_EXPECT_MEMEQ(test, frame + 484, frame_fields.nonce, 16);
		KUNIT_EXPECT_EQ(test, 0x01020304,
				get_unaligned_be32(frame + 500));
		KUNIT_EXPECT_EQ(test, 0x1122, get_unaligned_be16(frame + 504));
		KUNIT_EXPECT_EQ(test, 0x3344, get_unaligned_be16(frame + 506));
		KUNIT_EXPECT_EQ(test, 0x0586, get_unaligned_be16(frame + 508));
		KUNIT_EXPECT_EQ(test, 0x0304, get_unaligned_be16(frame + 510));
	}
}

static void frame_nvme_layout_test(struct kunit *test)
{
	struct rpmb_fields fields = frame_fields;
	u8 *frame = frame_filled(test, 1280);

	fields.target = 6;
	fields.addr = 0x11223344;
	fields.count = 0x55667788;
	rpmb_frames_set(RPMB_FRAME_NVME, frame, 1280, &fields);
	KUNIT_EXPECT_NULL(test, memchr_inv(frame, 0xee, 223));
	KUNIT_EXPECT_EQ(test, 6, frame[223]);
	KUNIT_EXPECT_MEMEQ(test, frame + 224, frame_fields.nonce, 16);
	KUNIT_EXPECT_EQ(test, 0x01020304, get_unaligned_le32(frame + 240));
	KUNIT_EXPECT_EQ(test, 0x11223344, get_unaligned_le32(frame + 244));
	KUNIT_EXPECT_EQ(test, 0x55667788, get_unaligned_le32(frame + 248));
	KUNIT_EXPECT_EQ(test, 0x0586, get_unaligned_le16(frame + 252));
	KUNIT_EXPECT_EQ(test, 0x0304, get_unaligned_le16(frame + 254));
	KUNIT_EXPECT_NULL(test, memchr_inv(frame + 256, 0xee, 1024));
}

static void frame_get_test(struct kunit *test)
{
	enum rpmb_frame_format format;

	for (format = RPMB_FRAME_JEDEC; format <= RPMB_FRAME_NVME; format++) {
		struct rpmb_fields want = frame_fields, fields;
		u8 *frames = frame_filled(test, 512);

		want.target = format == RPMB_FRAME_NVME ? 5 : 0;
		rpmb_frames_set(format, frames, rpmb_frames_len(format, 0),
				&want);
		rpmb_frames_get(format, frames, &fields);
		KUNIT_EXPECT_EQ(test, want.type, fields.type);
		KUNIT_EXPECT_EQ(test, want.result, fields.result);
		KUNIT_EXPECT_EQ(test, want.counter, fields.counter);
		KUNIT_EXPECT_EQ(test, want.addr, fields.addr);
		KUNIT_EXPECT_EQ(test, want.count, fields.count);
		KUNIT_EXPECT_EQ(test, want.target, fields.target);
		KUNIT_EXPECT_MEMEQ(test, fields.nonce, want.nonce, 16);
		KUNIT_EXPECT_EQ(test, want.type,
				rpmb_frames_type(format, frames));
	}
}

static void frame_places_test(struct kunit *test)
{
	u8 *frames = frame_filled(test, 2048);

	KUNIT_EXPECT_PTR_EQ(test, (u8 *)frames + 228,
			    (u8 *)rpmb_frames_data(RPMB_FRAME_JEDEC, frames, 0));
	KUNIT_EXPECT_PTR_EQ(test, (u8 *)frames + 2 * 512 + 228,
			    (u8 *)rpmb_frames_data(RPMB_FRAME_JEDEC, frames, 2));
	KUNIT_EXPECT_PTR_EQ(test, (u8 *)frames + 256,
			    (u8 *)rpmb_frames_data(RPMB_FRAME_NVME, frames, 0));
	KUNIT_EXPECT_PTR_EQ(test, (u8 *)frames + 256 + 2 * 512,
			    (u8 *)rpmb_frames_data(RPMB_FRAME_NVME, frames, 2));
	/* The last frame has it */
	KUNIT_EXPECT_PTR_EQ(test, frames + 196,
			    rpmb_frames_key_mac(RPMB_FRAME_JEDEC, frames, 512));
	KUNIT_EXPECT_PTR_EQ(test, frames + 3 * 512 + 196,
			    rpmb_frames_key_mac(RPMB_FRAME_JEDEC, frames, 2048));
	KUNIT_EXPECT_PTR_EQ(test, frames + 191,
			    rpmb_frames_key_mac(RPMB_FRAME_NVME, frames, 1792));
}

static void frame_agree_test(struct kunit *test)
{
	/* A byte of each field, the last one of which may differ */
	static const struct {
		unsigned int offset;
		bool agree;
	} bytes[] = {
		{ 500, false }, { 503, false },	/* counter */
		{ 504, false }, { 505, false },	/* address */
		{ 506, false }, { 507, false },	/* block count */
		{ 510, false }, { 511, false },	/* type */
		{ 0, true },			/* stuff */
		{ 196, true },			/* MAC: in one frame only */
		{ 228, true },			/* data */
	};
	u8 *frames = frame_filled(test, 1536);
	unsigned int i, frame;

	rpmb_frames_set(RPMB_FRAME_JEDEC, frames, 1536, &frame_fields);
	KUNIT_EXPECT_TRUE(test, rpmb_frames_agree(RPMB_FRAME_JEDEC, frames,
						  1536));
	for (i = 0; i < ARRAY_SIZE(bytes); i++)
		for (frame = 0; frame < 3; frame++) {
			u8 *byte = &frames[512 * frame + bytes[i].offset];

			*byte ^= 1;
			KUNIT_EXPECT_EQ_MSG(test, bytes[i].agree,
					    rpmb_frames_agree(RPMB_FRAME_JEDEC,
							      frames, 1536),
					    "frame %u, byte %u", frame,
					    bytes[i].offset);
			*byte ^= 1;
		}
}

static struct kunit_case frame_cases[] = {
	KUNIT_CASE_PARAM(frame_mac_test, frame_vector_gen_params),
	KUNIT_CASE(frame_block_size_test),
	KUNIT_CASE(frame_len_test),
	KUNIT_CASE(frame_blocks_test),
	KUNIT_CASE(frame_jedec_layout_test),
	KUNIT_CASE(frame_nvme_layout_test),
	KUNIT_CASE(frame_get_test),
	KUNIT_CASE(frame_places_test),
	KUNIT_CASE(frame_agree_test),
	{}
};

static struct kunit_suite frame_suite = {
	.name = "rpmb-frame",
	.test_cases = frame_cases,
};

kunit_test_suite(frame_suite);
