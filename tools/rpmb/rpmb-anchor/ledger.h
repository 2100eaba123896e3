/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The anchor's file: the table and the log, and the root of the table before
 *
 * An SQLite database with the application id "RPMA". All in it is under a MAC, whose
 * key is made from the hardware's. Whoever has the file can thus put it back, which
 * the hardware's block shows, but make nothing up.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include "database.h"
#include "keys.h"
#include "table.h"

/* Used by one thread at a time */
struct ledger {
	struct database db;
	const struct keys *keys;
	sqlite3_stmt *put_entry;
	sqlite3_stmt *drop_entry;
	sqlite3_stmt *put_note;
	sqlite3_stmt *put_head;
};

/* All return false and log why if they fail */

/* Make the file for a table, whose log has one note */
bool ledger_create(const char *path, const struct keys *keys,
		   const struct table *table, const struct note *note);

/* Open it, and read what is in it, if that is genuine */
bool ledger_open(struct ledger *ledger, const char *path,
		 const struct keys *keys, struct table *table);

/* Make the next table durable, with what was noted, if that is not NULL */
bool ledger_commit(struct ledger *ledger, const struct table *from,
		   const struct table *to, const struct note *note);

/* Is the log the one that the table's head is of? Logs nothing. */
bool ledger_has_log_of(struct ledger *ledger, const struct table *table);

/* Call for each line of the log after the first @skip, until one returns false */
bool ledger_each_note(struct ledger *ledger, uint64_t skip,
		      bool (*each)(void *arg, const struct note *note),
		      void *arg);

void ledger_close(struct ledger *ledger);

#endif /* LEDGER_H */
