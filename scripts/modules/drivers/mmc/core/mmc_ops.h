/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What mmc_rpmb takes from the header of this name in Linux 6.12 to 7.3. Packages of
 * headers do not have it.
 */
#ifndef RPMB_COMPAT_MMC_OPS_H
#define RPMB_COMPAT_MMC_OPS_H

#include <linux/types.h>

struct mmc_card;
struct mmc_host;

int __mmc_poll_for_busy(struct mmc_host *host, unsigned int period_us,
			unsigned int timeout_ms,
			int (*busy_cb)(void *cb_data, bool *busy),
			void *cb_data);
int mmc_switch(struct mmc_card *card, u8 set, u8 index, u8 value,
	       unsigned int timeout_ms);
int mmc_cmdq_enable(struct mmc_card *card);
int mmc_cmdq_disable(struct mmc_card *card);

#endif /* RPMB_COMPAT_MMC_OPS_H */
