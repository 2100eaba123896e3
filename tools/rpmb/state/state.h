/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a device keeps: an SQLite database
 *
 * All programs that are an RPMB device keep their state like this.
 *
 * The file has the application id "RPMB" and two tables: meta, with one row, and
 * blocks, with those that were ever written.
 *
 * An authenticated write is one transaction and synced before it counts. SQLite
 * keeps recent transactions in a second file, NAME-wal. A database without its
 * -wal file looks sound, but is older than the device's answers. So it carries a
 * mark, in_use, which is in the database itself before the first request is
 * served and goes only with a clean exit, when all is in one file again. A
 * database that is marked and has no -wal file is refused.
 *
 * Used by one thread at a time; the database is locked for all other processes.
 */
#ifndef STATE_H
#define STATE_H

#include <sqlite3.h>

#include "engine.h"

#define STATE_MAX_CAPACITY 128
#define STATE_DEV_ID_LEN 16

/*
 * What the user asked for
 *
 * @name: file name or SQLite URI
 * @capacity: units of 128 KiB, 0 if the user did not say
 * @dev_id: STATE_DEV_ID_LEN bytes, or NULL if the user gave none
 */
struct state_config {
	const char *name;
	unsigned int capacity;
	const uint8_t *dev_id;
};

struct state {
	struct rpmb_store store;
	uint8_t capacity;
	bool has_dev_id;
	uint8_t dev_id[STATE_DEV_ID_LEN];

	const char *name;
	bool had_wal;
	sqlite3 *db;
	sqlite3_stmt *begin;
	sqlite3_stmt *commit;
	sqlite3_stmt *set_key;
	sqlite3_stmt *set_counter;
	sqlite3_stmt *put_block;
	sqlite3_stmt *get_blocks;
};

/* The file that a name or URI means; NULL if there is no memory or no name */
char *state_path(const char *name);

/*
 * Open the state, make it first if there is none; false and a log line if it
 * cannot be used as it is
 */
bool state_open(struct state *state, const struct state_config *config);

/*
 * Put everything into one file and remove the mark; false and a log line if that
 * failed, but nothing is lost then
 */
bool state_close(struct state *state);

#endif /* STATE_H */
