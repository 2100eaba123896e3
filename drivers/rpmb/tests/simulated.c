// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device of the simulator, made through the operations that its configfs directory
 * has
 */
#include <linux/string.h>

#include "directory.h"
#include "simulated.h"

/* As write(2) says it */
ssize_t rpmb_simulated_store(struct rpmb_simulated *dev, const char *name,
			     const char *value)
{
	return directory_store(dev->test, dev->item, name, value);
}

ssize_t rpmb_simulated_show(struct rpmb_simulated *dev, const char *name,
			    char *page)
{
	return directory_show(dev->test, dev->item, name, page);
}

static int simulated_match(struct device *dev, const void *name)
{
	return !strcmp(dev_name(dev), name);
}

void rpmb_simulated_enable(struct rpmb_simulated *dev)
{
	struct kunit *test = dev->test;
	char *name = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, name);
	KUNIT_ASSERT_EQ(test, 0, rpmb_simulated_store(dev, "enable", "1\n"));
	KUNIT_ASSERT_GT(test, rpmb_simulated_show(dev, "device", name), 0);
	rpmb_dev_put(dev->rdev);
	dev->rdev = rpmb_dev_find_device(strim(name), NULL, simulated_match);
	KUNIT_ASSERT_NOT_NULL(test, dev->rdev);
}

static void simulated_end(void *data)
{
	struct rpmb_simulated *dev = data;
	const struct configfs_group_operations *ops =
		dev->group->cg_item.ci_type->ct_group_ops;

	rpmb_dev_put(dev->rdev);
	if (dev->item)
		ops->drop_item(dev->group, dev->item);
	config_group_put(dev->group);
}

/* A directory of the simulator, not enabled yet */
struct rpmb_simulated *rpmb_simulated_new(struct kunit *test, const char *type)
{
	struct rpmb_simulated *dev = kunit_kzalloc(test, sizeof(*dev),
						   GFP_KERNEL);
	struct config_item *item;

	KUNIT_ASSERT_NOT_NULL(test, dev);
	dev->test = test;
	dev->group = directory_find_group(test, "rpmb-sim");
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, simulated_end,
							   dev));
	item = dev->group->cg_item.ci_type->ct_group_ops->make_item(dev->group,
								    "kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, item);
	dev->item = item;
	KUNIT_ASSERT_EQ(test, 0, rpmb_simulated_store(dev, "type", type));
	KUNIT_ASSERT_EQ(test, 0, rpmb_simulated_store(dev, "capacity", "2"));
	return dev;
}
