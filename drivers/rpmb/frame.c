// SPDX-License-Identifier: GPL-2.0-only
/*
 * RPMB frames in both formats: fields and lengths; no I/O
 *
 * A JEDEC access is as many struct rpmb_frame as it has blocks of data, and one
 * if it has none. An NVMe access is one struct rpmb_nvme_frame with all its data
 * behind it. Lengths given to these functions are lengths of such accesses, which
 * rpmb_frames_blocks() checks, if nothing else is said.
 */
#include <asm/byteorder.h>
#include <linux/align.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/string.h>

#include "frame.h"

#define JEDEC_FRAME sizeof(struct rpmb_frame)
#define JEDEC_BLOCK sizeof_field(struct rpmb_frame, data)
#define NVME_HEADER sizeof(struct rpmb_nvme_frame)
#define NVME_SECTOR 512

static_assert(JEDEC_FRAME == 512);
static_assert(NVME_HEADER == 256);

/**
 * rpmb_block_size() - size of a block of data
 * @format: frame format
 *
 * Return: bytes in a block, which is the unit of addresses and counts
 */
unsigned int rpmb_block_size(enum rpmb_frame_format format)
{
	return format == RPMB_FRAME_NVME ? NVME_SECTOR : JEDEC_BLOCK;
}
EXPORT_SYMBOL_RPMB(rpmb_block_size);

/**
 * rpmb_frames_len() - length of an access
 * @format: frame format
 * @blocks: blocks of data, not more than fit in RPMB_MAX_LEN
 *
 * Return: bytes of the frames that carry @blocks blocks
 */
unsigned int rpmb_frames_len(enum rpmb_frame_format format,
			     unsigned int blocks)
{
	if (format == RPMB_FRAME_NVME)
		return NVME_HEADER + blocks * NVME_SECTOR;
	return (blocks ?: 1) * JEDEC_FRAME;
}
EXPORT_SYMBOL_RPMB(rpmb_frames_len);

/**
 * rpmb_frames_blocks() - blocks of data for which frames have room
 * @format: frame format
 * @len: any length
 *
 * Return: a number of blocks, or -EINVAL if no access is @len bytes long
 */
int rpmb_frames_blocks(enum rpmb_frame_format format, unsigned int len)
{
	unsigned int header = format == RPMB_FRAME_NVME ? NVME_HEADER : 0;

	if (!len || len < header || !IS_ALIGNED(len - header, JEDEC_FRAME))
		return -EINVAL;
	/* A frame of JEDEC's and a sector of NVMe's are of one size */
	BUILD_BUG_ON(JEDEC_FRAME != NVME_SECTOR);
	return (len - header) / JEDEC_FRAME;
}
EXPORT_SYMBOL_RPMB(rpmb_frames_blocks);

/**
 * rpmb_frames_max_blocks() - most blocks that an access can carry
 * @format: frame format
 *
 * Return: blocks of data for which RPMB_MAX_LEN bytes of frames have room
 */
unsigned int rpmb_frames_max_blocks(enum rpmb_frame_format format)
{
	unsigned int header = format == RPMB_FRAME_NVME ? NVME_HEADER : 0;

	return (RPMB_MAX_LEN - header) / JEDEC_FRAME;
}
EXPORT_SYMBOL_RPMB(rpmb_frames_max_blocks);

/**
 * rpmb_frames_type() - type of an access
 * @format: frame format
 * @frames: the access
 *
 * Return: request or response type of the first frame
 */
u16 rpmb_frames_type(enum rpmb_frame_format format, const void *frames)
{
	const struct rpmb_nvme_frame *nvme = frames;
	const struct rpmb_frame *jedec = frames;

	return format == RPMB_FRAME_NVME ? le16_to_cpu(nvme->req_resp) :
					   be16_to_cpu(jedec->req_resp);
}
EXPORT_SYMBOL_RPMB(rpmb_frames_type);

static void jedec_get(const struct rpmb_frame *frame,
		      struct rpmb_fields *fields)
{
	*fields = (struct rpmb_fields) {
		.type = be16_to_cpu(frame->req_resp),
		.result = be16_to_cpu(frame->result),
		.counter = be32_to_cpu(frame->write_counter),
		.addr = be16_to_cpu(frame->addr),
		.count = be16_to_cpu(frame->block_count),
	};
	memcpy(fields->nonce, frame->nonce, sizeof(fields->nonce));
}

static void nvme_get(const struct rpmb_nvme_frame *frame,
		     struct rpmb_fields *fields)
{
	*fields = (struct rpmb_fields) {
		.type = le16_to_cpu(frame->req_resp),
		.result = le16_to_cpu(frame->result),
		.counter = le32_to_cpu(frame->write_counter),
		.addr = le32_to_cpu(frame->addr),
		.count = le32_to_cpu(frame->sector_count),
		.target = frame->target,
	};
	memcpy(fields->nonce, frame->nonce, sizeof(fields->nonce));
}

/**
 * rpmb_frames_get() - read the fields of a frame
 * @format: frame format
 * @frame: one frame
 * @fields: its fields
 */
void rpmb_frames_get(enum rpmb_frame_format format, const void *frame,
		     struct rpmb_fields *fields)
{
	if (format == RPMB_FRAME_NVME)
		nvme_get(frame, fields);
	else
		jedec_get(frame, fields);
}
EXPORT_SYMBOL_RPMB(rpmb_frames_get);

/**
 * rpmb_frames_get_last() - read the fields of the last frame of an access
 * @format: frame format
 * @frames: the access
 * @len: its bytes
 * @fields: the fields: nonce and result of a response are sure to be there
 */
void rpmb_frames_get_last(enum rpmb_frame_format format, const void *frames,
			  unsigned int len, struct rpmb_fields *fields)
{
	if (format == RPMB_FRAME_NVME)
		nvme_get(frames, fields);
	else
		jedec_get(frames + len - JEDEC_FRAME, fields);
}

/**
 * rpmb_frames_agree() - compare the frames of an access
 * @format: frame format
 * @frames: the access
 * @len: its bytes
 *
 * Return: true if type, address, count and counter are the same in all frames
 */
bool rpmb_frames_agree(enum rpmb_frame_format format, const void *frames,
		       unsigned int len)
{
	const struct rpmb_frame *first = frames, *frame;

	if (format == RPMB_FRAME_NVME)
		return true;

	for (frame = first; frame < first + len / JEDEC_FRAME; frame++)
		if (frame->req_resp != first->req_resp ||
		    frame->addr != first->addr ||
		    frame->block_count != first->block_count ||
		    frame->write_counter != first->write_counter)
			return false;
	return true;
}
EXPORT_SYMBOL_RPMB(rpmb_frames_agree);

static void jedec_set(struct rpmb_frame *frame,
		      const struct rpmb_fields *fields)
{
	frame->req_resp = cpu_to_be16(fields->type);
	frame->result = cpu_to_be16(fields->result);
	frame->write_counter = cpu_to_be32(fields->counter);
	frame->addr = cpu_to_be16(fields->addr);
	frame->block_count = cpu_to_be16(fields->count);
	memcpy(frame->nonce, fields->nonce, sizeof(frame->nonce));
}

static void nvme_set(struct rpmb_nvme_frame *frame,
		     const struct rpmb_fields *fields)
{
	frame->req_resp = cpu_to_le16(fields->type);
	frame->result = cpu_to_le16(fields->result);
	frame->write_counter = cpu_to_le32(fields->counter);
	frame->addr = cpu_to_le32(fields->addr);
	frame->sector_count = cpu_to_le32(fields->count);
	frame->target = fields->target;
	memcpy(frame->nonce, fields->nonce, sizeof(frame->nonce));
}

/**
 * rpmb_frames_set() - write the fields of an access
 * @format: frame format
 * @frames: the access, zeroed or with data
 * @len: its bytes
 * @fields: what to write into each of its frames
 */
void rpmb_frames_set(enum rpmb_frame_format format, void *frames,
		     unsigned int len, const struct rpmb_fields *fields)
{
	struct rpmb_frame *frame = frames;
	unsigned int i;

	if (format == RPMB_FRAME_NVME)
		return nvme_set(frames, fields);

	for (i = 0; i < len / JEDEC_FRAME; i++)
		jedec_set(&frame[i], fields);
}
EXPORT_SYMBOL_RPMB(rpmb_frames_set);

/**
 * rpmb_frames_set_count() - write the block count of an access of one frame
 * @format: frame format
 * @frame: the frame
 * @count: blocks, at most U16_MAX
 */
void rpmb_frames_set_count(enum rpmb_frame_format format, void *frame,
			   unsigned int count)
{
	struct rpmb_nvme_frame *nvme = frame;
	struct rpmb_frame *jedec = frame;

	if (format == RPMB_FRAME_NVME)
		nvme->sector_count = cpu_to_le32(count);
	else
		jedec->block_count = cpu_to_be16(count);
}

/**
 * rpmb_frames_data() - find a block of data
 * @format: frame format
 * @frames: the access
 * @i: which block, less than what rpmb_frames_blocks() says
 *
 * Return: where the block is
 */
void *rpmb_frames_data(enum rpmb_frame_format format, void *frames,
		       unsigned int i)
{
	struct rpmb_nvme_frame *nvme = frames;
	struct rpmb_frame *jedec = frames;

	return format == RPMB_FRAME_NVME ? &nvme->data[i * NVME_SECTOR] :
					   jedec[i].data;
}
EXPORT_SYMBOL_RPMB(rpmb_frames_data);

/**
 * rpmb_frames_key_mac() - find the key or the MAC
 * @format: frame format
 * @frames: the access
 * @len: its bytes
 *
 * Return: where the RPMB_KEY_SIZE bytes are: in the last frame
 */
u8 *rpmb_frames_key_mac(enum rpmb_frame_format format, void *frames,
			unsigned int len)
{
	struct rpmb_nvme_frame *nvme = frames;
	struct rpmb_frame *jedec = frames;

	return format == RPMB_FRAME_NVME ? nvme->key_mac :
					   jedec[len / JEDEC_FRAME - 1].key_mac;
}
EXPORT_SYMBOL_RPMB(rpmb_frames_key_mac);
