/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What mmc_rpmb takes from the header of this name in Linux 6.12 to 7.3. Packages of
 * headers do not have it.
 */
#ifndef RPMB_COMPAT_MMC_CORE_H
#define RPMB_COMPAT_MMC_CORE_H

#include <linux/atomic.h>

struct mmc_card;
struct mmc_ctx;
struct mmc_host;

#define MMC_CMD_RETRIES	3

int __mmc_claim_host(struct mmc_host *host, struct mmc_ctx *ctx,
		     atomic_t *abort);
void mmc_put_card(struct mmc_card *card, struct mmc_ctx *ctx);

#endif /* RPMB_COMPAT_MMC_CORE_H */
