// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "database.h"
#include "log.h"

#define NOW "CAST(strftime('%s', 'now') AS INTEGER)"

static bool copy_to(const struct database *db, const char *name)
{
	sqlite3_stmt *stmt = NULL;
	bool ok;

	ok = db_prepare(db, &stmt, "VACUUM INTO ?1");
	if (ok) {
		sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
		ok = db_run(stmt);
	}
	sqlite3_finalize(stmt);
	return ok || db_failed(db, "cannot copy");
}

bool db_mark_as_backup(const struct database *db)
{
	return db_execute(db, "UPDATE meta SET in_use = 0;"
			      "INSERT INTO backups (taken, counter)"
			      " SELECT " NOW ", counter FROM meta");
}

static bool mark_as_backup(const char *name)
{
	struct database copy = {};
	bool ok;

	ok = db_attach(&copy, name, 0) &&
	     ((db_execute(&copy, "BEGIN") && db_mark_as_backup(&copy) &&
	       db_execute(&copy, "COMMIT")) ||
	      db_failed(&copy, "cannot mark the copy"));
	db_detach(&copy);
	return ok;
}

static bool fill_backup(const char *name, const void *db)
{
	return copy_to(db, name) && mark_as_backup(name);
}

bool db_backup(const struct database *db, const char *path)
{
	if (!strncmp(path, "file:", 5)) {
		log_line("%s: a backup is a file, not a URI", path);
		return false;
	}
	return db_create(path, fill_backup, db);
}

bool db_accept_backups(const struct database *db)
{
	return db_execute(db, "UPDATE backups SET accepted = " NOW
			      " WHERE accepted IS NULL");
}

bool db_accept(const struct database *db)
{
	if (!db_accept_backups(db))
		return db_failed(db, "cannot write");
	if (sqlite3_changes(db->sql))
		return true;
	log_line("%s is no backup that is still to be accepted", db->name);
	return false;
}
