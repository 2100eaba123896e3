// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "pg_staged.h"

bool pg_staged_begin(struct pg_staged *staged, uint32_t capacity)
{
	*staged = (struct pg_staged) {
		.slots = calloc(capacity, sizeof(*staged->slots)),
	};
	return staged->slots;
}

void pg_staged_end(struct pg_staged *staged)
{
	free(staged->slots);
	free(staged->addrs);
	free(staged->data);
	*staged = (struct pg_staged) {};
}

void pg_staged_clear(struct pg_staged *staged, uint32_t counter)
{
	uint32_t i;

	for (i = 0; i < staged->nr; i++)
		staged->slots[staged->addrs[i]] = 0;
	staged->nr = 0;
	staged->has_key = false;
	staged->counter = counter;
}

/* Room for so many more; a device has 65536 blocks at most */
static bool make_room(struct pg_staged *staged, uint32_t more)
{
	uint32_t room = staged->nr + more;
	uint32_t *addrs;
	uint8_t *data;

	if (room <= staged->room)
		return true;
	addrs = realloc(staged->addrs, room * sizeof(*addrs));
	if (addrs)
		staged->addrs = addrs;
	data = realloc(staged->data, (size_t)room * PG_BLOCK_LEN);
	if (data)
		staged->data = data;
	if (!addrs || !data)
		return false;
	staged->room = room;
	return true;
}

static uint8_t *place_of(struct pg_staged *staged, uint32_t addr)
{
	uint32_t *slot = &staged->slots[addr];

	if (!*slot) {
		staged->addrs[staged->nr++] = addr;
		*slot = staged->nr;
	}
	return staged->data + (size_t)(*slot - 1) * PG_BLOCK_LEN;
}

bool pg_staged_add(struct pg_staged *staged, const struct rpmb_blocks *blocks)
{
	uint32_t i;

	if (!make_room(staged, blocks->count))
		return false;
	for (i = 0; i < blocks->count; i++)
		memcpy(place_of(staged, blocks->addr + i),
		       blocks->data + i * blocks->stride, PG_BLOCK_LEN);
	return true;
}

void pg_staged_overlay(const struct pg_staged *staged,
		       const struct rpmb_blocks *blocks)
{
	uint32_t i, slot;

	for (i = 0; i < blocks->count; i++) {
		slot = staged->slots[blocks->addr + i];
		if (slot)
			memcpy(blocks->data + i * blocks->stride,
			       staged->data + (size_t)(slot - 1) * PG_BLOCK_LEN,
			       PG_BLOCK_LEN);
	}
}
