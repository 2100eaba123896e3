// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "emulate.h"
#include "log.h"

/*
 * @HERE: nobody else has the device, unless he takes it
 * @ELSEWHERE: another host has it
 * @BETWEEN: there is a ticket, with which this or another host can go on
 */
enum place { HERE, ELSEWHERE, BETWEEN };

/*
 * @before: the engine at the begin of a group
 * @started: requests may be served
 */
struct emulation {
	struct device dev;
	struct rpmb_engine engine;
	struct rpmb_engine before;
	struct state state;
	enum place place;
	struct state_ticket ticket;
	bool started;
};

static struct emulation *to_emulation(struct device *dev)
{
	return (struct emulation *)dev;
}

static bool emulate_start(struct device *dev)
{
	struct emulation *emulation = to_emulation(dev);

	if (emulation->place == ELSEWHERE) {
		log_line("nothing has come that the device could go on from");
		return false;
	}
	if (!emulation->started)
		emulation->started = state_start(&emulation->state);
	if (emulation->started)
		emulation->place = HERE;
	return emulation->started;
}

static void emulate_begin(struct device *dev)
{
	struct emulation *emulation = to_emulation(dev);

	emulation->before = emulation->engine;
	state_begin(&emulation->state);
}

static bool emulate_commit(struct device *dev)
{
	struct emulation *emulation = to_emulation(dev);
	bool ok = state_commit(&emulation->state);

	if (!ok)
		emulation->engine = emulation->before;
	state_hold(&emulation->state);
	return ok;
}

static void emulate_arrive(struct device *dev)
{
	state_arrive(&to_emulation(dev)->state);
}

static void emulate_request(struct device *dev, void *frames, size_t len)
{
	rpmb_engine_request(&to_emulation(dev)->engine, frames, len);
}

/* Data is read here, so whether it was ours to tell is found out afterwards */
static size_t emulate_response(struct device *dev, void *frames, size_t len)
{
	struct emulation *emulation = to_emulation(dev);
	size_t used = rpmb_engine_response(&emulation->engine, frames, len);

	state_hold(&emulation->state);
	return used;
}

static bool suspend(struct emulation *emulation)
{
	emulation->started = false;
	if (!state_suspend(&emulation->state, &emulation->ticket))
		return false;
	emulation->place = BETWEEN;
	return true;
}

/* Who asks again, without having gone on, gets the same ticket */
static size_t emulate_save(struct device *dev, void *state, size_t room)
{
	struct emulation *emulation = to_emulation(dev);
	const size_t len = sizeof(emulation->ticket);

	if (room < len ||
	    (emulation->place == HERE && !suspend(emulation)))
		return 0;
	if (emulation->place == ELSEWHERE) {
		log_line("device state: another host has the device");
		return 0;
	}
	memcpy(state, &emulation->ticket, len);
	return len;
}

/* Answers to requests that were made here before are not the device's any more */
static void forget_answers(struct rpmb_engine *engine)
{
	engine->result = (struct rpmb_fields) {};
	engine->response = (struct rpmb_fields) {};
	engine->ready = false;
}

static bool emulate_load(struct device *dev, const void *state, size_t len)
{
	struct emulation *emulation = to_emulation(dev);
	struct state_ticket ticket;

	if (emulation->place == HERE || len != sizeof(ticket)) {
		log_line(emulation->place == HERE ?
			 "device state: this host has the device" :
			 "device state: not as long as a ticket");
		return false;
	}
	memcpy(&ticket, state, sizeof(ticket));
	if (!state_expect(&emulation->state, &ticket))
		return false;
	forget_answers(&emulation->engine);
	emulation->ticket = ticket;
	emulation->place = BETWEEN;
	return true;
}

static bool emulate_close(struct device *dev)
{
	bool ok = state_close(&to_emulation(dev)->state);

	free(dev);
	return ok;
}

static const struct device_ops emulate_ops = {
	.start = emulate_start,
	.begin = emulate_begin,
	.commit = emulate_commit,
	.arrive = emulate_arrive,
	.request = emulate_request,
	.response = emulate_response,
	.save = emulate_save,
	.load = emulate_load,
	.close = emulate_close,
};

/* 5.12.4, 5.12.5: the capacity is in units of 128 KiB, up to 16 MiB */
static void emulate_init(struct emulation *emulation,
			 const struct emulate_config *config)
{
	struct state *state = &emulation->state;
	uint8_t max_write = config->max_write ?: state->max_write;
	const struct virtio_rpmb_config rpmb = {
		.capacity = state->capacity,
		.max_wr_cnt = max_write,
		.max_rd_cnt = config->max_read,
	};

	emulation->engine = (struct rpmb_engine) {
		.rules = &rpmb_rules_virtio,
		.format = RPMB_FRAME_JEDEC,
		.store = &state->store,
		.max_write = max_write,
		.max_read = config->max_read,
	};
	device_init(&emulation->dev, &emulate_ops, &rpmb,
		    state->has_dev_id ? state->dev_id : NULL);
	emulation->dev.places = state->places;
	emulation->dev.network = state->network;
	emulation->dev.connected = state->connected;
	emulation->dev.counter = &state->store.counter;
	emulation->dev.groups = state_can_group(state);
	emulation->dev.moves = state_can_move(state);
	emulation->place = config->state.incoming ? ELSEWHERE : HERE;
}

/* A store that can take a few blocks at once takes fewer, but never more */
static bool takes(const struct state *state, const struct emulate_config *config)
{
	if (!state->max_write || config->max_write <= state->max_write)
		return true;
	log_line("a partition takes at most %u blocks in one write",
		 state->max_write);
	return false;
}

struct device *emulate_open(const struct emulate_config *config)
{
	struct emulation *emulation = calloc(1, sizeof(*emulation));

	if (!emulation) {
		log_line("out of memory");
		return NULL;
	}
	if (state_open(&emulation->state, &config->state)) {
		emulate_init(emulation, config);
		if (takes(&emulation->state, config))
			return &emulation->dev;
		state_close(&emulation->state);
	}
	free(emulation);
	return NULL;
}
