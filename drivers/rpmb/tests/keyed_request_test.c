// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keyed requests about configuration and purge, which are one block and one answer
 */
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "between.h"

#define REQUEST_TARGET	3
#define REQUEST_COUNTER	41

static const char * const request_types[] = { "ufs", "nvme" };

static void request_type_desc(const char * const *type, char *desc)
{
	strscpy(desc, *type, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(request_type, request_types, request_type_desc);

/* What came to the device, how often, and was the request signed as it should be? */
static unsigned int request_nr;
static struct rpmb_fields request_got;
static u8 request_block[512];
static bool request_signed;

/* What is wrong with the answer, which is signed but for a wrong MAC */
static enum rpmb_mismatch request_wrong;

/* Or there is none, but this */
static int request_error;

/* How the file was opened by which an ioctl is done */
static fmode_t request_mode;

static void request_mac(struct between *b, void *frames, unsigned int len,
			u8 *mac)
{
	u8 raw[RPMB_KEY_SIZE];
	struct rpmb_hmac *hmac;

	KUNIT_ASSERT_EQ(b->test, 0, rpmb_key_read(b->key, raw));
	hmac = rpmb_hmac_alloc(raw);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(b->test, hmac);
	rpmb_frames_mac(b->format, frames, len, hmac, mac);
	rpmb_hmac_free(hmac);
}

/* NVMe has a block in a frame only where the request has one */
static bool request_has_block(struct between *b, unsigned int len)
{
	return b->format == RPMB_FRAME_JEDEC ||
	       len > rpmb_frames_len(b->format, 0);
}

static void request_note(struct between *b, const struct rpmb_xfer *xfer)
{
	u8 mac[RPMB_KEY_SIZE];

	request_nr++;
	rpmb_frames_get_last(b->format, xfer->buf, xfer->len, &request_got);
	request_mac(b, xfer->buf, xfer->len, mac);
	request_signed = !memcmp(mac, rpmb_frames_key_mac(b->format, xfer->buf,
							  xfer->len),
				 sizeof(mac));
	memset(request_block, 0, sizeof(request_block));
	if (request_has_block(b, xfer->len))
		memcpy(request_block, rpmb_frames_data(b->format, xfer->buf, 0),
		       rpmb_block_size(b->format));
}

static void request_forge(struct rpmb_fields *answer)
{
	answer->nonce[0] ^= request_wrong == RPMB_MISMATCH_NONCE;
	answer->target ^= request_wrong == RPMB_MISMATCH_TARGET;
	answer->counter += request_wrong == RPMB_MISMATCH_COUNTER;
}

/* The device: one more write if the request was signed, and a block of 0x5a */
static int request_transfer(struct rpmb_dev *rdev, struct rpmb_xfer *xfers,
			    unsigned int nr)
{
	struct between *b = rdev->descr.priv;
	struct rpmb_xfer *recv = between_recv(xfers, nr);
	struct rpmb_fields answer;
	u8 *mac = rpmb_frames_key_mac(b->format, recv->buf, recv->len);

	xfers[0].started = true;
	request_note(b, &xfers[0]);
	if (request_error)
		return request_error;
	answer = request_got;
	answer.type <<= 8;
	answer.counter = request_signed ? request_got.counter + 1 :
					  REQUEST_COUNTER;
	request_forge(&answer);
	memset(recv->buf, 0, recv->len);
	if (request_has_block(b, recv->len))
		memset(rpmb_frames_data(b->format, recv->buf, 0), 0x5a,
		       rpmb_block_size(b->format));
	rpmb_frames_set(b->format, recv->buf, recv->len, &answer);
	request_mac(b, recv->buf, recv->len, mac);
	mac[0] ^= request_wrong == RPMB_MISMATCH_MAC;
	return 0;
}

static void request_limit(struct rpmb_descr *descr)
{
	descr->transfer = request_transfer;
	descr->request_types = GENMASK(RPMB_PURGE_STATUS, RPMB_PROGRAM_KEY);
	if (descr->frame_format == RPMB_FRAME_NVME)
		descr->target = REQUEST_TARGET;
}

static struct between *request_new(struct kunit *test)
{
	request_wrong = RPMB_MISMATCH_NONE;
	request_error = 0;
	request_mode = FMODE_READ | FMODE_WRITE;
	return between_new(test, *(const char * const *)test->param_value,
			   request_limit);
}

/* The block goes out, and comes back, at @block */
static int request_do(struct between *b, u16 type, u8 *block,
		      struct rpmb_keyed *k)
{
	int ret;

	*k = (struct rpmb_keyed) {
		.rdev = b->rdev,
		.key = b->key,
		.addr = 2,
		.count = 1,
		.counter = 7,
	};
	memset(block, 0xc3, 512);
	KUNIT_ASSERT_EQ(b->test, 0, rpmb_keyed_begin(k));
	ret = rpmb_keyed_request(k, type, block);
	rpmb_hmac_free(k->hmac);
	KUNIT_EXPECT_EQ(b->test, type, request_got.type);
	KUNIT_EXPECT_EQ(b->test, 2, request_got.addr);
	KUNIT_EXPECT_EQ(b->test, 1, request_got.count);
	KUNIT_EXPECT_EQ(b->test, b->rdev->descr.target, request_got.target);
	return ret;
}

static void request_expect(struct between *b, const u8 *block, u8 value)
{
	KUNIT_EXPECT_EQ(b->test, value, block[0]);
	KUNIT_EXPECT_NULL(b->test, memchr_inv(block, value,
					      rpmb_block_size(b->format)));
}

static void request_config_read_test(struct kunit *test)
{
	struct between *b = request_new(test);
	u8 *block = kunit_kmalloc(test, 512, GFP_KERNEL);
	struct rpmb_keyed k;

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, 0, request_do(b, RPMB_CONFIG_READ, block, &k));
	/* It has no counter of its own, and is not signed */
	KUNIT_EXPECT_EQ(test, 0, request_got.counter);
	KUNIT_EXPECT_FALSE(test, request_signed);
	KUNIT_EXPECT_EQ(test, REQUEST_COUNTER, k.counter);
	request_expect(b, block, 0x5a);
}

static void request_config_write_test(struct kunit *test)
{
	struct between *b = request_new(test);
	u8 *block = kunit_kmalloc(test, 512, GFP_KERNEL);
	struct rpmb_keyed k;

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, 0, request_do(b, RPMB_CONFIG_WRITE, block, &k));
	KUNIT_EXPECT_EQ(test, 7, request_got.counter);
	KUNIT_EXPECT_TRUE(test, request_signed);
	request_expect(b, request_block, 0xc3);
	KUNIT_EXPECT_EQ(test, 8, k.counter);
}

static void request_purge_test(struct kunit *test)
{
	struct between *b = request_new(test);
	u8 *block = kunit_kmalloc(test, 512, GFP_KERNEL);
	struct rpmb_keyed k;

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, 0, request_do(b, RPMB_PURGE_ENABLE, block, &k));
	KUNIT_EXPECT_EQ(test, 7, request_got.counter);
	KUNIT_EXPECT_TRUE(test, request_signed);
	KUNIT_EXPECT_EQ(test, 8, k.counter);
	KUNIT_EXPECT_EQ(test, 0, request_do(b, RPMB_PURGE_STATUS, block, &k));
	KUNIT_EXPECT_EQ(test, 0, request_got.counter);
	KUNIT_EXPECT_FALSE(test, request_signed);
	if (b->format == RPMB_FRAME_JEDEC)
		request_expect(b, block, 0x5a);
}

/* What an answer is judged by, and the types whose answers have it */
#define REQUEST_ALL	GENMASK(RPMB_PURGE_STATUS, RPMB_CONFIG_WRITE)

static const struct {
	enum rpmb_mismatch wrong;
	u32 in;
} request_forgeries[] = {
	{ RPMB_MISMATCH_MAC, REQUEST_ALL },
	{ RPMB_MISMATCH_NONCE, REQUEST_ALL & ~BIT(RPMB_CONFIG_WRITE) },
	{ RPMB_MISMATCH_COUNTER,
	  BIT(RPMB_CONFIG_WRITE) | BIT(RPMB_PURGE_ENABLE) },
	{ RPMB_MISMATCH_TARGET, REQUEST_ALL },
};

static void request_expect_forged(struct between *b, u16 type, u8 *block)
{
	struct rpmb_keyed k;

	KUNIT_EXPECT_EQ_MSG(b->test, -EBADMSG, request_do(b, type, block, &k),
			    "%u in %u", request_wrong, type);
	KUNIT_EXPECT_EQ_MSG(b->test, request_wrong, k.mismatch, "in %u", type);
	/* Nothing of it is handed on */
	KUNIT_EXPECT_EQ(b->test, 7, k.counter);
	request_expect(b, block, 0xc3);
}

static void request_forged_test(struct kunit *test)
{
	struct between *b = request_new(test);
	u8 *block = kunit_kmalloc(test, 512, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, block);
	for (unsigned int i = 0; i < ARRAY_SIZE(request_forgeries); i++) {
		request_wrong = request_forgeries[i].wrong;
		/* JEDEC's frames have no target */
		if (request_wrong == RPMB_MISMATCH_TARGET &&
		    b->format == RPMB_FRAME_JEDEC)
			continue;
		for (u16 type = RPMB_CONFIG_WRITE; type <= RPMB_PURGE_STATUS;
		     type++)
			if (request_forgeries[i].in & BIT(type))
				request_expect_forged(b, type, block);
	}
}

/* RPMB_IOC_KEYED with the block in user memory, which the thread of a test can have */
static unsigned long request_user(struct kunit *test)
{
	unsigned long mem = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE,
					  PROT_READ | PROT_WRITE,
					  MAP_ANONYMOUS | MAP_PRIVATE, 0);

	KUNIT_ASSERT_NE(test, 0, mem);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(mem));
	return mem;
}

static int request_ioctl(struct between *b, unsigned long mem,
			 struct rpmb_ioc_keyed *cmd)
{
	struct file file = {
		.private_data = b->rdev,
		.f_mode = request_mode,
	};
	u8 block[512];
	int ret;

	cmd->size = sizeof(*cmd);
	cmd->key = key_serial(b->key);
	memset(block, 0xc3, sizeof(block));
	KUNIT_ASSERT_EQ(b->test, 0, copy_to_user((void __user *)mem + 512,
						 block, sizeof(block)));
	KUNIT_ASSERT_EQ(b->test, 0, copy_to_user((void __user *)mem, cmd,
						 sizeof(*cmd)));
	request_nr = 0;
	ret = rpmb_ioctl_keyed(&file, (void __user *)mem);
	KUNIT_ASSERT_EQ(b->test, 0, copy_from_user(cmd, (void __user *)mem,
						   sizeof(*cmd)));
	return ret;
}

/* A request that is right, with the counter named if it must be */
static struct rpmb_ioc_keyed request_cmd(u16 type, unsigned long mem)
{
	bool named = type == RPMB_CONFIG_WRITE || type == RPMB_PURGE_ENABLE;

	return (struct rpmb_ioc_keyed) {
		.type = type,
		.flags = named ? RPMB_KEYED_COUNTER : 0,
		.addr = 2,
		.count = 1,
		.data = mem + 512,
		.counter = 7,
	};
}

static void request_expect_user(struct between *b, unsigned long mem, u8 value)
{
	u8 block[512];

	KUNIT_ASSERT_EQ(b->test, 0, copy_from_user(block,
						   (void __user *)mem + 512,
						   sizeof(block)));
	request_expect(b, block, value);
}

static void request_ioctl_test(struct kunit *test)
{
	struct between *b = request_new(test);
	unsigned long mem = request_user(test);
	struct rpmb_ioc_keyed cmd;

	cmd = request_cmd(RPMB_CONFIG_READ, mem);
	KUNIT_EXPECT_EQ(test, 0, request_ioctl(b, mem, &cmd));
	KUNIT_EXPECT_EQ(test, REQUEST_COUNTER, cmd.counter);
	KUNIT_EXPECT_EQ(test, RPMB_ROUTE_STARTED, cmd.out_flags);
	request_expect_user(b, mem, 0x5a);
	cmd = request_cmd(RPMB_CONFIG_WRITE, mem);
	KUNIT_EXPECT_EQ(test, 0, request_ioctl(b, mem, &cmd));
	KUNIT_EXPECT_EQ(test, 8, cmd.counter);
	request_expect(b, request_block, 0xc3);
	/* What the caller has written is his */
	request_expect_user(b, mem, 0xc3);
	cmd = request_cmd(RPMB_PURGE_ENABLE, mem);
	cmd.data = 0;
	KUNIT_EXPECT_EQ(test, 0, request_ioctl(b, mem, &cmd));
	KUNIT_EXPECT_EQ(test, 8, cmd.counter);
	request_wrong = RPMB_MISMATCH_COUNTER;
	cmd = request_cmd(RPMB_CONFIG_WRITE, mem);
	KUNIT_EXPECT_EQ(test, -EBADMSG, request_ioctl(b, mem, &cmd));
	KUNIT_EXPECT_EQ(test, RPMB_MISMATCH_COUNTER, cmd.mismatch);
}

/* No answer to a write, nor to how it went: the ioctl has to say so */
static void request_ioctl_unknown_test(struct kunit *test)
{
	struct between *b = request_new(test);
	unsigned long mem = request_user(test);
	struct rpmb_ioc_keyed cmd = request_cmd(RPMB_WRITE_DATA, mem);

	cmd.flags = RPMB_KEYED_COUNTER;
	request_error = -EIO;
	KUNIT_EXPECT_EQ(test, -EIO, request_ioctl(b, mem, &cmd));
	KUNIT_EXPECT_EQ(test, RPMB_ROUTE_STARTED, cmd.out_flags);
	KUNIT_EXPECT_EQ(test, 0, cmd.done);
	KUNIT_EXPECT_EQ(test, 1, cmd.unknown);
}

static void request_expect_refused(struct between *b, unsigned long mem,
				   int error, struct rpmb_ioc_keyed cmd)
{
	KUNIT_EXPECT_EQ(b->test, error, request_ioctl(b, mem, &cmd));
	KUNIT_EXPECT_EQ(b->test, 0, request_nr);
	KUNIT_EXPECT_EQ(b->test, 0, cmd.out_flags);
}

static void request_ioctl_refused_test(struct kunit *test)
{
	struct between *b = request_new(test);
	unsigned long mem = request_user(test);
	struct rpmb_ioc_keyed cmd;

	/* Who writes names the counter, and nobody else */
	cmd = request_cmd(RPMB_CONFIG_WRITE, mem);
	cmd.flags = 0;
	request_expect_refused(b, mem, -EINVAL, cmd);
	cmd = request_cmd(RPMB_PURGE_ENABLE, mem);
	cmd.flags = 0;
	request_expect_refused(b, mem, -EINVAL, cmd);
	cmd = request_cmd(RPMB_CONFIG_READ, mem);
	cmd.flags = RPMB_KEYED_COUNTER;
	request_expect_refused(b, mem, -EINVAL, cmd);
	cmd = request_cmd(RPMB_CONFIG_READ, mem);
	cmd.data = 0;
	request_expect_refused(b, mem, -EINVAL, cmd);
	cmd = request_cmd(RPMB_CONFIG_WRITE, mem);
	cmd.data = TASK_SIZE - 16;
	request_expect_refused(b, mem, -EFAULT, cmd);
}

/* What only tells something takes a file open to read, all else one open to write */
static void request_ioctl_modes_test(struct kunit *test)
{
	static const struct {
		u16 type;
		fmode_t takes;
	} modes[] = {
		{ RPMB_CONFIG_WRITE, FMODE_WRITE },
		{ RPMB_CONFIG_READ, FMODE_READ },
		{ RPMB_PURGE_ENABLE, FMODE_WRITE },
		{ RPMB_PURGE_STATUS, FMODE_READ },
	};
	struct between *b = request_new(test);
	unsigned long mem = request_user(test);

	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
		struct rpmb_ioc_keyed cmd = request_cmd(modes[i].type, mem);

		request_mode = modes[i].takes;
		KUNIT_EXPECT_EQ(test, 0, request_ioctl(b, mem, &cmd));
		request_mode = modes[i].takes ^ (FMODE_READ | FMODE_WRITE);
		request_expect_refused(b, mem, -EBADF,
				       request_cmd(modes[i].type, mem));
	}
}

/* What does not fit into the frames is not cut down to what does */
static void request_ioctl_wide_test(struct kunit *test)
{
	struct between *b = request_new(test);
	unsigned long mem = request_user(test);
	struct rpmb_ioc_keyed address = request_cmd(RPMB_CONFIG_READ, mem);
	struct rpmb_ioc_keyed count = address;

	address.addr = 0x10002;
	count.count = 0x10001;
	if (b->format == RPMB_FRAME_JEDEC) {
		request_expect_refused(b, mem, -EINVAL, address);
		request_expect_refused(b, mem, -EINVAL, count);
		return;
	}
	KUNIT_EXPECT_EQ(test, 0, request_ioctl(b, mem, &address));
	KUNIT_EXPECT_EQ(test, 0x10002, request_got.addr);
}

static struct kunit_case request_cases[] = {
	KUNIT_CASE_PARAM(request_config_read_test, request_type_gen_params),
	KUNIT_CASE_PARAM(request_config_write_test, request_type_gen_params),
	KUNIT_CASE_PARAM(request_purge_test, request_type_gen_params),
	KUNIT_CASE_PARAM(request_forged_test, request_type_gen_params),
	KUNIT_CASE_PARAM(request_ioctl_test, request_type_gen_params),
	KUNIT_CASE_PARAM(request_ioctl_unknown_test, request_type_gen_params),
	KUNIT_CASE_PARAM(request_ioctl_refused_test, request_type_gen_params),
	KUNIT_CASE_PARAM(request_ioctl_modes_test, request_type_gen_params),
	KUNIT_CASE_PARAM(request_ioctl_wide_test, request_type_gen_params),
	{}
};

static struct kunit_suite request_suite = {
	.name = "rpmb-keyed-request",
	.test_cases = request_cases,
};

kunit_test_suite(request_suite);
