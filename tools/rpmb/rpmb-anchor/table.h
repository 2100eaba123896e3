/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is anchored, in memory: a table of all anchors and devices, and the log of what
 * the administrator did
 *
 * A table that has its root never changes; who wants another one copies it. The root
 * is what the hardware keeps of it.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "anchor_protocol.h"

#define TABLE_MAX 4096			/* entries */
#define TITLE_LEN 36			/* bytes */
#define NOTE_LEN 200			/* bytes, with the 0 at the end */

/* The partition of a device is made and given up when the ledger says so already */
enum entry_state {
	ENTRY_READY = 0,
	ENTRY_NEW = 1,			/* nobody has had it yet */
	ENTRY_LEAVING = 2,		/* and nobody will get it any more */
};

/*
 * An anchor, or a device
 *
 * @salt: so that who gets this GUID later gets another key
 * @name, @number: of an anchor's step; what a device is at is in its partition
 * @share: steps that it may make in all; writes of the hardware if it is a device
 * @per_day: of these on an average day; who goes on faster is slowed down; 0 for any
 * @capacity: of a device, in units of 128 KiB; 0 if it is an anchor
 * @state: of a device
 * @may_step_back: the next step may start from an older version
 */
struct entry {
	uint8_t guid[LIBRPMB_GUID_LEN];
	uint8_t salt[ANCHOR_SALT_LEN];
	uint8_t name[LIBRPMB_STEP_LEN];
	uint64_t number;
	uint64_t share;
	uint64_t per_day;
	uint32_t uid;
	uint8_t capacity;
	uint8_t state;			/* enum entry_state */
	bool may_step_back;
	char title[TITLE_LEN + 1];
};

/* One line of the log, whose head is a hash over it and the head before it */
struct note {
	int64_t time;			/* seconds since 1970 */
	char text[NOTE_LEN];
};

/*
 * @guid: of the partition in the hardware
 * @began, @began_counter: when, and at which write counter of the hardware
 * @entries: by GUID
 */
struct table {
	uint8_t guid[LIBRPMB_GUID_LEN];
	uint64_t sequence;
	uint64_t log_length;
	uint64_t began;
	uint64_t began_counter;
	uint8_t old_root[LIBRPMB_STEP_LEN];
	uint8_t root[LIBRPMB_STEP_LEN];
	uint8_t log_head[LIBRPMB_STEP_LEN];
	unsigned int nr;
	struct entry *entries;
};

/* A copy to change, with room for one more entry; false if there is no memory */
bool table_copy(struct table *copy, const struct table *table);
void table_free(struct table *table);

/* NULL if there is none */
struct entry *table_find(const struct table *table,
			 const uint8_t guid[LIBRPMB_GUID_LEN]);

/* Of a copy: there is room for one */
void table_add(struct table *table, const struct entry *entry);
void table_remove(struct table *table, struct entry *entry);
void table_log(struct table *table, const struct note *note);

/* What follows from the rest */
void table_root(const struct table *table, uint8_t root[LIBRPMB_STEP_LEN]);

/* The changes to a copy are made: it is the table after that one */
void table_seal(struct table *table);

#endif /* TABLE_H */
