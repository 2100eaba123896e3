// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checks of requests, for all kinds of RPMB devices
 *
 * Their specifications list the same checks of a signed request, in different
 * orders: the order decides which of two faults a client is told of.
 */
#include <nettle/memops.h>

#include "rules.h"

bool rpmb_in_range(const struct rpmb_store *store, uint32_t addr,
		   uint32_t count)
{
	return addr < store->capacity && count <= store->capacity - addr;
}

uint32_t *rpmb_counter_of(const struct rpmb_engine *engine, uint16_t type)
{
	return engine->rules->config_counter &&
	       (type == RPMB_CONFIG_WRITE || type == RPMB_CONFIG_READ) ?
	       &engine->store->config_counter : &engine->store->counter;
}

uint16_t rpmb_check_key(const struct rpmb_engine *engine,
			const struct rpmb_request *req)
{
	(void)req;
	return engine->store->has_key ? RPMB_RES_OK : RPMB_RES_NO_KEY;
}

uint16_t rpmb_check_expiry(const struct rpmb_engine *engine,
			   const struct rpmb_request *req)
{
	return *rpmb_counter_of(engine, req->fields.type) < RPMB_COUNTER_MAX ?
	       RPMB_RES_OK : engine->rules->write_expired;
}

/* There are as many blocks as the request says, and not too many */
uint16_t rpmb_check_count(const struct rpmb_engine *engine,
			  const struct rpmb_request *req)
{
	uint32_t count = req->fields.count;

	if (!count || req->blocks < 0 || count != (uint32_t)req->blocks ||
	    (engine->max_write && count > engine->max_write))
		return RPMB_RES_GENERAL;
	return RPMB_RES_OK;
}

uint16_t rpmb_check_single(const struct rpmb_engine *engine,
			   const struct rpmb_request *req)
{
	(void)engine;
	return req->fields.count == 1 && req->blocks == 1 ?
	       RPMB_RES_OK : RPMB_RES_GENERAL;
}

uint16_t rpmb_check_address(const struct rpmb_engine *engine,
			    const struct rpmb_request *req)
{
	return rpmb_in_range(engine->store, req->fields.addr,
			     req->fields.count) ?
	       RPMB_RES_OK : RPMB_RES_ADDRESS;
}

uint16_t rpmb_check_start(const struct rpmb_engine *engine,
			  const struct rpmb_request *req)
{
	(void)engine;
	return req->fields.addr ? RPMB_RES_ADDRESS : RPMB_RES_OK;
}

uint16_t rpmb_check_mac(const struct rpmb_engine *engine,
			const struct rpmb_request *req)
{
	uint8_t mac[RPMB_MAC_LEN];

	rpmb_frames_hmac(engine->format, req->frames, req->len,
			 engine->store->key, mac);
	return memeql_sec(mac, rpmb_frames_mac(engine->format, req->frames,
					       req->len), sizeof(mac)) ?
	       RPMB_RES_OK : RPMB_RES_AUTH;
}

uint16_t rpmb_check_counter(const struct rpmb_engine *engine,
			    const struct rpmb_request *req)
{
	return req->fields.counter == *rpmb_counter_of(engine, req->fields.type) ?
	       RPMB_RES_OK : RPMB_RES_COUNTER;
}
