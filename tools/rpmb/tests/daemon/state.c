// SPDX-License-Identifier: GPL-2.0-only
/*
 * The daemon's state, from outside
 */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "fleet.h"
#include "state.h"
#include "tap.h"

void state_sql(const char *sql)
{
	sqlite3 *db;

	check(sqlite3_open_v2(STATE, &db, SQLITE_OPEN_READWRITE, NULL) ==
	      SQLITE_OK, "%s", sqlite3_errmsg(db));
	check(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s",
	      sql, sqlite3_errmsg(db));
	check(sqlite3_close(db) == SQLITE_OK, "%s", sqlite3_errmsg(db));
}

static bool is_in_database(void)
{
	return strchr(daemon_state(), '#');
}

void state_remove(void)
{
	if (is_in_database()) {
		daemon_new_device();
		return;
	}
	check(!unlink(STATE), "no state");
	unlink(STATE "-wal");
}

void state_set_counter(uint32_t counter)
{
	char sql[64];

	if (is_in_database()) {
		fleet_sql("a", "UPDATE rpmb_devices SET counter = %u"
			       " WHERE guid = '%s'", counter,
			  strchr(daemon_state(), '#') + 1);
		return;
	}

	snprintf(sql, sizeof(sql), "UPDATE meta SET counter = %u", counter);
	state_sql(sql);
}
