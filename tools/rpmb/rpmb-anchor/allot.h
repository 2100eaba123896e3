/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Partitions for the devices of new entries, and those of entries that are to go
 *
 * The ledger has the entry first, as one that is new or leaving. Then its partition is
 * made or given up, and after that the ledger says so. Whatever ends in between goes on
 * from there at the next start.
 */
#ifndef ALLOT_H
#define ALLOT_H

#include "table.h"
#include "vrpmb.h"

struct server;

/*
 * @entry: as it was when the thread began with it
 * @making: how far that is
 * @done: the thread is done with all of it, and the next table is to say so
 * @told: the table that is made durable says so
 */
struct allotment {
	struct entry entry;
	struct vrpmb_making making;
	bool done;
	bool told;
};

/* Do a part, if there is anything to do: returns whether the thread has to do with it now */
bool allot_begin(struct server *server);

/* Put what is done into the next table; returns whether that has changed */
bool allot_apply(struct server *server, struct table *next);

/* That table is durable */
void allot_committed(struct server *server);

#endif /* ALLOT_H */
