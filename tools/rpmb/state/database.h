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
 */
#ifndef DATABASE_H
#define DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#define DB_APPLICATION_ID 0x52504d42	/* "RPMB" */
#define DB_VERSION 2

struct state_config;

/* Used by one thread at a time; the file is locked for all other processes */
struct database {
	const char *name;
	bool had_wal;
	sqlite3 *sql;
	sqlite3_stmt *begin;
	sqlite3_stmt *commit;
	sqlite3_stmt *set_key;
	sqlite3_stmt *set_counter;
	sqlite3_stmt *set_config;
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

/* Is the database ours, with nothing missing and nothing damaged? Log what not. */
bool db_check(const struct database *db);

/* Has nobody taken it back to an earlier time without saying so? */
bool db_check_backups(const struct database *db);

/* Everything into one file, without the mark; db_detach() is still to be called */
bool db_end_use(const struct database *db);

/*
 * A new file gets its name when it is complete, so there is never half of one.
 * @fill gets its name until then, and an empty file that no other process fills
 * meanwhile. False and a log line if there is a file of that name, or something
 * failed.
 */
bool db_create(const char *path,
	       bool (*fill)(const char *name, const void *arg),
	       const void *arg);

/* Fill a new state; @config is a struct state_config */
bool db_fill(const char *name, const void *config);

/* Copy all to a new file, which is marked as a backup from the beginning */
bool db_backup(const struct database *db, const char *path);

/* Say of a backup that the device is to go back to it; the row stays */
bool db_accept(const struct database *db);

#endif /* DATABASE_H */
