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
#include "handle.h"
#include "internal.h"
#include "tap.h"

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
	.max_write = 35,
	.max_read = 35,
	.has_key = true,
	.key = KEY,
	.counter = 41,
};

static const struct fake nvme = {
	.frame_format = RPMB_FRAME_NVME,
	.transport = RPMB_TRANSPORT_NVME,
	.capacity = 512,
	.write_sizes = 0x7,
	.max_write = 5,
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
} kinds[] = {
	{ "mmcblk0rpmb", &emmc, "mmcblk0rpmb" },
	{ "sg3", &ufs, "sg3:0" },
	{ "bsg/0:0:0:49476", &ufs, "bsg/0:0:0:49476:0" },
	{ "nvme0", &nvme, "nvme0:0" },
};

/* Those of them that tests name */
static const struct kind *const mmc_kind = &kinds[0];
static const struct kind *const sg_kind = &kinds[1];
static const struct kind *const bsg_kind = &kinds[2];
static const struct kind *const nvme_kind = &kinds[3];

#define for_each_kind(kind)						\
	for ((kind) = kinds; (kind) < kinds + ARRAY_SIZE(kinds); (kind)++)

/* The only device that there is, like @like, opened for all */
static struct rpmb *fresh(const struct kind *kind, const struct fake *like,
			  struct fake **fake)
{
	fake_remove_all();
	*fake = fake_create(kind->file, like);
	tap_note("%s", kind->file);
	return must_open(kind->name, O_RDWR);
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

/* make-ufs-ids has it: 01CE-0400-MODEL  -0041006200330000-00A1-1225-R0 */
static const uint8_t ufs_id[16] = {
	0x73, 0x5c, 0x2e, 0xb4, 0x43, 0x79, 0xb4, 0x4e,
	0x6b, 0xf3, 0x1b, 0x5f, 0xa2, 0x31, 0x88, 0xb1,
};

#define NVME_ID "nqn.2014-08.org.nvmexpress:it-T0"
#define BASIC_TYPES 0x1e
#define CONFIG_TYPES 0xc0
#define PURGE_TYPES 0x300

static void expect_info(const struct kind *kind, unsigned int types,
			const void *id, size_t id_len)
{
	struct fake *fake;
	struct rpmb *rpmb = fresh(kind, kind->like, &fake);
	const struct rpmb_info *info = rpmb_info(rpmb);

	expect(!strcmp(info->name, kind->name));
	expect_eq(info->frame_format, kind->like->frame_format);
	expect_eq(info->transport, kind->like->transport);
	expect_eq(info->block_size, rpmb_block_size(info->frame_format));
	expect_eq(info->capacity, kind->like->capacity);
	expect_eq(info->write_sizes, kind->like->write_sizes);
	expect_eq(info->max_write, kind->like->max_write);
	expect_eq(info->max_read, kind->like->max_read);
	expect_eq(info->max_batch, kind == mmc_kind ? 85 : 0);
	expect_eq(info->request_types, types);
	expect_eq(info->target, 0);
	expect_eq(info->dev_id_len, id_len);
	expect(!memcmp(info->dev_id, id, id_len));
	rpmb_close(rpmb);
}

static void test_info(void)
{
	expect_info(mmc_kind, BASIC_TYPES | CONFIG_TYPES, emmc.dev_id, 16);
	expect_info(sg_kind, BASIC_TYPES | CONFIG_TYPES | PURGE_TYPES, ufs_id,
		    sizeof(ufs_id));
	expect_info(bsg_kind, BASIC_TYPES | CONFIG_TYPES | PURGE_TYPES, ufs_id,
		    sizeof(ufs_id));
	expect_info(nvme_kind, BASIC_TYPES | CONFIG_TYPES, NVME_ID,
		    strlen(NVME_ID));
}

/* Older devices, and what cannot be told of newer ones */
static void test_info_variants(void)
{
	struct fake like = emmc, *fake;
	struct rpmb *rpmb;

	like.old = true;
	like.write_sizes = 3;
	rpmb = fresh(mmc_kind, &like, &fake);
	expect_eq(rpmb_info(rpmb)->request_types, BASIC_TYPES);
	expect_eq(rpmb_info(rpmb)->write_sizes, 3);
	rpmb_close(rpmb);

	like = ufs;
	like.old = true;
	rpmb = fresh(sg_kind, &like, &fake);
	expect_eq(rpmb_info(rpmb)->capacity, 1024);
	expect_eq(rpmb_info(rpmb)->request_types, BASIC_TYPES | CONFIG_TYPES);
	rpmb_close(rpmb);
	expect_eq(open_error("sg3:1"), RPMB_ERR_NO_DEVICE);

	like = ufs;
	like.no_id = true;
	rpmb = fresh(sg_kind, &like, &fake);
	expect_eq(rpmb_info(rpmb)->dev_id_len, 0);
	rpmb_close(rpmb);
	like = nvme;
	like.no_id = true;
	rpmb = fresh(nvme_kind, &like, &fake);
	expect_eq(rpmb_info(rpmb)->dev_id_len, 0);
	rpmb_close(rpmb);

	/* A target takes more than one command of the controller carries */
	like = nvme;
	like.max_read = 256;
	like.mdts = 5;
	rpmb = fresh(nvme_kind, &like, &fake);
	expect_eq(rpmb_info(rpmb)->max_read, 255);
	expect_eq(rpmb_info(rpmb)->max_write, 255);
	expect_eq(rpmb_info(rpmb)->write_sizes, 0xff);
	rpmb_close(rpmb);
}

static void test_no_rpmb(void)
{
	struct fake like = nvme;

	fake_remove_all();
	like.old = true;
	fake_create("nvme0", &like);
	expect_eq(open_error("nvme0"), RPMB_ERR_NOT_RPMB);
	like = nvme;
	like.advanced = true;
	fake_create("nvme0", &like);
	expect_eq(open_error("nvme0"), RPMB_ERR_UNSUPPORTED);
	like = ufs;
	like.advanced = true;
	fake_create("sg3", &like);
	expect_eq(open_error("sg3"), RPMB_ERR_UNSUPPORTED);
	like = ufs;
	like.other_unit = true;
	fake_create("sg4", &like);
	expect_eq(open_error("sg4"), RPMB_ERR_NOT_RPMB);
}

/* The second region and the third target */
static void test_targets(void)
{
	struct fake like = ufs, *fake;
	uint8_t data[512] = { 1, 2, 3 };
	struct rpmb *rpmb;

	like.target = 1;
	fake_remove_all();
	fake = fake_create("sg3", &like);
	rpmb = must_open("sg3:1", O_RDWR);
	expect_eq(rpmb_info(rpmb)->target, 1);
	expect_eq(rpmb_info(rpmb)->request_types, BASIC_TYPES | PURGE_TYPES);
	expect_eq(rpmb_write(rpmb, key, 1, 1, data, NULL), 0);
	expect_eq(fake->counter, 42);
	rpmb_close(rpmb);

	like = nvme;
	like.target = 2;
	fake = fake_create("nvme0", &like);
	rpmb = must_open("/dev/nvme0:2", O_RDWR);
	expect_eq(rpmb_info(rpmb)->target, 2);
	expect_eq(rpmb_info(rpmb)->request_types, BASIC_TYPES);
	expect_eq(rpmb_write(rpmb, key, 1, 1, data, NULL), 0);
	expect_eq(fake->counter, 42);
	rpmb_close(rpmb);
}

struct listing {
	unsigned int nr;
	struct rpmb_info infos[8];
};

static int remember(const struct rpmb_info *info, void *arg)
{
	struct listing *listing = arg;

	check(listing->nr < ARRAY_SIZE(listing->infos), "too many");
	listing->infos[listing->nr++] = *info;
	return 0;
}

/* The names of all devices, in order */
static void expect_list(const char *names)
{
	struct listing listing = { 0 };
	char found[256] = "";
	unsigned int i;

	expect_eq(rpmb_enumerate(remember, &listing), 0);
	for (i = 0; i < listing.nr; i++) {
		strcat(found, i ? " " : "");
		strcat(found, listing.infos[i].name);
	}
	if (strcmp(found, names))
		tap_complain("listed: %s, not %s", found, names);
}

static void test_list(void)
{
	struct fake like = nvme;

	fake_remove_all();
	expect_list("");
	fake_create("mmcblk0rpmb", &emmc);
	fake_create("sg3", &ufs);
	fake_create("bsg/0:0:0:49476", &ufs);
	like.target = 2;
	fake_create("nvme0", &like);
	/* What sg has is not there a second time by bsg */
	expect_list("mmcblk0rpmb sg3:0 nvme0:0 nvme0:1 nvme0:2");
}

static void test_list_served(void)
{
	struct fake like = emmc;

	fake_remove_all();
	fake_create("mmcblk0rpmb", &emmc);
	fake_create("rpmb0", &emmc);
	expect_list("rpmb0");

	/* Of another card */
	like.dev_id[3] ^= 1;
	like.apart = true;
	fake_remove_all();
	fake_create("mmcblk0rpmb", &emmc);
	fake_create("rpmb0", &like);
	expect_list("rpmb0 mmcblk0rpmb");

	/* Of an NVMe subsystem, which has no place in the controller's directory */
	like = nvme;
	like.dev_id_len = strlen(NVME_ID);
	memcpy(like.dev_id, NVME_ID, like.dev_id_len);
	fake_remove_all();
	fake_create("nvme0", &nvme);
	fake_create("rpmb0", &like);
	expect_list("rpmb0");

	/* With an identity of another kind, but on the same unit; not its region */
	like = ufs;
	like.dev_id_len = 16;
	fake_remove_all();
	fake_create("sg3", &ufs);
	fake_create("rpmb0", &like);
	expect_list("rpmb0");
	like.target = 1;
	fake_create("rpmb0", &like);
	expect_list("rpmb0 sg3:0");
}

/* Mainline's class has the device as well, but for drivers only */
static void test_list_mainline(void)
{
	fake_remove_all();
	expect(!rpmb_for_drivers_only());
	fake_make_mainline("rpmb0");
	expect_list("");
	expect(rpmb_for_drivers_only());
	expect_eq(open_error("rpmb0"), RPMB_ERR_DRIVERS_ONLY);
	expect_eq(open_error("/dev/rpmb0"), RPMB_ERR_DRIVERS_ONLY);
	expect_eq(open_error("rpmb1"), RPMB_ERR_NO_DEVICE);
	expect_eq(open_error(""), RPMB_ERR_NO_DEVICE);

	fake_create("mmcblk0rpmb", &emmc);
	expect_list("mmcblk0rpmb");
	expect_eq(open_error("150100424a5444345207123456789a00"), 0);
	fake_remove_all();
	fake_create("rpmb0", &emmc);
	expect(!rpmb_for_drivers_only());
	expect_eq(open_error("rpmb1"), RPMB_ERR_NO_DEVICE);
}

static void test_program_key(void)
{
	const struct kind *kind;

	for_each_kind(kind) {
		struct fake keyless = *kind->like, *fake;
		struct rpmb *rpmb;

		keyless.has_key = false;
		rpmb = fresh(kind, &keyless, &fake);
		expect_eq(rpmb_program_key(rpmb, key), 0);
		expect(fake->has_key && !memcmp(fake->key, key, LIBRPMB_KEY_LEN));
		expect(!memmem(rpmb->req, sizeof(rpmb->req), key, LIBRPMB_KEY_LEN));
		expect_eq(rpmb_program_key(rpmb, other_key), RPMB_ERR_WRITE);
		rpmb_close(rpmb);
	}
}

/* Nor is a key left that was routed in a frame of somebody else */
static void test_route_key(void)
{
	struct rpmb_frame req = { .req_resp = htobe16(RPMB_PROGRAM_KEY) }, resp;
	struct fake keyless = emmc, *fake;
	struct rpmb *rpmb;

	keyless.has_key = false;
	rpmb = fresh(mmc_kind, &keyless, &fake);
	memcpy(req.key_mac, key, LIBRPMB_KEY_LEN);
	expect_eq(rpmb_route(rpmb, &req, sizeof(req), &resp, sizeof(resp),
			     NULL), 0);
	expect(fake->has_key);
	expect(!memmem(rpmb->req, sizeof(rpmb->req), key, LIBRPMB_KEY_LEN));
	rpmb_close(rpmb);
}

static void test_config(void)
{
	const struct kind *kind;

	for_each_kind(kind) {
		unsigned int select = kind == mmc_kind;
		unsigned int byte = kind->like->frame_format ==
				    RPMB_FRAME_NVME ? 1 : 255;
		uint8_t block[512] = { 0 }, back[512];
		struct fake *fake;
		struct rpmb *rpmb = fresh(kind, kind->like, &fake);

		block[byte] = 1;
		expect_eq(rpmb_config_write(rpmb, key, select, block, NULL), 0);
		expect_eq(rpmb_config_read(rpmb, key, 0, back), 0);
		expect_eq(back[byte], 1);
		rpmb_close(rpmb);
	}
}

static void test_purge(void)
{
	struct rpmb_purge purge;
	struct fake *fake;
	struct rpmb *rpmb = fresh(sg_kind, &ufs, &fake);

	expect_eq(rpmb_purge_start(rpmb, key), 0);
	expect_eq(rpmb_purge_status(rpmb, key, &purge), 0);
	expect_eq(purge.state, LIBRPMB_PURGE_RUNNING);
	rpmb_close(rpmb);
}

/* The file is open for both, but the caller said what he wants to do */
static void test_access(void)
{
	uint8_t data[512] = { 0 };
	const struct kind *kind;
	uint32_t counter;

	for_each_kind(kind) {
		struct fake *fake;
		struct rpmb *rpmb = fresh(kind, kind->like, &fake);

		rpmb_close(rpmb);
		rpmb = must_open(kind->name, O_RDONLY);
		expect_eq(rpmb_read(rpmb, key, 0, 1, data), 0);
		expect_eq(rpmb_write(rpmb, key, 0, 1, data, NULL),
			  RPMB_ERR_PERMISSION);
		expect_eq(fake->counter, 41);
		rpmb_close(rpmb);
		rpmb = must_open(kind->name, O_WRONLY);
		fake->nr_commands = 0;
		expect_eq(rpmb_read_counter(rpmb, key, &counter),
			  RPMB_ERR_PERMISSION);
		expect_eq(fake->nr_commands, 0);
		rpmb_close(rpmb);
	}
}

#define SENSE(key, asc) ((key) << 16 | (asc))
#define UNIT_ATTENTION SENSE(6, 0x29)
#define FOREVER 1000

/* @error is an errno if it is positive, for RPMB_ERR_SYSTEM */
struct command_error {
	const struct kind *const *kind;
	uint32_t fault;
	uint32_t value;
	int error;
};

static const struct command_error command_errors[] = {
	{ &mmc_kind, COMMAND_ERRNO, ETIMEDOUT, RPMB_ERR_TIMEOUT },
	{ &mmc_kind, COMMAND_ERRNO, EILSEQ, EILSEQ },
	{ &mmc_kind, COMMAND_ERRNO, EINTR, EINTR },
	{ &mmc_kind, COMMAND_DONE_ERRNO, EIO, EIO },
	{ &mmc_kind, COMMAND_ERRNO, ENODEV, RPMB_ERR_GONE },
	{ &mmc_kind, COMMAND_EMPTY, 0, RPMB_ERR_MIXED_UP },
	{ &sg_kind, COMMAND_ERRNO, ENXIO, RPMB_ERR_GONE },
	{ &sg_kind, COMMAND_ERRNO, EPERM, RPMB_ERR_PERMISSION },
	{ &sg_kind, COMMAND_ERRNO, EINTR, EINTR },
	{ &sg_kind, COMMAND_DONE_ERRNO, EIO, EIO },
	{ &sg_kind, COMMAND_STATUS, UNIT_ATTENTION, EIO },
	{ &sg_kind, COMMAND_STATUS, SENSE(2, 4), RPMB_ERR_BUSY },
	{ &sg_kind, COMMAND_STATUS, SENSE(4, 0), EIO },
	{ &sg_kind, COMMAND_STATUS, SENSE(5, 0x20), RPMB_ERR_UNSUPPORTED },
	{ &sg_kind, COMMAND_STATUS, SENSE(5, 0x24), RPMB_ERR_UNSUPPORTED },
	{ &sg_kind, COMMAND_STATUS, SENSE(5, 0x26), RPMB_ERR_ARGUMENT },
	{ &sg_kind, COMMAND_DESCRIPTORS, SENSE(5, 0x20),
	  RPMB_ERR_UNSUPPORTED },
	{ &sg_kind, COMMAND_BYTE_STATUS, 0x08, RPMB_ERR_BUSY },
	{ &sg_kind, COMMAND_BYTE_STATUS, 0x28, RPMB_ERR_BUSY },
	{ &sg_kind, COMMAND_BYTE_STATUS, 0x18, EIO },
	{ &sg_kind, COMMAND_HOST_STATUS, 0x01, RPMB_ERR_GONE },
	{ &sg_kind, COMMAND_HOST_STATUS, 0x02, RPMB_ERR_BUSY },
	{ &sg_kind, COMMAND_HOST_STATUS, 0x03, RPMB_ERR_TIMEOUT },
	{ &sg_kind, COMMAND_HOST_STATUS, 0x07, EIO },
	{ &sg_kind, COMMAND_DRIVER_STATUS, 0x06, EIO },
	{ &sg_kind, COMMAND_DRIVER_STATUS, 0x08, 0 },
	{ &sg_kind, COMMAND_RESIDUAL, 512, EIO },
	{ &sg_kind, COMMAND_EMPTY, 0, RPMB_ERR_MIXED_UP },
	{ &bsg_kind, COMMAND_ERRNO, EINVAL, RPMB_ERR_ARGUMENT },
	{ &bsg_kind, COMMAND_STATUS, UNIT_ATTENTION, EIO },
	{ &bsg_kind, COMMAND_STATUS, SENSE(5, 0x20), RPMB_ERR_UNSUPPORTED },
	{ &bsg_kind, COMMAND_HOST_STATUS, 0x03, RPMB_ERR_TIMEOUT },
	{ &bsg_kind, COMMAND_RESIDUAL, 512, EIO },
	{ &nvme_kind, COMMAND_ERRNO, EACCES, RPMB_ERR_PERMISSION },
	{ &nvme_kind, COMMAND_ERRNO, EINTR, EINTR },
	{ &nvme_kind, COMMAND_STATUS, 0x4001, RPMB_ERR_UNSUPPORTED },
	{ &nvme_kind, COMMAND_STATUS, 0x4002, RPMB_ERR_ARGUMENT },
	{ &nvme_kind, COMMAND_STATUS, 0x0007, RPMB_ERR_TIMEOUT },
	{ &nvme_kind, COMMAND_STATUS, 0x0006, EIO },
	{ &nvme_kind, COMMAND_STATUS, 0x0371, EIO },
	{ &nvme_kind, COMMAND_EMPTY, 0, RPMB_ERR_MIXED_UP },
};

/* What goes wrong for good while data is read, and is told as what it is */
static void test_command_errors(void)
{
	const struct command_error *e;
	uint8_t data[512];

	for (e = command_errors;
	     e < command_errors + ARRAY_SIZE(command_errors); e++) {
		struct fake *fake;
		struct rpmb *rpmb = fresh(*e->kind, (*e->kind)->like, &fake);
		int ret;

		fake->command_fault = (struct fake_command_fault) {
			e->fault, e->value, 0, FOREVER
		};
		errno = 0;
		ret = rpmb_read(rpmb, key, 0, 1, data);
		if (ret == RPMB_ERR_SYSTEM)
			ret = errno;
		if (ret != e->error)
			tap_note("error %td", e - command_errors);
		expect_eq(ret, e->error);
		rpmb_close(rpmb);
	}
}

/* Only what a device answers to the whole is an answer: here the last of three */
static void test_response_missing(void)
{
	const struct kind *kind;
	uint8_t data[512] = { 1 };

	for_each_kind(kind) {
		struct rpmb_outcome outcome;
		struct fake *fake;
		struct rpmb *rpmb = fresh(kind, kind->like, &fake);
		bool whole = kind == mmc_kind;

		/* After the counter */
		fake->command_fault = (struct fake_command_fault) {
			COMMAND_EMPTY, 0, whole ? 1 : 4, 1
		};
		expect_eq(rpmb_write(rpmb, key, 0, 1, data, &outcome),
			  RPMB_ERR_MIXED_UP);
		expect_eq(outcome.stored, 1);
		expect_eq(fake->counter, 42);

		/* Nor is that of the request before */
		expect_eq(rpmb_read(rpmb, key, 0, 1, data), 0);
		fake->command_fault = (struct fake_command_fault) {
			COMMAND_EMPTY, 0, 0, FOREVER
		};
		expect_eq(rpmb_read(rpmb, key, 0, 1, data), RPMB_ERR_MIXED_UP);
		rpmb_close(rpmb);
	}
}

/* A write whose command fails: what became of it depends on whether it was done */
static void expect_write(const struct kind *kind, uint32_t fault,
			 uint32_t value, uint32_t times, int error,
			 unsigned int stored)
{
	struct rpmb_outcome outcome;
	uint8_t data[512] = { 1 };
	struct fake *fake;
	struct rpmb *rpmb = fresh(kind, kind->like, &fake);
	unsigned int counter = kind == mmc_kind ? 1 : 2;

	fake->command_fault = (struct fake_command_fault) {
		fault, value, counter, times
	};
	expect_eq(rpmb_write(rpmb, key, 0, 1, data, &outcome), error);
	expect_eq(outcome.stored, stored);
	expect_eq(outcome.unknown, 0);
	expect_eq(fake->counter, 41 + stored);
	rpmb_close(rpmb);
}

static void test_write_errors(void)
{
	const struct kind *kind;

	for_each_kind(kind) {
		expect_write(kind, COMMAND_ERRNO, EIO, 1, 0, 1);
		expect_write(kind, COMMAND_ERRNO, EINTR, 1, RPMB_ERR_SYSTEM, 0);
		expect_write(kind, COMMAND_DONE_ERRNO, EIO, 1, RPMB_ERR_SYSTEM,
			     1);
		expect_write(kind, COMMAND_ERRNO, EPERM, 1,
			     RPMB_ERR_PERMISSION, 0);
	}
	expect_write(sg_kind, COMMAND_STATUS, UNIT_ATTENTION, 1, 0, 1);
	expect_write(sg_kind, COMMAND_STATUS, SENSE(5, 0x20), 1,
		     RPMB_ERR_UNSUPPORTED, 0);
	expect_write(nvme_kind, COMMAND_STATUS, 0x4001, 1,
		     RPMB_ERR_UNSUPPORTED, 0);
}

/* A card that takes two blocks at once, and a handle for it */
static struct rpmb *fresh_small(struct fake **fake)
{
	struct fake like = emmc;

	like.write_sizes = 3;
	return fresh(mmc_kind, &like, fake);
}

/* A call of MMC_IOC_MULTI_CMD takes 255 commands; a batch sends its first one alone */
static void test_many(void)
{
	static uint8_t data[300 * 256], back[sizeof(data)];
	struct fake *fake;
	struct rpmb *rpmb = fresh_small(&fake);

	fill(data, sizeof(data), 7);
	expect_eq(rpmb_write(rpmb, key, 9, 200, data, NULL), 0);
	expect_eq(fake->counter, 41 + 100);
	expect(!memcmp(fake->data + 9 * 256, data, 200 * 256));
	/* counter; 1 and 84; 1 and 14 */
	expect_eq(fake->nr_commands, 1 + 2 + 2);
	memcpy(fake->data + 9 * 256, data, sizeof(data));
	fake->nr_commands = 0;
	expect_eq(rpmb_read(rpmb, key, 9, 300, back), 0);
	expect(!memcmp(back, data, sizeof(data)));
	expect_eq(fake->nr_commands, 1);
	rpmb_close(rpmb);
}

/* Ten blocks are five requests: one, then four; the call with those is the third one */
#define MANY 10
static uint8_t many[MANY * 256];

static int write_many(struct rpmb *rpmb, struct fake *fake,
		      struct fake_command_fault fault,
		      struct rpmb_outcome *outcome)
{
	fill(many, sizeof(many), 3);
	fake->command_fault = fault;
	return rpmb_write(rpmb, key, 20, MANY, many, outcome);
}

/* What comes amid the requests of a call: each block has its own fate */
static void stop_amid(unsigned int command, int error)
{
	unsigned int request = 1 + command / 3;
	bool done = command % 3, again = !done && error != EINTR;
	unsigned int stored = again ? MANY : 2 * (request + done);
	struct rpmb_outcome outcome;
	struct fake *fake;
	struct rpmb *rpmb = fresh_small(&fake);
	int ret;

	ret = write_many(rpmb, fake, (struct fake_command_fault) {
		COMMAND_AMID_ERRNO, command << 16 | error, 2, 1 }, &outcome);
	expect_eq(ret, again ? 0 : RPMB_ERR_SYSTEM);
	expect_eq(outcome.stored, stored);
	expect_eq(outcome.unknown, 0);
	expect_eq(fake->counter, 41 + stored / 2);
	expect(!memcmp(fake->data + 20 * 256, many, stored * 256));
	rpmb_close(rpmb);
}

static void test_amid(void)
{
	unsigned int command;

	for (command = 0; command < 12; command++) {
		stop_amid(command, EIO);
		stop_amid(command, EINTR);
	}
}

/* Nobody can read what became of the one that failed; those behind it were not sent */
static void test_amid_unknown(void)
{
	struct rpmb_outcome outcome;
	struct fake *fake;
	struct rpmb *rpmb = fresh_small(&fake);

	expect_eq(write_many(rpmb, fake, (struct fake_command_fault) {
		COMMAND_AMID_ERRNO, 1 << 16 | EIO, 2, FOREVER }, &outcome),
		  RPMB_ERR_SYSTEM);
	expect_eq(outcome.stored, 2);
	expect_eq(outcome.unknown, 2);
	rpmb_close(rpmb);
}

/* Somebody else writes before the first one, which then is the only one */
static void test_first_refused(void)
{
	struct rpmb_outcome outcome;
	struct fake *fake;
	struct rpmb *rpmb = fresh_small(&fake);

	expect_eq(write_many(rpmb, fake, (struct fake_command_fault) {
		COMMAND_OTHER_WRITER, 1, 1, 1 }, &outcome), RPMB_ERR_COUNTER);
	expect_eq(outcome.stored, 0);
	expect_eq(outcome.unknown, 0);
	expect_eq(fake->counter, 42);
	rpmb_close(rpmb);
}

/* The same between the first and the others: what the card has taken is not denied */
static void test_other_amid(void)
{
	struct rpmb_outcome outcome;
	struct fake *fake;
	struct rpmb *rpmb = fresh_small(&fake);

	expect_eq(write_many(rpmb, fake, (struct fake_command_fault) {
		COMMAND_OTHER_WRITER, 1, 2, 1 }, &outcome), RPMB_ERR_COUNTER);
	expect_eq(outcome.stored, 2);
	expect_eq(outcome.unknown, MANY - 2);
	rpmb_close(rpmb);
}

/* Who writes only if nobody else has gets no further than the one that is refused */
static void test_write_if_amid(void)
{
	uint8_t before[(MANY - 2) * 256];
	struct rpmb_outcome outcome;
	uint32_t counter = 41;
	struct fake *fake;
	struct rpmb *rpmb = fresh_small(&fake);

	memcpy(before, fake->data + 22 * 256, sizeof(before));
	fill(many, sizeof(many), 3);
	fake->command_fault = (struct fake_command_fault) {
		COMMAND_OTHER_WRITER, 1, 2, 1
	};
	expect_eq(rpmb_write_if(rpmb, key, 20, MANY, many, &counter, &outcome),
		  RPMB_ERR_COUNTER);
	expect_eq(outcome.stored, 2);
	expect_eq(outcome.unknown, 0);
	expect_eq(fake->counter, 43);
	expect(!memcmp(before, fake->data + 22 * 256, sizeof(before)));
	rpmb_close(rpmb);
}

/* After a reset there may be three; what only reads is sent again */
static void test_unit_attention(void)
{
	struct fake *fake;
	struct rpmb *rpmb = fresh(sg_kind, &ufs, &fake);
	uint32_t counter;

	fake->command_fault = (struct fake_command_fault) {
		COMMAND_STATUS, UNIT_ATTENTION, 0, 3
	};
	expect_eq(rpmb_read_counter(rpmb, key, &counter), 0);
	expect_eq(fake->nr_commands, 3 + 2);
	fake->nr_commands = 0;
	fake->command_fault.times = FOREVER;
	expect_eq(rpmb_read_counter(rpmb, key, &counter), RPMB_ERR_SYSTEM);
	expect_eq(fake->nr_commands, 4);
	rpmb_close(rpmb);
}

/* A write is not sent again before it is known that it was not carried out */
static void test_unit_attention_write(void)
{
	uint8_t data[256] = { 0 };
	struct fake *fake;
	struct rpmb *rpmb = fresh(sg_kind, &ufs, &fake);

	fake->command_fault = (struct fake_command_fault) {
		COMMAND_STATUS, UNIT_ATTENTION, 2, 1
	};
	expect_eq(rpmb_write(rpmb, key, 0, 1, data, NULL), 0);
	/* counter; refused; counter, data, counter; write */
	expect_eq(fake->nr_commands, 2 + 1 + 6 + 3);
	rpmb_close(rpmb);
}

static void test_signals(void)
{
	struct fake *fake;
	struct rpmb *rpmb = fresh(sg_kind, &ufs, &fake);
	sigset_t blocked;
	uint32_t counter;

	/* That they are blocked meanwhile is looked at by the fake */
	expect_eq(rpmb_read_counter(rpmb, key, &counter), 0);
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	expect_eq(sigismember(&blocked, SIGINT), 0);
	rpmb_close(rpmb);
}

static int route_error(struct rpmb *rpmb, struct fake *fake, void *req,
		       size_t req_len, size_t resp_len)
{
	static uint8_t resp[RPMB_MAX_LEN];
	bool started = true;
	int ret;

	fake->nr_commands = 0;
	ret = rpmb_route(rpmb, req, req_len, resp, resp_len, &started);
	expect_eq(started, fake->nr_commands > 0);
	return ret;
}

/* What the kernel would refuse is refused here, and nothing is sent */
static void test_route_refused(void)
{
	struct rpmb_frame write[3] = { 0 };
	struct rpmb_nvme_frame nvme_frame = { .req_resp = htole16(2) };
	struct fake *fake;
	struct rpmb *rpmb = fresh(mmc_kind, &emmc, &fake);
	unsigned int i;

	for (i = 0; i < 3; i++) {
		write[i].req_resp = htobe16(RPMB_WRITE_DATA);
		write[i].block_count = htobe16(2);
	}
	expect_eq(route_error(rpmb, fake, write, 1536, 512),
		  RPMB_ERR_ARGUMENT);
	expect_eq(route_error(rpmb, fake, write, 1024, 1024),
		  RPMB_ERR_ARGUMENT);
	expect_eq(route_error(rpmb, fake, write, 1000, 512),
		  RPMB_ERR_ARGUMENT);
	expect_eq(route_error(rpmb, fake, write, 0, 512), RPMB_ERR_ARGUMENT);
	write[1].addr = htobe16(1);
	expect_eq(route_error(rpmb, fake, write, 1024, 512),
		  RPMB_ERR_ARGUMENT);
	write[0].req_resp = htobe16(RPMB_CONFIG_WRITE);
	expect_eq(route_error(rpmb, fake, write, 512, 512),
		  RPMB_ERR_ARGUMENT);
	write[0].req_resp = htobe16(RPMB_RESULT_READ);
	expect_eq(route_error(rpmb, fake, write, 512, 512),
		  RPMB_ERR_UNSUPPORTED);
	write[0].req_resp = htobe16(RPMB_PURGE_STATUS);
	expect_eq(route_error(rpmb, fake, write, 512, 512),
		  RPMB_ERR_UNSUPPORTED);
	rpmb_close(rpmb);

	rpmb = fresh(nvme_kind, &nvme, &fake);
	expect_eq(route_error(rpmb, fake, &nvme_frame, 256, 256), 0);
	nvme_frame.target = 1;
	expect_eq(route_error(rpmb, fake, &nvme_frame, 256, 256),
		  RPMB_ERR_ARGUMENT);
	rpmb_close(rpmb);
}

/* As a TEE does it: without a block count, which UFS gets nevertheless */
static void test_route_uncounted(void)
{
	static const struct kind *const *const jedec[] = { &mmc_kind, &sg_kind };
	struct rpmb_frame req = { 0 }, resp[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(jedec); i++) {
		const struct kind *kind = *jedec[i];
		struct fake *fake;
		struct rpmb *rpmb = fresh(kind, kind->like, &fake);

		req.req_resp = htobe16(RPMB_READ_DATA);
		expect_eq(rpmb_route(rpmb, &req, sizeof(req), resp,
				     sizeof(resp), NULL), 0);
		expect_eq(be16toh(resp[2].result), 0);
		req.req_resp = htobe16(RPMB_GET_WRITE_COUNTER);
		expect_eq(rpmb_route(rpmb, &req, sizeof(req), resp,
				     sizeof(resp[0]), NULL), 0);
		expect_eq(be32toh(resp[0].write_counter), 41);
		expect_eq(req.block_count, 0);
		rpmb_close(rpmb);
	}
}

static const struct test tests[] = {
	{ "open: by path, by name, by id; regions and targets", test_open },
	{ "open: regions and targets other than the first", test_targets },
	{ "open: what has no RPMB, or none that is supported", test_no_rpmb },
	{ "info: what the device is", test_info },
	{ "info: older devices, and an unknown identity", test_info_variants },
	{ "enumerate: what there is", test_list },
	{ "enumerate: what has a /dev/rpmbN is that", test_list_served },
	{ "enumerate: what mainline keeps for its drivers is reached past it",
	  test_list_mainline },
	{ "write: what was written is read", test_write_and_read },
	{ "key: programmed, verified, wiped; a second one refused",
	  test_program_key },
	{ "key: wiped if it was routed, too", test_route_key },
	{ "config: what was written is read", test_config },
	{ "purge: started and watched", test_purge },
	{ "access: reading and writing as opened", test_access },
	{ "commands: each error has its own", test_command_errors },
	{ "commands: no response is none", test_response_missing },
	{ "commands: a write that fails", test_write_errors },
	{ "many: as few calls as can be", test_many },
	{ "many: an error at any place", test_amid },
	{ "many: an error, and nothing can be read", test_amid_unknown },
	{ "many: none behind a first one that is refused", test_first_refused },
	{ "many: somebody else writes amid them", test_other_amid },
	{ "many: nothing behind that for who must not", test_write_if_amid },
	{ "unit attention: read requests are sent again", test_unit_attention },
	{ "unit attention: writes are looked for first",
	  test_unit_attention_write },
	{ "signals: as they were, afterwards", test_signals },
	{ "route: contradictions are refused", test_route_refused },
	{ "route: without a block count", test_route_uncounted },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
