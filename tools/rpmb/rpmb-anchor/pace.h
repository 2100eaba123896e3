/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How fast an anchor may make its steps, or a device have the hardware write
 *
 * What it did not use of the last day it may use at once. This is not kept: a new start
 * of the program gives everybody a day's steps.
 */
#ifndef PACE_H
#define PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_DAY 86400.0		/* seconds */

struct pace {
	uint64_t per_day;		/* 0: as fast as it likes */
	double tokens;
	double at;			/* when it had these; seconds */
};

void pace_begin(struct pace *pace, uint64_t per_day, double now);

/* The same with another rate; if it is the one it has, it goes on with what is left */
void pace_set(struct pace *pace, uint64_t per_day, double now);

/* Seconds until the next step may be made, 0 if that is now */
double pace_wait(struct pace *pace, double now);

/* So many are made; more than there were are to be waited for afterwards */
void pace_spend(struct pace *pace, unsigned int steps);

#endif /* PACE_H */
