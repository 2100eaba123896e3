/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device of the simulator, made through the operations that its configfs directory
 * has
 */
#ifndef __RPMB_TESTS_SIMULATED_H
#define __RPMB_TESTS_SIMULATED_H

#include <kunit/test.h>
#include <linux/configfs.h>
#include <linux/rpmb.h>

#define RPMB_SIMULATED_CAPACITY	2	/* units of 128 KiB */

/**
 * struct rpmb_simulated - a simulated device
 * @test: the test, at whose end it goes
 * @group: the simulator's directory in configfs
 * @item: the device's directory there
 * @rdev: the device, if it was enabled
 */
struct rpmb_simulated {
	struct kunit *test;
	struct config_group *group;
	struct config_item *item;
	struct rpmb_dev *rdev;
};

struct rpmb_simulated *rpmb_simulated_new(struct kunit *test,
					  const char *type);
ssize_t rpmb_simulated_store(struct rpmb_simulated *dev, const char *name,
			     const char *value);
ssize_t rpmb_simulated_show(struct rpmb_simulated *dev, const char *name,
			    char *page);
void rpmb_simulated_enable(struct rpmb_simulated *dev);

#endif /* __RPMB_TESTS_SIMULATED_H */
