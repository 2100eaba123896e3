/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RPMB frames in both formats: fields, lengths and MACs; no I/O
 */
#ifndef __RPMB_FRAME_H
#define __RPMB_FRAME_H

#include <linux/export.h>
#include <linux/types.h>
#include <uapi/linux/rpmb.h>

#include "hmac.h"

/*
 * For the modules of this directory alone. The macros for namespaces that modules use
 * take a word or a string, whichever the kernel's version wants; this is what is
 * behind them. To import it: MODULE_INFO(import_ns, RPMB_NAMESPACE).
 */
#define RPMB_NAMESPACE "RPMB"
#define EXPORT_SYMBOL_RPMB(sym) __EXPORT_SYMBOL(sym, "GPL", RPMB_NAMESPACE)

#define RPMB_NONCE_SIZE 16

/**
 * struct rpmb_fields - what the frames of one access say
 * @type: enum rpmb_request_type, or that shifted left by 8 in responses
 * @result: enum rpmb_result, in responses
 * @counter: write counter
 * @addr: first block
 * @count: blocks of the access
 * @target: NVMe target
 * @nonce: nonce
 */
struct rpmb_fields {
	u16 type;
	u16 result;
	u32 counter;
	u32 addr;
	u32 count;
	u8 target;
	u8 nonce[RPMB_NONCE_SIZE];
};

unsigned int rpmb_block_size(enum rpmb_frame_format format);
unsigned int rpmb_frames_len(enum rpmb_frame_format format,
			     unsigned int blocks);
int rpmb_frames_blocks(enum rpmb_frame_format format, unsigned int len);
unsigned int rpmb_frames_max_blocks(enum rpmb_frame_format format);
u16 rpmb_frames_type(enum rpmb_frame_format format, const void *frames);
void rpmb_frames_get(enum rpmb_frame_format format, const void *frame,
		     struct rpmb_fields *fields);
void rpmb_frames_get_last(enum rpmb_frame_format format, const void *frames,
			  unsigned int len, struct rpmb_fields *fields);
bool rpmb_frames_agree(enum rpmb_frame_format format, const void *frames,
		       unsigned int len);
void rpmb_frames_set(enum rpmb_frame_format format, void *frames,
		     unsigned int len, const struct rpmb_fields *fields);
void rpmb_frames_set_count(enum rpmb_frame_format format, void *frame,
			   unsigned int count);
void *rpmb_frames_data(enum rpmb_frame_format format, void *frames,
		       unsigned int i);
u8 *rpmb_frames_key_mac(enum rpmb_frame_format format, void *frames,
			unsigned int len);
int rpmb_frames_mac(enum rpmb_frame_format format, const void *frames,
		    unsigned int len, struct rpmb_hmac *hmac, u8 *mac);

#endif /* __RPMB_FRAME_H */
