// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kind of state that is in the database of a fleet
 *
 * Any host can serve the device, and one at a time does: see pg_device.h. Whoever finds
 * out that somebody else has it says so and ends, without another answer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <nettle/sha2.h>

#include "log.h"
#include "pg_schema.h"
#include "pg_staged.h"
#include "postgres.h"
#include "state.h"

/*
 * @config: what the user asked for
 * @serving: it is ours
 * @fresh: and was since the request came
 * @refused: the group will be of no use, since something of it was not accepted
 * @suspended: it was, and @expected is the ticket; or, with @has_ticket, somebody else's
 */
struct postgres {
	struct pg_device dev;
	struct pg_staged staged;
	struct state_config config;
	bool serving;
	bool fresh;
	bool refused;
	bool suspended;
	bool has_ticket;
	struct state_ticket expected;
};

static struct state *to_state(struct rpmb_store *store)
{
	return (struct state *)((char *)store - offsetof(struct state, store));
}

static struct postgres *to_postgres(struct rpmb_store *store)
{
	return to_state(store)->kept;
}

static void __attribute__((noreturn)) give_up(const struct postgres *pg)
{
	log_line("%s: giving up at epoch %" PRId64, pg->dev.session.name,
		 pg->dev.row.epoch);
	_exit(EXIT_FAILURE);
}

/* Nothing in memory is true any more */
static void __attribute__((noreturn)) give_up_to_others(struct postgres *pg)
{
	log_line("%s: somebody else has the device", pg->dev.session.name);
	pg_device_blame(&pg->dev);
	_exit(STATE_EXIT_FENCED);
}

/*
 * The device is ours at another epoch: has what was sent last been done? The row has what
 * it had, or what it was to have. If it has anything else the database itself has gone
 * back, and nobody may be told so as if it were true.
 */
static bool was_done(struct postgres *pg, uint32_t counter, bool has_key)
{
	const struct pg_row *row = &pg->dev.row;
	const struct pg_staged *staged = &pg->staged;

	if (row->counter == staged->counter &&
	    row->has_key == (has_key || staged->has_key))
		return true;
	if (row->counter == counter && row->has_key == has_key)
		return false;
	log_line("%s: the database has write counter %u, and had %u: it was put back",
		 pg->dev.session.name, row->counter, counter);
	_exit(STATE_EXIT_FENCED);
}

/* Until it is known what there is, however long that takes; has it been done? */
static bool settle(struct postgres *pg)
{
	const uint32_t counter = pg->dev.row.counter;
	const bool has_key = pg->dev.row.has_key;
	enum pg_change what = pg_device_settle(&pg->dev);

	while (what == PG_DOUBTFUL || what == PG_REFUSED) {
		if (!pg_pause(&pg->dev.session))
			give_up(pg);
		what = pg_device_settle(&pg->dev);
	}
	if (what == PG_OTHERS)
		give_up_to_others(pg);
	pg->fresh = true;
	return was_done(pg, counter, has_key);
}

static enum pg_change send_staged(struct postgres *pg)
{
	const struct pg_staged *staged = &pg->staged;

	return pg_device_commit(&pg->dev,
				staged->has_key ? &staged->key : NULL,
				staged->counter, staged->addrs, staged->data,
				staged->nr);
}

/*
 * Make what is staged durable, or find out that the device is ours if nothing is. False
 * if the database does not want it, and then it is not done.
 */
static bool commit_staged(struct postgres *pg)
{
	enum pg_change what = send_staged(pg);

	while (what == PG_DOUBTFUL)
		what = settle(pg) ? PG_CHANGED : send_staged(pg);
	if (what == PG_OTHERS)
		give_up_to_others(pg);
	pg->fresh = what == PG_CHANGED;
	pg_staged_clear(&pg->staged, pg->dev.row.counter);
	return what == PG_CHANGED;
}

/* At once, or at the end of the group */
static bool accept(struct state *state, bool staged)
{
	struct postgres *pg = state->kept;

	if (!staged) {
		log_line("%s: out of memory, or no random numbers",
			 pg->dev.session.name);
		pg->refused = state->grouped;
		return false;
	}
	return state->grouped || commit_staged(pg);
}

static bool postgres_program_key(struct rpmb_store *store,
				 const uint8_t key[RPMB_KEY_LEN])
{
	struct postgres *pg = to_postgres(store);

	pg->staged.has_key = pg_device_wrap(&pg->dev, key, &pg->staged.key);
	return accept(to_state(store), pg->staged.has_key);
}

static bool postgres_write(struct rpmb_store *store, uint32_t counter,
			   const struct rpmb_blocks *blocks)
{
	struct postgres *pg = to_postgres(store);
	bool staged = pg_staged_add(&pg->staged, blocks);

	if (staged)
		pg->staged.counter = counter;
	return accept(to_state(store), staged);
}

/*
 * What is read is what there is at our epoch and counter, so it is the same from whichever
 * server it comes; and it is told after the next hold() or commit(), which finds out
 * whether they are ours still. Who only looks at the device does not serve it, and has
 * lost with the connection the moment that everything was to be of.
 */
static bool postgres_read(struct rpmb_store *store,
			  const struct rpmb_blocks *blocks)
{
	struct postgres *pg = to_postgres(store);
	enum pg_change what = pg_device_read(&pg->dev, blocks);

	while (what == PG_DOUBTFUL && pg->serving) {
		settle(pg);
		what = pg_device_read(&pg->dev, blocks);
	}
	if (what == PG_OTHERS)
		give_up_to_others(pg);
	if (what != PG_CHANGED)
		return false;
	pg->fresh = false;
	pg_staged_overlay(&pg->staged, blocks);
	return true;
}

static const struct rpmb_store_ops postgres_ops = {
	.program_key = postgres_program_key,
	.write = postgres_write,
	.read = postgres_read,
};

static bool take_state(struct state *state, const struct pg_device *dev)
{
	const struct pg_row *row = &dev->row;

	state->capacity = row->capacity;
	state->has_dev_id = row->has_dev_id;
	memcpy(state->dev_id, row->dev_id, sizeof(state->dev_id));
	state->places = dev->session.target.places;
	state->network = dev->session.target.network;
	state->connected = &dev->session.connected;
	state->store.ops = &postgres_ops;
	state->store.capacity = row->capacity * 512;
	state->store.counter = row->counter;
	state->store.has_key = row->has_key;
	return !row->has_key || pg_device_unwrap(dev, state->store.key);
}

/* Read the row, or make it; the latter only for who is to serve it at once */
static bool find_row(struct pg_device *dev, const struct state_config *config)
{
	bool found;

	if (pg_device_look(dev, &found) != PG_DONE)
		return false;
	if (found)
		return true;
	if (config->incoming) {
		log_line("%s: there is no such device", config->name);
		return false;
	}
	return pg_device_create(dev, config) == PG_CHANGED &&
	       pg_device_look(dev, &found) == PG_DONE && found;
}

/*
 * Take the device from where it was when it was looked at. If nobody knows whether that
 * was done, it is ours if its token is ours, and so it is settled.
 */
static bool take(struct state *state, const char *event)
{
	struct postgres *pg = state->kept;
	struct pg_device *dev = &pg->dev;
	int64_t seen = dev->row.epoch;
	enum pg_change what = pg_device_take(dev, event);

	while (what == PG_DOUBTFUL && pg_pause(&dev->session)) {
		what = pg_device_settle(dev);
		if (what == PG_OTHERS) {
			dev->row.epoch = seen;
			what = pg_device_take(dev, event);
		}
		/* Or the first one has been done meanwhile */
		if (what == PG_OTHERS)
			what = pg_device_settle(dev);
	}
	if (what == PG_OTHERS) {
		log_line("%s: somebody else has taken the device",
			 dev->session.name);
		pg_device_blame(dev);
	}
	if (what != PG_CHANGED || !take_state(state, dev))
		return false;
	pg_staged_clear(&pg->staged, dev->row.counter);
	pg->serving = true;
	pg->fresh = false;
	pg->suspended = false;
	pg->has_ticket = false;
	log_line("%s: %s by %s at epoch %" PRId64, dev->session.name, event,
		 dev->owner, dev->row.epoch);
	return true;
}

static bool open_row(struct state *state, const struct state_config *config)
{
	struct postgres *pg = state->kept;

	if (!pg_device_may_take(&pg->dev, config))
		return false;
	return take(state, *pg->dev.row.token ? "taken over" : "opened");
}

static void forget(struct postgres *pg)
{
	pg_staged_end(&pg->staged);
	pg_device_end(&pg->dev);
	explicit_bzero(pg, sizeof(*pg));
	free(pg);
}

static bool inspect(struct state *state, const struct state_config *config)
{
	struct postgres *pg = state->kept;

	return pg_device_begin(&pg->dev, config) &&
	       pg_schema_check(&pg->dev.session) &&
	       find_row(&pg->dev, config) && take_state(state, &pg->dev) &&
	       state_is_as_wanted(state, config);
}

static bool is_possible(const struct state_config *config)
{
	if (config->anchor)
		log_line("%s: an anchor is one host's, and a database is no host's:"
			 " they do not go together",
			 config->name);
	else if (!config->wrap_key)
		log_line("%s: a database wants --wrap-key, since it gets no key in clear",
			 config->name);
	else
		return true;
	return false;
}

static bool postgres_load(struct state *state, const struct state_config *config)
{
	struct postgres *pg;

	if (!is_possible(config))
		return false;
	pg = calloc(1, sizeof(*pg));
	if (!pg) {
		log_line("%s: out of memory", config->name);
		return false;
	}
	state->kept = pg;
	pg->config = *config;
	if (inspect(state, config) &&
	    pg_staged_begin(&pg->staged, state->store.capacity) &&
	    (config->incoming || open_row(state, config)))
		return true;
	forget(pg);
	return false;
}

bool postgres_freeze(struct state *state)
{
	struct postgres *pg = state->kept;
	bool found;

	return pg_run_begin(&pg->dev.session,
			    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") ==
	       PG_DONE &&
	       pg_device_look(&pg->dev, &found) == PG_DONE && found &&
	       take_state(state, &pg->dev);
}

/* What was known before it came does not count */
static void postgres_arrive(struct state *state)
{
	struct postgres *pg = state->kept;

	pg->fresh = false;
}

/* Whoever has committed since the request came knows */
static void postgres_hold(struct state *state)
{
	struct postgres *pg = state->kept;

	if (!pg->serving) {
		log_line("%s: asked without having the device",
			 pg->dev.session.name);
		give_up(pg);
	}
	while (!pg->fresh && !commit_staged(pg))
		if (!pg_pause(&pg->dev.session))
			give_up(pg);
}

static void put_le(uint8_t *to, uint64_t value, unsigned int len)
{
	while (len--) {
		*to++ = value;
		value >>= 8;
	}
}

/* What the ticket of the row as it is says; its key is wrapped, so all of it may be seen */
static void fill_ticket(const struct pg_device *dev,
			struct state_ticket *ticket)
{
	const struct pg_row *row = &dev->row;
	struct sha256_ctx ctx;

	*ticket = (struct state_ticket) {};
	memcpy(ticket->magic, STATE_TICKET_MAGIC, sizeof(ticket->magic));
	memcpy(ticket->guid, dev->guid, sizeof(ticket->guid));
	put_le(ticket->epoch, row->epoch, sizeof(ticket->epoch));
	put_le(ticket->counter, row->counter, sizeof(ticket->counter));
	put_le(ticket->version, STATE_TICKET_VERSION, sizeof(ticket->version));
	sha256_init(&ctx);
	sha256_update(&ctx, offsetof(struct state_ticket, digest),
		      (const uint8_t *)ticket);
	sha256_update(&ctx, sizeof(row->dev_id), row->dev_id);
	sha256_update(&ctx, row->has_key ? sizeof(row->key) : 0,
		      (const uint8_t *)&row->key);
	sha256_digest(&ctx, sizeof(ticket->digest), ticket->digest);
}

/*
 * If nobody knows whether it is recorded it goes to nobody, and the next start, which takes
 * another epoch, makes it worthless
 */
static bool postgres_suspend(struct state *state, struct state_ticket *ticket)
{
	struct postgres *pg = state->kept;
	enum pg_change what;

	if (!pg->serving)
		return false;
	fill_ticket(&pg->dev, ticket);
	what = pg_device_suspend(&pg->dev, ticket->digest);
	if (what == PG_OTHERS)
		give_up_to_others(pg);
	pg->serving = false;
	if (what != PG_CHANGED)
		return false;
	pg->suspended = true;
	pg->has_ticket = true;
	pg->expected = *ticket;
	log_line("%s: suspended at epoch %" PRId64, pg->dev.session.name,
		 pg->dev.row.epoch);
	return true;
}

/*
 * Look at the row again, by another connection if there is none, at once or whenever that
 * is possible; false and a log line if it cannot be
 */
static bool look_again(struct pg_device *dev, bool patient)
{
	bool found = false;
	enum pg_end end = PG_UNKNOWN;

	while (end == PG_UNKNOWN) {
		if (!pg_is_connected(&dev->session) &&
		    !pg_reconnect(&dev->session) &&
		    (!patient || !pg_pause(&dev->session)))
			return false;
		end = pg_schema_confirm(&dev->session);
		if (end == PG_DONE)
			end = pg_device_look(dev, &found);
	}
	if (end == PG_DONE && !found)
		log_line("%s: the device is gone", dev->session.name);
	return found;
}

/* Is the ticket that of the row as it is? */
static bool is_current(const struct pg_device *dev,
		       const struct state_ticket *ticket)
{
	char recorded[sizeof(dev->row.ticket)];
	struct state_ticket now;
	unsigned int i;

	fill_ticket(dev, &now);
	for (i = 0; i < sizeof(now.digest); i++)
		sprintf(recorded + 2 * i, "%02x", now.digest[i]);
	return !memcmp(&now, ticket, sizeof(now)) &&
	       !strcmp(recorded, dev->row.ticket);
}

static bool check_ticket(const struct pg_device *dev,
			 const struct state_ticket *ticket)
{
	if (memcmp(ticket->magic, STATE_TICKET_MAGIC, sizeof(ticket->magic)))
		log_line("%s: what has come is no ticket", dev->session.name);
	else if (memcmp(ticket->guid, dev->guid, sizeof(dev->guid)))
		log_line("%s: the ticket is another device's",
			 dev->session.name);
	else if (!is_current(dev, ticket))
		log_line("%s: the ticket is not the last one: the device is at epoch %"
			 PRId64 " and write counter %u",
			 dev->session.name, dev->row.epoch, dev->row.counter);
	else
		return true;
	return false;
}

static bool postgres_expect(struct state *state,
			    const struct state_ticket *ticket)
{
	struct postgres *pg = state->kept;

	if (pg->serving || !look_again(&pg->dev, false) ||
	    !check_ticket(&pg->dev, ticket))
		return false;
	pg->has_ticket = true;
	pg->expected = *ticket;
	return true;
}

/* Who has a ticket goes on from it, and who has none as who opens the device */
static bool postgres_start(struct state *state)
{
	struct postgres *pg = state->kept;

	if (pg->serving)
		return true;
	if (!look_again(&pg->dev, true))
		return false;
	if (pg->has_ticket)
		return check_ticket(&pg->dev, &pg->expected) &&
		       take(state, pg->suspended ? "resumed" : "moved");
	if (!strcmp(pg->dev.row.token, pg->dev.token))
		return take(state, "resumed");
	return open_row(state, &pg->config);
}

static bool is_staged(const struct postgres *pg)
{
	return pg->staged.nr || pg->staged.has_key ||
	       pg->staged.counter != pg->dev.row.counter;
}

/* What has only read is found out to be true by hold() */
static bool postgres_commit(struct state *state)
{
	struct postgres *pg = state->kept;
	bool ok = !pg->refused;

	pg->refused = false;
	if (ok && is_staged(pg))
		ok = commit_staged(pg);
	if (!ok) {
		pg_staged_clear(&pg->staged, pg->dev.row.counter);
		state_go_back(state);
	}
	return ok;
}

static bool postgres_close(struct state *state)
{
	struct postgres *pg = state->kept;
	enum pg_change what = PG_CHANGED;

	pg_hurry(&pg->dev.session);
	if (pg->serving)
		what = pg_device_release(&pg->dev);
	if (what == PG_DOUBTFUL &&
	    pg_device_settle(&pg->dev) == PG_CHANGED)
		what = pg_device_release(&pg->dev);
	if (what == PG_OTHERS)
		pg_device_blame(&pg->dev);
	if (what != PG_CHANGED)
		log_line("%s: it is in the database that we still have it",
			 pg->dev.session.name);
	forget(pg);
	return what == PG_CHANGED;
}

const struct state_kind state_postgres = {
	.load = postgres_load,
	.commit = postgres_commit,
	.arrive = postgres_arrive,
	.hold = postgres_hold,
	.suspend = postgres_suspend,
	.expect = postgres_expect,
	.start = postgres_start,
	.close = postgres_close,
};
