// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a database has of the devices of a fleet
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "fleet.h"
#include "log.h"
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
};

static const char log_sql[] =
	"SELECT epoch, event, owner, counter, to_char(at AT TIME ZONE 'UTC',"
	" 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM rpmb_log WHERE guid = $1"
	" ORDER BY epoch, at";

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

static void print_json(struct json_object *object)
{
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
						    JSON_C_TO_STRING_SPACED));
	json_object_put(object);
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
		print_json(object);
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
		printf("log:            epoch %s %s by %s at write counter %s, %s\n",
		       PQgetvalue(rows, row, 0), PQgetvalue(rows, row, 1),
		       PQgetvalue(rows, row, 2), PQgetvalue(rows, row, 3),
		       PQgetvalue(rows, row, 4));
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
	print_json(object);
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
	     read_of(&dev, log_sql, 5, &log);
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

/* Blocks that no device has, or that are beyond its end */
static const char stray_sql[] =
	"SELECT count(*) FROM rpmb_blocks AS b LEFT JOIN rpmb_devices AS d"
	" ON b.guid = d.guid WHERE d.guid IS NULL OR d.retired"
	" OR b.addr >= d.capacity * 512";

/* Writers whose epoch the log does not have */
static const char unlogged_sql[] =
	"SELECT count(*) FROM rpmb_devices AS d WHERE NOT EXISTS (SELECT 1"
	" FROM rpmb_log AS l WHERE l.guid = d.guid AND l.epoch = d.epoch)";

static bool is_none(struct pg_session *session, const char *sql,
		    const char *wrong)
{
	PGresult *rows;
	bool none;

	if (pg_run_sql(session, sql, 1, &rows) != PG_DONE)
		return false;
	none = PQntuples(rows) == 1 && !strcmp(PQgetvalue(rows, 0, 0), "0");
	if (!none)
		log_line("%s is damaged: %s %s", session->name,
			 PQgetvalue(rows, 0, 0), wrong);
	PQclear(rows);
	return none;
}

static bool check_all(struct pg_session *session)
{
	return pg_schema_check(session) &&
	       is_none(session, stray_sql, "blocks are no device's") &&
	       is_none(session, unlogged_sql,
		       "devices are at an epoch that is not in the log");
}

static bool check_key(struct pg_device *dev)
{
	uint8_t key[RPMB_KEY_LEN];
	bool found, ok;

	ok = pg_device_look(dev, &found) == PG_DONE;
	if (ok && !found) {
		log_line("%s: there is no such device", dev->session.name);
		return false;
	}
	if (ok && dev->wrap_key && dev->row.has_key)
		ok = pg_device_unwrap(dev, key);
	explicit_bzero(key, sizeof(key));
	return ok;
}

static bool check_device(const struct arguments *args)
{
	struct pg_device dev;
	bool ok = pg_device_begin(&dev, &args->state) &&
		  check_all(&dev.session) && check_key(&dev);

	pg_device_end(&dev);
	return ok;
}

static bool check_database(const struct arguments *args)
{
	struct pg_session session;
	bool ok = pg_begin(&session, &args->state) && check_all(&session);

	pg_end(&session);
	return ok;
}

bool fleet_check(const struct arguments *args)
{
	bool ok = pg_fragment(args->state.name) ? check_device(args) :
						  check_database(args);

	if (ok)
		printf("%s is sound\n", args->state.name);
	return ok;
}
