// SPDX-License-Identifier: GPL-2.0-only
/*
 * librpmb on devices that are the RPMB engine
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"
#include "handle.h"
#include "internal.h"
#include "tap.h"

/* An eMMC with all write sizes, and an NVMe device with a target */
static const struct fake emmc = {
	.frame_format = RPMB_FRAME_JEDEC,
	.transport = RPMB_TRANSPORT_EMMC,
	.capacity = 512,
	.write_sizes = 1 << 0 | 1 << 1 | 1 << 5,
	.max_read = 128,
	.dev_id_len = 4,
	.dev_id = { 0xde, 0xad, 0xbe, 0xef },
	.has_key = true,
	.key = KEY,
	.counter = 41,
};

static const struct fake nvme = {
	.frame_format = RPMB_FRAME_NVME,
	.transport = RPMB_TRANSPORT_NVME,
	.capacity = 256,
	.write_sizes = 1 << 0 | 1 << 1 | 1 << 2,
	.max_read = 7,
	.target = 2,
	.dev_id_len = 9,
	.dev_id = "nqn.x:y-2",
	.has_key = true,
	.key = KEY,
	.counter = 41,
};

/* The handle of several threads */
static struct rpmb *shared;

/* A fresh device "rpmb0" like @like, opened for all */
static struct rpmb *fresh(const struct fake *like, struct fake **fake)
{
	*fake = fake_create("rpmb0", like);
	return must_open("rpmb0", O_RDWR);
}

static void test_open(void)
{
	fake_remove_all();
	fake_create("rpmb0", &emmc);
	fake_create("rpmb1", &nvme);
	expect_eq(open_error("/dev/rpmb0"), 0);
	expect_eq(open_error("rpmb1"), 0);
	expect_eq(open_error("deadbeef"), 0);
	expect_eq(open_error("DEADBEEF"), 0);
	expect_eq(open_error("nqn.x:y-2"), 0);
}

static void test_open_right_one(void)
{
	struct rpmb *rpmb;
	char link[256];

	fake_create("rpmb0", &emmc);
	fake_create("rpmb1", &nvme);
	rpmb = must_open("nqn.x:y-2", O_RDONLY);
	expect(!strcmp(rpmb_info(rpmb)->name, "rpmb1"));
	rpmb_close(rpmb);

	/* By a link, as udev makes them */
	snprintf(link, sizeof(link), "%s/dev/rpmb-by-id", fake_dir());
	unlink(link);
	check(!symlink("rpmb1", link), "no link");
	rpmb = must_open("/dev/rpmb-by-id", O_RDONLY);
	expect(!strcmp(rpmb_info(rpmb)->name, "rpmb1"));
	rpmb_close(rpmb);
}

static void test_open_errors(void)
{
	fake_create("rpmb0", &emmc);
	expect_eq(open_error("rpmb99"), RPMB_ERR_NO_DEVICE);
	expect_eq(open_error("deadbee"), RPMB_ERR_NO_DEVICE);
	expect_eq(open_error("deadbeef00"), RPMB_ERR_NO_DEVICE);
	expect_eq(open_error(""), RPMB_ERR_NO_DEVICE);
	expect_eq(open_error("/dev/null"), RPMB_ERR_NOT_RPMB);
	fake_create("rpmb3", &emmc);
	expect_eq(open_error("deadbeef"), RPMB_ERR_AMBIGUOUS);
}

static void test_info(void)
{
	const struct rpmb_info *info;
	struct fake *fake;
	struct rpmb *rpmb = fresh(&nvme, &fake);

	info = rpmb_info(rpmb);
	expect_eq(info->frame_format, RPMB_FRAME_NVME);
	expect_eq(info->transport, RPMB_TRANSPORT_NVME);
	expect_eq(info->block_size, 512);
	expect_eq(info->capacity, 256);
	expect_eq(info->write_sizes, 7);
	expect_eq(info->max_read, 7);
	expect_eq(info->request_types, 0x1e);
	expect_eq(info->target, 2);
	expect_eq(info->dev_id_len, 9);
	expect(!memcmp(info->dev_id, "nqn.x:y-2", 9));
	rpmb_close(rpmb);
}

struct listing {
	unsigned int nr;
	struct rpmb_info infos[8];
};

static int remember(const struct rpmb_info *info, void *arg)
{
	struct listing *listing = arg;

	if (listing->nr < ARRAY_SIZE(listing->infos))
		listing->infos[listing->nr++] = *info;
	return 0;
}

static int stop(const struct rpmb_info *info, void *arg)
{
	unsigned int *calls = arg;

	(void)info;
	++*calls;
	return 42;
}

static void test_enumerate(void)
{
	struct listing listing = { 0 };
	unsigned int calls = 0;

	fake_create("rpmb10", &emmc);
	fake_create("rpmb2", &nvme);
	expect_eq(rpmb_enumerate(remember, &listing), 0);
	expect(listing.nr >= 2);
	expect(!strcmp(listing.infos[listing.nr - 1].name, "rpmb10"));
	expect_eq(listing.infos[listing.nr - 1].transport, RPMB_TRANSPORT_EMMC);
	expect_eq(listing.infos[listing.nr - 1].block_size, 256);
	expect_eq(listing.infos[listing.nr - 1].capacity, 512);
	expect_eq(listing.infos[listing.nr - 1].dev_id_len, 4);
	expect(!memcmp(listing.infos[listing.nr - 1].dev_id, emmc.dev_id, 4));
	expect_eq(rpmb_enumerate(stop, &calls), 42);
	expect_eq(calls, 1);
}

/* The kernel, with a key of its own, needs no batches */
static unsigned int batches(const struct fake *fake, unsigned int nr)
{
	return fake->batchless || by_kernel ? 0 : nr;
}

static void program_fresh(const struct fake *like)
{
	static const uint8_t zero[512];
	struct fake keyless = *like, *fake;
	struct rpmb *rpmb;
	uint32_t counter;

	keyless.has_key = false;
	keyless.counter = 0;
	rpmb = fresh(&keyless, &fake);
	expect_eq(rpmb_read_counter(rpmb, key, &counter), RPMB_ERR_NO_KEY);
	expect_eq(rpmb_program_key(rpmb, key), 0);
	expect_eq(fake->nr_batches, batches(fake, 1));
	expect(fake->has_key && !memcmp(fake->key, KEY, LIBRPMB_KEY_LEN));
	expect(!memmem(rpmb->req, sizeof(rpmb->req), KEY,
		       LIBRPMB_KEY_LEN));
	expect_eq(rpmb_read_counter(rpmb, key, &counter), 0);
	expect_eq(counter, 0);

	expect_eq(rpmb_program_key(rpmb, other_key), RPMB_ERR_WRITE);
	expect(!memcmp(fake->key, KEY, LIBRPMB_KEY_LEN));
	expect(!memmem(rpmb->req, sizeof(rpmb->req), other_key,
		       sizeof(other_key)));
	expect(!memcmp(rpmb->req, zero, rpmb_frames_len(like->frame_format, 0)));
	rpmb_close(rpmb);
}

static void test_program_key(void)
{
	program_fresh(&emmc);
	program_fresh(&nvme);
}

/* A device that says it took the key but answers with another one */
static void test_program_key_verified(void)
{
	struct fake keyless = emmc, *fake;
	struct rpmb *rpmb;

	keyless.has_key = false;
	rpmb = fresh(&keyless, &fake);
	fake->faults[0] = (struct fake_fault) {
		FAULT_MAC, RPMB_GET_WRITE_COUNTER, 0, 0
	};
	expect_eq(rpmb_program_key(rpmb, key), RPMB_ERR_RESPONSE_MAC);
	rpmb_close(rpmb);
}

static int program_with(const struct fake_fault *fault)
{
	struct fake keyless = emmc, *fake;
	struct rpmb *rpmb;
	int ret;

	keyless.has_key = false;
	rpmb = fresh(&keyless, &fake);
	fake->faults[0] = *fault;
	ret = rpmb_program_key(rpmb, key);
	rpmb_close(rpmb);
	return ret;
}

/* Whether the device has the key is known, though its answer is not */
static void test_program_key_unanswered(void)
{
	expect_eq(program_with(&(struct fake_fault){
		FAULT_LOST_RESPONSE, RPMB_PROGRAM_KEY, 0, ETIMEDOUT }), 0);
	expect_eq(program_with(&(struct fake_fault){
		FAULT_LOST_REQUEST, RPMB_PROGRAM_KEY, 0, ETIMEDOUT }),
		RPMB_ERR_TIMEOUT);
	errno = 0;
	expect_eq(program_with(&(struct fake_fault){
		FAULT_LOST_REQUEST, RPMB_PROGRAM_KEY, 0, EIO }),
		RPMB_ERR_SYSTEM);
	expect_eq(errno, EIO);
}

static void test_counter(void)
{
	struct fake *fake;
	struct rpmb *rpmb = fresh(&emmc, &fake);
	uint32_t counter = 0;

	expect_eq(rpmb_read_counter(rpmb, key, &counter), 0);
	expect_eq(counter, 41);
	expect_eq(rpmb_read_counter(rpmb, NULL, &counter), 0);
	expect_eq(counter, 41);
	expect_eq(rpmb_read_counter(rpmb, other_key, &counter),
		  RPMB_ERR_RESPONSE_MAC);
	rpmb_close(rpmb);
}

static void write_and_read(const struct fake *like, unsigned int addr,
			   unsigned int blocks)
{
	size_t len = (size_t)blocks * rpmb_block_size(like->frame_format);
	uint8_t *data = malloc(len), *back = calloc(1, len);
	struct rpmb_outcome outcome;
	struct fake *fake;
	struct rpmb *rpmb = fresh(like, &fake);

	fill(data, len, 7);
	expect_eq(rpmb_write(rpmb, key, addr, blocks, data, &outcome), 0);
	expect_eq(outcome.stored, blocks);
	expect_eq(outcome.unknown, 0);
	expect(!memcmp(fake->data + addr * rpmb_block_size(like->frame_format),
		       data, len));
	expect_eq(rpmb_read(rpmb, key, addr, blocks, back), 0);
	expect(!memcmp(data, back, len));
	rpmb_close(rpmb);
	free(data);
	free(back);
}

static void test_write_and_read(void)
{
	struct fake ufs = emmc;

	write_and_read(&emmc, 0, 1);
	write_and_read(&emmc, 3, 70);
	write_and_read(&emmc, 0, 512);
	ufs.transport = RPMB_TRANSPORT_UFS;
	ufs.target = 3;
	write_and_read(&ufs, 2, 5);
	write_and_read(&nvme, 255, 1);
	write_and_read(&nvme, 0, 256);
}

static void expect_requests(const struct fake *fake, uint32_t type,
			    const unsigned int *blocks, unsigned int nr)
{
	unsigned int i, seen = 0;

	for (i = 0; i < fake->nr_requests && i < FAKE_LOG; i++) {
		if (fake->log[i].type != type)
			continue;
		if (seen < nr)
			expect_eq(fake->log[i].blocks, blocks[seen]);
		seen++;
	}
	expect_eq(seen, nr);
}

static void test_write_sizes(void)
{
	static const unsigned int of_emmc[] = { 32, 32, 2, 2, 1 };
	static const unsigned int of_nvme[] = { 4, 4, 2, 1 };
	uint8_t data[69 * 256] = { 0 };
	struct fake *fake;
	struct rpmb *rpmb;

	rpmb = fresh(&emmc, &fake);
	expect_eq(rpmb_write(rpmb, key, 0, 69, data, NULL), 0);
	expect_requests(fake, RPMB_WRITE_DATA, of_emmc, 5);
	rpmb_close(rpmb);

	rpmb = fresh(&nvme, &fake);
	expect_eq(rpmb_write(rpmb, key, 0, 11, data, NULL), 0);
	expect_requests(fake, RPMB_WRITE_DATA, of_nvme, 4);
	rpmb_close(rpmb);
}

/* A device that takes more at once than RPMB_MAX_LEN carries */
static void test_longest_requests(void)
{
	static const unsigned int jedec[] = { 1024, 6 };
	static const unsigned int nvme[] = { 1023, 7 };
	static uint8_t data[1030 * 512], back[sizeof(data)];
	struct fake like = emmc, *fake;
	struct rpmb *rpmb;

	like.transport = RPMB_TRANSPORT_VIRTIO;
	like.capacity = 2048;
	like.max_write = 0xffff;
	like.max_read = 0xffff;
	fill(data, sizeof(data), 9);
	rpmb = fresh(&like, &fake);
	expect_eq(rpmb_write(rpmb, key, 0, 1030, data, NULL), 0);
	expect_requests(fake, RPMB_WRITE_DATA, jedec, 2);
	expect_eq(rpmb_read(rpmb, key, 0, 1030, back), 0);
	expect_requests(fake, RPMB_READ_DATA, jedec, 2);
	expect(!memcmp(data, back, 1030 * 256));
	rpmb_close(rpmb);

	like.frame_format = RPMB_FRAME_NVME;
	like.transport = RPMB_TRANSPORT_NVME;
	rpmb = fresh(&like, &fake);
	expect_eq(rpmb_write(rpmb, key, 0, 1030, data, NULL), 0);
	expect_requests(fake, RPMB_WRITE_DATA, nvme, 2);
	expect_eq(rpmb_read(rpmb, key, 0, 1030, back), 0);
	expect_requests(fake, RPMB_READ_DATA, nvme, 2);
	expect(!memcmp(data, back, sizeof(data)));
	rpmb_close(rpmb);
}

/* Any number of blocks up to a maximum, where the device says so */
static void test_max_write(void)
{
	static const unsigned int any[] = { 7, 7, 5 };
	static const unsigned int larger[] = { 8, 8, 3 };
	uint8_t data[19 * 512] = { 0 };
	struct fake like = nvme, *fake;
	struct rpmb *rpmb;

	like.max_write = 7;
	rpmb = fresh(&like, &fake);
	expect_eq(rpmb_info(rpmb)->max_write, 7);
	expect_eq(rpmb_write(rpmb, key, 0, 19, data, NULL), 0);
	expect_requests(fake, RPMB_WRITE_DATA, any, 3);
	rpmb_close(rpmb);

	/* A size beyond it is one all the same */
	like.max_write = 3;
	like.write_sizes = 1 << 0 | 1 << 3;
	rpmb = fresh(&like, &fake);
	fake->max_write = 0;
	expect_eq(rpmb_write(rpmb, key, 0, 19, data, NULL), 0);
	expect_requests(fake, RPMB_WRITE_DATA, larger, 3);
	rpmb_close(rpmb);
}

/* The path carries less than the device takes, which nobody has said */
static void carry_less(uint32_t error)
{
	static const unsigned int writes[] = { 25, 25, 25, 25 };
	static const unsigned int reads[] = { 25, 25, 25, 25 };
	static uint8_t data[100 * 256], back[sizeof(data)];
	struct fake like = emmc, *fake;
	struct rpmb *rpmb;

	like.transport = RPMB_TRANSPORT_VIRTIO;
	like.max_write = 128;
	like.carries = 49 * 512;
	like.carry_error = error;
	fill(data, sizeof(data), 11);
	rpmb = fresh(&like, &fake);
	expect_eq(rpmb_write(rpmb, key, 0, 100, data, NULL), 0);
	expect_requests(fake, RPMB_WRITE_DATA, writes, 4);
	expect_eq(rpmb_read(rpmb, key, 0, 100, back), 0);
	expect_requests(fake, RPMB_READ_DATA, reads, 4);
	expect(!memcmp(data, back, sizeof(data)));

	/* Not even one block */
	fake->carries = 1;
	expect_eq(rpmb_read(rpmb, key, 0, 100, back), rpmb_system_error(error));
	rpmb_close(rpmb);
}

static void test_carry_less(void)
{
	carry_less(EMSGSIZE);
	carry_less(ENOMEM);
}

/* What has been begun is not tried in pieces */
static void test_too_long_started(void)
{
	static const unsigned int once[] = { 32 };
	uint8_t data[32 * 256] = { 1 };
	struct rpmb_outcome outcome;
	struct fake *fake;
	struct rpmb *rpmb = fresh(&emmc, &fake);

	fake->faults[0] = (struct fake_fault) {
		FAULT_LOST_REQUEST, RPMB_READ_DATA, 0, ENOMEM
	};
	expect_eq(rpmb_read(rpmb, key, 0, 32, data), RPMB_ERR_MEMORY);
	expect_requests(fake, RPMB_READ_DATA, once, 1);
	fake->faults[0].kind = FAULT_LOST_RESPONSE;
	fake->faults[0].type = RPMB_WRITE_DATA;
	expect_eq(rpmb_write(rpmb, key, 0, 32, data, &outcome),
		  RPMB_ERR_MEMORY);
	expect_requests(fake, RPMB_WRITE_DATA, once, 1);
	expect_eq(outcome.stored, 32);
	rpmb_close(rpmb);
}

static void test_max_read(void)
{
	static const unsigned int of_nvme[] = { 7, 7, 6 };
	static uint8_t data[20 * 512];
	struct fake *fake;
	struct rpmb *rpmb = fresh(&nvme, &fake);

	expect_eq(rpmb_read(rpmb, key, 5, 20, data), 0);
	expect_requests(fake, RPMB_READ_DATA, of_nvme, 3);
	rpmb_close(rpmb);
}

/* Such an access is refused before anything is sent */
static void test_range(void)
{
	uint8_t data[512] = { 0 };
	struct fake *fake;
	struct rpmb *rpmb = fresh(&emmc, &fake);

	expect_eq(rpmb_read(rpmb, key, 512, 1, data), RPMB_ERR_RANGE);
	expect_eq(rpmb_read(rpmb, key, 511, 2, data), RPMB_ERR_RANGE);
	expect_eq(rpmb_read(rpmb, key, 2, UINT32_MAX, data), RPMB_ERR_RANGE);
	expect_eq(rpmb_write(rpmb, key, 512, 1, data, NULL), RPMB_ERR_RANGE);
	expect_eq(rpmb_write(rpmb, key, 0, 0, data, NULL), RPMB_ERR_ARGUMENT);
	expect_eq(fake->nr_requests, 0);
	rpmb_close(rpmb);
}

static void test_wrong_key(void)
{
	uint8_t data[256] = { 0 };
	struct fake *fake;
	struct rpmb *rpmb = fresh(&emmc, &fake);

	expect_eq(rpmb_read(rpmb, other_key, 0, 1, data),
		  RPMB_ERR_RESPONSE_MAC);
	expect_eq(rpmb_write(rpmb, other_key, 0, 1, data, NULL),
		  RPMB_ERR_RESPONSE_MAC);
	expect_eq(fake->counter, 41);
	expect_requests(fake, RPMB_WRITE_DATA, NULL, 0);
	rpmb_close(rpmb);
}

static int run_request(struct rpmb *rpmb, uint16_t type)
{
	uint8_t data[1024] = { 0 };
	uint32_t counter;

	switch (type) {
	case RPMB_GET_WRITE_COUNTER:
		return rpmb_read_counter(rpmb, key, &counter);
	case RPMB_READ_DATA:
		return rpmb_read(rpmb, key, 4, 2, data);
	default:
		return rpmb_write(rpmb, key, 4, 2, data, NULL);
	}
}

/*
 * Run a request of @type with a fault. A write reads the counter first, of which
 * the first request of that type is.
 */
static int run_with_fault(const struct fake *like, uint16_t type,
			  uint32_t fault, uint32_t value)
{
	struct fake *fake;
	struct rpmb *rpmb = fresh(like, &fake);
	int ret, saved;

	fake->faults[0] = (struct fake_fault) { fault, type, 0, value };
	ret = run_request(rpmb, type);
	saved = errno;
	expect_eq(fake->faults[0].kind, FAULT_NONE);
	rpmb_close(rpmb);
	errno = saved;
	return ret;
}

static const struct forgery {
	const struct fake *device;
	uint16_t type;
	uint32_t fault;
	int error;
} forgeries[] = {
	{ &emmc, RPMB_GET_WRITE_COUNTER, FAULT_TYPE, RPMB_ERR_RESPONSE_TYPE },
	{ &emmc, RPMB_GET_WRITE_COUNTER, FAULT_MAC, RPMB_ERR_RESPONSE_MAC },
	{ &emmc, RPMB_GET_WRITE_COUNTER, FAULT_NONCE, RPMB_ERR_RESPONSE_NONCE },
	{ &emmc, RPMB_READ_DATA, FAULT_TYPE, RPMB_ERR_RESPONSE_TYPE },
	{ &emmc, RPMB_READ_DATA, FAULT_FRAMES, RPMB_ERR_RESPONSE_FRAMES },
	{ &emmc, RPMB_READ_DATA, FAULT_MAC, RPMB_ERR_RESPONSE_MAC },
	{ &emmc, RPMB_READ_DATA, FAULT_DATA, RPMB_ERR_RESPONSE_MAC },
	{ &emmc, RPMB_READ_DATA, FAULT_NONCE, RPMB_ERR_RESPONSE_NONCE },
	{ &emmc, RPMB_READ_DATA, FAULT_ADDR, RPMB_ERR_RESPONSE_ADDRESS },
	{ &emmc, RPMB_READ_DATA, FAULT_COUNT, RPMB_ERR_RESPONSE_COUNT },
	{ &emmc, RPMB_WRITE_DATA, FAULT_TYPE, RPMB_ERR_RESPONSE_TYPE },
	{ &emmc, RPMB_WRITE_DATA, FAULT_MAC, RPMB_ERR_RESPONSE_MAC },
	{ &emmc, RPMB_WRITE_DATA, FAULT_ADDR, RPMB_ERR_RESPONSE_ADDRESS },
	{ &emmc, RPMB_WRITE_DATA, FAULT_COUNTER, RPMB_ERR_RESPONSE_COUNTER },
	{ &nvme, RPMB_GET_WRITE_COUNTER, FAULT_TARGET,
	  RPMB_ERR_RESPONSE_TARGET },
	{ &nvme, RPMB_GET_WRITE_COUNTER, FAULT_NONCE, RPMB_ERR_RESPONSE_NONCE },
	{ &nvme, RPMB_READ_DATA, FAULT_TYPE, RPMB_ERR_RESPONSE_TYPE },
	{ &nvme, RPMB_READ_DATA, FAULT_MAC, RPMB_ERR_RESPONSE_MAC },
	{ &nvme, RPMB_READ_DATA, FAULT_DATA, RPMB_ERR_RESPONSE_MAC },
	{ &nvme, RPMB_READ_DATA, FAULT_NONCE, RPMB_ERR_RESPONSE_NONCE },
	{ &nvme, RPMB_READ_DATA, FAULT_TARGET, RPMB_ERR_RESPONSE_TARGET },
	{ &nvme, RPMB_READ_DATA, FAULT_ADDR, RPMB_ERR_RESPONSE_ADDRESS },
	{ &nvme, RPMB_READ_DATA, FAULT_COUNT, RPMB_ERR_RESPONSE_COUNT },
	{ &nvme, RPMB_WRITE_DATA, FAULT_MAC, RPMB_ERR_RESPONSE_MAC },
	{ &nvme, RPMB_WRITE_DATA, FAULT_TARGET, RPMB_ERR_RESPONSE_TARGET },
	{ &nvme, RPMB_WRITE_DATA, FAULT_ADDR, RPMB_ERR_RESPONSE_ADDRESS },
	{ &nvme, RPMB_WRITE_DATA, FAULT_COUNTER, RPMB_ERR_RESPONSE_COUNTER },
};

static void test_forgeries(void)
{
	const struct forgery *f;

	for (f = forgeries; f < forgeries + ARRAY_SIZE(forgeries); f++) {
		int ret = run_with_fault(f->device, f->type, f->fault, 0);
		int wanted = f->fault == FAULT_TYPE ? wrong_type() : f->error;

		if (ret != wanted)
			printf("# forgery %td\n", f - forgeries);
		expect_eq(ret, wanted);
	}
}

static void replay(uint16_t type)
{
	struct fake *fake;
	struct rpmb *rpmb = fresh(&emmc, &fake);

	expect_eq(run_request(rpmb, type), 0);
	fake->faults[0] = (struct fake_fault) { FAULT_REPLAY, type, 0, 0 };
	expect_eq(run_request(rpmb, type), RPMB_ERR_RESPONSE_NONCE);
	rpmb_close(rpmb);
}

/* The same request twice: the old response does not fit the new nonce */
static void test_replay(void)
{
	replay(RPMB_GET_WRITE_COUNTER);
	replay(RPMB_READ_DATA);
}

static void test_results(void)
{
	static const int errors[] = {
		RPMB_ERR_GENERAL, RPMB_ERR_AUTHENTICATION, RPMB_ERR_COUNTER,
		RPMB_ERR_ADDRESS, RPMB_ERR_WRITE, RPMB_ERR_READ,
		RPMB_ERR_NO_KEY, RPMB_ERR_CONFIG, RPMB_ERR_SWP_PARAMETER,
		RPMB_ERR_SWP_NOT_APPLICABLE, RPMB_ERR_REJECTED,
		RPMB_ERR_PURGING, RPMB_ERR_RESULT,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		expect_eq(run_with_fault(&emmc, RPMB_WRITE_DATA, FAULT_RESULT,
					 i + 1), errors[i]);
		expect_eq(run_with_fault(&nvme, RPMB_READ_DATA, FAULT_RESULT,
					 i + 1), errors[i]);
	}
	expect_eq(run_with_fault(&emmc, RPMB_WRITE_DATA, FAULT_RESULT, 0x85),
		  RPMB_ERR_EXPIRED);
	expect_eq(run_with_fault(&emmc, RPMB_WRITE_DATA, FAULT_RESULT, 0x80),
		  RPMB_ERR_EXPIRED);
	expect_eq(run_with_fault(&emmc, RPMB_READ_DATA, FAULT_RESULT, 0x80), 0);
	expect_eq(run_with_fault(&emmc, RPMB_READ_DATA, FAULT_RESULT, 0x84),
		  RPMB_ERR_ADDRESS);
}

static void test_transport_errors(void)
{
	static const struct {
		int error;
		int wanted;
	} errors[] = {
		{ ENOMEM, RPMB_ERR_MEMORY },
		{ EINVAL, RPMB_ERR_ARGUMENT },
		{ EMSGSIZE, RPMB_ERR_TOO_LONG },
		{ EPERM, RPMB_ERR_PERMISSION },
		{ EBADF, RPMB_ERR_PERMISSION },
		{ EOPNOTSUPP, RPMB_ERR_UNSUPPORTED },
		{ ENODEV, RPMB_ERR_GONE },
		{ EBUSY, RPMB_ERR_BUSY },
		{ ETIMEDOUT, RPMB_ERR_TIMEOUT },
		{ EPROTO, RPMB_ERR_MIXED_UP },
		{ EIO, RPMB_ERR_SYSTEM },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++)
		expect_eq(run_with_fault(&emmc, RPMB_GET_WRITE_COUNTER,
					 FAULT_BEFORE, errors[i].error),
			  errors[i].wanted);
	expect_eq(errno, EIO);
}

/* Every request needs the file open for what it does */
static void test_access_modes(void)
{
	uint8_t data[256] = { 0 };
	struct rpmb *rpmb;
	uint32_t counter;

	fake_create("rpmb0", &emmc);
	rpmb = must_open("rpmb0", O_RDONLY);
	expect_eq(rpmb_read(rpmb, key, 0, 1, data), 0);
	expect_eq(rpmb_write(rpmb, key, 0, 1, data, NULL),
		  RPMB_ERR_PERMISSION);
	rpmb_close(rpmb);
	rpmb = must_open("rpmb0", O_WRONLY);
	expect_eq(rpmb_read_counter(rpmb, key, &counter), RPMB_ERR_PERMISSION);
	rpmb_close(rpmb);
}

#define WRITES 4

/*
 * Write 67 blocks, 32 + 32 + 2 + 1, with faults; one of the writes is hit.
 * Blocks before and after it are untouched by the fault.
 */
static int faulty_write(const struct fake_fault *first,
			const struct fake_fault *second,
			struct rpmb_outcome *outcome, struct fake **fake)
{
	static uint8_t data[67 * 256];
	struct rpmb *rpmb = fresh(&emmc, fake);
	int ret;

	fill(data, sizeof(data), 3);
	(*fake)->faults[0] = *first;
	if (second)
		(*fake)->faults[1] = *second;
	ret = rpmb_write(rpmb, key, 8, 67, data, outcome);
	rpmb_close(rpmb);
	return ret;
}

/* A place among them */
enum place {
	BEFORE,			/* the one that is hit */
	BEHIND,
	END,
};

static unsigned int blocks_up_to(enum place place, unsigned int at)
{
	static const unsigned int ends[WRITES + 1] = { 0, 32, 64, 66, 67 };

	return place == END ? ends[WRITES] : ends[at + (place == BEHIND)];
}

/* What becomes of the blocks up to @stored and, as nobody knows, up to @unknown */
static const struct failure {
	const char *what;
	enum fake_fault_kind kind;
	uint32_t value;
	int error;
	enum place stored;
	enum place unknown;
} failures[] = {
	{ "never sent", FAULT_BEFORE, EBUSY, RPMB_ERR_BUSY, BEFORE, BEFORE },
	{ "request lost", FAULT_LOST_REQUEST, ETIMEDOUT, 0, END, END },
	{ "request late", FAULT_LATE_REQUEST, ETIMEDOUT, RPMB_ERR_COUNTER,
	  BEHIND, BEHIND },
	{ "interrupted", FAULT_LOST_REQUEST, EINTR, RPMB_ERR_SYSTEM,
	  BEFORE, BEFORE },
	{ "request corrupted", FAULT_CORRUPTED, 0, RPMB_ERR_AUTHENTICATION,
	  BEFORE, BEFORE },
	{ "response lost", FAULT_LOST_RESPONSE, EIO, RPMB_ERR_SYSTEM,
	  BEHIND, BEHIND },
	{ "refusal forged", FAULT_RESULT, 2, RPMB_ERR_AUTHENTICATION,
	  BEHIND, BEHIND },
	{ "another writer came first", FAULT_OTHER_WRITER, 0, RPMB_ERR_COUNTER,
	  BEFORE, BEFORE },
	{ "two writers came first", FAULT_OTHER_WRITERS, 0, RPMB_ERR_COUNTER,
	  BEFORE, BEHIND },
	{ "written and overwritten", FAULT_OVERWRITTEN, ETIMEDOUT,
	  RPMB_ERR_TIMEOUT, BEFORE, BEHIND },
};

static struct fake_fault fault_of(const struct failure *f, unsigned int at)
{
	return (struct fake_fault) { f->kind, RPMB_WRITE_DATA, at, f->value };
}

static void expect_failure(const struct failure *f, unsigned int at,
			   const struct rpmb_outcome *outcome)
{
	unsigned int stored = blocks_up_to(f->stored, at);

	expect_eq(outcome->stored, stored);
	expect_eq(outcome->unknown, blocks_up_to(f->unknown, at) - stored);
}

/* Write @at is hit, and, if there is another fault, what is sent again */
static void expect_outcome(const struct failure *f, unsigned int at,
			   const struct failure *again)
{
	struct fake_fault first = fault_of(f, at), second = { FAULT_NONE };
	struct rpmb_outcome outcome;
	struct fake *fake;

	tap_note("%s, write %u", f->what, at);
	if (again)
		second = fault_of(again, at);
	expect_eq(faulty_write(&first, &second, &outcome, &fake), f->error);
	expect_failure(f, at, &outcome);
}

static void test_outcomes(void)
{
	const struct failure *f;
	unsigned int at;

	for (f = failures; f < failures + ARRAY_SIZE(failures); f++)
		for (at = 0; at < WRITES; at++)
			expect_outcome(f, at, NULL);
}

/* The kernel does not see it, so what is behind it in a batch is stored as well */
static void test_outcome_forged(void)
{
	unsigned int at;

	for (at = 0; at < WRITES; at++) {
		const struct fake_fault forged = {
			FAULT_MAC, RPMB_WRITE_DATA, at, 0
		};
		struct rpmb_outcome outcome;
		struct fake *fake;
		int ret = faulty_write(&forged, NULL, &outcome, &fake);

		tap_note("write %u", at);
		expect_eq(ret, RPMB_ERR_RESPONSE_MAC);
		expect_eq(outcome.stored, blocks_up_to(batches(fake, 1) ?
						       END : BEHIND, at));
		expect_eq(outcome.unknown, 0);
	}
}

/* What is sent a second time may fail, too */
static void test_outcomes_again(void)
{
	static const struct failure done = {
		.what = "response lost", .kind = FAULT_LOST_RESPONSE,
		.value = EIO,
	};
	static const struct failure lost = {
		"request lost twice", FAULT_LOST_REQUEST, ETIMEDOUT,
		RPMB_ERR_TIMEOUT, BEFORE, BEFORE
	};
	static const struct failure lost_then_done = {
		"request lost, then the response", FAULT_LOST_REQUEST,
		ETIMEDOUT, RPMB_ERR_SYSTEM, BEHIND, BEHIND
	};
	unsigned int at;

	for (at = 0; at < WRITES; at++) {
		expect_outcome(&lost, at, &lost);
		expect_outcome(&lost_then_done, at, &done);
	}
}

/* The errno of the write is told, not that of reading back */
static void test_outcome_errno(void)
{
	static const struct fake_fault lost = {
		FAULT_LOST_RESPONSE, RPMB_WRITE_DATA, 1, EIO
	};
	static const struct fake_fault reads[] = {
		{ FAULT_BEFORE, RPMB_READ_DATA, 0, ENODEV },
		{ FAULT_BEFORE, RPMB_GET_WRITE_COUNTER, 1, ENODEV },
		{ FAULT_MAC, RPMB_READ_DATA, 0, 0 },
		{ FAULT_MAC, RPMB_GET_WRITE_COUNTER, 2, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(reads); i++) {
		struct rpmb_outcome outcome;
		struct fake *fake;

		expect_eq(faulty_write(&lost, &reads[i], &outcome, &fake),
			  RPMB_ERR_SYSTEM);
		expect_eq(errno, EIO);
		expect_eq(outcome.stored, 32);
		expect_eq(outcome.unknown, 32);
	}
}

/* Somebody writes while counter and data are read back: no two of them fit */
static void test_outcome_moving(void)
{
	static const struct fake_fault lost = {
		FAULT_LOST_REQUEST, RPMB_WRITE_DATA, 1, EIO
	};
	static const struct fake_fault other = {
		FAULT_OTHER_WRITER, RPMB_READ_DATA, 0, 0
	};
	struct rpmb_outcome outcome;
	struct fake *fake;

	/* The kernel reads again, until they fit */
	expect_eq(faulty_write(&lost, &other, &outcome, &fake),
		  by_kernel ? RPMB_ERR_COUNTER : RPMB_ERR_SYSTEM);
	expect_eq(outcome.stored, 32);
	expect_eq(outcome.unknown, by_kernel ? 0 : 32);
}

/* What was never sent is not read back */
static void test_outcome_not_started(void)
{
	static const struct fake_fault busy = {
		FAULT_BEFORE, RPMB_WRITE_DATA, 1, EBUSY
	};
	static const unsigned int before[] = { 0 };
	struct rpmb_outcome outcome;
	struct fake *fake;

	faulty_write(&busy, NULL, &outcome, &fake);
	expect_requests(fake, RPMB_READ_DATA, NULL, 0);
	expect_requests(fake, RPMB_GET_WRITE_COUNTER, before, 1);
}

static void test_expired(void)
{
	static const unsigned int written[] = { 1 };
	uint8_t data[512] = { 1 };
	struct rpmb_outcome outcome;
	struct fake like = emmc, *fake;
	struct rpmb *rpmb;

	like.counter = UINT32_MAX - 1;
	like.write_sizes = 1;
	rpmb = fresh(&like, &fake);
	/* The last write is done, and none after it */
	expect_eq(rpmb_write(rpmb, key, 0, 2, data, &outcome),
		  RPMB_ERR_EXPIRED);
	expect_eq(outcome.stored, 1);
	expect_eq(outcome.unknown, 0);
	expect_eq(rpmb_write(rpmb, key, 0, 1, data, &outcome),
		  RPMB_ERR_EXPIRED);
	expect_eq(outcome.stored, 0);
	expect_requests(fake, RPMB_WRITE_DATA, written, 1);
	expect_eq(rpmb_read(rpmb, key, 0, 2, data), 0);
	rpmb_close(rpmb);
}

static void note_progress(void *arg, unsigned int done, unsigned int total)
{
	unsigned int *calls = arg;

	expect_eq(total, 20);
	expect(done == 7 * (calls[0] + 1) || done == 20);
	calls[0]++;
	calls[1] = done;
}

static void test_progress(void)
{
	static uint8_t data[20 * 512];
	unsigned int calls[2] = { 0 };
	struct fake *fake;
	struct rpmb *rpmb = fresh(&nvme, &fake);

	rpmb_set_progress(rpmb, note_progress, calls);
	expect_eq(rpmb_read(rpmb, key, 5, 20, data), 0);
	expect_eq(calls[0], batches(fake, 1) ?: 3);
	expect_eq(calls[1], 20);
	rpmb_close(rpmb);
}

static void count_progress(void *arg, unsigned int done, unsigned int total)
{
	unsigned int *calls = arg;

	++*calls;
	expect_eq(done, 2);
	expect_eq(total, 4);
}

/* Reading back after a failure is not told as progress */
static void test_progress_of_failure(void)
{
	struct fake like = emmc, *fake;
	uint8_t data[4 * 256] = { 0 };
	unsigned int calls = 0;
	struct rpmb *rpmb;

	like.write_sizes = 2;
	like.batchless = true;
	rpmb = fresh(&like, &fake);
	fake->faults[0] = (struct fake_fault) {
		FAULT_LOST_RESPONSE, RPMB_WRITE_DATA, 1, EIO
	};
	rpmb_set_progress(rpmb, count_progress, &calls);
	expect_eq(rpmb_write(rpmb, key, 0, 4, data, NULL), RPMB_ERR_SYSTEM);
	expect_eq(calls, 1);
	rpmb_close(rpmb);
}

/* 32 + 32 + 2 + 1 blocks go in as few calls as there may be */
static void test_batch(void)
{
	static const unsigned int of_emmc[] = { 32, 32, 2, 2, 1 };
	static uint8_t data[69 * 256];
	struct rpmb_outcome outcome;
	struct fake *fake;
	struct rpmb *rpmb;

	fill(data, sizeof(data), 5);
	rpmb = fresh(&emmc, &fake);
	expect_eq(rpmb_info(rpmb)->max_batch,
		  fake->batchless ? 0 : RPMB_MAX_BATCH);
	expect_eq(rpmb_write(rpmb, key, 0, 69, data, &outcome), 0);
	expect_eq(outcome.stored, 69);
	expect_requests(fake, RPMB_WRITE_DATA, of_emmc, 5);
	expect_eq(fake->nr_batches, batches(fake, 1));
	expect(!memcmp(fake->data, data, sizeof(data)));
	expect_eq(fake->counter, 46);

	/* If others want their turn, the rest follows; the last one is none of many */
	fill(data, sizeof(data), 6);
	fake->nr_requests = 0;
	fake->nr_batches = 0;
	fake->cut_after = 1;
	expect_eq(rpmb_write(rpmb, key, 0, 69, data, &outcome), 0);
	expect_eq(outcome.stored, 69);
	expect_requests(fake, RPMB_WRITE_DATA, of_emmc, 5);
	expect_eq(fake->nr_batches, batches(fake, 4));
	expect(!memcmp(fake->data, data, sizeof(data)));
	rpmb_close(rpmb);
}

/* More requests than a batch has, which are more than the memory for one takes */
static void test_long_batch(void)
{
	static uint8_t data[2000 * 256];
	struct fake like = emmc, *fake;
	struct rpmb *rpmb;

	like.capacity = 2048;
	like.write_sizes = 1;
	rpmb = fresh(&like, &fake);
	fill(data, sizeof(data), 7);
	expect_eq(rpmb_write(rpmb, key, 0, 2000, data, NULL), 0);
	expect_eq(fake->nr_requests, 2001);
	expect_eq(fake->nr_batches, batches(fake, 8));
	expect(!memcmp(fake->data, data, sizeof(data)));
	rpmb_close(rpmb);

	like.write_sizes = 1 << 7;
	rpmb = fresh(&like, &fake);
	fill(data, sizeof(data), 8);
	expect_eq(rpmb_write(rpmb, key, 0, 15 * 128, data, NULL), 0);
	expect_eq(fake->nr_requests, 16);
	expect_eq(fake->nr_batches, batches(fake, 2));
	expect(!memcmp(fake->data, data, 15 * 128 * 256));
	rpmb_close(rpmb);
}

/* 7 + 7 + 6 blocks are read in one call, or in as many as others leave */
static void test_read_batch(void)
{
	static const unsigned int of_nvme[] = { 7, 7, 6 };
	static uint8_t data[20 * 512], back[sizeof(data)];
	struct fake *fake;
	struct rpmb *rpmb;

	rpmb = fresh(&nvme, &fake);
	fill(data, sizeof(data), 12);
	memcpy(fake->data + 5 * 512, data, sizeof(data));
	expect_eq(rpmb_read(rpmb, key, 5, 20, back), 0);
	expect(!memcmp(data, back, sizeof(data)));
	expect_requests(fake, RPMB_READ_DATA, of_nvme, 3);
	expect_eq(fake->nr_batches, batches(fake, 1));

	memset(back, 0, sizeof(back));
	fake->nr_requests = 0;
	fake->nr_batches = 0;
	fake->cut_after = 1;
	expect_eq(rpmb_read(rpmb, key, 5, 20, back), 0);
	expect(!memcmp(data, back, sizeof(data)));
	expect_requests(fake, RPMB_READ_DATA, of_nvme, 3);
	expect_eq(fake->nr_batches, batches(fake, 2));
	rpmb_close(rpmb);
}

/* What one of them answers is believed no more than if it were alone */
static void test_read_batch_fails(void)
{
	static uint8_t data[20 * 512];
	struct fake *fake;
	struct rpmb *rpmb;

	rpmb = fresh(&nvme, &fake);
	fake->faults[0] = (struct fake_fault) {
		FAULT_MAC, RPMB_READ_DATA, 1, 0
	};
	expect_eq(rpmb_read(rpmb, key, 5, 20, data), RPMB_ERR_RESPONSE_MAC);
	fake->faults[0] = (struct fake_fault) {
		FAULT_LOST_RESPONSE, RPMB_READ_DATA, 1, ETIMEDOUT
	};
	expect_eq(rpmb_read(rpmb, key, 5, 20, data), RPMB_ERR_TIMEOUT);
	expect_eq(rpmb_read(rpmb, key, 5, 20, data), 0);
	rpmb_close(rpmb);
}

/* More reads than a batch has, and more than the memory for their answers takes */
static void test_long_read_batch(void)
{
	static uint8_t data[2000 * 256], back[sizeof(data)];
	struct fake like = emmc, *fake;
	struct rpmb *rpmb;

	like.capacity = 2048;
	like.max_read = 1;
	rpmb = fresh(&like, &fake);
	fill(data, sizeof(data), 13);
	memcpy(fake->data, data, sizeof(data));
	expect_eq(rpmb_read(rpmb, key, 0, 2000, back), 0);
	expect(!memcmp(data, back, sizeof(data)));
	expect_eq(fake->nr_requests, 2000);
	expect_eq(fake->nr_batches, batches(fake, 8));
	rpmb_close(rpmb);

	like.max_read = 128;
	rpmb = fresh(&like, &fake);
	memcpy(fake->data, data, sizeof(data));
	expect_eq(rpmb_read(rpmb, key, 0, 2000, back), 0);
	expect(!memcmp(data, back, sizeof(data)));
	expect_eq(fake->nr_requests, 16);
	expect_eq(fake->nr_batches, batches(fake, 2));
	rpmb_close(rpmb);
}

/* The device had all of them before one failed; its answer is what is lost */
static const struct failure at_once[] = {
	{ "answer lost", FAULT_LOST_RESPONSE, EIO, RPMB_ERR_SYSTEM, END, END },
	{ "request lost", FAULT_LOST_REQUEST, ETIMEDOUT, 0, END, END },
	{ "interrupted", FAULT_LOST_REQUEST, EINTR, RPMB_ERR_SYSTEM,
	  BEFORE, BEFORE },
	{ "refused", FAULT_CORRUPTED, 0, RPMB_ERR_AUTHENTICATION,
	  BEFORE, BEFORE },
	{ "answer lost, then written over", FAULT_OVERWRITTEN, ETIMEDOUT,
	  RPMB_ERR_TIMEOUT, BEFORE, END },
};

static void expect_at_once(const struct failure *f, unsigned int at)
{
	struct rpmb_outcome outcome;
	uint8_t data[67 * 256];
	struct fake *fake;
	struct rpmb *rpmb;

	tap_note("%s, write %u", f->what, at);
	fake = fake_create("rpmb0", &emmc);
	fake->batchless = false;
	fake->at_once = true;
	fake->faults[0] = fault_of(f, at);
	rpmb = must_open("rpmb0", O_RDWR);
	fill(data, sizeof(data), 9);
	expect_eq(rpmb_write(rpmb, key, 8, 67, data, &outcome), f->error);
	expect_failure(f, at, &outcome);
	rpmb_close(rpmb);
}

static void test_batch_at_once(void)
{
	const struct failure *f;
	unsigned int at;

	/* Of what the kernel makes itself the device has one request at a time */
	for (f = at_once; !by_kernel && f < at_once + ARRAY_SIZE(at_once); f++)
		for (at = 0; at < WRITES; at++)
			expect_at_once(f, at);
}

static void test_route(void)
{
	static const struct fake_fault lost = {
		FAULT_LOST_REQUEST, RPMB_GET_WRITE_COUNTER, 0, EIO
	};
	static uint8_t big[RPMB_MAX_LEN + 512];
	struct rpmb_frame req = { .req_resp = htobe16(2) }, resp;
	struct fake *fake;
	struct rpmb *rpmb = fresh(&emmc, &fake);
	bool started = false;

	expect_eq(rpmb_route(rpmb, &req, sizeof(req), &resp, sizeof(resp),
			     &started), 0);
	expect(started);
	expect_eq(be16toh(resp.req_resp), 0x200);
	expect_eq(be32toh(resp.write_counter), 41);
	fake->faults[0] = lost;
	expect_eq(rpmb_route(rpmb, &req, sizeof(req), &resp, sizeof(resp),
			     &started), RPMB_ERR_SYSTEM);
	expect(started);
	expect_eq(rpmb_route(rpmb, big, sizeof(big), &resp, sizeof(resp),
			     &started), RPMB_ERR_TOO_LONG);
	expect(!started);
	rpmb_close(rpmb);
}

/* Between two counters, with one call if others do not want the device */
static void test_at_rest(void)
{
	static const unsigned int expected[] = { 128, 22 };
	static uint8_t data[150 * 256];
	struct fake *fake;
	struct rpmb *rpmb = fresh(&emmc, &fake);
	uint32_t counter;

	fill(fake->data, sizeof(data), 9);
	expect_eq(rpmb_read_at_rest(rpmb, key, 0, 150, data, &counter), 0);
	expect(!memcmp(data, fake->data, sizeof(data)));
	expect_eq(counter, 41);
	expect_requests(fake, RPMB_READ_DATA, expected, 2);
	expect_eq(fake->nr_requests, 4);
	expect_eq(fake->nr_batches, batches(fake, 1));

	fake->cut_after = 3;
	memset(data, 0, sizeof(data));
	expect_eq(rpmb_read_at_rest(rpmb, key, 0, 150, data, &counter), 0);
	expect(!memcmp(data, fake->data, sizeof(data)));
	fake->faults[0] = (struct fake_fault) {
		FAULT_OTHER_WRITER, RPMB_READ_DATA, 0, 0
	};
	expect_eq(rpmb_read_at_rest(rpmb, key, 0, 150, data, &counter), 0);
	expect(!memcmp(data, fake->data, sizeof(data)));
	expect_eq(counter, 42);
	rpmb_close(rpmb);
}

/* Three requests, of which the second one is refused: the third is for the next call */
static void test_route_batch(void)
{
	/* One more than are carried whole: a length that is wrong is beyond its end */
	struct rpmb_frame reqs[4] = {}, resps[3];
	struct rpmb_request requests[3];
	struct fake *fake;
	struct rpmb *rpmb = fresh(&emmc, &fake);
	unsigned int done, i;

	for (i = 0; i < 3; i++) {
		reqs[i].req_resp = htobe16(i == 1 ? RPMB_WRITE_DATA :
						    RPMB_GET_WRITE_COUNTER);
		reqs[i].block_count = htobe16(i == 1);
		requests[i] = (struct rpmb_request) {
			.req = &reqs[i],
			.req_len = sizeof(reqs[i]),
			.resp = &resps[i],
			.resp_len = sizeof(resps[i]),
			.started = true,
		};
	}
	for (i = 0; i < 2; i += done) {
		expect_eq(rpmb_route_batch(rpmb, requests + i, 3 - i, &done), 0);
		check_eq(done, fake->batchless ? 1 : 2);
	}
	expect_eq(be16toh(resps[0].req_resp), RPMB_GET_WRITE_COUNTER << 8);
	expect_eq(be16toh(resps[1].result), RPMB_RES_AUTH);
	expect(requests[1].started);
	expect(!requests[2].started);
	requests[2].req_len = 513;
	expect_eq(rpmb_route_batch(rpmb, requests + 2, 1, &done),
		  RPMB_ERR_ARGUMENT);
	expect_eq(done, 0);
	requests[2].req_len = RPMB_MAX_LEN + 512;
	expect_eq(rpmb_route_batch(rpmb, requests + 2, 1, &done),
		  RPMB_ERR_TOO_LONG);
	expect_eq(rpmb_route_batch(rpmb, requests, 0, &done),
		  RPMB_ERR_ARGUMENT);
	rpmb_close(rpmb);
}

/* How a write goes about another writer, whose fault comes @times in a row */
static int write_among_others(uint32_t others, unsigned int times,
			      unsigned int retries, unsigned int *stored,
			      struct fake **fake)
{
	uint8_t data[2 * 256] = { 1, 2, 3 };
	struct rpmb_outcome outcome;
	struct rpmb *rpmb = fresh(&emmc, fake);
	unsigned int i;
	int ret;

	for (i = 0; i < times; i++)
		(*fake)->faults[i] = (struct fake_fault) {
			others, RPMB_WRITE_DATA, 0, 0
		};
	ret = rpmb_write_retry(rpmb, key, 5, 2, data, retries, &outcome);
	*stored = outcome.stored;
	if (outcome.stored == 2)
		expect(!memcmp((*fake)->data + 5 * 256, data, sizeof(data)));
	rpmb_close(rpmb);
	return ret;
}

/* Only who asks for it writes over what others have written, and not for ever */
static void test_retry(void)
{
	static const unsigned int writes[] = { 2, 2, 2 };
	struct fake *fake;
	unsigned int stored;

	expect_eq(write_among_others(FAULT_OTHER_WRITER, 1, 0, &stored, &fake),
		  RPMB_ERR_COUNTER);
	expect_eq(stored, 0);
	expect_eq(write_among_others(FAULT_OTHER_WRITER, 1, 1, &stored, &fake),
		  0);
	expect_eq(stored, 2);
	expect_eq(fake->counter, 43);
	expect_eq(write_among_others(FAULT_OTHER_WRITER, 2, 1, &stored, &fake),
		  RPMB_ERR_COUNTER);
	expect_eq(stored, 0);
	expect_eq(write_among_others(FAULT_OTHER_WRITERS, 2, 2, &stored, &fake),
		  0);
	expect_eq(stored, 2);
	expect_requests(fake, RPMB_WRITE_DATA, writes, 3);
	expect_eq(fake->counter, 46);
}

/* Nor is he given up who is in the way while the device is looked at */
static void test_retry_moving(void)
{
	uint8_t data[2 * 256] = { 1 };
	struct fake *fake;
	struct rpmb *rpmb = fresh(&emmc, &fake);

	fake->faults[0] = (struct fake_fault) {
		FAULT_OTHER_WRITER, RPMB_WRITE_DATA, 0, 0
	};
	fake->faults[1] = (struct fake_fault) {
		FAULT_OTHER_WRITER, RPMB_READ_DATA, 0, 0
	};
	expect_eq(rpmb_write_retry(rpmb, key, 5, 2, data, 1, NULL), 0);
	expect(!memcmp(fake->data + 5 * 256, data, sizeof(data)));
	expect_eq(fake->counter, 44);
	rpmb_close(rpmb);
}

/* A refusal that the counter does not bear out is no reason to sign again */
static void test_retry_refused(void)
{
	static const unsigned int once[] = { 2 };
	uint8_t data[2 * 256] = { 1 };
	struct fake *fake;
	struct rpmb *rpmb = fresh(&emmc, &fake);

	fake->faults[0] = (struct fake_fault) {
		FAULT_REFUSED, RPMB_WRITE_DATA, 0, RPMB_RES_COUNTER
	};
	expect_eq(rpmb_write_retry(rpmb, key, 5, 2, data, 9, NULL),
		  RPMB_ERR_COUNTER);
	expect_requests(fake, RPMB_WRITE_DATA, once, 1);
	expect_eq(fake->counter, 41);
	rpmb_close(rpmb);
}

/* What is found to be stored is not written again, and the rest follows it */
static void test_retry_stored(void)
{
	static const unsigned int writes[] = { 32, 32, 32 };
	static uint8_t data[64 * 256];
	struct rpmb_outcome outcome;
	struct fake *fake;
	struct rpmb *rpmb = fresh(&emmc, &fake);

	fill(data, sizeof(data), 13);
	fake->faults[0] = (struct fake_fault) {
		FAULT_LATE_REQUEST, RPMB_WRITE_DATA, 0, ETIMEDOUT
	};
	expect_eq(rpmb_write_retry(rpmb, key, 0, 64, data, 1, &outcome), 0);
	expect_eq(outcome.stored, 64);
	expect_requests(fake, RPMB_WRITE_DATA, writes, 3);
	expect_eq(fake->counter, 43);
	rpmb_close(rpmb);
}

/* Only with the counter that the caller has seen */
static void test_write_if(void)
{
	static const unsigned int once[] = { 1 };
	uint8_t data[3 * 256] = { 1, 2, 3 };
	struct rpmb_outcome outcome;
	struct fake *fake;
	struct rpmb *rpmb = fresh(&emmc, &fake);
	uint32_t counter = 41;

	/* Three blocks take two requests */
	expect_eq(rpmb_write_if(rpmb, key, 0, 3, data, &counter, &outcome), 0);
	expect_eq(outcome.stored, 3);
	expect_eq(counter, 43);
	fake_write_as_other(fake, 9);
	fake->nr_requests = 0;
	expect_eq(rpmb_write_if(rpmb, key, 0, 3, data, &counter, &outcome),
		  RPMB_ERR_COUNTER);
	expect_requests(fake, RPMB_WRITE_DATA, NULL, 0);
	expect_eq(counter, 43);
	expect_eq(outcome.stored, 0);
	expect_eq(outcome.unknown, 0);

	/* Between the look at the counter and the write */
	counter = 44;
	fake->faults[0] = (struct fake_fault) {
		FAULT_OTHER_WRITER, RPMB_WRITE_DATA, 0, 0
	};
	expect_eq(rpmb_write_if(rpmb, key, 0, 1, data, &counter, &outcome),
		  RPMB_ERR_COUNTER);
	expect_requests(fake, RPMB_WRITE_DATA, once, 1);
	expect_eq(fake->counter, 45);
	expect_eq(counter, 44);
	expect_eq(outcome.stored, 0);
	expect_eq(outcome.unknown, 0);
	rpmb_close(rpmb);
}

/* After an error the counter has what is known to be stored */
static void test_write_if_lost(void)
{
	static const struct {
		enum fake_fault_kind kind;
		unsigned int skip;
		unsigned int stored;
		unsigned int steps;
	} losses[] = {
		{ FAULT_LOST_RESPONSE, 0, 2, 1 },
		{ FAULT_LOST_RESPONSE, 1, 3, 2 },
		{ FAULT_LOST_REQUEST, 0, 0, 0 },
		{ FAULT_LOST_REQUEST, 1, 2, 1 },
	};
	uint8_t data[3 * 256] = { 1, 2, 3 };
	struct rpmb_outcome outcome;
	struct fake *fake;
	struct rpmb *rpmb;
	uint32_t counter;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(losses); i++) {
		rpmb = fresh(&emmc, &fake);
		fake->faults[0] = (struct fake_fault) {
			losses[i].kind, RPMB_WRITE_DATA, losses[i].skip,
			ETIMEDOUT
		};
		/* Lost again when it is sent again */
		if (losses[i].kind == FAULT_LOST_REQUEST)
			fake->faults[1] = fake->faults[0];
		counter = 41;
		expect(rpmb_write_if(rpmb, key, 0, 3, data, &counter,
				     &outcome));
		expect_eq(outcome.stored, losses[i].stored);
		expect_eq(outcome.unknown, 0);
		expect_eq(counter, 41 + losses[i].steps);
		rpmb_close(rpmb);
	}
}

/* So it has what the device had already, behind the one whose answer was lost */
static void test_write_if_lost_at_once(void)
{
	uint8_t data[3 * 256] = { 1, 2, 3 };
	struct rpmb_outcome outcome;
	struct fake *fake;
	struct rpmb *rpmb;
	uint32_t counter = 41;

	fake = fake_create("rpmb0", &emmc);
	fake->batchless = false;
	fake->at_once = true;
	fake->faults[0] = (struct fake_fault) {
		FAULT_LOST_RESPONSE, RPMB_WRITE_DATA, 0, EIO
	};
	rpmb = must_open("rpmb0", O_RDWR);
	expect_eq(rpmb_write_if(rpmb, key, 0, 3, data, &counter, &outcome),
		  RPMB_ERR_SYSTEM);
	expect_eq(outcome.stored, by_kernel ? 2 : 3);
	expect_eq(counter, fake->counter);
	rpmb_close(rpmb);
}

/* A device that carries out what is behind a refused one gets no such */
static void test_write_if_runs_on(void)
{
	static uint8_t data[3 * 32 * 256], before[32 * 256];
	struct fake virtio = emmc;
	struct rpmb_outcome outcome;
	uint32_t counter = 41;
	struct fake *fake;
	struct rpmb *rpmb;

	virtio.transport = RPMB_TRANSPORT_VIRTIO;
	rpmb = fresh(&virtio, &fake);
	fake->batchless = false;
	rpmb_close(rpmb);
	rpmb = must_open("rpmb0", O_RDWR);
	fake->at_once = true;
	fake->faults[0] = (struct fake_fault) {
		FAULT_OTHER_WRITER, RPMB_WRITE_DATA, 1, 0
	};
	memcpy(before, fake->data + 64 * 256, sizeof(before));
	fill(data, sizeof(data), 3);
	expect_eq(rpmb_write_if(rpmb, key, 0, 96, data, &counter, &outcome),
		  RPMB_ERR_COUNTER);
	expect_eq(outcome.stored, 32);
	expect_eq(outcome.unknown, 0);
	expect_eq(fake->counter, 43);
	expect(!memcmp(before, fake->data + 64 * 256, sizeof(before)));
	rpmb_close(rpmb);
}

#define ROUNDS 200

/* More than any of two writers has to wait for */
#define PATIENCE 100000

/* One of several programs with the same key, each with a handle of its own */
static void *write_with_others(void *arg)
{
	unsigned int seed = *(unsigned int *)arg, i;
	struct rpmb *rpmb = must_open("rpmb0", O_RDWR);
	uint8_t data[2 * 256];
	int ret = 0;

	for (i = 0; !ret && i < ROUNDS; i++) {
		fill(data, sizeof(data), seed + 2 * i);
		ret = rpmb_write_retry(rpmb, key, 8, 2, data, PATIENCE, NULL);
	}
	if (ret)
		tap_complain("writer %u, round %u: %d", seed, i, ret);
	rpmb_close(rpmb);
	return NULL;
}

/* Add one to the number in a block, which somebody else does as well */
static int count_up(struct rpmb *rpmb)
{
	uint32_t block[64], counter;
	int ret;

	do {
		ret = rpmb_read_counter(rpmb, key, &counter);
		ret = ret ?: rpmb_read(rpmb, key, 20, 1, block);
		if (ret)
			return ret;
		block[0]++;
		ret = rpmb_write_if(rpmb, key, 20, 1, block, &counter, NULL);
	} while (ret == RPMB_ERR_COUNTER);
	return ret;
}

static void *count_with_others(void *arg)
{
	struct rpmb *rpmb = must_open("rpmb0", O_RDWR);
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < ROUNDS; i++)
		ret = count_up(rpmb);
	if (ret)
		tap_complain("%s, round %u: %d", (const char *)arg, i, ret);
	rpmb_close(rpmb);
	return NULL;
}

/*
 * Two that write over each other, and two that must not. What the first two
 * write is never alike: who finds its data there need not write it.
 */
static void test_writers(void)
{
	unsigned int seeds[] = { 1, 2 };
	pthread_t writers[2], counters[2];
	struct fake *fake = fake_create("rpmb0", &emmc);
	uint32_t count;
	unsigned int i;

	for (i = 0; i < 2; i++)
		check(!pthread_create(&writers[i], NULL, write_with_others,
				      &seeds[i]) &&
		      !pthread_create(&counters[i], NULL, count_with_others,
				      i ? "one" : "other"), "no thread");
	for (i = 0; i < 2; i++) {
		pthread_join(writers[i], NULL);
		pthread_join(counters[i], NULL);
	}
	memcpy(&count, fake->data + 20 * 256, sizeof(count));
	/* Nobody's addition was lost */
	expect_eq(count, 2 * ROUNDS);
	/* Each write was done, and none of them twice */
	expect_eq(fake->counter, 41 + 4 * ROUNDS);
}

/* Two of these at once, each with blocks of its own */
static void *write_and_compare(void *arg)
{
	unsigned int addr = *(unsigned int *)arg, i;
	uint8_t data[3 * 256], back[sizeof(data)];
	int ret = 0;

	for (i = 0; !ret && i < ROUNDS; i++) {
		fill(data, sizeof(data), addr + i);
		ret = rpmb_write(shared, key, addr, 3, data, NULL);
		if (!ret)
			ret = rpmb_read(shared, key, addr, 3, back);
		if (!ret && memcmp(data, back, sizeof(data)))
			ret = 1;
	}
	if (ret)
		tap_complain("block %u, round %u: %d", addr, i, ret);
	return NULL;
}

/* One handle for both: no request takes the other's frames, counter or response */
static void test_threads(void)
{
	unsigned int addrs[] = { 8, 100 };
	pthread_t threads[ARRAY_SIZE(addrs)];
	struct fake *fake;
	unsigned int i;

	shared = fresh(&emmc, &fake);
	for (i = 0; i < ARRAY_SIZE(addrs); i++)
		check(!pthread_create(&threads[i], NULL, write_and_compare,
				      &addrs[i]), "no thread");
	for (i = 0; i < ARRAY_SIZE(addrs); i++)
		pthread_join(threads[i], NULL);
	/* Three blocks are a write of two and one of one */
	expect_eq(fake->counter, 41 + 2 * 2 * ROUNDS);
	rpmb_close(shared);
}

static void test_messages(void)
{
	int a, b, known = 0;

	for (a = -0x200; a <= 0; a++) {
		if (!strcmp(rpmb_strerror(a), "unknown error"))
			continue;
		known++;
		for (b = a + 1; b <= 0; b++)
			expect(strcmp(rpmb_strerror(a), rpmb_strerror(b)));
	}
	expect_eq(known, 58);
}

/* Byte for byte the same, so that the device cannot take both */
static void test_sent_again(void)
{
	uint8_t data[256] = { 1, 2, 3 };
	struct fake *fake;
	struct rpmb *rpmb = fresh(&emmc, &fake);

	fake->faults[0] = (struct fake_fault) {
		FAULT_LATE_REQUEST, RPMB_WRITE_DATA, 0, ETIMEDOUT
	};
	rpmb_write(rpmb, key, 9, 1, data, NULL);
	expect(fake->late_was_same);
	expect_eq(fake->counter, 42);
	rpmb_close(rpmb);
}

static const struct test tests[] = {
	{ "open: by path, by name, by id in hexadecimal and as text",
	  test_open },
	{ "open: an id means the device that has it", test_open_right_one },
	{ "open: no such device, not RPMB, ambiguous id", test_open_errors },
	{ "info: what the device says", test_info },
	{ "enumerate: devices in order, until told to stop", test_enumerate },
	{ "key: programmed, verified, wiped; a second one refused",
	  test_program_key },
	{ "key: a device that answers with another key is noticed",
	  test_program_key_verified },
	{ "program key: the answer is lost", test_program_key_unanswered },
	{ "counter: with the key, without one, with a wrong one",
	  test_counter },
	{ "write: what was written is read", test_write_and_read },
	{ "write: the largest of the device's sizes that fit",
	  test_write_sizes },
	{ "write: any number of blocks, where the device says so",
	  test_max_write },
	{ "requests: no more than can be carried", test_longest_requests },
	{ "batch: many in one go", test_batch },
	{ "batch: as many as there may be", test_long_batch },
	{ "batch: many reads in one go", test_read_batch },
	{ "batch: a read that fails among others", test_read_batch_fails },
	{ "batch: as many reads as there may be", test_long_read_batch },
	{ "batch: those behind a failed one have been there, too",
	  test_batch_at_once },
	{ "requests: shorter ones, if the path carries less", test_carry_less },
	{ "requests: not if something was begun", test_too_long_started },
	{ "read: no more at once than the device can", test_max_read },
	{ "range: nothing is sent beyond the end", test_range },
	{ "a wrong key is noticed before anything is written",
	  test_wrong_key },
	{ "response: each forged field is noticed and named", test_forgeries },
	{ "response: an old one is noticed", test_replay },
	{ "results: each has its own error", test_results },
	{ "transport: each error has its own", test_transport_errors },
	{ "files: reading and writing as opened", test_access_modes },
	{ "outcome: what is stored after a failed write", test_outcomes },
	{ "outcome: an answer forged in the middle", test_outcome_forged },
	{ "outcome: when what is sent again fails, too", test_outcomes_again },
	{ "outcome: what is sent again is the same", test_sent_again },
	{ "outcome: unknown if reading back fails", test_outcome_errno },
	{ "outcome: what was never sent is not read back",
	  test_outcome_not_started },
	{ "outcome: unknown if somebody writes meanwhile",
	  test_outcome_moving },
	{ "expired: the last write is done and none after it", test_expired },
	{ "progress: after each request", test_progress },
	{ "progress: a failed write does not go on",
	  test_progress_of_failure },
	{ "read at rest: between two counters, at once", test_at_rest },
	{ "route: frames as they are, and how far they got", test_route },
	{ "route: several, up to one that is refused", test_route_batch },
	{ "threads: two on one handle do not mix", test_threads },
	{ "retry: after others, if asked to, a bounded number of times",
	  test_retry },
	{ "retry: though others write while it is looked what is stored",
	  test_retry_moving },
	{ "retry: only for a counter that has moved", test_retry_refused },
	{ "retry: not of what is stored", test_retry_stored },
	{ "write if: the counter is the one that was seen", test_write_if },
	{ "write if: after an error the counter has what is stored",
	  test_write_if_lost },
	{ "write if: the same when the device had all at once",
	  test_write_if_lost_at_once },
	{ "write if: nothing behind one that is refused", test_write_if_runs_on },
	{ "writers: several with one key lose nothing", test_writers },
	{ "messages: one for each error", test_messages },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
