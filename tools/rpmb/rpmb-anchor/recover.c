// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "log.h"
#include "recover.h"

/* Others who write meanwhile can do so only so often before they are taken for hostile */
#define TRIES 4

static bool is_of(const struct block *block, const uint8_t root[LIBRPMB_STEP_LEN])
{
	return !memcmp(block->root, root, sizeof(block->root));
}

/* May the table follow what the hardware has? Log why not. */
static bool compare(const struct block *block, const struct table *table)
{
	if (!block->valid)
		log_line("the hardware has no anchor of this ledger: init did not finish,"
			 " or somebody has written over it");
	else if (is_of(block, table->root) || is_of(block, table->old_root))
		return true;
	else if (block->sequence > table->sequence)
		log_line("the ledger was put back: it is at step %" PRIu64
			 ", the hardware at %" PRIu64
			 "; bring the newest ledger back",
			 table->sequence, block->sequence);
	else
		log_line("ledger and hardware do not belong together: steps %" PRIu64
			 " and %" PRIu64,
			 table->sequence, block->sequence);
	return false;
}

bool recover(struct hardware *hw, const struct table *table)
{
	unsigned int tries = TRIES;
	enum hardware_fate fate;
	struct block block;

	if (memcmp(hw->guid, table->guid, sizeof(hw->guid))) {
		log_line("the ledger is of another partition, or another device");
		return false;
	}
	do {
		if (!hardware_read(hw, &block) || !compare(&block, table))
			return false;
		fate = hardware_write(hw, table);
	} while (fate == HARDWARE_OTHER_WRITER && --tries);
	if (fate == HARDWARE_OTHER_WRITER)
		log_line("somebody else writes to the hardware with its key");
	return fate == HARDWARE_WRITTEN;
}
