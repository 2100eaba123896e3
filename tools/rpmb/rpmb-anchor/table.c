// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <nettle/sha2.h>

#include "table.h"

bool table_copy(struct table *copy, const struct table *table)
{
	*copy = *table;
	copy->entries = calloc(table->nr + 1, sizeof(*copy->entries));
	if (!copy->entries)
		return false;
	if (table->nr)
		memcpy(copy->entries, table->entries,
		       table->nr * sizeof(*copy->entries));
	return true;
}

void table_free(struct table *table)
{
	free(table->entries);
	table->entries = NULL;
	table->nr = 0;
}

/* The first entry whose GUID is not before that one */
static struct entry *place(const struct table *table,
			   const uint8_t guid[LIBRPMB_GUID_LEN])
{
	unsigned int from = 0, to = table->nr, middle;

	while (from < to) {
		middle = (from + to) / 2;
		if (memcmp(table->entries[middle].guid, guid,
			   LIBRPMB_GUID_LEN) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return &table->entries[from];
}

struct entry *table_find(const struct table *table,
			 const uint8_t guid[LIBRPMB_GUID_LEN])
{
	struct entry *entry = place(table, guid);

	if (entry == table->entries + table->nr ||
	    memcmp(entry->guid, guid, LIBRPMB_GUID_LEN))
		return NULL;
	return entry;
}

static size_t bytes_from(const struct table *table, const struct entry *entry)
{
	return (table->entries + table->nr - entry) * sizeof(*entry);
}

void table_add(struct table *table, const struct entry *entry)
{
	struct entry *at = place(table, entry->guid);

	memmove(at + 1, at, bytes_from(table, at));
	*at = *entry;
	table->nr++;
}

void table_remove(struct table *table, struct entry *entry)
{
	memmove(entry, entry + 1, bytes_from(table, entry + 1));
	table->nr--;
}

void table_log(struct table *table, const struct note *note)
{
	uint64_t number = htole64(table->log_length);
	uint64_t time = htole64(note->time);
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, sizeof(table->log_head), table->log_head);
	sha256_update(&ctx, sizeof(number), (uint8_t *)&number);
	sha256_update(&ctx, sizeof(time), (uint8_t *)&time);
	sha256_update(&ctx, strlen(note->text), (const uint8_t *)note->text);
	sha256_digest(&ctx, sizeof(table->log_head), table->log_head);
	table->log_length++;
}

/* As it goes into the root */
struct wire_table {
	char what[16];
	uint8_t guid[LIBRPMB_GUID_LEN];
	uint8_t log_head[LIBRPMB_STEP_LEN];
	uint64_t log_length;
	uint64_t sequence;
	uint64_t began;
	uint64_t began_counter;
	uint64_t nr;
};

struct wire_entry {
	uint8_t guid[LIBRPMB_GUID_LEN];
	uint8_t salt[ANCHOR_SALT_LEN];
	uint8_t name[LIBRPMB_STEP_LEN];
	uint64_t number;
	uint64_t share;
	uint64_t per_day;
	uint32_t uid;
	uint8_t may_step_back;
	uint8_t state;
	uint8_t capacity;
	uint8_t reserved;
	char title[TITLE_LEN + 4];
};

static_assert(sizeof(struct wire_table) == 104, "no holes");
static_assert(sizeof(struct wire_entry) == 136, "no holes");

static void hash_entry(struct sha256_ctx *ctx, const struct entry *entry)
{
	struct wire_entry wire = {
		.number = htole64(entry->number),
		.share = htole64(entry->share),
		.per_day = htole64(entry->per_day),
		.uid = htole32(entry->uid),
		.may_step_back = entry->may_step_back,
		.state = entry->state,
		.capacity = entry->capacity,
	};

	memcpy(wire.guid, entry->guid, sizeof(wire.guid));
	memcpy(wire.salt, entry->salt, sizeof(wire.salt));
	memcpy(wire.name, entry->name, sizeof(wire.name));
	memcpy(wire.title, entry->title, TITLE_LEN);
	sha256_update(ctx, sizeof(wire), (uint8_t *)&wire);
}

void table_root(const struct table *table, uint8_t root[LIBRPMB_STEP_LEN])
{
	struct wire_table wire = {
		.what = "rpmb-anchor 1",
		.log_length = htole64(table->log_length),
		.sequence = htole64(table->sequence),
		.began = htole64(table->began),
		.began_counter = htole64(table->began_counter),
		.nr = htole64(table->nr),
	};
	struct sha256_ctx ctx;
	unsigned int i;

	memcpy(wire.guid, table->guid, sizeof(wire.guid));
	memcpy(wire.log_head, table->log_head, sizeof(wire.log_head));
	sha256_init(&ctx);
	sha256_update(&ctx, sizeof(wire), (uint8_t *)&wire);
	for (i = 0; i < table->nr; i++)
		hash_entry(&ctx, &table->entries[i]);
	sha256_digest(&ctx, LIBRPMB_STEP_LEN, root);
}

void table_seal(struct table *table)
{
	memcpy(table->old_root, table->root, sizeof(table->old_root));
	table->sequence++;
	table_root(table, table->root);
}
