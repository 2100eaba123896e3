// SPDX-License-Identifier: GPL-2.0-only
/*
 * The RPMB engine with eMMC's and UFS's rules: which answer a request gets that has several
 * things wrong, and what differs from virtio
 */
#include <endian.h>
#include <string.h>

#include "memory.h"
#include "tap.h"

#define CAPACITY MEMORY_CAPACITY
#define MAX_FRAMES 64

static struct memory memory;
static struct rpmb_engine engine;
static struct rpmb_frame frames[MAX_FRAMES];
static struct rpmb_fields response;

/* A card with a key, whose counter is at 5 */
static void make_card(const struct rpmb_rules *rules, uint32_t max_write)
{
	memory_init(&memory, RPMB_FRAME_JEDEC);
	engine = (struct rpmb_engine) {
		.rules = rules,
		.format = RPMB_FRAME_JEDEC,
		.store = &memory.store,
		.max_write = max_write,
	};
}

static void sign(unsigned int nr)
{
	rpmb_frames_hmac(RPMB_FRAME_JEDEC, frames, nr * 512, memory_key,
			 frames[nr - 1].key_mac);
}

/* Make a request of @nr frames, in which all is right but what fields say */
static void make(uint16_t type, uint32_t counter, uint32_t addr, uint32_t count,
		 unsigned int nr)
{
	struct rpmb_fields fields = {
		.type = type,
		.counter = counter,
		.addr = addr,
		.count = count,
		.nonce = "sixteen bytelong",
	};

	rpmb_frames_init(RPMB_FRAME_JEDEC, frames, nr * 512, &fields);
	sign(nr);
}

static void send_frames(unsigned int nr)
{
	rpmb_engine_request(&engine, frames, nr * 512);
}

static void ask_result(void)
{
	struct rpmb_frame frame = { .req_resp = htobe16(RPMB_RESULT_READ) };

	rpmb_engine_request(&engine, &frame, sizeof(frame));
}

/* The result code in a response of @nr frames; its fields are in response */
static uint16_t fetch(unsigned int nr)
{
	size_t len = rpmb_engine_response(&engine, frames, nr * 512);

	check(len, "there is no response");
	check(rpmb_frames_parse(RPMB_FRAME_JEDEC, frames, len, &response),
	      "the frames differ");
	return response.result;
}

static uint16_t run_write(unsigned int nr)
{
	send_frames(nr);
	ask_result();
	return fetch(1);
}

static uint16_t write_blocks(uint32_t addr, unsigned int nr)
{
	make(RPMB_WRITE_DATA, memory.store.counter, addr, nr, nr);
	return run_write(nr);
}

static void sizes(const uint8_t *allowed, uint32_t max_write)
{
	unsigned int nr;

	for (nr = 1; nr <= MAX_FRAMES; nr++) {
		uint32_t before;
		uint16_t result;

		make_card(&rpmb_rules_emmc, max_write);
		before = memory.store.counter;
		result = write_blocks(0, nr);
		check(result == (strchr((const char *)allowed, nr) ?
				 RPMB_RES_OK : RPMB_RES_GENERAL),
		      "%u frames: result %#x", nr, result);
		check_eq(memory.store.counter, before + !result);
		check_eq(memory.writes, !result);
	}
}

static void small_sizes(void)
{
	sizes((const uint8_t *)"\1\2", 2);
}

static void large_sizes(void)
{
	sizes((const uint8_t *)"\1\2\40", 32);
}

/* Write so many blocks with a counter and a MAC that are wrong */
static uint16_t write_forged(uint32_t addr, unsigned int nr)
{
	make(RPMB_WRITE_DATA, 4, addr, nr, nr);
	frames[nr - 1].key_mac[0] ^= 1;
	return run_write(nr);
}

/* Each step takes one fault away: the next in order is told */
static void check_order(const struct rpmb_rules *rules, uint32_t max)
{
	make_card(rules, max);
	memory.store.has_key = false;
	memory.store.counter = RPMB_COUNTER_MAX;
	check_eq(write_forged(CAPACITY - max, max + 1),
		 RPMB_RES_NO_KEY | RPMB_RES_EXPIRED);
	memory.store.has_key = true;
	check_eq(write_forged(CAPACITY - max, max + 1), 0x85);
	memory.store.counter = 5;
	check_eq(write_forged(CAPACITY - max, max + 1), RPMB_RES_ADDRESS);
	check_eq(write_forged(CAPACITY - max - 1, max + 1), RPMB_RES_GENERAL);
	check_eq(write_forged(CAPACITY - max, max), RPMB_RES_AUTH);
	make(RPMB_WRITE_DATA, 4, CAPACITY - max, max, max);
	check_eq(run_write(max), RPMB_RES_COUNTER);
	check_eq(memory.writes, 0);
	check_eq(write_blocks(CAPACITY - max, max), RPMB_RES_OK);
	check_eq(memory.writes, 1);
}

static void order(void)
{
	check_order(&rpmb_rules_emmc, 2);
}

static void ufs_order(void)
{
	check_order(&rpmb_rules_ufs, 4);
	check_eq(write_blocks(CAPACITY - 3, 3), RPMB_RES_OK);
}

static void virtio_order(void)
{
	make_card(&rpmb_rules_virtio, 2);
	memory.store.counter = RPMB_COUNTER_MAX;
	make(RPMB_WRITE_DATA, 4, CAPACITY, 3, 3);
	send_frames(3);
	make(RPMB_RESULT_READ, 0, 0, 1, 1);
	send_frames(1);
	check_eq(fetch(1), RPMB_RES_GENERAL | RPMB_RES_EXPIRED);

	make(RPMB_WRITE_DATA, 4, CAPACITY, 1, 1);
	send_frames(1);
	make(RPMB_RESULT_READ, 0, 0, 1, 1);
	send_frames(1);
	check_eq(fetch(1), RPMB_RES_EXPIRED);
}

static void count_differs(void)
{
	make_card(&rpmb_rules_emmc, 2);
	make(RPMB_WRITE_DATA, 5, 0, 1, 2);
	check_eq(run_write(2), RPMB_RES_GENERAL);
	make(RPMB_WRITE_DATA, 5, 0, 2, 1);
	check_eq(run_write(1), RPMB_RES_GENERAL);
	make(RPMB_WRITE_DATA, 5, 0, 0, 1);
	check_eq(run_write(1), RPMB_RES_GENERAL);
}

/* The last write that there can be, and the first that there cannot */
static void expiry(void)
{
	make_card(&rpmb_rules_emmc, 2);
	memory.store.counter = RPMB_COUNTER_MAX - 1;
	check_eq(write_blocks(0, 1), RPMB_RES_EXPIRED);
	check_eq(response.counter, RPMB_COUNTER_MAX);
	check_eq(memory.writes, 1);
	check_eq(write_blocks(0, 1), 0x85);
	check_eq(response.counter, RPMB_COUNTER_MAX);
	check_eq(memory.writes, 1);
}

/* OP-TEE's frames say 0, others 1; the number of frames fetched decides */
static void uncounted_reads(void)
{
	static const uint32_t counts[] = { 0, 1, 2, 7 };
	unsigned int i;

	make_card(&rpmb_rules_emmc, 2);
	memset(memory.blocks[3], 3, 256);
	memset(memory.blocks[4], 4, 256);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		make(RPMB_READ_DATA, 0, 3, counts[i], 1);
		send_frames(1);
		check_eq(fetch(2), RPMB_RES_OK);
		check_eq(response.count, 2);
		check_eq(frames[0].data[255], 3);
		check_eq(frames[1].data[0], 4);
	}
	make(RPMB_READ_DATA, 0, CAPACITY - 1, 0, 1);
	send_frames(1);
	check_eq(fetch(2), RPMB_RES_ADDRESS);
	check_eq(frames[0].data[0], 0);
}

static void uncounted_requests(void)
{
	make_card(&rpmb_rules_emmc, 2);
	make(RPMB_GET_WRITE_COUNTER, 0, 0, 0, 1);
	send_frames(1);
	check_eq(fetch(1), RPMB_RES_OK);
	check_eq(response.counter, 5);
	make(RPMB_GET_WRITE_COUNTER, 0, 0, 1, 1);
	send_frames(1);
	check_eq(fetch(1), RPMB_RES_OK);
	make(RPMB_GET_WRITE_COUNTER, 0, 0, 0, 2);
	send_frames(2);
	check_eq(fetch(1), RPMB_RES_GENERAL);
}

static void key_response(void)
{
	static const uint8_t zero[RPMB_MAC_LEN];

	make_card(&rpmb_rules_emmc, 2);
	memory.store.has_key = false;
	make(RPMB_PROGRAM_KEY, 0, 0, 0, 1);
	check_eq(run_write(1), RPMB_RES_OK);
	check_eq(response.type, RPMB_PROGRAM_KEY << 8);
	check(!memcmp(frames[0].key_mac, zero, sizeof(zero)), "it has a MAC");
	make(RPMB_PROGRAM_KEY, 0, 0, 0, 1);
	check_eq(run_write(1), RPMB_RES_WRITE);
}

static void failing_store(void)
{
	make_card(&rpmb_rules_emmc_secure_wp, 2);
	memory.fails = true;
	check_eq(write_blocks(0, 1), RPMB_RES_WRITE);
	check_eq(response.counter, 5);
	make(RPMB_CONFIG_WRITE, 5, 1, 1, 1);
	frames[0].data[255] = 1;
	sign(1);
	check_eq(run_write(1), RPMB_RES_WRITE);
	check_eq(memory.store.config[RPMB_EMMC_WP_ENABLE], 0);
	check_eq(memory.store.counter, 5);
}

static void refused(void)
{
	make_card(&rpmb_rules_emmc, 2);
	make(RPMB_WRITE_DATA, 5, 0, 1, 1);
	rpmb_engine_refuse(&engine, frames, 512);
	ask_result();
	check_eq(fetch(1), RPMB_RES_GENERAL);
	check_eq(response.type, RPMB_WRITE_DATA << 8);
	check_eq(memory.writes, 0);
}

/* Any request but a result read overwrites the result register */
static void overwritten(void)
{
	make_card(&rpmb_rules_emmc, 2);
	make(RPMB_WRITE_DATA, 5, 0, 1, 1);
	send_frames(1);
	make(RPMB_GET_WRITE_COUNTER, 0, 0, 0, 1);
	send_frames(1);
	ask_result();
	check_eq(fetch(1), RPMB_RES_GENERAL);
	check_eq(response.type, RPMB_GET_WRITE_COUNTER << 8);
	check_eq(memory.store.counter, 6);
}

static uint16_t write_config(uint32_t counter, uint32_t addr, uint8_t value)
{
	make(RPMB_CONFIG_WRITE, counter, addr, 1, 1);
	frames[0].data[255] = value;
	sign(1);
	return run_write(1);
}

static uint16_t read_config(void)
{
	make(RPMB_CONFIG_READ, 0, 0, 0, 1);
	send_frames(1);
	return fetch(1);
}

static void configuration(void)
{
	make_card(&rpmb_rules_emmc_secure_wp, 2);
	check_eq(read_config(), RPMB_RES_OK);
	check_eq(frames[0].data[255], 0);
	check_eq(write_config(5, 1, 1), RPMB_RES_OK);
	check_eq(response.type, RPMB_CONFIG_WRITE << 8);
	check_eq(response.counter, 6);
	check_eq(response.addr, 1);
	check_eq(read_config(), RPMB_RES_OK);
	check_eq(response.type, RPMB_CONFIG_READ << 8);
	check(!memcmp(response.nonce, "sixteen bytelong", 16), "nonce");
	check_eq(frames[0].data[255], 1);
	check_eq(frames[0].data[254], 0);
	check_eq(write_config(6, 2, 1), RPMB_RES_OK);
	check_eq(read_config(), RPMB_RES_OK);
	check_eq(frames[0].data[255], 1);
	check_eq(frames[0].data[254], 1);
	check_eq(memory.store.counter, 7);
}

static void configuration_refused(void)
{
	make_card(&rpmb_rules_emmc_secure_wp, 2);
	check_eq(write_config(5, 0, 1), RPMB_RES_ADDRESS);
	check_eq(write_config(5, 3, 1), RPMB_RES_ADDRESS);
	check_eq(write_config(5, 1, 2), RPMB_RES_GENERAL);
	check_eq(write_config(4, 1, 1), RPMB_RES_COUNTER);
	make(RPMB_CONFIG_WRITE, 5, 1, 1, 1);
	frames[0].data[255] = 1;
	check_eq(run_write(1), RPMB_RES_AUTH);
	make(RPMB_CONFIG_WRITE, 5, 1, 2, 2);
	check_eq(run_write(2), RPMB_RES_GENERAL);
	memory.store.has_key = false;
	check_eq(read_config(), RPMB_RES_NO_KEY);
	check_eq(write_config(5, 1, 1), RPMB_RES_NO_KEY);
	check_eq(memory.writes, 0);
}

static void unknown_types(void)
{
	static const uint16_t types[] = { 0, 6, 7, 8, 9, 16, 0xffff };
	unsigned int i;

	make_card(&rpmb_rules_emmc, 2);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		make(types[i], 5, 1, 1, 1);
		send_frames(1);
		check_eq(fetch(1), RPMB_RES_GENERAL);
	}
	check_eq(memory.writes, 0);
}

static uint16_t write_swp(uint32_t counter, uint8_t lun, uint8_t len,
			  uint8_t flags)
{
	make(RPMB_CONFIG_WRITE, counter, 0, 1, 1);
	frames[0].data[0] = lun;
	frames[0].data[1] = len;
	frames[0].data[16] = flags;
	sign(1);
	return run_write(1);
}

static uint16_t read_swp(uint8_t lun)
{
	make(RPMB_CONFIG_READ, 0, 0, 1, 1);
	frames[0].data[0] = lun;
	send_frames(1);
	return fetch(1);
}

static void ufs_configuration(void)
{
	make_card(&rpmb_rules_ufs, 4);
	check_eq(write_swp(5, 0, 16, 1), RPMB_RES_OK);
	check_eq(response.counter, 6);
	check_eq(read_swp(0), RPMB_RES_OK);
	check_eq(frames[0].data[1], 16);
	check_eq(frames[0].data[16], 1);
	/* An entry that is not there any more means nothing */
	check_eq(write_swp(6, 0, 0, 1), RPMB_RES_OK);
	check_eq(read_swp(0), RPMB_RES_OK);
	check_eq(frames[0].data[16], 0);

	check_eq(write_swp(7, 1, 16, 1), RPMB_RES_SWP_PARAM);
	check_eq(write_swp(7, 0, 15, 1), RPMB_RES_SWP_PARAM);
	check_eq(write_swp(7, 0, 80, 1), RPMB_RES_SWP_PARAM);
	check_eq(write_swp(7, 0, 16, 3 << 1), RPMB_RES_SWP_PARAM);
	check_eq(write_swp(6, 0, 16, 1), RPMB_RES_COUNTER);
	check_eq(read_swp(1), RPMB_RES_SWP_PARAM);
	check_eq(memory.writes, 2);
}

static uint16_t ask_counted(uint16_t type, uint32_t counter, uint32_t count)
{
	make(type, counter, 0, count, 1);
	send_frames(1);
	return fetch(1);
}

static uint16_t ask(uint16_t type, uint32_t counter)
{
	return ask_counted(type, counter, type != RPMB_GET_WRITE_COUNTER);
}

/* JESD220G 12.4.7.3: what the figures have */
static void ufs_counts(void)
{
	make_card(&rpmb_rules_ufs, 4);
	check_eq(ask_counted(RPMB_GET_WRITE_COUNTER, 0, 0), RPMB_RES_OK);
	check_eq(ask_counted(RPMB_GET_WRITE_COUNTER, 0, 1), RPMB_RES_GENERAL);
	check_eq(ask_counted(RPMB_READ_DATA, 0, 1), RPMB_RES_OK);
	check_eq(ask_counted(RPMB_READ_DATA, 0, 0), RPMB_RES_GENERAL);
	check_eq(ask_counted(RPMB_CONFIG_READ, 0, 1), RPMB_RES_OK);
	check_eq(ask_counted(RPMB_CONFIG_READ, 0, 0), RPMB_RES_GENERAL);
	check_eq(ask_counted(RPMB_PURGE_STATUS, 0, 1), RPMB_RES_OK);
	check_eq(ask_counted(RPMB_PURGE_STATUS, 0, 0), RPMB_RES_GENERAL);

	make(RPMB_RESULT_READ, 0, 0, 1, 1);
	send_frames(1);
	check_eq(fetch(1), RPMB_RES_GENERAL);
	memory.store.has_key = false;
	make(RPMB_PROGRAM_KEY, 0, 0, 1, 1);
	check_eq(run_write(1), RPMB_RES_GENERAL);
	make(RPMB_PROGRAM_KEY, 0, 0, 0, 1);
	check_eq(run_write(1), RPMB_RES_OK);
}

static void ufs_purge(void)
{
	make_card(&rpmb_rules_ufs, 4);
	check_eq(ask(RPMB_PURGE_STATUS, 0), RPMB_RES_OK);
	check_eq(frames[0].data[0], 0);
	check_eq(ask(RPMB_PURGE_ENABLE, 4), RPMB_RES_COUNTER);
	check_eq(ask(RPMB_PURGE_ENABLE, 5), RPMB_RES_OK);
	check_eq(response.counter, 6);
	check(!memcmp(response.nonce, "sixteen bytelong", 16), "nonce");

	check_eq(ask(RPMB_PURGE_STATUS, 0), RPMB_RES_OK);
	check_eq(frames[0].data[0], 1);
	check_eq(ask(RPMB_GET_WRITE_COUNTER, 0), RPMB_RES_PURGING);
	check_eq(ask(RPMB_PURGE_ENABLE, 6), RPMB_RES_PURGING);
	check_eq(memory.writes, 1);
	engine.purge = RPMB_ENGINE_PURGE_DONE;
	check_eq(ask(RPMB_PURGE_STATUS, 0), RPMB_RES_OK);
	check_eq(frames[0].data[0], 2);
	check_eq(write_blocks(0, 1), RPMB_RES_OK);
}

static void ufs_unknown_types(void)
{
	make_card(&rpmb_rules_ufs, 4);
	engine.lacks = 1 << RPMB_PURGE_ENABLE;
	check_eq(ask(RPMB_PURGE_ENABLE, 5), RPMB_RES_UNSUPPORTED);
	check_eq(ask(16, 5), RPMB_RES_UNSUPPORTED);
	check_eq(memory.writes, 0);
}

static const struct test tests[] = {
	{ "UFS: the order of the checks of a write", ufs_order },
	{ "UFS: secure write protection", ufs_configuration },
	{ "UFS: purge", ufs_purge },
	{ "UFS: requests that a device does not have", ufs_unknown_types },
	{ "UFS: block counts of requests without a signature", ufs_counts },
	{ "a card takes 1 and 2 frames", small_sizes },
	{ "a card with large writes takes 1, 2 and 32 frames", large_sizes },
	{ "order: key, expiry, address, count, MAC, counter", order },
	{ "virtio: count before expiry, which is 0x80", virtio_order },
	{ "the frames' count is that of the frames", count_differs },
	{ "expiry: 0x85 after the last write", expiry },
	{ "read: the transfer decides on the count", uncounted_reads },
	{ "counter: the count is not looked at", uncounted_requests },
	{ "key: the response has no MAC", key_response },
	{ "a store that fails: write failure, nothing changed", failing_store },
	{ "a request that the transport refuses", refused },
	{ "a request overwrites the result register", overwritten },
	{ "configuration: written, read, counted", configuration },
	{ "configuration: refused", configuration_refused },
	{ "unknown types: general failure", unknown_types },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
