/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a device keeps
 *
 * All programs that are an RPMB device keep their state like this, in one of the
 * kinds of stores that there are: in an SQLite database, see database.h; in the database
 * of a fleet, see pg_schema.h; or in a partition that rpmb-anchor has, see
 * partition_protocol.h.
 */
#ifndef STATE_H
#define STATE_H

#include <stdatomic.h>

#include "engine.h"

#define STATE_MAX_CAPACITY 128
#define STATE_DEFAULT_CAPACITY 32
#define STATE_DEV_ID_LEN 16
#define STATE_GUID_LEN 16
#define STATE_DIGEST_LEN 32

/* With which a program ends that must not start again by itself: others have the device */
#define STATE_EXIT_FENCED 3

/*
 * What travels when a machine moves: it names the state of a device at one moment, and
 * is none of it. Little-endian; bytes only, so it has the same layout everywhere.
 *
 * @digest: of what else the state's row has at this epoch
 */
struct state_ticket {
	uint8_t magic[8];
	uint8_t guid[STATE_GUID_LEN];
	uint8_t epoch[8];
	uint8_t counter[4];
	uint8_t version[4];
	uint8_t digest[STATE_DIGEST_LEN];
};

#define STATE_TICKET_MAGIC "RPMBmove"
#define STATE_TICKET_VERSION 1

/*
 * What the user asked for
 *
 * @name: file name or SQLite URI, or that of a database; NULL if it is a partition
 * @partition: socket of the partition
 * @capacity: units of 128 KiB, 0 if the user did not say
 * @dev_id: STATE_DEV_ID_LEN bytes, or NULL if the user gave none
 * @anchor: socket of the state's anchor, NULL if it has none
 * @backup: it is only to be looked at, so it may be a backup that nobody has accepted
 * @incoming: somebody else serves the device still: look at what it is, change nothing
 *	before state_start()
 * @wrap_key: of the hosts, under which a database has the keys of devices; NULL if none
 * @owner: what the host is called in a database, NULL for its name
 * @take_over: whoever has the device in a database is dead
 * @single_server: of a database, one server is all there is
 * @stop: can be read when the program is to end, or -1
 */
struct state_config {
	const char *name;
	const char *partition;
	unsigned int capacity;
	const uint8_t *dev_id;
	const char *anchor;
	bool backup;
	bool incoming;
	const uint8_t *wrap_key;
	const char *owner;
	bool take_over;
	bool single_server;
	int stop;
};

struct state;

/*
 * A kind of store, as others see it: load, write, close. To write is what the
 * engine's store does, which @load fills in.
 *
 * @load: open what @config names, make it first if there is none, and fill in the
 *	state; false and a log line if it cannot be used as it is
 * @check: see state_check()
 * @accept: see state_accept()
 * @commit: see state_commit(); NULL if each write is by itself. While @grouped is set in
 *	the state, what is accepted waits for this. Who could not commit goes back to
 *	what was before, state_go_back().
 * @arrive, @hold: see state_arrive() and state_hold()
 * @suspend, @expect, @start: see state_suspend() and those after it; NULL if the state
 *	stays on its host
 * @close: end the use in good order; false and a log line if that failed
 */
struct state_kind {
	bool (*load)(struct state *state, const struct state_config *config);
	bool (*check)(const struct state_config *config);
	bool (*accept)(const struct state_config *config);
	bool (*commit)(struct state *state);
	void (*arrive)(struct state *state);
	void (*hold)(struct state *state);
	bool (*suspend)(struct state *state, struct state_ticket *ticket);
	bool (*expect)(struct state *state, const struct state_ticket *ticket);
	bool (*start)(struct state *state);
	bool (*close)(struct state *state);
};

extern const struct state_kind state_sqlite;
extern const struct state_kind state_postgres;
extern const struct state_kind state_partition;

/*
 * @max_write: most blocks of one write, 0 for any number
 * @grouped: a group has begun
 * @before: the store at its begin
 * @places: directories that serving it takes, and files in such, up to a NULL; or NULL
 * @network: so does a connection to elsewhere
 * @connected: is there a connection, as anybody may ask; NULL if there is none to have
 * @kept: the kind's own
 *
 * Used by one thread at a time, and by one process.
 */
struct state {
	struct rpmb_store store;
	bool grouped;
	struct rpmb_store before;
	uint8_t capacity;
	uint8_t max_write;
	bool has_dev_id;
	uint8_t dev_id[STATE_DEV_ID_LEN];
	char *const *places;
	bool network;
	const atomic_bool *connected;

	const struct state_kind *kind;
	void *kept;
};

/* For @load: is the state what the user said? If not, log what differs. */
bool state_is_as_wanted(const struct state *state,
			const struct state_config *config);

/* For @commit: the store is what it was at state_begin() */
void state_go_back(struct state *state);

/*
 * The file that a name or URI means; NULL if there is no memory or no name, or if it is
 * that of a database
 */
char *state_path(const char *name);

/* What the device is called: in a database by its GUID, else as the user says */
const char *state_device(const struct state_config *config);

/*
 * Open the state, make it first if there is none; false and a log line if it
 * cannot be used as it is
 */
bool state_open(struct state *state, const struct state_config *config);

/*
 * Could it be opened, and all be read that is in a partition? Not for databases of a fleet.
 * Nothing is changed; false and a log line if not.
 */
bool state_check(const struct state_config *config);

/*
 * The device goes back to what it was when this state was its state: a backup, or one
 * of earlier steps of its anchor. False and a log line if that is not allowed.
 */
bool state_accept(const struct state_config *config);

/* Can writes be put together? */
bool state_can_group(const struct state *state);

/*
 * What the store accepts from now on is one group, which is kept with state_commit(),
 * as a whole. If that returns false nothing of it is kept, and the store is again what
 * it was. A store that refuses something may have refused all of the group.
 */
void state_begin(struct state *state);
bool state_commit(struct state *state);

/* To be called when a request has come; a group has come when it begins */
void state_arrive(struct state *state);

/*
 * To be called before anybody is told what the state keeps: nobody else may go on from
 * the same state. Waits until this is so; ends the program if it cannot be any more.
 * Of a group nobody is told anything before its end, so then it does nothing.
 */
void state_hold(struct state *state);

/* Can another host go on with the device? */
bool state_can_move(const struct state *state);

/*
 * Nothing is served from now on, until state_start(). Fill in the ticket, which is also
 * recorded where the state is; false and a log line if that failed.
 */
bool state_suspend(struct state *state, struct state_ticket *ticket);

/*
 * Is the ticket one of this device, and the last one? False and a log line if not; else
 * state_start() goes on from it, and from nothing else.
 */
bool state_expect(struct state *state, const struct state_ticket *ticket);

/*
 * To be called before the first request after state_open() or state_suspend(): from now
 * on nobody else serves the device. False and a log line if somebody else does.
 */
bool state_start(struct state *state);

/*
 * Put everything into one file and remove the mark; false and a log line if that
 * failed, but nothing is lost then
 */
bool state_close(struct state *state);

#endif /* STATE_H */
