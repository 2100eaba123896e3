/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket's commands of an eMMC card; README.rst has them
 */
#ifndef EMMC_CONTROL_H
#define EMMC_CONTROL_H

#include "control.h"
#include "sdhci.h"

void emmc_control_init(struct control_device *device, struct sdhci *host);

#endif /* EMMC_CONTROL_H */
