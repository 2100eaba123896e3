// SPDX-License-Identifier: GPL-2.0-only
/*
 * The SCSI commands of a UFS device, JESD220G section 11
 */
#include "bytes.h"
#include "internal.h"
#include "scsi.h"

#define TYPE_DISK 0x00
#define TYPE_WLUN 0x1e
#define INQUIRY_LEN 36
#define READ_CAPACITY_16 0x10
#define POWER_ACTIVE 1
#define CACHING_PAGE 0x08
#define ALL_PAGES 0x3f

/* Which logical units know a command */
enum lun_set {
	ON_DATA = 1 << 0,
	ON_RPMB = 1 << 1,
	ON_DEVICE = 1 << 2,
	ON_OTHER = 1 << 3,
	ON_ALL = ON_DATA | ON_RPMB | ON_DEVICE | ON_OTHER,
};

/* As much of an answer as there is room for; what lies behind it is not moved */
static uint32_t answer(struct scsi_command *command, const void *from,
		       uint32_t len)
{
	command->moved = len < command->len ? len : command->len;
	memcpy(command->data, from, command->moved);
	return SENSE_NONE;
}

static uint32_t nothing(struct ufs *ufs, struct scsi_command *command)
{
	(void)ufs;
	(void)command;
	return SENSE_NONE;
}

static uint32_t inquiry(struct ufs *ufs, struct scsi_command *command)
{
	uint8_t data[INQUIRY_LEN] = {
		[2] = 6, [3] = 2, [4] = INQUIRY_LEN - 5, [7] = 2,
	};

	(void)ufs;
	if (command->cdb[1] & 1)	/* vital product data: there is none */
		return SENSE_INVALID_FIELD;
	data[0] = command->lun == UFS_LUN_DATA ? TYPE_DISK : TYPE_WLUN;
	memcpy(data + 8, "RPMBTESTUFS             0001", 28);
	return answer(command, data, sizeof(data));
}

static uint32_t request_sense(struct ufs *ufs, struct scsi_command *command)
{
	const uint8_t data[UPIU_SENSE_LEN] = {
		[0] = 0x70, [7] = UPIU_SENSE_LEN - 8,
	};

	(void)ufs;
	return answer(command, data, sizeof(data));
}

/* One ordinary logical unit */
static uint32_t report_luns(struct ufs *ufs, struct scsi_command *command)
{
	const uint8_t data[16] = { [3] = 8 };

	(void)ufs;
	return answer(command, data, sizeof(data));
}

/* No block descriptor, and one page, which says whether there is a cache */
static uint32_t mode_sense(struct ufs *ufs, struct scsi_command *command)
{
	uint8_t page = command->cdb[2] & 0x3f;
	uint8_t data[28] = { [8] = CACHING_PAGE, [9] = 18 };
	uint8_t len = page == CACHING_PAGE || page == ALL_PAGES ? 28 : 8;

	data[1] = len - 2;
	if (ufs->config.write_cache)
		data[10] = 1 << 2;
	return answer(command, data, len);
}

static uint32_t read_capacity_10(struct ufs *ufs, struct scsi_command *command)
{
	uint8_t data[8];

	put_be32(data, ufs->config.blocks - 1);
	put_be32(data + 4, UFS_BLOCK_LEN);
	return answer(command, data, sizeof(data));
}

static uint32_t read_capacity_16(struct ufs *ufs, struct scsi_command *command)
{
	uint8_t data[32] = {};

	if ((command->cdb[1] & 0x1f) != READ_CAPACITY_16)
		return SENSE_INVALID_FIELD;
	put_be32(data + 4, ufs->config.blocks - 1);
	put_be32(data + 8, UFS_BLOCK_LEN);
	return answer(command, data, sizeof(data));
}

/* Where a command reads or writes, and how much */
static uint32_t get_extent(const struct ufs *ufs, struct scsi_command *command,
			   uint32_t *first, uint32_t *nr)
{
	const uint8_t *cdb = command->cdb;
	bool is_long = cdb[0] == READ_16 || cdb[0] == WRITE_16;
	uint32_t block = get_be32(cdb + (is_long ? 6 : 2));
	uint32_t count = is_long ? get_be32(cdb + 10) :
				   (uint32_t)cdb[7] << 8 | cdb[8];

	if ((is_long && get_be32(cdb + 2)) || block >= ufs->config.blocks ||
	    count > ufs->config.blocks - block)
		return SENSE_OUT_OF_RANGE;
	if (count > command->len / UFS_BLOCK_LEN)
		return SENSE_INVALID_FIELD;
	*first = block;
	*nr = count;
	return SENSE_NONE;
}

static uint32_t move_blocks(struct ufs *ufs, struct scsi_command *command)
{
	uint8_t opcode = command->cdb[0];
	bool is_write = opcode == WRITE_10 || opcode == WRITE_16;
	uint32_t first, nr, i, sense = get_extent(ufs, command, &first, &nr);
	uint8_t *at = command->data;

	if (sense)
		return sense;
	for (i = 0; i < nr; i++, at += UFS_BLOCK_LEN)
		if (!(is_write ? cache_write(&ufs->cache, first + i, at) :
				 cache_read(&ufs->cache, first + i, at)))
			return SENSE_MEDIUM_ERROR;
	command->moved = nr * UFS_BLOCK_LEN;
	return SENSE_NONE;
}

/* The device W-LUN's power condition is the whole device's */
static uint32_t start_stop(struct ufs *ufs, struct scsi_command *command)
{
	uint8_t condition = command->cdb[4] >> 4;

	if (command->lun != UFS_LUN_DEVICE || !condition)
		return SENSE_NONE;
	if (ufs->stopped && condition == POWER_ACTIVE &&
	    ufs->config.report_sleep)
		ufs_attend(ufs);
	ufs->stopped = condition != POWER_ACTIVE;
	return SENSE_NONE;
}

static uint32_t sync_data(struct ufs *ufs, struct scsi_command *command)
{
	(void)command;
	return cache_sync(&ufs->cache) ? SENSE_NONE : SENSE_MEDIUM_ERROR;
}

/* @quiet: goes before what there is to report */
static const struct {
	uint32_t (*run)(struct ufs *ufs, struct scsi_command *command);
	uint8_t luns;
	bool quiet;
} commands[256] = {
	[TEST_UNIT_READY] = { nothing, ON_ALL, false },
	[REQUEST_SENSE] = { request_sense, ON_ALL, true },
	[INQUIRY] = { inquiry, ON_ALL, true },
	[START_STOP_UNIT] = { start_stop, ON_DATA | ON_DEVICE, false },
	[READ_CAPACITY_10] = { read_capacity_10, ON_DATA, false },
	[READ_10] = { move_blocks, ON_DATA, false },
	[WRITE_10] = { move_blocks, ON_DATA, false },
	[SYNCHRONIZE_CACHE_10] = { sync_data, ON_DATA | ON_DEVICE, false },
	[MODE_SENSE_10] = { mode_sense, ON_DATA, false },
	[READ_16] = { move_blocks, ON_DATA, false },
	[WRITE_16] = { move_blocks, ON_DATA, false },
	[SERVICE_ACTION_IN_16] = { read_capacity_16, ON_DATA, false },
	[REPORT_LUNS] = { report_luns, ON_DATA | ON_OTHER, true },
	[SECURITY_PROTOCOL_IN] = { ufs_security, ON_RPMB, false },
	[SECURITY_PROTOCOL_OUT] = { ufs_security, ON_RPMB, false },
};

static uint8_t lun_set(uint8_t lun)
{
	switch (lun) {
	case UFS_LUN_DATA:
		return ON_DATA;
	case UFS_LUN_RPMB:
		return ON_RPMB;
	case UFS_LUN_DEVICE:
		return ON_DEVICE;
	case UFS_LUN_REPORT_LUNS:
	case UFS_LUN_BOOT:
		return ON_OTHER;
	default:
		return 0;
	}
}

uint32_t ufs_scsi(struct ufs *ufs, struct scsi_command *command)
{
	uint8_t opcode = command->cdb[0], set = lun_set(command->lun);

	if (!set)
		return SENSE_INVALID_LUN;
	if (ufs->stopped && opcode != START_STOP_UNIT && !commands[opcode].quiet)
		return SENSE_STOPPED;
	if (ufs->attention[command->lun] && !commands[opcode].quiet) {
		ufs->attention[command->lun] = false;
		return SENSE_RESET;
	}
	if (!(commands[opcode].luns & set))
		return SENSE_INVALID_OPCODE;
	return commands[opcode].run(ufs, command);
}
