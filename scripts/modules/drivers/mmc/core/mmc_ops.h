/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What mmc_rpmb takes from the header of this name in Linux 6.12 to 7.3. Packages of
 * headers do not have it.
 */
#ifndef RPMB_COMPAT_MMC_OPS_H
#define RPMB_COMPAT_MMC_OPS_H

#include <linux/types.h>

struct mmc_card;

enum mmc_busy_cmd {
	MMC_BUSY_CMD6,
	MMC_BUSY_ERASE,
	MMC_BUSY_HPI,
	MMC_BUSY_EXTR_SINGLE,
	MMC_BUSY_IO,
};

int mmc_poll_for_busy(struct mmc_card *card, unsigned int timeout_ms,
		      bool retry_crc_err, enum mmc_busy_cmd busy_cmd);
int mmc_switch(struct mmc_card *card, u8 set, u8 index, u8 value,
	       unsigned int timeout_ms);
int mmc_cmdq_enable(struct mmc_card *card);
int mmc_cmdq_disable(struct mmc_card *card);

#endif /* RPMB_COMPAT_MMC_OPS_H */
