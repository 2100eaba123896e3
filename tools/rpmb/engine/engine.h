/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The RPMB engine: what an RPMB device does with the frames it gets
 *
 * A state machine without I/O of its own. Whoever models a device hands it the
 * request frames, then fetches the response; a store keeps what must survive.
 * Not thread-safe: one caller at a time.
 */
#ifndef RPMB_ENGINE_H
#define RPMB_ENGINE_H

#include "../lib/frame.h"

/* The counter's last value, from which no write is accepted any more */
#define RPMB_COUNTER_MAX UINT32_MAX

/* The longest configuration that there is; where eMMC's registers are in it */
#define RPMB_CONFIG_LEN 512
#define RPMB_EMMC_WP_CONFIG 254
#define RPMB_EMMC_WP_ENABLE 255

/* Blocks of one access; block i of them is at data + i * stride */
struct rpmb_blocks {
	uint32_t addr;
	uint32_t count;
	uint8_t *data;
	size_t stride;
};

struct rpmb_store;

/*
 * What a store does. All return false if it failed; then nothing has changed.
 *
 * @program_key: keep the key
 * @write: keep the blocks and the new value of the counter, both or neither
 * @read: fill in the blocks; those that were never written are zero
 * @configure: keep the configuration and the new value of its counter, both or
 *	neither; only for devices that have one
 *
 * What they have accepted survives any crash from then on.
 */
struct rpmb_store_ops {
	bool (*program_key)(struct rpmb_store *store,
			    const uint8_t key[RPMB_KEY_LEN]);
	bool (*write)(struct rpmb_store *store, uint32_t counter,
		      const struct rpmb_blocks *blocks);
	bool (*read)(struct rpmb_store *store,
		     const struct rpmb_blocks *blocks);
	bool (*configure)(struct rpmb_store *store, uint32_t counter,
			  const uint8_t config[RPMB_CONFIG_LEN]);
};

/*
 * A store, with the engine's copy of what it keeps. Whoever opens the store
 * fills it in; from then on only the engine changes key, counters and
 * configuration, after the store has accepted them.
 *
 * @config_counter: of writes to the configuration, on devices that do not count them
 *	with the others
 */
struct rpmb_store {
	const struct rpmb_store_ops *ops;
	uint32_t capacity;		/* blocks */
	uint32_t counter;
	uint32_t config_counter;
	bool has_key;
	uint8_t key[RPMB_KEY_LEN];
	uint8_t config[RPMB_CONFIG_LEN];
};

/* The kinds of devices; each follows its specification */
struct rpmb_rules;
extern const struct rpmb_rules rpmb_rules_virtio;
extern const struct rpmb_rules rpmb_rules_emmc;
extern const struct rpmb_rules rpmb_rules_emmc_secure_wp;
extern const struct rpmb_rules rpmb_rules_ufs;
extern const struct rpmb_rules rpmb_rules_nvme;

/* How far the purge is, as UFS tells it */
enum rpmb_engine_purge {
	RPMB_ENGINE_PURGE_NONE = 0,
	RPMB_ENGINE_PURGE_RUNS = 1,
	RPMB_ENGINE_PURGE_DONE = 2,
	RPMB_ENGINE_PURGE_FAILED = 3,
};

/*
 * A device. The caller sets the first six members.
 *
 * @lacks: bit n is set if it does not have request type n, which its kind may have
 * @max_write, @max_read: most blocks in one request, 0 for any number
 * @purge: a request starts it, and the caller says when it has ended
 * @result: the result register: what a result read makes the response
 * @response: what the next response says
 * @ready: there is such a response
 */
struct rpmb_engine {
	const struct rpmb_rules *rules;
	enum rpmb_frame_format format;
	struct rpmb_store *store;
	uint16_t lacks;
	uint32_t max_write;
	uint32_t max_read;
	enum rpmb_engine_purge purge;

	struct rpmb_fields result;
	struct rpmb_fields response;
	bool ready;
};

/* Carry out a request of @len bytes; the frames are the caller's private copy */
void rpmb_engine_request(struct rpmb_engine *engine, void *frames, size_t len);

/* Refuse one, since the transport has found something wrong with it */
void rpmb_engine_refuse(struct rpmb_engine *engine, void *frames, size_t len);

/*
 * Fetch the response, if there is one, into at most @len bytes. Returns its
 * length, or 0 if there is none or it does not fit. A key or a write request has
 * no response until a result read request asks for it.
 */
size_t rpmb_engine_response(struct rpmb_engine *engine, void *frames,
			    size_t len);

#endif /* RPMB_ENGINE_H */
