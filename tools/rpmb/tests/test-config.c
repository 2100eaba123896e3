// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device configuration and purge
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "fake.h"
#include "handle.h"
#include "internal.h"
#include "tap.h"

static const struct fake emmc = {
	.frame_format = RPMB_FRAME_JEDEC,
	.transport = RPMB_TRANSPORT_EMMC,
	.request_types = 0xde,
	.capacity = 512,
	.write_sizes = 3,
	.has_key = true,
	.key = KEY,
	.counter = 41,
};

static const struct fake ufs = {
	.frame_format = RPMB_FRAME_JEDEC,
	.transport = RPMB_TRANSPORT_UFS,
	.request_types = 0x3de,
	.capacity = 512,
	.write_sizes = 1,
	.has_key = true,
	.key = KEY,
	.counter = 41,
};

static const struct fake nvme = {
	.frame_format = RPMB_FRAME_NVME,
	.transport = RPMB_TRANSPORT_NVME,
	.request_types = 0xde,
	.capacity = 256,
	.write_sizes = 1,
	.has_key = true,
	.key = KEY,
	.counter = 41,
	.config_counter = 7,
};

static struct rpmb *fresh(const struct fake *like, struct fake **fake)
{
	fake_remove_all();
	*fake = fake_create("rpmb0", like);
	return must_open("rpmb0", O_RDWR);
}

/* A register at a time is written, both are read */
static void test_emmc(void)
{
	struct rpmb_emmc_config config;
	struct rpmb_outcome outcome;
	uint8_t block[256];
	struct fake *fake;
	struct rpmb *rpmb = fresh(&emmc, &fake);

	rpmb_emmc_config_put(block, 1);
	expect_eq(rpmb_config_write(rpmb, key, LIBRPMB_SECURE_WP_MODE_CONFIG,
				    block, &outcome), 0);
	expect_eq(outcome.stored, 1);
	expect_eq(outcome.unknown, 0);
	expect_eq(fake->counter, 42);
	expect_eq(rpmb_config_read(rpmb, key, 0, block), 0);
	rpmb_emmc_config_get(block, &config);
	expect_eq(config.secure_wp_mode_enable, 0);
	expect_eq(config.secure_wp_mode_config, 1);

	rpmb_emmc_config_put(block, 1);
	expect_eq(rpmb_config_write(rpmb, key, LIBRPMB_SECURE_WP_MODE_ENABLE,
				    block, NULL), 0);
	expect_eq(rpmb_config_read(rpmb, key, 0, block), 0);
	rpmb_emmc_config_get(block, &config);
	expect_eq(config.secure_wp_mode_enable, 1);
	expect_eq(config.secure_wp_mode_config, 1);
	expect_eq(fake->counter, 43);
	rpmb_close(rpmb);
}

/* The words of JESD220G */
static void test_ufs_words(void)
{
	static const uint8_t lba[] = { 0, 0, 0, 1, 2, 3, 4, 5 };
	static const uint8_t blocks[] = { 9, 8, 7, 6 };
	struct rpmb_ufs_config config = {
		.lun = 1,
		.nr_entries = 2,
		.entries = {
			{ .lba = 5 },
			{ true, LIBRPMB_SWP_AWP, 0x102030405, 0x09080706 },
		},
	}, back;
	uint8_t block[256];

	memset(block, 0xff, sizeof(block));
	expect_eq(rpmb_ufs_config_put(block, &config), 0);
	expect_eq(block[0], 1);
	expect_eq(block[1], 32);
	expect(!block[2] && !block[255] && !block[48]);
	expect_eq(block[16], 0);
	expect_eq(block[16 + 11], 5);
	expect_eq(block[32], 1 | 2 << 1);
	expect(!memcmp(&block[32 + 4], lba, sizeof(lba)));
	expect(!memcmp(&block[32 + 12], blocks, sizeof(blocks)));

	expect_eq(rpmb_ufs_config_get(block, &back), 0);
	expect(!memcmp(&back, &config, sizeof(config)));

	config.nr_entries = LIBRPMB_SWP_ENTRIES + 1;
	expect_eq(rpmb_ufs_config_put(block, &config), RPMB_ERR_ARGUMENT);
	block[1] = 80;
	expect_eq(rpmb_ufs_config_get(block, &back), RPMB_ERR_ARGUMENT);
	block[1] = 17;
	expect_eq(rpmb_ufs_config_get(block, &back), RPMB_ERR_ARGUMENT);
}

/* Each logical unit has its own */
static void test_ufs(void)
{
	struct rpmb_ufs_config config = {
		.lun = 1,
		.nr_entries = 1,
		.entries = { { true, LIBRPMB_SWP_POWER_ON, 64, 8 } },
	}, back;
	uint8_t block[256];
	struct fake *fake;
	struct rpmb *rpmb = fresh(&ufs, &fake);

	expect_eq(rpmb_ufs_config_put(block, &config), 0);
	expect_eq(rpmb_config_write(rpmb, key, 0, block, NULL),
		  RPMB_ERR_ARGUMENT);
	expect_eq(fake->nr_requests, 0);
	expect_eq(rpmb_config_write(rpmb, key, 1, block, NULL), 0);
	expect_eq(fake->counter, 42);
	expect_eq(rpmb_config_read(rpmb, key, 1, block), 0);
	expect_eq(rpmb_ufs_config_get(block, &back), 0);
	expect(!memcmp(&back, &config, sizeof(config)));
	expect_eq(rpmb_config_read(rpmb, key, 0, block), 0);
	expect_eq(rpmb_ufs_config_get(block, &back), 0);
	expect_eq(back.nr_entries, 0);

	block[0] = 9;
	expect_eq(rpmb_config_write(rpmb, key, 9, block, NULL),
		  RPMB_ERR_SWP_NOT_APPLICABLE);
	expect_eq(rpmb_config_read(rpmb, key, 256, block), RPMB_ERR_ARGUMENT);
	rpmb_close(rpmb);
}

/* The block has a write counter of its own */
static void test_nvme(void)
{
	struct rpmb_nvme_config config = { 0, 2, 1 }, back;
	struct rpmb_outcome outcome;
	uint8_t block[512];
	struct fake *fake;
	struct rpmb *rpmb = fresh(&nvme, &fake);

	memset(block, 0xff, sizeof(block));
	rpmb_nvme_config_put(block, &config);
	expect(!block[0] && block[1] == 2 && block[2] == 1);
	expect(!block[3] && !block[511]);
	expect_eq(rpmb_config_write(rpmb, key, 0, block, &outcome), 0);
	expect_eq(outcome.stored, 1);
	expect_eq(fake->config_counter, 8);
	expect_eq(fake->counter, 41);
	memset(block, 0, sizeof(block));
	expect_eq(rpmb_config_read(rpmb, key, 0, block), 0);
	rpmb_nvme_config_get(block, &back);
	expect(!memcmp(&back, &config, sizeof(config)));
	rpmb_close(rpmb);
}

/* What is no part of the configuration is refused before anything is sent */
static void test_select(void)
{
	uint8_t block[512] = { 0 };
	struct fake *fake;
	struct rpmb *rpmb;

	rpmb = fresh(&emmc, &fake);
	expect_eq(rpmb_config_read(rpmb, key, 1, block), RPMB_ERR_ARGUMENT);
	expect_eq(rpmb_config_write(rpmb, key, 0, block, NULL),
		  RPMB_ERR_ARGUMENT);
	expect_eq(rpmb_config_write(rpmb, key, 3, block, NULL),
		  RPMB_ERR_ARGUMENT);
	expect_eq(fake->nr_requests, 0);
	rpmb_close(rpmb);
	rpmb = fresh(&nvme, &fake);
	expect_eq(rpmb_config_read(rpmb, key, 1, block), RPMB_ERR_ARGUMENT);
	expect_eq(rpmb_config_write(rpmb, key, 1, block, NULL),
		  RPMB_ERR_ARGUMENT);
	expect_eq(fake->nr_requests, 0);
	rpmb_close(rpmb);
}

/* The same on every kind of device, on UFS for its second unit */
static const struct kind {
	const struct fake *like;
	unsigned int select;
	unsigned int byte;		/* that is written */
} kinds[] = {
	{ &emmc, LIBRPMB_SECURE_WP_MODE_CONFIG, 255 },
	{ &ufs, 1, 255 },
	{ &nvme, 0, 1 },
};

static int write_with(const struct kind *kind, const struct fake_fault *fault,
		      const struct fake_fault *second,
		      struct rpmb_outcome *outcome)
{
	uint8_t block[512] = { 0 };
	struct fake *fake;
	struct rpmb *rpmb = fresh(kind->like, &fake);
	int ret, saved;

	block[0] = kind->like->transport == RPMB_TRANSPORT_UFS;
	block[kind->byte] = 1;
	fake->faults[0] = *fault;
	fake->faults[1] = *second;
	ret = rpmb_config_write(rpmb, key, kind->select, block, outcome);
	saved = errno;
	rpmb_close(rpmb);
	errno = saved;
	return ret;
}

static const struct failure {
	const char *what;
	struct fake_fault fault;
	struct fake_fault second;
	int error;
	struct rpmb_outcome outcome;
} failures[] = {
	{ "never sent", { FAULT_BEFORE, RPMB_CONFIG_WRITE, 0, EBUSY }, { 0 },
	  RPMB_ERR_BUSY, { 0, 0 } },
	{ "request lost",
	  { FAULT_LOST_REQUEST, RPMB_CONFIG_WRITE, 0, ETIMEDOUT }, { 0 },
	  RPMB_ERR_TIMEOUT, { 0, 0 } },
	{ "response lost",
	  { FAULT_LOST_RESPONSE, RPMB_CONFIG_WRITE, 0, EIO }, { 0 },
	  RPMB_ERR_SYSTEM, { 1, 0 } },
	{ "response forged", { FAULT_COUNTER, RPMB_CONFIG_WRITE, 0, 0 }, { 0 },
	  RPMB_ERR_RESPONSE_COUNTER, { 1, 0 } },
	{ "corrupted", { FAULT_CORRUPTED, RPMB_CONFIG_WRITE, 0, 0 }, { 0 },
	  RPMB_ERR_AUTHENTICATION, { 0, 0 } },
	{ "somebody else came first",
	  { FAULT_OTHER_WRITER, RPMB_CONFIG_WRITE, 0, 0 }, { 0 },
	  RPMB_ERR_COUNTER, { 0, 1 } },
	{ "reading back fails",
	  { FAULT_LOST_RESPONSE, RPMB_CONFIG_WRITE, 0, EIO },
	  { FAULT_MAC, RPMB_CONFIG_READ, 1, 0 },
	  RPMB_ERR_SYSTEM, { 0, 1 } },
};

static void test_outcomes(void)
{
	const struct failure *f;
	const struct kind *kind;

	for (kind = kinds; kind < kinds + ARRAY_SIZE(kinds); kind++)
		for (f = failures; f < failures + ARRAY_SIZE(failures); f++) {
			struct rpmb_outcome outcome;
			struct fake_fault second = f->second;

			/* NVMe reads its counter there, too */
			if (kind->like != &nvme)
				second.skip = 0;
			tap_note("%s: %s",
				 rpmb_transport_name(kind->like->transport),
				 f->what);
			expect_eq(write_with(kind, &f->fault, &second,
					     &outcome), f->error);
			expect_eq(outcome.stored, f->outcome.stored);
			expect_eq(outcome.unknown, f->outcome.unknown);
		}
}

static int read_with(const struct fake *like, uint32_t fault)
{
	uint8_t block[512];
	struct fake *fake;
	struct rpmb *rpmb = fresh(like, &fake);
	int ret;

	fake->faults[0] = (struct fake_fault) { fault, RPMB_CONFIG_READ, 0, 0 };
	ret = rpmb_config_read(rpmb, key, 0, block);
	expect_eq(fake->faults[0].kind, FAULT_NONE);
	rpmb_close(rpmb);
	return ret;
}

static void test_forgeries(void)
{
	const struct kind *kind;

	for (kind = kinds; kind < kinds + ARRAY_SIZE(kinds); kind++) {
		expect_eq(read_with(kind->like, FAULT_TYPE), wrong_type());
		expect_eq(read_with(kind->like, FAULT_MAC),
			  RPMB_ERR_RESPONSE_MAC);
		expect_eq(read_with(kind->like, FAULT_NONCE),
			  RPMB_ERR_RESPONSE_NONCE);
	}
	expect_eq(read_with(&nvme, FAULT_TARGET), RPMB_ERR_RESPONSE_TARGET);
	expect_eq(read_with(&ufs, FAULT_UNIT), RPMB_ERR_RESPONSE_ADDRESS);
}

static void test_expired(void)
{
	struct fake like = nvme, *fake;
	uint8_t block[512] = { 0 };
	struct rpmb *rpmb;

	like.config_counter = UINT32_MAX;
	rpmb = fresh(&like, &fake);
	expect_eq(rpmb_config_write(rpmb, key, 0, block, NULL),
		  RPMB_ERR_EXPIRED);
	expect_eq(fake->log[fake->nr_requests - 1].type, RPMB_CONFIG_READ);
	rpmb_close(rpmb);

	like = ufs;
	like.counter = UINT32_MAX;
	rpmb = fresh(&like, &fake);
	expect_eq(rpmb_purge_start(rpmb, key), RPMB_ERR_EXPIRED);
	rpmb_close(rpmb);
}

static void test_purge(void)
{
	struct rpmb_purge purge;
	struct fake *fake;
	struct rpmb *rpmb = fresh(&ufs, &fake);

	expect_eq(rpmb_purge_status(rpmb, key, &purge), 0);
	expect_eq(purge.state, LIBRPMB_PURGE_IDLE);
	expect_eq(rpmb_purge_start(rpmb, key), 0);
	expect_eq(fake->counter, 42);
	expect_eq(rpmb_purge_status(rpmb, key, &purge), 0);
	expect_eq(purge.state, LIBRPMB_PURGE_RUNNING);
	expect_eq(purge.life_time, 7);

	expect_eq(rpmb_purge_start(rpmb, other_key), RPMB_ERR_RESPONSE_MAC);
	fake->faults[0] = (struct fake_fault) {
		FAULT_NONCE, RPMB_PURGE_STATUS, 0, 0
	};
	expect_eq(rpmb_purge_status(rpmb, key, &purge),
		  RPMB_ERR_RESPONSE_NONCE);
	fake->faults[0] = (struct fake_fault) {
		FAULT_COUNTER, RPMB_PURGE_ENABLE, 0, 0
	};
	expect_eq(rpmb_purge_start(rpmb, key), RPMB_ERR_RESPONSE_COUNTER);
	fake->faults[0] = (struct fake_fault) {
		FAULT_RESULT, RPMB_PURGE_ENABLE, 0, RPMB_RES_PURGING
	};
	expect_eq(rpmb_purge_start(rpmb, key), RPMB_ERR_PURGING);
	rpmb_close(rpmb);
}

static const struct test tests[] = {
	{ "eMMC: one register is written, both are read", test_emmc },
	{ "UFS: the words of a block", test_ufs_words },
	{ "UFS: each logical unit has its own", test_ufs },
	{ "NVMe: a block with its own counter", test_nvme },
	{ "select: nothing is sent for what there is not", test_select },
	{ "outcome: what is stored after a failed write", test_outcomes },
	{ "response: each forged field is noticed and named", test_forgeries },
	{ "expired: nothing is sent any more", test_expired },
	{ "purge: started and watched", test_purge },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
