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

/* Serve the machine and the tests, one after the other, until a signal ends it */
void serve(struct vfio_user *vu, struct control *control, int signals);

#endif /* SERVE_H */
