/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Many guests that write at once, each through a daemon of its own, anchored or not
 */
#ifndef MANY_H
#define MANY_H

#include "model.h"

#define MANY_MOST 256

/* @anchored: guest number N has anchor number N */
struct many {
	bool anchored;
	struct daemon daemon;
	struct frontend fe;
	struct model model;
	char socket[24];
};

/* Start them, and give each device its key; the caller frees them */
struct many *many_start(unsigned int nr, bool anchored);

/* The daemon of guest number @i again */
void many_open(struct many *guest, unsigned int i);

/*
 * Who is answered asks again, until all together have been so often. A write of each may
 * be on its way then.
 */
void many_write(struct many *guests, unsigned int nr, unsigned int writes);

void many_kill(struct many *guest);

#endif /* MANY_H */
