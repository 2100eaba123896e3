/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket's commands of a UFS device; README.rst has them
 */
#ifndef UFS_CONTROL_H
#define UFS_CONTROL_H

#include "control.h"
#include "ufshci.h"

void ufs_control_init(struct control_device *device, struct ufshci *host);

#endif /* UFS_CONTROL_H */
