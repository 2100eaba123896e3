/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a kernel without our patches lacks
 */
#ifndef RPMB_COMPAT_H
#define RPMB_COMPAT_H

#define CONFIG_RPMB_MODULE 1
#define CONFIG_RPMB_SIM_MODULE 1
#define CONFIG_VIRTIO_RPMB_MODULE 1
#define CONFIG_MMC_RPMB_MODULE 1

#endif /* RPMB_COMPAT_H */
