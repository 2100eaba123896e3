// SPDX-License-Identifier: GPL-2.0-only
/*
 * What include/uapi/linux/rpmb.h promises of /dev/rpmbN, on simulated devices
 */
#define _GNU_SOURCE
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/rpmb.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "log.h"
#include "sim.h"

/* The same for 32-bit programs, with no holes */
static_assert(sizeof(struct rpmb_frame) == 512, "JEDEC frame");
static_assert(sizeof(struct rpmb_nvme_frame) == 256, "NVMe frame");
static_assert(sizeof(struct rpmb_ioc_info) == 64, "info");
static_assert(offsetof(struct rpmb_ioc_info, dev_id) == 48, "info.dev_id");
static_assert(sizeof(struct rpmb_ioc_route_frames) == 40, "route_frames");
static_assert(offsetof(struct rpmb_ioc_route_frames, req) == 24,
	      "route_frames.req");

/* One frame more than can be carried */
static alignas(8) __u8 req[RPMB_MAX_LEN + 512];
static alignas(8) __u8 resp[RPMB_MAX_LEN + 512];

FIXTURE(rpmb) {
	char sim[128];
	char name[32];
	char node[64];
	int fd;
};

/* Lengths that one request, or response, of so many blocks has */
FIXTURE_VARIANT(rpmb) {
	const char *type;
	unsigned int format;
	unsigned int block_size;
	unsigned int target;
	size_t header;		/* once, before the data */
	size_t frame;		/* for each block */
	size_t bare;		/* no data */
};

FIXTURE_VARIANT_ADD(rpmb, emmc) {
	.type = "emmc",
	.format = RPMB_FRAME_JEDEC,
	.block_size = 256,
	.frame = 512,
	.bare = 512,
};

FIXTURE_VARIANT_ADD(rpmb, ufs) {
	.type = "ufs",
	.format = RPMB_FRAME_JEDEC,
	.block_size = 256,
	.target = 3,
	.frame = 512,
	.bare = 512,
};

FIXTURE_VARIANT_ADD(rpmb, nvme) {
	.type = "nvme",
	.format = RPMB_FRAME_NVME,
	.block_size = 512,
	.target = 5,
	.header = 256,
	.frame = 512,
	.bare = 256,
};

/* Make the device appear, and open it */
static void enable(struct __test_metadata *_metadata, FIXTURE_DATA(rpmb) * self)
{
	ASSERT_EQ(0, write_file(self->sim, "enable", "1"));
	ASSERT_EQ(0, read_file(self->sim, "device", self->name,
			       sizeof(self->name)));
	snprintf(self->node, sizeof(self->node), "/dev/%s", self->name);
	self->fd = open(self->node, O_RDWR);
	ASSERT_LE(0, self->fd);
}

FIXTURE_SETUP(rpmb)
{
	char target[16];

	mark_kernel_log(variant->type, _metadata->name);
	if (!have_simulator())
		SKIP(return, "no simulator: modprobe rpmb-sim");

	snprintf(self->sim, sizeof(self->sim), SIM_DIR "/uapi-%d", getpid());
	snprintf(target, sizeof(target), "%u", variant->target);
	ASSERT_EQ(0, mkdir(self->sim, 0700));
	ASSERT_EQ(0, write_file(self->sim, "type", variant->type));
	ASSERT_EQ(0, write_file(self->sim, "target", target));
	ASSERT_EQ(0, write_file(self->sim, "capacity", "2"));
	ASSERT_EQ(0, write_file(self->sim, "dev_id", "test device"));
	ASSERT_EQ(0, write_file(self->sim, "max_write", "5"));
	ASSERT_EQ(0, write_file(self->sim, "max_read", "7"));
	enable(_metadata, self);
}

FIXTURE_TEARDOWN(rpmb)
{
	if (self->fd > 0)
		close(self->fd);
	if (self->sim[0])
		EXPECT_EQ(0, rmdir(self->sim));
}

/* Fill in the request: @blocks blocks at address 4, as a device wants it */
static void make_request(const FIXTURE_VARIANT(rpmb) * variant, __u16 type,
			 __u16 blocks)
{
	struct rpmb_nvme_frame *nvme = (void *)req;
	struct rpmb_frame *frame = (void *)req;

	memset(req, 0, sizeof(req));
	if (variant->format == RPMB_FRAME_NVME) {
		nvme->target = variant->target;
		nvme->addr = htole32(4);
		nvme->sector_count = htole32(blocks);
		nvme->req_resp = htole16(type);
		return;
	}
	for (; (__u8 *)frame < req + sizeof(req); frame++) {
		frame->addr = htobe16(4);
		frame->block_count = htobe16(blocks);
		frame->req_resp = htobe16(type);
	}
}

static size_t frames_len(const FIXTURE_VARIANT(rpmb) * variant, unsigned int nr)
{
	return nr ? variant->header + nr * variant->frame : variant->bare;
}

/* Blocks of which the frames fit into one request, or response */
static unsigned int most_blocks(const FIXTURE_VARIANT(rpmb) * variant)
{
	return (RPMB_MAX_LEN - variant->header) / variant->frame;
}

static __u16 response_type(const FIXTURE_VARIANT(rpmb) * variant)
{
	if (variant->format == RPMB_FRAME_NVME)
		return le16toh(((struct rpmb_nvme_frame *)resp)->req_resp);
	return be16toh(((struct rpmb_frame *)resp)->req_resp);
}

static __u16 response_result(const FIXTURE_VARIANT(rpmb) * variant)
{
	if (variant->format == RPMB_FRAME_NVME)
		return le16toh(((struct rpmb_nvme_frame *)resp)->result);
	return be16toh(((struct rpmb_frame *)resp)->result);
}

/* Returns 0 or a negative error; what the kernel says is left in *cmd */
static int route_cmd(int fd, struct rpmb_ioc_route_frames *cmd, size_t req_len,
		     size_t resp_len)
{
	*cmd = (struct rpmb_ioc_route_frames) {
		.size = sizeof(*cmd),
		.req_len = req_len,
		.resp_len = resp_len,
		.out_flags = ~0U,
		.req = (uintptr_t)req,
		.resp = (uintptr_t)resp,
	};
	return ioctl(fd, RPMB_IOC_ROUTE_FRAMES, cmd) ? -errno : 0;
}

static int route(int fd, size_t req_len, size_t resp_len)
{
	struct rpmb_ioc_route_frames cmd;

	return route_cmd(fd, &cmd, req_len, resp_len);
}

/* A request of each type that the simulator has, of the right lengths */
static int route_type(int fd, const FIXTURE_VARIANT(rpmb) * variant, __u16 type)
{
	unsigned int out = type == RPMB_WRITE_DATA ? 2 : 0;
	unsigned int in = type == RPMB_READ_DATA ? 2 : 0;

	make_request(variant, type, out + in);
	return route(fd, frames_len(variant, out), frames_len(variant, in));
}

static int get_info(int fd, struct rpmb_ioc_info *info)
{
	return ioctl(fd, RPMB_IOC_INFO, info) ? -errno : 0;
}

TEST_F(rpmb, info)
{
	struct rpmb_ioc_info info = { .size = sizeof(info) };

	ASSERT_EQ(0, get_info(self->fd, &info));
	EXPECT_EQ(sizeof(info), info.size);
	EXPECT_EQ(0, info.flags);
	EXPECT_EQ(variant->format, info.frame_format);
	EXPECT_EQ(RPMB_TRANSPORT_SIM, info.transport);
	EXPECT_EQ(variant->block_size, info.block_size);
	EXPECT_EQ(2 * 128 * 1024 / variant->block_size, info.capacity);
	EXPECT_EQ(1 << 0 | 1 << 1 | 1 << 2, info.write_sizes);
	EXPECT_EQ(7, info.max_read);
	EXPECT_EQ(1 << RPMB_PROGRAM_KEY | 1 << RPMB_GET_WRITE_COUNTER |
		  1 << RPMB_WRITE_DATA | 1 << RPMB_READ_DATA,
		  info.request_types);
	EXPECT_EQ(variant->target, info.target);
	EXPECT_EQ(strlen("test device"), info.dev_id_len);
	EXPECT_EQ(5, info.max_write);
}

/* A device without limits of its own: what can be carried at once limits it */
TEST_F(rpmb, info_unlimited)
{
	struct rpmb_ioc_info info = { .size = sizeof(info) };
	unsigned int most = most_blocks(variant);

	ASSERT_EQ(0, write_file(self->sim, "enable", "0"));
	ASSERT_EQ(0, write_file(self->sim, "max_write", "0"));
	ASSERT_EQ(0, write_file(self->sim, "max_read", "0"));
	close(self->fd);
	enable(_metadata, self);

	ASSERT_EQ(0, get_info(self->fd, &info));
	EXPECT_EQ(most, info.max_read);
	EXPECT_EQ(most, info.max_write);
	/* The powers of two up to that */
	EXPECT_EQ(most == 1024 ? 0x7ff : 0x3ff, info.write_sizes);
}

TEST_F(rpmb, info_any_open_mode)
{
	struct rpmb_ioc_info info = { .size = sizeof(info) };
	int fd;

	fd = open(self->node, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, get_info(fd, &info));
	close(fd);

	fd = open(self->node, O_WRONLY);
	ASSERT_LE(0, fd);
	info.dev_id_len = 0;
	EXPECT_EQ(0, get_info(fd, &info));
	close(fd);
}

/* Memory that is too short, too long, and none */
TEST_F(rpmb, info_dev_id)
{
	struct rpmb_ioc_info info = { .size = sizeof(info) };
	char id[32];

	memset(id, 'x', sizeof(id));
	info.dev_id = (uintptr_t)id;
	info.dev_id_len = 4;
	ASSERT_EQ(0, get_info(self->fd, &info));
	EXPECT_EQ(11, info.dev_id_len);
	EXPECT_EQ(0, memcmp(id, "testxxxx", 8));

	memset(id, 'x', sizeof(id));
	info.dev_id_len = 16;
	ASSERT_EQ(0, get_info(self->fd, &info));
	EXPECT_EQ(11, info.dev_id_len);
	EXPECT_EQ(0, memcmp(id, "test device\0\0\0\0\0xxx", 19));

	info.dev_id_len = 16;
	info.dev_id = 8;
	EXPECT_EQ(-EFAULT, get_info(self->fd, &info));
}

/* Memory for the identity is cleared, but not for ever */
TEST_F(rpmb, info_dev_id_bound)
{
	static __u8 id[RPMB_MAX_ID_LEN + 1], before[sizeof(id)];
	struct rpmb_ioc_info info = {
		.size = sizeof(info),
		.dev_id = (uintptr_t)id,
	};

	memset(before, 'x', sizeof(before));
	memset(id, 'x', sizeof(id));
	info.dev_id_len = sizeof(id);
	EXPECT_EQ(-EINVAL, get_info(self->fd, &info));
	info.dev_id_len = ~0U;
	EXPECT_EQ(-EINVAL, get_info(self->fd, &info));
	EXPECT_EQ(0, memcmp(id, before, sizeof(id)));

	info.dev_id_len = RPMB_MAX_ID_LEN;
	EXPECT_EQ(0, get_info(self->fd, &info));
	EXPECT_EQ(0, id[RPMB_MAX_ID_LEN - 1]);
	EXPECT_EQ('x', id[RPMB_MAX_ID_LEN]);
}

/*
 * The structures of the first kernel that had these ioctls: what the oldest programs
 * have. Never to be changed.
 */
#define INFO_FIRST_SIZE 56
#define ROUTE_FIRST_SIZE 40

/* The structure of a program that knows more than this kernel does */
union newer {
	struct rpmb_ioc_info info;
	struct rpmb_ioc_route_frames route;
	__u8 bytes[4096];
};

static int info_size(int fd, union newer *arg, size_t size)
{
	arg->info.size = size;
	return get_info(fd, &arg->info);
}

static int route_size(int fd, union newer *arg, size_t size)
{
	arg->route.size = size;
	return ioctl(fd, RPMB_IOC_ROUTE_FRAMES, &arg->route) ? -errno : 0;
}

/* A request without data, of which the size is still to be said */
static union newer bare_request(const FIXTURE_VARIANT(rpmb) * variant,
				__u16 type)
{
	make_request(variant, type, 0);
	return (union newer) {
		.route.req_len = variant->bare,
		.route.resp_len = variant->bare,
		.route.req = (uintptr_t)req,
		.route.resp = (uintptr_t)resp,
	};
}

/* Two pages, the second with other rights; the place where the second begins */
static __u8 *border(struct __test_metadata *_metadata, int second)
{
	long page = sysconf(_SC_PAGESIZE);
	__u8 *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_TRUE(pages != MAP_FAILED);
	ASSERT_EQ(0, mprotect(pages + page, page, second));
	return pages + page;
}

/* An old program: behind its structure there is nothing to read nor to write */
TEST_F(rpmb, old_program)
{
	__u8 *end = border(_metadata, PROT_NONE);
	union newer *info = (void *)(end - INFO_FIRST_SIZE);
	union newer *route = (void *)(end - ROUTE_FIRST_SIZE);
	union newer counter = bare_request(variant, RPMB_GET_WRITE_COUNTER);

	EXPECT_EQ(0, info_size(self->fd, info, INFO_FIRST_SIZE));
	EXPECT_EQ(INFO_FIRST_SIZE, info->info.size);
	EXPECT_EQ(variant->block_size, info->info.block_size);

	memcpy(route, &counter, ROUTE_FIRST_SIZE);
	EXPECT_EQ(0, route_size(self->fd, route, ROUTE_FIRST_SIZE));
	EXPECT_EQ(RPMB_ROUTE_STARTED, route->route.out_flags);
}

/* Nothing is older than the first version */
TEST_F(rpmb, too_old_program)
{
	union newer info = { .info.size = 0 };
	union newer counter = bare_request(variant, RPMB_GET_WRITE_COUNTER);
	size_t size;

	for (size = 0; size < INFO_FIRST_SIZE; size++)
		EXPECT_EQ(-EINVAL, info_size(self->fd, &info, size));
	EXPECT_EQ(0, info.info.block_size);
	for (size = 0; size < ROUTE_FIRST_SIZE; size++)
		EXPECT_EQ(-EINVAL, route_size(self->fd, &counter, size));
	EXPECT_EQ(0, counter.route.out_flags);
}

/* A new program that does not use what this kernel lacks; it is left as it is */
TEST_F(rpmb, new_program)
{
	__u8 *rest = border(_metadata, PROT_READ);
	union newer *info = (void *)(rest - sizeof(info->info));
	union newer *route = (void *)(rest - sizeof(route->route));
	union newer counter = bare_request(variant, RPMB_GET_WRITE_COUNTER);

	EXPECT_EQ(0, info_size(self->fd, info, sizeof(*info)));
	EXPECT_EQ(sizeof(*info), info->info.size);
	EXPECT_EQ(variant->block_size, info->info.block_size);

	memcpy(route, &counter, sizeof(route->route));
	EXPECT_EQ(0, route_size(self->fd, route, sizeof(*route)));
	EXPECT_EQ(RPMB_ROUTE_STARTED, route->route.out_flags);
}

/* One that uses it is told so, and nothing happens */
TEST_F(rpmb, too_new_program)
{
	union newer info = { .info.size = 0 };
	union newer counter = bare_request(variant, RPMB_GET_WRITE_COUNTER);
	size_t i;

	for (i = sizeof(info.info); i < sizeof(info); i += 101) {
		info.bytes[i] = 1;
		EXPECT_EQ(-E2BIG, info_size(self->fd, &info, i + 1));
		EXPECT_EQ(-E2BIG, info_size(self->fd, &info, sizeof(info)));
		EXPECT_EQ(0, info.info.block_size);
		info.bytes[i] = 0;
	}
	EXPECT_EQ(-E2BIG, info_size(self->fd, &info, ~0U));

	for (i = sizeof(counter.route); i < sizeof(counter); i += 101) {
		counter.bytes[i] = 1;
		EXPECT_EQ(-E2BIG, route_size(self->fd, &counter, i + 1));
		EXPECT_EQ(-E2BIG, route_size(self->fd, &counter,
					     sizeof(counter)));
		counter.bytes[i] = 0;
	}
	EXPECT_EQ(-E2BIG, route_size(self->fd, &counter, ~0U));
	EXPECT_EQ(0, counter.route.out_flags);
}

TEST_F(rpmb, info_unknown_values)
{
	struct rpmb_ioc_info info = { .size = sizeof(info) };

	info.flags = 1;
	EXPECT_EQ(-EOPNOTSUPP, get_info(self->fd, &info));
}

TEST_F(rpmb, route_unknown_values)
{
	union newer counter = bare_request(variant, RPMB_GET_WRITE_COUNTER);
	struct rpmb_ioc_route_frames *cmd = &counter.route;

	cmd->flags = RPMB_ROUTE_STARTED;
	EXPECT_EQ(-EOPNOTSUPP, route_size(self->fd, &counter, sizeof(*cmd)));
	cmd->flags = 0;
	cmd->__reserved = 1;
	EXPECT_EQ(-EOPNOTSUPP, route_size(self->fd, &counter, sizeof(*cmd)));
}

/* A structure that cannot be read, or whose end cannot be */
TEST_F(rpmb, structure_fault)
{
	__u32 *size = (__u32 *)border(_metadata, PROT_NONE) - 1;

	*size = sizeof(struct rpmb_ioc_info);
	EXPECT_EQ(-1, ioctl(self->fd, RPMB_IOC_INFO, size));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(self->fd, RPMB_IOC_ROUTE_FRAMES, NULL));
	EXPECT_EQ(EFAULT, errno);
}

/* If it could not be said what became of a request, it is not sent */
TEST_F(rpmb, structure_read_only)
{
	__u8 *page = border(_metadata, PROT_READ | PROT_WRITE);
	union newer *arg = (void *)page;

	*arg = bare_request(variant, RPMB_PROGRAM_KEY);
	arg->route.size = sizeof(arg->route);
	ASSERT_EQ(0, mprotect(page, sizeof(*arg), PROT_READ));
	EXPECT_EQ(-EFAULT, ioctl(self->fd, RPMB_IOC_ROUTE_FRAMES, arg) ?
			   -errno : 0);

	EXPECT_EQ(0, route_type(self->fd, variant, RPMB_GET_WRITE_COUNTER));
	EXPECT_EQ(RPMB_RES_NO_KEY, response_result(variant));
}

TEST_F(rpmb, read_only_file)
{
	int fd = open(self->node, O_RDONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, route_type(fd, variant, RPMB_GET_WRITE_COUNTER));
	EXPECT_EQ(0, route_type(fd, variant, RPMB_READ_DATA));
	EXPECT_EQ(-EBADF, route_type(fd, variant, RPMB_WRITE_DATA));
	EXPECT_EQ(-EBADF, route_type(fd, variant, RPMB_PROGRAM_KEY));
	close(fd);
}

TEST_F(rpmb, write_only_file)
{
	int fd = open(self->node, O_WRONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBADF, route_type(fd, variant, RPMB_GET_WRITE_COUNTER));
	EXPECT_EQ(-EBADF, route_type(fd, variant, RPMB_READ_DATA));
	EXPECT_EQ(0, route_type(fd, variant, RPMB_WRITE_DATA));
	EXPECT_EQ(0, route_type(fd, variant, RPMB_PROGRAM_KEY));
	close(fd);
}

/* A file that was opened for neither, only for ioctls */
TEST_F(rpmb, ioctl_only_file)
{
	int fd = open(self->node, O_ACCMODE);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBADF, route_type(fd, variant, RPMB_GET_WRITE_COUNTER));
	EXPECT_EQ(-EBADF, route_type(fd, variant, RPMB_WRITE_DATA));
	close(fd);
}

/* The test is a process of its own, so what it drops it drops for itself */
TEST_F(rpmb, key_needs_capability)
{
	ASSERT_EQ(0, drop_capability(CAP_SYS_RAWIO));
	EXPECT_EQ(-EPERM, route_type(self->fd, variant, RPMB_PROGRAM_KEY));
	EXPECT_EQ(0, route_type(self->fd, variant, RPMB_WRITE_DATA));
	EXPECT_EQ(0, route_type(self->fd, variant, RPMB_GET_WRITE_COUNTER));
	EXPECT_EQ(RPMB_RES_NO_KEY, response_result(variant));
}

/* What the device decides is not an error */
TEST_F(rpmb, results)
{
	EXPECT_EQ(0, route_type(self->fd, variant, RPMB_GET_WRITE_COUNTER));
	EXPECT_EQ(RPMB_GET_WRITE_COUNTER << 8, response_type(variant));
	EXPECT_EQ(RPMB_RES_NO_KEY, response_result(variant));

	EXPECT_EQ(0, route_type(self->fd, variant, RPMB_PROGRAM_KEY));
	EXPECT_EQ(RPMB_PROGRAM_KEY << 8, response_type(variant));
	EXPECT_EQ(RPMB_RES_OK, response_result(variant));
	EXPECT_EQ(0, route_type(self->fd, variant, RPMB_PROGRAM_KEY));
	EXPECT_NE(RPMB_RES_OK, response_result(variant));

	EXPECT_EQ(0, route_type(self->fd, variant, RPMB_GET_WRITE_COUNTER));
	EXPECT_EQ(RPMB_RES_OK, response_result(variant));
	EXPECT_EQ(0, route_type(self->fd, variant, RPMB_WRITE_DATA));
	EXPECT_EQ(RPMB_WRITE_DATA << 8, response_type(variant));
	EXPECT_EQ(RPMB_RES_AUTH, response_result(variant));
	EXPECT_EQ(0, route_type(self->fd, variant, RPMB_READ_DATA));
	EXPECT_EQ(RPMB_READ_DATA << 8, response_type(variant));
	EXPECT_EQ(RPMB_RES_OK, response_result(variant));
}

/* More than the device said it could read: the device answers */
TEST_F(rpmb, limits_are_passed_on)
{
	ASSERT_EQ(0, route_type(self->fd, variant, RPMB_PROGRAM_KEY));
	make_request(variant, RPMB_READ_DATA, 8);
	EXPECT_EQ(0, route(self->fd, variant->bare, frames_len(variant, 8)));
	EXPECT_EQ(RPMB_RES_GENERAL, response_result(variant));
}

/* A block count of 0 is filled in on the way, not in the caller's memory */
TEST_F(rpmb, block_count_filled_in)
{
	ASSERT_EQ(0, route_type(self->fd, variant, RPMB_PROGRAM_KEY));
	make_request(variant, RPMB_READ_DATA, 0);
	EXPECT_EQ(0, route(self->fd, variant->bare, frames_len(variant, 3)));
	EXPECT_EQ(RPMB_RES_OK, response_result(variant));
	if (variant->format == RPMB_FRAME_NVME) {
		EXPECT_EQ(3, le32toh(((struct rpmb_nvme_frame *)resp)->sector_count));
		EXPECT_EQ(0, ((struct rpmb_nvme_frame *)req)->sector_count);
	} else {
		EXPECT_EQ(3, be16toh(((struct rpmb_frame *)resp)->block_count));
		EXPECT_EQ(0, ((struct rpmb_frame *)req)->block_count);
	}
}

TEST_F(rpmb, lengths)
{
	size_t bare = variant->bare;

	make_request(variant, RPMB_GET_WRITE_COUNTER, 0);
	EXPECT_EQ(-EINVAL, route(self->fd, 0, bare));
	EXPECT_EQ(-EINVAL, route(self->fd, bare, 0));
	EXPECT_EQ(-EINVAL, route(self->fd, 1, bare));
	EXPECT_EQ(-EINVAL, route(self->fd, bare, 1));
	EXPECT_EQ(-EINVAL, route(self->fd, bare - 1, bare));
	EXPECT_EQ(-EINVAL, route(self->fd, bare + 256, bare));
	EXPECT_EQ(-EINVAL, route(self->fd, bare, bare + 256));
	EXPECT_EQ(-EINVAL, route(self->fd, frames_len(variant, 2), bare));
	EXPECT_EQ(-EINVAL, route(self->fd, bare, frames_len(variant, 2)));
	EXPECT_EQ(-EMSGSIZE, route(self->fd, RPMB_MAX_LEN + 1, bare));
	EXPECT_EQ(-EMSGSIZE, route(self->fd, bare, RPMB_MAX_LEN + 1));
	EXPECT_EQ(-EMSGSIZE, route(self->fd, ~0U, bare));
	EXPECT_EQ(-EMSGSIZE, route(self->fd, bare, ~0U));
	EXPECT_EQ(0, route(self->fd, bare, bare));
}

TEST_F(rpmb, longest)
{
	unsigned int most = most_blocks(variant);

	make_request(variant, RPMB_WRITE_DATA, most);
	EXPECT_EQ(0, route(self->fd, frames_len(variant, most), variant->bare));
	make_request(variant, RPMB_READ_DATA, most);
	EXPECT_EQ(0, route(self->fd, variant->bare, frames_len(variant, most)));
	EXPECT_EQ(-EMSGSIZE, route(self->fd, variant->bare,
				   frames_len(variant, most + 1)));
}

TEST_F(rpmb, memory_fault)
{
	struct rpmb_ioc_route_frames cmd = {
		.size = sizeof(cmd),
		.req_len = variant->bare,
		.resp_len = variant->bare,
		.req = 8,
		.resp = (uintptr_t)resp,
	};

	make_request(variant, RPMB_GET_WRITE_COUNTER, 0);
	EXPECT_EQ(-1, ioctl(self->fd, RPMB_IOC_ROUTE_FRAMES, &cmd));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, cmd.out_flags);

	/* The device has answered, but nobody gets to know */
	cmd.req = (uintptr_t)req;
	cmd.resp = 8;
	EXPECT_EQ(-1, ioctl(self->fd, RPMB_IOC_ROUTE_FRAMES, &cmd));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(RPMB_ROUTE_STARTED, cmd.out_flags);
}

TEST_F(rpmb, out_flags)
{
	struct rpmb_ioc_route_frames cmd;

	make_request(variant, RPMB_GET_WRITE_COUNTER, 0);
	EXPECT_EQ(0, route_cmd(self->fd, &cmd, variant->bare, variant->bare));
	EXPECT_EQ(RPMB_ROUTE_STARTED, cmd.out_flags);
	EXPECT_EQ(-EINVAL, route_cmd(self->fd, &cmd, 1, variant->bare));
	EXPECT_EQ(0, cmd.out_flags);
	make_request(variant, RPMB_RESULT_READ, 0);
	EXPECT_EQ(-EOPNOTSUPP, route_cmd(self->fd, &cmd, variant->bare,
					 variant->bare));
	EXPECT_EQ(0, cmd.out_flags);
}

TEST_F(rpmb, refused_types)
{
	static const __u16 types[] = {
		0, RPMB_RESULT_READ, RPMB_CONFIG_WRITE, RPMB_CONFIG_READ,
		RPMB_PURGE_ENABLE, RPMB_PURGE_STATUS, 10, 0x10, 32, 35, 0x100,
		0x200, 0xffff,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		make_request(variant, types[i], 0);
		EXPECT_EQ(-EOPNOTSUPP, route(self->fd, variant->bare,
					     variant->bare)) {
			TH_LOG("type %#x", types[i]);
		}
	}
}

/* Fields that must be the same in all frames of a write: their last bytes */
static void expect_frames_agree(struct __test_metadata *_metadata, int fd,
				const FIXTURE_VARIANT(rpmb) * variant)
{
	static const unsigned int places[] = { 503, 505, 507, 511 };
	unsigned int i, frame;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		for (frame = 0; frame < 3; frame++) {
			make_request(variant, RPMB_WRITE_DATA, 3);
			req[512 * frame + places[i]] ^= 7;
			EXPECT_EQ(-EINVAL, route(fd, 3 * 512, 512)) {
				TH_LOG("byte %u of frame %u", places[i], frame);
			}
		}
}

/* What can be wrong in one format only */
TEST_F(rpmb, contradictions)
{
	if (variant->format == RPMB_FRAME_JEDEC) {
		expect_frames_agree(_metadata, self->fd, variant);
		return;
	}
	make_request(variant, RPMB_GET_WRITE_COUNTER, 0);
	((struct rpmb_nvme_frame *)req)->target ^= 1;
	EXPECT_EQ(-EINVAL, route(self->fd, variant->bare, variant->bare));
}

TEST_F(rpmb, counts_disagree)
{
	size_t one = frames_len(variant, 1), two = frames_len(variant, 2);

	make_request(variant, RPMB_WRITE_DATA, 3);
	EXPECT_EQ(-EINVAL, route(self->fd, two, variant->bare));
	make_request(variant, RPMB_WRITE_DATA, 1);
	EXPECT_EQ(-EINVAL, route(self->fd, two, variant->bare));
	make_request(variant, RPMB_WRITE_DATA, 0);
	EXPECT_EQ(-EINVAL, route(self->fd, one, variant->bare));
	make_request(variant, RPMB_WRITE_DATA, 2);
	EXPECT_EQ(-EINVAL, route(self->fd, two, two));

	make_request(variant, RPMB_READ_DATA, 3);
	EXPECT_EQ(-EINVAL, route(self->fd, variant->bare, two));
	make_request(variant, RPMB_READ_DATA, 1);
	EXPECT_EQ(-EINVAL, route(self->fd, two, one));
}

/* On failure the memory for the response stays as it was */
TEST_F(rpmb, response_untouched)
{
	static __u8 before[sizeof(resp)];
	int fd = open(self->node, O_RDONLY);

	ASSERT_LE(0, fd);
	memset(before, 0xa5, sizeof(before));
	memset(resp, 0xa5, sizeof(resp));
	EXPECT_EQ(-EBADF, route_type(fd, variant, RPMB_WRITE_DATA));
	make_request(variant, RPMB_RESULT_READ, 0);
	EXPECT_EQ(-EOPNOTSUPP, route(fd, variant->bare, variant->bare));
	EXPECT_EQ(-EINVAL, route(fd, 1, variant->bare));
	EXPECT_EQ(-EMSGSIZE, route(fd, variant->bare, RPMB_MAX_LEN + 1));
	ASSERT_EQ(0, write_file(self->sim, "enable", "0"));
	EXPECT_EQ(-ENODEV, route_type(fd, variant, RPMB_GET_WRITE_COUNTER));
	EXPECT_EQ(0, memcmp(resp, before, sizeof(resp)));
	close(fd);
}

/* Exactly the response is written, and nothing behind it */
TEST_F(rpmb, response_bounds)
{
	size_t len = frames_len(variant, 2), i;

	memset(resp, 0xa5, sizeof(resp));
	ASSERT_EQ(0, route_type(self->fd, variant, RPMB_READ_DATA));
	EXPECT_NE(0xa5, resp[len - 257]);
	for (i = len; i < sizeof(resp) && resp[i] == 0xa5; i++)
		;
	EXPECT_EQ(sizeof(resp), i);
}

TEST_F(rpmb, removed)
{
	struct rpmb_ioc_info info = { .size = sizeof(info) };
	struct rpmb_ioc_route_frames cmd;

	ASSERT_EQ(0, write_file(self->sim, "enable", "0"));
	EXPECT_EQ(-ENODEV, get_info(self->fd, &info));
	make_request(variant, RPMB_GET_WRITE_COUNTER, 0);
	EXPECT_EQ(-ENODEV, route_cmd(self->fd, &cmd, variant->bare,
				     variant->bare));
	EXPECT_EQ(0, cmd.out_flags);
	EXPECT_EQ(-1, access(self->node, F_OK));
	EXPECT_EQ(ENOENT, errno);

	/* A new device does not bring the old file back to life */
	ASSERT_EQ(0, write_file(self->sim, "enable", "1"));
	EXPECT_EQ(-ENODEV, route(self->fd, variant->bare, variant->bare));
}

TEST_F(rpmb, unknown_ioctls)
{
	__u64 arg[16] = { 0 };

	EXPECT_EQ(-1, ioctl(self->fd, _IO(RPMB_IOC_MAGIC, 4), arg));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, ioctl(self->fd, _IO(RPMB_IOC_MAGIC, 0xff), arg));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, ioctl(self->fd, _IO(0xba, 0), arg));
	EXPECT_EQ(ENOTTY, errno);
}

TEST_F(rpmb, node_mode)
{
	struct stat st;

	ASSERT_EQ(0, stat(self->node, &st));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
}

TEST_F(rpmb, sysfs)
{
	char dir[128], text[64], wanted[64];

	snprintf(dir, sizeof(dir), "/sys/class/rpmb/%s", self->name);
	ASSERT_EQ(0, read_file(dir, "transport", text, sizeof(text)));
	EXPECT_STREQ("sim", text);
	ASSERT_EQ(0, read_file(dir, "frame_format", text, sizeof(text)));
	EXPECT_STREQ(variant->format == RPMB_FRAME_NVME ? "nvme" : "jedec",
		     text);
	ASSERT_EQ(0, read_file(dir, "block_size", text, sizeof(text)));
	EXPECT_EQ(variant->block_size, strtoul(text, NULL, 10));
	ASSERT_EQ(0, read_file(dir, "capacity", text, sizeof(text)));
	EXPECT_EQ(2 * 128 * 1024 / variant->block_size,
		  strtoul(text, NULL, 10));
	ASSERT_EQ(0, read_file(dir, "target", text, sizeof(text)));
	snprintf(wanted, sizeof(wanted), "%u", variant->target);
	EXPECT_STREQ(wanted, text);
	ASSERT_EQ(0, read_file(dir, "dev_id", text, sizeof(text)));
	EXPECT_STREQ("7465737420646576696365", text);
}

SIM_HARNESS_MAIN
