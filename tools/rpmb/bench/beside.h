/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What goes on beside that which is measured
 */
#ifndef BESIDE_H
#define BESIDE_H

#include <sys/types.h>

/* A process that does this until it is killed, once it has begun */
pid_t start_load(void (*load)(void *what), void *what);
void end_load(pid_t load);

/* A disk, past all caches, and the time of a read of one of its sectors */
int open_disk(const char *name);
double read_sector(int disk, unsigned int i);

#endif /* BESIDE_H */
