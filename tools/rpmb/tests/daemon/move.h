/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that moves between the hosts of a fleet
 */
#ifndef MOVE_H
#define MOVE_H

#include "fleet.h"

/* What travels */
#define TICKET_LEN 72

enum direction { SAVE, LOAD };

/* A new device, with a key, that a host serves to a guest; by that name in the second */
void move_begin(struct host *host, const char *owner);
void move_begin_by(struct host *host, const char *owner, const char *name);

/* A daemon that waits for the device */
void move_await(struct host *host, const char *owner);

/* A front-end that has set up all but the ring */
void move_connect(struct host *host);

/* kill -9, and the guest is gone */
void move_kill(struct host *host);

/* SET_DEVICE_STATE_FD and CHECK_DEVICE_STATE, and what the daemon says: 0 or not */
uint64_t move_transfer(struct host *host, enum direction direction, int fd);
uint64_t move_check(struct host *host);

/* SET_DEVICE_STATE_FD in two steps: it is asked, and later the daemon says something */
void move_ask(struct host *host, enum direction direction, int fd);
uint64_t move_told(struct host *host);

/* All that comes from there until its end, which is less than @room; returns how much */
size_t move_read(int fd, uint8_t *bytes, size_t room);

/* Stop the ring and save */
void move_save(struct host *host, uint8_t ticket[TICKET_LEN]);

/* Load that, and return the daemon's verdict */
uint64_t move_load(struct host *host, const void *ticket, size_t len);

/* The guest's memory and rings, as they are on the other host, are here now */
void move_arrive(struct host *here, const struct host *there);

/* The guest goes on, or is to: nobody waits for the daemon */
void move_resume(struct host *host);
void move_begin_resuming(struct host *host);

/* It does, but it may not have the device: the daemon says so, and nothing is served */
void move_resume_in_vain(struct host *host);

/* All of it, from a host that serves the guest to one that waits */
void move(struct host *from, struct host *to);

#endif /* MOVE_H */
