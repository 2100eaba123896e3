// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>

#include "log.h"
#include "pg_schema.h"

/*
 * What makes each version of the one before it. Those that there are never change: a
 * new version is one more.
 */
static const char *const steps[PG_SCHEMA_VERSION] = {
	"CREATE TABLE rpmb_schema ("
	" id INTEGER PRIMARY KEY CHECK (id = 1),"
	" version INTEGER NOT NULL);"
	"INSERT INTO rpmb_schema (id, version) VALUES (1, 0);"
	"CREATE TABLE rpmb_devices ("
	" guid UUID PRIMARY KEY,"
	" capacity INTEGER NOT NULL CHECK (capacity BETWEEN 1 AND 128),"
	" dev_id BYTEA CHECK (length(dev_id) = 16),"
	" sealed BYTEA CHECK (length(sealed) = 60),"
	" counter BIGINT NOT NULL CHECK (counter BETWEEN 0 AND 4294967295),"
	" epoch BIGINT NOT NULL,"
	" owner TEXT,"
	" token TEXT,"
	" ticket BYTEA CHECK (length(ticket) = 32),"
	" retired BOOLEAN NOT NULL DEFAULT FALSE,"
	" CHECK (counter = 0 OR sealed IS NOT NULL OR retired));"
	"CREATE TABLE rpmb_blocks ("
	" guid UUID NOT NULL,"
	" addr INT4 NOT NULL CHECK (addr BETWEEN 0 AND 65535),"
	" data BYTEA NOT NULL CHECK (length(data) = 256),"
	" PRIMARY KEY (guid, addr));"
	"CREATE TABLE rpmb_log ("
	" guid UUID NOT NULL,"
	" epoch BIGINT NOT NULL,"
	" event TEXT NOT NULL,"
	" owner TEXT,"
	" counter BIGINT NOT NULL,"
	" at TIMESTAMPTZ NOT NULL DEFAULT now(),"
	" PRIMARY KEY (guid, epoch, event));"
	"CREATE TABLE rpmb_hosts ("
	" guid UUID NOT NULL,"
	" role TEXT NOT NULL,"
	" PRIMARY KEY (guid, role));",
	/* What somebody has entered in the log keeps nobody else from entering more */
	"ALTER TABLE rpmb_log ADD COLUMN id BIGINT GENERATED ALWAYS AS IDENTITY;"
	"ALTER TABLE rpmb_log DROP CONSTRAINT rpmb_log_pkey,"
	" ADD PRIMARY KEY (id);"
	"CREATE INDEX rpmb_log_guid ON rpmb_log (guid, epoch);"
	"ALTER TABLE rpmb_log ADD COLUMN role TEXT;"
	"ALTER TABLE rpmb_log ALTER COLUMN role SET DEFAULT session_user;",
	/* What somebody changes to find out whether the server counts keeps nobody else waiting */
	"CREATE TABLE rpmb_confirm ("
	" role TEXT PRIMARY KEY,"
	" at TIMESTAMPTZ NOT NULL);",
};

static const struct pg_statement look = {
	.columns = 1, .sql = "SELECT version FROM rpmb_schema",
};

static const struct pg_statement confirm = {
	.columns = 1,
	.sql = "WITH confirmed AS (INSERT INTO rpmb_confirm (role, at)"
	       " VALUES (current_user, now()) ON CONFLICT (role) DO UPDATE"
	       " SET at = excluded.at RETURNING role)"
	       " SELECT version FROM rpmb_schema, confirmed",
};

/* Tables of versions that had no rows for that */
#define FIRST_TO_CONFIRM 3
static const struct pg_statement confirm_older = {
	.columns = 1,
	.sql = "UPDATE rpmb_schema SET id = id RETURNING version",
};

enum pg_end pg_schema_confirm(struct pg_session *session)
{
	static const struct pg_values none;

	return pg_run_until(session, &confirm, &none, NULL);
}

/* The version that a statement returns, 0 if it returns none; -1 if it was not done */
static int read_version(struct pg_session *session,
			const struct pg_statement *statement)
{
	static const struct pg_values none;
	PGresult *rows;
	int version;

	if (pg_run_until(session, statement, &none, &rows) != PG_DONE)
		return -1;
	version = PQntuples(rows) == 1 ? atoi(PQgetvalue(rows, 0, 0)) : 0;
	PQclear(rows);
	return version;
}

/*
 * The version of what there is on a server that counts, 0 if there is nothing; -1 and a log
 * line if nobody knows. What a server says that may not count is good for knowing how it is
 * asked whether it does.
 */
static int find_version(struct pg_session *session)
{
	PGresult *rows;
	int version;

	if (pg_run_sql(session,
		       "SELECT 1 FROM information_schema.tables"
		       " WHERE table_name = 'rpmb_schema'", 1, &rows) != PG_DONE)
		return -1;
	version = PQntuples(rows);
	PQclear(rows);
	if (!version)
		return 0;
	version = read_version(session, &look);
	if (version < 0)
		return version;
	return read_version(session, version < FIRST_TO_CONFIRM ?
					     &confirm_older : &confirm);
}

static bool is_too_new(const struct pg_session *session, int version)
{
	if (version <= PG_SCHEMA_VERSION)
		return false;
	log_line("%s: its tables have version %d, this program knows %d: it is too old",
		 session->name, version, PG_SCHEMA_VERSION);
	return true;
}

bool pg_schema_check(struct pg_session *session)
{
	int version = find_version(session);

	while (version < 0 && !pg_is_connected(session) &&
	       pg_reconnect(session))
		version = find_version(session);
	if (version == PG_SCHEMA_VERSION)
		return true;
	if (version >= 0 && !is_too_new(session, version))
		log_line("%s: its tables have version %d, this program needs %d:"
			 " see rpmb-state(1), setup",
			 session->name, version, PG_SCHEMA_VERSION);
	return false;
}

/* Who is second finds what the first one has done, and fails */
static bool step(struct pg_session *session, int version)
{
	char *sql = NULL;
	bool ok;

	ok = asprintf(&sql,
		      "BEGIN; %s UPDATE rpmb_schema SET version = %d; COMMIT",
		      steps[version], version + 1) >= 0 &&
	     pg_run_sql(session, sql, 0, NULL) == PG_DONE;
	free(sql);
	if (ok)
		log_line("%s: its tables have version %d now", session->name,
			 version + 1);
	return ok;
}

bool pg_schema_setup(struct pg_session *session)
{
	int version = find_version(session);

	if (version < 0 || is_too_new(session, version))
		return false;
	while (version < PG_SCHEMA_VERSION && step(session, version))
		version++;
	return version == PG_SCHEMA_VERSION;
}
