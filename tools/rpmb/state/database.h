/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The SQLite database of a state
 *
 * The file has the application id "RPMB" and three tables: meta, with one row;
 * blocks, with those that were ever written; backups, with a row for each backup
 * that this file once was.
 *
 * An authenticated write is one transaction and synced before it counts. SQLite
 * keeps recent transactions in a second file, NAME-wal. A database without its
 * -wal file looks sound, but is older than the device's answers. So it carries a
 * mark, in_use, which is in the database itself before the first request is
 * served and goes only with a clean exit, when all is in one file again. A
 * database that is marked and has no -wal file is refused.
 *
 * So is a backup whose row nobody has accepted: using it takes the device back.
 *
 * An anchored state, see anchored.h, has one more table, anchor, with the step that it
 * is at, and a version of its own, so that nobody takes it for another.
 */
#ifndef DATABASE_H
#define DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#define DB_APPLICATION_ID 0x52504d42	/* "RPMB" */
#define DB_VERSION 2
#define DB_VERSION_ANCHORED 3

struct anchored;
struct rpmb_step;
struct state;
struct state_config;

/*
 * Used by one thread at a time; the file is locked for all other processes
 *
 * @anchored: NULL if it is not
 * @counter: what a group has left it at in meta so far; it is set when that is committed
 * @written: the group has something to keep
 * @refused: the group has been undone, nothing more is done for it
 */
struct database {
	const char *name;
	bool had_wal;
	struct anchored *anchored;
	uint32_t counter;
	bool written;
	bool refused;
	sqlite3 *sql;
	sqlite3_stmt *begin;
	sqlite3_stmt *commit;
	sqlite3_stmt *set_key;
	sqlite3_stmt *set_counter;
	sqlite3_stmt *set_config;
	sqlite3_stmt *set_step;
	sqlite3_stmt *put_block;
	sqlite3_stmt *get_blocks;
};

/* Open it, with @flags besides those of every database; false and a log line */
bool db_attach(struct database *db, const char *name, int flags);
void db_detach(struct database *db);

/*
 * Whether db_detach() leaves the -wal file alone, or moves what is in it into the
 * database and removes it; the former until something else is said
 */
void db_keep_wal(const struct database *db, bool keep);

/* Log what has failed; returns false */
bool db_failed(const struct database *db, const char *what);

bool db_execute(const struct database *db, const char *sql);
bool db_prepare(const struct database *db, sqlite3_stmt **stmt,
		const char *sql);

/* Run a statement that returns no rows; its parameters are forgotten */
bool db_run(sqlite3_stmt *stmt);

/* The one number that a statement returns, -1 on failure */
int64_t db_number(const struct database *db, const char *sql);

/* Is this the text that a statement returns? */
bool db_answers(const struct database *db, const char *sql,
		const char *expected);

/* Move everything from the -wal file into the database, and sync it */
bool db_checkpoint(const struct database *db);

bool db_set_mark(const struct database *db, bool in_use);

/* Is it to be used as it is used, with an anchor or without? */
bool db_check_anchor(const struct database *db);

/* Is the database ours, with nothing missing and nothing damaged? Log what not. */
bool db_check(const struct database *db);

/* Has nobody taken it back to an earlier time without saying so? */
bool db_check_backups(const struct database *db);

/* Everything into one file, without the mark; db_detach() is still to be called */
bool db_end_use(const struct database *db);

/* That there is a file of this name, or none, is durable; false with errno */
bool db_sync_directory(const char *path);

/*
 * A new file gets its name when it is complete, so there is never half of one.
 * @fill gets its name until then, and an empty file that no other process fills
 * meanwhile. False and a log line if there is a file of that name, or something
 * failed.
 */
bool db_create(const char *path,
	       bool (*fill)(const char *name, const void *arg),
	       const void *arg);

/*
 * Make a new state as @config says, anchored if @anchored is not NULL; with all that
 * @from keeps, if that is not NULL
 */
bool db_create_state(const struct state_config *config,
		     struct anchored *anchored, const struct state *from);

/* False if the column has not exactly that many bytes */
bool db_get_bytes(sqlite3_stmt *stmt, int column, void *to, int len);

/* Of an anchored state: the digest of its blocks */
bool db_make_digest(const struct database *db, uint32_t blocks);

/* The step that it is at; false and a log line if it is another anchor's state */
bool db_read_step(const struct database *db);

/* To be called once before the step is put; then within a transaction, or alone */
bool db_prepare_step(struct database *db);
bool db_put_step(const struct database *db, const struct rpmb_step *step);

/* Is it to be used with an anchor? */
bool db_is_anchored(const struct database *db);

/* Copy all to a new file, which is marked as a backup from the beginning */
bool db_backup(const struct database *db, const char *path);

/* The same of a state of another kind */
bool db_create_backup(const char *path, const struct state *from);

/* Within a transaction: what is there is a backup from now on; no log line */
bool db_mark_as_backup(const struct database *db);

/* The row of a backup says that it was accepted, if there is one; no log line */
bool db_accept_backups(const struct database *db);

/* Say of a backup that the device is to go back to it; the row stays */
bool db_accept(const struct database *db);

#endif /* DATABASE_H */
