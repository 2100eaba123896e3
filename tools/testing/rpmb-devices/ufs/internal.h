/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the UFS device share
 */
#ifndef UFS_INTERNAL_H
#define UFS_INTERNAL_H

#include "ufs.h"

/* Query: the response's fields and data */
void ufs_query(struct ufs *ufs, const struct upiu *request,
	       struct upiu *response);

/*
 * A descriptor; its length, or 0 if there is none
 */
uint8_t ufs_descriptor(const struct ufs *ufs, uint8_t idn, uint8_t index,
		       uint8_t descriptor[UPIU_MAX_DATA]);

enum scsi_status {
	SCSI_GOOD = 0x00,
	SCSI_CHECK_CONDITION = 0x02,
};

/* Sense key, code and qualifier, as in 0xKKCCQQ; 0 is success */
enum scsi_sense {
	SENSE_NONE = 0,
	SENSE_STOPPED = 0x020402,
	SENSE_MEDIUM_ERROR = 0x030c00,
	SENSE_INVALID_OPCODE = 0x052000,
	SENSE_OUT_OF_RANGE = 0x052100,
	SENSE_INVALID_FIELD = 0x052400,
	SENSE_INVALID_LUN = 0x052500,
	SENSE_RESET = 0x062900,
};

/* A command; @moved is how many of the @len bytes at @data were used */
struct scsi_command {
	uint8_t lun;
	const uint8_t *cdb;
	uint8_t *data;
	uint32_t len;
	uint32_t moved;
};

/* Carry a command out; its sense */
uint32_t ufs_scsi(struct ufs *ufs, struct scsi_command *command);

/* Each logical unit has a reset to report */
void ufs_attend(struct ufs *ufs);

/* SECURITY PROTOCOL IN and OUT */
uint32_t ufs_security(struct ufs *ufs, struct scsi_command *command);

/* Which region and type of request a command is about: for faults */
struct fault_point ufs_fault_point(const struct ufs *ufs,
				   const struct scsi_command *command);

#endif /* UFS_INTERNAL_H */
