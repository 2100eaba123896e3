// SPDX-License-Identifier: GPL-2.0-only
/*
 * Directories of configfs, used through the operations that they have
 */
#include <linux/module.h>
#include <linux/string.h>

#include "directory.h"

static const struct config_item_type directory_beside_type = {
	.ct_owner = THIS_MODULE,
};

/* A directory beside the others, from which they can be found */
static struct configfs_subsystem directory_beside = {
	.su_group.cg_item = {
		.ci_namebuf = "rpmb-kunit",
		.ci_type = &directory_beside_type,
	},
};

/* A subsystem's directory, a reference */
struct config_group *directory_find_group(struct kunit *test, const char *name)
{
	struct config_item *root, *item;

	config_group_init(&directory_beside.su_group);
	mutex_init(&directory_beside.su_mutex);
	KUNIT_ASSERT_EQ(test, 0, configfs_register_subsystem(&directory_beside));
	root = directory_beside.su_group.cg_item.ci_parent;
	item = config_group_find_item(to_config_group(root), name);
	configfs_unregister_subsystem(&directory_beside);
	KUNIT_ASSERT_NOT_NULL_MSG(test, item, "%s is not there", name);
	return to_config_group(item);
}

static struct configfs_attribute *directory_attr(struct kunit *test,
						 struct config_item *item,
						 const char *name)
{
	struct configfs_attribute **attr;

	for (attr = item->ci_type->ct_attrs; *attr; attr++)
		if (!strcmp((*attr)->ca_name, name))
			break;
	KUNIT_ASSERT_NOT_NULL_MSG(test, *attr, "no attribute %s", name);
	return *attr;
}

/* As write(2) says it */
ssize_t directory_store(struct kunit *test, struct config_item *item,
			const char *name, const char *value)
{
	ssize_t ret = directory_attr(test, item, name)->store(item, value,
							      strlen(value));

	return ret == strlen(value) ? 0 : ret;
}

ssize_t directory_show(struct kunit *test, struct config_item *item,
		       const char *name, char *page)
{
	return directory_attr(test, item, name)->show(item, page);
}
