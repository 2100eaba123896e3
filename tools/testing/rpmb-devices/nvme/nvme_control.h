/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NVME_CONTROL_H
#define NVME_CONTROL_H

#include "control.h"
#include "nvme.h"

/* What tests can tell the subsystem, and ask it */
void nvme_control_init(struct control_device *device,
		       struct nvme_subsystem *subsys);

#endif /* NVME_CONTROL_H */
