/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A number that another device has, so that none of RPMB can be added with it
 */
#ifndef __RPMB_TESTS_OCCUPY_H
#define __RPMB_TESTS_OCCUPY_H

#include <kunit/test.h>
#include <linux/device.h>

static inline struct class *test_occupy(struct kunit *test, dev_t devt)
{
	struct class *class = class_create("rpmb-occupied");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, class);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, device_create(class, NULL, devt, NULL,
							 "rpmb-occupied"));
	return class;
}

static inline void test_vacate(struct class *class, dev_t devt)
{
	device_destroy(class, devt);
	class_destroy(class);
}

#endif /* __RPMB_TESTS_OCCUPY_H */
