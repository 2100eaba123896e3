// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can be done to a state that no device uses
 *
 * Nothing here reads the key into memory of its own, let alone prints it.
 */
#include <inttypes.h>
#include <stdio.h>

#include "anchored.h"
#include "commands.h"
#include "database.h"
#include "log.h"

/* Its first step is made when it is opened */
static bool settle(const struct state_config *config)
{
	struct state state;

	return state_open(&state, config) && state_close(&state);
}

/* With all that @from keeps, if that is not NULL */
static bool create(const struct state_config *config, const struct state *from)
{
	struct anchored anchored;
	bool ok;

	if (!config->anchor)
		return db_create_state(config, NULL, from);
	ok = anchored_begin(&anchored, config) &&
	     db_create_state(config, &anchored, from);
	anchored_end(&anchored);
	return ok && settle(config);
}

bool command_create(const struct arguments *args)
{
	return create(&args->state, NULL);
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

static const char anchor_fact[] =
	"SELECT printf('anchored:       in %s-%s-%s-%s-%s at step %d',"
	" substr(hex, 1, 8), substr(hex, 9, 4), substr(hex, 13, 4),"
	" substr(hex, 17, 4), substr(hex, 21), step)"
	" FROM (SELECT lower(hex(guid)) AS hex, step FROM anchor)";

bool command_inspect(const struct arguments *args)
{
	struct database db = {};
	bool ok = open_sound(&db, args);
	size_t i;

	for (i = 0; ok && i < sizeof(facts) / sizeof(facts[0]); i++)
		ok = print_rows(&db, facts[i]);
	if (ok && db_is_anchored(&db))
		ok = print_rows(&db, anchor_fact);
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
	if (ok && db_is_anchored(&db) && !args->state.anchor)
		printf("%s is sound; give --anchor to know whether it is the newest one\n",
		       args->state.name);
	else if (ok && !args->state.anchor)
		printf("%s is sound\n", args->state.name);
	db_detach(&db);
	if (!ok || !args->state.anchor)
		return ok;
	ok = state_check(&args->state);
	if (ok)
		printf("%s is sound, and the one that is anchored\n",
		       args->state.name);
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
	bool ok = state_accept(&args->state);

	if (ok)
		printf("%s: the device is what it was then\n",
		       args->state.name);
	return ok;
}

static bool is_anchored(const char *name, bool *anchored)
{
	struct database db = {};
	bool ok = db_attach(&db, name, 0) && db_check(&db);

	*anchored = ok && db_is_anchored(&db);
	db_keep_wal(&db, db.had_wal);
	db_detach(&db);
	return ok;
}

/* The anchor is that of the state that has one: the old one, or else the new one */
bool command_convert(const struct arguments *args)
{
	struct state_config from = { .name = args->state.name, .stop = -1 };
	struct state_config to = { .name = args->copy, .stop = -1 };
	struct state state;
	bool anchored, ok;

	if (!is_anchored(from.name, &anchored))
		return false;
	if (anchored)
		from.anchor = args->state.anchor;
	else
		to.anchor = args->state.anchor;
	if (!state_open(&state, &from))
		return false;
	ok = create(&to, &state);
	return state_close(&state) && ok;
}
