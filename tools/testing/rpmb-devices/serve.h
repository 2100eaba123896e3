/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SERVE_H
#define SERVE_H

#include "control.h"
#include "vfio_user.h"

/*
 * Block the signals that end a program; a descriptor that becomes readable when one
 * comes, or -1 and a log line
 */
int serve_catch_signals(void);

/*
 * Serve the machine and the tests at these sockets, one after the other, until a
 * signal ends it; false and a log line if it cannot listen there
 */
bool serve(struct vfio_user *vu, const char *socket, struct control *control,
	   const struct control_device *commands, const char *control_socket,
	   int signals);

#endif /* SERVE_H */
