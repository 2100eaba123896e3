/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What mmc_rpmb takes from the header of this name in Linux 6.12 to 7.3. Packages of
 * headers do not have it.
 */
#ifndef RPMB_COMPAT_MMC_BUS_H
#define RPMB_COMPAT_MMC_BUS_H

#include <linux/device.h>

struct mmc_card;

struct mmc_driver {
	struct device_driver drv;
	int (*probe)(struct mmc_card *card);
	void (*remove)(struct mmc_card *card);
	void (*shutdown)(struct mmc_card *card);
};

int mmc_register_driver(struct mmc_driver *drv);
void mmc_unregister_driver(struct mmc_driver *drv);

#endif /* RPMB_COMPAT_MMC_BUS_H */
