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
static enum hardware_fate clear_some(struct hardware *hw,
				     const struct rpmb_partition *partition,
				     uint32_t *cleared)
{
	static const uint8_t zero[PARTITION_BLOCK * PARTITION_MAX_BLOCKS];
	uint32_t addr = partition->addr + *cleared;
	uint32_t nr = partition->blocks - *cleared;
	uint8_t found[sizeof(zero)];

	if (nr > sizeof(zero) / hardware_block(hw))
		nr = sizeof(zero) / hardware_block(hw);
	*cleared += nr;
	if (!hardware_get(hw, addr, nr, found))
		return HARDWARE_FAILED;
	if (!memcmp(found, zero, nr * hardware_block(hw)))
		return HARDWARE_WRITTEN;
	return hardware_put(hw, addr, nr, zero);
}

/* Two, so that there is always one before the newest */
static enum hardware_fate put_headers(struct vrpmb *dev)
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

static enum hardware_fate put_first_headers(struct hardware *hw,
					    const struct keys *keys,
					    const struct entry *entry,
					    uint32_t start)
{
	enum hardware_fate fate;
	struct vrpmb dev;

	vrpmb_begin(&dev, hw, keys, entry, start);
	fate = put_headers(&dev);
	explicit_bzero(&dev, sizeof(dev));
	return fate;
}

/* Nobody has had it, so what an earlier attempt has left of it is made anew */
enum hardware_fate vrpmb_make(struct hardware *hw, const struct keys *keys,
			      const struct entry *entry,
			      struct vrpmb_making *making)
{
	const struct rpmb_partition *partition = vrpmb_find(hw, entry);
	int ret;

	if (partition && making->cleared < partition->blocks)
		return clear_some(hw, partition, &making->cleared);
	making->done = partition;
	if (partition)
		return put_first_headers(hw, keys, entry, partition->addr);
	ret = add_partition(hw, entry, &hw->partitions);
	if (!ret)
		return hardware_put_partitions(hw);
	log_line("\"%s\": %s", entry->title, rpmb_strerror(ret));
	making->done = true;
	making->no_room = true;
	return HARDWARE_WRITTEN;
}

enum hardware_fate vrpmb_give_up(struct hardware *hw, const struct entry *entry)
{
	if (!vrpmb_find(hw, entry) ||
	    rpmb_partitions_remove(&hw->partitions, entry->guid))
		return HARDWARE_WRITTEN;
	return hardware_put_partitions(hw);
}
