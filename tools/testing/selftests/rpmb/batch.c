// SPDX-License-Identifier: GPL-2.0-only
/*
 * What include/uapi/linux/rpmb.h promises of RPMB_IOC_ROUTE_BATCH, on a simulated device
 */
#define _GNU_SOURCE
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/rpmb.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../kselftest_harness.h"
#include "log.h"
#include "sim.h"

#define UNTOUCHED 0xa5
#define MOST (RPMB_MAX_BATCH + 1)

/* The same for 32-bit programs, with no holes */
static_assert(sizeof(struct rpmb_batch_request) == 32, "request");
static_assert(offsetof(struct rpmb_batch_request, req) == 16, "request.req");
static_assert(sizeof(struct rpmb_ioc_route_batch) == 32, "route_batch");

static struct rpmb_frame req[MOST], resp[MOST];
static struct rpmb_batch_request requests[MOST];
static unsigned int nr;

FIXTURE(batch) {
	struct sim sim;
	int fd;
};

FIXTURE_SETUP(batch)
{
	mark_kernel_log("", _metadata->name);
	if (!have_simulator())
		SKIP(return, "no simulator: modprobe rpmb-sim");

	ASSERT_EQ(0, sim_make(&self->sim, "batch", (const char *const []) {
		"type", "emmc", NULL
	}));
	self->fd = open(self->sim.node, O_RDWR);
	ASSERT_LE(0, self->fd);
	memset(resp, UNTOUCHED, sizeof(resp));
	nr = 0;
}

FIXTURE_TEARDOWN(batch)
{
	if (self->fd > 0)
		close(self->fd);
	EXPECT_EQ(0, sim_remove(&self->sim));
}

/* One more request, of a block if it is a write */
static void add(__u16 type)
{
	struct rpmb_frame *frame = &req[nr];

	memset(frame, 0, sizeof(*frame));
	frame->req_resp = htobe16(type);
	frame->block_count = htobe16(type == RPMB_WRITE_DATA);
	requests[nr] = (struct rpmb_batch_request) {
		.req_len = sizeof(req[nr]),
		.resp_len = sizeof(resp[nr]),
		.out_flags = ~0U,
		.req = (uintptr_t)frame,
		.resp = (uintptr_t)&resp[nr],
	};
	nr++;
}

static int route(int fd, struct rpmb_ioc_route_batch *cmd)
{
	return ioctl(fd, RPMB_IOC_ROUTE_BATCH, cmd) ? -errno : 0;
}

static struct rpmb_ioc_route_batch batch(void)
{
	return (struct rpmb_ioc_route_batch) {
		.size = sizeof(struct rpmb_ioc_route_batch),
		.nr = nr,
		.done = ~0U,
		.requests = (uintptr_t)requests,
		.request_size = sizeof(*requests),
	};
}

/* How many, from the first on, may have reached the device; -1 if it is not so */
static int started(void)
{
	unsigned int i = 0, all = nr;

	while (i < all && requests[i].out_flags == RPMB_ROUTE_STARTED)
		i++;
	while (all > i && !requests[all - 1].out_flags)
		all--;
	return all == i ? (int)i : -1;
}

static bool is_untouched(unsigned int i)
{
	const unsigned char *byte = (void *)&resp[i];

	return byte[0] == UNTOUCHED &&
	       !memcmp(byte, byte + 1, sizeof(resp[i]) - 1);
}

TEST_F(batch, info)
{
	struct rpmb_ioc_info info = { .size = sizeof(info) };

	ASSERT_EQ(0, ioctl(self->fd, RPMB_IOC_INFO, &info));
	EXPECT_EQ(RPMB_MAX_BATCH, info.max_batch);
}

/* In order, each with its answer, until one that was to change something is refused */
TEST_F(batch, carried)
{
	static const __u16 types[] = {
		RPMB_GET_WRITE_COUNTER, RPMB_PROGRAM_KEY,
		RPMB_GET_WRITE_COUNTER, RPMB_PROGRAM_KEY,
		RPMB_GET_WRITE_COUNTER,
	};
	static const __u16 results[] = {
		RPMB_RES_NO_KEY, RPMB_RES_OK, RPMB_RES_OK, RPMB_RES_GENERAL,
	};
	struct rpmb_ioc_route_batch cmd;

	for (unsigned int i = 0; i < 5; i++)
		add(types[i]);
	cmd = batch();
	ASSERT_EQ(0, route(self->fd, &cmd));
	EXPECT_EQ(4, cmd.done);
	EXPECT_EQ(4, started());
	for (unsigned int i = 0; i < 4; i++) {
		EXPECT_EQ(types[i] << 8, be16toh(resp[i].req_resp));
		EXPECT_EQ(results[i], be16toh(resp[i].result));
	}
	EXPECT_TRUE(is_untouched(4));
}

TEST_F(batch, as_many_as_there_may_be)
{
	struct rpmb_ioc_route_batch cmd;

	while (nr < RPMB_MAX_BATCH)
		add(RPMB_GET_WRITE_COUNTER);
	cmd = batch();
	ASSERT_EQ(0, route(self->fd, &cmd));
	EXPECT_EQ(RPMB_MAX_BATCH, cmd.done);
	EXPECT_EQ(RPMB_MAX_BATCH, started());
	add(RPMB_GET_WRITE_COUNTER);
	cmd = batch();
	EXPECT_EQ(-EMSGSIZE, route(self->fd, &cmd));
	EXPECT_EQ(0, cmd.done);
	nr = 0;
	cmd = batch();
	EXPECT_EQ(-EINVAL, route(self->fd, &cmd));
}

/* What is wrong with the last one keeps the first one from being begun */
TEST_F(batch, checked_first)
{
	struct rpmb_ioc_route_batch cmd;

	add(RPMB_GET_WRITE_COUNTER);
	add(RPMB_RESULT_READ);
	cmd = batch();
	EXPECT_EQ(-EOPNOTSUPP, route(self->fd, &cmd));
	EXPECT_EQ(0, cmd.done);
	EXPECT_EQ(0, started());

	nr = 1;
	add(RPMB_GET_WRITE_COUNTER);
	requests[1].req_len = 511;
	EXPECT_EQ(-EINVAL, route(self->fd, &cmd));
	requests[1].req_len = RPMB_MAX_LEN;
	EXPECT_EQ(-EMSGSIZE, route(self->fd, &cmd));
	requests[1].req_len = ~0U;
	EXPECT_EQ(-EMSGSIZE, route(self->fd, &cmd));
	requests[1].req_len = 512;
	requests[1].resp_len = ~0U;
	EXPECT_EQ(-EMSGSIZE, route(self->fd, &cmd));
	EXPECT_EQ(0, started());
	EXPECT_TRUE(is_untouched(0));
}

TEST_F(batch, unknown_values)
{
	struct {
		struct rpmb_ioc_route_batch cmd;
		__u32 more;
	} newer;
	struct rpmb_ioc_route_batch cmd;

	add(RPMB_GET_WRITE_COUNTER);
	cmd = batch();
	cmd.flags = 1;
	EXPECT_EQ(-EOPNOTSUPP, route(self->fd, &cmd));
	cmd.flags = 0;
	requests[0].__reserved = 1;
	EXPECT_EQ(-EOPNOTSUPP, route(self->fd, &cmd));
	requests[0].__reserved = 0;
	cmd.size--;
	EXPECT_EQ(-EINVAL, route(self->fd, &cmd));

	memset(&newer, 0, sizeof(newer));
	newer.cmd = batch();
	newer.cmd.size = sizeof(newer);
	EXPECT_EQ(0, route(self->fd, &newer.cmd));
	newer.more = 1;
	EXPECT_EQ(-E2BIG, route(self->fd, &newer.cmd));
}

/* Requests of a newer program, and of none that there is */
TEST_F(batch, request_size)
{
	struct {
		struct rpmb_batch_request request;
		__u64 more;
	} apart[2] = {};
	struct rpmb_ioc_route_batch cmd;

	add(RPMB_GET_WRITE_COUNTER);
	add(RPMB_GET_WRITE_COUNTER);
	cmd = batch();
	cmd.request_size--;
	EXPECT_EQ(-EINVAL, route(self->fd, &cmd));
	EXPECT_EQ(0, cmd.done);

	apart[0].request = requests[0];
	apart[1].request = requests[1];
	cmd.requests = (uintptr_t)apart;
	cmd.request_size = sizeof(apart[0]);
	EXPECT_EQ(0, route(self->fd, &cmd));
	EXPECT_EQ(2, cmd.done);
	EXPECT_EQ(RPMB_ROUTE_STARTED, apart[0].request.out_flags);
	EXPECT_EQ(RPMB_ROUTE_STARTED, apart[1].request.out_flags);
	EXPECT_EQ(0, apart[0].more);
	apart[1].more = 1;
	EXPECT_EQ(-E2BIG, route(self->fd, &cmd));
	EXPECT_EQ(0, cmd.done);
	cmd.request_size = sysconf(_SC_PAGESIZE) + 1;
	EXPECT_EQ(-E2BIG, route(self->fd, &cmd));
	cmd = batch();
	cmd.__reserved = 1;
	EXPECT_EQ(-EOPNOTSUPP, route(self->fd, &cmd));
}

/* Each is judged by itself, all of them before the first one is begun */
TEST_F(batch, access)
{
	struct rpmb_ioc_route_batch cmd;
	int reader = open(self->sim.node, O_RDONLY);
	int writer = open(self->sim.node, O_WRONLY);

	ASSERT_LE(0, reader);
	ASSERT_LE(0, writer);
	add(RPMB_GET_WRITE_COUNTER);
	add(RPMB_WRITE_DATA);
	cmd = batch();
	EXPECT_EQ(-EBADF, route(reader, &cmd));
	EXPECT_EQ(-EBADF, route(writer, &cmd));
	EXPECT_EQ(0, started());
	EXPECT_EQ(0, route(self->fd, &cmd));
	EXPECT_EQ(2, cmd.done);

	nr = 1;
	add(RPMB_PROGRAM_KEY);
	ASSERT_EQ(0, drop_capability(CAP_SYS_RAWIO));
	cmd = batch();
	EXPECT_EQ(-EPERM, route(self->fd, &cmd));
	EXPECT_EQ(0, started());
	close(reader);
	close(writer);
}

static void *border(int prot)
{
	long page = sysconf(_SC_PAGESIZE);
	char *mem = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mem == MAP_FAILED || mprotect(mem + page, page, prot) ?
	       NULL : mem + page;
}

TEST_F(batch, faults)
{
	struct rpmb_batch_request *array = border(PROT_READ);
	void *nothing = border(PROT_NONE);
	struct rpmb_ioc_route_batch cmd;

	ASSERT_NE(NULL, array);
	ASSERT_NE(NULL, nothing);
	add(RPMB_GET_WRITE_COUNTER);
	add(RPMB_GET_WRITE_COUNTER);
	cmd = batch();
	cmd.requests = (uintptr_t)nothing;
	EXPECT_EQ(-EFAULT, route(self->fd, &cmd));
	requests[1].req = (uintptr_t)nothing - 1;
	cmd = batch();
	EXPECT_EQ(-EFAULT, route(self->fd, &cmd));
	EXPECT_EQ(0, started());

	/* Nothing is begun if it could not be said that it was */
	requests[1].req = requests[0].req;
	array[-1] = requests[0];
	cmd.requests = (uintptr_t)(array - 1);
	EXPECT_EQ(-EFAULT, route(self->fd, &cmd));
	EXPECT_TRUE(is_untouched(0));

	/* The second answer cannot be had, the first one can */
	requests[1].resp = (uintptr_t)nothing - 1;
	cmd = batch();
	EXPECT_EQ(-EFAULT, route(self->fd, &cmd));
	EXPECT_EQ(1, cmd.done);
	EXPECT_EQ(2, started());
	EXPECT_FALSE(is_untouched(0));
}

TEST_F(batch, gone)
{
	struct rpmb_ioc_route_batch cmd;

	add(RPMB_GET_WRITE_COUNTER);
	ASSERT_EQ(0, write_file(self->sim.dir, "enable", "0"));
	cmd = batch();
	EXPECT_EQ(-ENODEV, route(self->fd, &cmd));
	EXPECT_EQ(0, cmd.done);
	EXPECT_EQ(0, started());
}

SIM_HARNESS_MAIN
