// SPDX-License-Identifier: GPL-2.0-only
/*
 * From an entry of the table to its virtual RPMB as it was left
 */
#include <string.h>

#include "log.h"
#include "vrpmb_layout.h"

static bool refuse(const struct entry *entry, const char *why)
{
	char guid[LIBRPMB_GUID_TEXT];

	rpmb_guid_to_text(guid, entry->guid);
	log_line("device %s is not served: %s", guid, why);
	return false;
}

/* Both are genuine, each in its area, one write apart: the newer one is @dev then */
static bool take_headers(struct vrpmb *dev, struct vrpmb_record *record,
			 const uint8_t *a, const uint8_t *b)
{
	struct vrpmb_record of_b;
	struct vrpmb other = *dev;
	bool ok;

	ok = vrpmb_get_header(dev, record, a) && !(dev->sequence & 1) &&
	     vrpmb_get_header(&other, &of_b, b) &&
	     (other.sequence == dev->sequence + 1 ||
	      other.sequence + 1 == dev->sequence);
	if (ok && other.sequence > dev->sequence) {
		*dev = other;
		*record = of_b;
	}
	explicit_bzero(&other, sizeof(other));
	return ok;
}

/* Are these the redo blocks that the newer header is about? */
static bool is_of(const struct vrpmb *dev, const struct vrpmb_record *record,
		  const uint8_t *redo)
{
	uint8_t digest[LIBRPMB_STEP_LEN];

	vrpmb_digest(dev, record->count, redo, digest);
	return !memcmp(digest, record->digest, sizeof(digest));
}

/* What is at its place already is not written once more */
static enum hardware_fate put_places(struct vrpmb *dev,
				     const struct vrpmb_record *record,
				     const uint8_t *redo)
{
	uint32_t addr = vrpmb_places(dev) + record->addr;
	uint8_t found[VRPMB_MAX_AREA];

	if (!hardware_get(dev->hw, addr, record->count, found))
		return HARDWARE_FAILED;
	if (!memcmp(found, redo, record->count * hardware_block(dev->hw)))
		return HARDWARE_WRITTEN;
	return hardware_put(dev->hw, addr, record->count, redo);
}

/* What the newer header is about goes to its place before anybody asks for it */
static enum hardware_fate redo(struct vrpmb *dev, const struct entry *entry,
			       const struct vrpmb_record *record, bool *usable)
{
	uint32_t header = vrpmb_header(dev, dev->sequence);
	uint8_t blocks[VRPMB_MAX_AREA];

	if (!record->count)
		return HARDWARE_WRITTEN;
	if (!hardware_get(dev->hw, header - record->count, record->count,
			  blocks))
		return HARDWARE_FAILED;
	*usable = is_of(dev, record, blocks) ||
		  refuse(entry, "somebody has written over its last write");
	return *usable ? put_places(dev, record, blocks) : HARDWARE_WRITTEN;
}

enum hardware_fate vrpmb_load(struct vrpmb *dev, struct hardware *hw,
			      const struct keys *keys, const struct entry *entry,
			      bool *usable)
{
	const struct rpmb_partition *partition = vrpmb_find(hw, entry);
	uint8_t a[HARDWARE_MAX_BLOCK], b[HARDWARE_MAX_BLOCK];
	struct vrpmb_record record;

	*usable = partition ||
		  refuse(entry, "its partition is gone, or is another one");
	if (!partition)
		return HARDWARE_WRITTEN;
	vrpmb_begin(dev, hw, keys, entry, partition->addr);
	if (!hardware_get(hw, vrpmb_header(dev, 0), 1, a) ||
	    !hardware_get(hw, vrpmb_header(dev, 1), 1, b))
		return HARDWARE_FAILED;
	*usable = take_headers(dev, &record, a, b) ||
		  refuse(entry, "its headers are not those that were written");
	return *usable ? redo(dev, entry, &record, usable) : HARDWARE_WRITTEN;
}
