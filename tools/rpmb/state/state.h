/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a device keeps
 *
 * All programs that are an RPMB device keep their state like this, in one of the
 * kinds of stores that there are; today in an SQLite database: see database.h.
 */
#ifndef STATE_H
#define STATE_H

#include "engine.h"

#define STATE_MAX_CAPACITY 128
#define STATE_DEV_ID_LEN 16

/*
 * What the user asked for
 *
 * @name: file name or SQLite URI
 * @capacity: units of 128 KiB, 0 if the user did not say
 * @dev_id: STATE_DEV_ID_LEN bytes, or NULL if the user gave none
 */
struct state_config {
	const char *name;
	unsigned int capacity;
	const uint8_t *dev_id;
};

struct state;

/*
 * A kind of store, as others see it: load, commit, close. To commit is what the
 * engine's store does, which @load fills in.
 *
 * @load: open what @config names, make it first if there is none, and fill in the
 *	state; false and a log line if it cannot be used as it is
 * @close: end the use in good order; false and a log line if that failed
 */
struct state_kind {
	bool (*load)(struct state *state, const struct state_config *config);
	bool (*close)(struct state *state);
};

extern const struct state_kind state_sqlite;

/*
 * @kept: the kind's own
 *
 * Used by one thread at a time, and by one process.
 */
struct state {
	struct rpmb_store store;
	uint8_t capacity;
	bool has_dev_id;
	uint8_t dev_id[STATE_DEV_ID_LEN];

	const struct state_kind *kind;
	void *kept;
};

/* For @load: is the state what the user said? If not, log what differs. */
bool state_is_as_wanted(const struct state *state,
			const struct state_config *config);

/* The file that a name or URI means; NULL if there is no memory or no name */
char *state_path(const char *name);

/*
 * Open the state, make it first if there is none; false and a log line if it
 * cannot be used as it is
 */
bool state_open(struct state *state, const struct state_config *config);

/*
 * Put everything into one file and remove the mark; false and a log line if that
 * failed, but nothing is lost then
 */
bool state_close(struct state *state);

#endif /* STATE_H */
