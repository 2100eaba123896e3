// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * /dev/mmcblkNrpmb: eMMC by MMC_IOC_MULTI_CMD
 *
 * The kernel runs all commands of one such call with the card claimed, after
 * switching to the RPMB partition, and sends CMD23 before each of them.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/major.h>
#include <linux/mmc/ioctl.h>

#include "interface.h"
#include "sysfs.h"

/* JESD84-B51; <linux/mmc/core.h> is not for programs */
#define MMC_READ_MULTIPLE_BLOCK 18
#define MMC_WRITE_MULTIPLE_BLOCK 25

/* A data transfer with an R1 response: present, with CRC and opcode; also in SPI */
#define MMC_RSP_PRESENT (1 << 0)
#define MMC_RSP_CRC (1 << 2)
#define MMC_RSP_OPCODE (1 << 4)
#define MMC_RSP_SPI_S1 (1 << 7)
#define MMC_CMD_ADTC (1 << 5)
#define MMC_FLAGS (MMC_RSP_PRESENT | MMC_RSP_CRC | MMC_RSP_OPCODE | \
		   MMC_RSP_SPI_S1 | MMC_CMD_ADTC)

/* Goes into CMD23 */
#define MMC_RELIABLE_WRITE (1u << 31)

#define EXT_CSD_REV_5_1 8

/* Bytes that every host carries in one piece; what more it can is not told */
#define MMC_MAX_LEN 65536

static struct mmc_ioc_cmd command(const struct rpmb_sequence *seq,
				  const struct rpmb_xfer *xfer)
{
	struct mmc_ioc_cmd cmd = {
		.opcode = MMC_READ_MULTIPLE_BLOCK,
		.flags = MMC_FLAGS,
		.blksz = sizeof(struct rpmb_frame),
		.blocks = xfer->len / sizeof(struct rpmb_frame),
		.data_ptr = (uintptr_t)xfer->buf,
	};

	if (xfer->kind != RPMB_XFER_RECV) {
		cmd.opcode = MMC_WRITE_MULTIPLE_BLOCK;
		cmd.write_flag = 1;
	}
	if (xfer->kind == RPMB_XFER_SEND && !seq->reads)
		cmd.write_flag |= MMC_RELIABLE_WRITE;
	return cmd;
}

static int mmc_transfer(struct rpmb *rpmb, struct rpmb_sequence *seq)
{
	struct {
		struct mmc_ioc_multi_cmd multi;
		struct mmc_ioc_cmd cmds[ARRAY_SIZE(seq->xfers)];
	} ioc = { .multi.num_of_cmds = seq->nr };
	unsigned int i;

	for (i = 0; i < seq->nr; i++)
		ioc.cmds[i] = command(seq, &seq->xfers[i]);
	seq->started = true;
	if (ioctl(rpmb->fd, MMC_IOC_MULTI_CMD, &ioc))
		return rpmb_system_error(errno);
	return 0;
}

static int mmc_get_info(const struct rpmb_place *place, struct rpmb_info *info)
{
	unsigned long long size, large_writes, rev;
	char cid[64];

	/* The card is the parent */
	if (!rpmb_attr_number(place->dir, "../raw_rpmb_size_mult", &size) ||
	    !rpmb_attr_number(place->dir, "../enhanced_rpmb_supported",
			      &large_writes) ||
	    !rpmb_attr_number(place->dir, "../rev", &rev) ||
	    !rpmb_attr(place->dir, "../cid", cid, sizeof(cid)))
		return RPMB_ERR_SYSTEM;

	info->frame_format = RPMB_FRAME_JEDEC;
	info->transport = RPMB_TRANSPORT_EMMC;
	info->block_size = rpmb_block_size(RPMB_FRAME_JEDEC);
	info->capacity = size * (RPMB_UNIT / info->block_size);
	info->write_sizes = 1 << 0 | 1 << 1 | (large_writes ? 1 << 5 : 0);
	info->max_read = MMC_MAX_LEN / sizeof(struct rpmb_frame);
	info->request_types = RPMB_BASIC_TYPES;
	/* Only the card knows whether it protects; the others refuse */
	if (rev >= EXT_CSD_REV_5_1)
		info->request_types |= RPMB_CONFIG_TYPES;
	info->dev_id_len = rpmb_from_hex(cid, info->dev_id,
					 sizeof(info->dev_id));
	return 0;
}

const struct rpmb_interface rpmb_mmc_interface = {
	.subsystem = "mmc_rpmb",
	.sys_dir = "/sys/bus/mmc_rpmb/devices",
	.dev_dir = "/dev",
	.hardware = "..",
	.list_info = mmc_get_info,
	.get_info = mmc_get_info,
	.carry = rpmb_carry_sequence,
	.transfer = mmc_transfer,
};
