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

#include "backend.h"
#include "message.h"

/* A front-end that is connected; belongs to the thread that serves it */
struct session {
	struct connection conn;
	/* Said already: a guest must not fill the log */
	bool config_end_logged;
	bool config_write_logged;
	uint64_t protocol_features;
	struct backend *backend;
};

/*
 * A front-end has connected at @sock. Whoever waits for it also waits for @stop, if
 * that is not -1: see message.h.
 */
void vhost_user_begin(struct session *session, struct backend *backend,
		      int sock, int stop);

/* Serve its next message; false if it has left, misbehaves, or all is to stop */
bool vhost_user_serve(struct session *session);

/* Forget it; its socket stays the caller's */
void vhost_user_end(struct session *session);

#endif /* VHOST_USER_H */
