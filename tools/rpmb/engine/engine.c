// SPDX-License-Identifier: GPL-2.0-only
/*
 * The RPMB engine: checks requests, makes responses
 *
 * The normative statements are those of the Virtual I/O Device specification,
 * version 1.2, sections 5.12.6.1.1 to 5.12.6.1.5 ("Device Requirements: Device
 * Operation: Program Key", "Get Write Counter", "Data Write", "Data Read",
 * "Result Read") and 5.12.6.3 ("Device Operation"); where they are silent,
 * JESD84-B51 section 6.6.22 is followed. Checks are made in the order in which
 * the specification lists them.
 */
#include <string.h>
#include <nettle/memops.h>

#include "engine.h"

/* A request as it came; @blocks is -1 if its frames contradict each other */
struct request {
	void *frames;
	size_t len;
	int blocks;
	struct rpmb_fields fields;
};

static bool is_count(uint32_t count, int blocks)
{
	return blocks >= 0 && count == (uint32_t)blocks;
}

/*
 * A request that carries no data is one frame, and says so: the specification's
 * word for the key, the counter and the result read.
 */
static bool is_bare(const struct rpmb_engine *engine, const struct request *req)
{
	return req->len == rpmb_frames_len(engine->format, 0) &&
	       is_count(req->fields.count, req->blocks);
}

/*
 * The same for the key and the counter, where the count is not signed. Clients
 * that know eMMC leave it 0 there, since CMD23 says it; then the length does.
 */
static bool is_bare_or_uncounted(const struct rpmb_engine *engine,
				 const struct request *req)
{
	return is_bare(engine, req) ||
	       (req->len == rpmb_frames_len(engine->format, 0) &&
		!req->fields.count);
}

static bool exceeds(uint32_t count, uint32_t limit)
{
	return limit && count > limit;
}

static bool in_range(const struct rpmb_store *store, uint32_t addr,
		     uint32_t count)
{
	return addr < store->capacity && count <= store->capacity - addr;
}

static bool is_authentic(const struct rpmb_engine *engine,
			 const struct request *req)
{
	uint8_t mac[RPMB_MAC_LEN];

	rpmb_frames_hmac(engine->format, req->frames, req->len,
			 engine->store->key, mac);
	return memeql_sec(mac, rpmb_frames_mac(engine->format, req->frames,
					       req->len), sizeof(mac));
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
			    const struct request *req,
			    struct rpmb_fields *resp)
{
	struct rpmb_store *store = engine->store;
	const uint8_t *key;

	(void)resp;
	if (!is_bare_or_uncounted(engine, req))
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
				  const struct request *req,
				  struct rpmb_fields *resp)
{
	memcpy(resp->nonce, req->fields.nonce, sizeof(resp->nonce));
	if (!engine->store->has_key)
		return RPMB_RES_NO_KEY;
	if (!is_bare_or_uncounted(engine, req))
		return RPMB_RES_GENERAL;

	resp->counter = engine->store->counter;
	return RPMB_RES_OK;
}

/* 5.12.6.1.3, items 1 to 6 */
static uint16_t check_write(const struct rpmb_engine *engine,
			    const struct request *req)
{
	const struct rpmb_store *store = engine->store;
	const struct rpmb_fields *fields = &req->fields;

	if (!store->has_key)
		return RPMB_RES_NO_KEY;
	if (!fields->count || !is_count(fields->count, req->blocks) ||
	    exceeds(fields->count, engine->max_write))
		return RPMB_RES_GENERAL;
	if (store->counter == RPMB_COUNTER_MAX)
		return RPMB_RES_EXPIRED;
	if (!in_range(store, fields->addr, fields->count))
		return RPMB_RES_ADDRESS;
	if (!is_authentic(engine, req))
		return RPMB_RES_AUTH;
	if (fields->counter != store->counter)
		return RPMB_RES_COUNTER;
	return RPMB_RES_OK;
}

/* 5.12.6.1.3, items 7 and 8; the counter: 5.12.6.3, item 2 */
static uint16_t write_data(struct rpmb_engine *engine,
			   const struct request *req, struct rpmb_fields *resp)
{
	struct rpmb_blocks blocks = blocks_in(engine, req->frames,
					      &req->fields);
	struct rpmb_store *store = engine->store;
	uint16_t result = check_write(engine, req);

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

/* The data is read when the response is fetched: its length is known only then */
static uint16_t read_data(struct rpmb_engine *engine, const struct request *req,
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
	uint16_t (*run)(struct rpmb_engine *engine, const struct request *req,
			struct rpmb_fields *resp);
	bool result_read;	/* the response waits for a result read */
};

static const struct request_type request_types[] = {
	[RPMB_PROGRAM_KEY] = { program_key, true },
	[RPMB_GET_WRITE_COUNTER] = { get_write_counter },
	[RPMB_WRITE_DATA] = { write_data, true },
	[RPMB_READ_DATA] = { read_data },
};

static const struct request_type *request_type(uint16_t type)
{
	if (type >= sizeof(request_types) / sizeof(request_types[0]) ||
	    !request_types[type].run)
		return NULL;
	return &request_types[type];
}

/* 5.12.6.1.5 */
static void result_read(struct rpmb_engine *engine, const struct request *req)
{
	engine->response = engine->result;
	engine->ready = true;
	if (!is_bare(engine, req))
		engine->response.result = RPMB_RES_GENERAL;
}

static void run(struct rpmb_engine *engine, const struct request *req)
{
	const struct request_type *type = request_type(req->fields.type);
	struct rpmb_fields resp = {
		.type = req->fields.type << 8,
		.result = RPMB_RES_GENERAL,
		.target = req->fields.target,
	};

	/* Every request overwrites the result register */
	engine->result = resp;
	if (type)
		resp.result = type->run(engine, req, &resp);
	if (type && type->result_read)
		engine->result = resp;
	else
		engine->response = resp;
	engine->ready = !type || !type->result_read;
}

void rpmb_engine_request(struct rpmb_engine *engine, void *frames, size_t len)
{
	struct request req = {
		.frames = frames,
		.len = len,
		.blocks = rpmb_frames_blocks(engine->format, len),
	};

	if (!rpmb_frames_parse(engine->format, frames, len, &req.fields))
		req.blocks = -1;
	if (req.fields.type == RPMB_RESULT_READ)
		result_read(engine, &req);
	else
		run(engine, &req);
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

	if (!resp->count && blocks > 0 && blocks <= UINT16_MAX)
		resp->count = blocks;
	if (!resp->count || !is_count(resp->count, blocks) ||
	    exceeds(resp->count, engine->max_read))
		return RPMB_RES_GENERAL;
	if (!in_range(engine->store, resp->addr, resp->count))
		return RPMB_RES_ADDRESS;
	return RPMB_RES_OK;
}

/* Fields without data. The expired bit is in every response: JESD84-B51 6.6.22 */
static void put_fields(const struct rpmb_engine *engine, void *frames,
		       size_t len, struct rpmb_fields resp)
{
	if (engine->store->counter == RPMB_COUNTER_MAX)
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

/*
 * The MAC is there as soon as there is a key to make it with. 5.12.6.1.1 wants it
 * in the response to a key as well.
 */
static void put_mac(const struct rpmb_engine *engine, void *frames, size_t len)
{
	const struct rpmb_store *store = engine->store;

	if (store->has_key)
		rpmb_frames_hmac(engine->format, frames, len, store->key,
				 rpmb_frames_mac(engine->format, frames, len));
}

size_t rpmb_engine_response(struct rpmb_engine *engine, void *frames,
			    size_t len)
{
	size_t bare = rpmb_frames_len(engine->format, 0);

	if (!engine->ready || len < bare)
		return 0;
	engine->ready = false;

	if (engine->response.type == RPMB_READ_DATA << 8) {
		put_data(engine, frames, len, &engine->response);
	} else {
		len = bare;
		put_fields(engine, frames, len, engine->response);
	}
	put_mac(engine, frames, len);
	return len;
}
