// SPDX-License-Identifier: GPL-2.0-only
/*
 * Another key of the hosts
 *
 * The key of a device is wrapped under the new one, which no daemon notices that has the
 * device: so it is one that nobody has, and that nobody is to get with a ticket, which
 * names the key as it is wrapped. What has the new one already is left alone, so that who
 * was interrupted begins again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet.h"
#include "fleet_change.h"
#include "log.h"
#include "pg_schema.h"

static bool is_wrapped(const struct pg_device *dev, const uint8_t *new_key)
{
	uint8_t key[RPMB_KEY_LEN];
	bool wrapped = unseal(&dev->row.key, new_key, dev->guid,
			      sizeof(dev->guid), key);

	explicit_bzero(key, sizeof(key));
	return wrapped;
}

/*
 * Is there nothing to wrap anew now? Who has a device without a key would wrap under the
 * old one what the guest programs.
 */
static bool is_done(const struct pg_device *dev, const uint8_t *new_key)
{
	if (dev->row.retired)
		return true;
	return dev->row.has_key ? is_wrapped(dev, new_key) : !*dev->row.token;
}

static bool wrap_anew(const struct pg_device *dev, const uint8_t *new_key,
		      struct sealed *sealed)
{
	uint8_t key[RPMB_KEY_LEN];
	bool ok = pg_device_unwrap(dev, key) &&
		  seal(sealed, new_key, dev->guid, sizeof(dev->guid), key);

	explicit_bzero(key, sizeof(key));
	return ok;
}

static bool change_key(struct pg_device *dev, const uint8_t *new_key)
{
	static const struct pg_statement change = {
		.nr = 4, .columns = PG_ROW_COLUMNS, .binary = 1 << 3,
		.sql = CHANGE(", sealed = $4", "rewrapped"),
	};
	struct sealed sealed;
	const struct pg_values values = {
		.value = { [3] = (const char *)&sealed },
		.len = { [3] = sizeof(sealed) },
	};

	return wrap_anew(dev, new_key, &sealed) &&
	       change_run(dev, &change, &values);
}

/* It may have got a key since we looked, which stays as it is */
static bool end_epoch(struct pg_device *dev)
{
	static const struct pg_statement change = {
		.nr = 3, .columns = PG_ROW_COLUMNS, .sql = CHANGE("", "rewrapped"),
	};

	return change_run(dev, &change, NULL);
}

/* A machine that was saved would not go on from a ticket of before */
static bool may_rewrap(const struct pg_device *dev,
		       const struct state_config *config)
{
	if (!pg_device_may_take(dev, config))
		return false;
	if (!*dev->row.ticket || config->take_over)
		return true;
	log_line("%s is suspended, at epoch %" PRId64
		 "; if nothing is to go on from there, say --take-over",
		 dev->session.name, dev->row.epoch);
	return false;
}

static void say_done(const struct pg_device *dev, bool changed)
{
	if (dev->row.retired)
		return;
	if (!dev->row.has_key)
		printf("%s: it has no key yet, which its daemon is to wrap under the new one\n",
		       dev->text);
	else if (changed)
		printf("%s: wrapped under the new key\n", dev->text);
}

/* Once nobody has it any more, the device is looked at again */
static bool rewrap_device(const struct arguments *args)
{
	struct pg_device dev;
	bool ok = change_begin(&dev, args) && change_find(&dev);
	bool changed = false;

	while (ok && !is_done(&dev, args->new_key)) {
		ok = may_rewrap(&dev, &args->state) &&
		     (dev.row.has_key ? change_key(&dev, args->new_key) :
					end_epoch(&dev)) &&
		     change_find(&dev);
		changed = true;
	}
	if (ok)
		say_done(&dev, changed);
	pg_device_end(&dev);
	return ok;
}

/* Those of which there is something to do or to say */
static bool find_devices(const struct arguments *args, PGresult **rows)
{
	struct pg_session session;
	bool ok = pg_begin(&session, &args->state) &&
		  pg_schema_check(&session) &&
		  pg_run_sql(&session,
			     "SELECT guid FROM rpmb_devices"
			     " WHERE NOT retired ORDER BY guid", 1,
			     rows) == PG_DONE;

	pg_end(&session);
	return ok;
}

static bool rewrap_one_of(const struct arguments *args, const char *guid)
{
	struct arguments one = *args;
	char *name = NULL;
	bool ok;

	if (asprintf(&name, "%s#%s", args->state.name, guid) < 0) {
		log_line("out of memory");
		return false;
	}
	one.state.name = name;
	ok = rewrap_device(&one);
	free(name);
	return ok;
}

/* One that is in use, or suspended, keeps no other from it */
static bool rewrap_all(const struct arguments *args)
{
	PGresult *rows;
	bool ok = true;
	int i;

	if (!find_devices(args, &rows))
		return false;
	for (i = 0; i < PQntuples(rows); i++)
		ok &= rewrap_one_of(args, PQgetvalue(rows, i, 0));
	PQclear(rows);
	return ok;
}

bool fleet_rewrap(const struct arguments *args)
{
	if (!args->state.wrap_key || !args->new_key) {
		log_line("%s: it takes both keys: give --wrap-key and --new-wrap-key",
			 args->state.name);
		return false;
	}
	return pg_fragment(args->state.name) ? rewrap_device(args) :
					       rewrap_all(args);
}
