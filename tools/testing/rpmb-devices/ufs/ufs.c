// SPDX-License-Identifier: GPL-2.0-only
/*
 * A UFS device: how a request goes
 */
#include <endian.h>
#include <string.h>

#include "internal.h"

const char *const ufs_fault_names[UFS_NR_FAULTS] = {
	[UFS_LOST_REQUEST] = "lost-request",
	[UFS_LOST_RESPONSE] = "lost-response",
	[UFS_FATAL_BEFORE] = "fatal-before",
	[UFS_FATAL_AFTER] = "fatal-after",
	[UFS_SENSE_BEFORE] = "sense-before",
	[UFS_SENSE_AFTER] = "sense-after",
	[UFS_RESIDUAL] = "residual",
	[UFS_FORGE] = "forge",
	[UFS_POWER_BEFORE] = "power-before",
	[UFS_POWER_AFTER] = "power-after",
	[UFS_EXIT_BEFORE] = "exit-before",
	[UFS_EXIT_AFTER] = "exit-after",
	[UFS_HOLD] = "hold",
	[UFS_LINK] = "link",
};

static bool strikes(struct ufs *ufs, enum ufs_fault kind,
		    const struct fault_point *point)
{
	return faults_happen(&ufs->faults, kind, point, NULL);
}

/*
 * Faults that keep an answer from coming, before the command is carried out or after it:
 * there is one of each kind for either
 */
static enum ufs_outcome strike(struct ufs *ufs,
			       const struct fault_point *point, bool after)
{
	if (strikes(ufs, UFS_EXIT_BEFORE + after, point))
		faults_cut_power();
	if (strikes(ufs, UFS_POWER_BEFORE + after, point)) {
		ufs_power_off(ufs);
		return UFS_SILENT;
	}
	if (strikes(ufs, UFS_FATAL_BEFORE + after, point))
		return UFS_FATAL;
	return strikes(ufs, UFS_LOST_REQUEST + after, point) ? UFS_SILENT :
							       UFS_ANSWERED;
}

static void record(struct ufs *ufs, const struct scsi_command *command,
		   const struct fault_point *point)
{
	struct ufs_event *event;

	event = &ufs->history[ufs->nr_events++ % UFS_HISTORY];
	*event = (struct ufs_event) {
		.opcode = command->cdb[0],
		.lun = command->lun,
		.region = point->partition,
		.type = point->type,
	};
	ufs->commands[command->cdb[0]]++;
}

/* Faults may come before the command, instead of it, or after it */
static uint32_t execute(struct ufs *ufs, struct scsi_command *command,
			const struct fault_point *point)
{
	uint32_t sense, resid;

	if (faults_happen(&ufs->faults, UFS_SENSE_BEFORE, point, &sense))
		return sense;
	sense = ufs_scsi(ufs, command);
	if (faults_happen(&ufs->faults, UFS_SENSE_AFTER, point, &sense))
		return sense;
	if (faults_happen(&ufs->faults, UFS_RESIDUAL, point, &resid))
		command->moved -= resid < command->moved ? resid :
							   command->moved;
	return sense;
}

/* Fixed format */
static void put_sense(struct upiu *response, uint32_t sense)
{
	uint8_t *data = response->data;

	response->status = SCSI_CHECK_CONDITION;
	response->data_len = htobe16(2 + UPIU_SENSE_LEN);
	data[1] = UPIU_SENSE_LEN;
	data[2] = 0x70;
	data[4] = sense >> 16;
	data[9] = UPIU_SENSE_LEN - 8;
	data[14] = sense >> 8;
	data[15] = sense;
}

static enum ufs_outcome run_command(struct ufs *ufs,
				    const struct upiu *request, uint8_t *data,
				    uint32_t len, struct upiu *response)
{
	struct scsi_command command = {
		.lun = request->lun,
		.cdb = request->command.cdb,
		.data = data,
		.len = len,
	};
	struct fault_point point = ufs_fault_point(ufs, &command);
	enum ufs_outcome outcome;
	uint32_t sense;

	if (strikes(ufs, UFS_HOLD, &point))
		return UFS_HELD;
	record(ufs, &command, &point);
	outcome = strike(ufs, &point, false);
	if (outcome != UFS_ANSWERED)
		return outcome;
	sense = execute(ufs, &command, &point);
	response->code = UPIU_RESPONSE;
	if (sense)
		put_sense(response, sense);
	if (command.moved < len) {
		response->flags = UPIU_UNDERFLOW;
		response->result.residual = htobe32(len - command.moved);
	}
	return strike(ufs, &point, true);
}

enum ufs_outcome ufs_request(struct ufs *ufs, const struct upiu *request,
			     uint8_t *data, uint32_t len,
			     struct upiu *response)
{
	memset(response, 0, sizeof(*response));
	response->lun = request->lun;
	response->tag = request->tag;
	response->set = request->set;
	if (!ufs->powered)
		return UFS_SILENT;

	switch (request->code & UPIU_CODE_MASK) {
	case UPIU_NOP_OUT:
		response->code = UPIU_NOP_IN;
		return UFS_ANSWERED;
	case UPIU_QUERY_REQUEST:
		ufs_query(ufs, request, response);
		return UFS_ANSWERED;
	case UPIU_COMMAND:
		return run_command(ufs, request, data, len, response);
	default:
		return UFS_SILENT;
	}
}
