// SPDX-License-Identifier: GPL-2.0-only
/*
 * Partitions of virtual RPMBs, as they come and go
 */
#include <string.h>

#include "log.h"
#include "vrpmb_layout.h"

const struct rpmb_partition *vrpmb_find(struct hardware *hw,
					const struct entry *entry)
{
	const struct rpmb_partition *found =
		rpmb_partitions_find(&hw->partitions, entry->guid);

	if (found && found->kind == LIBRPMB_PARTITION_DEVICE &&
	    found->blocks == vrpmb_blocks(hw, entry->capacity))
		return found;
	return NULL;
}

static int add_partition(const struct hardware *hw, const struct entry *entry,
			 struct rpmb_partitions *table)
{
	struct rpmb_partition partition = {
		.kind = LIBRPMB_PARTITION_DEVICE,
		.blocks = vrpmb_blocks(hw, entry->capacity),
	};

	memcpy(partition.guid, entry->guid, sizeof(partition.guid));
	memcpy(partition.name, entry->title, sizeof(partition.name));
	return rpmb_partitions_add(table, &partition);
}

int vrpmb_try(const struct hardware *hw, const struct entry *entry)
{
	struct rpmb_partitions table = hw->partitions;

	return add_partition(hw, entry, &table);
}

/* What others have left there is not for who comes next, and costs nothing if it is 0 */
static enum hardware_fate clear(struct hardware *hw,
				const struct rpmb_partition *partition)
{
	static const uint8_t zero[PARTITION_BLOCK * PARTITION_MAX_BLOCKS];
	unsigned int most = sizeof(zero) / hardware_block(hw), nr, done;
	enum hardware_fate fate = HARDWARE_WRITTEN;
	uint8_t found[sizeof(zero)];

	for (done = 0; fate == HARDWARE_WRITTEN && done < partition->blocks;
	     done += nr) {
		nr = partition->blocks - done < most ? partition->blocks - done :
						       most;
		if (!hardware_get(hw, partition->addr + done, nr, found))
			return HARDWARE_FAILED;
		if (memcmp(found, zero, nr * hardware_block(hw)))
			fate = hardware_put(hw, partition->addr + done, nr, zero);
	}
	return fate;
}

/* Two, so that there is always one before the newest */
static enum hardware_fate put_first_headers(struct vrpmb *dev)
{
	struct vrpmb_record record = {};
	uint8_t block[HARDWARE_MAX_BLOCK] = {};
	enum hardware_fate fate = HARDWARE_WRITTEN;

	vrpmb_digest(dev, 0, block, record.digest);
	while (fate == HARDWARE_WRITTEN && dev->sequence < 2) {
		dev->sequence++;
		if (!vrpmb_put_header(dev, &record, block))
			return HARDWARE_FAILED;
		fate = hardware_put(dev->hw, vrpmb_header(dev, dev->sequence),
				    1, block);
	}
	return fate;
}

/* Nobody has had it, so what an earlier attempt has left of it is made anew */
enum hardware_fate vrpmb_make(struct hardware *hw, const struct keys *keys,
			      const struct entry *entry, bool *made)
{
	enum hardware_fate fate = HARDWARE_WRITTEN;
	struct vrpmb dev;
	int ret;

	*made = true;
	if (!vrpmb_find(hw, entry)) {
		ret = add_partition(hw, entry, &hw->partitions);
		*made = !ret;
		if (ret) {
			log_line("\"%s\": %s", entry->title, rpmb_strerror(ret));
			return HARDWARE_WRITTEN;
		}
		fate = hardware_put_partitions(hw);
	}
	if (fate == HARDWARE_WRITTEN)
		fate = clear(hw, vrpmb_find(hw, entry));
	if (fate != HARDWARE_WRITTEN)
		return fate;
	vrpmb_begin(&dev, hw, keys, entry, vrpmb_find(hw, entry)->addr);
	fate = put_first_headers(&dev);
	explicit_bzero(&dev, sizeof(dev));
	return fate;
}

enum hardware_fate vrpmb_give_up(struct hardware *hw, const struct entry *entry)
{
	if (!vrpmb_find(hw, entry) ||
	    rpmb_partitions_remove(&hw->partitions, entry->guid))
		return HARDWARE_WRITTEN;
	return hardware_put_partitions(hw);
}
