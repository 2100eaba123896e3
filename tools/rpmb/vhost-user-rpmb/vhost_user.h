/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The back-end's side of the vhost-user protocol
 *
 * After docs/interop/vhost-user.rst of QEMU.
 */
#ifndef VHOST_USER_H
#define VHOST_USER_H

#include <stdbool.h>
#include <stdint.h>

#define VHOST_USER_VERSION 1

/* Requests of the back-end */
#define VHOST_USER_BACKEND_VRING_CALL 4
#define VHOST_USER_BACKEND_VRING_ERR 5

struct vhost_user_header {
	uint32_t request;
	uint32_t flags;
	uint32_t size;
};

struct vhost_user_vring_state {
	uint32_t index;
	uint32_t num;
};

/* An in-band signal */
struct vhost_user_signal {
	struct vhost_user_header header;
	struct vhost_user_vring_state state;
};

struct ring;

/*
 * Serve one front-end until it leaves or misbehaves. Returns false when @stop
 * became readable instead: the program is to end.
 */
bool vhost_user_serve(int sock, int stop, struct ring *ring);

#endif /* VHOST_USER_H */
