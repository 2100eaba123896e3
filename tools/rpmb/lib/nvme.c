// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * RPMB targets of NVMe subsystems by NVME_IOCTL_ADMIN_CMD
 *
 * NVM Express Base Specification 2.1, section 8.1.21: Security Send and Receive.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/nvme_ioctl.h>

#include "interface.h"
#include "sysfs.h"

#define NVME_IDENTIFY 0x06
#define NVME_SECURITY_SEND 0x81
#define NVME_SECURITY_RECEIVE 0x82

#define IDENTIFY_LEN 4096
#define IDENTIFY_CONTROLLER 1
#define IDENTIFY_MDTS 77
#define IDENTIFY_RPMBS 312

/* Fields of RPMBS */
#define RPMBS_TARGETS(rpmbs) ((rpmbs) & 0x7)
#define RPMBS_METHOD(rpmbs) ((rpmbs) >> 3 & 0x7)
#define RPMBS_SIZE(rpmbs) (((rpmbs) >> 16 & 0xff) + 1)
#define RPMBS_ACCESS(rpmbs) (((rpmbs) >> 24 & 0xff) + 1)
#define METHOD_HMAC_SHA256 0

/* MDTS is in units of pages, which have at least so many bytes */
#define MIN_PAGE 4096

#define TARGETS 7

/* Command dword 10: the protocol assigned to NVMe, its RPMB, and the target */
#define SECURITY_PROTOCOL_NVME 0xea
#define SECURITY_PROTOCOL_RPMB 0x0001

/* Milliseconds; a controller that is doing something else may take long */
#define TIMEOUT 30000

/* Status codes, in the lower 11 bits of the status */
#define STATUS_MASK 0x7ff
#define STATUS_INVALID_OPCODE 0x01
#define STATUS_INVALID_FIELD 0x02
#define STATUS_ABORT_REQUESTED 0x07

static int status_error(int status)
{
	switch (status & STATUS_MASK) {
	case STATUS_INVALID_OPCODE:
		return EOPNOTSUPP;
	case STATUS_INVALID_FIELD:
		return EINVAL;
	case STATUS_ABORT_REQUESTED:
		return ETIMEDOUT;
	default:
		return EIO;
	}
}

/* The ioctl returns the controller's status, or -1 with errno if there is none */
static int execute(int fd, struct nvme_admin_cmd *cmd)
{
	int status = ioctl(fd, NVME_IOCTL_ADMIN_CMD, cmd);

	if (status < 0)
		return rpmb_system_error(errno);
	return status ? rpmb_set_error(status_error(status)) : 0;
}

static int nvme_transfer(struct rpmb *rpmb, struct rpmb_sequence *seq)
{
	const struct rpmb_xfer *xfer;
	int ret = 0;

	for (xfer = seq->xfers; !ret && xfer < seq->xfers + seq->nr; xfer++) {
		bool send = xfer->kind != RPMB_XFER_RECV;
		struct nvme_admin_cmd cmd = {
			.opcode = send ? NVME_SECURITY_SEND :
					 NVME_SECURITY_RECEIVE,
			.addr = (uintptr_t)xfer->buf,
			.data_len = xfer->len,
			.cdw10 = (uint32_t)SECURITY_PROTOCOL_NVME << 24 |
				 SECURITY_PROTOCOL_RPMB << 8 |
				 rpmb->info.target,
			.cdw11 = xfer->len,
			.timeout_ms = TIMEOUT,
		};

		seq->started = true;
		ret = execute(rpmb->fd, &cmd);
	}
	return ret;
}

/* What a controller says of itself, as far as it matters here */
struct identity {
	uint32_t rpmbs;
	unsigned int mdts;
};

static int get_identity(int fd, struct identity *identity)
{
	alignas(8) uint8_t data[IDENTIFY_LEN] = { 0 };
	struct nvme_admin_cmd cmd = {
		.opcode = NVME_IDENTIFY,
		.addr = (uintptr_t)data,
		.data_len = sizeof(data),
		.cdw10 = IDENTIFY_CONTROLLER,
		.timeout_ms = TIMEOUT,
	};
	int ret = execute(fd, &cmd);

	memcpy(&identity->rpmbs, &data[IDENTIFY_RPMBS],
	       sizeof(identity->rpmbs));
	identity->rpmbs = le32toh(identity->rpmbs);
	identity->mdts = data[IDENTIFY_MDTS];
	return ret;
}

/* Most blocks of one request: what the target takes, and a command carries */
static unsigned int max_blocks(const struct identity *identity)
{
	unsigned int access = RPMBS_ACCESS(identity->rpmbs), pages = 1, carried;

	pages <<= identity->mdts < 16 ? identity->mdts : 16;
	carried = pages * MIN_PAGE / rpmb_block_size(RPMB_FRAME_NVME) - 1;
	return identity->mdts && carried < access ? carried : access;
}

/* The identity that the kernel's driver gives it: subsystem and target */
static void make_id(const struct rpmb_place *place, struct rpmb_info *info)
{
	char nqn[LIBRPMB_ID_LEN];
	int len;

	if (!rpmb_attr(place->dir, "subsysnqn", nqn, sizeof(nqn)) || !nqn[0])
		return;
	len = snprintf((char *)info->dev_id, sizeof(info->dev_id), "%s-T%u",
		       nqn, place->target);
	if (len > 0 && (size_t)len < sizeof(info->dev_id))
		info->dev_id_len = len;
}

static int nvme_get_info(const struct rpmb_place *place, struct rpmb_info *info)
{
	struct identity identity;
	uint32_t rpmbs;
	int ret;

	ret = get_identity(place->fd, &identity);
	if (ret)
		return ret;
	rpmbs = identity.rpmbs;
	if (!RPMBS_TARGETS(rpmbs))
		return RPMB_ERR_NOT_RPMB;
	if (place->target >= RPMBS_TARGETS(rpmbs))
		return RPMB_ERR_NO_DEVICE;
	if (RPMBS_METHOD(rpmbs) != METHOD_HMAC_SHA256)
		return RPMB_ERR_UNSUPPORTED;

	info->frame_format = RPMB_FRAME_NVME;
	info->transport = RPMB_TRANSPORT_NVME;
	info->block_size = rpmb_block_size(RPMB_FRAME_NVME);
	info->capacity = RPMBS_SIZE(rpmbs) * (RPMB_UNIT / info->block_size);
	rpmb_set_limit(info, max_blocks(&identity));
	info->request_types = RPMB_BASIC_TYPES;
	if (!place->target)
		info->request_types |= RPMB_CONFIG_TYPES;
	info->target = place->target;
	make_id(place, info);
	return 0;
}

const struct rpmb_interface rpmb_nvme_interface = {
	.subsystem = "nvme",
	.sys_dir = "/sys/class/nvme",
	.dev_dir = "/dev",
	.hardware = ".",
	.nr_targets = TARGETS,
	.list_asks = true,
	.list_info = nvme_get_info,
	.get_info = nvme_get_info,
	.carry = rpmb_carry_sequence,
	.transfer = nvme_transfer,
};
