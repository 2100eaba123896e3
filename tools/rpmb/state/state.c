// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "pg_session.h"
#include "state.h"

char *state_path(const char *name)
{
	if (!name || pg_is_name(name))
		return NULL;
	if (strncmp(name, "file:", 5))
		return strdup(name);
	name += 5;
	if (!strncmp(name, "//", 2))
		name += 2 + strcspn(name + 2, "/");
	return strndup(name, strcspn(name, "?#"));
}

const char *state_device(const struct state_config *config)
{
	const char *name = config->name ?: config->partition;

	if (pg_is_name(name))
		return pg_fragment(name) ?: "no device";
	return name;
}

bool state_is_as_wanted(const struct state *state,
			const struct state_config *config)
{
	if (config->capacity && config->capacity != state->capacity) {
		log_line("%s has a capacity of %u, not %u: it cannot be changed",
			 config->name, state->capacity, config->capacity);
		return false;
	}
	if (config->dev_id &&
	    (!state->has_dev_id ||
	     memcmp(config->dev_id, state->dev_id, STATE_DEV_ID_LEN))) {
		log_line("%s has %s device id: keys depend on it, so it cannot be changed",
			 config->name, state->has_dev_id ? "another" : "no");
		return false;
	}
	return true;
}

static const struct state_kind *kind_of(const struct state_config *config)
{
	if (config->partition)
		return &state_partition;
	return pg_is_name(config->name) ? &state_postgres : &state_sqlite;
}

bool state_open(struct state *state, const struct state_config *config)
{
	*state = (struct state) { .kind = kind_of(config) };
	if (config->incoming && !state_can_move(state))
		log_line("--incoming: this state stays on its host");
	else if (state->kind->load(state, config))
		return true;
	explicit_bzero(state, sizeof(*state));
	return false;
}

bool state_check(const struct state_config *config)
{
	return kind_of(config)->check(config);
}

bool state_accept(const struct state_config *config)
{
	return state_sqlite.accept(config);
}

bool state_can_group(const struct state *state)
{
	return state->kind->commit;
}

void state_begin(struct state *state)
{
	state_arrive(state);
	state->before = state->store;
	state->grouped = true;
}

bool state_commit(struct state *state)
{
	bool ok;

	state->grouped = false;
	ok = state->kind->commit(state);
	explicit_bzero(&state->before, sizeof(state->before));
	return ok;
}

void state_go_back(struct state *state)
{
	state->store = state->before;
}

void state_arrive(struct state *state)
{
	if (!state->grouped)
		state->kind->arrive(state);
}

void state_hold(struct state *state)
{
	if (!state->grouped)
		state->kind->hold(state);
}

bool state_can_move(const struct state *state)
{
	return state->kind->suspend;
}

bool state_suspend(struct state *state, struct state_ticket *ticket)
{
	return state->kind->suspend(state, ticket);
}

bool state_expect(struct state *state, const struct state_ticket *ticket)
{
	return state->kind->expect(state, ticket);
}

bool state_start(struct state *state)
{
	return !state->kind->start || state->kind->start(state);
}

bool state_close(struct state *state)
{
	bool ok = state->kind->close(state);

	explicit_bzero(state, sizeof(*state));
	return ok;
}
