/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loop of a program that is a device: it waits for all who may want something,
 * and serves one after the other
 */
#ifndef SERVE_H
#define SERVE_H

#include <poll.h>
#include <stdbool.h>

/*
 * Somebody to be served. What serves one may change what another waits for, so @serve
 * must not take a descriptor for what it was when @prepare saw it.
 *
 * @path: of the socket, which is removed in the end; NULL if it has none
 * @nr_fds: so many descriptors at most
 * @prepare: say what to wait for; a descriptor is -1 where there is nothing
 * @serve: there is something at one of them
 * @close: hang up
 */
struct service {
	const char *path;
	void *dev;
	unsigned int nr_fds;
	void (*prepare)(void *dev, struct pollfd *fds);
	void (*serve)(void *dev, const struct pollfd *fds);
	void (*close)(void *dev);
};

/*
 * Before anything is opened: files and sockets will be the user's alone, and signals
 * that end a program are blocked. A descriptor that becomes readable when one comes, or
 * -1 and a log line.
 */
int serve_begin(void);

/*
 * Serve them all until a signal ends it, the first one first; false and a log line
 * if there is no memory
 */
bool serve(const struct service *services, unsigned int nr, int signals);

#endif /* SERVE_H */
