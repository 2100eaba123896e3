/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The block of the hardware's RPMB that says which table is the one
 *
 * Its format is in Documentation/userspace-api/rpmb-anchors.rst.
 */
#ifndef HARDWARE_H
#define HARDWARE_H

#include "librpmb.h"
#include "table.h"

/*
 * @key: the caller's
 * @lock: keeps other anchors of this device away
 * @counter: as of the last read or write of the block
 */
struct hardware {
	struct rpmb *rpmb;
	const uint8_t *key;
	int lock;
	uint32_t addr;
	uint32_t counter;
	uint8_t guid[LIBRPMB_GUID_LEN];
};

/*
 * What the block says
 *
 * @valid: it was made by an anchor of this partition
 * @other_version: the same, but by a program of another version
 */
struct block {
	bool valid;
	bool other_version;
	uint64_t sequence;
	uint64_t log_length;
	uint8_t root[LIBRPMB_STEP_LEN];
	uint8_t log_head[LIBRPMB_STEP_LEN];
};

/*
 * Open the device, which nobody else uses as an anchor then. All here return false and
 * log why if they fail.
 */
bool hardware_open(struct hardware *hw, const char *device, const uint8_t *key);
void hardware_close(struct hardware *hw);

/* Find the partition for anchors; or make it if there is none and @make is set */
bool hardware_find(struct hardware *hw, bool make);

/* Read the block, and the counter that it has at this time */
bool hardware_read(struct hardware *hw, struct block *block);

enum hardware_fate {
	HARDWARE_WRITTEN,
	HARDWARE_OTHER_WRITER,		/* has changed the counter since the last read */
	HARDWARE_FAILED,
};

/*
 * Write the block for a table, if nobody has written since the block was read or
 * written last
 */
enum hardware_fate hardware_write(struct hardware *hw, const struct table *table);

#endif /* HARDWARE_H */
