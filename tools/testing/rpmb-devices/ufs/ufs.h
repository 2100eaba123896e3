/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A UFS device: its logical units, descriptors and RPMB regions, after JESD220G
 *
 * Executes each request when the controller brings it. Logical unit 0 has data, and the
 * well known ones are there: REPORT LUNS, UFS DEVICE, BOOT and RPMB. Left out: boot,
 * queues of units that are shorter than the controller's, background operations, write
 * booster, exceptions, FFU, descriptors that can be written. Secure write protection is
 * configured and read, but does not protect.
 */
#ifndef UFS_H
#define UFS_H

#include "area.h"
#include "cache.h"
#include "directory.h"
#include "faults.h"
#include "upiu.h"

#define UFS_REGIONS 4
#define UFS_BLOCK_LEN 4096
#define UFS_MAX_TRANSFER (1024 * 1024)

enum ufs_lun {
	UFS_LUN_DATA = 0x00,
	UFS_LUN_REPORT_LUNS = 0x81,
	UFS_LUN_BOOT = 0xb0,
	UFS_LUN_RPMB = 0xc4,
	UFS_LUN_DEVICE = 0xd0,
	UFS_NR_LUNS = 256
};

/* What can be made to go wrong; README.rst says more */
enum ufs_fault {
	/* Before and after the command is carried out */
	UFS_LOST_REQUEST,
	UFS_LOST_RESPONSE,
	UFS_FATAL_BEFORE,
	UFS_FATAL_AFTER,
	UFS_SENSE_BEFORE,
	UFS_SENSE_AFTER,
	UFS_POWER_BEFORE,
	UFS_POWER_AFTER,
	UFS_EXIT_BEFORE,
	UFS_EXIT_AFTER,

	UFS_RESIDUAL,
	UFS_FORGE,
	UFS_HOLD,
	UFS_LINK,		/* by DME commands, not SCSI's */
	UFS_NR_FAULTS
};

extern const char *const ufs_fault_names[UFS_NR_FAULTS];
extern const char *const ufs_region_names[UFS_REGIONS];

/* What becomes of a request on its way */
enum ufs_outcome {
	UFS_ANSWERED,
	UFS_HELD,		/* to be carried out later */
	UFS_SILENT,		/* no answer ever comes */
	UFS_FATAL,		/* nor that, and the host sees a fatal error */
};

/*
 * Editions of the specification before 4.1 have one RPMB operation at a time in the
 * logical unit. What becomes of another region's meanwhile is the device's affair.
 */
enum ufs_operations {
	UFS_APART,	/* regions do not notice each other */
	UFS_REFUSE,	/* it is a general failure */
	UFS_SHARE,	/* there is one result, whoever asks for it */
};

/*
 * What the device is
 *
 * @directory: where it keeps all
 * @blocks: of logical unit 0
 * @spec: version of the specification, as 0x0310
 * @regions: units of 128 KiB in each region; 0 if it is not enabled, and region 0
 *	always is, without a size then
 * @io_size: most frames of a request
 * @advanced: in advanced RPMB mode
 * @operations: of several regions
 * @write_cache: logical unit 0 has one, which is lost with power and by a reset
 * @no_rpmb_descriptor: the RPMB's unit descriptor cannot be read
 * @keep_results: results of RPMB requests outlive a reset, though not a loss of power
 * @report_sleep: each logical unit reports that it was woken, as after a loss of power
 */
struct ufs_config {
	const char *directory;
	uint32_t blocks;
	uint16_t spec;
	uint8_t regions[UFS_REGIONS];
	uint8_t io_size;
	bool advanced;
	enum ufs_operations operations;
	bool write_cache;
	bool no_rpmb_descriptor;
	bool keep_results;
	bool report_sleep;
};

#define UFS_HISTORY 256

/* A command as it came; @type is that of an RPMB request, 0 if it is none */
struct ufs_event {
	uint8_t opcode;
	uint8_t lun;
	uint8_t region;
	uint16_t type;
};

/*
 * A region; a region that is not enabled has no open state
 *
 * @path: of the file that keeps the state
 */
struct ufs_region {
	struct state state;
	char path[PATH_MAX];
	struct area area;
};

/*
 * @powered: it answers; after a loss of power, when the host has reset it
 * @attention: logical units that have a reset to report
 * @stopped: by START STOP UNIT: it sleeps, or its power is down
 * @active: region whose operation has not ended, UFS_REGIONS if there is none
 * @data: of logical unit 0
 * @cache: what was written to it and not yet synchronized
 */
struct ufs {
	struct ufs_config config;
	struct ufs_region regions[UFS_REGIONS];
	struct faults faults;
	uint64_t commands[256];
	struct ufs_event history[UFS_HISTORY];
	uint64_t nr_events;

	bool powered;
	bool stopped;
	bool attention[UFS_NR_LUNS];
	uint8_t flags[256];
	uint32_t attributes[256];
	uint8_t active;
	int data;
	struct cache cache;
};

/* Open what it keeps, make what there is not; false and a log line on failure */
bool ufs_open(struct ufs *ufs, const struct ufs_config *config);
bool ufs_close(struct ufs *ufs);

/* It answers nothing until it is reset */
void ufs_power_off(struct ufs *ufs);

void ufs_reset(struct ufs *ufs);

/*
 * Carry out a request of any kind but task management. @data has @len bytes, what
 * the machine sends or room for what it gets.
 */
enum ufs_outcome ufs_request(struct ufs *ufs, const struct upiu *request,
			     uint8_t *data, uint32_t len,
			     struct upiu *response);

#endif /* UFS_H */
