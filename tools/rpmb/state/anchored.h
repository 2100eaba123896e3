/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A state that rpmb-anchor keeps from being put back
 *
 * Each write is a step, whose name is kept with it, in the same transaction. When that is
 * durable the step is anchored, and only then anybody is told of the write. So a state
 * is what is anchored, or one step ahead. Its key is kept wrapped, under a key that the
 * anchor gives.
 */
#ifndef ANCHORED_H
#define ANCHORED_H

#include "digest.h"
#include "librpmb.h"
#include "state.h"

/* A wrapped key: nonce, key and tag of AES-GCM */
#define WRAPPED_LEN (12 + RPMB_KEY_LEN + 16)

/*
 * @name: of the state, for messages
 * @path: of the anchor's socket, for messages
 * @full_path: the same from wherever the program has gone to
 * @stop: who waits for the anchor gives up when this can be read
 * @step: that the state is at
 * @said_spent: whoever asks for more hears it only once
 */
struct anchored {
	const char *name;
	const char *path;
	char *full_path;
	int stop;
	struct rpmb_anchor *anchor;
	struct rpmb_step step;
	struct digest digest;
	bool said_spent;
};

/* Get hold of the anchor; false and a log line if it cannot be had now */
bool anchored_begin(struct anchored *anchored, const struct state_config *config);
void anchored_end(struct anchored *anchored);

/* Has no step been made? Log if there was one: a state is missing then. */
bool anchored_is_unused(struct anchored *anchored);

/* The digest of so many blocks, all of them zero; false if there is no memory */
bool anchored_clear(struct anchored *anchored, uint32_t blocks);

/* Can there be another step? Log if not. Waits, and ends, as anchored_hold(). */
bool anchored_has_left(struct anchored *anchored, const struct state *state);

/* Is the state still the one that its step was made for? */
bool anchored_is_genuine(const struct anchored *anchored,
			 const struct state *state);

/* The step after the present one, to what @store will keep, with its root */
void anchored_next(const struct anchored *anchored, const struct state *state,
		   const struct rpmb_store *store, struct rpmb_step *next,
		   uint8_t root[DIGEST_LEN]);

/*
 * Is the state what is anchored, or one step ahead? False and a log line if neither.
 * Nothing is changed.
 */
bool anchored_check(struct anchored *anchored, const struct state *state);

/* The same, and it is anchored then; what there is must be durable */
bool anchored_settle(struct anchored *anchored, const struct state *state);

/* Has the administrator agreed to it? Log if not. */
bool anchored_may_step_back(const struct anchored *anchored);

/*
 * The step after the one that is anchored, to the state that there is, which must be
 * the anchor's own of any time; false and a log line if it is not
 */
bool anchored_step_back(struct anchored *anchored, const struct state *state,
			struct rpmb_step *next, uint8_t root[DIGEST_LEN]);

/*
 * Nobody else must go on from this state. If the anchor has gone wait until it is back.
 * Ends the program if somebody else has the anchor's next step, or all is to stop.
 */
void anchored_hold(struct anchored *anchored, const struct state *state);

/* The state has made this step, durably: anchor it. Waits, and ends, as above. */
void anchored_advance(struct anchored *anchored, const struct rpmb_step *step,
		      const uint8_t root[DIGEST_LEN]);

/* False if it is not the anchor's, or there are no random numbers */
bool anchored_wrap(const struct anchored *anchored,
		   const uint8_t key[RPMB_KEY_LEN],
		   uint8_t wrapped[WRAPPED_LEN]);
bool anchored_unwrap(const struct anchored *anchored,
		     const uint8_t wrapped[WRAPPED_LEN],
		     uint8_t key[RPMB_KEY_LEN]);

#endif /* ANCHORED_H */
