// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "anchored.h"
#include "log.h"

/* How long to wait before asking again for an anchor that has gone; milliseconds */
#define AGAIN_MS 1000

static bool failed(const struct anchored *anchored, int error)
{
	bool of_anchor = error != RPMB_ERR_OLD && error != RPMB_ERR_FORGED;

	log_line("%s: %s", of_anchor ? anchored->path : anchored->name,
		 error == RPMB_ERR_SYSTEM ? strerror(errno) :
					    rpmb_strerror(error));
	return false;
}

bool anchored_begin(struct anchored *anchored, const struct state_config *config)
{
	int ret;

	*anchored = (struct anchored) {
		.name = config->name,
		.path = config->anchor,
		.full_path = realpath(config->anchor, NULL),
		.stop = config->stop,
		.anchor = rpmb_anchor_new(config->stop),
	};
	if (!anchored->anchor)
		ret = RPMB_ERR_MEMORY;
	else if (!anchored->full_path)
		ret = RPMB_ERR_NO_ANCHOR;
	else
		ret = rpmb_anchor_connect(anchored->anchor,
					  anchored->full_path);
	return !ret || failed(anchored, ret);
}

void anchored_end(struct anchored *anchored)
{
	rpmb_anchor_free(anchored->anchor);
	free(anchored->full_path);
	digest_end(&anchored->digest);
	explicit_bzero(anchored, sizeof(*anchored));
}

bool anchored_is_unused(struct anchored *anchored)
{
	struct rpmb_step at;
	int ret = rpmb_anchor_get(anchored->anchor, &at);

	if (ret)
		return failed(anchored, ret);
	if (!at.number)
		return true;
	log_line("%s: it has a state, at step %" PRIu64 ": bring that back, or add an anchor",
		 anchored->path, at.number);
	return false;
}

bool anchored_clear(struct anchored *anchored, uint32_t blocks)
{
	if (anchored->digest.nodes)
		digest_clear(&anchored->digest);
	else if (!digest_begin(&anchored->digest, blocks))
		return failed(anchored, RPMB_ERR_MEMORY);
	return true;
}

void anchored_next(const struct anchored *anchored, const struct state *state,
		   const struct rpmb_store *store, struct rpmb_step *next,
		   uint8_t root[DIGEST_LEN])
{
	digest_root(&anchored->digest, state, store, root);
	rpmb_anchor_next(anchored->anchor, &anchored->step, root, next);
}

bool anchored_check(struct anchored *anchored, const struct state *state)
{
	uint8_t root[DIGEST_LEN];
	bool ahead;
	int ret;

	digest_root(&anchored->digest, state, &state->store, root);
	ret = rpmb_anchor_compare(anchored->anchor, &anchored->step, root,
				  &ahead);
	return !ret || failed(anchored, ret);
}

bool anchored_settle(struct anchored *anchored, const struct state *state)
{
	uint8_t root[DIGEST_LEN];
	int ret;

	digest_root(&anchored->digest, state, &state->store, root);
	ret = rpmb_anchor_verify(anchored->anchor, &anchored->step, root);
	return !ret || failed(anchored, ret);
}

bool anchored_is_genuine(const struct anchored *anchored,
			 const struct state *state)
{
	uint8_t root[DIGEST_LEN];

	digest_root(&anchored->digest, state, &state->store, root);
	return rpmb_anchor_is_genuine(anchored->anchor, &anchored->step, root);
}

bool anchored_may_step_back(const struct anchored *anchored)
{
	if (rpmb_anchor_may_step_back(anchored->anchor))
		return true;
	log_line("%s: nobody has agreed to a step back; see rpmb-anchor(1), accept",
		 anchored->path);
	return false;
}

bool anchored_step_back(struct anchored *anchored, const struct state *state,
			struct rpmb_step *next, uint8_t root[DIGEST_LEN])
{
	struct rpmb_step at;
	int ret = rpmb_anchor_get(anchored->anchor, &at);

	if (ret)
		return failed(anchored, ret);
	if (!anchored_is_genuine(anchored, state))
		return failed(anchored, RPMB_ERR_FORGED);
	digest_root(&anchored->digest, state, &state->store, root);
	rpmb_anchor_next(anchored->anchor, &at, root, next);
	anchored->step = *next;
	return true;
}

/*
 * What is durable is right, so another start can go on from it; but nobody may be told
 * anything of it before it is anchored.
 */
static void __attribute__((noreturn)) give_up(const struct anchored *anchored)
{
	log_line("%s: giving up at step %" PRIu64, anchored->name,
		 anchored->step.number);
	_exit(EXIT_FAILURE);
}

/* Will it not help to wait? A share can be made larger. */
static bool is_final(int error)
{
	return error == RPMB_ERR_OLD || error == RPMB_ERR_FORGED ||
	       (error == RPMB_ERR_SYSTEM && errno == ECANCELED);
}

/* Until the anchor is held again, and the state is what is anchored; @error: so far */
static void wait_for_anchor(struct anchored *anchored,
			    const uint8_t root[DIGEST_LEN], int error)
{
	struct pollfd stop = { .fd = anchored->stop, .events = POLLIN };
	int said = 0;
	bool final;

	while (error) {
		final = is_final(error);
		if (error != said)
			failed(anchored, error);
		said = error;
		if (final || poll(&stop, 1, AGAIN_MS) > 0)
			give_up(anchored);
		error = rpmb_anchor_connect(anchored->anchor,
					    anchored->full_path);
		if (!error)
			error = rpmb_anchor_verify(anchored->anchor,
						   &anchored->step, root);
	}
	log_line("%s: it is back", anchored->path);
}

void anchored_hold(struct anchored *anchored, const struct state *state)
{
	uint8_t root[DIGEST_LEN];

	if (rpmb_anchor_is_held(anchored->anchor))
		return;
	digest_root(&anchored->digest, state, &state->store, root);
	wait_for_anchor(anchored, root, RPMB_ERR_NO_ANCHOR);
}

/* The share may be a larger one by now */
bool anchored_has_left(struct anchored *anchored, const struct state *state)
{
	uint8_t root[DIGEST_LEN];
	struct rpmb_step at;
	int ret;

	if (rpmb_anchor_left(anchored->anchor))
		return true;
	ret = rpmb_anchor_get(anchored->anchor, &at);
	if (ret) {
		digest_root(&anchored->digest, state, &state->store, root);
		wait_for_anchor(anchored, root, ret);
	}
	if (rpmb_anchor_left(anchored->anchor)) {
		anchored->said_spent = false;
		return true;
	}
	if (!anchored->said_spent)
		failed(anchored, RPMB_ERR_SPENT);
	anchored->said_spent = true;
	return false;
}

void anchored_advance(struct anchored *anchored, const struct rpmb_step *step,
		      const uint8_t root[DIGEST_LEN])
{
	int ret;

	anchored->step = *step;
	ret = rpmb_anchor_advance(anchored->anchor, step, root);
	if (ret)
		wait_for_anchor(anchored, root, ret);
}
