// SPDX-License-Identifier: GPL-2.0-only
/*
 * The RPMB well known logical unit: frames in and out of the engines of the regions
 */
#include "bytes.h"
#include "internal.h"
#include "scsi.h"

#define PROTOCOL 0xec
#define PROTOCOL_ID 0x01
#define FRAME_LEN sizeof(struct rpmb_frame)

enum cdb_offset {
	CDB_PROTOCOL = 1,
	CDB_REGION = 2,
	CDB_PROTOCOL_ID = 3,
	CDB_FLAGS = 4,
	CDB_LEN = 6,
};

static bool is_security(const struct scsi_command *command)
{
	return command->lun == UFS_LUN_RPMB &&
	       (command->cdb[0] == SECURITY_PROTOCOL_IN ||
		command->cdb[0] == SECURITY_PROTOCOL_OUT);
}

static uint16_t type_of(const uint8_t *frames, uint32_t len)
{
	struct rpmb_fields fields;

	rpmb_frames_parse(RPMB_FRAME_JEDEC, frames, len, &fields);
	return fields.type;
}

/* The type of what is sent, and of what was sent last if something is fetched */
struct fault_point ufs_fault_point(const struct ufs *ufs,
				   const struct scsi_command *command)
{
	struct fault_point point = {
		.command = command->cdb[0],
		.partition = command->cdb[CDB_REGION],
	};

	if (!is_security(command) || point.partition >= UFS_REGIONS) {
		point.partition = UFS_REGIONS;
		return point;
	}
	if (command->cdb[0] == SECURITY_PROTOCOL_IN)
		point.type = ufs->regions[point.partition].area.last_type;
	else if (command->len >= FRAME_LEN)
		point.type = type_of(command->data, command->len);
	return point;
}

static uint32_t check_cdb(const struct ufs *ufs,
			  const struct scsi_command *command)
{
	const uint8_t *cdb = command->cdb;
	uint32_t len = get_be32(cdb + CDB_LEN);

	if (cdb[CDB_PROTOCOL] != PROTOCOL ||
	    cdb[CDB_PROTOCOL_ID] != PROTOCOL_ID || cdb[CDB_FLAGS] ||
	    cdb[CDB_REGION] >= UFS_REGIONS ||
	    !ufs->config.regions[cdb[CDB_REGION]] || ufs->config.advanced)
		return SENSE_INVALID_FIELD;
	if (!len || len % FRAME_LEN || len != command->len)
		return SENSE_INVALID_FIELD;
	return SENSE_NONE;
}

static void send(struct ufs *ufs, uint8_t nr, struct scsi_command *command)
{
	struct area *area = &ufs->regions[nr].area;
	bool other = ufs->active != UFS_REGIONS && ufs->active != nr;

	area_note(area, type_of(command->data, command->len));
	command->moved = command->len;
	if (other && ufs->config.operations == UFS_REFUSE) {
		rpmb_engine_refuse(&area->engine, command->data, command->len);
		return;
	}
	rpmb_engine_request(&area->engine, command->data, command->len);
	ufs->active = nr;
}

/* Who asks without having requested anything gets a general failure */
static void receive(struct ufs *ufs, uint8_t nr, struct scsi_command *command)
{
	const struct rpmb_fields none = { .result = RPMB_RES_GENERAL };
	struct fault_point point = ufs_fault_point(ufs, command);
	uint32_t lie = AREA_HONEST;

	faults_happen(&ufs->faults, UFS_FORGE, &point, &lie);
	if (ufs->config.operations == UFS_SHARE && ufs->active != UFS_REGIONS)
		nr = ufs->active;
	if (ufs->active == nr)
		ufs->active = UFS_REGIONS;
	command->moved = area_respond(&ufs->regions[nr].area, command->data,
				      command->len, lie);
	if (command->moved)
		return;
	rpmb_frames_init(RPMB_FRAME_JEDEC, command->data, FRAME_LEN, &none);
	command->moved = FRAME_LEN;
}

uint32_t ufs_security(struct ufs *ufs, struct scsi_command *command)
{
	uint32_t sense = check_cdb(ufs, command);

	if (sense)
		return sense;
	if (command->cdb[0] == SECURITY_PROTOCOL_OUT)
		send(ufs, command->cdb[CDB_REGION], command);
	else
		receive(ufs, command->cdb[CDB_REGION], command);
	return SENSE_NONE;
}
