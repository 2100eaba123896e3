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
#include "keys.h"

struct server;

/*
 * @entry: as it was when the thread began with it
 * @made: there was room for it
 * @done: the thread is done, and the next table is to say so
 * @told: the table that is made durable says so
 */
struct allotment {
	struct entry entry;
	bool made;
	bool done;
	bool told;
};

/* Begin with one if there is any: returns whether the thread has something to do now */
bool allot_begin(struct server *server);

/* Put what is done into the next table; returns whether that has changed */
bool allot_apply(struct server *server, struct table *next);

/* That table is durable */
void allot_committed(struct server *server);

#endif /* ALLOT_H */
