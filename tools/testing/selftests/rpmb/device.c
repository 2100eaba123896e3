// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that somebody has: /dev/rpmbN does what include/uapi/linux/rpmb.h promises.
 *
 *	RPMB_TEST_DEV=/dev/rpmb0	says which. Then it is only read; the one write that
 *					is tried is not signed, and the kernel refuses it.
 *	RPMB_TEST_KEY=FILE		its key, 32 bytes. Then it is read with that, too.
 *	RPMB_TEST_DESTROY=/dev/rpmb0	says so twice. Then the device gets the key if it
 *					has none, which is for good; it is written, and gets
 *					its old data back, but its counter has moved.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/keyctl.h>
#include <linux/rpmb.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "log.h"

#define KEY_LEN 32
#define MOST_BLOCKS 4
#define REQUESTS 3

/* Requests of a block at most, and the responses to reads of some */
static alignas(8) __u8 req[REQUESTS][256 + 512];
static alignas(8) __u8 resp[REQUESTS][256 + MOST_BLOCKS * 512];
static __u8 nonce[REQUESTS][16];

FIXTURE(device) {
	struct rpmb_ioc_info info;
	int fd;
};

static const char *device(void)
{
	return getenv("RPMB_TEST_DEV");
}

FIXTURE_SETUP(device)
{
	mark_kernel_log("", _metadata->name);
	self->fd = open(device(), O_RDONLY);
	ASSERT_LE(0, self->fd) {
		TH_LOG("%s: %s", device(), strerror(errno));
	}
	self->info.size = sizeof(self->info);
	ASSERT_EQ(0, ioctl(self->fd, RPMB_IOC_INFO, &self->info));
}

FIXTURE_TEARDOWN(device)
{
	if (self->fd > 0)
		close(self->fd);
}

static bool is_nvme(const struct rpmb_ioc_info *info)
{
	return info->frame_format == RPMB_FRAME_NVME;
}

/* What one request, or response, of so many blocks has */
static size_t frames_len(const struct rpmb_ioc_info *info, unsigned int blocks)
{
	if (is_nvme(info))
		return sizeof(struct rpmb_nvme_frame) + blocks * 512;
	return (blocks ? blocks : 1) * sizeof(struct rpmb_frame);
}

/* Request number @n, with a nonce of its own and without data */
static void make_request(const struct rpmb_ioc_info *info, unsigned int n,
			 __u16 type, __u32 addr, __u16 blocks)
{
	struct rpmb_nvme_frame *nvme = (void *)req[n];
	struct rpmb_frame *jedec = (void *)req[n];

	memset(req[n], 0, sizeof(req[n]));
	memset(resp[n], 0, sizeof(resp[n]));
	while (getrandom(nonce[n], sizeof(nonce[n]), 0) < 0)
		;
	if (is_nvme(info)) {
		nvme->target = info->target;
		memcpy(nvme->nonce, nonce[n], sizeof(nonce[n]));
		nvme->addr = htole32(addr);
		nvme->sector_count = htole32(blocks);
		nvme->req_resp = htole16(type);
		return;
	}
	memcpy(jedec->nonce, nonce[n], sizeof(nonce[n]));
	jedec->addr = htobe16(addr);
	jedec->block_count = htobe16(blocks);
	jedec->req_resp = htobe16(type);
}

/* With so many blocks of data on the way there, and back */
static int route(int fd, const struct rpmb_ioc_info *info, unsigned int n,
		 unsigned int out, unsigned int in)
{
	struct rpmb_ioc_route_frames cmd = {
		.size = sizeof(cmd),
		.req_len = frames_len(info, out),
		.resp_len = frames_len(info, in),
		.req = (uintptr_t)req[n],
		.resp = (uintptr_t)resp[n],
	};

	return ioctl(fd, RPMB_IOC_ROUTE_FRAMES, &cmd) ? -errno : 0;
}

static __u16 response_result(const struct rpmb_ioc_info *info, unsigned int n)
{
	if (is_nvme(info))
		return le16toh(((struct rpmb_nvme_frame *)resp[n])->result);
	return be16toh(((struct rpmb_frame *)resp[n])->result);
}

static __u16 response_type(const struct rpmb_ioc_info *info, unsigned int n)
{
	if (is_nvme(info))
		return le16toh(((struct rpmb_nvme_frame *)resp[n])->req_resp);
	return be16toh(((struct rpmb_frame *)resp[n])->req_resp);
}

static bool nonce_is_back(const struct rpmb_ioc_info *info, unsigned int n)
{
	const __u8 *back = is_nvme(info) ?
		((struct rpmb_nvme_frame *)resp[n])->nonce :
		((struct rpmb_frame *)resp[n])->nonce;

	return !memcmp(nonce[n], back, sizeof(nonce[n]));
}

/* Is it the answer to request @n? */
static bool is_answer(const struct rpmb_ioc_info *info, unsigned int n, __u16 type)
{
	return response_type(info, n) == type << 8 && nonce_is_back(info, n);
}

/* Without a key the device has nothing to say, which is no fault of it */
static bool has_no_key(const struct rpmb_ioc_info *info, unsigned int n)
{
	return (response_result(info, n) & ~RPMB_RES_EXPIRED) == RPMB_RES_NO_KEY;
}

static bool is_good(const struct rpmb_ioc_info *info, unsigned int n)
{
	return !(response_result(info, n) & ~RPMB_RES_EXPIRED) ||
	       has_no_key(info, n);
}

TEST_F(device, info)
{
	const __u32 needed = 1 << RPMB_PROGRAM_KEY | 1 << RPMB_GET_WRITE_COUNTER |
			     1 << RPMB_WRITE_DATA | 1 << RPMB_READ_DATA;
	const struct rpmb_ioc_info *info = &self->info;

	ASSERT_GE(RPMB_FRAME_NVME, info->frame_format);
	EXPECT_EQ(is_nvme(info) ? 512 : 256, info->block_size);
	EXPECT_LE(1, info->transport);
	EXPECT_LE(1, info->capacity);
	EXPECT_EQ(needed, info->request_types & needed);
	EXPECT_EQ(0, info->request_types & 1 << RPMB_RESULT_READ);
	EXPECT_EQ(1, info->write_sizes & 1);
	EXPECT_LE(1, info->max_read);
	EXPECT_LE(1, info->dev_id_len);
	EXPECT_GE(RPMB_MAX_ID_LEN, info->dev_id_len);
	EXPECT_GE(RPMB_MAX_BATCH, info->max_batch);
}

/* Who derives keys from it gets the same each time */
TEST_F(device, identity)
{
	static __u8 id[2][RPMB_MAX_ID_LEN];

	for (int i = 0; i < 2; i++) {
		self->info.dev_id = (uintptr_t)id[i];
		self->info.dev_id_len = sizeof(id[i]);
		ASSERT_EQ(0, ioctl(self->fd, RPMB_IOC_INFO, &self->info));
	}
	EXPECT_EQ(0, memcmp(id[0], id[1], sizeof(id[0])));
}

/* Whoever may only read cannot write; this one, unsigned, the device would not take, either */
TEST_F(device, reader_cannot_write)
{
	make_request(&self->info, 0, RPMB_WRITE_DATA, 0, 1);
	EXPECT_EQ(-EBADF, route(self->fd, &self->info, 0, 1, 0));
}

TEST_F(device, writer_cannot_read)
{
	int fd = open(device(), O_WRONLY);

	ASSERT_LE(0, fd);
	make_request(&self->info, 0, RPMB_GET_WRITE_COUNTER, 0, 0);
	EXPECT_EQ(-EBADF, route(fd, &self->info, 0, 0, 0));
	make_request(&self->info, 0, RPMB_READ_DATA, 0, 1);
	EXPECT_EQ(-EBADF, route(fd, &self->info, 0, 0, 1));
	close(fd);
}

/* What contradicts itself does not reach the device */
TEST_F(device, checked_before)
{
	make_request(&self->info, 0, RPMB_GET_WRITE_COUNTER, 0, 0);
	EXPECT_EQ(-EINVAL, route(self->fd, &self->info, 0, 0, MOST_BLOCKS));
	make_request(&self->info, 0, RPMB_RESULT_READ, 0, 0);
	EXPECT_EQ(-EOPNOTSUPP, route(self->fd, &self->info, 0, 0, 0));
	make_request(&self->info, 0, 0xffff, 0, 0);
	EXPECT_EQ(-EOPNOTSUPP, route(self->fd, &self->info, 0, 0, 0));
}

TEST_F(device, counter)
{
	for (unsigned int n = 0; n < REQUESTS; n++) {
		make_request(&self->info, n, RPMB_GET_WRITE_COUNTER, 0, 0);
		ASSERT_EQ(0, route(self->fd, &self->info, n, 0, 0));
		EXPECT_TRUE(is_answer(&self->info, n, RPMB_GET_WRITE_COUNTER));
		EXPECT_TRUE(is_good(&self->info, n)) {
			TH_LOG("result %#x", response_result(&self->info, n));
		}
	}
}

/* The first block, the last one, and several */
TEST_F(device, read)
{
	const __u32 last = self->info.capacity - 1;
	unsigned int several = self->info.max_read;

	if (several > MOST_BLOCKS)
		several = MOST_BLOCKS;
	if (several > self->info.capacity)
		several = self->info.capacity;
	make_request(&self->info, 0, RPMB_READ_DATA, 0, 1);
	ASSERT_EQ(0, route(self->fd, &self->info, 0, 0, 1));
	make_request(&self->info, 1, RPMB_READ_DATA, last, 1);
	ASSERT_EQ(0, route(self->fd, &self->info, 1, 0, 1));
	make_request(&self->info, 2, RPMB_READ_DATA, 0, several);
	ASSERT_EQ(0, route(self->fd, &self->info, 2, 0, several));
	for (unsigned int n = 0; n < REQUESTS; n++) {
		EXPECT_TRUE(is_answer(&self->info, n, RPMB_READ_DATA));
		EXPECT_TRUE(is_good(&self->info, n)) {
			TH_LOG("result %#x", response_result(&self->info, n));
		}
	}
}

/* That is for the device to say, in a response that is signed */
TEST_F(device, read_beyond)
{
	if (!is_nvme(&self->info) && self->info.capacity > UINT16_MAX)
		SKIP(return, "no address is beyond such a device");
	make_request(&self->info, 0, RPMB_READ_DATA, self->info.capacity, 1);
	ASSERT_EQ(0, route(self->fd, &self->info, 0, 0, 1));
	EXPECT_TRUE(is_answer(&self->info, 0, RPMB_READ_DATA));
	EXPECT_NE(0, response_result(&self->info, 0) & ~RPMB_RES_EXPIRED);
}

TEST_F(device, batch)
{
	struct rpmb_batch_request requests[REQUESTS] = { 0 };
	struct rpmb_ioc_route_batch cmd = {
		.size = sizeof(cmd),
		.nr = REQUESTS,
		.requests = (uintptr_t)requests,
		.request_size = sizeof(requests[0]),
	};
	unsigned int n;

	if (self->info.max_batch < REQUESTS)
		SKIP(return, "no RPMB_IOC_ROUTE_BATCH in this kernel");
	for (n = 0; n < REQUESTS; n++) {
		make_request(&self->info, n, RPMB_READ_DATA, 0, 1);
		requests[n].req_len = frames_len(&self->info, 0);
		requests[n].resp_len = frames_len(&self->info, 1);
		requests[n].req = (uintptr_t)req[n];
		requests[n].resp = (uintptr_t)resp[n];
	}
	/* It may end early for others who wait, but not before the first one */
	ASSERT_EQ(0, ioctl(self->fd, RPMB_IOC_ROUTE_BATCH, &cmd));
	EXPECT_LE(1, cmd.done);
	EXPECT_GE(REQUESTS, cmd.done);
	for (n = 0; n < cmd.done; n++)
		EXPECT_TRUE(is_answer(&self->info, n, RPMB_READ_DATA));
}

/* The key as one that the kernel signs with, or a negative error */
static int load_key(void)
{
	const char *path = getenv("RPMB_TEST_KEY");
	__u8 bytes[KEY_LEN + 1];
	ssize_t len = -1;
	int fd;

	fd = path ? open(path, O_RDONLY) : -1;
	if (fd >= 0) {
		len = read(fd, bytes, sizeof(bytes));
		close(fd);
	}
	if (len != KEY_LEN)
		return -EINVAL;
	return syscall(SYS_add_key, "logon", "rpmb:selftest", bytes, KEY_LEN,
		       KEY_SPEC_PROCESS_KEYRING);
}

/* Returns 0 or a negative error; what the kernel says is left in *cmd */
static int keyed(int fd, struct rpmb_ioc_keyed *cmd)
{
	cmd->size = sizeof(*cmd);
	return ioctl(fd, RPMB_IOC_KEYED, cmd) ? -errno : 0;
}

static int keyed_counter(int fd, int key, __u32 *counter)
{
	struct rpmb_ioc_keyed cmd = {
		.type = RPMB_GET_WRITE_COUNTER,
		.key = key,
	};
	int ret = keyed(fd, &cmd);

	*counter = cmd.counter;
	return ret;
}

/* One block, to or from @data */
static int keyed_block(int fd, int key, __u32 type, __u32 addr, __u8 *data)
{
	struct rpmb_ioc_keyed cmd = {
		.type = type,
		.key = key,
		.addr = addr,
		.count = 1,
		.data = (uintptr_t)data,
	};

	return keyed(fd, &cmd);
}

/* What the device says with its key is true */
TEST_F(device, key)
{
	static __u8 data[512];
	__u32 counter;
	int key, ret;

	if (!getenv("RPMB_TEST_KEY"))
		SKIP(return, "no RPMB_TEST_KEY=FILE");
	if (!self->info.keyed_types)
		SKIP(return, "no RPMB_IOC_KEYED in this kernel");
	key = load_key();
	ASSERT_LT(0, key);
	ret = keyed_counter(self->fd, key, &counter);
	if (ret == -ENOKEY)
		SKIP(return, "the device has no key");
	EXPECT_EQ(0, ret);
	EXPECT_EQ(0, keyed_block(self->fd, key, RPMB_READ_DATA, 0, data));
}

FIXTURE(destroy) {
	struct rpmb_ioc_info info;
	__u8 old[512];
	__u32 counter;
	__u32 addr;
	int fd;
	int key;
	bool read;	/* @old is what the block has to have in the end */
};

/* It is the same device, whatever its names */
static bool is_told_twice(void)
{
	const char *twice = getenv("RPMB_TEST_DESTROY");
	struct stat a, b;

	return twice && !stat(device(), &a) && !stat(twice, &b) &&
	       S_ISCHR(a.st_mode) && S_ISCHR(b.st_mode) &&
	       a.st_rdev == b.st_rdev;
}

static int program_key(int fd, int key)
{
	struct rpmb_ioc_keyed cmd = {
		.type = RPMB_PROGRAM_KEY,
		.key = key,
	};

	return keyed(fd, &cmd);
}

FIXTURE_SETUP(destroy)
{
	int ret;

	mark_kernel_log("", _metadata->name);
	if (!is_told_twice())
		SKIP(return, "RPMB_TEST_DESTROY does not name the same device");
	self->fd = open(device(), O_RDWR);
	ASSERT_LE(0, self->fd);
	self->info.size = sizeof(self->info);
	ASSERT_EQ(0, ioctl(self->fd, RPMB_IOC_INFO, &self->info));
	if (!self->info.keyed_types)
		SKIP(return, "no RPMB_IOC_KEYED in this kernel");
	self->key = load_key();
	ASSERT_LT(0, self->key) {
		TH_LOG("RPMB_TEST_KEY= must name a file of %d bytes", KEY_LEN);
	}
	self->addr = self->info.capacity - 1;
	ret = keyed_counter(self->fd, self->key, &self->counter);
	if (ret == -ENOKEY)
		ret = program_key(self->fd, self->key);
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, keyed_counter(self->fd, self->key, &self->counter));
	ASSERT_EQ(0, keyed_block(self->fd, self->key, RPMB_READ_DATA,
				 self->addr, self->old));
	self->read = true;
}

static bool has_old_data(FIXTURE_DATA(destroy) * self)
{
	static __u8 data[512];

	return !keyed_block(self->fd, self->key, RPMB_READ_DATA, self->addr,
			    data) &&
	       !memcmp(self->old, data, self->info.block_size);
}

/* Whatever a test has done, the old data is there again */
FIXTURE_TEARDOWN(destroy)
{
	if (self->read && !has_old_data(self)) {
		EXPECT_EQ(0, keyed_block(self->fd, self->key, RPMB_WRITE_DATA,
					 self->addr, self->old));
		EXPECT_TRUE(has_old_data(self));
	}
	if (self->fd > 0)
		close(self->fd);
}

/* The old data is only here, so the time is that of a device which does not answer */
TEST_F_TIMEOUT(destroy, write, 600)
{
	static __u8 data[512], found[512];
	__u32 counter;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = ~self->old[i];
	ASSERT_EQ(0, keyed_block(self->fd, self->key, RPMB_WRITE_DATA,
				 self->addr, data));
	ASSERT_EQ(0, keyed_block(self->fd, self->key, RPMB_READ_DATA,
				 self->addr, found));
	EXPECT_EQ(0, memcmp(data, found, self->info.block_size));
	ASSERT_EQ(0, keyed_counter(self->fd, self->key, &counter));
	EXPECT_EQ(self->counter + 1, counter);
}

/* A write for a counter that was changes nothing, now or ever */
TEST_F_TIMEOUT(destroy, stale_counter, 600)
{
	static __u8 data[512];
	struct rpmb_ioc_keyed cmd = {
		.flags = RPMB_KEYED_COUNTER,
		.type = RPMB_WRITE_DATA,
		.key = self->key,
		.addr = self->addr,
		.count = 1,
		.data = (uintptr_t)data,
		.counter = self->counter - 1,
	};
	__u32 counter;

	if (!self->counter)
		SKIP(return, "it was never written");
	memset(data, ~self->old[0], sizeof(data));
	EXPECT_EQ(-ESTALE, keyed(self->fd, &cmd));
	EXPECT_TRUE(has_old_data(self));
	ASSERT_EQ(0, keyed_counter(self->fd, self->key, &counter));
	EXPECT_EQ(self->counter, counter);
}

/* A second key is refused, and the first one stays */
TEST_F(destroy, second_key)
{
	__u32 counter;

	EXPECT_EQ(-EREMOTEIO, program_key(self->fd, self->key));
	EXPECT_EQ(0, keyed_counter(self->fd, self->key, &counter));
}

int main(int argc, char **argv)
{
	if (!device()) {
		ksft_print_header();
		ksft_exit_skip("no device: say RPMB_TEST_DEV=/dev/rpmbN\n");
	}
	return test_harness_run(argc, argv);
}
