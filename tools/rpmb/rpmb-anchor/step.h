/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the clients of anchors want: steps, which go into the next table
 */
#ifndef STEP_H
#define STEP_H

#include "guest.h"

extern const struct guest_kind step_kind;

/*
 * If it waits for a step, put that into the next table, or answer at once if it cannot
 * be made. Returns whether the table has changed.
 */
bool step_apply(struct server *server, struct guest *guest,
		struct table *next, double now);

/* The table with its step is durable */
void step_done(struct server *server, struct guest *guest);

#endif /* STEP_H */
