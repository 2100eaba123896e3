// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can be done to a state in a database
 *
 * What changes a device changes its epoch, too, so that nobody goes on with what it was.
 */
#include <stdio.h>
#include <string.h>

#include "database.h"
#include "fleet.h"
#include "fleet_change.h"
#include "log.h"
#include "members.h"
#include "pg_device.h"
#include "pg_schema.h"
#include "postgres.h"
#include "state_json.h"

bool fleet_setup(const struct arguments *args)
{
	struct pg_session session;
	bool ok = pg_begin(&session, &args->state) && pg_schema_setup(&session);

	pg_end(&session);
	return ok;
}

/* What the log has of it now */
static void print_event(const struct pg_device *dev, const char *event)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "guid", dev->text);
	add_text(object, "event", event);
	add_number(object, "epoch", dev->row.epoch);
	add_number(object, "counter", dev->row.counter);
	print_object(object);
}

bool fleet_create(const struct arguments *args)
{
	struct pg_device dev;
	bool ok = change_begin(&dev, args) &&
		  pg_device_create(&dev, &args->state) == PG_CHANGED;

	if (ok && args->json)
		print_event(&dev, "created");
	pg_device_end(&dev);
	return ok;
}

/* What the copy has */
static void print_backup(const struct arguments *args,
			 const struct state *state)
{
	uint8_t guid[STATE_GUID_LEN];

	rpmb_guid_from_text(guid, pg_fragment(args->state.name));
	print_state(guid, state);
}

bool fleet_backup(const struct arguments *args)
{
	struct state_config config = args->state;
	struct state state;
	bool ok;

	config.incoming = true;
	if (!state_open(&state, &config))
		return false;
	ok = postgres_freeze(&state) && db_create_backup(args->copy, &state);
	if (ok && args->json)
		print_backup(args, &state);
	return state_close(&state) && ok;
}

/* Not in the statement of the change, which does not see what was put while it waited */
static bool remove_blocks(struct pg_device *dev)
{
	static const struct pg_statement remove = {
		.nr = 1, .sql = "DELETE FROM rpmb_blocks WHERE guid = $1",
	};
	const struct pg_values values = { .value = { dev->text } };

	return pg_run(&dev->session, &remove, &values, NULL) == PG_DONE;
}

static bool retire(struct pg_device *dev)
{
	static const struct pg_statement change = {
		.nr = 3, .columns = PG_ROW_COLUMNS,
		.sql = CHANGE(", retired = TRUE, sealed = NULL", "retired"),
	};
	bool ok = pg_run_begin(&dev->session, "BEGIN") == PG_DONE;

	ok = ok && change_run(dev, &change, NULL) && remove_blocks(dev);
	return change_end(dev, ok);
}

bool fleet_retire(const struct arguments *args)
{
	struct pg_device dev;
	bool ok;

	ok = change_begin(&dev, args) && change_find(&dev) &&
	     pg_device_may_take(&dev, &args->state) && retire(&dev);
	if (ok && args->json)
		print_event(&dev, "retired");
	pg_device_end(&dev);
	return ok;
}

/* The device is what the database has, wherever it has that from */
static bool accept_database(struct pg_device *dev, const struct arguments *args)
{
	static const struct pg_statement change = {
		.nr = 3, .columns = PG_ROW_COLUMNS,
		.sql = CHANGE("", "accepted"),
	};

	return change_find(dev) && pg_device_may_take(dev, &args->state) &&
	       change_run(dev, &change, NULL);
}

/* The blocks of the copy, as many as fit into one statement */
static bool put_some(struct pg_device *dev, struct rpmb_store *from,
		     uint32_t addr, uint32_t count)
{
	uint8_t data[64 * PG_BLOCK_LEN];
	struct rpmb_blocks blocks = {
		.addr = addr, .count = count, .data = data,
		.stride = PG_BLOCK_LEN
	};
	const struct pg_statement put = {
		.nr = 4, .binary = 1 << 3,
		.sql = "INSERT INTO rpmb_blocks (guid, addr, data)"
		       " SELECT $1, a, substring($4::BYTEA FROM"
		       " CAST(256 * (a - $2::INTEGER) + 1 AS INTEGER) FOR 256)"
		       " FROM generate_series($2::INTEGER, $3::INTEGER) AS a",
	};
	char first[12], last[12];
	const struct pg_values values = {
		.value = { dev->text, first, last, (const char *)data },
		.len = { [3] = count * PG_BLOCK_LEN },
	};

	snprintf(first, sizeof(first), "%u", addr);
	snprintf(last, sizeof(last), "%u", addr + count - 1);
	return from->ops->read(from, &blocks) &&
	       pg_run(&dev->session, &put, &values, NULL) == PG_DONE;
}

static bool put_blocks(struct pg_device *dev, struct rpmb_store *from)
{
	uint32_t addr = 0;

	while (addr < from->capacity && put_some(dev, from, addr, 64))
		addr += 64;
	return addr >= from->capacity;
}

/* Key and counter of the copy; the row says nothing else that is not the device's own */
static bool put_row(struct pg_device *dev, const struct rpmb_store *from)
{
	static const struct pg_statement change = {
		.nr = 5, .columns = PG_ROW_COLUMNS, .binary = 1 << 4,
		.sql = CHANGE(", counter = $4, sealed = $5", "accepted"),
	};
	struct sealed key;
	char counter[12];
	const struct pg_values values = {
		.value = { [3] = counter,
			   [4] = from->has_key ? (const char *)&key : NULL },
		.len = { [4] = sizeof(key) },
	};

	snprintf(counter, sizeof(counter), "%u", from->counter);
	return (!from->has_key || pg_device_wrap(dev, from->key, &key)) &&
	       change_run(dev, &change, &values);
}

static bool put_copy(struct pg_device *dev, struct rpmb_store *from)
{
	bool ok = pg_run_begin(&dev->session, "BEGIN") == PG_DONE;

	ok = ok && put_row(dev, from) && remove_blocks(dev) &&
	     put_blocks(dev, from);
	return change_end(dev, ok);
}

/* The device of the copy, which is made if the database has lost it */
static bool find_device(struct pg_device *dev, const struct arguments *args,
			const struct state *copy)
{
	struct state_config config = args->state;
	bool found;

	config.capacity = copy->capacity;
	config.dev_id = copy->has_dev_id ? copy->dev_id : NULL;
	if (pg_device_look(dev, &found) != PG_DONE)
		return false;
	if (!found)
		return pg_device_create(dev, &config) == PG_CHANGED &&
		       pg_device_look(dev, &found) == PG_DONE && found;
	if (dev->row.capacity == copy->capacity &&
	    dev->row.has_dev_id == copy->has_dev_id &&
	    !memcmp(dev->row.dev_id, copy->dev_id, STATE_DEV_ID_LEN))
		return true;
	log_line("%s is another device than that of %s", args->state.name,
		 args->copy);
	return false;
}

static bool use_copy(struct pg_device *dev, const struct arguments *args)
{
	const struct state_config config = {
		.name = args->copy, .backup = true, .stop = -1
	};
	struct state copy;
	bool ok;

	if (!state_check(&config) || !state_open(&copy, &config))
		return false;
	ok = find_device(dev, args, &copy) &&
	     pg_device_may_take(dev, &args->state) &&
	     put_copy(dev, &copy.store);
	return state_close(&copy) && ok;
}

/*
 * A copy that is a backup is accepted as one, once, and when all is done: until then it is
 * none that a daemon would serve
 */
static bool accept_copy(struct pg_device *dev, const struct arguments *args)
{
	const struct state_config config = { .name = args->copy, .stop = -1 };

	if (!dev->wrap_key) {
		log_line("%s: a copy has a key: give --wrap-key",
			 args->state.name);
		return false;
	}
	return use_copy(dev, args) &&
	       (state_check(&config) || state_accept(&config));
}

bool fleet_accept(const struct arguments *args)
{
	struct pg_device dev;
	bool ok;

	ok = change_begin(&dev, args) &&
	     (args->copy ? accept_copy(&dev, args) :
			   accept_database(&dev, args));
	if (ok && args->json)
		print_event(&dev, "accepted");
	else if (ok)
		printf("%s: the device is what it was then\n",
		       args->state.name);
	pg_device_end(&dev);
	return ok;
}
