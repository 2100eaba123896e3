// SPDX-License-Identifier: GPL-2.0-only
/*
 * librpmb on the kernel's interfaces other than /dev/rpmbN
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "internal.h"
#include "tap.h"

#define KEY "a key that is 32 bytes long ...."

static const uint8_t key[LIBRPMB_KEY_LEN] = KEY;
static const uint8_t other_key[LIBRPMB_KEY_LEN] = "another key";

static const struct fake emmc = {
	.frame_format = RPMB_FRAME_JEDEC,
	.transport = RPMB_TRANSPORT_EMMC,
	.capacity = 1024,
	.write_sizes = 1 << 0 | 1 << 1 | 1 << 5,
	.max_read = 128,
	.dev_id_len = 16,
	.dev_id = {
		0x15, 0x01, 0x00, 0x42, 0x4a, 0x54, 0x44, 0x34,
		0x52, 0x07, 0x12, 0x34, 0x56, 0x78, 0x9a, 0x00
	},
	.has_key = true,
	.key = KEY,
	.counter = 41,
};

static const struct fake ufs = {
	.frame_format = RPMB_FRAME_JEDEC,
	.transport = RPMB_TRANSPORT_UFS,
	.capacity = 1024,
	.write_sizes = 0x3f,
	.max_read = 32,
	.has_key = true,
	.key = KEY,
	.counter = 41,
};

static const struct fake nvme = {
	.frame_format = RPMB_FRAME_NVME,
	.transport = RPMB_TRANSPORT_NVME,
	.capacity = 512,
	.write_sizes = 0x7,
	.max_read = 5,
	.has_key = true,
	.key = KEY,
	.counter = 41,
	.config_counter = 7,
};

/* Every interface, with a device of its kind */
static const struct kind {
	const char *file;
	const struct fake *like;
	const char *name;
	unsigned int targets;
	bool native;
} kinds[] = {
	{ "mmcblk0rpmb", &emmc, "mmcblk0rpmb", 1, true },
	{ "sg3", &ufs, "sg3:0", 4, true },
	{ "bsg/0:0:0:49476", &ufs, "bsg/0:0:0:49476:0", 4, true },
	{ "nvme0", &nvme, "nvme0:0", 7, true },
};

#define for_each_kind(kind)						\
	for ((kind) = kinds; (kind) < kinds + ARRAY_SIZE(kinds); (kind)++)

static struct rpmb *must_open(const char *name, int flags)
{
	struct rpmb *rpmb;
	int ret = rpmb_open(&rpmb, name, flags);

	check(!ret, "cannot open %s: %s", name, rpmb_strerror(ret));
	return rpmb;
}

/* The only device that there is, like @like, opened for all */
static struct rpmb *fresh(const struct kind *kind, const struct fake *like,
			  struct fake **fake)
{
	fake_remove_all();
	*fake = fake_create(kind->file, like);
	tap_note("%s", kind->file);
	return must_open(kind->name, O_RDWR);
}

static int open_error(const char *name)
{
	struct rpmb *rpmb;
	int ret = rpmb_open(&rpmb, name, O_RDONLY);

	expect(!rpmb == !!ret);
	rpmb_close(rpmb);
	return ret;
}

static void fill(uint8_t *data, size_t len, uint8_t seed)
{
	size_t i;

	for (i = 0; i < len; i++)
		data[i] = seed + i + (i >> 8);
}

static void test_open(void)
{
	fake_remove_all();
	fake_create("mmcblk0rpmb", &emmc);
	fake_create("sg3", &ufs);
	fake_create("nvme0", &nvme);
	expect_eq(open_error("/dev/mmcblk0rpmb"), 0);
	expect_eq(open_error("mmcblk0rpmb"), 0);
	expect_eq(open_error("150100424a5444345207123456789a00"), 0);
	expect_eq(open_error("/dev/sg3"), 0);
	expect_eq(open_error("/dev/sg3:0"), 0);
	expect_eq(open_error("sg3"), 0);
	expect_eq(open_error("/dev/nvme0:0"), 0);
	expect_eq(open_error("nqn.2014-08.org.nvmexpress:it-T0"), 0);

	expect_eq(open_error("mmcblk0rpmb:0"), RPMB_ERR_NO_DEVICE);
	expect_eq(open_error("mmcblk1rpmb"), RPMB_ERR_NO_DEVICE);
	expect_eq(open_error("/dev/sg3:1"), RPMB_ERR_NO_DEVICE);
	expect_eq(open_error("/dev/sg3:4"), RPMB_ERR_NO_DEVICE);
	expect_eq(open_error("/dev/sg3:"), RPMB_ERR_NO_DEVICE);
	expect_eq(open_error("/dev/nvme0:1"), RPMB_ERR_NO_DEVICE);
	expect_eq(open_error("/dev/nvme1:0"), RPMB_ERR_NO_DEVICE);
}

static void test_write_and_read(void)
{
	static uint8_t data[67 * 512], back[sizeof(data)];
	const struct kind *kind;

	for_each_kind(kind) {
		struct rpmb_outcome outcome;
		struct fake *fake;
		struct rpmb *rpmb = fresh(kind, kind->like, &fake);
		unsigned int block = rpmb_info(rpmb)->block_size;
		uint32_t counter;

		fill(data, sizeof(data), 5);
		expect_eq(rpmb_write(rpmb, key, 3, 67, data, &outcome), 0);
		expect_eq(outcome.stored, 67);
		expect(!memcmp(fake->data + 3 * block, data, 67 * block));
		expect_eq(rpmb_read(rpmb, key, 3, 67, back), 0);
		expect(!memcmp(back, data, 67 * block));
		expect_eq(rpmb_read_counter(rpmb, key, &counter), 0);
		expect_eq(counter, fake->counter);
		expect_eq(rpmb_read_counter(rpmb, other_key, &counter),
			  RPMB_ERR_RESPONSE_MAC);
		rpmb_close(rpmb);
	}
}

static const struct test tests[] = {
	{ "open: by path, by name, by id; regions and targets", test_open },
	{ "write: what was written is read", test_write_and_read },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
