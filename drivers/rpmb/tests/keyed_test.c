// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keyed requests: what the kernel signs, believes, and says of what became of it
 */
#include <keys/user-type.h>
#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "between.h"
#include "fake.h"

#define KEYED_BLOCKS	40

/**
 * struct keyed_type - a kind of device
 * @name: name of the case
 * @type: type of the simulated device
 * @max_batch: most requests that its backend takes at once
 */
struct keyed_type {
	const char *name;
	const char *type;
	unsigned int max_batch;
};

static const struct keyed_type keyed_types[] = {
	{ "emmc", "emmc" },
	{ "ufs", "ufs" },
	{ "nvme", "nvme" },
	{ "emmc in batches", "emmc", BETWEEN_BATCH },
	{ "nvme in batches", "nvme", BETWEEN_BATCH },
};

KUNIT_ARRAY_PARAM_DESC(keyed_type, keyed_types, name);

static bool keyed_in_batches(struct kunit *test)
{
	const struct keyed_type *type = test->param_value;

	return type->max_batch;
}

/* A device that can be written 8 blocks at once, and read 16 */
static void keyed_limit(struct rpmb_descr *descr)
{
	descr->write_sizes = BIT(0) | BIT(1) | BIT(3);
	descr->max_write = 0;
	descr->max_read = 16;
}

static struct between *keyed_new_with(struct kunit *test,
				      void (*limit)(struct rpmb_descr *descr))
{
	const struct keyed_type *type = test->param_value;
	struct between *b = between_new(test, type->type, limit);

	b->rdev->descr.max_batch = type->max_batch;
	return b;
}

static struct between *keyed_new(struct kunit *test)
{
	return keyed_new_with(test, keyed_limit);
}

/* With its key; @limit as between_new() has it */
static struct between *keyed_with(struct kunit *test,
				  void (*limit)(struct rpmb_descr *descr))
{
	struct between *b = keyed_new_with(test, limit);

	KUNIT_ASSERT_EQ(test, 0, rpmb_program_key(b->rdev, b->key));
	b->nr = 0;
	return b;
}

static struct between *keyed_ready(struct kunit *test)
{
	return keyed_with(test, keyed_limit);
}

static u8 *keyed_data(struct kunit *test, u32 blocks, u8 value)
{
	u8 *data = kunit_kmalloc(test, blocks * 512, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, data);
	for (u32 i = 0; i < blocks * 512; i++)
		data[i] = value + i / 251;
	return data;
}

static size_t keyed_len(const struct between *b, u32 blocks)
{
	return blocks * rpmb_block_size(b->format);
}

/* What the device has is @data, and nobody came between */
static void keyed_expect_data(struct between *b, u32 addr, u32 blocks,
			      const void *data)
{
	u8 *found = keyed_data(b->test, blocks, 0xee);

	b->before = NULL;
	b->after = NULL;
	KUNIT_EXPECT_EQ(b->test, 0, rpmb_read_blocks(b->rdev, b->key, addr,
						     blocks, found));
	KUNIT_EXPECT_MEMEQ(b->test, found, data, keyed_len(b, blocks));
	kunit_kfree(b->test, found);
}

static void keyed_expect_counter(struct between *b, u32 want)
{
	u32 counter = ~want;

	b->before = NULL;
	b->after = NULL;
	KUNIT_EXPECT_EQ(b->test, 0, rpmb_get_write_count(b->rdev, b->key,
							 &counter));
	KUNIT_EXPECT_EQ(b->test, want, counter);
}

static void keyed_write_test(struct kunit *test)
{
	struct between *b = keyed_new(test);
	u8 *data = keyed_data(test, KEYED_BLOCKS, 1);
	struct rpmb_outcome outcome;
	unsigned int size;

	KUNIT_EXPECT_EQ(test, -ENOKEY,
			rpmb_write_blocks(b->rdev, b->key, 3, 1, data, NULL,
					  NULL));
	KUNIT_ASSERT_EQ(test, 0, rpmb_program_key(b->rdev, b->key));
	KUNIT_EXPECT_EQ(test, RPMB_SIMULATED_CAPACITY * SZ_128K /
			      rpmb_block_size(b->format),
			rpmb_get_capacity(b->rdev, &size));
	KUNIT_EXPECT_EQ(test, rpmb_block_size(b->format), size);
	KUNIT_EXPECT_EQ(test, 0,
			rpmb_write_blocks(b->rdev, b->key, 3, KEYED_BLOCKS,
					  data, NULL, &outcome));
	KUNIT_EXPECT_EQ(test, KEYED_BLOCKS, outcome.stored);
	KUNIT_EXPECT_EQ(test, 0, outcome.unknown);
	keyed_expect_data(b, 3, KEYED_BLOCKS, data);
	keyed_expect_counter(b, KEYED_BLOCKS / 8);
}

/* Every length, in as few requests as the device lets */
static void keyed_lengths_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);

	for (u32 len = 1; len <= KEYED_BLOCKS; len++) {
		u8 *data = keyed_data(test, len, len);

		b->nr = 0;
		KUNIT_ASSERT_EQ(test, 0,
				rpmb_write_blocks(b->rdev, b->key, 5, len, data,
						  NULL, NULL));
		KUNIT_EXPECT_EQ(test, 1,
				between_count(b, RPMB_GET_WRITE_COUNTER));
		KUNIT_EXPECT_EQ(test, len / 8 + len % 8 / 2 + len % 2,
				between_count(b, RPMB_WRITE_DATA));
		keyed_expect_data(b, 5, len, data);
		KUNIT_EXPECT_EQ(test, DIV_ROUND_UP(len, 16),
				between_count(b, RPMB_READ_DATA));
	}
}

/* As UFS and NVMe have it: any number up to some */
static void keyed_limit_any(struct rpmb_descr *descr)
{
	descr->write_sizes = BIT(0);
	descr->max_write = 5;
}

static void keyed_any_size_test(struct kunit *test)
{
	struct between *b = keyed_with(test, keyed_limit_any);
	u8 *data = keyed_data(test, 12, 1);

	KUNIT_EXPECT_EQ(test, 0, rpmb_write_blocks(b->rdev, b->key, 0, 12, data,
						   NULL, NULL));
	KUNIT_EXPECT_EQ(test, 3, between_count(b, RPMB_WRITE_DATA));
	keyed_expect_data(b, 0, 12, data);
}

/* An address of JEDEC's has 16 bits, however large the device is */
static void keyed_limit_huge(struct rpmb_descr *descr)
{
	descr->capacity = 256;
}

static void keyed_huge_test(struct kunit *test)
{
	struct between *b = keyed_with(test, keyed_limit_huge);

	KUNIT_EXPECT_EQ(test, 65536, rpmb_get_capacity(b->rdev, NULL));
	b->nr = 0;
	KUNIT_EXPECT_EQ(test, -ERANGE,
			rpmb_read_blocks(b->rdev, b->key, 65536, 1,
					 keyed_data(test, 1, 1)));
	KUNIT_EXPECT_EQ(test, 0, b->nr);
}

static void keyed_range_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	u8 *data = keyed_data(test, 2, 1);
	u32 end = rpmb_get_capacity(b->rdev, NULL);
	struct rpmb_outcome outcome = { 7, 7 };

	KUNIT_EXPECT_EQ(test, -EINVAL,
			rpmb_read_blocks(b->rdev, b->key, 0, 0, data));
	KUNIT_EXPECT_EQ(test, -ERANGE,
			rpmb_read_blocks(b->rdev, b->key, end - 1, 2, data));
	KUNIT_EXPECT_EQ(test, -ERANGE,
			rpmb_read_blocks(b->rdev, b->key, U32_MAX, 2, data));
	KUNIT_EXPECT_EQ(test, -ERANGE,
			rpmb_write_blocks(b->rdev, b->key, end, 1, data, NULL,
					  &outcome));
	KUNIT_EXPECT_EQ(test, 0, outcome.stored);
	KUNIT_EXPECT_EQ(test, 0, outcome.unknown);
	KUNIT_EXPECT_EQ(test, 0, between_count(b, RPMB_READ_DATA));
	KUNIT_EXPECT_EQ(test, 0, between_count(b, RPMB_WRITE_DATA));
	KUNIT_EXPECT_EQ(test, 0,
			rpmb_write_blocks(b->rdev, b->key, end - 2, 2, data,
					  NULL, NULL));
	keyed_expect_data(b, end - 2, 2, data);
}

/* A path that carries less than the device takes, and how it says so */
static int keyed_narrow_error;

static int keyed_narrow(struct between *b, struct rpmb_xfer *xfers,
			unsigned int nr)
{
	return b->blocks > 3 ? keyed_narrow_error : 0;
}

static void keyed_expect_narrow(struct between *b, int error, u8 value)
{
	u8 *data = keyed_data(b->test, KEYED_BLOCKS, value);
	u8 *found = keyed_data(b->test, KEYED_BLOCKS, 0xee);

	keyed_narrow_error = error;
	b->before = keyed_narrow;
	KUNIT_EXPECT_EQ(b->test, 0,
			rpmb_write_blocks(b->rdev, b->key, 0, KEYED_BLOCKS,
					  data, NULL, NULL));
	KUNIT_EXPECT_EQ(b->test, 0, rpmb_read_blocks(b->rdev, b->key, 0,
						     KEYED_BLOCKS, found));
	KUNIT_EXPECT_MEMEQ(b->test, found, data, keyed_len(b, KEYED_BLOCKS));
}

static void keyed_narrow_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);

	keyed_expect_narrow(b, -EMSGSIZE, 9);
	keyed_expect_narrow(b, -ENOMEM, 10);
	keyed_expect_counter(b, KEYED_BLOCKS);
}

/* What may have reached the device is not sent again with less */
static int keyed_fail_begun(struct between *b, struct rpmb_xfer *xfers,
			    unsigned int nr)
{
	if (b->type != RPMB_WRITE_DATA)
		return 0;
	xfers[0].started = true;
	return -ENOMEM;
}

/* What did not, need not be looked for */
static int keyed_fail_not_begun(struct between *b, struct rpmb_xfer *xfers,
				unsigned int nr)
{
	return b->type == RPMB_WRITE_DATA ? -EIO : 0;
}

static void keyed_begun_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	u8 *data = keyed_data(test, 8, 1);
	struct rpmb_outcome outcome;
	u32 expected = 0;

	b->before = keyed_fail_begun;
	KUNIT_EXPECT_EQ(test, -EIO,
			rpmb_write_blocks(b->rdev, b->key, 0, 8, data,
					  &expected, &outcome));
	KUNIT_EXPECT_EQ(test, 1, between_count(b, RPMB_WRITE_DATA));
	KUNIT_EXPECT_EQ(test, 1, between_count(b, RPMB_READ_DATA));
	KUNIT_EXPECT_EQ(test, 0, outcome.stored);
	KUNIT_EXPECT_EQ(test, 0, outcome.unknown);
	b->nr = 0;
	b->before = keyed_fail_not_begun;
	KUNIT_EXPECT_EQ(test, -EIO,
			rpmb_write_blocks(b->rdev, b->key, 0, 8, data,
					  &expected, &outcome));
	KUNIT_EXPECT_EQ(test, 0, outcome.stored);
	KUNIT_EXPECT_EQ(test, 0, outcome.unknown);
	KUNIT_EXPECT_EQ(test, 1, b->nr);
}

/**
 * struct keyed_forgery - one thing that is wrong with a response
 * @name: what
 * @want: what it is to be taken for when it is signed anew; without a mismatch the
 *	response is none to this request, whoever signed it
 * @forge: do it to the fields; NULL if it is the MAC itself
 * @in: types of requests whose response is judged by it. Under the old MAC all are
 */
struct keyed_forgery {
	const char *name;
	enum rpmb_mismatch want;
	void (*forge)(struct rpmb_fields *fields);
	u32 in;
};

static void keyed_forge_nonce(struct rpmb_fields *fields)
{
	fields->nonce[RPMB_NONCE_SIZE - 1] ^= 1;
}

static void keyed_forge_addr(struct rpmb_fields *fields)
{
	fields->addr ^= 1;
}

static void keyed_forge_count(struct rpmb_fields *fields)
{
	fields->count++;
}

static void keyed_forge_counter(struct rpmb_fields *fields)
{
	fields->counter++;
}

static void keyed_forge_target(struct rpmb_fields *fields)
{
	fields->target ^= 1;
}

/* The answer to the next type of request */
static void keyed_forge_type(struct rpmb_fields *fields)
{
	fields->type += 1 << 8;
}

#define KEYED_NONCE (BIT(RPMB_GET_WRITE_COUNTER) | BIT(RPMB_READ_DATA))
#define KEYED_ALL (KEYED_NONCE | BIT(RPMB_WRITE_DATA))

static const struct keyed_forgery keyed_forgeries[] = {
	{ "nonce", RPMB_MISMATCH_NONCE, keyed_forge_nonce, KEYED_NONCE },
	{ "address", RPMB_MISMATCH_ADDRESS, keyed_forge_addr,
	  BIT(RPMB_READ_DATA) | BIT(RPMB_WRITE_DATA) },
	{ "count", RPMB_MISMATCH_COUNT, keyed_forge_count,
	  BIT(RPMB_READ_DATA) },
	{ "counter", RPMB_MISMATCH_COUNTER, keyed_forge_counter,
	  BIT(RPMB_WRITE_DATA) },
	{ "target", RPMB_MISMATCH_TARGET, keyed_forge_target, KEYED_ALL },
	{ "type", RPMB_MISMATCH_NONE, keyed_forge_type, KEYED_ALL },
	{ "MAC", RPMB_MISMATCH_MAC },
};

/* What is done to the response; signed anew, only the field gives it away */
static const struct keyed_forgery *keyed_forgery;
static u16 keyed_forged_type;
static bool keyed_resign;

static void keyed_sign(struct between *b, struct rpmb_xfer *recv)
{
	u8 raw[RPMB_KEY_SIZE];
	struct rpmb_hmac *hmac;

	KUNIT_ASSERT_EQ(b->test, 0, rpmb_key_read(b->key, raw));
	hmac = rpmb_hmac_alloc(raw);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(b->test, hmac);
	rpmb_frames_mac(b->format, recv->buf, recv->len, hmac,
			rpmb_frames_key_mac(b->format, recv->buf, recv->len));
	rpmb_hmac_free(hmac);
}

static int keyed_flip_mac(struct between *b, struct rpmb_xfer *xfers,
			  unsigned int nr)
{
	struct rpmb_xfer *recv = between_recv(xfers, nr);

	rpmb_frames_key_mac(b->format, recv->buf, recv->len)[31] ^= 1;
	return 0;
}

static int keyed_forge(struct between *b, struct rpmb_xfer *xfers,
		       unsigned int nr)
{
	struct rpmb_xfer *recv = between_recv(xfers, nr);
	struct rpmb_fields fields;

	if (b->type != keyed_forged_type)
		return 0;
	if (!keyed_forgery->forge)
		return keyed_flip_mac(b, xfers, nr);
	rpmb_frames_get_last(b->format, recv->buf, recv->len, &fields);
	keyed_forgery->forge(&fields);
	rpmb_frames_set(b->format, recv->buf, recv->len, &fields);
	if (keyed_resign)
		keyed_sign(b, recv);
	return 0;
}

/* One request of a type; what was found wrong with the answer */
static int keyed_do(struct between *b, u16 type, struct rpmb_keyed *k)
{
	struct kvec vec = { .iov_base = keyed_data(b->test, 2, 3) };
	struct iov_iter iter;
	int ret;

	*k = (struct rpmb_keyed) {
		.rdev = b->rdev,
		.key = b->key,
		.addr = 4,
		.count = 2,
	};
	vec.iov_len = keyed_len(b, 2);
	iov_iter_kvec(&iter, type == RPMB_READ_DATA ? ITER_DEST : ITER_SOURCE,
		      &vec, 1, vec.iov_len);
	KUNIT_ASSERT_EQ(b->test, 0, rpmb_keyed_begin(k));
	ret = type == RPMB_GET_WRITE_COUNTER ? rpmb_keyed_get_counter(k) :
	      type == RPMB_READ_DATA ? rpmb_keyed_read(k, &iter) :
				       rpmb_keyed_write(k, &iter);
	rpmb_hmac_free(k->hmac);
	return ret;
}

static u32 keyed_counter(struct between *b)
{
	u32 counter;

	KUNIT_ASSERT_EQ(b->test, 0, rpmb_get_write_count(b->rdev, b->key,
							 &counter));
	return counter;
}

/* Every field, one at a time: under the old MAC, and rightly signed */
static void keyed_forge_one(struct between *b, u16 type,
			    const struct keyed_forgery *forgery, bool resign)
{
	enum rpmb_mismatch want = forgery->want;
	struct rpmb_keyed k;
	u32 counter = keyed_counter(b);
	int ret;

	if (want && !resign)
		want = RPMB_MISMATCH_MAC;
	keyed_forgery = forgery;
	keyed_forged_type = type;
	keyed_resign = resign;
	b->after = keyed_forge;
	ret = keyed_do(b, type, &k);
	b->after = NULL;
	KUNIT_EXPECT_EQ_MSG(b->test, want ? -EBADMSG : -EPROTO, ret, "%s of %u",
			    forgery->name, type);
	KUNIT_EXPECT_EQ_MSG(b->test, want, k.mismatch, "%s of %u",
			    forgery->name, type);
	/* The write was done, and that was found out */
	KUNIT_EXPECT_EQ(b->test, type == RPMB_WRITE_DATA ? 2 : 0, k.done);
	KUNIT_EXPECT_EQ(b->test, 0, k.unknown);
	if (type != RPMB_WRITE_DATA)
		KUNIT_EXPECT_EQ(b->test, counter, keyed_counter(b));
}

static void keyed_forgery_test(struct kunit *test)
{
	static const u16 types[] = { RPMB_GET_WRITE_COUNTER, RPMB_READ_DATA,
				     RPMB_WRITE_DATA };
	struct between *b = keyed_ready(test);

	for (unsigned int i = 0; i < ARRAY_SIZE(keyed_forgeries); i++)
		for (unsigned int j = 0; j < ARRAY_SIZE(types); j++) {
			const struct keyed_forgery *f = &keyed_forgeries[i];

			/* JEDEC's frames have no target */
			if (f->want == RPMB_MISMATCH_TARGET &&
			    b->format == RPMB_FRAME_JEDEC)
				continue;
			b->nr = 0;
			keyed_forge_one(b, types[j], f, false);
			if (f->in & BIT(types[j]))
				keyed_forge_one(b, types[j], f, true);
		}
}

static int keyed_flip_data(struct between *b, struct rpmb_xfer *xfers,
			   unsigned int nr)
{
	struct rpmb_xfer *recv = between_recv(xfers, nr);

	if (b->type == RPMB_READ_DATA)
		((u8 *)rpmb_frames_data(b->format, recv->buf, 1))[255] ^= 0x80;
	return 0;
}

static int keyed_mixed_frames(struct between *b, struct rpmb_xfer *xfers,
			      unsigned int nr)
{
	struct rpmb_frame *frame = between_recv(xfers, nr)->buf;

	if (b->type == RPMB_READ_DATA && b->format == RPMB_FRAME_JEDEC)
		frame[0].addr ^= cpu_to_be16(1);
	return 0;
}

static void keyed_tamper_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	struct rpmb_keyed k;

	b->after = keyed_flip_data;
	KUNIT_EXPECT_EQ(test, -EBADMSG, keyed_do(b, RPMB_READ_DATA, &k));
	KUNIT_EXPECT_EQ(test, RPMB_MISMATCH_MAC, k.mismatch);
	if (b->format == RPMB_FRAME_NVME)
		return;
	b->after = keyed_mixed_frames;
	KUNIT_EXPECT_EQ(test, -EBADMSG, keyed_do(b, RPMB_READ_DATA, &k));
	KUNIT_EXPECT_EQ(test, RPMB_MISMATCH_FRAMES, k.mismatch);
}

/* What a device refuses a write with, and what that is called */
static u16 keyed_said;

static int keyed_say(struct between *b, struct rpmb_xfer *xfers,
		     unsigned int nr)
{
	struct rpmb_xfer *recv = between_recv(xfers, nr);
	struct rpmb_fields fields;

	if (b->type != keyed_forged_type)
		return 0;
	rpmb_frames_get_last(b->format, recv->buf, recv->len, &fields);
	fields.result = keyed_said;
	rpmb_frames_set(b->format, recv->buf, recv->len, &fields);
	return 0;
}

static void keyed_expect_said(struct between *b, u16 type, u16 said, int want)
{
	struct rpmb_keyed k;

	keyed_forged_type = type;
	keyed_said = said;
	b->after = keyed_say;
	KUNIT_EXPECT_EQ_MSG(b->test, want, keyed_do(b, type, &k), "%x of %u",
			    said, type);
	KUNIT_EXPECT_EQ(b->test, said, k.result);
	b->after = NULL;
}

static void keyed_result_test(struct kunit *test)
{
	static const struct {
		u16 said;
		int want;
	} results[] = {
		{ RPMB_RES_GENERAL, -EREMOTEIO },
		{ RPMB_RES_AUTH, -EKEYREJECTED },
		{ RPMB_RES_COUNTER, -ESTALE },
		{ RPMB_RES_ADDRESS, -ERANGE },
		{ RPMB_RES_WRITE, -EREMOTEIO },
		{ RPMB_RES_READ, -EREMOTEIO },
		{ RPMB_RES_NO_KEY, -ENOKEY },
		{ 0x7f, -EREMOTEIO },
	};
	struct between *b = keyed_ready(test);
	u16 expired = RPMB_RES_EXPIRED;

	for (unsigned int i = 0; i < ARRAY_SIZE(results); i++) {
		u16 said = results[i].said;
		bool end = said == RPMB_RES_WRITE;

		keyed_expect_said(b, RPMB_WRITE_DATA, said, results[i].want);
		keyed_expect_said(b, RPMB_READ_DATA, said, results[i].want);
		/* That the counter is at its end is why a write fails */
		keyed_expect_said(b, RPMB_WRITE_DATA, said | expired,
				  end ? -EOVERFLOW : results[i].want);
		keyed_expect_said(b, RPMB_READ_DATA, said | expired,
				  results[i].want);
		b->nr = 0;
	}
}

/* Before ours gets there somebody else writes, so that it is refused */
static int keyed_refuse(struct between *b, struct rpmb_xfer *xfers,
			unsigned int nr)
{
	if (b->type == RPMB_WRITE_DATA)
		between_write(b, 100, 0xcc);
	return 0;
}

/* The device has refused it, and somebody says that it has not */
static void keyed_expect_refused(struct between *b, u16 type)
{
	struct rpmb_keyed k;

	keyed_forged_type = type;
	keyed_said = RPMB_RES_OK;
	b->after = keyed_say;
	KUNIT_EXPECT_EQ_MSG(b->test, -EBADMSG, keyed_do(b, type, &k), "%u",
			    type);
	KUNIT_EXPECT_EQ(b->test, RPMB_MISMATCH_MAC, k.mismatch);
	KUNIT_EXPECT_EQ(b->test, 0, k.done);
	KUNIT_EXPECT_EQ(b->test, 0, k.unknown);
}

static void keyed_refused_test(struct kunit *test)
{
	struct between *b = keyed_new(test);

	/* Without a key */
	keyed_expect_refused(b, RPMB_GET_WRITE_COUNTER);
	keyed_expect_refused(b, RPMB_READ_DATA);
	b->after = NULL;
	KUNIT_ASSERT_EQ(test, 0, rpmb_program_key(b->rdev, b->key));
	b->before = keyed_refuse;
	keyed_expect_refused(b, RPMB_WRITE_DATA);
	keyed_expect_counter(b, 1);
}

/* Nonces are new ones in all their bytes, and what is in no field is 0 */
static u8 keyed_nonces[2][RPMB_NONCE_SIZE];

static int keyed_note_nonce(struct between *b, struct rpmb_xfer *xfers,
			    unsigned int nr)
{
	const struct rpmb_frame *jedec = xfers[0].buf;
	struct rpmb_fields fields;

	rpmb_frames_get_last(b->format, xfers[0].buf, xfers[0].len, &fields);
	memcpy(keyed_nonces[(b->nr - 1) % 2], fields.nonce, RPMB_NONCE_SIZE);
	if (b->format == RPMB_FRAME_JEDEC) {
		KUNIT_EXPECT_NULL(b->test, memchr_inv(jedec->stuff, 0,
						      sizeof(jedec->stuff)));
		KUNIT_EXPECT_NULL(b->test, memchr_inv(jedec->data, 0,
						      sizeof(jedec->data)));
	}
	KUNIT_EXPECT_EQ(b->test, 0, fields.counter);
	return 0;
}

static void keyed_nonce_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	unsigned int half = RPMB_NONCE_SIZE / 2;

	b->before = keyed_note_nonce;
	for (unsigned int i = 0; i < 20; i++) {
		b->nr = i;
		keyed_counter(b);
	}
	KUNIT_EXPECT_MEMNEQ(test, keyed_nonces[0], keyed_nonces[1], half);
	KUNIT_EXPECT_MEMNEQ(test, keyed_nonces[0] + half,
			    keyed_nonces[1] + half, half);
}

/* A last frame of no type that there is; NVMe has no other frame */
static int keyed_no_type(struct between *b, struct rpmb_xfer *xfers,
			 unsigned int nr)
{
	struct rpmb_xfer *recv = between_recv(xfers, nr);
	struct rpmb_nvme_frame *nvme = recv->buf;
	struct rpmb_frame *jedec = recv->buf;

	if (b->type != RPMB_READ_DATA)
		return 0;
	if (b->format == RPMB_FRAME_NVME)
		nvme->req_resp = cpu_to_le16(0xff00);
	else
		jedec[1].req_resp = cpu_to_be16(0xff00);
	return 0;
}

static void keyed_no_type_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	bool nvme = b->format == RPMB_FRAME_NVME;
	struct rpmb_keyed k;

	b->after = keyed_no_type;
	KUNIT_EXPECT_EQ(test, nvme ? -EPROTO : -EBADMSG,
			keyed_do(b, RPMB_READ_DATA, &k));
	KUNIT_EXPECT_EQ(test, nvme ? RPMB_MISMATCH_NONE : RPMB_MISMATCH_FRAMES,
			k.mismatch);
}

/* An answer of the device's own, but of another time */
static u8 keyed_recorded[2 * 512 + 256];
static bool keyed_recording;

static int keyed_replay(struct between *b, struct rpmb_xfer *xfers,
			unsigned int nr)
{
	struct rpmb_xfer *recv = between_recv(xfers, nr);

	if (b->type != RPMB_READ_DATA)
		return 0;
	KUNIT_ASSERT_LE(b->test, recv->len, sizeof(keyed_recorded));
	if (keyed_recording)
		memcpy(keyed_recorded, recv->buf, recv->len);
	else
		memcpy(recv->buf, keyed_recorded, recv->len);
	return 0;
}

static void keyed_replay_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	struct rpmb_keyed k;

	b->after = keyed_replay;
	keyed_recording = true;
	KUNIT_EXPECT_EQ(test, 0, keyed_do(b, RPMB_READ_DATA, &k));
	keyed_recording = false;
	KUNIT_EXPECT_EQ(test, -EBADMSG, keyed_do(b, RPMB_READ_DATA, &k));
	KUNIT_EXPECT_EQ(test, RPMB_MISMATCH_NONCE, k.mismatch);
}

/* What happens to the second write, and to what is read after it */
static unsigned int keyed_lost_writes;
static bool keyed_lose_all;

static int keyed_lose_before(struct between *b, struct rpmb_xfer *xfers,
			     unsigned int nr)
{
	if (b->type != RPMB_WRITE_DATA ||
	    between_count(b, RPMB_WRITE_DATA) != 2)
		return 0;
	xfers[0].started = true;
	return -ETIMEDOUT;
}

static int keyed_lose_after(struct between *b, struct rpmb_xfer *xfers,
			    unsigned int nr)
{
	if (b->type == RPMB_WRITE_DATA && between_count(b, b->type) == 2) {
		keyed_lost_writes++;
		return -ETIMEDOUT;
	}
	return keyed_lose_all && keyed_lost_writes ? -EIO : 0;
}

static int keyed_write_three(struct between *b, const u8 *data,
			     struct rpmb_outcome *outcome)
{
	u32 expected = 0;
	int ret = rpmb_write_blocks(b->rdev, b->key, 0, 24, data, &expected,
				    outcome);

	/* Whatever happened, it is never sent again */
	KUNIT_EXPECT_EQ(b->test, 2, between_count(b, RPMB_WRITE_DATA));
	return ret;
}

static void keyed_lost_before_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	u8 *data = keyed_data(test, 24, 1);
	struct rpmb_outcome outcome;

	b->before = keyed_lose_before;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, keyed_write_three(b, data, &outcome));
	KUNIT_EXPECT_EQ(test, 8, outcome.stored);
	KUNIT_EXPECT_EQ(test, 0, outcome.unknown);
	keyed_expect_counter(b, 1);
}

static void keyed_lost_after_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	u8 *data = keyed_data(test, 24, 1);
	struct rpmb_outcome outcome;

	keyed_lost_writes = 0;
	keyed_lose_all = false;
	b->after = keyed_lose_after;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, keyed_write_three(b, data, &outcome));
	KUNIT_EXPECT_EQ(test, 16, outcome.stored);
	KUNIT_EXPECT_EQ(test, 0, outcome.unknown);
	keyed_expect_data(b, 0, 16, data);
	keyed_expect_counter(b, 2);
}

/* What is read back takes more requests than the write has taken */
static void keyed_limit_reads(struct rpmb_descr *descr)
{
	keyed_limit(descr);
	descr->max_read = 3;
}

static int keyed_narrow_reads(struct between *b, struct rpmb_xfer *xfers,
			      unsigned int nr)
{
	return b->type == RPMB_READ_DATA && b->blocks > 2 ? -EMSGSIZE : 0;
}

static void keyed_small_reads_test(struct kunit *test)
{
	struct between *b = keyed_with(test, keyed_limit_reads);
	u8 *data = keyed_data(test, 24, 1);
	struct rpmb_outcome outcome;

	keyed_lost_writes = 0;
	keyed_lose_all = false;
	b->after = keyed_lose_after;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, keyed_write_three(b, data, &outcome));
	KUNIT_EXPECT_EQ(test, 16, outcome.stored);
	KUNIT_EXPECT_EQ(test, 0, outcome.unknown);
	KUNIT_EXPECT_EQ(test, 3, between_count(b, RPMB_READ_DATA));
}

static void keyed_narrow_reads_test(struct kunit *test)
{
	struct between *b = keyed_with(test, keyed_limit_reads);
	u8 *data = keyed_data(test, 24, 1);
	struct rpmb_outcome outcome;

	keyed_lost_writes = 0;
	keyed_lose_all = false;
	b->before = keyed_narrow_reads;
	b->after = keyed_lose_after;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, keyed_write_three(b, data, &outcome));
	KUNIT_EXPECT_EQ(test, 16, outcome.stored);
	KUNIT_EXPECT_EQ(test, 0, outcome.unknown);
}

static void keyed_unknown_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	u8 *data = keyed_data(test, 24, 1);
	struct rpmb_outcome outcome;

	keyed_lost_writes = 0;
	keyed_lose_all = true;
	b->after = keyed_lose_after;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, keyed_write_three(b, data, &outcome));
	KUNIT_EXPECT_EQ(test, 8, outcome.stored);
	KUNIT_EXPECT_EQ(test, 8, outcome.unknown);
}

/* Somebody else writes: before ours gets there, or, besides, while it is read back */
static unsigned int keyed_others, keyed_others_later;

static int keyed_other_writes(struct between *b, struct rpmb_xfer *xfers,
			      unsigned int nr)
{
	if (b->type == RPMB_WRITE_DATA)
		for (unsigned int i = 0; i < keyed_others; i++)
			between_write(b, 0, 0xdd);
	if (b->type == RPMB_READ_DATA && keyed_others_later) {
		keyed_others_later--;
		between_write(b, 100, 0xcc);
	}
	return 0;
}

static int keyed_write_beside(struct between *b, unsigned int others,
			      unsigned int later, struct rpmb_outcome *outcome)
{
	u8 *data = keyed_data(b->test, 1, 1);

	keyed_others = others;
	keyed_others_later = later;
	b->nr = 0;
	b->before = keyed_other_writes;
	return rpmb_write_blocks(b->rdev, b->key, 0, 1, data, NULL, outcome);
}

static void keyed_other_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	struct rpmb_outcome outcome;

	/* One step with other data: ours was refused */
	KUNIT_EXPECT_EQ(test, -ESTALE, keyed_write_beside(b, 1, 0, &outcome));
	KUNIT_EXPECT_EQ(test, 0, outcome.stored);
	KUNIT_EXPECT_EQ(test, 0, outcome.unknown);
	/* Several: ours may have been one of them */
	KUNIT_EXPECT_EQ(test, -ESTALE, keyed_write_beside(b, 2, 0, &outcome));
	KUNIT_EXPECT_EQ(test, 0, outcome.stored);
	KUNIT_EXPECT_EQ(test, 1, outcome.unknown);
	/* The counter moves while it is read back: that is done again */
	KUNIT_EXPECT_EQ(test, -ESTALE, keyed_write_beside(b, 1, 1, &outcome));
	KUNIT_EXPECT_EQ(test, 0, outcome.stored);
	KUNIT_EXPECT_EQ(test, 1, outcome.unknown);
	KUNIT_EXPECT_EQ(test, 2, between_count(b, RPMB_READ_DATA));
	/* But not for ever */
	KUNIT_EXPECT_EQ(test, -ESTALE, keyed_write_beside(b, 1, 99, &outcome));
	KUNIT_EXPECT_EQ(test, 1, outcome.unknown);
	KUNIT_EXPECT_LT(test, between_count(b, RPMB_READ_DATA), 10);
}

/* Of what was refused the end is there already, but not the beginning */
static void keyed_half_same_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	u8 *data = keyed_data(test, 2, 1);
	struct rpmb_outcome outcome;

	KUNIT_ASSERT_EQ(test, 0, rpmb_write_blocks(b->rdev, b->key, 0, 2, data,
						   NULL, NULL));
	keyed_others = 1;
	keyed_others_later = 0;
	b->before = keyed_other_writes;
	KUNIT_EXPECT_EQ(test, -ESTALE,
			rpmb_write_blocks(b->rdev, b->key, 0, 2, data, NULL,
					  &outcome));
	KUNIT_EXPECT_EQ(test, 0, outcome.stored);
	KUNIT_EXPECT_EQ(test, 0, outcome.unknown);
}

static void keyed_expected_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	u8 *data = keyed_data(test, 17, 1), *other = keyed_data(test, 17, 2);
	struct rpmb_outcome outcome;
	u32 expected = 0;

	KUNIT_EXPECT_EQ(test, 0,
			rpmb_write_blocks(b->rdev, b->key, 0, 17, data,
					  &expected, &outcome));
	KUNIT_EXPECT_EQ(test, 3, expected);
	KUNIT_EXPECT_EQ(test, 0, between_count(b, RPMB_GET_WRITE_COUNTER));

	/* It is signed for no other, and the caller learns what it is */
	between_write(b, 50, 0xaa);
	KUNIT_EXPECT_EQ(test, -ESTALE,
			rpmb_write_blocks(b->rdev, b->key, 0, 17, other,
					  &expected, &outcome));
	KUNIT_EXPECT_EQ(test, 0, outcome.stored);
	KUNIT_EXPECT_EQ(test, 0, outcome.unknown);
	KUNIT_EXPECT_EQ(test, 4, expected);
	keyed_expect_data(b, 0, 17, data);

	/* One that the device does not have yet: it cannot be stored */
	expected = 9;
	KUNIT_EXPECT_EQ(test, -ESTALE,
			rpmb_write_blocks(b->rdev, b->key, 0, 8, data,
					  &expected, &outcome));
	KUNIT_EXPECT_EQ(test, 0, outcome.stored);
	KUNIT_EXPECT_EQ(test, 0, outcome.unknown);
	KUNIT_EXPECT_EQ(test, 4, expected);
}

static void keyed_end_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	u8 *data = keyed_data(test, 2, 1);
	struct rpmb_outcome outcome;
	struct rpmb_keyed k;

	KUNIT_ASSERT_EQ(test, 0, rpmb_simulated_store(b->sim, "write_counter",
						      "4294967294"));
	/* The last write: the device says that it has expired, and it is stored */
	KUNIT_EXPECT_EQ(test, -EOVERFLOW,
			rpmb_write_blocks(b->rdev, b->key, 0, 1, data, NULL,
					  &outcome));
	KUNIT_EXPECT_EQ(test, 1, outcome.stored);
	b->nr = 0;
	KUNIT_EXPECT_EQ(test, -EOVERFLOW,
			rpmb_write_blocks(b->rdev, b->key, 0, 1, data, NULL,
					  &outcome));
	KUNIT_EXPECT_EQ(test, 0, outcome.stored);
	KUNIT_EXPECT_EQ(test, 0, between_count(b, RPMB_WRITE_DATA));
	keyed_expect_data(b, 0, 1, data);
	KUNIT_EXPECT_EQ(test, -EOVERFLOW, keyed_do(b, RPMB_WRITE_DATA, &k));
	KUNIT_EXPECT_FALSE(test, k.started);
}

static int keyed_lose_key_answer(struct between *b, struct rpmb_xfer *xfers,
				 unsigned int nr)
{
	return b->type == RPMB_PROGRAM_KEY ? -ETIMEDOUT : 0;
}

static void keyed_program_test(struct kunit *test)
{
	static const u8 raw[RPMB_KEY_SIZE] = "another key";
	struct between *b = keyed_new(test);
	struct key *other = between_key(test, &key_type_user, "rpmb:other",
					raw, sizeof(raw));
	u32 counter;

	/* The answer is lost, but the key is in place, which is what counts */
	b->after = keyed_lose_key_answer;
	KUNIT_EXPECT_EQ(test, 0, rpmb_program_key(b->rdev, b->key));
	KUNIT_EXPECT_EQ(test, 1, between_count(b, RPMB_PROGRAM_KEY));
	b->after = NULL;
	keyed_expect_counter(b, 0);
	/* There is one already */
	KUNIT_EXPECT_EQ(test, -EREMOTEIO, rpmb_program_key(b->rdev, b->key));
	b->after = keyed_lose_key_answer;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, rpmb_program_key(b->rdev, other));
	b->after = NULL;
	KUNIT_EXPECT_EQ(test, -EBADMSG,
			rpmb_get_write_count(b->rdev, other, &counter));
	KUNIT_EXPECT_EQ(test, -EKEYREJECTED,
			rpmb_write_blocks(b->rdev, other, 0, 1, raw,
					  &(u32){ 0 }, NULL));
	keyed_expect_counter(b, 0);
}

/* Programmed; what was found out of that */
static int keyed_program(struct between *b, struct rpmb_keyed *k)
{
	int ret;

	*k = (struct rpmb_keyed) { .rdev = b->rdev, .key = b->key };
	ret = rpmb_keyed_program_key(k);
	rpmb_hmac_free(k->hmac);
	return ret;
}

/* A device need not sign its answer to a key */
static int keyed_unsigned_answer(struct between *b, struct rpmb_xfer *xfers,
				 unsigned int nr)
{
	return b->type == RPMB_PROGRAM_KEY ? keyed_flip_mac(b, xfers, nr) : 0;
}

static void keyed_program_counter_test(struct kunit *test)
{
	struct between *b = keyed_new(test);
	struct rpmb_keyed k;

	KUNIT_ASSERT_EQ(test, 0, rpmb_simulated_store(b->sim, "write_counter",
						      "5"));
	b->after = keyed_unsigned_answer;
	KUNIT_EXPECT_EQ(test, 0, keyed_program(b, &k));
	KUNIT_EXPECT_EQ(test, 5, k.counter);
	KUNIT_EXPECT_EQ(test, RPMB_MISMATCH_NONE, k.mismatch);
}

/* It said that the key is in place, but what it says next does not show it */
static void keyed_program_unseen_test(struct kunit *test)
{
	struct between *b = keyed_new(test);
	struct rpmb_keyed k;

	keyed_forged_type = RPMB_GET_WRITE_COUNTER;
	keyed_said = RPMB_RES_NO_KEY;
	b->after = keyed_say;
	KUNIT_EXPECT_EQ(test, -ENOKEY, keyed_program(b, &k));
	KUNIT_EXPECT_EQ(test, RPMB_RES_NO_KEY, k.result);
}

static void keyed_program_forged_test(struct kunit *test)
{
	struct between *b = keyed_new(test);
	struct rpmb_keyed k;

	b->after = keyed_flip_mac;
	KUNIT_EXPECT_EQ(test, -EBADMSG, keyed_program(b, &k));
	KUNIT_EXPECT_EQ(test, RPMB_MISMATCH_MAC, k.mismatch);
}

/* The key was sent, so no error may say that nothing happened */
static void keyed_limit_blind(struct rpmb_descr *descr)
{
	descr->request_types = BIT(RPMB_PROGRAM_KEY);
}

static void keyed_program_blind_test(struct kunit *test)
{
	struct between *b = keyed_new_with(test, keyed_limit_blind);
	struct rpmb_keyed k;

	KUNIT_EXPECT_EQ(test, -EIO, keyed_program(b, &k));
	KUNIT_EXPECT_TRUE(test, k.started);
}

/* Where the key is that is sent; it goes no further, or others would use the memory */
static const u8 *keyed_sent;

static int keyed_stop_key(struct between *b, struct rpmb_xfer *xfers,
			  unsigned int nr)
{
	u8 raw[RPMB_KEY_SIZE];

	keyed_sent = rpmb_frames_key_mac(b->format, xfers[0].buf,
					 xfers[0].len);
	KUNIT_ASSERT_EQ(b->test, 0, rpmb_key_read(b->key, raw));
	KUNIT_EXPECT_MEMEQ(b->test, keyed_sent, raw, RPMB_KEY_SIZE);
	return -EIO;
}

/* A key is in no memory that somebody else may get */
static void keyed_program_wiped_test(struct kunit *test)
{
	struct between *b = keyed_new(test);
	unsigned int half = RPMB_KEY_SIZE / 2;
	u8 raw[RPMB_KEY_SIZE];

	if (IS_ENABLED(CONFIG_KASAN))
		kunit_skip(test, "looks at memory that was freed");
	KUNIT_ASSERT_EQ(test, 0, rpmb_key_read(b->key, raw));
	b->before = keyed_stop_key;
	KUNIT_EXPECT_EQ(test, -EIO, rpmb_program_key(b->rdev, b->key));
	KUNIT_ASSERT_EQ(test, 1, b->nr);
	KUNIT_EXPECT_MEMNEQ(test, keyed_sent, raw, half);
	KUNIT_EXPECT_MEMNEQ(test, keyed_sent + half, raw + half, half);
}

static int keyed_try(struct between *b, struct key *key)
{
	u32 counter;

	return rpmb_get_write_count(b->rdev, key, &counter);
}

static void keyed_key_test(struct kunit *test)
{
	struct between *b = between_new(test, "emmc", NULL);
	static const u8 raw[RPMB_KEY_SIZE + 1] = "32 bytes that no program sees..";
	struct key *key;

	KUNIT_ASSERT_EQ(test, 0, rpmb_program_key(b->rdev, b->key));
	key = between_key(test, &key_type_logon, "rpmb:logon", raw, 32);
	KUNIT_EXPECT_EQ(test, 0, keyed_try(b, key));
	b->nr = 0;
	key = between_key(test, &key_type_user, "dm-crypt:x", raw, 32);
	KUNIT_EXPECT_EQ(test, -EKEYREJECTED, keyed_try(b, key));
	key = between_key(test, &key_type_user, "rpmb", raw, 32);
	KUNIT_EXPECT_EQ(test, -EKEYREJECTED, keyed_try(b, key));
	key = between_key(test, &key_type_user, "rpmb:short", raw, 31);
	KUNIT_EXPECT_EQ(test, -EKEYREJECTED, keyed_try(b, key));
	key = between_key(test, &key_type_user, "rpmb:long", raw, 33);
	KUNIT_EXPECT_EQ(test, -EKEYREJECTED, keyed_try(b, key));
	key = keyring_alloc("rpmb:ring", GLOBAL_ROOT_UID, GLOBAL_ROOT_GID,
			    current_cred(), KEY_POS_ALL, KEY_ALLOC_NOT_IN_QUOTA,
			    NULL, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, key);
	KUNIT_EXPECT_EQ(test, -EKEYREJECTED, keyed_try(b, key));
	key_put(key);
	key = between_key(test, &key_type_user, "rpmb:none", NULL, 0);
	KUNIT_EXPECT_EQ(test, -ENOKEY, keyed_try(b, key));
	key = between_key(test, &key_type_user, "rpmb:old", raw, 32);
	key->expiry = 1;
	KUNIT_EXPECT_EQ(test, -EKEYEXPIRED, keyed_try(b, key));
	key = between_key(test, &key_type_user, "rpmb:revoked", raw, 32);
	key_revoke(key);
	KUNIT_EXPECT_EQ(test, -EKEYREVOKED, keyed_try(b, key));
	KUNIT_EXPECT_EQ(test, -EKEYREVOKED, rpmb_program_key(b->rdev, key));
	KUNIT_EXPECT_EQ(test, 0, b->nr);
}

static int keyed_revoke(struct between *b, struct rpmb_xfer *xfers,
			unsigned int nr)
{
	if ((b->type == RPMB_READ_DATA || b->type == RPMB_WRITE_DATA) &&
	    between_count(b, b->type) == 2)
		key_revoke(b->key);
	return 0;
}

/* What was begun is finished, and nothing else begun */
static void keyed_revoked_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	u8 *data = keyed_data(test, 24, 1);
	struct rpmb_outcome outcome;

	if (keyed_in_batches(test))
		kunit_skip(test, "all of them are begun");
	b->after = keyed_revoke;
	KUNIT_EXPECT_EQ(test, -EKEYREVOKED,
			keyed_write_three(b, data, &outcome));
	KUNIT_EXPECT_EQ(test, 16, outcome.stored);
	KUNIT_EXPECT_EQ(test, 0, outcome.unknown);
}

/* What was the last is not undone by that */
static void keyed_revoked_late_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	u8 *data = keyed_data(test, 16, 1);
	struct rpmb_outcome outcome;

	b->after = keyed_revoke;
	KUNIT_EXPECT_EQ(test, 0, rpmb_write_blocks(b->rdev, b->key, 0, 16, data,
						   NULL, &outcome));
	KUNIT_EXPECT_EQ(test, 16, outcome.stored);
}

/* What comes while a request of a long range is under way, and of which */
static int keyed_signal;
static unsigned int keyed_signalled;

static int keyed_interrupt(struct between *b, struct rpmb_xfer *xfers,
			   unsigned int nr)
{
	if ((b->type == RPMB_READ_DATA || b->type == RPMB_WRITE_DATA) &&
	    between_count(b, b->type) == keyed_signalled)
		send_sig(keyed_signal, current, 0);
	return 0;
}

/* KEYED_BLOCKS are read by 16, or written by 8 */
static int keyed_interrupted(struct between *b, u16 type, bool user,
			     struct rpmb_keyed *k)
{
	bool read = type == RPMB_READ_DATA;
	struct kvec vec = { .iov_base = keyed_data(b->test, KEYED_BLOCKS, 3) };
	struct iov_iter iter;
	int ret;

	*k = (struct rpmb_keyed) {
		.rdev = b->rdev,
		.key = b->key,
		.user = user,
		.count = KEYED_BLOCKS,
	};
	vec.iov_len = keyed_len(b, KEYED_BLOCKS);
	iov_iter_kvec(&iter, read ? ITER_DEST : ITER_SOURCE, &vec, 1,
		      vec.iov_len);
	b->nr = 0;
	allow_signal(keyed_signal);
	KUNIT_ASSERT_EQ(b->test, 0, rpmb_keyed_begin(k));
	ret = read ? rpmb_keyed_read(k, &iter) : rpmb_keyed_write(k, &iter);
	rpmb_hmac_free(k->hmac);
	flush_signals(current);
	disallow_signal(keyed_signal);
	return ret;
}

/* A program can be interrupted between two requests; the kernel's own call cannot */
static void keyed_interrupted_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	struct rpmb_keyed k;

	if (keyed_in_batches(test))
		kunit_skip(test, "all of them go in one turn");
	keyed_signal = SIGUSR1;
	keyed_signalled = 2;
	b->after = keyed_interrupt;
	KUNIT_EXPECT_EQ(test, -EINTR,
			keyed_interrupted(b, RPMB_READ_DATA, true, &k));
	KUNIT_EXPECT_EQ(test, 32, k.done);
	KUNIT_EXPECT_EQ(test, 0,
			keyed_interrupted(b, RPMB_READ_DATA, false, &k));
	KUNIT_EXPECT_EQ(test, KEYED_BLOCKS, k.done);
	/* All is there by then */
	keyed_signalled = 3;
	KUNIT_EXPECT_EQ(test, 0,
			keyed_interrupted(b, RPMB_READ_DATA, true, &k));
	KUNIT_EXPECT_EQ(test, KEYED_BLOCKS, k.done);
}

/* Killed in the middle: what was begun is finished, and it is known how much that is */
static void keyed_killed_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	struct rpmb_keyed k;

	keyed_signal = SIGKILL;
	keyed_signalled = 2;
	b->after = keyed_interrupt;
	KUNIT_EXPECT_EQ(test, -EINTR,
			keyed_interrupted(b, RPMB_WRITE_DATA, true, &k));
	KUNIT_EXPECT_EQ(test, 16, k.done);
	KUNIT_EXPECT_EQ(test, 0, k.unknown);
	KUNIT_EXPECT_EQ(test, 2, k.counter);
	KUNIT_EXPECT_EQ(test, 2, between_count(b, RPMB_WRITE_DATA));
	KUNIT_EXPECT_EQ(test, -EINTR,
			keyed_interrupted(b, RPMB_READ_DATA, true, &k));
	KUNIT_EXPECT_EQ(test, 32, k.done);
	keyed_expect_data(b, 0, 16, keyed_data(test, 16, 3));
	keyed_expect_counter(b, 2);
}

static int keyed_kill_and_lose(struct between *b, struct rpmb_xfer *xfers,
			       unsigned int nr)
{
	keyed_interrupt(b, xfers, nr);
	return b->type == RPMB_WRITE_DATA && between_count(b, b->type) == 2 ?
	       -ETIMEDOUT : 0;
}

/* And if the answer is lost as well, it is still found out what became of it */
static void keyed_killed_lost_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	struct rpmb_keyed k;

	keyed_signal = SIGKILL;
	keyed_signalled = 2;
	b->after = keyed_kill_and_lose;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			keyed_interrupted(b, RPMB_WRITE_DATA, true, &k));
	KUNIT_EXPECT_EQ(test, 16, k.done);
	KUNIT_EXPECT_EQ(test, 0, k.unknown);
	keyed_expect_counter(b, 2);
}

/* Killed in line, behind one whose device does not answer */
static void keyed_killed_in_line_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	struct rpmb_keyed k = {
		.rdev = b->rdev,
		.key = b->key,
		.user = true,
	};

	KUNIT_ASSERT_EQ(test, 0, rpmb_keyed_begin(&k));
	KUNIT_ASSERT_TRUE(test, rpmb_stop_line(b->rdev, HZ));
	allow_signal(SIGKILL);
	send_sig(SIGKILL, current, 0);
	KUNIT_EXPECT_EQ(test, -EINTR, rpmb_keyed_get_counter(&k));
	KUNIT_EXPECT_FALSE(test, k.started);
	KUNIT_EXPECT_EQ(test, 0, b->nr);
	flush_signals(current);
	disallow_signal(SIGKILL);
	rpmb_start_line(b->rdev);
	KUNIT_EXPECT_EQ(test, 0, rpmb_keyed_get_counter(&k));
	rpmb_hmac_free(k.hmac);
}

/* Several requests in one turn, each of them one block */
#define KEYED_BATCHES	(BETWEEN_BATCH * 2 + 5)

static void keyed_limit_one(struct rpmb_descr *descr)
{
	descr->write_sizes = BIT(0);
	descr->max_write = 0;
	descr->max_read = 1;
}

/* A device that takes them so, with nothing written yet */
static struct between *keyed_batches(struct kunit *test, bool ahead)
{
	struct between *b;

	if (!keyed_in_batches(test))
		kunit_skip(test, "one request after the other");
	b = keyed_with(test, keyed_limit_one);
	b->ahead = ahead;
	b->lists = 0;
	return b;
}

static int keyed_write_batches(struct between *b, const u8 *data,
			       struct rpmb_outcome *outcome)
{
	u32 expected = 0;

	return rpmb_write_blocks(b->rdev, b->key, 0, KEYED_BATCHES, data,
				 &expected, outcome);
}

static void keyed_batches_test(struct kunit *test)
{
	struct between *b = keyed_batches(test, false);
	u8 *data = keyed_data(test, KEYED_BATCHES, 1);
	struct rpmb_outcome outcome;

	KUNIT_EXPECT_EQ(test, 0, keyed_write_batches(b, data, &outcome));
	KUNIT_EXPECT_EQ(test, KEYED_BATCHES, outcome.stored);
	KUNIT_EXPECT_EQ(test, KEYED_BATCHES, b->nr);
	KUNIT_EXPECT_EQ(test, 3, b->lists);
	keyed_expect_data(b, 0, KEYED_BATCHES, data);
	KUNIT_EXPECT_EQ(test, 2 * KEYED_BATCHES, b->nr);
	KUNIT_EXPECT_EQ(test, 6, b->lists);
	keyed_expect_counter(b, KEYED_BATCHES);
}

/* A named counter is for one at a time where one behind a refused one could be done */
static void keyed_batches_named_test(struct kunit *test)
{
	struct between *b = keyed_batches(test, true);
	u8 *data = keyed_data(test, KEYED_BATCHES, 1);
	struct rpmb_outcome outcome;

	b->rdev->descr.runs_on = true;
	KUNIT_EXPECT_EQ(test, 0, keyed_write_batches(b, data, &outcome));
	KUNIT_EXPECT_EQ(test, KEYED_BATCHES, outcome.stored);
	KUNIT_EXPECT_EQ(test, KEYED_BATCHES, b->lists);
	keyed_expect_data(b, 0, KEYED_BATCHES, data);
}

/* No two of them may have the same nonce */
static void keyed_batches_nonce_test(struct kunit *test)
{
	struct between *b = keyed_batches(test, false);
	u8 *found = keyed_data(test, 2, 0xee);

	b->before = keyed_note_nonce;
	KUNIT_EXPECT_EQ(test, 0, rpmb_read_blocks(b->rdev, b->key, 0, 2, found));
	KUNIT_EXPECT_EQ(test, 1, b->lists);
	KUNIT_EXPECT_MEMNEQ(test, keyed_nonces[0], keyed_nonces[1],
			    RPMB_NONCE_SIZE);
}

/* All of one turn, and some of the next */
#define KEYED_WRITES	(BETWEEN_BATCH + 3)

/* Which of the writes it happens to, from 1 on */
static unsigned int keyed_at;

static bool keyed_is_at(const struct between *b)
{
	return b->type == RPMB_WRITE_DATA &&
	       between_count(b, b->type) == keyed_at;
}

static int keyed_lose_one(struct between *b, struct rpmb_xfer *xfers,
			  unsigned int nr)
{
	if (!keyed_is_at(b))
		return 0;
	xfers[0].started = true;
	return -ETIMEDOUT;
}

static int keyed_refuse_one(struct between *b, struct rpmb_xfer *xfers,
			    unsigned int nr)
{
	return keyed_is_at(b) ? keyed_refuse(b, xfers, nr) : 0;
}

static int keyed_forge_one_mac(struct between *b, struct rpmb_xfer *xfers,
			       unsigned int nr)
{
	return keyed_is_at(b) ? keyed_flip_mac(b, xfers, nr) : 0;
}

/* How far something got: to the one before, to that itself, or to the end of its turn */
enum keyed_extent {
	KEYED_BEFORE,
	KEYED_SELF,
	KEYED_TURN,
};

static u32 keyed_extent(enum keyed_extent extent)
{
	switch (extent) {
	case KEYED_BEFORE:
		return keyed_at - 1;
	case KEYED_SELF:
		return keyed_at;
	default:
		return min(round_up(keyed_at, BETWEEN_BATCH), KEYED_WRITES);
	}
}

/**
 * struct keyed_fault - what happens to one of the writes
 * @name: what
 * @ahead: the device has all of a turn by then
 * @before: what comes between before the device has it, or NULL
 * @after: and when it has answered
 * @error: what the caller is told
 * @sent: writes that get to the device
 * @counter: writes that it does, also for others
 * @stored: writes that are known to be stored
 */
struct keyed_fault {
	const char *name;
	bool ahead;
	int (*before)(struct between *b, struct rpmb_xfer *xfers,
		      unsigned int nr);
	int (*after)(struct between *b, struct rpmb_xfer *xfers,
		     unsigned int nr);
	int error;
	enum keyed_extent sent;
	enum keyed_extent counter;
	enum keyed_extent stored;
};

static const struct keyed_fault keyed_faults[] = {
	/* One by one: what is behind it is never begun */
	{ "request lost", false, keyed_lose_one, NULL, -ETIMEDOUT,
	  KEYED_SELF, KEYED_BEFORE, KEYED_BEFORE },
	{ "answer lost", false, NULL, keyed_lose_one, -ETIMEDOUT,
	  KEYED_SELF, KEYED_SELF, KEYED_SELF },
	{ "refused", false, keyed_refuse_one, NULL, -ESTALE,
	  KEYED_SELF, KEYED_SELF, KEYED_BEFORE },
	/* It is seen only when all are through */
	{ "forged", false, NULL, keyed_forge_one_mac, -EBADMSG,
	  KEYED_TURN, KEYED_TURN, KEYED_TURN },
	/* The device has them all: without this one it refuses what is behind it */
	{ "request lost, ahead", true, keyed_lose_one, NULL, -ETIMEDOUT,
	  KEYED_TURN, KEYED_BEFORE, KEYED_BEFORE },
	{ "answer lost, ahead", true, NULL, keyed_lose_one, -ETIMEDOUT,
	  KEYED_TURN, KEYED_TURN, KEYED_TURN },
	/* Somebody else's write made the counter that the next one has */
	{ "refused, ahead", true, keyed_refuse_one, NULL, -ESTALE,
	  KEYED_TURN, KEYED_TURN, KEYED_BEFORE },
};

/* What was written is told from what is there of before by its first byte, @value */
static void keyed_expect_fault(struct between *b,
			       const struct keyed_fault *fault, u8 value)
{
	u8 *data = keyed_data(b->test, KEYED_WRITES, value);
	u32 first = keyed_counter(b), expected = first;
	u32 stored = keyed_extent(fault->stored);
	u32 counter = keyed_extent(fault->counter);
	struct rpmb_outcome outcome;

	b->nr = 0;
	b->ahead = fault->ahead;
	b->before = fault->before;
	b->after = fault->after;
	KUNIT_EXPECT_EQ_MSG(b->test, fault->error,
			    rpmb_write_blocks(b->rdev, b->key, 0, KEYED_WRITES,
					      data, &expected, &outcome),
			    "%s at %u", fault->name, keyed_at);
	KUNIT_EXPECT_EQ_MSG(b->test, keyed_extent(fault->sent),
			    between_count(b, RPMB_WRITE_DATA),
			    "%s at %u", fault->name, keyed_at);
	KUNIT_EXPECT_EQ_MSG(b->test, stored, outcome.stored, "%s at %u",
			    fault->name, keyed_at);
	/* One more was somebody else's; of several more nobody knows whose */
	KUNIT_EXPECT_EQ_MSG(b->test, counter > stored + 1 ? counter - stored : 0,
			    outcome.unknown, "%s at %u", fault->name, keyed_at);
	if (stored)
		keyed_expect_data(b, 0, stored, data);
	keyed_expect_counter(b, first + counter);
	kunit_kfree(b->test, data);
}

static void keyed_faults_test(struct kunit *test)
{
	struct between *b = keyed_batches(test, false);

	for (unsigned int i = 0; i < ARRAY_SIZE(keyed_faults); i++)
		for (keyed_at = 1; keyed_at <= KEYED_WRITES; keyed_at++)
			keyed_expect_fault(b, &keyed_faults[i],
					   KEYED_WRITES * i + keyed_at);
}

/* The counter ends within a batch: the last one is stored, and what is behind is not sent */
static void keyed_batches_end_test(struct kunit *test)
{
	struct between *b = keyed_batches(test, false);
	u8 *data = keyed_data(test, 6, 1);
	struct rpmb_outcome outcome;

	KUNIT_ASSERT_EQ(test, 0, rpmb_simulated_store(b->sim, "write_counter",
						      "4294967292"));
	KUNIT_EXPECT_EQ(test, -EOVERFLOW,
			rpmb_write_blocks(b->rdev, b->key, 0, 6, data, NULL,
					  &outcome));
	KUNIT_EXPECT_EQ(test, 3, outcome.stored);
	KUNIT_EXPECT_EQ(test, 0, outcome.unknown);
	KUNIT_EXPECT_EQ(test, 3, between_count(b, RPMB_WRITE_DATA));
	keyed_expect_data(b, 0, 3, data);
}

/* A signal, or a key that is taken away, ends a range after what goes in one turn */
static void keyed_batches_interrupted_test(struct kunit *test)
{
	struct between *b = keyed_batches(test, false);
	struct rpmb_keyed k;

	keyed_signal = SIGUSR1;
	keyed_signalled = 2;
	b->after = keyed_interrupt;
	KUNIT_EXPECT_EQ(test, -EINTR,
			keyed_interrupted(b, RPMB_WRITE_DATA, true, &k));
	KUNIT_EXPECT_EQ(test, BETWEEN_BATCH, k.done);
	KUNIT_EXPECT_EQ(test, BETWEEN_BATCH, k.counter);
}

static void keyed_batches_revoked_test(struct kunit *test)
{
	struct between *b = keyed_batches(test, false);
	u8 *data = keyed_data(test, KEYED_BATCHES, 1);
	struct rpmb_outcome outcome;

	b->after = keyed_revoke;
	KUNIT_EXPECT_EQ(test, -EKEYREVOKED,
			keyed_write_batches(b, data, &outcome));
	KUNIT_EXPECT_EQ(test, BETWEEN_BATCH, outcome.stored);
	KUNIT_EXPECT_EQ(test, 0, outcome.unknown);
}

/* Killed while the third is under way */
static void keyed_expect_killed(struct between *b, u32 done)
{
	struct rpmb_keyed k;

	keyed_signal = SIGKILL;
	keyed_signalled = 3;
	b->after = keyed_interrupt;
	KUNIT_EXPECT_EQ(b->test, -EINTR,
			keyed_interrupted(b, RPMB_WRITE_DATA, true, &k));
	KUNIT_EXPECT_EQ(b->test, done, k.done);
	KUNIT_EXPECT_EQ(b->test, 0, k.unknown);
	KUNIT_EXPECT_EQ(b->test, done, k.counter);
	/* There were answers to all, so none is read back */
	KUNIT_EXPECT_EQ(b->test, done, between_count(b, RPMB_WRITE_DATA));
	KUNIT_EXPECT_EQ(b->test, 0, between_count(b, RPMB_READ_DATA));
	KUNIT_EXPECT_EQ(b->test, -EINTR,
			keyed_interrupted(b, RPMB_READ_DATA, true, &k));
	KUNIT_EXPECT_EQ(b->test, done, k.done);
	keyed_expect_counter(b, done);
}

/* Not even what goes in one turn */
static void keyed_batches_killed_test(struct kunit *test)
{
	keyed_expect_killed(keyed_batches(test, false), 3);
}

/* But what the device has already is waited for */
static void keyed_ahead_killed_test(struct kunit *test)
{
	keyed_expect_killed(keyed_batches(test, true), BETWEEN_BATCH);
}

/* A read ends likewise, after a turn of one request or of some */
static void keyed_revoked_read_test(struct kunit *test)
{
	struct between *b = keyed_with(test, keyed_limit_one);
	u8 *found = keyed_data(test, KEYED_BATCHES, 0xee);

	b->after = keyed_revoke;
	KUNIT_EXPECT_EQ(test, -EKEYREVOKED,
			rpmb_read_blocks(b->rdev, b->key, 0, KEYED_BATCHES,
					 found));
	KUNIT_EXPECT_EQ(test, keyed_in_batches(test) ? BETWEEN_BATCH : 2,
			between_count(b, RPMB_READ_DATA));
}

/* A TEE's frames and the kernel's own requests, at one time on one device */
#define KEYED_ROUNDS	25

struct keyed_beside {
	struct between *b;
	unsigned int written;
	unsigned int late;
	unsigned int failed;
};

static DECLARE_COMPLETION(keyed_beside_done);

/* Who has the device keeps it until the other is in line: nobody goes twice */
static int keyed_alternate(struct between *b, struct rpmb_xfer *xfers,
			   unsigned int nr)
{
	unsigned long end = jiffies + RPMB_TEST_TIMEOUT;

	while (list_empty(&b->rdev->turn.line) &&
	       !completion_done(&keyed_beside_done) && time_before(jiffies, end))
		cond_resched();
	return 0;
}

static int keyed_beside_thread(void *data)
{
	struct keyed_beside *beside = data;
	struct between *b = beside->b;
	struct rpmb_outcome outcome;
	u8 block[512] = { };
	int ret;

	while (beside->written < KEYED_ROUNDS) {
		/* What is there already would pass for stored */
		block[0]++;
		ret = rpmb_write_blocks(b->rdev, b->key, 7, 1, block, NULL,
					&outcome);
		beside->written += !ret;
		beside->late += ret == -ESTALE;
		beside->failed += ret && (ret != -ESTALE || outcome.stored);
		b->nr = 0;
	}
	complete(&keyed_beside_done);
	return 0;
}

/* The TEE has the key, too, and signs all; what the device answers is in @fields then */
static int keyed_route(struct between *b, struct rpmb_fields *fields, void *req,
		       void *resp)
{
	unsigned int blocks = fields->type == RPMB_WRITE_DATA;
	struct rpmb_xfer send = {
		.len = rpmb_frames_len(b->format, blocks),
		.buf = req,
	};
	unsigned int len = rpmb_frames_len(b->format, 0);
	int ret;

	memset(req, 0, send.len);
	rpmb_frames_set(b->format, req, send.len, fields);
	keyed_sign(b, &send);
	ret = rpmb_route_frames(b->rdev, req, send.len, resp, len);
	if (!ret)
		rpmb_frames_get_last(b->format, resp, len, fields);
	return ret;
}

static int keyed_route_counter(struct between *b, u32 *counter, void *req,
			       void *resp)
{
	static const u8 nonce[RPMB_NONCE_SIZE] = "a TEE's nonce";
	struct rpmb_fields fields = { .type = RPMB_GET_WRITE_COUNTER };
	int ret;

	memcpy(fields.nonce, nonce, sizeof(nonce));
	ret = keyed_route(b, &fields, req, resp);
	*counter = fields.counter;
	if (ret)
		return ret;
	return memcmp(fields.nonce, nonce, sizeof(nonce)) ? -EBADMSG : 0;
}

/* For the counter of the answer before. 1: written; 0: the kernel was first */
static int keyed_route_write(struct between *b, u32 *counter, void *req,
			     void *resp)
{
	struct rpmb_fields fields = {
		.type = RPMB_WRITE_DATA,
		.addr = 9,
		.count = 1,
		.counter = *counter,
	};
	int ret = keyed_route(b, &fields, req, resp);

	if (ret)
		return ret;
	*counter = fields.counter;
	if (fields.result == RPMB_RES_COUNTER)
		return 0;
	return fields.result ? -EREMOTEIO : 1;
}

/* The TEE wants to write as often as the kernel, and looks on after that */
static void keyed_beside_test(struct kunit *test)
{
	struct between *b = keyed_ready(test);
	struct keyed_beside beside = { .b = b };
	u8 *req = kunit_kzalloc(test, 768, GFP_KERNEL);
	u8 *resp = kunit_kzalloc(test, 512, GFP_KERNEL);
	unsigned int failed = 0, written = 0;
	u32 counter = keyed_counter(b);
	struct task_struct *task;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, req);
	KUNIT_ASSERT_NOT_NULL(test, resp);
	reinit_completion(&keyed_beside_done);
	b->before = keyed_alternate;
	task = kthread_run(keyed_beside_thread, &beside, "rpmb-test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	do {
		ret = written < KEYED_ROUNDS ?
		      keyed_route_write(b, &counter, req, resp) :
		      keyed_route_counter(b, &counter, req, resp);
		written += ret > 0;
		failed += ret < 0;
	} while (!completion_done(&keyed_beside_done));
	KUNIT_EXPECT_EQ(test, 0, failed);
	KUNIT_EXPECT_EQ(test, 0, beside.failed);
	KUNIT_EXPECT_GT(test, beside.late, 0);
	keyed_expect_counter(b, KEYED_ROUNDS + written);
}

static struct kunit_case keyed_cases[] = {
	KUNIT_CASE_PARAM(keyed_write_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_lengths_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_any_size_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_huge_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_range_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_narrow_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_begun_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_forgery_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_tamper_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_result_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_refused_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_nonce_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_no_type_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_replay_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_lost_before_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_lost_after_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_small_reads_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_narrow_reads_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_unknown_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_other_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_half_same_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_expected_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_end_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_program_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_program_counter_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_program_unseen_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_program_forged_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_program_blind_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_program_wiped_test, keyed_type_gen_params),
	KUNIT_CASE(keyed_key_test),
	KUNIT_CASE_PARAM(keyed_revoked_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_revoked_late_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_interrupted_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_killed_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_killed_lost_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_killed_in_line_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_batches_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_batches_named_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_batches_nonce_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_faults_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_batches_end_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_batches_interrupted_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_batches_revoked_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_batches_killed_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_ahead_killed_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_revoked_read_test, keyed_type_gen_params),
	KUNIT_CASE_PARAM(keyed_beside_test, keyed_type_gen_params),
	{}
};

static struct kunit_suite keyed_suite = {
	.name = "rpmb-keyed",
	.test_cases = keyed_cases,
};

kunit_test_suite(keyed_suite);
