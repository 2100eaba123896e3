// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a database has of the devices of a fleet
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet.h"
#include "log.h"
#include "members.h"
#include "pg_device.h"
#include "pg_schema.h"

/* A column, as it is printed and as it is called in JSON */
enum column_type { TEXT, NUMBER, TRUTH };

struct column {
	const char *name;
	const char *title;
	enum column_type type;
};

static const struct column device_columns[] = {
	{ "guid", "device", TEXT },
	{ "capacity", "capacity", NUMBER },
	{ "device_id", "device id", TEXT },
	{ "key", "key", TRUTH },
	{ "counter", "write counter", NUMBER },
	{ "epoch", "epoch", NUMBER },
	{ "owner", "in use by", TEXT },
	{ "suspended", "suspended", TRUTH },
	{ "retired", "retired", TRUTH },
	{ "blocks", "blocks written", NUMBER },
};

#define DEVICES								\
	"SELECT guid, capacity, encode(dev_id, 'hex'), sealed IS NOT NULL,"	\
	" counter, epoch, owner, ticket IS NOT NULL, retired"

static const char list_sql[] =
	DEVICES " FROM rpmb_devices ORDER BY guid";

static const char one_sql[] =
	DEVICES ", (SELECT count(*) FROM rpmb_blocks AS b"
	" WHERE b.guid = d.guid) FROM rpmb_devices AS d WHERE guid = $1";

static const struct column log_columns[] = {
	{ "epoch", "epoch", NUMBER },
	{ "event", "event", TEXT },
	{ "owner", "by", TEXT },
	{ "counter", "counter", NUMBER },
	{ "time", "time", TEXT },
	{ "role", "role", TEXT },
};

static const char log_sql[] =
	"SELECT epoch, event, owner, counter, to_char(at AT TIME ZONE 'UTC',"
	" 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), role FROM rpmb_log WHERE guid = $1"
	" ORDER BY epoch, id";

static struct json_object *to_json(const PGresult *rows, int row, int column,
				   const struct column *what)
{
	const char *text = PQgetvalue(rows, row, column);

	if (PQgetisnull(rows, row, column))
		return NULL;
	switch (what->type) {
	case NUMBER:
		return json_object_new_int64(strtoll(text, NULL, 10));
	case TRUTH:
		return json_object_new_boolean(*text == 't');
	case TEXT:
		break;
	}
	return json_object_new_string(text);
}

static struct json_object *row_to_json(const PGresult *rows, int row,
				       const struct column *columns)
{
	struct json_object *object = json_object_new_object();
	int i;

	for (i = 0; i < PQnfields(rows); i++)
		json_object_object_add(object, columns[i].name,
				       to_json(rows, row, i, &columns[i]));
	return object;
}

static struct json_object *rows_to_json(const PGresult *rows,
					const struct column *columns)
{
	struct json_object *array = json_object_new_array();
	int row;

	for (row = 0; row < PQntuples(rows); row++)
		json_object_array_add(array, row_to_json(rows, row, columns));
	return array;
}

static const char *words(const PGresult *rows, int row, int column,
			 const struct column *what)
{
	const char *text = PQgetvalue(rows, row, column);

	if (PQgetisnull(rows, row, column))
		return what->name[0] == 'o' ? "nobody" : "none";
	if (what->type == TRUTH)
		return *text == 't' ? "yes" : "no";
	return text;
}

/* One line for each device: what somebody looks for in a list */
static void print_list(const PGresult *rows)
{
	int row;

	for (row = 0; row < PQntuples(rows); row++)
		printf("%s  %3s units  counter %s  epoch %s  %s%s\n",
		       PQgetvalue(rows, row, 0), PQgetvalue(rows, row, 1),
		       PQgetvalue(rows, row, 4), PQgetvalue(rows, row, 5),
		       *PQgetvalue(rows, row, 8) == 't' ? "retired" :
		       words(rows, row, 6, &device_columns[6]),
		       *PQgetvalue(rows, row, 7) == 't' ? ", suspended" : "");
}

bool fleet_list(const struct arguments *args)
{
	struct json_object *object;
	struct pg_session session;
	PGresult *rows = NULL;
	bool ok;

	ok = pg_begin(&session, &args->state) && pg_schema_check(&session) &&
	     pg_run_sql(&session, list_sql, 9, &rows) == PG_DONE;
	if (ok && args->json) {
		object = json_object_new_object();
		json_object_object_add(object, "fleet",
				       rows_to_json(rows, device_columns));
		print_object(object);
	} else if (ok) {
		print_list(rows);
	}
	PQclear(rows);
	pg_end(&session);
	return ok;
}

static void print_device(const PGresult *rows)
{
	int i;

	for (i = 0; i < PQnfields(rows); i++)
		printf("%s:%*s%s\n", device_columns[i].title,
		       (int)(15 - strlen(device_columns[i].title)), "",
		       words(rows, 0, i, &device_columns[i]));
}

static void print_log(const PGresult *rows)
{
	int row;

	for (row = 0; row < PQntuples(rows); row++)
		printf("log:            epoch %s %s by %s at write counter %s, %s%s%s\n",
		       PQgetvalue(rows, row, 0), PQgetvalue(rows, row, 1),
		       PQgetvalue(rows, row, 2), PQgetvalue(rows, row, 3),
		       PQgetvalue(rows, row, 4),
		       PQgetisnull(rows, row, 5) ? "" : ", as ",
		       PQgetvalue(rows, row, 5));
}

static void show(const struct arguments *args, const PGresult *device,
		 const PGresult *log)
{
	struct json_object *object;

	if (!args->json) {
		print_device(device);
		print_log(log);
		return;
	}
	object = row_to_json(device, 0, device_columns);
	json_object_object_add(object, "log", rows_to_json(log, log_columns));
	print_object(object);
}

static bool read_of(struct pg_device *dev, const char *sql, int columns,
		    PGresult **rows)
{
	const struct pg_statement statement = {
		.sql = sql, .nr = 1, .columns = columns
	};
	const struct pg_values values = { .value = { dev->text } };

	return pg_run(&dev->session, &statement, &values, rows) == PG_DONE;
}

bool fleet_inspect(const struct arguments *args)
{
	PGresult *device = NULL, *log = NULL;
	struct pg_device dev;
	bool ok;

	ok = pg_device_begin(&dev, &args->state) &&
	     pg_schema_check(&dev.session) &&
	     read_of(&dev, one_sql, 10, &device) &&
	     read_of(&dev, log_sql, 6, &log);
	if (ok && !PQntuples(device)) {
		log_line("%s: there is no such device", args->state.name);
		ok = false;
	}
	if (ok)
		show(args, device, log);
	PQclear(device);
	PQclear(log);
	pg_device_end(&dev);
	return ok;
}

/*
 * What can be wrong with the tables
 *
 * Blocks that no device has, or that are beyond its end; writers whose epoch the log does
 * not have
 */
static const struct flaw {
	const char *name;
	const char *sql;
	const char *wrong;
} flaws[] = {
	{ "stray_blocks",
	  "SELECT count(*) FROM rpmb_blocks AS b LEFT JOIN rpmb_devices AS d"
	  " ON b.guid = d.guid WHERE d.guid IS NULL OR d.retired"
	  " OR b.addr >= d.capacity * 512",
	  "blocks are no device's" },
	{ "unlogged_devices",
	  "SELECT count(*) FROM rpmb_devices AS d WHERE NOT EXISTS (SELECT 1"
	  " FROM rpmb_log AS l WHERE l.guid = d.guid AND l.epoch = d.epoch)",
	  "devices are at an epoch that is not in the log" },
};

/*
 * What was found
 *
 * @sound: nothing that would be wrong
 * @json: the same in full
 */
struct findings {
	bool sound;
	struct json_object *json;
};

static void note(struct findings *findings, const char *name,
		 struct json_object *value, bool sound)
{
	findings->sound &= sound;
	json_object_object_add(findings->json, name, value);
}

static bool look_for(struct pg_session *session, const struct flaw *flaw,
		     struct findings *findings)
{
	PGresult *rows;
	int64_t nr;

	if (pg_run_sql(session, flaw->sql, 1, &rows) != PG_DONE)
		return false;
	nr = PQntuples(rows) == 1 ? strtoll(PQgetvalue(rows, 0, 0), NULL, 10) :
				    -1;
	PQclear(rows);
	if (nr)
		log_line("%s is damaged: %" PRId64 " %s", session->name, nr,
			 flaw->wrong);
	note(findings, flaw->name, json_object_new_int64(nr), !nr);
	return true;
}

static bool check_tables(struct pg_session *session, struct findings *findings)
{
	bool ok = pg_schema_check(session);
	size_t i;

	for (i = 0; ok && i < sizeof(flaws) / sizeof(flaws[0]); i++)
		ok = look_for(session, &flaws[i], findings);
	return ok;
}

/* Is it wrapped under the key that was given? */
static bool check_key(struct pg_device *dev, struct findings *findings)
{
	uint8_t key[RPMB_KEY_LEN];
	bool found, ours;

	if (pg_device_look(dev, &found) != PG_DONE)
		return false;
	if (!found) {
		log_line("%s: there is no such device", dev->session.name);
		return false;
	}
	if (!dev->wrap_key || !dev->row.has_key)
		return true;
	ours = pg_device_unwrap(dev, key);
	explicit_bzero(key, sizeof(key));
	note(findings, "key", json_object_new_boolean(ours), ours);
	return true;
}

static bool check_device(const struct arguments *args,
			 struct findings *findings)
{
	struct pg_device dev;
	bool ok = pg_device_begin(&dev, &args->state) &&
		  check_tables(&dev.session, findings) &&
		  check_key(&dev, findings);

	pg_device_end(&dev);
	return ok;
}

static bool check_database(const struct arguments *args,
			   struct findings *findings)
{
	struct pg_session session;
	bool ok = pg_begin(&session, &args->state) &&
		  check_tables(&session, findings);

	pg_end(&session);
	return ok;
}

/* JSON says what was found, so there is none if it could not be found out */
bool fleet_check(const struct arguments *args)
{
	struct findings findings = {
		.sound = true, .json = json_object_new_object()
	};
	bool ok = pg_fragment(args->state.name) ?
			  check_device(args, &findings) :
			  check_database(args, &findings);

	if (ok && args->json) {
		note(&findings, "sound", json_object_new_boolean(findings.sound),
		     true);
		print_object(findings.json);
		return findings.sound;
	}
	json_object_put(findings.json);
	if (ok && findings.sound)
		printf("%s is sound\n", args->state.name);
	return ok && findings.sound;
}
