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

/* The nearest of the reasons that there are: raw access to hardware */
#define LOCKDOWN_RPMB_KEY LOCKDOWN_IOPORT

#endif /* RPMB_COMPAT_H */
