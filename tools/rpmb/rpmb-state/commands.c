// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can be done to a state that no device uses
 *
 * Nothing here reads the key into memory of its own, let alone prints it.
 */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "database.h"
#include "log.h"

bool command_create(const struct arguments *args)
{
	return db_create(args->state.name, db_fill, &args->state);
}

/* Open a state that is sound; what is looked at stays as it is */
static bool open_sound(struct database *db, const struct arguments *args)
{
	bool ok = db_attach(db, args->state.name, 0) && db_check(db);

	db_keep_wal(db, db->had_wal);
	return ok;
}

/* Each row that a statement returns, as a line */
static bool print_rows(const struct database *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int err = SQLITE_ERROR;

	if (db_prepare(db, &stmt, sql))
		while ((err = sqlite3_step(stmt)) == SQLITE_ROW)
			printf("%s\n", sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	return err == SQLITE_DONE || db_failed(db, "cannot read");
}

static const char *const facts[] = {
	"SELECT printf('capacity:       %d units of 128 KiB', capacity)"
	" FROM meta",
	"SELECT printf('device id:      %s',"
	" iif(dev_id IS NULL, 'none', lower(hex(dev_id)))) FROM meta",
	"SELECT printf('key:            %s',"
	" iif(key IS NULL, 'none', 'programmed')) FROM meta",
	"SELECT printf('write counter:  %d', counter) FROM meta",
	"SELECT printf('blocks written: %d', count(*)) FROM blocks",
	"SELECT printf('closed:         %s', iif(in_use, 'no', 'yes'))"
	" FROM meta",
	"SELECT printf('backup:         of %s UTC at write counter %d, %s',"
	" datetime(taken, 'unixepoch'), counter,"
	" ifnull('accepted at ' || datetime(accepted, 'unixepoch') || ' UTC',"
	" 'not accepted')) FROM backups ORDER BY rowid",
};

bool command_inspect(const struct arguments *args)
{
	struct database db = {};
	bool ok = open_sound(&db, args);
	size_t i;

	for (i = 0; ok && i < sizeof(facts) / sizeof(facts[0]); i++)
		ok = print_rows(&db, facts[i]);
	db_detach(&db);
	return ok;
}

static bool check_all(const struct database *db)
{
	if (db_answers(db, "PRAGMA integrity_check(1)", "ok"))
		return true;
	log_line("%s is damaged", db->name);
	return false;
}

bool command_check(const struct arguments *args)
{
	struct database db = {};
	bool ok;

	ok = open_sound(&db, args) && check_all(&db) && db_check_backups(&db);
	if (ok)
		printf("%s is sound\n", args->state.name);
	db_detach(&db);
	return ok;
}

bool command_backup(const struct arguments *args)
{
	struct database db = {};
	bool ok = open_sound(&db, args) && db_backup(&db, args->copy);

	db_detach(&db);
	return ok;
}

bool command_accept(const struct arguments *args)
{
	struct database db = {};
	bool ok = open_sound(&db, args) && db_accept(&db);

	if (ok)
		printf("%s: the device is what it was then\n",
		       args->state.name);
	db_detach(&db);
	return ok;
}
