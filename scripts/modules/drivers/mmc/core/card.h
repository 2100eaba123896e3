/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What mmc_rpmb takes from the header of this name in Linux 6.12 to 7.3. Packages of
 * headers do not have it.
 */
#ifndef RPMB_COMPAT_MMC_CARD_H
#define RPMB_COMPAT_MMC_CARD_H

#include <linux/mmc/card.h>

#define mmc_dev_to_card(d)	container_of(d, struct mmc_card, dev)

#define MMC_CARD_REMOVED	BIT(4)
#define MMC_STATE_SUSPENDED	BIT(5)

#define mmc_card_removed(c)	((c) && ((c)->state & MMC_CARD_REMOVED))
#define mmc_card_suspended(c)	((c)->state & MMC_STATE_SUSPENDED)
#define mmc_card_set_removed(c)	((c)->state |= MMC_CARD_REMOVED)

/* Without our patches the kernel does not know, but which cards may have it */
#define mmc_card_secure_wp(c)	((c)->ext_csd.rev >= 7)

#endif /* RPMB_COMPAT_MMC_CARD_H */
