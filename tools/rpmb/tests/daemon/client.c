// SPDX-License-Identifier: GPL-2.0-only
/*
 * RPMB requests and responses as a guest makes and checks them
 */
#include <endian.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#include "client.h"
#include "tap.h"

#define RESPONSE(type) ((type) << 8)

const uint8_t test_key[KEY_LEN] = "a key of thirty-two bytes length";

void random_bytes(void *buf, size_t len)
{
	check(RAND_bytes(buf, len) == 1, "no random bytes");
}

void pattern(uint8_t *data, unsigned int nr, unsigned int addr,
	     uint32_t version)
{
	for (unsigned int i = 0; i < nr * BLOCK; i++)
		data[i] = addr + i / BLOCK + version * 7 + i * 13 +
			  (version >> 8);
}

void frames_init(struct rpmb_frame *frames, unsigned int nr,
		 const struct fields *fields)
{
	memset(frames, 0, nr * FRAME);
	for (unsigned int i = 0; i < nr; i++) {
		frames[i].req_resp = htobe16(fields->type);
		frames[i].addr = htobe16(fields->addr);
		frames[i].block_count = htobe16(fields->count);
		frames[i].write_counter = htobe32(fields->counter);
		if (fields->nonce)
			memcpy(frames[i].nonce, fields->nonce, NONCE_LEN);
	}
}

void frames_mac(const struct rpmb_frame *frames, unsigned int nr,
		const uint8_t *key, uint8_t mac[32])
{
	const size_t start = offsetof(struct rpmb_frame, data);
	uint8_t message[MAX_FRAMES * (FRAME - start)];
	const size_t piece = FRAME - start;

	for (unsigned int i = 0; i < nr; i++)
		memcpy(message + i * piece, frames[i].data, piece);
	check(HMAC(EVP_sha256(), key, KEY_LEN, message, nr * piece, mac, NULL),
	      "HMAC");
}

void frames_sign(struct rpmb_frame *frames, unsigned int nr,
		 const uint8_t *key)
{
	frames_mac(frames, nr, key, frames[nr - 1].key_mac);
}

bool frames_signed(const struct rpmb_frame *frames, unsigned int nr,
		   const uint8_t *key)
{
	uint8_t mac[32];

	frames_mac(frames, nr, key, mac);
	return !memcmp(mac, frames[nr - 1].key_mac, sizeof(mac));
}

void make_write(struct rpmb_frame *frames, unsigned int nr, uint16_t addr,
		uint32_t counter, const uint8_t *data, const uint8_t *key)
{
	struct fields fields = {
		.type = RPMB_WRITE_DATA, .addr = addr, .count = nr,
		.counter = counter,
	};

	frames_init(frames, nr, &fields);
	for (unsigned int i = 0; i < nr; i++)
		memcpy(frames[i].data, data + i * BLOCK, BLOCK);
	frames_sign(frames, nr, key);
}

void make_result_read(struct rpmb_frame *frame)
{
	frames_init(frame, 1, &(struct fields){
		.type = RPMB_RESULT_READ, .count = 1 });
}

static unsigned int frame_chunks(struct chunk *chunks, unsigned int nr,
				 size_t off, bool in)
{
	for (unsigned int i = 0; i < nr; i++)
		chunks[i] = (struct chunk){
			guest_addr(off + i * FRAME), FRAME, in };
	return nr;
}

void submit_frames(struct frontend *fe, const struct rpmb_frame *out,
		   unsigned int nr_out, unsigned int nr_in)
{
	struct chunk chunks[2 * MAX_FRAMES];
	unsigned int nr;

	memcpy(fe->mem + OUT_OFF, out, nr_out * FRAME);
	/* Something that a device has to overwrite */
	memset(fe->mem + IN_OFF, 0xa5, nr_in * FRAME);
	nr = frame_chunks(chunks, nr_out, OUT_OFF, false);
	nr += frame_chunks(chunks + nr, nr_in, IN_OFF, true);
	fe_write_chain(fe, 0, chunks, nr);
	fe_offer(fe, 0);
	fe_kick(fe);
}

void fetch_frames(struct frontend *fe, struct rpmb_frame *in,
		  unsigned int nr_in)
{
	memcpy(in, fe->mem + IN_OFF, nr_in * FRAME);
}

uint32_t transact(struct frontend *fe, const struct rpmb_frame *out,
		  unsigned int nr_out, struct rpmb_frame *in,
		  unsigned int nr_in)
{
	uint32_t len;

	submit_frames(fe, out, nr_out, nr_in);
	len = fe_wait_used(fe, NULL);
	fetch_frames(fe, in, nr_in);
	return len;
}

static void check_response(const struct rpmb_frame *resp, unsigned int nr,
			   uint16_t type, const uint8_t *nonce)
{
	static const uint8_t none[NONCE_LEN];

	for (unsigned int i = 0; i < nr; i++) {
		check_eq(be16toh(resp[i].req_resp), RESPONSE(type));
		check_eq(be16toh(resp[i].result), be16toh(resp[0].result));
		check(!memcmp(resp[i].nonce, nonce ? nonce : none, NONCE_LEN),
		      "frame %u", i);
	}
}

static bool has_key(uint16_t result)
{
	return result != RPMB_RES_NO_KEY;
}

/* A request for it, and one for the result */
static void make_key(struct rpmb_frame out[2], const uint8_t *key)
{
	frames_init(out, 1, &(struct fields){
		.type = RPMB_PROGRAM_KEY, .count = 1 });
	memcpy(out[0].key_mac, key, KEY_LEN);
	make_result_read(&out[1]);
}

uint16_t guest_program_key(struct frontend *fe, const uint8_t *key)
{
	struct rpmb_frame out[2], in;

	make_key(out, key);
	check_eq(transact(fe, out, 2, &in, 1), FRAME);
	check_response(&in, 1, RPMB_PROGRAM_KEY, NULL);
	return be16toh(in.result);
}

uint16_t guest_counter(struct frontend *fe, const uint8_t *key,
		       uint32_t *counter)
{
	uint8_t nonce[NONCE_LEN];
	struct rpmb_frame out, in;

	random_bytes(nonce, sizeof(nonce));
	frames_init(&out, 1, &(struct fields){
		.type = RPMB_GET_WRITE_COUNTER, .count = 1, .nonce = nonce });
	check_eq(transact(fe, &out, 1, &in, 1), FRAME);
	check_response(&in, 1, RPMB_GET_WRITE_COUNTER, nonce);
	if (has_key(be16toh(in.result)))
		check(frames_signed(&in, 1, key), "");
	*counter = be32toh(in.write_counter);
	return be16toh(in.result);
}

uint16_t guest_write(struct frontend *fe, const uint8_t *key, uint16_t addr,
		     unsigned int nr, uint32_t counter, const uint8_t *data)
{
	struct rpmb_frame out[MAX_FRAMES], in;

	make_write(out, nr, addr, counter, data, key);
	make_result_read(&out[nr]);
	check_eq(transact(fe, out, nr + 1, &in, 1), FRAME);
	check_response(&in, 1, RPMB_WRITE_DATA, NULL);
	/* by the device, whatever the request was signed with */
	if (has_key(be16toh(in.result)))
		check(frames_signed(&in, 1, test_key), "");
	if (!in.result) {
		check_eq(be32toh(in.write_counter), counter + 1);
		check_eq(be16toh(in.addr), addr);
	}
	return be16toh(in.result);
}

uint16_t guest_read(struct frontend *fe, const uint8_t *key, uint16_t addr,
		    unsigned int nr, uint8_t *data)
{
	struct rpmb_frame out, in[MAX_FRAMES];
	uint8_t nonce[NONCE_LEN];

	random_bytes(nonce, sizeof(nonce));
	frames_init(&out, 1, &(struct fields){
		.type = RPMB_READ_DATA, .addr = addr, .count = nr,
		.nonce = nonce });
	check_eq(transact(fe, &out, 1, in, nr), nr * FRAME);
	check_response(in, nr, RPMB_READ_DATA, nonce);
	if (has_key(be16toh(in[0].result)))
		check(frames_signed(in, nr, key), "");
	for (unsigned int i = 0; i < nr; i++) {
		check_eq(be16toh(in[i].addr), addr);
		check_eq(be16toh(in[i].block_count), nr);
		memcpy(data + i * BLOCK, in[i].data, BLOCK);
	}
	return be16toh(in[0].result);
}

void submit_count(struct frontend *fe)
{
	static const uint8_t nonce[NONCE_LEN];
	const struct fields fields = {
		.type = RPMB_GET_WRITE_COUNTER, .count = 1, .nonce = nonce
	};
	struct rpmb_frame out;

	frames_init(&out, 1, &fields);
	submit_frames(fe, &out, 1, 1);
}

void submit_key(struct frontend *fe)
{
	struct rpmb_frame out[2];

	make_key(out, test_key);
	submit_frames(fe, out, 2, 1);
}

void must_program_key(struct frontend *fe)
{
	check_eq(guest_program_key(fe, test_key), RPMB_RES_OK);
}

uint32_t must_count(struct frontend *fe)
{
	uint32_t counter;

	check_eq(guest_counter(fe, test_key, &counter), RPMB_RES_OK);
	return counter;
}

void must_write(struct frontend *fe, uint16_t addr, unsigned int nr,
		uint32_t counter, const uint8_t *data)
{
	check_eq(guest_write(fe, test_key, addr, nr, counter, data),
		 RPMB_RES_OK);
}

void must_read(struct frontend *fe, uint16_t addr, unsigned int nr,
	       uint8_t *data)
{
	check_eq(guest_read(fe, test_key, addr, nr, data), RPMB_RES_OK);
}

void must_hold(struct frontend *fe, uint16_t addr, unsigned int nr,
	       const uint8_t *data)
{
	uint8_t found[MAX_FRAMES * BLOCK];

	must_read(fe, addr, nr, found);
	for (unsigned int i = 0; i < nr; i++)
		check(!memcmp(found + i * BLOCK, data + i * BLOCK, BLOCK),
		      "block %u", addr + i);
}
