// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device whose requests go to a simulated one, if the test does not come between;
 * and keys for it
 */
#include <keys/user-type.h>
#include <kunit/device.h>
#include <linux/cred.h>
#include <linux/key-type.h>
#include <linux/slab.h>

#include "between.h"

static const u8 between_raw[RPMB_KEY_SIZE] = "32 bytes that no program sees..";

/* The simulated device has no turn of its own here: ours is the only way to it */
int between_pass(struct between *b, struct rpmb_xfer *xfers, unsigned int nr)
{
	return b->sim->rdev->descr.transfer(b->sim->rdev, xfers, nr);
}

static void between_note(struct between *b, const struct rpmb_xfer *xfers,
			 unsigned int nr)
{
	unsigned int len = max(xfers[0].len, xfers[nr - 1].len);

	b->type = rpmb_frames_type(b->format, xfers[0].buf);
	b->blocks = rpmb_frames_blocks(b->format, len);
	b->types[b->nr++ % BETWEEN_MAX_CALLS] = b->type;
}

static int between_sequence(struct between *b, struct rpmb_xfer *xfers,
			    unsigned int nr)
{
	int ret = 0;

	between_note(b, xfers, nr);
	if (b->before)
		ret = b->before(b, xfers, nr);
	if (!ret)
		ret = between_pass(b, xfers, nr);
	if (!ret && b->after)
		ret = b->after(b, xfers, nr);
	return ret;
}

/* What becomes of each, if the device has them all before the first is looked at */
static void between_ahead(struct between *b, struct rpmb_xfer *xfers,
			  unsigned int nr)
{
	unsigned int len;

	for (int *ret = b->ahead_ret; nr; xfers += len, nr -= len) {
		len = rpmb_sequence_len(xfers);
		xfers[0].started = true;
		*ret++ = between_sequence(b, xfers, len);
	}
}

static int between_transfer(struct rpmb_dev *rdev, struct rpmb_xfer *xfers,
			    unsigned int nr)
{
	struct between *b = rdev->descr.priv;
	unsigned int len;
	int ret;

	b->lists++;
	if (b->ahead)
		between_ahead(b, xfers, nr);
	for (unsigned int i = 0; nr; i++, xfers += len, nr -= len) {
		len = rpmb_sequence_len(xfers);
		ret = b->ahead ? b->ahead_ret[i] :
				 between_sequence(b, xfers, len);
		if (ret || rdev->descr.max_batch <= 1 ||
		    !rpmb_sequence_completed(rdev))
			return ret;
	}
	return 0;
}

static void between_end(void *data)
{
	struct between *b = data;

	rpmb_dev_unregister(b->rdev);
}

/* The device goes before the test ends */
void between_remove(struct between *b)
{
	kunit_release_action(b->test, between_end, b);
}

static void between_put_key(void *key)
{
	key_put(key);
}

/* A key with these bytes, or, without @data, none yet */
struct key *between_key(struct kunit *test, struct key_type *type,
			const char *description, const void *data, size_t len)
{
	struct key *key = key_alloc(type, description, GLOBAL_ROOT_UID,
				    GLOBAL_ROOT_GID, current_cred(),
				    KEY_POS_ALL | KEY_USR_VIEW |
				    KEY_USR_SEARCH,
				    KEY_ALLOC_NOT_IN_QUOTA, NULL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, key);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test,
							   between_put_key,
							   key));
	if (data)
		KUNIT_ASSERT_EQ(test, 0, key_instantiate_and_link(key, data,
								  len, NULL,
								  NULL));
	return key;
}

/* How many requests of a type have come this far */
unsigned int between_count(const struct between *b, u16 type)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < min(b->nr, BETWEEN_MAX_CALLS); i++)
		count += b->types[i] == type;
	return count;
}

/* Somebody else who has the key writes one block, past the core */
void between_write(struct between *b, u32 addr, u8 value)
{
	struct rpmb_hmac *hmac = rpmb_hmac_alloc(between_raw);
	unsigned int len = rpmb_frames_len(b->format, 1);
	u8 *req = kunit_kzalloc(b->test, len, GFP_KERNEL);
	struct rpmb_fields fields = {
		.type = RPMB_WRITE_DATA,
		.addr = addr,
		.count = 1,
	};
	char counter[16] = "";
	struct rpmb_xfer xfer = {
		.kind = RPMB_XFER_SEND,
		.len = len,
		.buf = req,
	};
	char *page = kunit_kzalloc(b->test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(b->test, page);
	KUNIT_ASSERT_NOT_NULL(b->test, req);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(b->test, hmac);
	rpmb_simulated_show(b->sim, "write_counter", page);
	strscpy(counter, strim(page));
	KUNIT_ASSERT_EQ(b->test, 0, kstrtou32(counter, 10, &fields.counter));
	memset(rpmb_frames_data(b->format, req, 0), value,
	       rpmb_block_size(b->format));
	rpmb_frames_set(b->format, req, len, &fields);
	KUNIT_ASSERT_EQ(b->test, 0,
			rpmb_frames_mac(b->format, req, len, hmac,
					rpmb_frames_key_mac(b->format, req,
							    len)));
	rpmb_hmac_free(hmac);
	KUNIT_ASSERT_EQ(b->test, 0, between_pass(b, &xfer, 1));
}

/* The device, which @limit may make smaller than the simulated one; without a key */
struct between *between_new(struct kunit *test, const char *type,
			    void (*limit)(struct rpmb_descr *descr))
{
	struct between *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	struct rpmb_descr descr;
	struct device *parent;

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->test = test;
	b->sim = rpmb_simulated_new(test, type);
	rpmb_simulated_enable(b->sim);
	parent = kunit_device_register(test, "rpmb-between");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, parent);

	descr = b->sim->rdev->descr;
	b->format = descr.frame_format;
	descr.transfer = between_transfer;
	descr.priv = b;
	if (limit)
		limit(&descr);
	b->key = between_key(test, &key_type_user, "rpmb:kunit", between_raw,
			     sizeof(between_raw));
	b->rdev = rpmb_dev_register(parent, &descr);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b->rdev);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, between_end,
							   b));
	return b;
}
