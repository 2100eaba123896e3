// SPDX-License-Identifier: GPL-2.0-only
/*
 * The RPMB engine with NVMe's rules and frames: which answer a request gets that has
 * several things wrong, and the Device Configuration Block with its own counter
 */
#include <string.h>

#include "memory.h"
#include "tap.h"

#define CAPACITY MEMORY_CAPACITY
#define ACCESS 4
#define MAX_SECTORS 8
#define LEN(sectors) (256 + (sectors) * 512)

/* Where fields are in the frames, as the specification says */
#define MAC 191
#define TARGET 223
#define NONCE 224
#define COUNTER 240
#define ADDRESS 244
#define COUNT 248
#define RESULT 252
#define TYPE 254
#define DATA 256

static struct memory memory;
static struct rpmb_engine engine;
static uint8_t frames[LEN(MAX_SECTORS)];
static struct rpmb_fields response;

/* A target with a key, whose counters are at 5 */
static void make_target(void)
{
	memory_init(&memory, RPMB_FRAME_NVME);
	engine = (struct rpmb_engine) {
		.rules = &rpmb_rules_nvme,
		.format = RPMB_FRAME_NVME,
		.store = &memory.store,
		.max_write = ACCESS,
		.max_read = ACCESS,
	};
}

static void sign(unsigned int sectors)
{
	rpmb_frames_hmac(RPMB_FRAME_NVME, frames, LEN(sectors), memory_key,
			 frames + MAC);
}

/* Make a request with so many sectors, in which all is right but what fields say */
static void make(uint16_t type, uint32_t counter, uint32_t addr, uint32_t count,
		 unsigned int sectors)
{
	struct rpmb_fields fields = {
		.type = type,
		.counter = counter,
		.addr = addr,
		.count = count,
		.target = 3,
		.nonce = "sixteen bytelong",
	};

	rpmb_frames_init(RPMB_FRAME_NVME, frames, LEN(sectors), &fields);
	sign(sectors);
}

static void send_frames(unsigned int sectors)
{
	rpmb_engine_request(&engine, frames, LEN(sectors));
}

/* The result code in a response that has to have so many sectors */
static uint16_t fetch(unsigned int sectors)
{
	check_eq(rpmb_engine_response(&engine, frames, LEN(sectors)),
		 LEN(sectors));
	rpmb_frames_parse(RPMB_FRAME_NVME, frames, LEN(sectors), &response);
	return response.result;
}

static bool has_mac(unsigned int sectors)
{
	uint8_t mac[RPMB_MAC_LEN];

	rpmb_frames_hmac(RPMB_FRAME_NVME, frames, LEN(sectors), memory_key,
			 mac);
	return !memcmp(mac, frames + MAC, sizeof(mac));
}

static uint16_t run(unsigned int sectors)
{
	send_frames(sectors);
	make(RPMB_RESULT_READ, 0, 0, 0, 0);
	send_frames(0);
	return fetch(0);
}

static uint16_t write_sectors(uint32_t addr, unsigned int sectors, uint8_t fill)
{
	make(RPMB_WRITE_DATA, memory.store.counter, addr, sectors, sectors);
	memset(frames + DATA, fill, 512 * sectors);
	sign(sectors);
	return run(sectors);
}

/* Byte by byte, since all else here goes by the codec that the engine has, too */
static void layout(void)
{
	make_target();
	memset(frames, 0, sizeof(frames));
	frames[TYPE] = RPMB_GET_WRITE_COUNTER;
	frames[TARGET] = 3;
	memset(frames + NONCE, 0xab, 16);
	memory.store.counter = 0x01020304;
	send_frames(0);
	check_eq(fetch(0), RPMB_RES_OK);
	check_eq(frames[TYPE], 0);
	check_eq(frames[TYPE + 1], 2);
	check_eq(frames[RESULT], 0);
	check_eq(frames[TARGET], 3);
	check_eq(frames[COUNTER], 4);
	check_eq(frames[COUNTER + 3], 1);
	check_eq(frames[NONCE + 15], 0xab);
	check(has_mac(0), "no right MAC");
}

static void key(void)
{
	static const uint8_t zero[RPMB_MAC_LEN];

	make_target();
	memory.store.has_key = false;
	make(RPMB_GET_WRITE_COUNTER, 0, 0, 0, 0);
	send_frames(0);
	check_eq(fetch(0), RPMB_RES_NO_KEY);
	make(RPMB_PROGRAM_KEY, 0, 0, 0, 0);
	memcpy(frames + MAC, memory_key, RPMB_KEY_LEN);
	memset(memory.store.key, 0, RPMB_KEY_LEN);
	check_eq(run(0), RPMB_RES_OK);
	check_eq(response.type, RPMB_PROGRAM_KEY << 8);
	check(!memcmp(frames + MAC, zero, sizeof(zero)), "it has a MAC");
	check(!memcmp(memory.store.key, memory_key, RPMB_KEY_LEN), "other key");
	make(RPMB_PROGRAM_KEY, 0, 0, 0, 0);
	check_eq(run(0), RPMB_RES_WRITE);
}

static void written_and_read(void)
{
	make_target();
	check_eq(write_sectors(7, 3, 0x77), RPMB_RES_OK);
	check_eq(response.type, RPMB_WRITE_DATA << 8);
	check_eq(response.counter, 6);
	check_eq(response.addr, 7);
	check(has_mac(0), "no right MAC");
	check_eq(memory.blocks[6][511], 0);
	check_eq(memory.blocks[7][0], 0x77);
	check_eq(memory.blocks[9][511], 0x77);
	check_eq(memory.blocks[10][0], 0);

	make(RPMB_READ_DATA, 0, 9, 2, 0);
	send_frames(0);
	check_eq(fetch(2), RPMB_RES_OK);
	check_eq(response.type, RPMB_READ_DATA << 8);
	check_eq(response.addr, 9);
	check_eq(response.count, 2);
	check(!memcmp(response.nonce, "sixteen bytelong", 16), "nonce");
	check_eq(frames[DATA + 511], 0x77);
	check_eq(frames[DATA + 512], 0);
	check(has_mac(2), "no right MAC");
}

/* A request with data, whose counter and MAC are wrong */
static uint16_t run_forged(uint16_t type, uint32_t addr, unsigned int sectors)
{
	make(type, 4, addr, sectors, sectors);
	frames[MAC] ^= 1;
	return run(sectors);
}

/* Each step takes one fault away: the next in order is told */
static void order(void)
{
	make_target();
	memory.store.has_key = false;
	memory.store.counter = RPMB_COUNTER_MAX;
	check_eq(run_forged(RPMB_WRITE_DATA, CAPACITY - 4, 5),
		 RPMB_RES_NO_KEY | RPMB_RES_EXPIRED);
	memory.store.has_key = true;
	check_eq(run_forged(RPMB_WRITE_DATA, CAPACITY - 4, 5), 0x85);
	memory.store.counter = 5;
	check_eq(run_forged(RPMB_WRITE_DATA, CAPACITY - 4, 5),
		 RPMB_RES_ADDRESS);
	check_eq(run_forged(RPMB_WRITE_DATA, CAPACITY - 5, 5),
		 RPMB_RES_GENERAL);
	check_eq(run_forged(RPMB_WRITE_DATA, CAPACITY - 4, 4), RPMB_RES_AUTH);
	make(RPMB_WRITE_DATA, 4, CAPACITY - 4, 4, 4);
	check_eq(run(4), RPMB_RES_COUNTER);
	check_eq(response.counter, 5);
	check_eq(memory.writes, 0);
	check_eq(write_sectors(CAPACITY - 4, 4, 1), RPMB_RES_OK);
}

/* All that is signed: the target, too, but nothing in front of it */
static void signed_bytes(void)
{
	static const unsigned int places[] = {
		TARGET, NONCE, COUNTER, ADDRESS, COUNT, RESULT, DATA, DATA + 511
	};
	unsigned int i;

	make_target();
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		make(RPMB_WRITE_DATA, 5, 0, 1, 1);
		frames[places[i]] ^= 0x02;
		check_eq(run(1), places[i] == COUNT ? RPMB_RES_GENERAL :
						      RPMB_RES_AUTH);
	}
	check_eq(memory.writes, 0);
	make(RPMB_WRITE_DATA, 5, 0, 1, 1);
	frames[0] = 0xff;
	frames[MAC - 1] = 0xff;
	check_eq(run(1), RPMB_RES_OK);
}

static void read_limits(void)
{
	make_target();
	make(RPMB_READ_DATA, 0, CAPACITY - 1, 2, 0);
	send_frames(0);
	check_eq(fetch(2), RPMB_RES_ADDRESS);
	make(RPMB_READ_DATA, 0, 0, ACCESS + 1, 0);
	send_frames(0);
	check_eq(fetch(ACCESS + 1), RPMB_RES_GENERAL);
	make(RPMB_READ_DATA, 0, 0, 2, 0);
	send_frames(0);
	check_eq(fetch(1), RPMB_RES_GENERAL);
	make(RPMB_READ_DATA, 0, 0, 0, 0);
	send_frames(0);
	check_eq(fetch(1), RPMB_RES_GENERAL);
	make(RPMB_READ_DATA, 0, UINT32_MAX, 1, 0);
	send_frames(0);
	check_eq(fetch(1), RPMB_RES_ADDRESS);
	check_eq(frames[DATA], 0);
}

/* A header stands alone: with data, or another count, it is something else */
static void bare_requests(void)
{
	make_target();
	make(RPMB_GET_WRITE_COUNTER, 0, 0, 0, 1);
	send_frames(1);
	check_eq(fetch(0), RPMB_RES_GENERAL);
	make(RPMB_GET_WRITE_COUNTER, 0, 0, 1, 0);
	send_frames(0);
	check_eq(fetch(0), RPMB_RES_GENERAL);
	make(RPMB_READ_DATA, 0, 0, 1, 1);
	send_frames(1);
	check_eq(fetch(1), RPMB_RES_GENERAL);
}

/* The last write that there can be, and the first that there cannot */
static void expiry(void)
{
	make_target();
	memory.store.counter = RPMB_COUNTER_MAX - 1;
	check_eq(write_sectors(0, 1, 1), RPMB_RES_EXPIRED);
	check_eq(response.counter, RPMB_COUNTER_MAX);
	check_eq(write_sectors(0, 1, 1), 0x85);
	check_eq(memory.writes, 1);
}

static void make_config(uint32_t counter, uint8_t boot, uint8_t lock)
{
	make(RPMB_CONFIG_WRITE, counter, 0, 1, 1);
	frames[DATA] = boot;
	frames[DATA + 1] = lock;
	sign(1);
}

static uint16_t write_config(uint32_t counter, uint8_t boot, uint8_t lock)
{
	make_config(counter, boot, lock);
	return run(1);
}

static uint16_t read_config(void)
{
	make(RPMB_CONFIG_READ, 0, 0, 1, 0);
	send_frames(0);
	return fetch(1);
}

static void configuration(void)
{
	make_target();
	memory.store.counter = 100;
	check_eq(write_config(5, 0, 1), RPMB_RES_OK);
	check_eq(response.type, RPMB_CONFIG_WRITE << 8);
	check_eq(response.counter, 6);
	check_eq(memory.store.counter, 100);
	check_eq(memory.config[1], 1);
	check_eq(read_config(), RPMB_RES_OK);
	check_eq(response.type, RPMB_CONFIG_READ << 8);
	check_eq(response.counter, 6);
	check_eq(response.count, 1);
	check(!memcmp(response.nonce, "sixteen bytelong", 16), "nonce");
	check(has_mac(1), "no right MAC");
	check_eq(frames[DATA], 0);
	check_eq(frames[DATA + 1], 1);
	check_eq(write_sectors(0, 1, 1), RPMB_RES_OK);
	check_eq(memory.store.config_counter, 6);
}

static void protection_is_permanent(void)
{
	make_target();
	check_eq(write_config(5, 1, 3), RPMB_RES_OK);
	check_eq(write_config(6, 0, 3), RPMB_RES_CONFIG);
	check_eq(response.counter, 6);
	check_eq(write_config(6, 1, 0), RPMB_RES_OK);
	check_eq(read_config(), RPMB_RES_OK);
	check_eq(frames[DATA], 1);
	check_eq(frames[DATA + 1], 0);
}

static void reserved_bits(void)
{
	static const unsigned int places[] = { 0, 1, 2, 3, 508, 511 };
	unsigned int i;

	make_target();
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		make_config(5, 0, 0);
		frames[DATA + places[i]] |= 0x80;
		sign(1);
		check_eq(run(1), RPMB_RES_CONFIG);
	}
	check_eq(memory.writes, 0);
	check_eq(memory.store.config_counter, 5);
}

static void configuration_order(void)
{
	make_target();
	memory.store.config_counter = RPMB_COUNTER_MAX;
	check_eq(run_forged(RPMB_CONFIG_WRITE, 1, 2), 0x85);
	check_eq(read_config(), RPMB_RES_EXPIRED);
	make(RPMB_CONFIG_READ, 0, 0, 0, 0);
	send_frames(0);
	check_eq(fetch(1), RPMB_RES_GENERAL | RPMB_RES_EXPIRED);
	memory.store.config_counter = 5;
	check_eq(run_forged(RPMB_CONFIG_WRITE, 1, 2), RPMB_RES_ADDRESS);
	check_eq(run_forged(RPMB_CONFIG_WRITE, 0, 2), RPMB_RES_GENERAL);
	make_config(4, 0x80, 0);
	frames[MAC] ^= 1;
	check_eq(run(1), RPMB_RES_AUTH);
	check_eq(write_config(4, 0x80, 0), RPMB_RES_COUNTER);
	check_eq(write_config(5, 0x80, 0), RPMB_RES_CONFIG);
	check_eq(memory.writes, 0);
}

static void configuration_elsewhere(void)
{
	make_target();
	engine.lacks = 1 << RPMB_CONFIG_WRITE | 1 << RPMB_CONFIG_READ;
	make_config(5, 0, 1);
	send_frames(1);
	check_eq(fetch(0), RPMB_RES_GENERAL);
	make(RPMB_CONFIG_READ, 0, 0, 1, 0);
	send_frames(0);
	check_eq(fetch(1), RPMB_RES_GENERAL);
	check_eq(memory.writes, 0);
}

static void failing_store(void)
{
	make_target();
	memory.fails = true;
	check_eq(write_sectors(0, 1, 1), RPMB_RES_WRITE);
	check_eq(response.counter, 5);
	check_eq(write_config(5, 1, 0), RPMB_RES_WRITE);
	check_eq(memory.store.config[0], 0);
	check_eq(memory.store.config_counter, 5);
}

static void unknown_types(void)
{
	static const uint16_t types[] = { 0, 8, 9, 16, 0xffff };
	unsigned int i;

	make_target();
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		make(types[i], 5, 0, 0, 0);
		send_frames(0);
		check_eq(fetch(0), RPMB_RES_GENERAL);
	}
}

/* A response is there once, and waits for room */
static void response_room(void)
{
	make_target();
	check_eq(rpmb_engine_response(&engine, frames, sizeof(frames)), 0);
	make(RPMB_CONFIG_READ, 0, 0, 1, 0);
	send_frames(0);
	check_eq(rpmb_engine_response(&engine, frames, LEN(0)), 0);
	check_eq(rpmb_engine_response(&engine, frames, 0), 0);
	check_eq(rpmb_engine_response(&engine, frames, LEN(2)), LEN(1));
	check_eq(rpmb_engine_response(&engine, frames, LEN(2)), 0);
}

static const struct test tests[] = {
	{ "fields are where the specification has them", layout },
	{ "key: once, and no MAC in the response", key },
	{ "data: written, read, counted", written_and_read },
	{ "order: key, expiry, address, count, MAC, counter", order },
	{ "the MAC is about all that has a meaning", signed_bytes },
	{ "read: address, access size, count", read_limits },
	{ "requests without data are a header", bare_requests },
	{ "expiry: 0x85 after the last write", expiry },
	{ "configuration: written, read, counted by itself", configuration },
	{ "boot partition protection stays enabled", protection_is_permanent },
	{ "configuration: what is reserved is 0", reserved_bits },
	{ "configuration: the order of the checks", configuration_order },
	{ "configuration: only where there is one", configuration_elsewhere },
	{ "a store that fails: write failure, nothing changed", failing_store },
	{ "unknown types: general failure", unknown_types },
	{ "a response waits for room, and is gone then", response_room },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
