// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The RPMB of UFS devices by SCSI commands: /dev/sgN or /dev/bsg/H:C:T:L
 *
 * JESD220G section 12.4.7: SECURITY PROTOCOL OUT and IN on a logical unit of its
 * own. Its descriptors are in sysfs.
 */
#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/bsg.h>
#include <scsi/sg.h>

#include "blake2b.h"
#include "interface.h"
#include "sysfs.h"

#define SECURITY_PROTOCOL_IN 0xa2
#define SECURITY_PROTOCOL_OUT 0xb5
#define SECURITY_PROTOCOL_UFS 0xec
#define UFS_RPMB_PROTOCOL_ID 0x01
#define CDB_LEN 12

#define STATUS_GOOD 0x00
#define STATUS_CHECK_CONDITION 0x02
#define STATUS_BUSY 0x08
#define STATUS_TASK_SET_FULL 0x28

#define HOST_NO_CONNECT 0x01
#define HOST_BUS_BUSY 0x02
#define HOST_TIME_OUT 0x03

/* The kernel says so whenever there is sense data */
#define DRIVER_SENSE 0x08

#define SENSE_LEN 64
#define SENSE_NOT_READY 0x02
#define SENSE_ILLEGAL_REQUEST 0x05
#define SENSE_UNIT_ATTENTION 0x06
#define ASC_INVALID_OPCODE 0x20
#define ASC_INVALID_FIELD_IN_CDB 0x24

/* Milliseconds; a device that is doing something else may take long */
#define TIMEOUT 30000

/* After a reset several may be waiting to be told */
#define UNIT_ATTENTIONS 3

#define WLUN_RPMB 0xc144
#define UFS_2_2 0x0220
#define UFS_4_0 0x0400
#define REGIONS 4
#define ADVANCED_RPMB (1 << 4)

/* More than the longest string of a descriptor, as text */
#define UFS_STRING 400

/* One command and what became of it, in whichever form the kernel takes it */
struct command {
	uint8_t cdb[CDB_LEN];
	bool out;
	void *buf;
	size_t len;

	unsigned int status;
	unsigned int host_status;
	unsigned int driver_status;
	int resid;
	uint8_t sense[SENSE_LEN];
};

/*
 * sg answers a signal while it waits by giving up the command, and after the
 * signal's handler the system call may be made again: a write would be sent twice.
 */
static int ioctl_uninterrupted(int fd, void *hdr)
{
	sigset_t all, before;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = ioctl(fd, SG_IO, hdr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ret;
}

static int sg_execute(int fd, struct command *cmd)
{
	struct sg_io_hdr hdr = {
		.interface_id = 'S',
		.dxfer_direction = cmd->out ? SG_DXFER_TO_DEV :
					      SG_DXFER_FROM_DEV,
		.cmd_len = sizeof(cmd->cdb),
		.cmdp = cmd->cdb,
		.mx_sb_len = sizeof(cmd->sense),
		.sbp = cmd->sense,
		.dxfer_len = cmd->len,
		.dxferp = cmd->buf,
		.timeout = TIMEOUT,
	};

	if (ioctl_uninterrupted(fd, &hdr))
		return rpmb_system_error(errno);
	cmd->status = hdr.status;
	cmd->host_status = hdr.host_status;
	cmd->driver_status = hdr.driver_status;
	cmd->resid = hdr.resid;
	return 0;
}

static int bsg_execute(int fd, struct command *cmd)
{
	struct sg_io_v4 hdr = {
		.guard = 'Q',
		.protocol = BSG_PROTOCOL_SCSI,
		.subprotocol = BSG_SUB_PROTOCOL_SCSI_CMD,
		.request_len = sizeof(cmd->cdb),
		.request = (uintptr_t)cmd->cdb,
		.max_response_len = sizeof(cmd->sense),
		.response = (uintptr_t)cmd->sense,
		.timeout = TIMEOUT,
	};

	if (cmd->out) {
		hdr.dout_xfer_len = cmd->len;
		hdr.dout_xferp = (uintptr_t)cmd->buf;
	} else {
		hdr.din_xfer_len = cmd->len;
		hdr.din_xferp = (uintptr_t)cmd->buf;
	}
	if (ioctl_uninterrupted(fd, &hdr))
		return rpmb_system_error(errno);
	cmd->status = hdr.device_status;
	cmd->host_status = hdr.transport_status;
	cmd->driver_status = hdr.driver_status;
	cmd->resid = cmd->out ? hdr.dout_resid : hdr.din_resid;
	return 0;
}

static int host_error(const struct command *cmd)
{
	switch (cmd->host_status) {
	case HOST_NO_CONNECT:
		return ENODEV;
	case HOST_BUS_BUSY:
		return EBUSY;
	case HOST_TIME_OUT:
		return ETIMEDOUT;
	default:
		return EIO;
	}
}

/* Sense data comes in two formats, with the key in another place */
static int sense_error(const struct command *cmd)
{
	bool descriptors = (cmd->sense[0] & 0x7f) >= 0x72;
	uint8_t key = cmd->sense[descriptors ? 1 : 2] & 0x0f;
	uint8_t asc = cmd->sense[descriptors ? 2 : 12];

	switch (key) {
	case SENSE_UNIT_ATTENTION:
		return EAGAIN;
	case SENSE_NOT_READY:
		return EBUSY;
	case SENSE_ILLEGAL_REQUEST:
		/* No such command, or no such region */
		return asc == ASC_INVALID_OPCODE ||
		       asc == ASC_INVALID_FIELD_IN_CDB ? EOPNOTSUPP : EINVAL;
	default:
		return EIO;
	}
}

static int status_error(const struct command *cmd)
{
	if (cmd->host_status)
		return host_error(cmd);
	switch (cmd->status) {
	case STATUS_GOOD:
		break;
	case STATUS_CHECK_CONDITION:
		return sense_error(cmd);
	case STATUS_BUSY:
	case STATUS_TASK_SET_FULL:
		return EBUSY;
	default:
		return EIO;
	}
	if ((cmd->driver_status & ~DRIVER_SENSE) || cmd->resid)
		return EIO;
	return 0;
}

static struct command make_command(const struct rpmb *rpmb,
				   const struct rpmb_xfer *xfer)
{
	uint32_t len = htobe32(xfer->len);
	struct command cmd = {
		.cdb[0] = SECURITY_PROTOCOL_OUT,
		.cdb[1] = SECURITY_PROTOCOL_UFS,
		.cdb[2] = rpmb->info.target,
		.cdb[3] = UFS_RPMB_PROTOCOL_ID,
		.out = xfer->kind != RPMB_XFER_RECV,
		.buf = xfer->buf,
		.len = xfer->len,
	};

	if (!cmd.out)
		cmd.cdb[0] = SECURITY_PROTOCOL_IN;
	memcpy(&cmd.cdb[6], &len, sizeof(len));
	return cmd;
}

typedef int execute_fn(int fd, struct command *cmd);

static int run(struct rpmb *rpmb, struct rpmb_sequence *seq,
	       execute_fn *execute)
{
	struct command cmd;
	unsigned int i;
	int ret, error;

	for (i = 0; i < seq->nr; i++) {
		cmd = make_command(rpmb, &seq->xfers[i]);
		seq->started = true;
		ret = execute(rpmb->fd, &cmd);
		if (ret)
			return ret;
		error = status_error(&cmd);
		if (error)
			return rpmb_set_error(error);
	}
	return 0;
}

/*
 * With a unit attention the device has not carried out the command. But it may
 * have carried out the same one before a reset, after which the kernel sent it
 * again; so only what changes nothing is sent again here.
 */
static int transfer(struct rpmb *rpmb, struct rpmb_sequence *seq,
		    execute_fn *execute)
{
	unsigned int tries = seq->reads ? UNIT_ATTENTIONS + 1 : 1;
	int ret;

	do
		ret = run(rpmb, seq, execute);
	while (ret && errno == EAGAIN && --tries);
	return ret && errno == EAGAIN ? rpmb_set_error(EIO) : ret;
}

static int sg_transfer(struct rpmb *rpmb, struct rpmb_sequence *seq)
{
	return transfer(rpmb, seq, sg_execute);
}

static int bsg_transfer(struct rpmb *rpmb, struct rpmb_sequence *seq)
{
	return transfer(rpmb, seq, bsg_execute);
}

/* The directories of the logical unit, and of the UFS host that it belongs to */
#define UNIT "device/unit_descriptor/"
#define HOST "device/../../../"
#define DEVICE HOST "device_descriptor/"

/* Is it the RPMB of a UFS device? */
static bool is_ufs_rpmb(const char *dir)
{
	unsigned long long lun;
	char path[RPMB_SYSFS_PATH], *real;
	bool is_wlun;

	snprintf(path, sizeof(path), "%s/device", dir);
	real = realpath(path, NULL);
	if (!real)
		return false;
	is_wlun = sscanf(strrchr(real, '/'), "/%*u:%*u:%*u:%llu", &lun) == 1 &&
		  lun == WLUN_RPMB;
	free(real);
	return is_wlun && rpmb_attr(dir, HOST "geometry_descriptor/rpmb_rw_size",
				    path, sizeof(path));
}

/*
 * Blocks in a region. Descriptors up to UFS 2.2 know one, of the unit's size. Later
 * ones have the sizes of all where other units have their dEraseBlockSize, under
 * which name the kernel shows it.
 */
static unsigned int region_blocks(const char *dir, unsigned int region,
				  unsigned long long version)
{
	unsigned int unit_blocks = RPMB_UNIT /
				   rpmb_block_size(RPMB_FRAME_JEDEC);
	unsigned long long sizes, count, shift;

	if (version <= UFS_2_2) {
		rpmb_attr_number(dir, UNIT "logical_block_count", &count);
		rpmb_attr_number(dir, UNIT "logical_block_size", &shift);
		if (region || shift > 31)
			return 0;
		return (count << shift) / RPMB_UNIT * unit_blocks;
	}
	rpmb_attr_number(dir, UNIT "erase_block_size", &sizes);
	return (sizes >> 8 * (REGIONS - 1 - region) & 0xff) * unit_blocks;
}

/* Region 0 always is; its bit means nothing */
static bool is_enabled(unsigned int region, unsigned long long regions)
{
	return !region || (region < REGIONS && regions & 1u << region);
}

/*
 * The serial number as it stands in the descriptor, in hexadecimal: UTF-16, and two
 * bytes more. sysfs shows it as text, with a blank for all that is none; after a
 * blank nobody knows.
 */
static bool read_serial(const char *dir, char *hex, size_t size)
{
	char text[UFS_STRING];
	size_t i;

	if (!rpmb_attr(dir, HOST "string_descriptors/serial_number", text,
		       sizeof(text)))
		return false;
	if (!text[0] || strchr(text, ' ') || 4 * strlen(text) + 5 > size)
		return false;
	for (i = 0; text[i]; i++)
		sprintf(hex + 4 * i, "00%02x", text[i]);
	strcpy(hex + 4 * i, "0000");
	return true;
}

/*
 * The identity that the kernel's driver gives it if nobody tells it otherwise, the
 * BLAKE2b-128 of "<device id>-R<region>". None is better than a wrong one, so it takes
 * all of what is in it.
 */
static void make_id(const char *dir, unsigned int region,
		    struct rpmb_info *info)
{
	unsigned long long maker, version, revision, date;
	char model[UFS_STRING], serial[4 * UFS_STRING], id[6 * UFS_STRING];

	if (!rpmb_attr_number(dir, DEVICE "manufacturer_id", &maker) ||
	    !rpmb_attr_number(dir, DEVICE "specification_version", &version) ||
	    !rpmb_attr_number(dir, DEVICE "device_version", &revision) ||
	    !rpmb_attr_number(dir, DEVICE "manufacturing_date", &date) ||
	    !rpmb_attr(dir, HOST "string_descriptors/product_name", model,
		       sizeof(model)) ||
	    !read_serial(dir, serial, sizeof(serial)))
		return;
	sprintf(id, "%04llX-%04llX-%s-%s-%04llX-%04llX-R%u", maker, version,
		model, serial, revision, date, region);
	rpmb_blake2b(id, strlen(id), info->dev_id);
	info->dev_id_len = RPMB_BLAKE2B_LEN;
}

static unsigned int request_types(unsigned int region,
				  unsigned long long version)
{
	unsigned int types = RPMB_BASIC_TYPES;

	if (!region)
		types |= RPMB_CONFIG_TYPES;
	if (version >= UFS_4_0)
		types |= RPMB_PURGE_TYPES;
	return types;
}

static int scsi_get_info(const struct rpmb_place *place, struct rpmb_info *info)
{
	unsigned long long version, regions, max;
	const char *dir = place->dir;

	if (!is_ufs_rpmb(dir))
		return RPMB_ERR_NOT_RPMB;
	rpmb_attr_number(dir, DEVICE "specification_version", &version);
	rpmb_attr_number(dir, HOST "geometry_descriptor/rpmb_rw_size", &max);
	/* bRPMBRegionEnable; other units have bDataReliability there */
	rpmb_attr_number(dir, UNIT "data_reliability", &regions);
	if (is_enabled(place->target, regions))
		info->capacity = region_blocks(dir, place->target, version);
	if (!info->capacity)
		return RPMB_ERR_NO_DEVICE;
	if (version >= UFS_4_0 && (regions & ADVANCED_RPMB))
		return RPMB_ERR_UNSUPPORTED;

	info->frame_format = RPMB_FRAME_JEDEC;
	info->transport = RPMB_TRANSPORT_UFS;
	info->block_size = rpmb_block_size(RPMB_FRAME_JEDEC);
	rpmb_set_limit(info, max ?: 1);
	info->request_types = request_types(place->target, version);
	info->target = place->target;
	make_id(dir, place->target, info);
	return 0;
}

const struct rpmb_interface rpmb_sg_interface = {
	.subsystem = "scsi_generic",
	.sys_dir = "/sys/class/scsi_generic",
	.dev_dir = "/dev",
	.hardware = "device/../../..",
	.nr_targets = REGIONS,
	.list_info = scsi_get_info,
	.get_info = scsi_get_info,
	.carry = rpmb_carry_sequence,
	.transfer = sg_transfer,
};

const struct rpmb_interface rpmb_bsg_interface = {
	.subsystem = "bsg",
	.sys_dir = "/sys/class/bsg",
	.dev_dir = "/dev/bsg",
	.hardware = "device/../../..",
	.nr_targets = REGIONS,
	.list_info = scsi_get_info,
	.get_info = scsi_get_info,
	.carry = rpmb_carry_sequence,
	.transfer = bsg_transfer,
};
