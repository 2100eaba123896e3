/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kinds of RPMB devices
 */
#ifndef RPMB_RULES_H
#define RPMB_RULES_H

#include "engine.h"

#define BIT(n) (1U << (n))

/* A request as it came; @blocks is -1 if its frames contradict each other */
struct rpmb_request {
	void *frames;
	size_t len;
	int blocks;
	struct rpmb_fields fields;
};

/* One check of a request: RPMB_RES_OK, or what the device answers instead */
typedef uint16_t (*rpmb_check)(const struct rpmb_engine *engine,
			       const struct rpmb_request *req);

/*
 * The rules of a kind of devices
 *
 * @types: bit n is set if request type n is known
 * @counted: requests without a signature say how many blocks they are about, or
 *	0; if not, only the length of a transfer does
 * @exact: requests without a signature say 0 if they are not about blocks, and how
 *	many they are about if they are
 * @key_mac: the response to a key has a MAC already
 * @config_counter: the configuration has a counter of its own, and its responses
 *	tell it
 * @unknown: the result of a request of another type
 * @write_expired: the result of a write when the counter is at its end
 * @check_write, @check_config, @check_config_read, @check_purge: the checks of
 *	such a request in their order, the last one NULL
 * @configure: change the configuration as the request says
 */
struct rpmb_rules {
	uint16_t types;
	bool counted;
	bool exact;
	bool key_mac;
	bool config_counter;
	uint16_t unknown;
	uint16_t write_expired;
	const rpmb_check *check_write;
	const rpmb_check *check_config;
	const rpmb_check *check_config_read;
	const rpmb_check *check_purge;
	uint16_t (*configure)(const struct rpmb_request *req,
			      uint8_t config[RPMB_CONFIG_LEN]);
};

/* Whether @count blocks from @addr on are there */
bool rpmb_in_range(const struct rpmb_store *store, uint32_t addr,
		   uint32_t count);

/* The counter that counts requests of a type */
uint32_t *rpmb_counter_of(const struct rpmb_engine *engine, uint16_t type);

/*
 * Checks that several kinds of devices have: there is a key; the counter has not come
 * to its end; there are as many blocks as the request says, and not too many; it is
 * about one block; all of them lie within the device, or at its start; the MAC is
 * right; the counter is the device's
 */
uint16_t rpmb_check_key(const struct rpmb_engine *engine,
			const struct rpmb_request *req);
uint16_t rpmb_check_expiry(const struct rpmb_engine *engine,
			   const struct rpmb_request *req);
uint16_t rpmb_check_count(const struct rpmb_engine *engine,
			  const struct rpmb_request *req);
uint16_t rpmb_check_single(const struct rpmb_engine *engine,
			   const struct rpmb_request *req);
uint16_t rpmb_check_address(const struct rpmb_engine *engine,
			    const struct rpmb_request *req);
uint16_t rpmb_check_start(const struct rpmb_engine *engine,
			  const struct rpmb_request *req);
uint16_t rpmb_check_mac(const struct rpmb_engine *engine,
			const struct rpmb_request *req);
uint16_t rpmb_check_counter(const struct rpmb_engine *engine,
			    const struct rpmb_request *req);

#endif /* RPMB_RULES_H */
