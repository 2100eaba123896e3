// SPDX-License-Identifier: GPL-2.0-only
/*
 * The RPMB engine: checks requests, makes responses
 *
 * The normative statements are those of the Virtual I/O Device specification,
 * version 1.2, sections 5.12.6.1.1 to 5.12.6.1.5 ("Device Requirements: Device
 * Operation: Program Key", "Get Write Counter", "Data Write", "Data Read",
 * "Result Read") and 5.12.6.3 ("Device Operation"); where they are silent,
 * JESD84-B51 section 6.6.22 is followed. What other devices do in another way is
 * in their rules.
 */
#include <string.h>

#include "rules.h"

static bool is_count(uint32_t count, int blocks)
{
	return blocks >= 0 && count == (uint32_t)blocks;
}

/*
 * A request that carries no data is one frame, and says so where requests are
 * counted: the specification's word for the key, the counter and the result read.
 * The count is not signed. Clients that know eMMC leave it 0, since CMD23 says it;
 * then the length does.
 */
static bool is_bare(const struct rpmb_engine *engine,
		    const struct rpmb_request *req)
{
	uint32_t count = req->fields.count;

	return req->len == rpmb_frames_len(engine->format, 0) &&
	       (!engine->rules->counted || !count ||
		(!engine->rules->exact && is_count(count, req->blocks)));
}

/*
 * The same for the configuration, which is a block, and the state of a purge: JEDEC's
 * frames have one anyway.
 */
static bool asks_for_one(const struct rpmb_engine *engine,
			 const struct rpmb_request *req)
{
	uint32_t count = req->fields.count;

	return req->len == rpmb_frames_len(engine->format, 0) &&
	       (!engine->rules->counted || count == 1 ||
		(!count && !engine->rules->exact));
}

static bool exceeds(uint32_t count, uint32_t limit)
{
	return limit && count > limit;
}

static struct rpmb_blocks blocks_in(const struct rpmb_engine *engine,
				    void *frames,
				    const struct rpmb_fields *fields)
{
	return (struct rpmb_blocks) {
		.addr = fields->addr,
		.count = fields->count,
		.data = rpmb_frames_data(engine->format, frames, 0),
		.stride = rpmb_frames_len(engine->format, 2) -
			  rpmb_frames_len(engine->format, 1),
	};
}

/* 5.12.6.1.1; the key cannot be overwritten: 5.12.6.3, item 1 */
static uint16_t program_key(struct rpmb_engine *engine,
			    const struct rpmb_request *req,
			    struct rpmb_fields *resp)
{
	struct rpmb_store *store = engine->store;
	const uint8_t *key;

	(void)resp;
	if (!is_bare(engine, req))
		return RPMB_RES_GENERAL;
	key = rpmb_frames_mac(engine->format, req->frames, req->len);
	if (store->has_key || !store->ops->program_key(store, key))
		return RPMB_RES_WRITE;

	memcpy(store->key, key, sizeof(store->key));
	store->has_key = true;
	return RPMB_RES_OK;
}

/* 5.12.6.1.2 */
static uint16_t get_write_counter(struct rpmb_engine *engine,
				  const struct rpmb_request *req,
				  struct rpmb_fields *resp)
{
	memcpy(resp->nonce, req->fields.nonce, sizeof(resp->nonce));
	if (!engine->store->has_key)
		return RPMB_RES_NO_KEY;
	if (!is_bare(engine, req))
		return RPMB_RES_GENERAL;

	resp->counter = engine->store->counter;
	return RPMB_RES_OK;
}

/* The first of the checks that fails decides */
static uint16_t check_all(const struct rpmb_engine *engine,
			  const rpmb_check *checks,
			  const struct rpmb_request *req)
{
	uint16_t result = RPMB_RES_OK;

	while (!result && checks && *checks)
		result = (*checks++)(engine, req);
	return result;
}

/* 5.12.6.1.3; the counter: 5.12.6.3, item 2 */
static uint16_t write_data(struct rpmb_engine *engine,
			   const struct rpmb_request *req,
			   struct rpmb_fields *resp)
{
	struct rpmb_blocks blocks = blocks_in(engine, req->frames,
					      &req->fields);
	struct rpmb_store *store = engine->store;
	uint16_t result = check_all(engine, engine->rules->check_write, req);

	if (!result) {
		if (store->ops->write(store, store->counter + 1, &blocks))
			store->counter++;
		else
			result = RPMB_RES_WRITE;
	}
	resp->addr = req->fields.addr;
	resp->counter = store->counter;
	return result;
}

/* JESD84-B51 6.6.22.4.5 */
static uint16_t write_config(struct rpmb_engine *engine,
			     const struct rpmb_request *req,
			     struct rpmb_fields *resp)
{
	struct rpmb_store *store = engine->store;
	uint32_t *counter = rpmb_counter_of(engine, RPMB_CONFIG_WRITE);
	uint8_t config[RPMB_CONFIG_LEN];
	uint16_t result = check_all(engine, engine->rules->check_config, req);

	memcpy(config, store->config, sizeof(config));
	if (!result)
		result = engine->rules->configure(req, config);
	if (!result) {
		if (store->ops->configure(store, *counter + 1, config)) {
			memcpy(store->config, config, sizeof(config));
			++*counter;
		} else {
			result = RPMB_RES_WRITE;
		}
	}
	resp->addr = req->fields.addr;
	resp->counter = *counter;
	return result;
}

/* JESD84-B51 6.6.22.4.6; put_config() adds the configuration */
static uint16_t read_config(struct rpmb_engine *engine,
			    const struct rpmb_request *req,
			    struct rpmb_fields *resp)
{
	memcpy(resp->nonce, req->fields.nonce, sizeof(resp->nonce));
	if (!engine->store->has_key)
		return RPMB_RES_NO_KEY;
	if (!asks_for_one(engine, req))
		return RPMB_RES_GENERAL;
	if (engine->rules->config_counter) {
		resp->counter = engine->store->config_counter;
		resp->count = 1;
	}
	return check_all(engine, engine->rules->check_config_read, req);
}

/* JESD220G 12.4.7: it answers at once, and goes on by itself */
static uint16_t enable_purge(struct rpmb_engine *engine,
			     const struct rpmb_request *req,
			     struct rpmb_fields *resp)
{
	const struct rpmb_blocks none = {};
	struct rpmb_store *store = engine->store;
	uint16_t result = check_all(engine, engine->rules->check_purge, req);

	memcpy(resp->nonce, req->fields.nonce, sizeof(resp->nonce));
	if (!result) {
		if (store->ops->write(store, store->counter + 1, &none)) {
			store->counter++;
			engine->purge = RPMB_ENGINE_PURGE_RUNS;
		} else {
			result = RPMB_RES_WRITE;
		}
	}
	resp->counter = store->counter;
	return result;
}

/* JESD220G 12.4.7; put_purge() adds how far it is */
static uint16_t read_purge(struct rpmb_engine *engine,
			   const struct rpmb_request *req,
			   struct rpmb_fields *resp)
{
	memcpy(resp->nonce, req->fields.nonce, sizeof(resp->nonce));
	if (!engine->store->has_key)
		return RPMB_RES_NO_KEY;
	return asks_for_one(engine, req) ? RPMB_RES_OK : RPMB_RES_GENERAL;
}

/* The data is read when the response is fetched: its length is known only then */
static uint16_t read_data(struct rpmb_engine *engine, const struct rpmb_request *req,
			  struct rpmb_fields *resp)
{
	resp->addr = req->fields.addr;
	resp->count = req->fields.count;
	memcpy(resp->nonce, req->fields.nonce, sizeof(resp->nonce));
	if (!engine->store->has_key)
		return RPMB_RES_NO_KEY;
	if (req->blocks < 0 || req->len != rpmb_frames_len(engine->format, 0))
		return RPMB_RES_GENERAL;
	return RPMB_RES_OK;
}

struct request_type {
	uint16_t (*run)(struct rpmb_engine *engine,
			const struct rpmb_request *req,
			struct rpmb_fields *resp);
	bool result_read;	/* the response waits for a result read */
};

static const struct request_type request_types[] = {
	[RPMB_PROGRAM_KEY] = { program_key, true },
	[RPMB_GET_WRITE_COUNTER] = { get_write_counter },
	[RPMB_WRITE_DATA] = { write_data, true },
	[RPMB_READ_DATA] = { read_data },
	[RPMB_CONFIG_WRITE] = { write_config, true },
	[RPMB_CONFIG_READ] = { read_config },
	[RPMB_PURGE_ENABLE] = { enable_purge },
	[RPMB_PURGE_STATUS] = { read_purge },
};

static const struct request_type *request_type(const struct rpmb_engine *engine,
					       uint16_t type)
{
	if (type >= sizeof(request_types) / sizeof(request_types[0]) ||
	    !(engine->rules->types & ~engine->lacks & 1U << type))
		return NULL;
	return &request_types[type];
}

/* 5.12.6.1.5 */
static void result_read(struct rpmb_engine *engine, const struct rpmb_request *req)
{
	engine->response = engine->result;
	engine->ready = true;
	if (!is_bare(engine, req))
		engine->response.result = RPMB_RES_GENERAL;
}

/* A request that is not refused by the transport, and of a known type or not */
static uint16_t run_type(struct rpmb_engine *engine,
			 const struct request_type *type,
			 const struct rpmb_request *req,
			 struct rpmb_fields *resp)
{
	if (engine->purge == RPMB_ENGINE_PURGE_RUNS &&
	    req->fields.type != RPMB_PURGE_STATUS)
		return RPMB_RES_PURGING;
	if (!type)
		return engine->rules->unknown ?: RPMB_RES_GENERAL;
	return type->run(engine, req, resp);
}

static void run(struct rpmb_engine *engine, const struct rpmb_request *req,
		bool refuse)
{
	const struct request_type *type = request_type(engine,
						       req->fields.type);
	struct rpmb_fields resp = {
		.type = rpmb_response_type(req->fields.type),
		.result = RPMB_RES_GENERAL,
		.target = req->fields.target,
	};

	/* Every request overwrites the result register */
	engine->result = resp;
	if (!refuse)
		resp.result = run_type(engine, type, req, &resp);
	if (type && type->result_read)
		engine->result = resp;
	else
		engine->response = resp;
	engine->ready = !type || !type->result_read;
}

static void start(struct rpmb_engine *engine, void *frames, size_t len,
		  bool refuse)
{
	struct rpmb_request req = {
		.frames = frames,
		.len = len,
		.blocks = rpmb_frames_blocks(engine->format, len),
	};

	if (!rpmb_frames_parse(engine->format, frames, len, &req.fields))
		req.blocks = -1;
	if (req.fields.type == RPMB_RESULT_READ)
		result_read(engine, &req);
	else
		run(engine, &req, refuse);
}

void rpmb_engine_request(struct rpmb_engine *engine, void *frames, size_t len)
{
	start(engine, frames, len, false);
}

void rpmb_engine_refuse(struct rpmb_engine *engine, void *frames, size_t len)
{
	start(engine, frames, len, true);
}

/*
 * 5.12.6.1.4. Its "block count not set to 1" cannot be meant as it stands, since
 * max_rd_cnt limits that very count; what decides is 5.12.6.1: block_count
 * buffers are there for the response. A count of 0, which stands in no signed
 * field, means as many blocks as the response has room for.
 */
static uint16_t check_read(const struct rpmb_engine *engine,
			   struct rpmb_fields *resp, size_t len)
{
	int blocks = rpmb_frames_blocks(engine->format, len);

	if ((!engine->rules->counted ||
	     (!resp->count && !engine->rules->exact)) && blocks > 0 &&
	    blocks <= UINT16_MAX)
		resp->count = blocks;
	if (!resp->count || !is_count(resp->count, blocks) ||
	    exceeds(resp->count, engine->max_read))
		return RPMB_RES_GENERAL;
	if (!rpmb_in_range(engine->store, resp->addr, resp->count))
		return RPMB_RES_ADDRESS;
	return RPMB_RES_OK;
}

/* Fields without data. The expired bit is in every response: JESD84-B51 6.6.22 */
static void put_fields(const struct rpmb_engine *engine, void *frames,
		       size_t len, struct rpmb_fields resp)
{
	if (*rpmb_counter_of(engine, resp.type >> 8) == RPMB_COUNTER_MAX)
		resp.result |= RPMB_RES_EXPIRED;
	rpmb_frames_init(engine->format, frames, len, &resp);
}

static void put_data(const struct rpmb_engine *engine, void *frames, size_t len,
		     struct rpmb_fields *resp)
{
	struct rpmb_store *store = engine->store;
	struct rpmb_blocks blocks;

	if (!resp->result)
		resp->result = check_read(engine, resp, len);
	put_fields(engine, frames, len, *resp);
	if (resp->result)
		return;

	blocks = blocks_in(engine, frames, resp);
	if (!store->ops->read(store, &blocks)) {
		resp->result = RPMB_RES_READ;
		put_fields(engine, frames, len, *resp);
	}
}

static void put_config(const struct rpmb_engine *engine, void *frames,
		       size_t len)
{
	put_fields(engine, frames, len, engine->response);
	if (!engine->response.result)
		memcpy(rpmb_frames_data(engine->format, frames, 0),
		       engine->store->config,
		       rpmb_block_size(engine->format));
}

static void put_purge(const struct rpmb_engine *engine, void *frames,
		      size_t len)
{
	uint8_t *data = rpmb_frames_data(engine->format, frames, 0);

	put_fields(engine, frames, len, engine->response);
	if (!engine->response.result)
		data[0] = engine->purge;
}

/*
 * The MAC is there as soon as there is a key to make it with. 5.12.6.1.1 wants it
 * in the response to a key as well.
 */
static void put_mac(const struct rpmb_engine *engine, void *frames, size_t len)
{
	const struct rpmb_store *store = engine->store;

	if (store->has_key && (engine->rules->key_mac ||
			       engine->response.type != RPMB_PROGRAM_KEY << 8))
		rpmb_frames_hmac(engine->format, frames, len, store->key,
				 rpmb_frames_mac(engine->format, frames, len));
}

/* How much of the room a response takes: only data has as much as there is */
static size_t response_len(const struct rpmb_engine *engine, size_t room)
{
	switch (engine->response.type) {
	case RPMB_READ_DATA << 8:
		return room;
	case RPMB_CONFIG_READ << 8:
		return rpmb_frames_len(engine->format, 1);
	default:
		return rpmb_frames_len(engine->format, 0);
	}
}

size_t rpmb_engine_response(struct rpmb_engine *engine, void *frames,
			    size_t len)
{
	size_t room = len;

	len = response_len(engine, room);
	if (!engine->ready || room < rpmb_frames_len(engine->format, 0) ||
	    len > room)
		return 0;
	engine->ready = false;

	if (engine->response.type == RPMB_READ_DATA << 8)
		put_data(engine, frames, len, &engine->response);
	else if (engine->response.type == RPMB_CONFIG_READ << 8)
		put_config(engine, frames, len);
	else if (engine->response.type == RPMB_PURGE_STATUS << 8)
		put_purge(engine, frames, len);
	else
		put_fields(engine, frames, len, engine->response);
	put_mac(engine, frames, len);
	return len;
}
