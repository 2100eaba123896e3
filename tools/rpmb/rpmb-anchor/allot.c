// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "allot.h"
#include "control.h"
#include "server.h"

static const struct entry *find_any(const struct table *table)
{
	unsigned int i;

	for (i = 0; i < table->nr; i++)
		if (table->entries[i].state != ENTRY_READY)
			return &table->entries[i];
	return NULL;
}

static enum hardware_fate allot(void *arg)
{
	struct server *server = arg;
	struct allotment *allotment = &server->allotment;
	const struct entry *entry = &allotment->entry;

	if (entry->state == ENTRY_NEW)
		return vrpmb_make(&server->hw, server->keys, entry,
				  &allotment->making);
	allotment->making.done = true;
	return vrpmb_give_up(&server->hw, entry);
}

static void part_done(struct server *server)
{
	server->allotment.done = server->allotment.making.done;
}

bool allot_begin(struct server *server)
{
	const struct entry *entry = find_any(&server->table);
	struct allotment *allotment = &server->allotment;

	if (!entry || allotment->done)
		return false;
	if (allotment->entry.state != entry->state ||
	    memcmp(allotment->entry.guid, entry->guid, sizeof(entry->guid)))
		*allotment = (struct allotment) { .entry = *entry };
	server->then = part_done;
	commit_run(&server->committer, allot, server);
	return true;
}

bool allot_apply(struct server *server, struct table *next)
{
	struct allotment *allotment = &server->allotment;
	struct entry *entry;

	if (!allotment->done)
		return false;
	allotment->done = false;
	allotment->told = true;
	entry = table_find(next, allotment->entry.guid);
	if (entry->state == ENTRY_NEW && !allotment->making.no_room)
		entry->state = ENTRY_READY;
	else
		table_remove(next, entry);
	return true;
}

void allot_committed(struct server *server)
{
	struct allotment *allotment = &server->allotment;

	if (!allotment->told)
		return;
	control_settled(server, &allotment->entry);
	*allotment = (struct allotment) {};
}
