/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The time of a device, for operations that take some: it ticks once in each round of
 * the loop that serves all, behind the machine, and only while something waits for it.
 * So it never waits for the machine, nor for any other clock.
 */
#ifndef TICKS_H
#define TICKS_H

#include "serve.h"

/*
 * @wanted: whether anything waits for the next tick
 * @tick: it has come
 */
struct ticks {
	int fd;
	void *dev;
	bool (*wanted)(const void *dev);
	void (*tick)(void *dev);
};

/* False and a log line if that is not possible */
bool ticks_init(struct ticks *ticks, struct service *service);

#endif /* TICKS_H */
