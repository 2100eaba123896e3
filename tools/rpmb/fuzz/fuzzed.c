// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "fuzz.h"
#include "log.h"

const uint8_t fuzz_key[RPMB_KEY_LEN] = "a key of thirty-two bytes length";

struct fuzzed {
	struct device dev;
	struct rpmb_engine engine;
	struct rpmb_store store;
	uint8_t blocks[FUZZ_BLOCKS][256];
};

static struct fuzzed fuzzed;

/* Nobody reads it, and a guest may not be able to crash it either */
void log_line(const char *format, ...)
{
	must(format);
}

void input_take(struct input *input, void *to, size_t len)
{
	size_t n = len < input->size ? len : input->size;

	memset(to, 0, len);
	memcpy(to, input->data, n);
	input->data += n;
	input->size -= n;
}

static bool store_key(struct rpmb_store *store, const uint8_t *key)
{
	must(!store->has_key && key);
	return true;
}

static bool store_write(struct rpmb_store *store, uint32_t counter,
			const struct rpmb_blocks *blocks)
{
	must(store->has_key && counter == store->counter + 1);
	must(blocks->count && blocks->addr < FUZZ_BLOCKS &&
	     blocks->count <= FUZZ_BLOCKS - blocks->addr);
	for (uint32_t i = 0; i < blocks->count; i++)
		memcpy(fuzzed.blocks[blocks->addr + i],
		       blocks->data + i * blocks->stride, 256);
	/* One in eight fails */
	return blocks->data[0] & 7;
}

static bool store_read(struct rpmb_store *store,
		       const struct rpmb_blocks *blocks)
{
	must(store->has_key);
	must(blocks->count && blocks->addr < FUZZ_BLOCKS &&
	     blocks->count <= FUZZ_BLOCKS - blocks->addr);
	for (uint32_t i = 0; i < blocks->count; i++)
		memcpy(blocks->data + i * blocks->stride,
		       fuzzed.blocks[blocks->addr + i], 256);
	return blocks->addr & 7;
}

static const struct rpmb_store_ops store_ops = {
	.program_key = store_key,
	.write = store_write,
	.read = store_read,
};

/* What was loaded last may not be served; nothing may, before it is started again */
static bool refused, suspended;

static void fuzz_request(struct device *dev, void *frames, size_t len)
{
	(void)dev;
	must(!suspended);
	rpmb_engine_request(&fuzzed.engine, frames, len);
}

static size_t fuzz_response(struct device *dev, void *frames, size_t len)
{
	(void)dev;
	return rpmb_engine_response(&fuzzed.engine, frames, len);
}

static bool fuzz_start(struct device *dev)
{
	(void)dev;
	suspended = false;
	return !refused;
}

static size_t fuzz_save(struct device *dev, void *state, size_t room)
{
	(void)dev;
	must(room >= 100);
	memset(state, 1, 100);
	suspended = true;
	return 100;
}

static bool fuzz_load(struct device *dev, const void *state, size_t len)
{
	const uint8_t *bytes = state;

	(void)dev;
	refused = len && bytes[0] & 1;
	suspended = true;
	return len != 29;
}

static const struct device_ops fuzz_ops = {
	.start = fuzz_start,
	.save = fuzz_save,
	.load = fuzz_load,
	.request = fuzz_request,
	.response = fuzz_response,
};

struct device *fuzz_device(uint8_t settings)
{
	const struct virtio_rpmb_config config = { .capacity = 1 };

	fuzzed.store = (struct rpmb_store) {
		.ops = &store_ops,
		.capacity = FUZZ_BLOCKS,
		.has_key = settings & 1,
		.counter = settings & 2 ? RPMB_COUNTER_MAX - 1 : 0,
	};
	memcpy(fuzzed.store.key, fuzz_key, RPMB_KEY_LEN);
	fuzzed.engine = (struct rpmb_engine) {
		.rules = &rpmb_rules_virtio,
		.format = RPMB_FRAME_JEDEC,
		.store = &fuzzed.store,
		.max_write = settings & 4 ? 2 : 0,
		.max_read = settings & 8 ? 2 : 0,
	};
	device_init(&fuzzed.dev, &fuzz_ops, &config, NULL);
	fuzzed.dev.moves = true;
	return &fuzzed.dev;
}
