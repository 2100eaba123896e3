/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * RPMB frames in both formats: fields, lengths and MACs; no I/O
 *
 * Shared by librpmb, which makes requests and checks responses, and by the RPMB
 * engine, which checks requests and makes responses.
 */
#ifndef RPMB_FRAME_H
#define RPMB_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/rpmb.h>

#define RPMB_KEY_LEN 32
#define RPMB_MAC_LEN 32
#define RPMB_NONCE_LEN 16

/* The fields of an access, in the CPU's byte order; the same in all its frames */
struct rpmb_fields {
	uint16_t type;			/* enum rpmb_request_type, << 8 in responses */
	uint16_t result;
	uint32_t counter;
	uint32_t addr;			/* first block */
	uint32_t count;			/* blocks */
	uint8_t target;			/* NVMe */
	uint8_t nonce[RPMB_NONCE_LEN];
};

/*
 * The type of the response to a request; 0, which is nobody's, if what should be the
 * request's type is too big to be one
 */
static inline uint16_t rpmb_response_type(uint16_t type)
{
	return type <= UINT8_MAX ? type << 8 : 0;
}

/* Bytes in a block: 256 or 512 */
unsigned int rpmb_block_size(enum rpmb_frame_format format);

/*
 * Bytes of the frames of an access that carries @blocks blocks of data; 0 blocks
 * are still one frame
 */
size_t rpmb_frames_len(enum rpmb_frame_format format, unsigned int blocks);

/* Blocks of data that @len bytes of frames carry, -1 if @len is no such length */
int rpmb_frames_blocks(enum rpmb_frame_format format, size_t len);

/*
 * Write the fields into all frames of an access of @len bytes; the rest of the
 * frames is zeroed
 */
void rpmb_frames_init(enum rpmb_frame_format format, void *frames, size_t len,
		      const struct rpmb_fields *fields);

/* Read the fields of the last frame; false if the frames contradict each other */
bool rpmb_frames_parse(enum rpmb_frame_format format, const void *frames,
		       size_t len, struct rpmb_fields *fields);

/* Where block @i of the data is */
void *rpmb_frames_data(enum rpmb_frame_format format, void *frames,
		       unsigned int i);

/* Where the key or the MAC is: in the last frame */
uint8_t *rpmb_frames_mac(enum rpmb_frame_format format, void *frames,
			 size_t len);

/* The MAC of an access, whatever its MAC field says */
void rpmb_frames_hmac(enum rpmb_frame_format format, const void *frames,
		      size_t len, const uint8_t key[RPMB_KEY_LEN],
		      uint8_t mac[RPMB_MAC_LEN]);

#endif /* RPMB_FRAME_H */
