// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device itself: the RPMB engine on the file, for one transfer at a time
 */
#include <err.h>
#include <string.h>

#include "fake.h"

/* The engine and its store, for the time of one transfer */
struct device {
	struct rpmb_store store;
	struct rpmb_engine engine;
	struct fake *fake;
};

static uint8_t *stored_block(struct fake *fake, uint32_t addr)
{
	return fake->data + (size_t)addr * rpmb_block_size(fake->frame_format);
}

static bool store_key(struct rpmb_store *store, const uint8_t *key)
{
	struct fake *fake = ((struct device *)store)->fake;

	memcpy(fake->key, key, sizeof(fake->key));
	fake->has_key = true;
	return true;
}

/* The power is cut in the middle of a write */
static void cut_after(const struct fake *fake, uint32_t blocks)
{
	const struct fake_fault end = { .kind = FAULT_KILL_AFTER };

	if (fake->torn && blocks == fake->torn)
		fake_after(&end);
}

static bool store_write(struct rpmb_store *store, uint32_t counter,
			const struct rpmb_blocks *blocks)
{
	struct fake *fake = ((struct device *)store)->fake;
	uint32_t i;

	for (i = 0; i < blocks->count; i++) {
		cut_after(fake, i);
		memcpy(stored_block(fake, blocks->addr + i),
		       blocks->data + i * blocks->stride,
		       rpmb_block_size(fake->frame_format));
	}
	fake->counter = counter;
	return true;
}

static bool store_read(struct rpmb_store *store,
		       const struct rpmb_blocks *blocks)
{
	struct fake *fake = ((struct device *)store)->fake;
	uint32_t i;

	for (i = 0; i < blocks->count; i++)
		memcpy(blocks->data + i * blocks->stride,
		       stored_block(fake, blocks->addr + i),
		       rpmb_block_size(fake->frame_format));
	return true;
}

static bool store_config(struct rpmb_store *store, uint32_t counter,
			 const uint8_t *config)
{
	struct fake *fake = ((struct device *)store)->fake;

	memcpy(fake->config, config, sizeof(fake->config));
	if (fake->frame_format == RPMB_FRAME_NVME)
		fake->config_counter = counter;
	else
		fake->counter = counter;
	return true;
}

static const struct rpmb_store_ops store_ops = {
	.program_key = store_key,
	.write = store_write,
	.read = store_read,
	.configure = store_config,
};

static uint32_t largest_write(const struct fake *fake)
{
	uint32_t size = 1u << 31;

	while (size && !(fake->write_sizes & size))
		size >>= 1;
	return size;
}

static const struct rpmb_rules *rules_of(const struct fake *fake)
{
	switch (fake->transport) {
	case RPMB_TRANSPORT_EMMC:
		return &rpmb_rules_emmc_secure_wp;
	case RPMB_TRANSPORT_UFS:
		return &rpmb_rules_ufs;
	case RPMB_TRANSPORT_NVME:
		return &rpmb_rules_nvme;
	default:
		return &rpmb_rules_virtio;
	}
}

static void init_device(struct device *device, struct fake *fake)
{
	*device = (struct device) {
		.fake = fake,
		.store.ops = &store_ops,
		.store.capacity = fake->capacity,
		.store.counter = fake->counter,
		.store.config_counter = fake->config_counter,
		.store.has_key = fake->has_key,
		.engine.rules = rules_of(fake),
		.engine.format = fake->frame_format,
		.engine.store = &device->store,
		.engine.max_write = fake->max_write ?: largest_write(fake),
		.engine.max_read = fake->max_read,
		.engine.result = fake->result,
		.engine.response = fake->response_fields,
		.engine.ready = fake->ready,
	};
	memcpy(device->store.key, fake->key, sizeof(fake->key));
	memcpy(device->store.config, fake->config, sizeof(fake->config));
}

static void keep_device(const struct device *device)
{
	device->fake->result = device->engine.result;
	device->fake->response_fields = device->engine.response;
	device->fake->ready = device->engine.ready;
}

void fake_send(struct fake *fake, void *frames, size_t len)
{
	struct device device;

	if (fake_config_request(fake, frames, len))
		return;
	init_device(&device, fake);
	rpmb_engine_request(&device.engine, frames, len);
	keep_device(&device);
}

void fake_receive(struct fake *fake, void *frames, size_t len)
{
	struct device device;

	if (fake_config_response(fake, frames, len))
		return;
	init_device(&device, fake);
	if (rpmb_engine_response(&device.engine, frames, len) != len)
		errx(99, "the engine's response has another length");
	keep_device(&device);
}

void fake_write_as_other(struct fake *fake, uint32_t addr)
{
	fake->config_counter++;
	memset(stored_block(fake, addr), ++fake->counter & 0xff,
	       rpmb_block_size(fake->frame_format));
}
