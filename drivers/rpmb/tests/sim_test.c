// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulator: made through the operations that its configfs directory has,
 * spoken to as by any client of the core
 */
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fake.h"
#include "simulated.h"

#define SIM_NONCE	"nonce of request"

static const u8 sim_key[RPMB_KEY_SIZE] = "the key is 32 bytes of anything";
static const u8 sim_other_key[RPMB_KEY_SIZE] = "another key";

/**
 * struct sim - a simulated device and its owner
 * @format: frame format
 * @dev: the simulated device
 * @rdev: the same for the core, which may be gone
 * @req: the request that was sent
 * @req_len: its bytes
 * @resp: the response that came
 * @resp_len: its bytes
 * @answer: its fields
 */
struct sim {
	enum rpmb_frame_format format;
	struct rpmb_simulated *dev;
	struct rpmb_dev *rdev;
	u8 *req;
	unsigned int req_len;
	u8 *resp;
	unsigned int resp_len;
	struct rpmb_fields answer;
};

static ssize_t sim_store(struct kunit *test, const char *name,
			 const char *value)
{
	struct sim *sim = test->priv;

	return rpmb_simulated_store(sim->dev, name, value);
}

static void sim_expect_attr(struct kunit *test, const char *name,
			    const char *want)
{
	struct sim *sim = test->priv;
	char *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, strlen(want),
			rpmb_simulated_show(sim->dev, name, page));
	KUNIT_EXPECT_STREQ(test, page, want);
}

static void sim_enable(struct kunit *test)
{
	struct sim *sim = test->priv;

	rpmb_simulated_enable(sim->dev);
	sim->rdev = sim->dev->rdev;
}

/* A directory of the simulator, not enabled yet */
static struct sim *sim_make(struct kunit *test, const char *type)
{
	struct sim *sim = test->priv;

	sim->format = strcmp(type, "nvme") ? RPMB_FRAME_JEDEC :
					     RPMB_FRAME_NVME;
	sim->dev = rpmb_simulated_new(test, type);
	return sim;
}

static int sim_test_init(struct kunit *test)
{
	struct sim *sim = kunit_kzalloc(test, sizeof(*sim), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sim);
	sim->req = kunit_kzalloc(test, RPMB_MAX_LEN, GFP_KERNEL);
	sim->resp = kunit_kzalloc(test, RPMB_MAX_LEN, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sim->req);
	KUNIT_ASSERT_NOT_NULL(test, sim->resp);
	test->priv = sim;
	return 0;
}

static void sim_mac(struct kunit *test, const void *frames, unsigned int len,
		    const u8 *key, u8 *mac)
{
	struct rpmb_hmac *hmac = rpmb_hmac_alloc(key);
	struct sim *sim = test->priv;
	int ret;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, hmac);
	ret = rpmb_frames_mac(sim->format, frames, len, hmac, mac);
	rpmb_hmac_free(hmac);
	KUNIT_ASSERT_EQ(test, 0, ret);
}

/* Lay out a request; who has it may put in data, key or MAC, and send it */
static void sim_request(struct kunit *test, unsigned int out, unsigned int in,
			struct rpmb_fields fields)
{
	struct sim *sim = test->priv;

	sim->req_len = rpmb_frames_len(sim->format, out);
	sim->resp_len = rpmb_frames_len(sim->format, in);
	memset(sim->req, 0, sim->req_len);
	memset(sim->resp, RPMB_MSG_UNTOUCHED, sim->resp_len);
	rpmb_frames_set(sim->format, sim->req, sim->req_len, &fields);
}

static u16 sim_send(struct kunit *test)
{
	struct sim *sim = test->priv;

	KUNIT_ASSERT_EQ(test, 0,
			rpmb_route_frames(sim->rdev, sim->req, sim->req_len,
					  sim->resp, sim->resp_len));
	rpmb_frames_get(sim->format, sim->resp, &sim->answer);
	return sim->answer.result;
}

/* The response is the device's, and it is the one to this request */
static void sim_expect_authentic(struct kunit *test, bool nonce)
{
	struct sim *sim = test->priv;
	u8 mac[RPMB_KEY_SIZE];

	sim_mac(test, sim->resp, sim->resp_len, sim_key, mac);
	KUNIT_EXPECT_MEMEQ(test, mac,
			   rpmb_frames_key_mac(sim->format, sim->resp,
					       sim->resp_len),
			   sizeof(mac));
	if (nonce)
		KUNIT_EXPECT_MEMEQ(test, sim->answer.nonce, SIM_NONCE,
				   RPMB_NONCE_SIZE);
}

static u16 sim_program_key(struct kunit *test, const u8 *key)
{
	struct sim *sim = test->priv;

	sim_request(test, 0, 0, (struct rpmb_fields) {
		.type = RPMB_PROGRAM_KEY,
	});
	memcpy(rpmb_frames_key_mac(sim->format, sim->req, sim->req_len), key,
	       RPMB_KEY_SIZE);
	return sim_send(test);
}

static u16 sim_read_counter(struct kunit *test)
{
	sim_request(test, 0, 0, (struct rpmb_fields) {
		.type = RPMB_GET_WRITE_COUNTER,
		.nonce = SIM_NONCE,
	});
	return sim_send(test);
}

static void sim_expect_counter(struct kunit *test, u32 counter)
{
	struct sim *sim = test->priv;

	KUNIT_EXPECT_EQ(test, RPMB_RES_OK, sim_read_counter(test));
	KUNIT_EXPECT_EQ(test, counter, sim->answer.counter);
	sim_expect_authentic(test, true);
}

/* Write blocks of @value, @value + 1, and so on */
static u16 sim_write(struct kunit *test, u32 addr, u32 count, u32 counter,
		     u8 value, const u8 *key)
{
	struct sim *sim = test->priv;
	u32 i;

	sim_request(test, count, 0, (struct rpmb_fields) {
		.type = RPMB_WRITE_DATA,
		.addr = addr,
		.count = count,
		.counter = counter,
	});
	for (i = 0; i < count; i++)
		memset(rpmb_frames_data(sim->format, sim->req, i), value + i,
		       rpmb_block_size(sim->format));
	sim_mac(test, sim->req, sim->req_len, key,
		rpmb_frames_key_mac(sim->format, sim->req, sim->req_len));
	return sim_send(test);
}

static u16 sim_read(struct kunit *test, u32 addr, u32 count)
{
	sim_request(test, 0, count, (struct rpmb_fields) {
		.type = RPMB_READ_DATA,
		.addr = addr,
		.count = count,
		.nonce = SIM_NONCE,
	});
	return sim_send(test);
}

static void sim_expect_data(struct kunit *test, u32 addr, u32 count, u8 value)
{
	struct sim *sim = test->priv;
	u32 i;

	KUNIT_EXPECT_EQ(test, RPMB_RES_OK, sim_read(test, addr, count));
	KUNIT_EXPECT_EQ(test, addr, sim->answer.addr);
	KUNIT_EXPECT_EQ(test, count, sim->answer.count);
	sim_expect_authentic(test, true);
	for (i = 0; i < count; i++)
		KUNIT_EXPECT_NULL(test,
				  memchr_inv(rpmb_frames_data(sim->format,
							      sim->resp, i),
					     value ? value + i : 0,
					     rpmb_block_size(sim->format)));
}

static struct sim *sim_with_key(struct kunit *test)
{
	struct sim *sim = sim_make(test, *(const char * const *)test->param_value);

	sim_enable(test);
	KUNIT_ASSERT_EQ(test, RPMB_RES_OK, sim_program_key(test, sim_key));
	KUNIT_EXPECT_EQ(test, RPMB_PROGRAM_KEY << 8, sim->answer.type);
	return sim;
}

static u32 sim_blocks(const struct sim *sim)
{
	return RPMB_SIMULATED_CAPACITY * SZ_128K / rpmb_block_size(sim->format);
}

static const char * const sim_types[] = { "emmc", "ufs", "nvme" };

static void sim_type_desc(const char * const *type, char *desc)
{
	strscpy(desc, *type, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(sim_type, sim_types, sim_type_desc);

/* Without a key nothing can be authenticated, and nothing is done */
static void sim_no_key_test(struct kunit *test)
{
	struct sim *sim = sim_make(test, *(const char * const *)test->param_value);

	sim_enable(test);
	KUNIT_EXPECT_EQ(test, RPMB_RES_NO_KEY, sim_read_counter(test));
	KUNIT_EXPECT_EQ(test, RPMB_GET_WRITE_COUNTER << 8, sim->answer.type);
	KUNIT_EXPECT_EQ(test, RPMB_RES_NO_KEY,
			sim_write(test, 0, 1, 0, 0x11, sim_key));
	KUNIT_EXPECT_EQ(test, RPMB_WRITE_DATA << 8, sim->answer.type);
	KUNIT_EXPECT_EQ(test, RPMB_RES_NO_KEY, sim_read(test, 0, 1));
	KUNIT_EXPECT_EQ(test, RPMB_READ_DATA << 8, sim->answer.type);

	KUNIT_EXPECT_EQ(test, RPMB_RES_OK, sim_program_key(test, sim_key));
	sim_expect_counter(test, 0);
	sim_expect_data(test, 0, 1, 0);
}

/* The key is programmed once */
static void sim_key_twice_test(struct kunit *test)
{
	sim_with_key(test);
	KUNIT_EXPECT_EQ(test, RPMB_RES_GENERAL,
			sim_program_key(test, sim_other_key));
	KUNIT_EXPECT_EQ(test, RPMB_RES_AUTH,
			sim_write(test, 0, 1, 0, 0x11, sim_other_key));
	KUNIT_EXPECT_EQ(test, RPMB_RES_OK,
			sim_write(test, 0, 1, 0, 0x11, sim_key));
}

static void sim_write_test(struct kunit *test)
{
	struct sim *sim = sim_with_key(test);

	KUNIT_EXPECT_EQ(test, RPMB_RES_OK,
			sim_write(test, 5, 3, 0, 0x11, sim_key));
	KUNIT_EXPECT_EQ(test, RPMB_WRITE_DATA << 8, sim->answer.type);
	KUNIT_EXPECT_EQ(test, 1, sim->answer.counter);
	KUNIT_EXPECT_EQ(test, 5, sim->answer.addr);
	sim_expect_authentic(test, false);
	sim_expect_counter(test, 1);
	KUNIT_EXPECT_EQ(test, RPMB_RES_OK,
			sim_write(test, 6, 1, 1, 0x33, sim_key));
	sim_expect_counter(test, 2);

	/* The second write hit the second block of the first, and no other */
	sim_expect_data(test, 4, 1, 0);
	sim_expect_data(test, 5, 1, 0x11);
	sim_expect_data(test, 6, 1, 0x33);
	sim_expect_data(test, 7, 1, 0x13);
	sim_expect_data(test, 8, 1, 0);
	KUNIT_EXPECT_EQ(test, RPMB_RES_OK,
			sim_write(test, 5, 3, 2, 0x44, sim_key));
	sim_expect_data(test, 5, 3, 0x44);
}

static void sim_forgery_test(struct kunit *test)
{
	struct sim *sim = sim_with_key(test);

	KUNIT_EXPECT_EQ(test, RPMB_RES_OK,
			sim_write(test, 0, 2, 0, 0x11, sim_key));
	KUNIT_EXPECT_EQ(test, RPMB_RES_AUTH,
			sim_write(test, 0, 2, 1, 0x22, sim_other_key));
	KUNIT_EXPECT_EQ(test, RPMB_WRITE_DATA << 8, sim->answer.type);

	/* One bit of the data */
	KUNIT_EXPECT_EQ(test, RPMB_RES_OK,
			sim_write(test, 0, 2, 1, 0x11, sim_key));
	rpmb_frames_set(sim->format, sim->req, sim->req_len,
			&(struct rpmb_fields) {
				.type = RPMB_WRITE_DATA,
				.count = 2,
				.counter = 2,
			});
	*(u8 *)rpmb_frames_data(sim->format, sim->req, 0) ^= 1;
	KUNIT_EXPECT_EQ(test, RPMB_RES_AUTH, sim_send(test));

	sim_expect_counter(test, 2);
	sim_expect_data(test, 0, 2, 0x11);
}

/* The counter that a write was made for has passed, or has not come yet */
static void sim_replay_test(struct kunit *test)
{
	struct sim *sim = sim_with_key(test);

	KUNIT_EXPECT_EQ(test, RPMB_RES_OK,
			sim_write(test, 0, 1, 0, 0x11, sim_key));
	KUNIT_EXPECT_EQ(test, RPMB_RES_COUNTER, sim_send(test));
	KUNIT_EXPECT_EQ(test, 1, sim->answer.counter);
	sim_expect_authentic(test, false);
	KUNIT_EXPECT_EQ(test, RPMB_RES_COUNTER,
			sim_write(test, 0, 1, 2, 0x22, sim_key));
	sim_expect_counter(test, 1);
	sim_expect_data(test, 0, 1, 0x11);
}

static void sim_range_test(struct kunit *test)
{
	struct sim *sim = sim_with_key(test);
	u32 end = sim_blocks(sim);

	KUNIT_EXPECT_EQ(test, RPMB_RES_ADDRESS,
			sim_write(test, end, 1, 0, 0x11, sim_key));
	KUNIT_EXPECT_EQ(test, RPMB_RES_ADDRESS,
			sim_write(test, end - 1, 2, 0, 0x11, sim_key));
	KUNIT_EXPECT_EQ(test, RPMB_RES_ADDRESS,
			sim_write(test, 0xffff, 2, 0, 0x11, sim_key));
	KUNIT_EXPECT_EQ(test, RPMB_RES_ADDRESS, sim_read(test, end, 1));
	KUNIT_EXPECT_EQ(test, RPMB_RES_ADDRESS, sim_read(test, end - 1, 2));
	sim_expect_counter(test, 0);
	KUNIT_EXPECT_EQ(test, RPMB_RES_OK,
			sim_write(test, end - 2, 2, 0, 0x11, sim_key));
	sim_expect_data(test, end - 2, 2, 0x11);
}

static void sim_limits_test(struct kunit *test)
{
	struct sim *sim = sim_make(test, *(const char * const *)test->param_value);

	KUNIT_ASSERT_EQ(test, 0, sim_store(test, "max_write", "2"));
	KUNIT_ASSERT_EQ(test, 0, sim_store(test, "max_read", "4"));
	sim_enable(test);
	KUNIT_EXPECT_EQ(test, BIT(0) | BIT(1), sim->rdev->descr.write_sizes);
	KUNIT_EXPECT_EQ(test, 4, sim->rdev->descr.max_read);
	KUNIT_ASSERT_EQ(test, RPMB_RES_OK, sim_program_key(test, sim_key));
	KUNIT_EXPECT_EQ(test, RPMB_RES_GENERAL,
			sim_write(test, 0, 3, 0, 0x11, sim_key));
	KUNIT_EXPECT_EQ(test, RPMB_RES_GENERAL, sim_read(test, 0, 5));
	KUNIT_EXPECT_EQ(test, RPMB_RES_OK,
			sim_write(test, 0, 2, 0, 0x11, sim_key));
	KUNIT_EXPECT_EQ(test, RPMB_RES_OK, sim_read(test, 0, 4));
}

/* Without limits, what one message can carry is the limit */
static void sim_no_limits_test(struct kunit *test)
{
	struct sim *sim = sim_make(test, *(const char * const *)test->param_value);
	bool nvme = sim->format == RPMB_FRAME_NVME;

	sim_enable(test);
	KUNIT_EXPECT_EQ(test, nvme ? 0x3ff : 0x7ff,
			sim->rdev->descr.write_sizes);
	KUNIT_EXPECT_EQ(test, nvme ? 1023 : 1024, sim->rdev->descr.max_write);
	KUNIT_EXPECT_EQ(test, nvme ? 1023 : 1024, sim->rdev->descr.max_read);
}

/* At its maximum the counter stays, and nothing can be written any more */
static void sim_expired_test(struct kunit *test)
{
	struct sim *sim = sim_with_key(test);

	KUNIT_ASSERT_EQ(test, 0, sim_store(test, "write_counter",
					   "0xfffffffe"));
	sim_expect_counter(test, U32_MAX - 1);
	KUNIT_EXPECT_EQ(test, RPMB_RES_EXPIRED,
			sim_write(test, 0, 1, U32_MAX - 1, 0x11, sim_key));
	KUNIT_EXPECT_EQ(test, U32_MAX, sim->answer.counter);
	KUNIT_EXPECT_EQ(test, RPMB_RES_EXPIRED | RPMB_RES_WRITE,
			sim_write(test, 0, 1, U32_MAX, 0x22, sim_key));
	KUNIT_EXPECT_EQ(test, RPMB_RES_EXPIRED, sim_read_counter(test));
	KUNIT_EXPECT_EQ(test, U32_MAX, sim->answer.counter);
	sim_expect_authentic(test, true);
	sim_expect_attr(test, "write_counter", "4294967295\n");

	KUNIT_EXPECT_EQ(test, RPMB_RES_EXPIRED, sim_read(test, 0, 1));
	KUNIT_EXPECT_NULL(test, memchr_inv(rpmb_frames_data(sim->format,
							    sim->resp, 0),
					   0x11, rpmb_block_size(sim->format)));
}

static void sim_settings_test(struct kunit *test)
{
	struct sim *sim = sim_make(test, "ufs");

	KUNIT_EXPECT_EQ(test, -EINVAL, sim_store(test, "type", "floppy"));
	KUNIT_EXPECT_EQ(test, -ERANGE, sim_store(test, "capacity", "0"));
	KUNIT_EXPECT_EQ(test, -ERANGE, sim_store(test, "capacity", "257"));
	KUNIT_EXPECT_EQ(test, -ERANGE, sim_store(test, "target", "7"));
	KUNIT_EXPECT_EQ(test, -EINVAL, sim_store(test, "max_read", "many"));
	KUNIT_EXPECT_EQ(test, -EINVAL, sim_store(test, "dev_id", "\n"));
	KUNIT_EXPECT_EQ(test, 0, sim_store(test, "target", "3"));
	KUNIT_EXPECT_EQ(test, 0, sim_store(test, "dev_id", "a device\n"));
	sim_expect_attr(test, "type", "ufs\n");
	sim_expect_attr(test, "capacity", "2\n");
	sim_expect_attr(test, "enable", "0\n");
	sim_enable(test);

	sim_expect_attr(test, "enable", "1\n");
	KUNIT_EXPECT_EQ(test, -EBUSY, sim_store(test, "type", "emmc"));
	KUNIT_EXPECT_EQ(test, -EBUSY, sim_store(test, "capacity", "1"));
	KUNIT_EXPECT_EQ(test, -EBUSY, sim_store(test, "dev_id", "another"));
	KUNIT_EXPECT_EQ(test, RPMB_TYPE_UFS, sim->rdev->descr.type);
	KUNIT_EXPECT_EQ(test, RPMB_TRANSPORT_SIM, sim->rdev->descr.transport);
	KUNIT_EXPECT_EQ(test, 2, sim->rdev->descr.capacity);
	KUNIT_EXPECT_EQ(test, 3, sim->rdev->descr.target);
	KUNIT_ASSERT_EQ(test, 8, sim->rdev->descr.dev_id_len);
	KUNIT_EXPECT_MEMEQ(test, sim->rdev->descr.dev_id, "a device", 8);
}

/* What is disabled is gone, with all that it held */
static void sim_disable_test(struct kunit *test)
{
	struct sim *sim = sim_with_key(test);

	KUNIT_EXPECT_EQ(test, RPMB_RES_OK,
			sim_write(test, 0, 1, 0, 0x11, sim_key));
	KUNIT_EXPECT_EQ(test, 0, sim_store(test, "enable", "0"));
	KUNIT_EXPECT_EQ(test, -ENODEV,
			rpmb_route_frames(sim->rdev, sim->req, sim->req_len,
					  sim->resp, sim->resp_len));
	sim_enable(test);
	KUNIT_EXPECT_EQ(test, RPMB_RES_NO_KEY, sim_read_counter(test));
	KUNIT_EXPECT_EQ(test, RPMB_RES_OK, sim_program_key(test, sim_key));
	sim_expect_counter(test, 0);
	sim_expect_data(test, 0, 1, 0);
}

static struct kunit_case sim_cases[] = {
	KUNIT_CASE_PARAM(sim_no_key_test, sim_type_gen_params),
	KUNIT_CASE_PARAM(sim_key_twice_test, sim_type_gen_params),
	KUNIT_CASE_PARAM(sim_write_test, sim_type_gen_params),
	KUNIT_CASE_PARAM(sim_forgery_test, sim_type_gen_params),
	KUNIT_CASE_PARAM(sim_replay_test, sim_type_gen_params),
	KUNIT_CASE_PARAM(sim_range_test, sim_type_gen_params),
	KUNIT_CASE_PARAM(sim_limits_test, sim_type_gen_params),
	KUNIT_CASE_PARAM(sim_no_limits_test, sim_type_gen_params),
	KUNIT_CASE_PARAM(sim_expired_test, sim_type_gen_params),
	KUNIT_CASE(sim_settings_test),
	KUNIT_CASE_PARAM(sim_disable_test, sim_type_gen_params),
	{}
};

static struct kunit_suite sim_suite = {
	.name = "rpmb-sim",
	.init = sim_test_init,
	.test_cases = sim_cases,
};

kunit_test_suite(sim_suite);
MODULE_SOFTDEP("pre: rpmb-sim");
