// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <endian.h>
#include <string.h>
#include <nettle/sha2.h>

#include "seal.h"
#include "vrpmb_layout.h"

#define MAGIC "RPMBVDEV"
#define VERSION 1

/* All before the key is bound to it, so nobody can put it to another place or time */
struct wire_header {
	char magic[8];
	uint32_t version;
	uint32_t units;
	uint8_t guid[LIBRPMB_GUID_LEN];
	uint64_t sequence;
	uint64_t writes;
	uint32_t counter;
	uint32_t has_key;
	uint32_t addr;
	uint32_t count;
	uint8_t digest[LIBRPMB_STEP_LEN];
	struct sealed key;
	uint32_t reserved;
};

static_assert(sizeof(struct wire_header) == 160, "as the format has it");

#define BOUND offsetof(struct wire_header, key)

bool vrpmb_put_header(const struct vrpmb *dev, const struct vrpmb_record *record,
		      uint8_t *block)
{
	struct wire_header wire = {
		.magic = MAGIC,
		.version = htole32(VERSION),
		.units = htole32(dev->units),
		.sequence = htole64(dev->sequence),
		.writes = htole64(dev->writes),
		.counter = htole32(dev->counter),
		.has_key = htole32(dev->has_key),
		.addr = htole32(record->addr),
		.count = htole32(record->count),
	};

	memcpy(wire.guid, dev->guid, sizeof(wire.guid));
	memcpy(wire.digest, record->digest, sizeof(wire.digest));
	if (!seal(&wire.key, dev->wrap, &wire, BOUND, dev->key))
		return false;
	memset(block, 0, hardware_block(dev->hw));
	memcpy(block, &wire, sizeof(wire));
	return true;
}

bool vrpmb_get_header(struct vrpmb *dev, struct vrpmb_record *record,
		      const uint8_t *block)
{
	struct wire_header wire;

	memcpy(&wire, block, sizeof(wire));
	if (memcmp(wire.magic, MAGIC, sizeof(wire.magic)) ||
	    le32toh(wire.version) != VERSION ||
	    le32toh(wire.units) != dev->units ||
	    memcmp(wire.guid, dev->guid, sizeof(wire.guid)) ||
	    !unseal(&wire.key, dev->wrap, &wire, BOUND, dev->key))
		return false;
	dev->sequence = le64toh(wire.sequence);
	dev->writes = le64toh(wire.writes);
	dev->counter = le32toh(wire.counter);
	dev->has_key = wire.has_key;
	record->addr = le32toh(wire.addr);
	record->count = le32toh(wire.count);
	memcpy(record->digest, wire.digest, sizeof(record->digest));
	return true;
}

void vrpmb_digest(const struct vrpmb *dev, uint32_t blocks, const uint8_t *redo,
		  uint8_t digest[LIBRPMB_STEP_LEN])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, blocks * hardware_block(dev->hw), redo);
	sha256_digest(&ctx, LIBRPMB_STEP_LEN, digest);
}

void vrpmb_begin(struct vrpmb *dev, struct hardware *hw, const struct keys *keys,
		 const struct entry *entry, uint32_t start)
{
	*dev = (struct vrpmb) {
		.hw = hw, .start = start, .units = entry->capacity
	};
	memcpy(dev->guid, entry->guid, sizeof(dev->guid));
	keys_of_device(keys, entry->guid, entry->salt, dev->wrap);
}
