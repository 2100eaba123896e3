/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Directories of configfs, used through the operations that they have
 */
#ifndef __RPMB_TESTS_DIRECTORY_H
#define __RPMB_TESTS_DIRECTORY_H

#include <kunit/test.h>
#include <linux/configfs.h>

struct config_group *directory_find_group(struct kunit *test, const char *name);
ssize_t directory_store(struct kunit *test, struct config_item *item,
			const char *name, const char *value);
ssize_t directory_show(struct kunit *test, struct config_item *item,
		       const char *name, char *page);

#endif /* __RPMB_TESTS_DIRECTORY_H */
