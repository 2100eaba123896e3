// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames: lengths, places of the fields, MACs
 */
#include <string.h>

#define __aligned(n) __attribute__((aligned(n)))

#include "blake2b.h"
#include "frame.h"
#include "tap.h"
#include "../../../drivers/rpmb/tests/ufs_ids.h"
#include "../../../drivers/rpmb/tests/vectors.h"

static const struct rpmb_fields fields = {
	.type = 0x0102,
	.result = 0x0304,
	.counter = 0x05060708,
	.addr = 0x090a,
	.count = 0x0b0c,
	.target = 0x0d,
	.nonce = "nonce of 16 byte",
};

static void test_lengths(void)
{
	expect_eq(rpmb_block_size(RPMB_FRAME_JEDEC), 256);
	expect_eq(rpmb_block_size(RPMB_FRAME_NVME), 512);
	expect_eq(rpmb_frames_len(RPMB_FRAME_JEDEC, 0), 512);
	expect_eq(rpmb_frames_len(RPMB_FRAME_JEDEC, 1), 512);
	expect_eq(rpmb_frames_len(RPMB_FRAME_JEDEC, 128), 65536);
	expect_eq(rpmb_frames_len(RPMB_FRAME_NVME, 0), 256);
	expect_eq(rpmb_frames_len(RPMB_FRAME_NVME, 127), 65280);
}

static void test_block_counts(void)
{
	expect_eq(rpmb_frames_blocks(RPMB_FRAME_JEDEC, 512), 1);
	expect_eq(rpmb_frames_blocks(RPMB_FRAME_JEDEC, 65536), 128);
	expect_eq(rpmb_frames_blocks(RPMB_FRAME_NVME, 256), 0);
	expect_eq(rpmb_frames_blocks(RPMB_FRAME_NVME, 768), 1);

	expect_eq(rpmb_frames_blocks(RPMB_FRAME_JEDEC, 0), -1);
	expect_eq(rpmb_frames_blocks(RPMB_FRAME_JEDEC, 256), -1);
	expect_eq(rpmb_frames_blocks(RPMB_FRAME_JEDEC, 513), -1);
	expect_eq(rpmb_frames_blocks(RPMB_FRAME_NVME, 0), -1);
	expect_eq(rpmb_frames_blocks(RPMB_FRAME_NVME, 255), -1);
	expect_eq(rpmb_frames_blocks(RPMB_FRAME_NVME, 512), -1);
}

/* The places of JESD84-B51, with most significant bytes first */
static void test_jedec_layout(void)
{
	static const uint8_t end[] = {
		5, 6, 7, 8, 9, 0xa, 0xb, 0xc, 3, 4, 1, 2
	};
	static const uint8_t zero[484];
	uint8_t frames[1024] __aligned(8);
	int i;

	memset(frames, 0xff, sizeof(frames));
	rpmb_frames_init(RPMB_FRAME_JEDEC, frames, sizeof(frames), &fields);
	for (i = 0; i < 1024; i += 512) {
		expect(!memcmp(frames + i, zero, 484));
		expect(!memcmp(frames + i + 484, fields.nonce, 16));
		expect(!memcmp(frames + i + 500, end, sizeof(end)));
	}
	expect(rpmb_frames_data(RPMB_FRAME_JEDEC, frames, 0) == frames + 228);
	expect(rpmb_frames_data(RPMB_FRAME_JEDEC, frames, 1) == frames + 740);
	expect(rpmb_frames_mac(RPMB_FRAME_JEDEC, frames, 1024) == frames + 708);
}

/* The places of NVM Express, with least significant bytes first */
static void test_nvme_layout(void)
{
	static const uint8_t end[] = {
		8, 7, 6, 5, 0xa, 9, 0, 0, 0xc, 0xb, 0, 0, 4, 3, 2, 1
	};
	static const uint8_t zero[1024];
	uint8_t frames[1280] __aligned(8);

	memset(frames, 0xff, sizeof(frames));
	rpmb_frames_init(RPMB_FRAME_NVME, frames, sizeof(frames), &fields);
	expect(!memcmp(frames, zero, 223));
	expect_eq(frames[223], 0x0d);
	expect(!memcmp(frames + 224, fields.nonce, 16));
	expect(!memcmp(frames + 240, end, sizeof(end)));
	expect(!memcmp(frames + 256, zero, 1024));
	expect(rpmb_frames_data(RPMB_FRAME_NVME, frames, 1) == frames + 768);
	expect(rpmb_frames_mac(RPMB_FRAME_NVME, frames, 1280) == frames + 191);
}

static void expect_fields(const struct rpmb_fields *found, uint8_t target)
{
	expect_eq(found->type, fields.type);
	expect_eq(found->result, fields.result);
	expect_eq(found->counter, fields.counter);
	expect_eq(found->addr, fields.addr);
	expect_eq(found->count, fields.count);
	expect_eq(found->target, target);
	expect(!memcmp(found->nonce, fields.nonce, sizeof(fields.nonce)));
}

static void test_parse(void)
{
	uint8_t frames[1280] __aligned(8);
	struct rpmb_fields found;

	rpmb_frames_init(RPMB_FRAME_JEDEC, frames, 1024, &fields);
	expect(rpmb_frames_parse(RPMB_FRAME_JEDEC, frames, 1024, &found));
	expect_fields(&found, 0);
	rpmb_frames_init(RPMB_FRAME_NVME, frames, 1280, &fields);
	expect(rpmb_frames_parse(RPMB_FRAME_NVME, frames, 1280, &found));
	expect_fields(&found, 0x0d);
	expect(!rpmb_frames_parse(RPMB_FRAME_NVME, frames, 512, &found));
	expect(!rpmb_frames_parse(RPMB_FRAME_JEDEC, frames, 0, &found));
}

/* Each field that must be the same in all frames, changed in one of them */
static void test_contradictions(void)
{
	static const unsigned int places[] = { 503, 505, 507, 511 };
	uint8_t frames[1536] __aligned(8);
	struct rpmb_fields found;
	unsigned int i, frame;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		for (frame = 0; frame < 3; frame++) {
			rpmb_frames_init(RPMB_FRAME_JEDEC, frames, 1536,
					 &fields);
			frames[512 * frame + places[i]] ^= 0x80;
			expect(!rpmb_frames_parse(RPMB_FRAME_JEDEC, frames,
						  1536, &found));
		}
}

static void test_vectors(void)
{
	const struct rpmb_mac_vector *vector = rpmb_mac_vectors;
	uint8_t mac[RPMB_MAC_LEN];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rpmb_mac_vectors); i++, vector++) {
		rpmb_frames_hmac(vector->format, vector->frames, vector->len,
				 vector->key, mac);
		if (memcmp(mac, vector->mac, sizeof(mac)))
			printf("# vector %zu\n", i);
		expect(!memcmp(mac, vector->mac, sizeof(mac)));
	}
}

static void test_ufs_ids(void)
{
	const struct ufs_id_vector *vector = ufs_id_vectors;
	uint8_t id[RPMB_BLAKE2B_LEN];
	char name[1024];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ufs_id_vectors); i++, vector++) {
		sprintf(name, "%s-R%u", vector->device_id, vector->region);
		rpmb_blake2b(name, strlen(name), id);
		if (memcmp(id, vector->id, sizeof(id)))
			printf("# vector %zu\n", i);
		expect(!memcmp(id, vector->id, sizeof(id)));
	}
}

static const struct test tests[] = {
	{ "frames: length of an access", test_lengths },
	{ "frames: blocks of an access, and lengths of none",
	  test_block_counts },
	{ "frames: places of the JEDEC fields", test_jedec_layout },
	{ "frames: places of the NVMe fields", test_nvme_layout },
	{ "frames: fields are read as they were written", test_parse },
	{ "frames: frames that contradict each other", test_contradictions },
	{ "frames: MACs are those of openssl", test_vectors },
	{ "UFS: identities are those of Python's hashlib", test_ufs_ids },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
