/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtio RPMB device: its configuration space and its requests
 *
 * What carries the requests out is one of two: emulate.c or forward.c.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <linux/virtio_rpmb.h>
#include <stdatomic.h>
#include <stdbool.h>
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

struct device;
struct metrics;

/*
 * The calls are those of the RPMB engine.
 *
 * @start: requests are about to come; false and a log line if they may not be served.
 *	NULL if they always may.
 * @begin, @commit: the requests between them are one group, whose responses may go out
 *	when it is committed. If that returns false none of them was carried out, and
 *	the device is what it was. Only called if @groups is set.
 * @again: those since @begin were only looked at: do what they ask for, for they come once
 *	more, and then it is @commit's turn. NULL if once is enough.
 * @arrive: a buffer with requests has come; may be NULL
 * @request: carry out a request of @len bytes, a private copy of whole frames, which
 *	stay as they are
 * @response: fetch the response, if there is one, into at most @len bytes; returns
 *	its length, or 0. A key or a write request has none until a result read
 *	request asks for it.
 * @save: serve nothing until the next start, and fill in what another host goes on from.
 *	Returns its length, or 0 and a log line.
 * @load: go on from that with the next start; false and a log line if it is not the
 *	device's, or old. As @save only called if @moves is set.
 * @close: end the device and free it; false and a log line if that failed
 */
struct device_ops {
	bool (*start)(struct device *dev);
	void (*begin)(struct device *dev);
	void (*again)(struct device *dev);
	bool (*commit)(struct device *dev);
	void (*arrive)(struct device *dev);
	void (*request)(struct device *dev, void *frames, size_t len);
	size_t (*response)(struct device *dev, void *frames, size_t len);
	size_t (*save)(struct device *dev, void *state, size_t room);
	bool (*load)(struct device *dev, const void *state, size_t len);
	bool (*close)(struct device *dev);
};

/*
 * @config, @config_len, @groups, @moves: never change
 * @places, @network, @connected: as those of a state
 * @counter: the write counter; NULL if it is not ours
 * @metrics: NULL if nobody wants any
 *
 * The rest of what embeds this belongs to the ring's worker, while there is one.
 */
struct device {
	const struct device_ops *ops;
	struct device_config config;
	size_t config_len;
	char *const *places;
	bool network;
	const atomic_bool *connected;
	const uint32_t *counter;
	struct metrics *metrics;
	bool groups;
	bool moves;
};

/* Fill in the configuration; @dev_id is NULL if there is none */
void device_init(struct device *dev, const struct device_ops *ops,
		 const struct virtio_rpmb_config *config,
		 const uint8_t *dev_id);

/*
 * Serve one buffer: @out is a private copy of its device-readable part, @in has
 * the size of its device-writable part. Returns how many bytes of @in to give
 * back.
 */
size_t device_request(struct device *dev, void *out, size_t out_len, void *in,
		      size_t in_len);

#endif /* DEVICE_H */
