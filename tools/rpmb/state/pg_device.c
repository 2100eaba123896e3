// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "pg_device.h"
#include "pg_owner.h"
#include "pg_schema.h"
#include "sysfs.h"

/* What has become of the row goes into the log, with it or not at all */
#define LOG(event) \
	" logged AS (INSERT INTO rpmb_log" \
	" (guid, epoch, event, owner, counter)" \
	" SELECT guid, epoch, " event ", owner, counter FROM held)"

static const struct pg_statement look = {
	.nr = 1, .columns = 9,
	.sql = "SELECT " PG_ROW ", capacity, encode(dev_id, 'hex'), owner, token,"
	       " encode(ticket, 'hex'), retired"
	       " FROM rpmb_devices WHERE guid = $1",
};

static const struct pg_statement create = {
	.nr = 4, .columns = 1, .binary = 1 << 2,
	.sql = "WITH made AS (INSERT INTO rpmb_devices"
	       " (guid, capacity, dev_id, counter, epoch)"
	       " VALUES ($1, $2, $3, 0, 0) RETURNING guid),"
	       " logged AS (INSERT INTO rpmb_log"
	       " (guid, epoch, event, owner, counter)"
	       " SELECT guid, 0, 'created', $4, 0 FROM made)"
	       " SELECT guid FROM made",
};

/* That the epoch is still the one that we have seen makes it nobody else's */
static const struct pg_statement take = {
	.nr = 6, .columns = PG_ROW_COLUMNS,
	.sql = "WITH held AS (UPDATE rpmb_devices SET epoch = $6,"
	       " owner = $3, token = $4, ticket = NULL"
	       " WHERE guid = $1 AND epoch = $2 AND NOT retired"
	       " RETURNING *),"
	       LOG("$5")
	       " SELECT " PG_ROW " FROM held",
};

static const struct pg_statement settle = {
	.nr = 3, .columns = PG_ROW_COLUMNS,
	.sql = "WITH held AS (UPDATE rpmb_devices SET epoch = $2"
	       " WHERE guid = $1 AND token = $3 AND epoch < $2"
	       " RETURNING *),"
	       LOG("'settled'")
	       " SELECT " PG_ROW " FROM held",
};

#define OURS "guid = $1 AND epoch = $2 AND token = $3 AND counter = $4"

static const struct pg_statement commit = {
	.name = "commit", .nr = 8, .columns = 1, .binary = 1 << 5 | 1 << 7,
	.sql = "WITH held AS (UPDATE rpmb_devices"
	       " SET counter = $5, sealed = COALESCE($6::BYTEA, sealed)"
	       " WHERE " OURS " AND ($6::BYTEA IS NULL OR sealed IS NULL)"
	       " RETURNING guid),"
	       " put AS (INSERT INTO rpmb_blocks (guid, addr, data)"
	       " SELECT held.guid, a.addr,"
	       " substring($8::BYTEA FROM CAST(256 * a.nr - 255 AS INTEGER)"
	       " FOR 256) FROM held,"
	       " unnest($7::INT4[]) WITH ORDINALITY AS a (addr, nr)"
	       " ON CONFLICT (guid, addr) DO UPDATE SET data = excluded.data)"
	       " SELECT guid FROM held",
};

/* A row at least if the device is still as it was seen, with NULL for no blocks */
static const struct pg_statement read_blocks = {
	.name = "read", .nr = 6, .columns = 2, .binary_result = true,
	.sql = "SELECT addr, data FROM (SELECT guid FROM rpmb_devices WHERE"
	       " guid = $1 AND epoch = $2 AND COALESCE(token, '') = $3"
	       " AND counter = $4) AS seen LEFT JOIN rpmb_blocks AS b"
	       " ON b.guid = seen.guid AND addr BETWEEN $5 AND $6",
};

static const struct pg_statement suspend = {
	.nr = 5, .columns = 1, .binary = 1 << 4,
	.sql = "WITH held AS (UPDATE rpmb_devices SET ticket = $5"
	       " WHERE " OURS " RETURNING *),"
	       LOG("'suspended'")
	       " SELECT guid FROM held",
};

static const struct pg_statement release = {
	.nr = 5, .columns = 1,
	.sql = "WITH held AS (UPDATE rpmb_devices SET owner = NULL, token = NULL"
	       " WHERE " OURS " RETURNING *),"
	       " logged AS (INSERT INTO rpmb_log"
	       " (guid, epoch, event, owner, counter)"
	       " SELECT guid, epoch, 'closed', $5, counter FROM held)"
	       " SELECT guid FROM held",
};

static const struct pg_statement blame = {
	.nr = 2, .columns = 3,
	.sql = "SELECT epoch, event, owner FROM rpmb_log"
	       " WHERE guid = $1 AND epoch > $2 ORDER BY epoch, id LIMIT 1",
};

static bool from_hex(void *bytes, size_t len, const char *text)
{
	return strlen(text) == 2 * len &&
	       rpmb_from_hex(text, bytes, len) == len;
}

/* A number as a parameter has it; static, for as many as a statement has */
struct numbers {
	char text[4][24];
	unsigned int nr;
};

static const char *number(struct numbers *numbers, int64_t value)
{
	char *text = numbers->text[numbers->nr++];

	snprintf(text, sizeof(numbers->text[0]), "%" PRId64, value);
	return text;
}

/*
 * What it has come to; if the row is ours @rows has what was returned of it. That it is not
 * says a server that was replaced, too: what it had last may be long ago.
 */
static enum pg_change change(struct pg_device *dev,
			     const struct pg_statement *statement,
			     const struct pg_values *values, PGresult **rows)
{
	struct pg_session *session = &dev->session;
	enum pg_end end = pg_run_until(session, statement, values, rows);

	if (end == PG_DONE) {
		if (PQntuples(*rows))
			return PG_CHANGED;
		PQclear(*rows);
		end = pg_schema_confirm(session);
	}
	if (end == PG_DONE)
		return PG_OTHERS;
	return end == PG_UNKNOWN ? PG_DOUBTFUL : PG_REFUSED;
}

/* For a statement that returns of the row only that it was ours */
static enum pg_change change_ours(struct pg_device *dev,
				  const struct pg_statement *statement,
				  const struct pg_values *values)
{
	PGresult *rows;
	enum pg_change what = change(dev, statement, values, &rows);

	if (what == PG_CHANGED)
		PQclear(rows);
	return what;
}

/* PG_ROW */
static void take_row(struct pg_row *row, const PGresult *rows)
{
	row->epoch = strtoll(PQgetvalue(rows, 0, 0), NULL, 10);
	row->counter = strtoll(PQgetvalue(rows, 0, 1), NULL, 10);
	row->has_key = !PQgetisnull(rows, 0, 2) &&
		       from_hex(&row->key, sizeof(row->key),
				PQgetvalue(rows, 0, 2));
}

static void take_rest(struct pg_row *row, const PGresult *rows)
{
	row->capacity = strtoul(PQgetvalue(rows, 0, 3), NULL, 10);
	row->has_dev_id = !PQgetisnull(rows, 0, 4) &&
			  from_hex(row->dev_id, sizeof(row->dev_id),
				   PQgetvalue(rows, 0, 4));
	snprintf(row->owner, sizeof(row->owner), "%s", PQgetvalue(rows, 0, 5));
	snprintf(row->token, sizeof(row->token), "%s", PQgetvalue(rows, 0, 6));
	snprintf(row->ticket, sizeof(row->ticket), "%s",
		 PQgetvalue(rows, 0, 7));
	row->retired = *PQgetvalue(rows, 0, 8) == 't';
}

enum pg_change pg_device_change(struct pg_device *dev,
				const struct pg_statement *statement,
				const struct pg_values *values)
{
	PGresult *rows;
	enum pg_change what = change(dev, statement, values, &rows);

	if (what != PG_CHANGED)
		return what;
	take_row(&dev->row, rows);
	PQclear(rows);
	return what;
}

enum pg_end pg_device_look(struct pg_device *dev, bool *found)
{
	const struct pg_values values = { .value = { dev->text } };
	PGresult *rows;
	enum pg_end end = pg_run_until(&dev->session, &look, &values, &rows);

	*found = false;
	if (end != PG_DONE)
		return end;
	dev->row = (struct pg_row) {};
	*found = PQntuples(rows) == 1;
	if (*found) {
		take_row(&dev->row, rows);
		take_rest(&dev->row, rows);
	}
	PQclear(rows);
	return end;
}

enum pg_change pg_device_create(struct pg_device *dev,
				const struct state_config *config)
{
	struct numbers numbers = {};
	const struct pg_values values = {
		.value = { dev->text,
			   number(&numbers,
				  config->capacity ?: STATE_DEFAULT_CAPACITY),
			   (const char *)config->dev_id, dev->owner },
		.len = { [2] = STATE_DEV_ID_LEN },
	};

	enum pg_change what = change_ours(dev, &create, &values);

	if (what == PG_CHANGED)
		log_line("%s: created", dev->session.name);
	return what;
}

static enum pg_change take_epoch(struct pg_device *dev,
				 const struct pg_statement *statement,
				 const struct pg_values *values)
{
	enum pg_change what = pg_device_change(dev, statement, values);

	if (what == PG_CHANGED)
		strcpy(dev->row.token, dev->token);
	return what;
}

/*
 * An attempt that is under way still must not count when a later one has been done, so
 * each asks for a higher epoch, and is done only if there is none as high.
 */
static const char *next_epoch(struct pg_device *dev, struct numbers *numbers)
{
	if (dev->tried < dev->row.epoch)
		dev->tried = dev->row.epoch;
	return number(numbers, ++dev->tried);
}

enum pg_change pg_device_take(struct pg_device *dev, const char *event)
{
	struct numbers numbers = {};
	const struct pg_values values = { .value = {
		dev->text, number(&numbers, dev->row.epoch), dev->owner,
		dev->token, event, next_epoch(dev, &numbers),
	} };

	return take_epoch(dev, &take, &values);
}

enum pg_change pg_device_settle(struct pg_device *dev)
{
	struct numbers numbers = {};
	const struct pg_values values = { .value = {
		dev->text, next_epoch(dev, &numbers), dev->token,
	} };
	enum pg_change what;

	if (!pg_is_connected(&dev->session) && !pg_reconnect(&dev->session))
		return PG_DOUBTFUL;
	what = take_epoch(dev, &settle, &values);
	/* Perhaps another server does it */
	if (what == PG_REFUSED)
		pg_disconnect(&dev->session);
	return what;
}

/* The addresses as an array has them, to be freed */
static char *array_of(const uint32_t *addrs, uint32_t nr)
{
	char *text = malloc(nr * sizeof("65535,") + sizeof("{}"));
	char *end = text;
	uint32_t i;

	if (!text)
		return NULL;
	*end++ = '{';
	for (i = 0; i < nr; i++)
		end += sprintf(end, "%s%" PRIu32, i ? "," : "", addrs[i]);
	strcpy(end, "}");
	return text;
}

enum pg_change pg_device_commit(struct pg_device *dev, const struct sealed *key,
				uint32_t counter, const uint32_t *addrs,
				const uint8_t *data, uint32_t nr)
{
	struct numbers numbers = {};
	char *array = array_of(addrs, nr);
	const struct pg_values values = {
		.value = { dev->text, number(&numbers, dev->row.epoch),
			   dev->token, number(&numbers, dev->row.counter),
			   number(&numbers, counter), (const char *)key,
			   array, nr ? (const char *)data : "" },
		.len = { [5] = sizeof(*key), [7] = nr * PG_BLOCK_LEN },
	};
	enum pg_change what = PG_REFUSED;

	if (array)
		what = change_ours(dev, &commit, &values);
	else
		log_line("%s: out of memory", dev->session.name);
	free(array);
	if (what == PG_CHANGED) {
		dev->row.counter = counter;
		if (key) {
			dev->row.has_key = true;
			dev->row.key = *key;
		}
	}
	return what;
}

/* A row of blocks, if it is one of those that were asked for, or says that there are none */
static bool take_block(const PGresult *rows, int row,
		       const struct rpmb_blocks *blocks)
{
	uint32_t addr;

	if (PQgetisnull(rows, row, 0))
		return true;
	if (PQgetlength(rows, row, 0) != sizeof(addr) ||
	    PQgetlength(rows, row, 1) != PG_BLOCK_LEN)
		return false;
	memcpy(&addr, PQgetvalue(rows, row, 0), sizeof(addr));
	addr = ntohl(addr) - blocks->addr;
	if (addr >= blocks->count)
		return false;
	memcpy(blocks->data + addr * blocks->stride, PQgetvalue(rows, row, 1),
	       PG_BLOCK_LEN);
	return true;
}

enum pg_change pg_device_read(struct pg_device *dev,
			      const struct rpmb_blocks *blocks)
{
	struct numbers numbers = {};
	const struct pg_values values = { .value = {
		dev->text, number(&numbers, dev->row.epoch), dev->row.token,
		number(&numbers, dev->row.counter),
		number(&numbers, blocks->addr),
		number(&numbers, (int64_t)blocks->addr + blocks->count - 1),
	} };
	PGresult *rows;
	enum pg_change what = change(dev, &read_blocks, &values, &rows);
	uint32_t i;
	int row;

	if (what != PG_CHANGED)
		return what;
	for (i = 0; i < blocks->count; i++)
		memset(blocks->data + i * blocks->stride, 0, PG_BLOCK_LEN);
	for (row = 0; row < PQntuples(rows); row++)
		if (!take_block(rows, row, blocks))
			what = PG_REFUSED;
	PQclear(rows);
	if (what != PG_CHANGED)
		pg_say(&dev->session, "its blocks are damaged");
	return what;
}

enum pg_change pg_device_suspend(struct pg_device *dev,
				 const uint8_t digest[STATE_DIGEST_LEN])
{
	struct numbers numbers = {};
	const struct pg_values values = {
		.value = { dev->text, number(&numbers, dev->row.epoch),
			   dev->token, number(&numbers, dev->row.counter),
			   (const char *)digest },
		.len = { [4] = STATE_DIGEST_LEN },
	};

	return change_ours(dev, &suspend, &values);
}

enum pg_change pg_device_release(struct pg_device *dev)
{
	struct numbers numbers = {};
	const struct pg_values values = { .value = {
		dev->text, number(&numbers, dev->row.epoch), dev->token,
		number(&numbers, dev->row.counter), dev->owner,
	} };

	return change_ours(dev, &release, &values);
}

void pg_device_blame(struct pg_device *dev)
{
	struct numbers numbers = {};
	const struct pg_values values = { .value = {
		dev->text, number(&numbers, dev->row.epoch),
	} };
	PGresult *rows;

	if (pg_run_until(&dev->session, &blame, &values, &rows) != PG_DONE)
		return;
	if (PQntuples(rows))
		log_line("%s: %s by %s at epoch %s, ours was %" PRId64,
			 dev->session.name, PQgetvalue(rows, 0, 1),
			 PQgetisnull(rows, 0, 2) ? "somebody" :
						   PQgetvalue(rows, 0, 2),
			 PQgetvalue(rows, 0, 0), dev->row.epoch);
	PQclear(rows);
}

bool pg_device_may_take(const struct pg_device *dev,
			const struct state_config *config)
{
	const struct pg_row *row = &dev->row;

	if (row->retired) {
		log_line("%s is retired, for good", dev->session.name);
		return false;
	}
	if (!*row->token || config->take_over ||
	    (!strcmp(row->owner, dev->owner) && pg_token_is_dead(row->token)))
		return true;
	log_line("%s is in use by %s, at epoch %" PRId64
		 "; if that is dead for certain, say --take-over",
		 dev->session.name, row->owner, row->epoch);
	return false;
}

/* A wrapped key is good for one device only */
bool pg_device_unwrap(const struct pg_device *dev, uint8_t key[RPMB_KEY_LEN])
{
	if (dev->wrap_key &&
	    unseal(&dev->row.key, dev->wrap_key, dev->guid, sizeof(dev->guid),
		   key))
		return true;
	log_line("%s: its key was not wrapped with this --wrap-key",
		 dev->session.name);
	return false;
}

bool pg_device_wrap(const struct pg_device *dev,
		    const uint8_t key[RPMB_KEY_LEN], struct sealed *sealed)
{
	return seal(sealed, dev->wrap_key, dev->guid, sizeof(dev->guid), key);
}

static bool find_guid(struct pg_device *dev, const char *name)
{
	const char *guid = pg_fragment(name);

	if (guid && !rpmb_guid_from_text(dev->guid, guid)) {
		rpmb_guid_to_text(dev->text, dev->guid);
		return true;
	}
	log_line("%s: it wants to end in #GUID, which says what device it is",
		 name);
	return false;
}

bool pg_device_begin(struct pg_device *dev, const struct state_config *config)
{
	*dev = (struct pg_device) { .wrap_key = config->wrap_key };
	return find_guid(dev, config->name) &&
	       pg_owner_find(dev->owner, sizeof(dev->owner), config->owner) &&
	       pg_token_make(dev->token, sizeof(dev->token)) &&
	       pg_begin(&dev->session, config);
}

void pg_device_end(struct pg_device *dev)
{
	pg_end(&dev->session);
	explicit_bzero(dev, sizeof(*dev));
}
