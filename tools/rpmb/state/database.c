// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "database.h"
#include "log.h"

bool db_failed(const struct database *db, const char *what)
{
	if ((sqlite3_errcode(db->sql) & 0xff) == SQLITE_BUSY)
		log_line("%s is in use by another process", db->name);
	else
		log_line("%s: %s: %s", db->name, what,
			 sqlite3_errmsg(db->sql));
	return false;
}

bool db_execute(const struct database *db, const char *sql)
{
	return sqlite3_exec(db->sql, sql, NULL, NULL, NULL) == SQLITE_OK;
}

bool db_prepare(const struct database *db, sqlite3_stmt **stmt,
		const char *sql)
{
	return sqlite3_prepare_v3(db->sql, sql, -1,
				  SQLITE_PREPARE_PERSISTENT, stmt,
				  NULL) == SQLITE_OK;
}

bool db_run(sqlite3_stmt *stmt)
{
	bool ok = sqlite3_step(stmt) == SQLITE_DONE;

	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return ok;
}

int64_t db_number(const struct database *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t value = -1;

	if (db_prepare(db, &stmt, sql) && sqlite3_step(stmt) == SQLITE_ROW)
		value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

bool db_answers(const struct database *db, const char *sql,
		const char *expected)
{
	sqlite3_stmt *stmt = NULL;
	const char *text = NULL;
	bool ok;

	if (db_prepare(db, &stmt, sql) && sqlite3_step(stmt) == SQLITE_ROW)
		text = (const char *)sqlite3_column_text(stmt, 0);
	ok = text && !strcmp(text, expected);
	sqlite3_finalize(stmt);
	return ok;
}

/* To be asked before SQLite makes an empty one */
static bool wal_exists(const struct database *db)
{
	const char *name = sqlite3_db_filename(db->sql, "main");
	struct stat wal;

	return !stat(sqlite3_filename_wal(name), &wal) && wal.st_size;
}

void db_keep_wal(const struct database *db, bool keep)
{
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
			  (int)keep, NULL);
}

bool db_attach(struct database *db, const char *name, int flags)
{
	uint8_t seed;

	/* It comes from /dev/urandom, which the sandbox does not have */
	sqlite3_randomness(sizeof(seed), &seed);
	db->name = name;
	if (sqlite3_open_v2(name, &db->sql,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI |
			    SQLITE_OPEN_EXRESCODE | flags, NULL))
		return db_failed(db, "cannot open");
	if (sqlite3_db_readonly(db->sql, "main")) {
		log_line("%s is write-protected", db->name);
		return false;
	}
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	/* Ours have none */
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	db_keep_wal(db, true);
	db->had_wal = wal_exists(db);
	return db_execute(db, "PRAGMA locking_mode = EXCLUSIVE;"
			      "PRAGMA synchronous = FULL;"
			      "PRAGMA temp_store = MEMORY;"
			      "PRAGMA cell_size_check = ON") ||
	       db_failed(db, "cannot use");
}

bool db_checkpoint(const struct database *db)
{
	return sqlite3_wal_checkpoint_v2(db->sql, NULL,
					 SQLITE_CHECKPOINT_FULL, NULL,
					 NULL) == SQLITE_OK ||
	       db_failed(db, "cannot checkpoint");
}

bool db_set_mark(const struct database *db, bool in_use)
{
	return (db_execute(db, in_use ? "UPDATE meta SET in_use = 1" :
					"UPDATE meta SET in_use = 0") ||
		db_failed(db, "cannot write")) && db_checkpoint(db);
}

void db_detach(struct database *db)
{
	sqlite3_finalize(db->begin);
	sqlite3_finalize(db->commit);
	sqlite3_finalize(db->set_key);
	sqlite3_finalize(db->set_counter);
	sqlite3_finalize(db->set_config);
	sqlite3_finalize(db->set_step);
	sqlite3_finalize(db->put_block);
	sqlite3_finalize(db->get_blocks);
	sqlite3_close(db->sql);
	explicit_bzero(db, sizeof(*db));
}

/* The mark goes when all else is in place: without it the -wal file is not missed */
bool db_end_use(const struct database *db)
{
	bool ok = db_checkpoint(db) && db_set_mark(db, false);

	if (ok)
		db_keep_wal(db, false);
	return ok;
}
