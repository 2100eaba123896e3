// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel's interfaces, and what they share
 */
#include <stdio.h>
#include <string.h>

#include "interface.h"

const struct rpmb_interface *const rpmb_interfaces[] = {
	&rpmb_device_interface,
	&rpmb_mmc_interface,
	&rpmb_sg_interface,
	&rpmb_bsg_interface,
	&rpmb_nvme_interface,
};

const unsigned int rpmb_nr_interfaces = ARRAY_SIZE(rpmb_interfaces);

static const char * const transports[] = {
	[RPMB_TRANSPORT_EMMC] = "emmc",
	[RPMB_TRANSPORT_UFS] = "ufs",
	[RPMB_TRANSPORT_NVME] = "nvme",
	[RPMB_TRANSPORT_VIRTIO] = "virtio",
	[RPMB_TRANSPORT_SIM] = "sim",
};

const char *rpmb_transport_name(unsigned int transport)
{
	if (transport >= ARRAY_SIZE(transports) || !transports[transport])
		return "unknown";
	return transports[transport];
}

void rpmb_set_name(struct rpmb_info *info,
		   const struct rpmb_interface *interface, const char *file,
		   unsigned int target)
{
	const char *dir = interface->dev_dir + strlen("/dev");
	int len = snprintf(info->name, sizeof(info->name), "%s%s%.24s",
			   *dir ? dir + 1 : "", *dir ? "/" : "", file);

	if (interface->nr_targets)
		snprintf(info->name + len, sizeof(info->name) - len, ":%u",
			 target);
}

void rpmb_set_limit(struct rpmb_info *info, unsigned int max)
{
	unsigned int n;

	info->max_write = max;
	info->max_read = max;
	info->write_sizes = 0;
	for (n = 0; n < 16 && 1u << n <= max; n++)
		info->write_sizes |= 1u << n;
}
