/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtio RPMB device: its configuration space and its requests
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <linux/virtio_rpmb.h>
#include <stddef.h>
#include <stdint.h>

#include "state.h"

/* More than any block count can say: longer buffers are not looked at */
#define DEVICE_MAX_LEN (65536 * sizeof(struct rpmb_frame))

/*
 * What the driver sees; the identity is ours, the standard knows none. Bytes only,
 * so it has the same layout everywhere.
 */
struct device_config {
	struct virtio_rpmb_config rpmb;
	uint8_t dev_id[STATE_DEV_ID_LEN];
};

/*
 * @engine: only the ring's worker uses it
 * @config, @config_len: never change
 */
struct device {
	struct rpmb_engine engine;
	struct device_config config;
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
