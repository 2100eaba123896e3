/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests can tell the links of NVMe over TCP, and ask them: commands of the
 * control socket
 */
#ifndef NVME_TCP_CONTROL_H
#define NVME_TCP_CONTROL_H

#include "control.h"

/* "link CONTROLLER up|refuse|hole|drop" */
const char *tcp_control_link(const struct control_device *device,
			     struct control_client *client);

/* "ports": where the controllers listen */
const char *tcp_control_ports(const struct control_device *device,
			      struct control_client *client);

#endif /* NVME_TCP_CONTROL_H */
