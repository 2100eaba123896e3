// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * RPMB frames in both formats: fields, lengths and MACs; no I/O
 *
 * Both formats have one header that stands for a whole access. JEDEC repeats it
 * in front of each block, NVMe has it once in front of all data.
 */
#include <assert.h>
#include <endian.h>
#include <string.h>
#include <nettle/hmac.h>

#include "frame.h"

#define JEDEC_LEN sizeof(struct rpmb_frame)
#define JEDEC_BLOCK sizeof(((struct rpmb_frame *)0)->data)
#define NVME_HEADER sizeof(struct rpmb_nvme_frame)
#define NVME_BLOCK 512

/* The MACs start behind the field that holds them */
#define JEDEC_MAC_START offsetof(struct rpmb_frame, data)
#define NVME_MAC_START offsetof(struct rpmb_nvme_frame, target)

static_assert(JEDEC_LEN == 512, "JEDEC frames have 512 bytes");
static_assert(NVME_HEADER == 256, "NVMe headers have 256 bytes");

unsigned int rpmb_block_size(enum rpmb_frame_format format)
{
	return format == RPMB_FRAME_NVME ? NVME_BLOCK : JEDEC_BLOCK;
}

size_t rpmb_frames_len(enum rpmb_frame_format format, unsigned int blocks)
{
	if (format == RPMB_FRAME_NVME)
		return NVME_HEADER + (size_t)blocks * NVME_BLOCK;
	return (blocks ? blocks : 1) * JEDEC_LEN;
}

int rpmb_frames_blocks(enum rpmb_frame_format format, size_t len)
{
	if (format == RPMB_FRAME_NVME) {
		if (len < NVME_HEADER || (len - NVME_HEADER) % NVME_BLOCK)
			return -1;
		return (len - NVME_HEADER) / NVME_BLOCK;
	}
	if (!len || len % JEDEC_LEN)
		return -1;
	return len / JEDEC_LEN;
}

static void jedec_init(struct rpmb_frame *frame, size_t nr,
		       const struct rpmb_fields *fields)
{
	for (; nr; nr--, frame++) {
		memcpy(frame->nonce, fields->nonce, sizeof(frame->nonce));
		frame->write_counter = htobe32(fields->counter);
		frame->addr = htobe16(fields->addr);
		frame->block_count = htobe16(fields->count);
		frame->result = htobe16(fields->result);
		frame->req_resp = htobe16(fields->type);
	}
}

static void nvme_init(struct rpmb_nvme_frame *frame,
		      const struct rpmb_fields *fields)
{
	frame->target = fields->target;
	memcpy(frame->nonce, fields->nonce, sizeof(frame->nonce));
	frame->write_counter = htole32(fields->counter);
	frame->addr = htole32(fields->addr);
	frame->sector_count = htole32(fields->count);
	frame->result = htole16(fields->result);
	frame->req_resp = htole16(fields->type);
}

void rpmb_frames_init(enum rpmb_frame_format format, void *frames, size_t len,
		      const struct rpmb_fields *fields)
{
	memset(frames, 0, len);
	if (format == RPMB_FRAME_NVME)
		nvme_init(frames, fields);
	else
		jedec_init(frames, len / JEDEC_LEN, fields);
}

/*
 * Nonce and result count only in the last frame: that is where devices are
 * known to put them.
 */
static bool jedec_agree(const struct rpmb_frame *a, const struct rpmb_frame *b)
{
	return a->req_resp == b->req_resp &&
	       a->addr == b->addr &&
	       a->block_count == b->block_count &&
	       a->write_counter == b->write_counter;
}

static bool jedec_parse(const struct rpmb_frame *frames, size_t nr,
			struct rpmb_fields *fields)
{
	const struct rpmb_frame *last = &frames[nr - 1];
	size_t i;

	fields->type = be16toh(last->req_resp);
	fields->result = be16toh(last->result);
	fields->counter = be32toh(last->write_counter);
	fields->addr = be16toh(last->addr);
	fields->count = be16toh(last->block_count);
	fields->target = 0;
	memcpy(fields->nonce, last->nonce, sizeof(fields->nonce));

	for (i = 0; i < nr - 1; i++)
		if (!jedec_agree(&frames[i], last))
			return false;
	return true;
}

static void nvme_parse(const struct rpmb_nvme_frame *frame,
		       struct rpmb_fields *fields)
{
	fields->type = le16toh(frame->req_resp);
	fields->result = le16toh(frame->result);
	fields->counter = le32toh(frame->write_counter);
	fields->addr = le32toh(frame->addr);
	fields->count = le32toh(frame->sector_count);
	fields->target = frame->target;
	memcpy(fields->nonce, frame->nonce, sizeof(fields->nonce));
}

bool rpmb_frames_parse(enum rpmb_frame_format format, const void *frames,
		       size_t len, struct rpmb_fields *fields)
{
	if (rpmb_frames_blocks(format, len) < 0)
		return false;
	if (format == RPMB_FRAME_JEDEC)
		return jedec_parse(frames, len / JEDEC_LEN, fields);
	nvme_parse(frames, fields);
	return true;
}

void *rpmb_frames_data(enum rpmb_frame_format format, void *frames,
		       unsigned int i)
{
	if (format == RPMB_FRAME_NVME)
		return (uint8_t *)frames + NVME_HEADER + (size_t)i * NVME_BLOCK;
	return ((struct rpmb_frame *)frames)[i].data;
}

uint8_t *rpmb_frames_mac(enum rpmb_frame_format format, void *frames,
			 size_t len)
{
	if (format == RPMB_FRAME_NVME)
		return ((struct rpmb_nvme_frame *)frames)->key_mac;
	return ((struct rpmb_frame *)frames)[len / JEDEC_LEN - 1].key_mac;
}

static void hmac_from(struct hmac_sha256_ctx *ctx, const uint8_t *frame,
		      size_t start, size_t len)
{
	hmac_sha256_update(ctx, len - start, frame + start);
}

void rpmb_frames_hmac(enum rpmb_frame_format format, const void *frames,
		      size_t len, const uint8_t key[RPMB_KEY_LEN],
		      uint8_t mac[RPMB_MAC_LEN])
{
	const uint8_t *frame = frames;
	const uint8_t *end = frame + len;
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, RPMB_KEY_LEN, key);
	if (format == RPMB_FRAME_NVME)
		hmac_from(&ctx, frame, NVME_MAC_START, len);
	else
		for (; frame < end; frame += JEDEC_LEN)
			hmac_from(&ctx, frame, JEDEC_MAC_START, JEDEC_LEN);
	hmac_sha256_digest(&ctx, RPMB_MAC_LEN, mac);
	explicit_bzero(&ctx, sizeof(ctx));
}
