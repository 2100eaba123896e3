/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RPMB requests and responses as a guest makes and checks them; the MACs are
 * OpenSSL's
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <linux/rpmb.h>

#include "frontend.h"

#define KEY_LEN 32
#define NONCE_LEN 16
#define BLOCK 256
#define FRAME sizeof(struct rpmb_frame)
#define UNIT_BLOCKS 512		/* blocks in a unit of capacity */
#define MAX_FRAMES 1026

/* What a request says; zero where nothing is given */
struct fields {
	uint16_t type;
	uint16_t addr;
	uint16_t count;
	uint32_t counter;
	const uint8_t *nonce;
};

extern const uint8_t test_key[KEY_LEN];

void frames_init(struct rpmb_frame *frames, unsigned int nr,
		 const struct fields *fields);
void frames_mac(const struct rpmb_frame *frames, unsigned int nr,
		const uint8_t *key, uint8_t mac[32]);
void frames_sign(struct rpmb_frame *frames, unsigned int nr,
		 const uint8_t *key);
bool frames_signed(const struct rpmb_frame *frames, unsigned int nr,
		   const uint8_t *key);
void random_bytes(void *buf, size_t len);
/* Blocks that show where they belong and of which write they are */
void pattern(uint8_t *data, unsigned int nr, unsigned int addr,
	     uint32_t version);

/* A write request of @nr frames without the result read */
void make_write(struct rpmb_frame *frames, unsigned int nr, uint16_t addr,
		uint32_t counter, const uint8_t *data, const uint8_t *key);
void make_result_read(struct rpmb_frame *frame);

/*
 * Carry @nr_out frames out and @nr_in frames in, one descriptor each; return the
 * used length. submit_frames() does not wait and leaves the response in guest
 * memory, where fetch_frames() gets it.
 */
uint32_t transact(struct frontend *fe, const struct rpmb_frame *out,
		  unsigned int nr_out, struct rpmb_frame *in,
		  unsigned int nr_in);
void submit_frames(struct frontend *fe, const struct rpmb_frame *out,
		   unsigned int nr_out, unsigned int nr_in);
void fetch_frames(struct frontend *fe, struct rpmb_frame *in,
		  unsigned int nr_in);

/*
 * Whole operations. They return the result field, and check all that has to be
 * right whatever the result is: lengths, types, nonces, MACs.
 */
uint16_t guest_program_key(struct frontend *fe, const uint8_t *key);
uint16_t guest_counter(struct frontend *fe, const uint8_t *key,
		       uint32_t *counter);
uint16_t guest_write(struct frontend *fe, const uint8_t *key, uint16_t addr,
		     unsigned int nr, uint32_t counter, const uint8_t *data);
uint16_t guest_read(struct frontend *fe, const uint8_t *key, uint16_t addr,
		    unsigned int nr, uint8_t *data);

/* Ask for the counter, or to have the key, and do not wait */
void submit_count(struct frontend *fe);
void submit_key(struct frontend *fe);

/* The same as above where nothing else but success will do */
void must_program_key(struct frontend *fe);
uint32_t must_count(struct frontend *fe);
void must_write(struct frontend *fe, uint16_t addr, unsigned int nr,
		uint32_t counter, const uint8_t *data);
void must_read(struct frontend *fe, uint16_t addr, unsigned int nr,
	       uint8_t *data);
/* Nothing else but these blocks is at @addr */
void must_hold(struct frontend *fe, uint16_t addr, unsigned int nr,
	       const uint8_t *data);

#endif /* CLIENT_H */
