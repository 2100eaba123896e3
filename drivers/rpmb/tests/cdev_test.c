// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/rpmbN: access, extension rules, bounds, what is copied out
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "fake.h"
#include "../internal.h"

#define CDEV_FORMAT RPMB_FRAME_JEDEC

/* Where things are in the user memory of a test; the end is not mapped */
#define CDEV_ARG	0
#define CDEV_REQ	SZ_8K
#define CDEV_RESP	(CDEV_REQ + SZ_1M)
#define CDEV_ID		(CDEV_RESP + SZ_1M)
#define CDEV_LIST	(CDEV_ID + SZ_8K)
#define CDEV_END	(CDEV_LIST + SZ_8K)

/**
 * struct cdev_ctx - an open file and user memory
 * @fake: the device
 * @ops: its file operations
 * @inode: its node
 * @file: the open file
 * @mem: user memory of CDEV_END bytes
 */
struct cdev_ctx {
	struct rpmb_fake *fake;
	const struct file_operations *ops;
	struct inode *inode;
	struct file *file;
	unsigned long mem;
};

static void __user *cdev_user(const struct cdev_ctx *ctx, unsigned long offset)
{
	return (void __user *)(ctx->mem + offset);
}

static void cdev_to_user(struct kunit *test, unsigned long offset,
			 const void *from, size_t len)
{
	struct cdev_ctx *ctx = test->priv;

	KUNIT_ASSERT_EQ(test, 0, copy_to_user(cdev_user(ctx, offset), from,
					      len));
}

static void cdev_from_user(struct kunit *test, void *to, unsigned long offset,
			   size_t len)
{
	struct cdev_ctx *ctx = test->priv;

	KUNIT_ASSERT_EQ(test, 0, copy_from_user(to, cdev_user(ctx, offset),
						len));
}

/* Are @len bytes of user memory all @value? */
static bool cdev_user_is(struct kunit *test, unsigned long offset, int value,
			 size_t len)
{
	u8 *copy = kunit_kmalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	cdev_from_user(test, copy, offset, len);
	return !memchr_inv(copy, value, len);
}

static void cdev_fill_user(struct kunit *test, unsigned long offset, int value,
			   size_t len)
{
	u8 *bytes = kunit_kmalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bytes);
	memset(bytes, value, len);
	cdev_to_user(test, offset, bytes, len);
}

static int cdev_open(struct cdev_ctx *ctx, fmode_t mode)
{
	ctx->file->f_mode = mode;
	ctx->inode->i_cdev = &ctx->fake->rdev->cdev;
	return ctx->ops->open(ctx->inode, ctx->file);
}

/* kunit_vm_mmap() gives the thread of the test its own user memory */
static int cdev_test_init(struct kunit *test)
{
	struct cdev_ctx *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->inode = kunit_kzalloc(test, sizeof(*ctx->inode), GFP_KERNEL);
	ctx->file = kunit_kzalloc(test, sizeof(*ctx->file), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx->inode);
	KUNIT_ASSERT_NOT_NULL(test, ctx->file);
	ctx->mem = kunit_vm_mmap(test, NULL, 0, CDEV_END + PAGE_SIZE,
				 PROT_READ | PROT_WRITE,
				 MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_NE(test, 0, ctx->mem);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(ctx->mem));
	KUNIT_ASSERT_EQ(test, 0, vm_munmap(ctx->mem + CDEV_END, PAGE_SIZE));

	ctx->fake = rpmb_fake_new(test, CDEV_FORMAT);
	test->priv = ctx;
	return 0;
}

static struct cdev_ctx *cdev_opened(struct kunit *test, fmode_t mode)
{
	struct cdev_ctx *ctx = test->priv;

	rpmb_fake_register(ctx->fake);
	ctx->ops = ctx->fake->rdev->cdev.ops;
	KUNIT_ASSERT_EQ(test, 0, cdev_open(ctx, mode));
	return ctx;
}

static void cdev_test_exit(struct kunit *test)
{
	struct cdev_ctx *ctx = test->priv;

	if (ctx && ctx->file->private_data)
		ctx->ops->release(ctx->inode, ctx->file);
}

static int cdev_ioctl(struct cdev_ctx *ctx, unsigned int cmd,
		      unsigned long offset)
{
	return ctx->ops->unlocked_ioctl(ctx->file, cmd,
					(unsigned long)cdev_user(ctx, offset));
}

/* An ioctl whose structure of @len bytes is at @arg, and comes back there */
static int cdev_call(struct kunit *test, unsigned int cmd, void *arg, size_t len)
{
	int ret;

	cdev_to_user(test, CDEV_ARG, arg, len);
	ret = cdev_ioctl(test->priv, cmd, CDEV_ARG);
	cdev_from_user(test, arg, CDEV_ARG, len);
	return ret;
}

static int cdev_info(struct kunit *test, struct rpmb_ioc_info *info)
{
	return cdev_call(test, RPMB_IOC_INFO, info, sizeof(*info));
}

static int cdev_route(struct kunit *test, struct rpmb_ioc_route_frames *cmd)
{
	return cdev_call(test, RPMB_IOC_ROUTE_FRAMES, cmd, sizeof(*cmd));
}

static int cdev_route_batch(struct kunit *test, struct rpmb_ioc_route_batch *cmd)
{
	return cdev_call(test, RPMB_IOC_ROUTE_BATCH, cmd, sizeof(*cmd));
}

/* Put a request into user memory; what carries it */
static struct rpmb_ioc_route_frames cdev_msg(struct kunit *test,
					     const struct rpmb_msg *msg)
{
	struct cdev_ctx *ctx = test->priv;

	cdev_to_user(test, CDEV_REQ, msg->req, msg->req_len);
	cdev_to_user(test, CDEV_RESP, msg->resp, msg->resp_len);
	return (struct rpmb_ioc_route_frames) {
		.size = sizeof(struct rpmb_ioc_route_frames),
		.req_len = msg->req_len,
		.resp_len = msg->resp_len,
		.req = ctx->mem + CDEV_REQ,
		.resp = ctx->mem + CDEV_RESP,
	};
}

static struct rpmb_msg *cdev_msg_new(struct kunit *test, u16 type)
{
	unsigned int count = type == RPMB_WRITE_DATA ||
			     type == RPMB_CONFIG_WRITE;

	return rpmb_msg_new(test, CDEV_FORMAT, type, 1, 1, count);
}

static struct rpmb_ioc_route_frames cdev_request(struct kunit *test, u16 type)
{
	return cdev_msg(test, cdev_msg_new(test, type));
}

/* Request @i of a batch, and its place in the list */
static void cdev_add_request(struct kunit *test, unsigned int i, u16 type)
{
	const struct rpmb_msg *msg = cdev_msg_new(test, type);
	struct cdev_ctx *ctx = test->priv;
	struct rpmb_batch_request request = {
		.req_len = msg->req_len,
		.resp_len = msg->resp_len,
		.req = ctx->mem + CDEV_REQ + i * 512,
		.resp = ctx->mem + CDEV_RESP + i * 512,
	};

	cdev_to_user(test, CDEV_REQ + i * 512, msg->req, msg->req_len);
	cdev_to_user(test, CDEV_RESP + i * 512, msg->resp, msg->resp_len);
	cdev_to_user(test, CDEV_LIST + i * sizeof(request), &request,
		     sizeof(request));
}

/* A batch of two requests */
static struct rpmb_ioc_route_batch cdev_pair(struct kunit *test, u16 first,
					     u16 second)
{
	struct cdev_ctx *ctx = test->priv;

	cdev_add_request(test, 0, first);
	cdev_add_request(test, 1, second);
	return (struct rpmb_ioc_route_batch) {
		.size = sizeof(struct rpmb_ioc_route_batch),
		.nr = 2,
		.requests = ctx->mem + CDEV_LIST,
		.request_size = sizeof(struct rpmb_batch_request),
	};
}

static bool cdev_resp_untouched(struct kunit *test)
{
	return cdev_user_is(test, CDEV_RESP, RPMB_MSG_UNTOUCHED, 512);
}

/* An open file keeps the device's structure, and a closed one does not */
static void cdev_open_test(struct kunit *test)
{
	struct cdev_ctx *ctx = cdev_opened(test, FMODE_READ);
	struct kref *kref = &ctx->fake->rdev->dev.kobj.kref;
	unsigned int refs = kref_read(kref);
	struct file *again = kunit_kzalloc(test, sizeof(*again), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, again);
	KUNIT_EXPECT_EQ(test, 0, ctx->ops->open(ctx->inode, again));
	KUNIT_EXPECT_EQ(test, refs + 1, kref_read(kref));
	KUNIT_EXPECT_EQ(test, 0, ctx->ops->release(ctx->inode, again));
	KUNIT_EXPECT_EQ(test, refs, kref_read(kref));

	rpmb_fake_unregister(ctx->fake);
	KUNIT_EXPECT_EQ(test, -ENODEV, ctx->ops->open(ctx->inode, again));
}

/* Requests with the file modes that they need */
static const struct cdev_access {
	u16 type;
	fmode_t mode;
} cdev_accesses[] = {
	{ RPMB_PROGRAM_KEY, FMODE_WRITE },
	{ RPMB_GET_WRITE_COUNTER, FMODE_READ },
	{ RPMB_WRITE_DATA, FMODE_WRITE },
	{ RPMB_READ_DATA, FMODE_READ },
	{ RPMB_CONFIG_WRITE, FMODE_WRITE },
	{ RPMB_CONFIG_READ, FMODE_READ },
	{ RPMB_PURGE_ENABLE, FMODE_WRITE },
	{ RPMB_PURGE_STATUS, FMODE_READ },
};

/* What such a file is open for is not enough */
static fmode_t cdev_wrong_mode(const struct cdev_access *a)
{
	return a->mode ^ (FMODE_READ | FMODE_WRITE);
}

static void cdev_access_test(struct kunit *test)
{
	struct cdev_ctx *ctx = cdev_opened(test, FMODE_READ);
	const struct cdev_access *a = cdev_accesses;

	for (unsigned int i = 0; i < ARRAY_SIZE(cdev_accesses); i++, a++) {
		struct rpmb_ioc_route_frames cmd = cdev_request(test, a->type);

		ctx->file->f_mode = cdev_wrong_mode(a);
		KUNIT_EXPECT_EQ_MSG(test, -EBADF, cdev_route(test, &cmd),
				    "type %u", a->type);
		KUNIT_EXPECT_EQ(test, 0, cmd.out_flags);
		KUNIT_EXPECT_EQ(test, i, atomic_read(&ctx->fake->nr_calls));
		ctx->file->f_mode = a->mode;
		KUNIT_EXPECT_EQ_MSG(test, 0, cdev_route(test, &cmd),
				    "type %u", a->type);
		KUNIT_EXPECT_EQ(test, i + 1, atomic_read(&ctx->fake->nr_calls));
	}
}

/* One that may not be sent keeps back also what is before it and would be allowed */
static void cdev_batch_access_test(struct kunit *test)
{
	struct cdev_ctx *ctx = cdev_opened(test, FMODE_READ);
	const struct cdev_access *a = cdev_accesses;

	for (unsigned int i = 0; i < ARRAY_SIZE(cdev_accesses); i++, a++) {
		u16 other = a->mode == FMODE_READ ? RPMB_WRITE_DATA :
						    RPMB_GET_WRITE_COUNTER;
		struct rpmb_ioc_route_batch cmd = cdev_pair(test, other,
							    a->type);

		ctx->file->f_mode = cdev_wrong_mode(a);
		KUNIT_EXPECT_EQ_MSG(test, -EBADF, cdev_route_batch(test, &cmd),
				    "type %u", a->type);
		KUNIT_EXPECT_EQ(test, 0, cmd.done);
		KUNIT_EXPECT_EQ(test, 2 * i, atomic_read(&ctx->fake->nr_calls));
		ctx->file->f_mode = a->mode;
		cmd = cdev_pair(test, a->type, a->type);
		KUNIT_EXPECT_EQ_MSG(test, 0, cdev_route_batch(test, &cmd),
				    "type %u", a->type);
		KUNIT_EXPECT_EQ(test, 2, cmd.done);
		KUNIT_EXPECT_EQ(test, 2 * i + 2,
				atomic_read(&ctx->fake->nr_calls));
	}
}

/* An ioctl without CAP_SYS_RAWIO */
static int cdev_unprivileged(struct kunit *test, unsigned int cmd, void *arg,
			     size_t len)
{
	struct cred *cred = prepare_creds();
	const struct cred *old;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, cred);
	cap_lower(cred->cap_effective, CAP_SYS_RAWIO);
	old = override_creds(cred);
	ret = cdev_call(test, cmd, arg, len);
	revert_creds(old);
	put_cred(cred);
	return ret;
}

/* Only the key needs it */
static void cdev_capability_test(struct kunit *test)
{
	struct cdev_ctx *ctx = cdev_opened(test, FMODE_READ | FMODE_WRITE);
	struct rpmb_ioc_route_frames cmd;

	cmd = cdev_request(test, RPMB_PROGRAM_KEY);
	KUNIT_EXPECT_EQ(test, -EPERM,
			cdev_unprivileged(test, RPMB_IOC_ROUTE_FRAMES, &cmd,
					  sizeof(cmd)));
	KUNIT_EXPECT_EQ(test, 0, cmd.out_flags);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&ctx->fake->nr_calls));
	KUNIT_EXPECT_EQ(test, 0, cdev_route(test, &cmd));

	cmd = cdev_request(test, RPMB_WRITE_DATA);
	KUNIT_EXPECT_EQ(test, 0,
			cdev_unprivileged(test, RPMB_IOC_ROUTE_FRAMES, &cmd,
					  sizeof(cmd)));
}

static void cdev_batch_capability_test(struct kunit *test)
{
	struct cdev_ctx *ctx = cdev_opened(test, FMODE_READ | FMODE_WRITE);
	struct rpmb_ioc_route_batch cmd;

	cmd = cdev_pair(test, RPMB_WRITE_DATA, RPMB_PROGRAM_KEY);
	KUNIT_EXPECT_EQ(test, -EPERM,
			cdev_unprivileged(test, RPMB_IOC_ROUTE_BATCH, &cmd,
					  sizeof(cmd)));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&ctx->fake->nr_calls));
	KUNIT_EXPECT_EQ(test, 0, cdev_route_batch(test, &cmd));

	cmd = cdev_pair(test, RPMB_WRITE_DATA, RPMB_READ_DATA);
	KUNIT_EXPECT_EQ(test, 0,
			cdev_unprivileged(test, RPMB_IOC_ROUTE_BATCH, &cmd,
					  sizeof(cmd)));
}

/* Neither the kernel's verdict nor the device sees what came after the copy */
static void cdev_swap_type(struct rpmb_fake *fake)
{
	struct cdev_ctx *ctx = fake->test->priv;

	KUNIT_EXPECT_EQ(fake->test, 0,
			put_user((u8)RPMB_PROGRAM_KEY,
				 (u8 __user *)cdev_user(ctx, CDEV_REQ + 511)));
}

static void cdev_changed_test(struct kunit *test)
{
	struct cdev_ctx *ctx = cdev_opened(test, FMODE_READ);
	struct rpmb_ioc_route_frames cmd =
		cdev_request(test, RPMB_GET_WRITE_COUNTER);

	ctx->fake->enter = cdev_swap_type;
	KUNIT_EXPECT_EQ(test, 0, cdev_route(test, &cmd));
	KUNIT_EXPECT_TRUE(test, cdev_user_is(test, CDEV_REQ + 511,
					     RPMB_PROGRAM_KEY, 1));
	KUNIT_ASSERT_NOT_NULL(test, ctx->fake->calls[0].bytes[0]);
	KUNIT_EXPECT_EQ(test, RPMB_GET_WRITE_COUNTER,
			rpmb_frames_type(CDEV_FORMAT,
					 ctx->fake->calls[0].bytes[0]));
}

/* While the first is carried, the second becomes another, in its frames and in the list */
static void cdev_swap_second(struct rpmb_fake *fake)
{
	static const struct rpmb_batch_request other = { .req_len = 1 };
	struct cdev_ctx *ctx = fake->test->priv;

	KUNIT_EXPECT_EQ(fake->test, 0,
			put_user((u8)RPMB_PROGRAM_KEY,
				 (u8 __user *)cdev_user(ctx, CDEV_REQ + 1023)));
	cdev_to_user(fake->test, CDEV_LIST + sizeof(other), &other,
		     sizeof(other));
}

static void cdev_batch_changed_test(struct kunit *test)
{
	struct cdev_ctx *ctx = cdev_opened(test, FMODE_READ);
	struct rpmb_ioc_route_batch cmd = cdev_pair(test, RPMB_READ_DATA,
						    RPMB_GET_WRITE_COUNTER);
	u8 resp[512];

	ctx->fake->enter = cdev_swap_second;
	KUNIT_EXPECT_EQ(test, 0, cdev_route_batch(test, &cmd));
	KUNIT_EXPECT_EQ(test, 2, cmd.done);
	KUNIT_EXPECT_TRUE(test, cdev_user_is(test, CDEV_REQ + 1023,
					     RPMB_PROGRAM_KEY, 1));
	KUNIT_ASSERT_NOT_NULL(test, ctx->fake->calls[1].bytes[1]);
	KUNIT_EXPECT_EQ(test, RPMB_GET_WRITE_COUNTER,
			rpmb_frames_type(CDEV_FORMAT,
					 ctx->fake->calls[1].bytes[0]));
	cdev_from_user(test, resp, CDEV_RESP + 512, sizeof(resp));
	KUNIT_EXPECT_MEMEQ(test, resp, ctx->fake->calls[1].bytes[1],
			   sizeof(resp));
}

static void cdev_response_test(struct kunit *test)
{
	struct cdev_ctx *ctx = cdev_opened(test, FMODE_READ);
	struct rpmb_ioc_route_frames cmd =
		cdev_msg(test, rpmb_msg_new(test, CDEV_FORMAT, RPMB_READ_DATA,
					    1, 3, 3));
	u8 *resp = kunit_kmalloc(test, 1536, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, resp);
	cdev_fill_user(test, CDEV_RESP, RPMB_MSG_UNTOUCHED, 2048);
	ctx->fake->resp_result = RPMB_RES_ADDRESS;
	KUNIT_EXPECT_EQ(test, 0, cdev_route(test, &cmd));
	KUNIT_EXPECT_EQ(test, RPMB_ROUTE_STARTED, cmd.out_flags);
	KUNIT_ASSERT_NOT_NULL(test, ctx->fake->calls[0].bytes[1]);
	cdev_from_user(test, resp, CDEV_RESP, 1536);
	KUNIT_EXPECT_MEMEQ(test, resp, ctx->fake->calls[0].bytes[1], 1536);
	KUNIT_EXPECT_TRUE(test, cdev_user_is(test, CDEV_RESP + 1536,
					     RPMB_MSG_UNTOUCHED, 512));
}

/* How far it got, whatever the flags were before */
static void cdev_started_test(struct kunit *test)
{
	struct cdev_ctx *ctx = cdev_opened(test, FMODE_READ);
	struct rpmb_ioc_route_frames cmd =
		cdev_request(test, RPMB_GET_WRITE_COUNTER);

	ctx->fake->ret = -ETIMEDOUT;
	ctx->fake->steps = 0;
	cmd.out_flags = ~0;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, cdev_route(test, &cmd));
	KUNIT_EXPECT_EQ(test, 0, cmd.out_flags);
	KUNIT_EXPECT_TRUE(test, cdev_resp_untouched(test));

	ctx->fake->steps = 1;
	cmd.out_flags = 0;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, cdev_route(test, &cmd));
	KUNIT_EXPECT_EQ(test, RPMB_ROUTE_STARTED, cmd.out_flags);

	ctx->fake->ret = 0;
	ctx->fake->steps = UINT_MAX;
	ctx->fake->resp_type = RPMB_PROGRAM_KEY << 8;
	cmd.out_flags = 0;
	KUNIT_EXPECT_EQ(test, -EPROTO, cdev_route(test, &cmd));
	KUNIT_EXPECT_EQ(test, RPMB_ROUTE_STARTED, cmd.out_flags);
	KUNIT_EXPECT_TRUE(test, cdev_resp_untouched(test));

	cmd.req_len = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, cdev_route(test, &cmd));
	KUNIT_EXPECT_EQ(test, 0, cmd.out_flags);
}

/* A backend of the older kind cannot say, so it is unknown */
static void cdev_started_legacy_test(struct kunit *test)
{
	struct cdev_ctx *ctx = test->priv;
	struct rpmb_ioc_route_frames cmd;

	rpmb_fake_make_legacy(ctx->fake);
	ctx->fake->steps = 0;
	ctx->fake->ret = -EIO;
	cdev_opened(test, FMODE_READ);
	cmd = cdev_request(test, RPMB_GET_WRITE_COUNTER);
	KUNIT_EXPECT_EQ(test, -EIO, cdev_route(test, &cmd));
	KUNIT_EXPECT_EQ(test, RPMB_ROUTE_STARTED, cmd.out_flags);
}

static void cdev_bounds_test(struct kunit *test)
{
	static const struct {
		unsigned int out, in, req_len, resp_len;
		int ret;
	} cases[] = {
		{ 1, 1, 0, 512, -EINVAL },
		{ 1, 1, 512, 0, -EINVAL },
		{ 2, 1, 1024, 512, -EINVAL },
		{ 2, 1, 513, 512, -EINVAL },
		{ 1, 1, 512, 1024, -EINVAL },
		{ 1, 1, RPMB_MAX_LEN + 1, 512, -EMSGSIZE },
		{ 1, 1, 512, RPMB_MAX_LEN + 1, -EMSGSIZE },
		{ 1, 1, U32_MAX, U32_MAX, -EMSGSIZE },
	};
	struct cdev_ctx *ctx = cdev_opened(test, FMODE_READ);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rpmb_ioc_route_frames cmd =
			cdev_msg(test, rpmb_msg_new(test, CDEV_FORMAT,
						    RPMB_GET_WRITE_COUNTER,
						    cases[i].out, cases[i].in,
						    0));

		cmd.req_len = cases[i].req_len;
		cmd.resp_len = cases[i].resp_len;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret, cdev_route(test, &cmd),
				    "case %u", i);
		KUNIT_EXPECT_EQ(test, 0, cmd.out_flags);
	}
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&ctx->fake->nr_calls));
}

static void cdev_longest_test(struct kunit *test)
{
	struct rpmb_ioc_route_frames cmd;

	cdev_opened(test, FMODE_READ | FMODE_WRITE);
	cmd = cdev_msg(test, rpmb_msg_new(test, CDEV_FORMAT, RPMB_WRITE_DATA,
					  1024, 1, 1024));
	KUNIT_EXPECT_EQ(test, RPMB_MAX_LEN, cmd.req_len);
	KUNIT_EXPECT_EQ(test, 0, cdev_route(test, &cmd));
	cmd = cdev_msg(test, rpmb_msg_new(test, CDEV_FORMAT, RPMB_READ_DATA, 1,
					  1024, 1024));
	KUNIT_EXPECT_EQ(test, RPMB_MAX_LEN, cmd.resp_len);
	KUNIT_EXPECT_EQ(test, 0, cdev_route(test, &cmd));
}

static void cdev_fault_test(struct kunit *test)
{
	struct cdev_ctx *ctx = cdev_opened(test, FMODE_READ);
	struct rpmb_ioc_route_frames cmd =
		cdev_request(test, RPMB_GET_WRITE_COUNTER), bad;
	struct rpmb_ioc_info info = { .size = sizeof(info), .dev_id_len = 16 };

	KUNIT_EXPECT_EQ(test, -EFAULT,
			cdev_ioctl(ctx, RPMB_IOC_ROUTE_FRAMES, CDEV_END));
	KUNIT_EXPECT_EQ(test, -EFAULT, cdev_ioctl(ctx, RPMB_IOC_INFO, CDEV_END));
	info.dev_id = ctx->mem + CDEV_END - 8;
	KUNIT_EXPECT_EQ(test, -EFAULT, cdev_info(test, &info));

	bad = cmd;
	bad.req = ctx->mem + CDEV_END - 256;
	KUNIT_EXPECT_EQ(test, -EFAULT, cdev_route(test, &bad));
	KUNIT_EXPECT_EQ(test, 0, bad.out_flags);
	bad.req = U64_MAX;
	KUNIT_EXPECT_EQ(test, -EFAULT, cdev_route(test, &bad));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&ctx->fake->nr_calls));

	/* The response cannot be taken back */
	bad = cmd;
	bad.resp = ctx->mem + CDEV_END - 256;
	KUNIT_EXPECT_EQ(test, -EFAULT, cdev_route(test, &bad));
	KUNIT_EXPECT_EQ(test, RPMB_ROUTE_STARTED, bad.out_flags);
}

/*
 * An ioctl with a structure of @size bytes, of which those behind @known are 0
 * but for the one at @nonzero, if that is not 0.
 */
static int cdev_sized(struct kunit *test, unsigned int cmd, const void *arg,
		      size_t known, u32 size, size_t nonzero)
{
	cdev_fill_user(test, CDEV_ARG, 0, SZ_8K);
	cdev_to_user(test, CDEV_ARG, arg, known);
	if (nonzero)
		cdev_fill_user(test, CDEV_ARG + nonzero, 1, 1);
	cdev_to_user(test, CDEV_ARG, &size, sizeof(size));
	return cdev_ioctl(test->priv, cmd, CDEV_ARG);
}

/* What the first kernel knew of a structure is the least, what this one knows no limit */
static void cdev_check_sizes(struct kunit *test, unsigned int cmd,
			     const void *arg, size_t first, size_t known)
{
	KUNIT_EXPECT_EQ(test, -EINVAL, cdev_sized(test, cmd, arg, known, 0, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			cdev_sized(test, cmd, arg, known, first - 1, 0));
	KUNIT_EXPECT_EQ(test, 0, cdev_sized(test, cmd, arg, known, first, 0));
	KUNIT_EXPECT_EQ(test, 0, cdev_sized(test, cmd, arg, known, known, 0));
	/* What is behind the structure is not looked at */
	KUNIT_EXPECT_EQ(test, 0,
			cdev_sized(test, cmd, arg, known, known, known));
	KUNIT_EXPECT_EQ(test, 0,
			cdev_sized(test, cmd, arg, known, known + 8, 0));
	KUNIT_EXPECT_EQ(test, 0,
			cdev_sized(test, cmd, arg, known, known + 8,
				   known + 8));
	KUNIT_EXPECT_EQ(test, -E2BIG,
			cdev_sized(test, cmd, arg, known, known + 8, known));
	KUNIT_EXPECT_EQ(test, -E2BIG,
			cdev_sized(test, cmd, arg, known, known + 8,
				   known + 7));
	KUNIT_EXPECT_EQ(test, 0,
			cdev_sized(test, cmd, arg, known, PAGE_SIZE, 0));
	KUNIT_EXPECT_EQ(test, -E2BIG,
			cdev_sized(test, cmd, arg, known, U32_MAX, 0));
}

static void cdev_size_test(struct kunit *test)
{
	struct rpmb_ioc_info info = {};
	struct rpmb_ioc_route_frames cmd;
	struct rpmb_ioc_route_batch batch;

	cdev_opened(test, FMODE_READ);
	cdev_check_sizes(test, RPMB_IOC_INFO, &info, 56, sizeof(info));
	cmd = cdev_request(test, RPMB_GET_WRITE_COUNTER);
	cdev_check_sizes(test, RPMB_IOC_ROUTE_FRAMES, &cmd, 40, sizeof(cmd));
	batch = cdev_pair(test, RPMB_GET_WRITE_COUNTER, RPMB_READ_DATA);
	cdev_check_sizes(test, RPMB_IOC_ROUTE_BATCH, &batch, 32, sizeof(batch));
}

static void cdev_flags_test(struct kunit *test)
{
	struct cdev_ctx *ctx = cdev_opened(test, FMODE_READ);
	struct rpmb_ioc_route_frames cmd =
		cdev_request(test, RPMB_GET_WRITE_COUNTER), bad;
	struct rpmb_ioc_info info = { .size = sizeof(info), .flags = 1 };

	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, cdev_info(test, &info));
	bad = cmd;
	bad.flags = 1U << 31;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, cdev_route(test, &bad));
	bad = cmd;
	bad.__reserved = 1;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, cdev_route(test, &bad));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&ctx->fake->nr_calls));
	KUNIT_EXPECT_EQ(test, -ENOTTY, cdev_ioctl(ctx, _IO(RPMB_IOC_MAGIC, 9),
						  CDEV_ARG));
}

static void cdev_unsupported_test(struct kunit *test)
{
	struct cdev_ctx *ctx = cdev_opened(test, FMODE_READ | FMODE_WRITE);
	struct rpmb_ioc_route_frames cmd;

	cmd = cdev_request(test, RPMB_RESULT_READ);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, cdev_route(test, &cmd));
	cmd = cdev_request(test, 10);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, cdev_route(test, &cmd));
	KUNIT_EXPECT_EQ(test, 0, cmd.out_flags);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&ctx->fake->nr_calls));
}

static void cdev_expect_info(struct kunit *test,
			     const struct rpmb_ioc_info *want)
{
	struct rpmb_ioc_info info = { .size = sizeof(info) };

	cdev_opened(test, FMODE_WRITE);
	KUNIT_EXPECT_EQ(test, 0, cdev_info(test, &info));
	KUNIT_EXPECT_EQ(test, sizeof(info), info.size);
	KUNIT_EXPECT_EQ(test, want->frame_format, info.frame_format);
	KUNIT_EXPECT_EQ(test, want->transport, info.transport);
	KUNIT_EXPECT_EQ(test, want->block_size, info.block_size);
	KUNIT_EXPECT_EQ(test, want->capacity, info.capacity);
	KUNIT_EXPECT_EQ(test, want->write_sizes, info.write_sizes);
	KUNIT_EXPECT_EQ(test, want->max_read, info.max_read);
	KUNIT_EXPECT_EQ(test, want->request_types, info.request_types);
	KUNIT_EXPECT_EQ(test, want->target, info.target);
	KUNIT_EXPECT_EQ(test, want->dev_id_len, info.dev_id_len);
	KUNIT_EXPECT_EQ(test, 0, info.flags);
	KUNIT_EXPECT_EQ(test, IS_ENABLED(CONFIG_RPMB_KEYED) ?
			      want->request_types : 0, info.keyed_types);
	KUNIT_EXPECT_EQ(test, want->max_write, info.max_write);
}

static void cdev_info_test(struct kunit *test)
{
	struct cdev_ctx *ctx = test->priv;
	static const struct rpmb_ioc_info want = {
		.frame_format = RPMB_FRAME_JEDEC,
		.transport = RPMB_TRANSPORT_VIRTIO,
		.block_size = 256,
		.capacity = 128 * 512,
		.write_sizes = BIT(0) | BIT(1) | BIT(5),
		.max_write = 37,
		.max_read = 77,
		.request_types = BIT(RPMB_GET_WRITE_COUNTER) |
				 BIT(RPMB_PURGE_STATUS),
		.target = 2,
		.dev_id_len = 16,
	};

	ctx->fake->descr.transport = RPMB_TRANSPORT_VIRTIO;
	ctx->fake->descr.capacity = 128;
	ctx->fake->descr.write_sizes = want.write_sizes;
	ctx->fake->descr.max_write = 37;
	ctx->fake->descr.max_read = 77;
	/* A result read is not a request, whatever a backend says */
	ctx->fake->descr.request_types = want.request_types |
					 BIT(RPMB_RESULT_READ);
	ctx->fake->descr.target = 2;
	cdev_expect_info(test, &want);
}

/* NVMe's frames carry sectors */
static void cdev_info_nvme_test(struct kunit *test)
{
	struct cdev_ctx *ctx = test->priv;
	static const struct rpmb_ioc_info want = {
		.frame_format = RPMB_FRAME_NVME,
		.transport = RPMB_TRANSPORT_NVME,
		.block_size = 512,
		.capacity = 3 * 256,
		.write_sizes = BIT(0),
		.max_write = 16,
		.max_read = 16,
		.request_types = BIT(RPMB_GET_WRITE_COUNTER),
		.target = 6,
		.dev_id_len = 16,
	};

	ctx->fake->descr.type = RPMB_TYPE_NVME;
	ctx->fake->descr.frame_format = RPMB_FRAME_NVME;
	ctx->fake->descr.transport = 0;
	ctx->fake->descr.capacity = 3;
	ctx->fake->descr.write_sizes = want.write_sizes;
	ctx->fake->descr.max_write = 16;
	ctx->fake->descr.max_read = 16;
	ctx->fake->descr.request_types = want.request_types;
	ctx->fake->descr.target = 6;
	cdev_expect_info(test, &want);
}

/* What is said of a backend that says as little as it may */
static void cdev_info_defaults_test(struct kunit *test)
{
	struct cdev_ctx *ctx = test->priv;
	static const struct rpmb_ioc_info want = {
		.frame_format = RPMB_FRAME_JEDEC,
		.transport = RPMB_TRANSPORT_UFS,
		.block_size = 256,
		.capacity = 512,
		/* Up to 3 sectors, which are 6 blocks */
		.write_sizes = BIT(0) | BIT(1) | BIT(2),
		.max_read = 1024,
		.request_types = BIT(RPMB_PROGRAM_KEY) |
				 BIT(RPMB_GET_WRITE_COUNTER) |
				 BIT(RPMB_WRITE_DATA) | BIT(RPMB_READ_DATA),
		.dev_id_len = 16,
	};

	ctx->fake->descr.type = RPMB_TYPE_UFS;
	ctx->fake->descr.request_types = 0;
	ctx->fake->descr.reliable_wr_count = 3;
	cdev_expect_info(test, &want);
}

static void cdev_dev_id_test(struct kunit *test)
{
	static const u32 lens[] = { 0, 1, 15, 16, 17, 100 };
	struct cdev_ctx *ctx = cdev_opened(test, FMODE_READ);
	u8 id[128], want[128];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		struct rpmb_ioc_info info = {
			.size = sizeof(info),
			.dev_id = lens[i] ? ctx->mem + CDEV_ID : 0,
			.dev_id_len = lens[i],
		};

		cdev_fill_user(test, CDEV_ID, 0xee, sizeof(id));
		KUNIT_EXPECT_EQ(test, 0, cdev_info(test, &info));
		/* The length of the identity, not of what was copied */
		KUNIT_EXPECT_EQ(test, 16, info.dev_id_len);
		memset(want, 0xee, sizeof(want));
		memset(want, 0, lens[i]);
		memcpy(want, "fake-rpmb-device", min(lens[i], 16U));
		cdev_from_user(test, id, CDEV_ID, sizeof(id));
		KUNIT_EXPECT_MEMEQ(test, id, want, sizeof(id));
	}
}

/* Nobody can make the kernel clear memory for ever */
static void cdev_dev_id_bound_test(struct kunit *test)
{
	struct cdev_ctx *ctx = cdev_opened(test, FMODE_READ);
	struct rpmb_ioc_info info = {
		.size = sizeof(info),
		.dev_id = ctx->mem + CDEV_ID,
		.dev_id_len = RPMB_MAX_ID_LEN,
	};

	KUNIT_EXPECT_EQ(test, 0, cdev_info(test, &info));
	info.dev_id_len = RPMB_MAX_ID_LEN + 1;
	KUNIT_EXPECT_EQ(test, -EINVAL, cdev_info(test, &info));
	info.dev_id_len = U32_MAX;
	cdev_fill_user(test, CDEV_ID, 0xee, 16);
	KUNIT_EXPECT_EQ(test, -EINVAL, cdev_info(test, &info));
	KUNIT_EXPECT_TRUE(test, cdev_user_is(test, CDEV_ID, 0xee, 16));
}

/*
 * A structure that has grown from 16 to 24 bytes, and programs that were built before
 * that, at that time, and when it has grown to 32.
 */
struct cdev_grown {
	u32 size;
	u32 in;
	u64 first;
	u64 second;
};

static int cdev_copy_grown(struct kunit *test, u32 size, struct cdev_grown *cmd)
{
	struct cdev_ctx *ctx = test->priv;
	u32 user_size;
	int ret;

	memset(cmd, 0xee, sizeof(*cmd));
	cdev_to_user(test, CDEV_ARG, &size, sizeof(size));
	ret = rpmb_copy_cmd(cmd, sizeof(*cmd), 16, cdev_user(ctx, CDEV_ARG),
			    &user_size);
	if (!ret)
		ret = rpmb_copy_result(cdev_user(ctx, CDEV_ARG),
				       &(struct cdev_grown){ user_size, 0, 1, 2 },
				       sizeof(*cmd), user_size);
	return ret;
}

static void cdev_grown_test(struct kunit *test)
{
	static const u64 zeroes[4], theirs[] = { 5, 6, 7, 8 };
	struct cdev_grown cmd;
	u64 user[4];

	/* An old program: what it does not know is 0, and is not written to */
	cdev_to_user(test, CDEV_ARG, theirs, sizeof(theirs));
	KUNIT_EXPECT_EQ(test, 0, cdev_copy_grown(test, 16, &cmd));
	KUNIT_EXPECT_EQ(test, 6, cmd.first);
	KUNIT_EXPECT_EQ(test, 0, cmd.second);
	cdev_from_user(test, user, CDEV_ARG, sizeof(user));
	KUNIT_EXPECT_EQ(test, 16, (u32)user[0]);
	KUNIT_EXPECT_EQ(test, 1, user[1]);
	KUNIT_EXPECT_EQ(test, 7, user[2]);

	/* One of half way between two kernels */
	cdev_to_user(test, CDEV_ARG, theirs, sizeof(theirs));
	KUNIT_EXPECT_EQ(test, 0, cdev_copy_grown(test, 20, &cmd));
	KUNIT_EXPECT_EQ(test, 7, cmd.second);

	/* One as old as the kernel */
	cdev_to_user(test, CDEV_ARG, theirs, sizeof(theirs));
	KUNIT_EXPECT_EQ(test, 0, cdev_copy_grown(test, 24, &cmd));
	cdev_from_user(test, user, CDEV_ARG, sizeof(user));
	KUNIT_EXPECT_EQ(test, 2, user[2]);
	KUNIT_EXPECT_EQ(test, 8, user[3]);

	/* A newer one, that does and that does not use what the kernel does not know */
	KUNIT_EXPECT_EQ(test, -E2BIG, cdev_copy_grown(test, 32, &cmd));
	cdev_to_user(test, CDEV_ARG, zeroes, sizeof(zeroes));
	KUNIT_EXPECT_EQ(test, 0, cdev_copy_grown(test, 32, &cmd));
	cdev_from_user(test, user, CDEV_ARG, sizeof(user));
	KUNIT_EXPECT_EQ(test, 32, (u32)user[0]);
	KUNIT_EXPECT_EQ(test, 0, user[3]);

	/* One that there has never been */
	KUNIT_EXPECT_EQ(test, -EINVAL, cdev_copy_grown(test, 15, &cmd));
}

/* Write to user memory that the user can only read, as a debugger would */
static void cdev_force_user(struct kunit *test, unsigned long mem,
			    const void *from, size_t len)
{
	struct page *page;
	long pages;

	mmap_read_lock(current->mm);
	pages = get_user_pages_remote(current->mm, mem, 1,
				      FOLL_WRITE | FOLL_FORCE, &page, NULL);
	mmap_read_unlock(current->mm);
	KUNIT_ASSERT_EQ(test, 1, pages);
	memcpy_to_page(page, offset_in_page(mem), from, len);
	put_page(page);
}

/* @cmd in user memory that can only be read; its place, as cdev_ioctl() wants it */
static unsigned long cdev_read_only(struct kunit *test,
				    const struct rpmb_ioc_route_frames *cmd)
{
	struct cdev_ctx *ctx = test->priv;
	unsigned long mem;

	mem = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE, PROT_READ,
			    MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_NE(test, 0, mem);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(mem));
	cdev_force_user(test, mem, cmd, sizeof(*cmd));
	return mem - ctx->mem;
}

/* Nothing is sent if it could not be said afterwards that it was */
static void cdev_read_only_test(struct kunit *test)
{
	struct cdev_ctx *ctx = cdev_opened(test, FMODE_READ);
	struct rpmb_ioc_route_frames cmd =
		cdev_request(test, RPMB_GET_WRITE_COUNTER);

	KUNIT_EXPECT_EQ(test, -EFAULT,
			cdev_ioctl(ctx, RPMB_IOC_ROUTE_FRAMES,
				   cdev_read_only(test, &cmd)));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&ctx->fake->nr_calls));
	KUNIT_EXPECT_EQ(test, 0, cdev_route(test, &cmd));
}

/* An open file outlives the device, and is of no more use */
static void cdev_gone_test(struct kunit *test)
{
	struct cdev_ctx *ctx = cdev_opened(test, FMODE_READ | FMODE_WRITE);
	struct rpmb_ioc_route_frames cmd =
		cdev_request(test, RPMB_GET_WRITE_COUNTER);
	struct rpmb_ioc_route_batch batch = cdev_pair(test, RPMB_WRITE_DATA,
						      RPMB_WRITE_DATA);
	struct rpmb_ioc_info info = { .size = sizeof(info) };

	KUNIT_EXPECT_EQ(test, 0, cdev_info(test, &info));
	rpmb_fake_unregister(ctx->fake);
	KUNIT_EXPECT_EQ(test, -ENODEV, cdev_info(test, &info));
	KUNIT_EXPECT_EQ(test, -ENODEV, cdev_route(test, &cmd));
	KUNIT_EXPECT_EQ(test, 0, cmd.out_flags);
	KUNIT_EXPECT_EQ(test, -ENODEV, cdev_route_batch(test, &batch));
	KUNIT_EXPECT_EQ(test, 0, batch.done);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&ctx->fake->nr_calls));
}

/* The same for 32-bit programs, and for ever */
static void cdev_layout_test(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 64, sizeof(struct rpmb_ioc_info));
	KUNIT_EXPECT_EQ(test, 48, offsetof(struct rpmb_ioc_info, dev_id));
	KUNIT_EXPECT_EQ(test, 56, offsetof(struct rpmb_ioc_info, keyed_types));
	KUNIT_EXPECT_EQ(test, 56, sizeof(struct rpmb_ioc_keyed));
	KUNIT_EXPECT_EQ(test, 24, offsetof(struct rpmb_ioc_keyed, data));
	KUNIT_EXPECT_EQ(test, 40, sizeof(struct rpmb_ioc_route_frames));
	KUNIT_EXPECT_EQ(test, 24, offsetof(struct rpmb_ioc_route_frames, req));
	KUNIT_EXPECT_EQ(test, 32, sizeof(struct rpmb_ioc_route_batch));
	KUNIT_EXPECT_EQ(test, 24, offsetof(struct rpmb_ioc_route_batch, request_size));
	KUNIT_EXPECT_EQ(test, 16, offsetof(struct rpmb_ioc_route_batch, requests));
	KUNIT_EXPECT_EQ(test, 32, sizeof(struct rpmb_batch_request));
	KUNIT_EXPECT_EQ(test, 16, offsetof(struct rpmb_batch_request, req));
}

/* 32-bit programs, whose memory is below 4 GiB, get the same */
static void cdev_compat_test(struct kunit *test)
{
	struct cdev_ctx *ctx = cdev_opened(test, FMODE_READ);
	struct rpmb_ioc_info info = { .size = sizeof(info) };
	unsigned long low;

	if (!IS_ENABLED(CONFIG_COMPAT))
		kunit_skip(test, "needs CONFIG_COMPAT");
	KUNIT_ASSERT_NOT_NULL(test, ctx->ops->compat_ioctl);
	low = kunit_vm_mmap(test, NULL, SZ_256M, PAGE_SIZE,
			    PROT_READ | PROT_WRITE,
			    MAP_ANONYMOUS | MAP_PRIVATE | MAP_FIXED, 0);
	KUNIT_ASSERT_EQ(test, SZ_256M, low);
	ctx->file->f_op = ctx->ops;
	cdev_to_user(test, low - ctx->mem, &info, sizeof(info));
	KUNIT_EXPECT_EQ(test, 0, ctx->ops->compat_ioctl(ctx->file,
							RPMB_IOC_INFO, low));
	cdev_from_user(test, &info, low - ctx->mem, sizeof(info));
	KUNIT_EXPECT_EQ(test, 256, info.block_size);
	KUNIT_EXPECT_EQ(test, -ENOTTY,
			ctx->ops->compat_ioctl(ctx->file,
					       _IO(RPMB_IOC_MAGIC, 9), low));
}

static struct kunit_case cdev_cases[] = {
	KUNIT_CASE(cdev_open_test),
	KUNIT_CASE(cdev_access_test),
	KUNIT_CASE(cdev_batch_access_test),
	KUNIT_CASE(cdev_capability_test),
	KUNIT_CASE(cdev_batch_capability_test),
	KUNIT_CASE(cdev_changed_test),
	KUNIT_CASE(cdev_batch_changed_test),
	KUNIT_CASE(cdev_response_test),
	KUNIT_CASE(cdev_started_test),
	KUNIT_CASE(cdev_started_legacy_test),
	KUNIT_CASE(cdev_bounds_test),
	KUNIT_CASE(cdev_longest_test),
	KUNIT_CASE(cdev_fault_test),
	KUNIT_CASE(cdev_size_test),
	KUNIT_CASE(cdev_flags_test),
	KUNIT_CASE(cdev_unsupported_test),
	KUNIT_CASE(cdev_info_test),
	KUNIT_CASE(cdev_info_nvme_test),
	KUNIT_CASE(cdev_info_defaults_test),
	KUNIT_CASE(cdev_dev_id_test),
	KUNIT_CASE(cdev_dev_id_bound_test),
	KUNIT_CASE(cdev_grown_test),
	KUNIT_CASE(cdev_read_only_test),
	KUNIT_CASE(cdev_gone_test),
	KUNIT_CASE(cdev_layout_test),
	KUNIT_CASE(cdev_compat_test),
	{}
};

static struct kunit_suite cdev_suite = {
	.name = "rpmb-cdev",
	.init = cdev_test_init,
	.exit = cdev_test_exit,
	.test_cases = cdev_cases,
};

kunit_test_suite(cdev_suite);
