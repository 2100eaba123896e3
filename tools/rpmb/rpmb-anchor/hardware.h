/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hardware's RPMB: its owner, by whom all that is written goes, and the block that
 * says which table is the one
 *
 * The block's format is in Documentation/userspace-api/rpmb-anchors.rst.
 */
#ifndef HARDWARE_H
#define HARDWARE_H

#include "librpmb.h"
#include "table.h"

/* Bytes of the largest block */
#define HARDWARE_MAX_BLOCK 512

/*
 * Used by one thread at a time
 *
 * @key: the caller's; NULL if it is one of the kernel's
 * @lock: keeps other anchors of this device away
 * @counter: as of the last read of the block, or the last write; nothing is signed for
 *	another one
 * @most: blocks that get to the device at once, as far as is known, a power of two
 * @partitions: that the device has
 */
struct hardware {
	struct rpmb *rpmb;
	const uint8_t *key;
	int lock;
	uint32_t addr;
	uint32_t counter;
	unsigned int most;
	uint8_t guid[LIBRPMB_GUID_LEN];
	struct rpmb_partitions partitions;
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
 * Open the device, which nobody else uses as an anchor then. With @serial its key is the
 * one that the kernel has under this number, else @key. All here return false and log
 * why if they fail.
 */
bool hardware_open(struct hardware *hw, const char *device, const uint8_t *key,
		   int32_t serial);
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

/* All that write do so if nobody else has written since the block was read last */

/* Write the block for a table */
enum hardware_fate hardware_write(struct hardware *hw, const struct table *table);

/* Bytes of a block */
unsigned int hardware_block(const struct hardware *hw);

/* Writes of the hardware, which are counted, that it takes to write so many blocks */
unsigned int hardware_cost(const struct hardware *hw, unsigned int blocks);

/*
 * Are two blocks that are written at once written both or neither, whenever the power
 * goes? That is so with eMMC, where a write of the RPMB is one reliable write of its
 * whole size. UFS and NVMe promise it for none but a single block.
 */
bool hardware_joins_two(const struct hardware *hw);

bool hardware_get(struct hardware *hw, unsigned int addr, unsigned int blocks,
		  void *bytes);
enum hardware_fate hardware_put(struct hardware *hw, unsigned int addr,
				unsigned int blocks, const void *bytes);

/* Write the table of partitions as it is in @hw */
enum hardware_fate hardware_put_partitions(struct hardware *hw);

#endif /* HARDWARE_H */
