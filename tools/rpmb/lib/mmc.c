// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * /dev/mmcblkNrpmb: eMMC by MMC_IOC_MULTI_CMD
 *
 * The kernel runs all commands of one such call with the card claimed, after
 * switching to the RPMB partition, and sends CMD23 before each of them.
 */
#include <endian.h>
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

/* The first to have secure write protection */
#define EXT_CSD_REV_5_1 8

/* Bytes that every host carries in one piece; what more it can is not told */
#define MMC_MAX_LEN 65536

/* What changes something takes three commands */
#define MMC_MAX_BATCH (MMC_IOC_MAX_CMDS / 3)

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

static int transfer_all(const struct rpmb *rpmb,
			const struct rpmb_sequence *seqs, unsigned int nr)
{
	struct {
		struct mmc_ioc_multi_cmd multi;
		struct mmc_ioc_cmd cmds[MMC_IOC_MAX_CMDS];
	} ioc = {};
	const struct rpmb_sequence *seq;
	unsigned int i;

	for (seq = seqs; seq < seqs + nr; seq++)
		for (i = 0; i < seq->nr; i++)
			ioc.cmds[ioc.multi.num_of_cmds++] =
				command(seq, &seq->xfers[i]);
	if (ioctl(rpmb->fd, MMC_IOC_MULTI_CMD, &ioc))
		return rpmb_system_error(errno);
	return 0;
}

static int mmc_transfer(struct rpmb *rpmb, struct rpmb_sequence *seq)
{
	seq->started = true;
	return transfer_all(rpmb, seq, 1);
}

static bool is_refused(const struct rpmb_sequence *seq)
{
	const struct rpmb_frame *frame = seq->xfers[seq->nr - 1].buf;

	return !seq->reads && be16toh(frame->result) & ~RPMB_RES_EXPIRED;
}

/* Those before the first that has no response, or up to the first that is refused */
static unsigned int count_done(const struct rpmb *rpmb,
			       const struct rpmb_sequence *seqs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr && rpmb_has_response(rpmb, &seqs[i]); i++)
		if (is_refused(&seqs[i]))
			return i + 1;
	return i;
}

/*
 * By one call, which the kernel ends with the command that fails; what came before has
 * its responses also then. True if it is to go on.
 */
static bool carry_some(struct rpmb *rpmb, struct rpmb_request *rqs,
		       const struct rpmb_sequence *seqs, unsigned int nr,
		       unsigned int *done, int *ret)
{
	int error = transfer_all(rpmb, seqs, nr);
	unsigned int count = count_done(rpmb, seqs, nr), i;
	bool refused = count && is_refused(&seqs[count - 1]);

	*done += count;
	if (count < nr && !refused)
		*ret = error ?: rpmb_set_error(EPROTO);
	for (i = 0; i < nr && (!error || refused || i <= count); i++)
		rqs[i].started = true;
	return count == nr && !refused;
}

/*
 * The card takes what comes behind a write that it has refused. It refuses all of that
 * as well, for its counter, if the first one was for the counter that the card has; so
 * that one goes alone.
 */
static int mmc_carry_batch(struct rpmb *rpmb, struct rpmb_request *rqs,
			   unsigned int nr, unsigned int *done)
{
	struct rpmb_sequence seqs[MMC_MAX_BATCH] = {};
	struct rpmb_frame result_read;
	unsigned int first, i;
	int ret = 0;

	*done = 0;
	for (i = 0; i < nr; i++) {
		ret = rpmb_make_sequence(rpmb, &rqs[i], (void *)rqs[i].req,
					 rqs[i].resp, &result_read, &seqs[i]);
		if (ret)
			return ret;
	}
	first = seqs[0].reads ? nr : 1;
	if (carry_some(rpmb, rqs, seqs, first, done, &ret) && first < nr)
		carry_some(rpmb, rqs + first, seqs + first, nr - first, done,
			   &ret);
	return ret;
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
	info->max_batch = MMC_MAX_BATCH;
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
	.carry_batch = mmc_carry_batch,
	.runs_on = true,
	.transfer = mmc_transfer,
};
