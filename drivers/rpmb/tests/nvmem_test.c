// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cells of an RPMB: what consumers of nvmem get, and what is left of the device
 */
#include <keys/user-type.h>
#include <kunit/device.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/nvmem-consumer.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "between.h"
#include "directory.h"
#include "fake.h"

/* Place of the cell "serial" of all tests, in the middle of block 1 */
#define CELL_SKIP	40
#define CELL_LEN	24

/* Of the cell "next" right behind it */
#define CELL_NEXT_LEN	8

static const char * const cells_types[] = { "emmc", "nvme" };

static void cells_type_desc(const char * const *type, char *desc)
{
	strscpy(desc, *type, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(cells_type, cells_types, cells_type_desc);

/**
 * struct cells - a directory of rpmb-nvmem
 * @test: the test
 * @b: the RPMB
 * @size: bytes of a block
 * @top: directory of rpmb-nvmem
 * @dir: the directory in it
 * @sub: the directory "cells" in that
 * @cells: the cells in that
 * @nr: how many
 * @nvmem: the nvmem device, as long as the test has it
 */
struct cells {
	struct kunit *test;
	struct between *b;
	unsigned int size;
	struct config_group *top;
	struct config_group *dir;
	struct config_group *sub;
	struct config_item *cells[4];
	unsigned int nr;
	struct nvmem_device *nvmem;
};

static void cells_put(struct cells *c)
{
	if (c->nvmem)
		nvmem_device_put(c->nvmem);
	c->nvmem = NULL;
}

static void cells_clear(struct cells *c)
{
	while (c->nr)
		c->sub->cg_item.ci_type->ct_group_ops->drop_item(c->sub,
							c->cells[--c->nr]);
}

static void cells_end(void *data)
{
	struct cells *c = data;

	cells_put(c);
	cells_clear(c);
	c->top->cg_item.ci_type->ct_group_ops->drop_item(c->top,
							 &c->dir->cg_item);
	config_group_put(c->top);
}

static ssize_t cells_store(struct cells *c, const char *name, const char *value)
{
	return directory_store(c->test, &c->dir->cg_item, name, value);
}

static ssize_t cells_store_number(struct kunit *test, struct config_item *item,
				  const char *name, s64 value)
{
	char page[16];

	snprintf(page, sizeof(page), "%lld\n", value);
	return directory_store(test, item, name, page);
}

static ssize_t cells_store_key(struct cells *c, const struct key *key)
{
	return cells_store_number(c->test, &c->dir->cg_item, "key",
				  key_serial(key));
}

/* A directory that names device and key; the device has the key */
static struct cells *cells_new(struct kunit *test)
{
	struct cells *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->test = test;
	c->b = between_new(test, *(const char * const *)test->param_value,
			   NULL);
	c->size = rpmb_block_size(c->b->format);
	KUNIT_ASSERT_EQ(test, 0, rpmb_program_key(c->b->rdev, c->b->key));
	c->top = directory_find_group(test, "rpmb-nvmem");
	c->dir = c->top->cg_item.ci_type->ct_group_ops->make_group(c->top,
								   "kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c->dir);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, cells_end, c));
	c->sub = list_first_entry(&c->dir->default_groups, struct config_group,
				  group_entry);
	KUNIT_ASSERT_EQ(test, 0, cells_store(c, "device",
					     dev_name(&c->b->rdev->dev)));
	KUNIT_ASSERT_EQ(test, 0, cells_store_key(c, c->b->key));
	return c;
}

static struct config_item *cells_make(struct cells *c, const char *name)
{
	return c->sub->cg_item.ci_type->ct_group_ops->make_item(c->sub, name);
}

static struct config_item *cells_add(struct cells *c, const char *name,
				     u32 offset, u32 length)
{
	struct config_item *cell = cells_make(c, name);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(c->test, cell);
	KUNIT_ASSERT_LT(c->test, c->nr, ARRAY_SIZE(c->cells));
	c->cells[c->nr++] = cell;
	KUNIT_ASSERT_EQ(c->test, 0, cells_store_number(c->test, cell, "offset",
						       offset));
	KUNIT_ASSERT_EQ(c->test, 0, cells_store_number(c->test, cell, "length",
						       length));
	return cell;
}

static void cells_get(struct cells *c)
{
	c->nvmem = nvmem_device_find("kunit", device_match_name);
	if (IS_ERR(c->nvmem))
		c->nvmem = NULL;
	KUNIT_ASSERT_NOT_NULL(c->test, c->nvmem);
}

static u8 *cells_pattern(struct cells *c, unsigned int blocks)
{
	u8 *data = kunit_kmalloc(c->test, blocks * c->size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(c->test, data);
	for (unsigned int i = 0; i < blocks * c->size; i++)
		data[i] = 1 + i % 251;
	return data;
}

/* Enabled, with the cell and a neighbour, and with a pattern in blocks 0 to 3 */
static struct cells *cells_ready(struct kunit *test, u8 **pattern)
{
	struct cells *c = cells_new(test);

	*pattern = cells_pattern(c, 4);
	KUNIT_ASSERT_EQ(test, 0, rpmb_write_blocks(c->b->rdev, c->b->key, 0, 4,
						   *pattern, NULL, NULL));
	cells_add(c, "serial", c->size + CELL_SKIP, CELL_LEN);
	cells_add(c, "next", c->size + CELL_SKIP + CELL_LEN, CELL_NEXT_LEN);
	KUNIT_ASSERT_EQ(test, 0, cells_store(c, "enable", "1\n"));
	cells_get(c);
	c->b->nr = 0;
	return c;
}

static int cells_read(struct cells *c, u8 *data)
{
	return nvmem_device_read(c->nvmem, c->size + CELL_SKIP, CELL_LEN, data);
}

static int cells_write(struct cells *c, u8 value)
{
	u8 data[CELL_LEN];

	memset(data, value, sizeof(data));
	return nvmem_device_write(c->nvmem, c->size + CELL_SKIP, CELL_LEN,
				  data);
}

/* What is in blocks 0 to 3 of the device, and nobody comes between */
static void cells_expect_blocks(struct cells *c, const u8 *want)
{
	u8 *found = cells_pattern(c, 4);

	c->b->before = NULL;
	c->b->after = NULL;
	KUNIT_EXPECT_EQ(c->test, 0, rpmb_read_blocks(c->b->rdev, c->b->key, 0,
						     4, found));
	KUNIT_EXPECT_MEMEQ(c->test, found, want, 4 * c->size);
}

static struct nvmem_cell *cells_lookup(struct cells *c, const char *name)
{
	struct device *dev = kunit_device_register(c->test, "rpmb-consumer");
	struct nvmem_cell_lookup lookup = {
		.nvmem_name = "kunit",
		.cell_name = name,
		.con_id = "it",
	};
	struct nvmem_cell *cell;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(c->test, dev);
	lookup.dev_id = dev_name(dev);
	nvmem_add_cell_lookups(&lookup, 1);
	cell = nvmem_cell_get(dev, "it");
	nvmem_del_cell_lookups(&lookup, 1);
	kunit_device_unregister(c->test, dev);
	return cell;
}

/* As a driver has it, by the name */
static void nvmem_cell_test(struct kunit *test)
{
	u8 *want, data[CELL_LEN], *found;
	struct cells *c = cells_ready(test, &want);
	struct nvmem_cell *cell = cells_lookup(c, "serial");
	size_t len = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cell);
	memset(data, 0xa5, sizeof(data));
	KUNIT_EXPECT_EQ(test, CELL_LEN, nvmem_cell_write(cell, data, CELL_LEN));
	KUNIT_EXPECT_EQ(test, 1, between_count(c->b, RPMB_WRITE_DATA));
	found = nvmem_cell_read(cell, &len);
	nvmem_cell_put(cell);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, found);
	KUNIT_EXPECT_EQ(test, CELL_LEN, len);
	KUNIT_EXPECT_MEMEQ(test, found, data, CELL_LEN);
	kfree(found);
	memcpy(want + c->size + CELL_SKIP, data, CELL_LEN);
	cells_expect_blocks(c, want);
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-ENOENT), cells_lookup(c, "other"));
}

/* Any bytes, over the ends of blocks, and no byte more */
static void nvmem_range_test(struct kunit *test)
{
	u8 *want, *data, *found;
	struct cells *c = cells_ready(test, &want);
	unsigned int len = c->size + 10, at = c->size - 5;
	unsigned int end = rpmb_get_capacity(c->b->rdev, NULL) * c->size;

	data = cells_pattern(c, 2);
	memset(data, 0x3c, len);
	KUNIT_EXPECT_EQ(test, len, nvmem_device_write(c->nvmem, at, len, data));
	memcpy(want + at, data, len);
	found = cells_pattern(c, 3);
	KUNIT_EXPECT_EQ(test, 2 * c->size + 2,
			nvmem_device_read(c->nvmem, c->size - 1,
					  2 * c->size + 2, found));
	KUNIT_EXPECT_MEMEQ(test, found, want + c->size - 1, 2 * c->size + 2);
	KUNIT_EXPECT_EQ(test, 1, nvmem_device_read(c->nvmem, end - 1, 1,
						   found));
	KUNIT_EXPECT_EQ(test, 0, found[0]);
	KUNIT_EXPECT_EQ(test, -ERANGE,
			nvmem_device_read(c->nvmem, end - 1, 2, found));
	KUNIT_EXPECT_EQ(test, -ERANGE,
			nvmem_device_write(c->nvmem, end, 1, data));
	cells_expect_blocks(c, want);
}

/* What is there already costs no write */
static void nvmem_same_test(struct kunit *test)
{
	u8 *want;
	struct cells *c = cells_ready(test, &want);

	KUNIT_EXPECT_EQ(test, CELL_LEN, cells_write(c, 7));
	KUNIT_EXPECT_EQ(test, CELL_LEN, cells_write(c, 7));
	KUNIT_EXPECT_EQ(test, 1, between_count(c->b, RPMB_WRITE_DATA));
	memset(want + c->size + CELL_SKIP, 7, CELL_LEN);
	cells_expect_blocks(c, want);
}

static int cells_flip(struct between *b, struct rpmb_xfer *xfers,
		      unsigned int nr)
{
	struct rpmb_xfer *recv = between_recv(xfers, nr);

	if (b->type == RPMB_READ_DATA)
		((u8 *)rpmb_frames_data(b->format, recv->buf, 0))[255] ^= 1;
	return 0;
}

static void nvmem_forged_test(struct kunit *test)
{
	u8 *want, found[CELL_LEN], untouched[CELL_LEN];
	struct cells *c = cells_ready(test, &want);

	memset(found, 0xee, sizeof(found));
	memset(untouched, 0xee, sizeof(untouched));
	c->b->after = cells_flip;
	KUNIT_EXPECT_EQ(test, -EBADMSG, cells_read(c, found));
	KUNIT_EXPECT_MEMEQ(test, found, untouched, CELL_LEN);
	KUNIT_EXPECT_EQ(test, -EBADMSG, cells_write(c, 7));
	KUNIT_EXPECT_EQ(test, 0, between_count(c->b, RPMB_WRITE_DATA));
	cells_expect_blocks(c, want);
}

/* How many writes come too late, because somebody else has written to the block */
static unsigned int cells_late;

static int cells_write_between(struct between *b, struct rpmb_xfer *xfers,
			       unsigned int nr)
{
	if (b->type == RPMB_WRITE_DATA &&
	    between_count(b, RPMB_WRITE_DATA) <= cells_late)
		between_write(b, 1, 0x11 * between_count(b, RPMB_WRITE_DATA));
	return 0;
}

/* What the other has written is not lost, and the cell is what was written to it */
static void nvmem_other_test(struct kunit *test)
{
	u8 *want;
	struct cells *c = cells_ready(test, &want);

	cells_late = 2;
	c->b->before = cells_write_between;
	KUNIT_EXPECT_EQ(test, CELL_LEN, cells_write(c, 7));
	KUNIT_EXPECT_EQ(test, 3, between_count(c->b, RPMB_WRITE_DATA));
	memset(want + c->size, 0x22, c->size);
	memset(want + c->size + CELL_SKIP, 7, CELL_LEN);
	cells_expect_blocks(c, want);
}

static unsigned int cells_others;

/* Somebody else writes as soon as the block has been read */
static int cells_write_behind(struct between *b, struct rpmb_xfer *xfers,
			      unsigned int nr)
{
	if (b->type == RPMB_READ_DATA && cells_others) {
		cells_others--;
		between_write(b, 1, 0x33);
	}
	return 0;
}

static void nvmem_behind_test(struct kunit *test)
{
	u8 *want;
	struct cells *c = cells_ready(test, &want);

	cells_others = 1;
	c->b->after = cells_write_behind;
	KUNIT_EXPECT_EQ(test, CELL_LEN, cells_write(c, 7));
	KUNIT_EXPECT_EQ(test, 2, between_count(c->b, RPMB_WRITE_DATA));
	memset(want + c->size, 0x33, c->size);
	memset(want + c->size + CELL_SKIP, 7, CELL_LEN);
	cells_expect_blocks(c, want);
}

static int cells_write_twice_between(struct between *b, struct rpmb_xfer *xfers,
				     unsigned int nr)
{
	if (b->type == RPMB_WRITE_DATA) {
		between_write(b, 1, 0x44);
		between_write(b, 1, 0x55);
	}
	return 0;
}

/* Ours may have been one of these writes, so it is not done again over the other */
static void nvmem_unknown_test(struct kunit *test)
{
	u8 *want;
	struct cells *c = cells_ready(test, &want);

	c->b->before = cells_write_twice_between;
	KUNIT_EXPECT_EQ(test, -ESTALE, cells_write(c, 7));
	KUNIT_EXPECT_EQ(test, 1, between_count(c->b, RPMB_WRITE_DATA));
	memset(want + c->size, 0x55, c->size);
	cells_expect_blocks(c, want);
}

/* It is not tried for ever */
static void nvmem_busy_test(struct kunit *test)
{
	u8 *want;
	struct cells *c = cells_ready(test, &want);
	unsigned int tries;

	cells_late = UINT_MAX;
	c->b->before = cells_write_between;
	KUNIT_EXPECT_EQ(test, -ESTALE, cells_write(c, 7));
	tries = between_count(c->b, RPMB_WRITE_DATA);
	KUNIT_EXPECT_GT(test, tries, 1);
	memset(want + c->size, 0x11 * tries, c->size);
	cells_expect_blocks(c, want);
}

static int cells_lose_request(struct between *b, struct rpmb_xfer *xfers,
			      unsigned int nr)
{
	if (b->type != RPMB_WRITE_DATA)
		return 0;
	xfers[0].started = true;
	return -ETIMEDOUT;
}

static int cells_lose_answer(struct between *b, struct rpmb_xfer *xfers,
			     unsigned int nr)
{
	return b->type == RPMB_WRITE_DATA ? -ETIMEDOUT : 0;
}

/* A write is done if it is stored, and nothing is sent twice */
static void nvmem_lost_test(struct kunit *test)
{
	u8 *want;
	struct cells *c = cells_ready(test, &want);

	c->b->before = cells_lose_request;
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, cells_write(c, 7));
	KUNIT_EXPECT_EQ(test, 1, between_count(c->b, RPMB_WRITE_DATA));
	cells_expect_blocks(c, want);

	c->b->after = cells_lose_answer;
	KUNIT_EXPECT_EQ(test, CELL_LEN, cells_write(c, 9));
	KUNIT_EXPECT_EQ(test, 2, between_count(c->b, RPMB_WRITE_DATA));
	memset(want + c->size + CELL_SKIP, 9, CELL_LEN);
	cells_expect_blocks(c, want);
}

/* Another consumer, who writes the cell "next" in the same block */
static struct task_struct *cells_other;
static DECLARE_COMPLETION(cells_other_done);

static int cells_other_thread(void *data)
{
	struct cells *c = data;
	u8 next[CELL_NEXT_LEN];

	memset(next, 9, sizeof(next));
	KUNIT_EXPECT_EQ(c->test, CELL_NEXT_LEN,
			nvmem_device_write(c->nvmem, c->size + CELL_SKIP +
					   CELL_LEN, sizeof(next), next));
	complete(&cells_other_done);
	return 0;
}

/* He comes during the first request of a write, and waits for what is in his way */
static int cells_wake_other(struct between *b, struct rpmb_xfer *xfers,
			    unsigned int nr)
{
	unsigned long end = jiffies + RPMB_TEST_TIMEOUT;

	if (b->nr > 1)
		return 0;
	wake_up_process(cells_other);
	while (READ_ONCE(cells_other->__state) != TASK_UNINTERRUPTIBLE &&
	       time_before(jiffies, end))
		schedule_timeout_uninterruptible(1);
	KUNIT_EXPECT_TRUE(b->test, time_before(jiffies, end));
	return 0;
}

/* Two consumers do not spend writes on each other */
static void nvmem_beside_test(struct kunit *test)
{
	u8 *want;
	struct cells *c = cells_ready(test, &want);

	reinit_completion(&cells_other_done);
	cells_other = kthread_create(cells_other_thread, c, "rpmb-test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cells_other);
	c->b->before = cells_wake_other;
	KUNIT_EXPECT_EQ(test, CELL_LEN, cells_write(c, 7));
	rpmb_test_wait(test, &cells_other_done);
	KUNIT_EXPECT_EQ(test, 2, between_count(c->b, RPMB_WRITE_DATA));
	memset(want + c->size + CELL_SKIP, 7, CELL_LEN);
	memset(want + c->size + CELL_SKIP + CELL_LEN, 9, CELL_NEXT_LEN);
	cells_expect_blocks(c, want);
}

static void cells_expect_refused(struct cells *c, int error, u32 offset,
				 u32 length)
{
	cells_add(c, "refused", offset, length);
	KUNIT_EXPECT_EQ_MSG(c->test, error, cells_store(c, "enable", "1\n"),
			    "%u bytes at %u", length, offset);
	KUNIT_EXPECT_PTR_EQ(c->test, ERR_PTR(-EPROBE_DEFER),
			    nvmem_device_find("kunit", device_match_name));
	cells_clear(c);
}

static void nvmem_refused_test(struct kunit *test)
{
	struct cells *c = cells_new(test);
	u32 end = rpmb_get_capacity(c->b->rdev, NULL) * c->size;

	cells_expect_refused(c, -EINVAL, 0, 0);
	cells_expect_refused(c, -EINVAL, c->size - 1, 2);
	cells_expect_refused(c, -EINVAL, c->size, c->size + 1);
	cells_expect_refused(c, -ERANGE, end, 1);
	cells_expect_refused(c, -ERANGE, end - 1, 2);
	cells_expect_refused(c, -ERANGE, 1, U32_MAX);
	cells_add(c, "first", 10, 10);
	cells_expect_refused(c, -EEXIST, 19, 1);
	cells_add(c, "first", 10, 10);
	cells_expect_refused(c, -EEXIST, 5, 6);
	cells_add(c, "first", 10, 10);
	cells_add(c, "before", 0, 10);
	cells_add(c, "behind", 20, c->size - 20);
	cells_add(c, "last", end - c->size, c->size);
	KUNIT_EXPECT_EQ(test, 0, cells_store(c, "enable", "1\n"));
}

/* What is enabled stays as it is */
static void nvmem_settings_test(struct kunit *test)
{
	u8 *pattern;
	struct cells *c = cells_ready(test, &pattern);
	char *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	int serial;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, 0, cells_store(c, "enable", "1\n"));
	KUNIT_EXPECT_EQ(test, -EBUSY, cells_store(c, "device", "rpmb0\n"));
	KUNIT_EXPECT_EQ(test, -EBUSY, cells_store_key(c, c->b->key));
	KUNIT_EXPECT_EQ(test, -EBUSY, cells_store_number(test, c->cells[0],
							 "offset", 0));
	KUNIT_EXPECT_EQ(test, -EBUSY, cells_store_number(test, c->cells[0],
							 "length", 1));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EBUSY), cells_make(c, "late"));
	KUNIT_EXPECT_GT(test, directory_show(test, &c->dir->cg_item, "key",
					     page), 0);
	KUNIT_EXPECT_EQ(test, 0, kstrtoint(strim(page), 10, &serial));
	KUNIT_EXPECT_EQ(test, key_serial(c->b->key), serial);
	KUNIT_EXPECT_EQ(test, CELL_LEN, cells_write(c, 7));
}

/* Nobody uses a key that he may not find */
static void nvmem_key_test(struct kunit *test)
{
	struct cells *c = cells_new(test);
	u8 raw[RPMB_KEY_SIZE] = "another one";
	struct key *other = between_key(test, &key_type_user,
					"rpmb:kunit-other", raw, sizeof(raw));
	struct key *hidden = between_key(test, &key_type_user,
					 "rpmb:kunit-hidden", raw, sizeof(raw));

	hidden->perm &= ~KEY_USR_SEARCH;
	KUNIT_EXPECT_EQ(test, -EACCES, cells_store_key(c, hidden));
	KUNIT_EXPECT_EQ(test, -ENOKEY, cells_store(c, "key", "2147483647\n"));
	KUNIT_EXPECT_EQ(test, -EINVAL, cells_store(c, "key", "0\n"));
	KUNIT_EXPECT_EQ(test, -EINVAL, cells_store(c, "key", "-3\n"));
	KUNIT_EXPECT_EQ(test, 0, cells_store_key(c, other));
	KUNIT_EXPECT_EQ(test, -EBADMSG, cells_store(c, "enable", "1\n"));
	KUNIT_EXPECT_EQ(test, 0, cells_store_key(c, c->b->key));
	KUNIT_EXPECT_EQ(test, 0, cells_store(c, "device", "rpmb-none\n"));
	KUNIT_EXPECT_EQ(test, -ENODEV, cells_store(c, "enable", "1\n"));
}

/* Who still has the nvmem device reads nothing any more, and keeps no key */
static void nvmem_held_test(struct kunit *test)
{
	u8 *want, data[CELL_LEN];
	struct cells *c = cells_ready(test, &want);
	unsigned int keys = refcount_read(&c->b->key->usage);
	unsigned int devices = kref_read(&c->b->rdev->dev.kobj.kref);

	KUNIT_EXPECT_EQ(test, 0, cells_store(c, "enable", "0\n"));
	KUNIT_EXPECT_EQ(test, keys - 1, refcount_read(&c->b->key->usage));
	/* And the reference that its place in the order of suspend has, some time later */
	KUNIT_EXPECT_GE(test, devices - 1,
			kref_read(&c->b->rdev->dev.kobj.kref));
	KUNIT_EXPECT_EQ(test, -ENODEV, cells_read(c, data));
	KUNIT_EXPECT_EQ(test, -ENODEV, cells_write(c, 7));
	KUNIT_EXPECT_EQ(test, 0, c->b->nr);
	KUNIT_EXPECT_EQ(test, -EBUSY, cells_store(c, "enable", "1\n"));
	cells_put(c);
	KUNIT_EXPECT_EQ(test, 0, cells_store(c, "enable", "1\n"));
	cells_get(c);
	KUNIT_EXPECT_EQ(test, CELL_LEN, cells_read(c, data));
	KUNIT_EXPECT_MEMEQ(test, data, want + c->size + CELL_SKIP, CELL_LEN);
}

static void nvmem_gone_test(struct kunit *test)
{
	u8 *pattern, data[CELL_LEN];
	struct cells *c = cells_ready(test, &pattern);

	between_remove(c->b);
	KUNIT_EXPECT_EQ(test, -ENODEV, cells_read(c, data));
	KUNIT_EXPECT_EQ(test, -ENODEV, cells_write(c, 7));
	cells_put(c);
	KUNIT_EXPECT_EQ(test, 0, cells_store(c, "enable", "0\n"));
	KUNIT_EXPECT_EQ(test, -ENODEV, cells_store(c, "enable", "1\n"));
}

static struct kunit_case nvmem_cases[] = {
	KUNIT_CASE_PARAM(nvmem_cell_test, cells_type_gen_params),
	KUNIT_CASE_PARAM(nvmem_range_test, cells_type_gen_params),
	KUNIT_CASE_PARAM(nvmem_same_test, cells_type_gen_params),
	KUNIT_CASE_PARAM(nvmem_forged_test, cells_type_gen_params),
	KUNIT_CASE_PARAM(nvmem_other_test, cells_type_gen_params),
	KUNIT_CASE_PARAM(nvmem_behind_test, cells_type_gen_params),
	KUNIT_CASE_PARAM(nvmem_unknown_test, cells_type_gen_params),
	KUNIT_CASE_PARAM(nvmem_busy_test, cells_type_gen_params),
	KUNIT_CASE_PARAM(nvmem_lost_test, cells_type_gen_params),
	KUNIT_CASE_PARAM(nvmem_beside_test, cells_type_gen_params),
	KUNIT_CASE_PARAM(nvmem_refused_test, cells_type_gen_params),
	KUNIT_CASE_PARAM(nvmem_settings_test, cells_type_gen_params),
	KUNIT_CASE_PARAM(nvmem_key_test, cells_type_gen_params),
	KUNIT_CASE_PARAM(nvmem_held_test, cells_type_gen_params),
	KUNIT_CASE_PARAM(nvmem_gone_test, cells_type_gen_params),
	{}
};

static struct kunit_suite nvmem_suite = {
	.name = "rpmb-nvmem",
	.test_cases = nvmem_cases,
};

kunit_test_suite(nvmem_suite);

MODULE_SOFTDEP("pre: rpmb-nvmem");
