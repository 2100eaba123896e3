// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "device.h"

#define FRAME_LEN sizeof(struct rpmb_frame)

void device_init(struct device *dev, const struct device_ops *ops,
		 const struct virtio_rpmb_config *config, const uint8_t *dev_id)
{
	*dev = (struct device) {
		.ops = ops,
		.config.rpmb = *config,
		.config_len = sizeof(dev->config.rpmb),
	};
	if (dev_id) {
		memcpy(dev->config.dev_id, dev_id, sizeof(dev->config.dev_id));
		dev->config_len = sizeof(dev->config);
	}
}

/* 5.12.6.1: a key or a write request may be combined with a result read */
static bool ends_in_result_read(const void *out, size_t len)
{
	struct rpmb_fields last = {};

	rpmb_frames_parse(RPMB_FRAME_JEDEC,
			  (const uint8_t *)out + len - FRAME_LEN, FRAME_LEN,
			  &last);
	return last.type == RPMB_RESULT_READ;
}

/*
 * Frames are taken from the buffer's bytes, however its descriptors divide them.
 * What is not whole frames is no request: it comes back with nothing done and
 * nothing written.
 */
size_t device_request(struct device *dev, void *out, size_t out_len, void *in,
		      size_t in_len)
{
	size_t request_len = out_len;

	if (!out_len || out_len % FRAME_LEN || in_len % FRAME_LEN)
		return 0;

	if (dev->ops->arrive)
		dev->ops->arrive(dev);
	if (out_len > FRAME_LEN && ends_in_result_read(out, out_len))
		request_len -= FRAME_LEN;
	dev->ops->request(dev, out, request_len);
	if (request_len < out_len)
		dev->ops->request(dev, (uint8_t *)out + request_len,
				  FRAME_LEN);
	return dev->ops->response(dev, in, in_len);
}
