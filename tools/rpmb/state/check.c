// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stddef.h>

#include "database.h"
#include "log.h"

static bool check_ours(const struct database *db)
{
	int64_t version = db_number(db, "PRAGMA user_version");

	if (db_number(db, "PRAGMA application_id") != DB_APPLICATION_ID)
		log_line("%s is not the state of an RPMB device", db->name);
	else if (version != DB_VERSION && version != DB_VERSION_ANCHORED)
		log_line("%s has format %" PRId64 ", this program knows %d and %d",
			 db->name, version, DB_VERSION, DB_VERSION_ANCHORED);
	else
		return true;
	return false;
}

/* What the database promises of its content, whoever has edited it */
static bool check_sound(const struct database *db)
{
	if (db_answers(db, "PRAGMA quick_check(1)", "ok") &&
	    !db_number(db, "SELECT count(*) FROM meta, blocks"
			   " WHERE key IS NULL OR addr < 0"
			   " OR addr >= capacity * 512"
			   " OR data IS NULL OR length(data) <> 256") &&
	    !db_number(db, "SELECT count(*) FROM meta"
			   " WHERE capacity NOT BETWEEN 1 AND 128") &&
	    db_number(db, "SELECT count(*) FROM meta") == 1)
		return true;
	log_line("%s is damaged", db->name);
	return false;
}

static bool check_whole(const struct database *db)
{
	int64_t in_use = db_number(db, "SELECT in_use FROM meta");

	if (in_use < 0)
		return db_failed(db, "is damaged");
	if (!in_use || db->had_wal)
		return true;
	log_line("%s was not closed, and %s-wal is missing: the write counter would go back",
		 db->name, db->name);
	return false;
}

bool db_check(const struct database *db)
{
	return check_ours(db) && check_whole(db) && check_sound(db);
}

bool db_is_anchored(const struct database *db)
{
	return db_number(db, "PRAGMA user_version") == DB_VERSION_ANCHORED;
}

bool db_check_anchor(const struct database *db)
{
	bool anchored = db_is_anchored(db);

	if (anchored && !db->anchored)
		log_line("%s is anchored, and of no use without its anchor: give --anchor=SOCKET",
			 db->name);
	else if (!anchored && db->anchored)
		log_line("%s is not anchored; see rpmb-state(1), convert",
			 db->name);
	else
		return true;
	return false;
}

bool db_check_backups(const struct database *db)
{
	sqlite3_stmt *stmt = NULL;
	bool ok = false;
	int err;

	if (!db_prepare(db, &stmt, "SELECT datetime(taken, 'unixepoch')"
				   " FROM backups WHERE accepted IS NULL"))
		return db_failed(db, "cannot read");
	err = sqlite3_step(stmt);
	if (err == SQLITE_DONE)
		ok = true;
	else if (err != SQLITE_ROW)
		db_failed(db, "cannot read");
	else
		log_line("%s is a backup of %s UTC, and takes the device"
			 " back to then: see rpmb-state(1), accept",
			 db->name, sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	return ok;
}
