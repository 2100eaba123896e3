/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtio RPMB device: its configuration space and its requests
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "engine.h"

#define DEVICE_ID_LEN 16

/* More than any block count can say: longer buffers are not looked at */
#define DEVICE_MAX_LEN (65536 * sizeof(struct rpmb_frame))

/*
 * @engine: only the ring's worker uses it
 * @config, @config_len: what the driver sees, never changes
 */
struct device {
	struct rpmb_engine engine;
	uint8_t config[sizeof(uint8_t) * 3 + DEVICE_ID_LEN];
	size_t config_len;
};

/*
 * Serve one buffer: @out is a private copy of its device-readable part, @in has
 * the size of its device-writable part. Returns how many bytes of @in to give
 * back.
 */
size_t device_request(struct device *dev, void *out, size_t out_len, void *in,
		      size_t in_len);

#endif /* DEVICE_H */
