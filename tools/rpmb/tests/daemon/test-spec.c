// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual I/O Device (VIRTIO) Version 1.2, section 5.12 "RPMB Device": what it
 * says of the device, in its order
 *
 * Each test is named after a statement of the specification.
 */
#include <endian.h>
#include <string.h>

#include "client.h"
#include "fixture.h"
#include "state.h"

static uint8_t some_data[MAX_FRAMES * BLOCK];

/* A new device of 1 unit that writes 16 and reads 32 blocks at most */
static void open_device(struct frontend *fe)
{
	static struct daemon d;

	daemon_start(&d, "--capacity", "1", "--max-write", "16",
		     "--max-read", "32");
	fe_open(fe, &d);
}

static void open_keyed(struct frontend *fe)
{
	open_device(fe);
	must_program_key(fe);
}

static uint16_t result_of(const struct rpmb_frame *frame)
{
	return be16toh(frame->result);
}

/* Send one frame of the given fields for one frame, check type and length */
static uint16_t ask_one(struct frontend *fe, const struct fields *fields)
{
	struct rpmb_frame out, in;

	frames_init(&out, 1, fields);
	check_eq(transact(fe, &out, 1, &in, 1), FRAME);
	check_eq(be16toh(in.req_resp), fields->type << 8);
	return result_of(&in);
}

/* Send write frames as they are, with a result read */
static uint16_t send_write(struct frontend *fe, const struct rpmb_frame *frames,
			   unsigned int nr)
{
	struct rpmb_frame out[MAX_FRAMES], in;

	memcpy(out, frames, nr * FRAME);
	make_result_read(&out[nr]);
	check_eq(transact(fe, out, nr + 1, &in, 1), FRAME);
	check_eq(be16toh(in.req_resp), RPMB_WRITE_DATA << 8);
	return result_of(&in);
}

/* 5.12.4 Device configuration layout */

static void config_fields(void)
{
	struct frontend fe;
	uint8_t config[3];

	open_device(&fe);
	check(fe_config(&fe, 0, sizeof(config), config), "refused");
	check_eq(config[0], 1);
	check_eq(config[1], 16);
	check_eq(config[2], 32);
}

static void config_read_only(void)
{
	union vu_payload payload = { .config = { 0, 1, 0, { 99 } } };
	struct frontend fe;
	uint8_t capacity;

	open_device(&fe);
	check(fe_tell(&fe, VU_SET_CONFIG, &payload, 13, NULL, 0), "accepted");
	check(fe_config(&fe, 0, 1, &capacity), "refused");
	check_eq(capacity, 1);
}

static void config_no_limit(void)
{
	uint8_t data[120 * BLOCK], config[3];
	struct daemon d;
	struct frontend fe;

	daemon_start(&d, "--capacity", "1", "--max-write", "0",
		     "--max-read", "0");
	fe_open(&fe, &d);
	check(fe_config(&fe, 0, 3, config), "refused");
	check_eq(config[1], 0);
	check_eq(config[2], 0);
	must_program_key(&fe);
	pattern(data, 120, 5, 1);
	must_write(&fe, 5, 120, 0, data);
	must_hold(&fe, 5, 120, data);
}

/* 5.12.5 Device Initialization */

static void capacity_is(const char *units, unsigned int blocks)
{
	struct daemon d;
	struct frontend fe;
	uint8_t data[BLOCK];

	daemon_start(&d, "--capacity", units);
	fe_open(&fe, &d);
	must_program_key(&fe);
	pattern(data, 1, blocks - 1, 0);
	must_write(&fe, blocks - 1, 1, 0, data);
	must_hold(&fe, blocks - 1, 1, data);
	if (blocks < 0x10000)
		check_eq(guest_read(&fe, test_key, blocks, 1, data),
			 RPMB_RES_ADDRESS);
}

static void capacity_smallest(void)
{
	capacity_is("1", UNIT_BLOCKS);
}

static void capacity_largest(void)
{
	capacity_is("128", 128 * UNIT_BLOCKS);
}

/* 5.12.6 Device Operation: what each request returns */

static void program_key_returns(void)
{
	struct rpmb_frame out[2], in;
	struct frontend fe;

	open_device(&fe);
	frames_init(out, 1, &(struct fields){
		.type = RPMB_PROGRAM_KEY, .count = 1 });
	memcpy(out[0].key_mac, test_key, KEY_LEN);
	make_result_read(&out[1]);
	check_eq(transact(&fe, out, 2, &in, 1), FRAME);
	check_eq(be16toh(in.req_resp), 0x0100);
	check_eq(result_of(&in), RPMB_RES_OK);
	check(frames_signed(&in, 1, test_key), "");
}

static void counter_returns(void)
{
	uint8_t nonce[NONCE_LEN], data[BLOCK] = { 1 };
	struct rpmb_frame out, in;
	struct frontend fe;

	open_keyed(&fe);
	must_write(&fe, 0, 1, 0, data);
	random_bytes(nonce, sizeof(nonce));
	frames_init(&out, 1, &(struct fields){
		.type = RPMB_GET_WRITE_COUNTER, .count = 1, .nonce = nonce });
	check_eq(transact(&fe, &out, 1, &in, 1), FRAME);
	check_eq(be16toh(in.req_resp), 0x0200);
	check_eq(be32toh(in.write_counter), 1);
	check(!memcmp(in.nonce, nonce, sizeof(nonce)), "");
	check(frames_signed(&in, 1, test_key), "");
	check_eq(result_of(&in), RPMB_RES_OK);
}

static void write_returns(void)
{
	struct rpmb_frame out[3], in;
	uint8_t data[2 * BLOCK];
	struct frontend fe;

	open_keyed(&fe);
	pattern(data, 2, 9, 0);
	make_write(out, 2, 9, 0, data, test_key);
	make_result_read(&out[2]);
	check_eq(transact(&fe, out, 3, &in, 1), FRAME);
	check_eq(be16toh(in.req_resp), 0x0300);
	check_eq(be32toh(in.write_counter), 1);
	check_eq(be16toh(in.addr), 9);
	check(frames_signed(&in, 1, test_key), "");
	check_eq(result_of(&in), RPMB_RES_OK);
}

static void read_returns(void)
{
	uint8_t nonce[NONCE_LEN], data[3 * BLOCK];
	struct rpmb_frame out, in[3];
	struct frontend fe;

	open_keyed(&fe);
	pattern(data, 3, 21, 0);
	must_write(&fe, 21, 3, 0, data);
	random_bytes(nonce, sizeof(nonce));
	frames_init(&out, 1, &(struct fields){
		.type = RPMB_READ_DATA, .addr = 21, .count = 3,
		.nonce = nonce });
	check_eq(transact(&fe, &out, 1, in, 3), 3 * FRAME);
	for (unsigned int i = 0; i < 3; i++) {
		check_eq(be16toh(in[i].req_resp), 0x0400);
		check_eq(be16toh(in[i].block_count), 3);
		check(!memcmp(in[i].nonce, nonce, sizeof(nonce)), "");
		check_eq(be16toh(in[i].addr), 21);
		check(!memcmp(in[i].data, data + i * BLOCK, BLOCK), "");
		check_eq(result_of(&in[i]), RPMB_RES_OK);
	}
	check(frames_signed(in, 3, test_key), "");
}

static void no_result_of_key(void)
{
	struct rpmb_frame out;
	struct frontend fe;

	open_device(&fe);
	frames_init(&out, 1, &(struct fields){
		.type = RPMB_PROGRAM_KEY, .count = 1 });
	memcpy(out.key_mac, test_key, KEY_LEN);
	check_eq(transact(&fe, &out, 1, NULL, 0), 0);
	check_eq(must_count(&fe), 0);
}

static void no_result_of_write(void)
{
	struct rpmb_frame out[2], in;
	uint8_t data[2 * BLOCK];
	struct frontend fe;

	open_keyed(&fe);
	pattern(data, 2, 3, 0);
	make_write(out, 2, 3, 0, data, test_key);
	/* with room for a result that was not asked for */
	check_eq(transact(&fe, out, 2, &in, 1), 0);
	check_eq(in.req_resp, 0xa5a5);
	make_write(out, 2, 3, 1, data, test_key);
	check_eq(transact(&fe, out, 2, NULL, 0), 0);
	check_eq(must_count(&fe), 2);
	must_hold(&fe, 3, 2, data);
}

/* 5.12.6.1 Request Queue: the fields */

static void mac_leaves_out_stuff(void)
{
	struct rpmb_frame frames[2];
	uint8_t data[2 * BLOCK];
	struct frontend fe;

	open_keyed(&fe);
	pattern(data, 2, 0, 0);
	make_write(frames, 2, 0, 0, data, test_key);
	memset(frames[0].stuff, 0x5a, sizeof(frames[0].stuff));
	memset(frames[0].key_mac, 0x5a, sizeof(frames[0].key_mac));
	memset(frames[1].stuff, 0x5a, sizeof(frames[1].stuff));
	check_eq(send_write(&fe, frames, 2), RPMB_RES_OK);
}

/* Flip one bit of one byte of a signed write of 3 frames */
static uint16_t write_with_flip(struct frontend *fe, size_t byte)
{
	struct rpmb_frame frames[3];
	uint8_t data[3 * BLOCK];

	pattern(data, 3, 4, 0);
	make_write(frames, 3, 4, 0, data, test_key);
	((uint8_t *)frames)[byte] ^= 1;
	return send_write(fe, frames, 3);
}

static void mac_covers_everything(void)
{
	const size_t fields[] = {
		offsetof(struct rpmb_frame, data),
		offsetof(struct rpmb_frame, data) + BLOCK - 1,
		offsetof(struct rpmb_frame, nonce),
		offsetof(struct rpmb_frame, nonce) + NONCE_LEN - 1,
		offsetof(struct rpmb_frame, result),
		offsetof(struct rpmb_frame, result) + 1,
	};
	struct frontend fe;

	open_keyed(&fe);
	for (unsigned int frame = 0; frame < 3; frame++)
		for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++)
			check_eq(write_with_flip(&fe, frame * FRAME + fields[i]),
				 RPMB_RES_AUTH);
	for (unsigned int i = 0; i < 32; i++)
		check_eq(write_with_flip(&fe, 2 * FRAME +
				offsetof(struct rpmb_frame, key_mac) + i),
			 RPMB_RES_AUTH);
	check_eq(must_count(&fe), 0);
}

static void counter_counts_requests(void)
{
	uint8_t data[16 * BLOCK];
	struct frontend fe;

	open_keyed(&fe);
	pattern(data, 16, 0, 0);
	must_write(&fe, 0, 16, 0, data);
	check_eq(must_count(&fe), 1);
	check_eq(guest_write(&fe, test_key, 0, 1, 7, data),
		 RPMB_RES_COUNTER);
	check_eq(must_count(&fe), 1);
}

/* 5.12.6.1.1 Device Operation: Program Key */

static uint16_t key_with_count(struct frontend *fe, uint16_t count)
{
	struct rpmb_frame out[2], in;

	frames_init(out, 1, &(struct fields){
		.type = RPMB_PROGRAM_KEY, .count = count });
	memcpy(out[0].key_mac, test_key, KEY_LEN);
	make_result_read(&out[1]);
	check_eq(transact(fe, out, 2, &in, 1), FRAME);
	check_eq(be16toh(in.req_resp), RPMB_PROGRAM_KEY << 8);
	return result_of(&in);
}

static void key_block_count(void)
{
	struct frontend fe;
	uint32_t counter;

	open_device(&fe);
	check_eq(key_with_count(&fe, 2), RPMB_RES_GENERAL);
	check_eq(guest_counter(&fe, test_key, &counter), RPMB_RES_NO_KEY);
	check_eq(key_with_count(&fe, 1), RPMB_RES_OK);
}

/* Not of the specification: what clients that know eMMC send */
static void count_left_out(void)
{
	struct frontend fe;

	open_device(&fe);
	check_eq(key_with_count(&fe, 0), RPMB_RES_OK);
	check_eq(must_count(&fe), 0);
	check_eq(ask_one(&fe, &(struct fields){
		.type = RPMB_GET_WRITE_COUNTER, .count = 0 }),
		RPMB_RES_OK);
}

/* The same of the result read, with a key, with a write, and alone */
static void result_count_left_out(void)
{
	struct rpmb_frame out[2], in;
	struct frontend fe;

	open_device(&fe);
	frames_init(out, 1, &(struct fields){ .type = RPMB_PROGRAM_KEY });
	memcpy(out[0].key_mac, test_key, KEY_LEN);
	frames_init(&out[1], 1, &(struct fields){ .type = RPMB_RESULT_READ });
	check_eq(transact(&fe, out, 2, &in, 1), FRAME);
	check_eq(be16toh(in.req_resp), RPMB_PROGRAM_KEY << 8);
	check_eq(result_of(&in), RPMB_RES_OK);

	make_write(out, 1, 0, 0, some_data, test_key);
	check_eq(transact(&fe, out, 2, &in, 1), FRAME);
	check_eq(be16toh(in.req_resp), RPMB_WRITE_DATA << 8);
	check_eq(result_of(&in), RPMB_RES_OK);
	check(frames_signed(&in, 1, test_key), "");

	check_eq(transact(&fe, &out[1], 1, &in, 1), FRAME);
	check_eq(be16toh(in.req_resp), RPMB_WRITE_DATA << 8);
	check_eq(result_of(&in), RPMB_RES_OK);
	check_eq(must_count(&fe), 1);
}

static void key_fails(void)
{
	static const uint8_t other[KEY_LEN] = { 1, 2, 3 };
	struct frontend fe;

	open_keyed(&fe);
	check_eq(guest_program_key(&fe, other), RPMB_RES_WRITE);
	check_eq(must_count(&fe), 0);
}

/* 5.12.6.1.2 Device Operation: Get Write Counter */

static void counter_no_key(void)
{
	struct frontend fe;

	open_device(&fe);
	check_eq(ask_one(&fe, &(struct fields){
		.type = RPMB_GET_WRITE_COUNTER, .count = 1 }),
		RPMB_RES_NO_KEY);
}

static void counter_block_count(void)
{
	struct frontend fe;

	open_keyed(&fe);
	check_eq(ask_one(&fe, &(struct fields){
		.type = RPMB_GET_WRITE_COUNTER, .count = 2 }),
		RPMB_RES_GENERAL);
}

/* 5.12.6.1.3 Device Operation: Data Write */

static void write_no_key(void)
{
	struct frontend fe;

	open_device(&fe);
	check_eq(guest_write(&fe, test_key, 0, 1, 0, some_data),
		 RPMB_RES_NO_KEY);
}

static uint16_t write_with_count(struct frontend *fe, unsigned int nr,
				 uint16_t count)
{
	struct rpmb_frame frames[MAX_FRAMES];

	frames_init(frames, nr, &(struct fields){
		.type = RPMB_WRITE_DATA, .count = count });
	frames_sign(frames, nr, test_key);
	return send_write(fe, frames, nr);
}

static void write_block_count(void)
{
	struct frontend fe;

	open_keyed(&fe);
	check_eq(write_with_count(&fe, 1, 0), RPMB_RES_GENERAL);
	check_eq(write_with_count(&fe, 17, 17), RPMB_RES_GENERAL);
	check_eq(must_count(&fe), 0);
	check_eq(write_with_count(&fe, 16, 16), RPMB_RES_OK);
}

static void write_count_of_frames(void)
{
	struct frontend fe;

	open_keyed(&fe);
	check_eq(write_with_count(&fe, 1, 2), RPMB_RES_GENERAL);
	check_eq(write_with_count(&fe, 2, 1), RPMB_RES_GENERAL);
	check_eq(must_count(&fe), 0);
}

/* Frames of one request that contradict each other, signed as they are */
static void write_frames_differ(void)
{
	struct rpmb_frame frames[2];
	struct frontend fe;

	open_keyed(&fe);
	make_write(frames, 2, 0, 0, some_data, test_key);
	frames[0].addr = htobe16(1);
	frames_sign(frames, 2, test_key);
	check_eq(send_write(&fe, frames, 2), RPMB_RES_GENERAL);
	make_write(frames, 2, 0, 0, some_data, test_key);
	frames[0].write_counter = htobe32(1);
	frames_sign(frames, 2, test_key);
	check_eq(send_write(&fe, frames, 2), RPMB_RES_GENERAL);
	check_eq(must_count(&fe), 0);
}

static void open_expired(struct frontend *fe)
{
	struct daemon d;

	daemon_start(&d, "--capacity", "1");
	fe_open(fe, &d);
	must_program_key(fe);
	fe_close(fe);
	daemon_stop(&d);
	state_set_counter(0xfffffffe);
	daemon_start(&d, "--capacity", "1");
	fe_open(fe, &d);
	check_eq(must_count(fe), 0xfffffffe);
}

static void write_expired(void)
{
	uint8_t last[BLOCK], late[BLOCK];
	struct frontend fe;
	uint32_t counter;
	uint16_t result;

	open_expired(&fe);
	pattern(last, 1, 0, 1);
	pattern(late, 1, 0, 2);
	result = guest_write(&fe, test_key, 0, 1, 0xfffffffe, last);
	check_eq(result & ~RPMB_RES_EXPIRED, RPMB_RES_OK);
	result = guest_write(&fe, test_key, 0, 1, 0xffffffff, late);
	check_eq(result, RPMB_RES_EXPIRED);
	result = guest_counter(&fe, test_key, &counter);
	check_eq(result & ~RPMB_RES_EXPIRED, RPMB_RES_OK);
	check_eq(counter, 0xffffffff);
	result = guest_read(&fe, test_key, 0, 1, late);
	check_eq(result & ~RPMB_RES_EXPIRED, RPMB_RES_OK);
	check(!memcmp(last, late, BLOCK), "written");
}

static void write_address(void)
{
	struct frontend fe;

	open_keyed(&fe);
	check_eq(guest_write(&fe, test_key, UNIT_BLOCKS, 1, 0, some_data),
		 RPMB_RES_ADDRESS);
	check_eq(guest_write(&fe, test_key, 0xffff, 1, 0, some_data),
		 RPMB_RES_ADDRESS);
	check_eq(guest_write(&fe, test_key, UNIT_BLOCKS - 1, 2, 0, some_data),
		 RPMB_RES_ADDRESS);
	check_eq(must_count(&fe), 0);
	must_write(&fe, UNIT_BLOCKS - 2, 2, 0, some_data);
}

static void write_wrong_mac(void)
{
	static const uint8_t other[KEY_LEN] = "another key";
	uint8_t zero[BLOCK] = { 0 };
	struct frontend fe;

	open_keyed(&fe);
	pattern(some_data, 1, 0, 3);
	check_eq(guest_write(&fe, other, 0, 1, 0, some_data),
		 RPMB_RES_AUTH);
	check_eq(must_count(&fe), 0);
	must_hold(&fe, 0, 1, zero);
}

static void write_wrong_counter(void)
{
	struct frontend fe;

	open_keyed(&fe);
	check_eq(guest_write(&fe, test_key, 0, 1, 1, some_data),
		 RPMB_RES_COUNTER);
	must_write(&fe, 0, 1, 0, some_data);
	/* a replay */
	check_eq(guest_write(&fe, test_key, 0, 1, 0, some_data),
		 RPMB_RES_COUNTER);
	check_eq(must_count(&fe), 1);
}

static void write_order_of_checks(void)
{
	static const uint8_t other[KEY_LEN] = "another key";
	struct frontend fe;

	open_keyed(&fe);
	check_eq(guest_write(&fe, other, UNIT_BLOCKS, 1, 5, some_data),
		 RPMB_RES_ADDRESS);
	check_eq(guest_write(&fe, other, 0, 1, 5, some_data),
		 RPMB_RES_AUTH);
}

static void write_is_done(void)
{
	uint8_t data[16 * BLOCK];
	struct frontend fe;

	open_keyed(&fe);
	for (unsigned int i = 0; i < 8; i++) {
		pattern(data, 16, 13 * i, i);
		must_write(&fe, 13 * i, 16, i, data);
		must_hold(&fe, 13 * i, 16, data);
		check_eq(must_count(&fe), i + 1);
	}
	/* what the writes overlapped is the later one's, the rest is not */
	pattern(data, 13, 0, 0);
	must_hold(&fe, 0, 13, data);
}

/* 5.12.6.1.4 Device Operation: Data Read */

static void read_no_key(void)
{
	uint8_t data[BLOCK];
	struct frontend fe;

	open_device(&fe);
	check_eq(guest_read(&fe, test_key, 0, 1, data), RPMB_RES_NO_KEY);
}

static uint16_t read_with_count(struct frontend *fe, unsigned int nr,
				uint16_t count)
{
	struct rpmb_frame out, in[MAX_FRAMES];

	frames_init(&out, 1, &(struct fields){
		.type = RPMB_READ_DATA, .count = count });
	transact(fe, &out, 1, in, nr);
	check_eq(be16toh(in[0].req_resp), RPMB_READ_DATA << 8);
	return result_of(&in[0]);
}

static void read_block_count(void)
{
	struct frontend fe;

	open_keyed(&fe);
	check_eq(read_with_count(&fe, 2, 1), RPMB_RES_GENERAL);
	check_eq(read_with_count(&fe, 1, 2), RPMB_RES_GENERAL);
	check_eq(read_with_count(&fe, 33, 33), RPMB_RES_GENERAL);
	check_eq(read_with_count(&fe, 32, 32), RPMB_RES_OK);
}

static void read_block_count_zero(void)
{
	struct rpmb_frame out, in[3];
	uint8_t data[3 * BLOCK];
	struct frontend fe;

	open_keyed(&fe);
	pattern(data, 3, 0, 0);
	must_write(&fe, 0, 3, 0, data);
	frames_init(&out, 1, &(struct fields){ .type = RPMB_READ_DATA });
	check_eq(transact(&fe, &out, 1, in, 3), 3 * FRAME);
	check_eq(result_of(&in[2]), RPMB_RES_OK);
	check_eq(be16toh(in[2].block_count), 3);
	check(!memcmp(in[2].data, data + 2 * BLOCK, BLOCK), "");
	check(frames_signed(in, 3, test_key), "");
}

static void read_address(void)
{
	uint8_t data[2 * BLOCK];
	struct frontend fe;

	open_keyed(&fe);
	check_eq(guest_read(&fe, test_key, UNIT_BLOCKS, 1, data),
		 RPMB_RES_ADDRESS);
	check_eq(guest_read(&fe, test_key, 0xffff, 2, data),
		 RPMB_RES_ADDRESS);
	check_eq(guest_read(&fe, test_key, UNIT_BLOCKS - 1, 2, data),
		 RPMB_RES_ADDRESS);
	check_eq(guest_read(&fe, test_key, UNIT_BLOCKS - 2, 2, data),
		 RPMB_RES_OK);
}

/* 5.12.6.1.5 Device Operation: Result Read */

static void result_read_block_count(void)
{
	struct rpmb_frame out[2], in;
	struct frontend fe;

	open_keyed(&fe);
	make_write(out, 1, 0, 0, some_data, test_key);
	make_result_read(&out[1]);
	out[1].block_count = htobe16(2);
	check_eq(transact(&fe, out, 2, &in, 1), FRAME);
	check_eq(be16toh(in.req_resp), RPMB_WRITE_DATA << 8);
	check_eq(result_of(&in), RPMB_RES_GENERAL);
}

/* Its answer must not look like that to another type */
static void unknown_request(void)
{
	static const uint16_t types[] = { 0, 6, 7, 8, 9, 0x10, 0x42, 0x100,
		0x103, 0x104, 0x300, 0x400, 0xff04, 0xffff };
	struct rpmb_frame out, in[3];
	struct frontend fe;

	open_keyed(&fe);
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		frames_init(&out, 1, &(struct fields){
			.type = types[i], .count = 1 });
		check_eq(transact(&fe, &out, 1, in, 3), FRAME);
		check_eq(result_of(in), RPMB_RES_GENERAL);
		check_eq(be16toh(in->req_resp),
			 types[i] <= 0xff ? types[i] << 8 : 0);
	}
	check_eq(must_count(&fe), 0);
}

/* 5.12.6.2 Driver: "MUST not be packed"; 2.7.4: no assumptions on framing */

static void frames_in_pieces(void)
{
	struct rpmb_frame out[2], in;
	struct chunk chunks[6];
	struct frontend fe;

	open_keyed(&fe);
	pattern(some_data, 1, 0, 1);
	make_write(out, 1, 0, 0, some_data, test_key);
	make_result_read(&out[1]);
	memcpy(fe.mem + OUT_OFF, out, sizeof(out));
	chunks[0] = (struct chunk){ guest_addr(OUT_OFF), 1, false };
	chunks[1] = (struct chunk){ guest_addr(OUT_OFF + 1), 510, false };
	chunks[2] = (struct chunk){ guest_addr(OUT_OFF + 511), 300, false };
	chunks[3] = (struct chunk){ guest_addr(OUT_OFF + 811), 213, false };
	chunks[4] = (struct chunk){ guest_addr(IN_OFF), 500, true };
	chunks[5] = (struct chunk){ guest_addr(IN_OFF + 500), 12, true };
	check_eq(fe_submit(&fe, chunks, 6), FRAME);
	fetch_frames(&fe, &in, 1);
	check_eq(result_of(&in), RPMB_RES_OK);
	check(frames_signed(&in, 1, test_key), "");
	must_hold(&fe, 0, 1, some_data);
}

/* Not of the specification: how long a request can be that clients send */

static void put_read(struct frontend *fe, uint16_t addr, unsigned int nr)
{
	frames_init((void *)(fe->mem + OUT_OFF), 1, &(struct fields){
		.type = RPMB_READ_DATA, .addr = addr, .count = nr });
}

/* The response has @nr blocks of some_data, and as many more as it likes */
static void check_read(struct frontend *fe, unsigned int nr)
{
	struct rpmb_frame in[MAX_FRAMES];

	fetch_frames(fe, in, nr);
	check_eq(result_of(in), RPMB_RES_OK);
	for (unsigned int i = 0; i < nr; i++)
		check(!memcmp(in[i].data, some_data + i * BLOCK, BLOCK),
		      "block %u", i);
}

static void open_long(struct frontend *fe)
{
	struct daemon d;

	daemon_start(&d, "--capacity", "4");
	fe_open(fe, &d);
	must_program_key(fe);
}

/* A descriptor for each frame: as many as the queue has places */
static void frame_by_frame(void)
{
	struct frontend fe;

	open_long(&fe);
	pattern(some_data, 1023, 0, 1);
	must_write(&fe, 0, QUEUE_SIZE - 2, 0, some_data);
	must_hold(&fe, 0, 512, some_data);
	must_write(&fe, 0, 1, 1, some_data);
	must_hold(&fe, 0, QUEUE_SIZE - 2, some_data);
	check_eq(read_with_count(&fe, QUEUE_SIZE - 1, QUEUE_SIZE - 1),
		 RPMB_RES_OK);
}

/* The same in a table, which takes one place of the queue */
static void frame_by_frame_in_table(void)
{
	struct vring_desc *table;
	struct frontend fe;

	open_long(&fe);
	pattern(some_data, QUEUE_SIZE - 2, 7, 1);
	must_write(&fe, 7, QUEUE_SIZE - 2, 0, some_data);
	table = (void *)(fe.mem + INDIRECT_OFF);
	put_read(&fe, 7, QUEUE_SIZE - 1);
	for (unsigned int i = 0; i < QUEUE_SIZE; i++)
		table[i] = (struct vring_desc) {
			.addr = htole64(guest_addr(i ? IN_OFF + (i - 1) * FRAME :
						       OUT_OFF)),
			.len = htole32(FRAME),
			.flags = htole16((i ? VRING_DESC_F_WRITE : 0) |
					 (i < QUEUE_SIZE - 1 ?
					  VRING_DESC_F_NEXT : 0)),
			.next = htole16(i + 1),
		};
	fe.desc[0] = (struct vring_desc) {
		.addr = htole64(guest_addr(INDIRECT_OFF)),
		.len = htole32(QUEUE_SIZE * sizeof(*table)),
		.flags = htole16(VRING_DESC_F_INDIRECT),
	};
	fe_offer(&fe, 0);
	fe_kick(&fe);
	check_eq(fe_wait_used(&fe, NULL), (QUEUE_SIZE - 1) * FRAME);
	check_read(&fe, QUEUE_SIZE - 2);
}

/* 512 KiB in one piece, each way */
static void half_a_mebibyte(void)
{
	const struct chunk write[] = {
		{ guest_addr(OUT_OFF), 1025 * FRAME, false },
		{ guest_addr(IN_OFF), FRAME, true },
	};
	const struct chunk read[] = {
		{ guest_addr(OUT_OFF), FRAME, false },
		{ guest_addr(IN_OFF), 1024 * FRAME, true },
	};
	struct rpmb_frame *out, in;
	struct frontend fe;

	open_long(&fe);
	pattern(some_data, 1024, 9, 1);
	out = (void *)(fe.mem + OUT_OFF);
	make_write(out, 1024, 9, 0, some_data, test_key);
	make_result_read(&out[1024]);
	check_eq(fe_submit(&fe, write, 2), FRAME);
	fetch_frames(&fe, &in, 1);
	check_eq(result_of(&in), RPMB_RES_OK);

	put_read(&fe, 9, 1024);
	check_eq(fe_submit(&fe, read, 2), 1024 * FRAME);
	check_read(&fe, 1024);
}

/* 5.12.6.3 Device Operation: what the device maintains */

static void key_is_kept(void)
{
	static const uint8_t other[KEY_LEN] = { 9 };
	uint8_t data[BLOCK] = { 0 };
	struct frontend fe;
	struct daemon d;

	daemon_start(&d, "--capacity", "1");
	fe_open(&fe, &d);
	must_program_key(&fe);
	fe_close(&fe);
	daemon_stop(&d);
	daemon_start(&d, "--capacity", "1");
	fe_open(&fe, &d);
	check_eq(guest_program_key(&fe, other), RPMB_RES_WRITE);
	must_write(&fe, 0, 1, 0, data);
	check_eq(guest_write(&fe, other, 0, 1, 1, data), RPMB_RES_AUTH);
}

static void counter_is_kept(void)
{
	uint8_t data[BLOCK] = { 0 };
	struct frontend fe;
	struct daemon d;

	daemon_start(&d, "--capacity", "1");
	fe_open(&fe, &d);
	must_program_key(&fe);
	check_eq(must_count(&fe), 0);
	for (unsigned int i = 0; i < 3; i++)
		must_write(&fe, 0, 1, i, data);
	fe_close(&fe);
	fe_open(&fe, &d);
	check_eq(must_count(&fe), 3);
	fe_close(&fe);
	daemon_stop(&d);
	daemon_start(&d, "--capacity", "1");
	fe_open(&fe, &d);
	check_eq(must_count(&fe), 3);
}

static void data_is_kept(void)
{
	uint8_t data[16 * BLOCK], zero[BLOCK] = { 0 };
	struct frontend fe;
	struct daemon d;

	daemon_start(&d, "--capacity", "1");
	fe_open(&fe, &d);
	must_program_key(&fe);
	pattern(data, 16, 100, 0);
	must_write(&fe, 100, 16, 0, data);
	fe_close(&fe);
	daemon_stop(&d);
	daemon_start(&d, "--capacity", "1");
	fe_open(&fe, &d);
	must_hold(&fe, 100, 16, data);
	must_hold(&fe, 99, 1, zero);
	must_hold(&fe, 116, 1, zero);
}

static const struct test tests[] = {
	{ "config: capacity, max_wr_cnt and max_rd_cnt", config_fields },
	{ "config: read-only for the driver", config_read_only },
	{ "config: a maximum of 0 implies no limitation", config_no_limit },
	{ "initialization: a capacity of 128 KiB", capacity_smallest },
	{ "initialization: a capacity of 16 MiB", capacity_largest },
	{ "program key returns response, MAC, result", program_key_returns },
	{ "get write counter returns counter, nonce, MAC, result",
	  counter_returns },
	{ "data write returns new counter, address, MAC, result",
	  write_returns },
	{ "data read returns count, nonce, address, data, MAC, result",
	  read_returns },
	{ "program key without result read: no result frame",
	  no_result_of_key },
	{ "data write without result read: no result frame",
	  no_result_of_write },
	{ "MAC: excludes stuff and key_mac", mac_leaves_out_stuff },
	{ "MAC: covers every other field of every frame",
	  mac_covers_everything },
	{ "write_counter: counts successful write requests",
	  counter_counts_requests },
	{ "program key: block_count not 1 is a general failure",
	  key_block_count },
	{ "program key, get write counter: block_count 0 is 1",
	  count_left_out },
	{ "result read: block_count 0 is 1", result_count_left_out },
	{ "program key: a second key is a write failure", key_fails },
	{ "get write counter: no key", counter_no_key },
	{ "get write counter: block_count not 1 is a general failure",
	  counter_block_count },
	{ "data write: no key", write_no_key },
	{ "data write: block_count zero or above max_wr_cnt",
	  write_block_count },
	{ "data write: block_count is not the number of frames",
	  write_count_of_frames },
	{ "data write: frames that contradict each other",
	  write_frames_differ },
	{ "data write: counter expired", write_expired },
	{ "data write: address out of range", write_address },
	{ "data write: wrong MAC is an authentication failure",
	  write_wrong_mac },
	{ "data write: wrong counter, replay", write_wrong_counter },
	{ "data write: address, then MAC, then counter are checked",
	  write_order_of_checks },
	{ "data write: data written, counter incremented by 1",
	  write_is_done },
	{ "data read: no key", read_no_key },
	{ "data read: block_count is not the number of buffers",
	  read_block_count },
	{ "data read: block_count 0 is filled in", read_block_count_zero },
	{ "data read: address out of range", read_address },
	{ "result read: block_count not 1 is a general failure",
	  result_read_block_count },
	{ "a request of unknown type is a general failure",
	  unknown_request },
	{ "frames in other pieces than one descriptor each",
	  frames_in_pieces },
	{ "a queue full of frames", frame_by_frame },
	{ "a table full of frames", frame_by_frame_in_table },
	{ "512 KiB of frames", half_a_mebibyte },
	{ "device: the key is kept and cannot be overwritten", key_is_kept },
	{ "device: the counter starts at 0 and is kept", counter_is_kept },
	{ "device: the data is kept", data_is_kept },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
