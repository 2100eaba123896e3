/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * File descriptors that the server waits for
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>

struct server;

/*
 * @ready: called when @fd can be read, or is at its end. It may end other watches.
 */
struct watch {
	int fd;
	void (*ready)(struct server *server, struct watch *watch);
};

#define WATCH_NONE ((struct watch) { .fd = -1 })

/* What a watch is a member of */
#define watch_of(watch, type, member) ((type *)				\
	((char *)(watch) - offsetof(type, member)))

/* Takes over @fd, also if it fails: false and a log line */
bool watch_begin(struct server *server, struct watch *watch, int fd,
		 void (*ready)(struct server *server, struct watch *watch));

/* Closes it, if there is one */
void watch_end(struct watch *watch);

/* Not to be called for some time; whoever comes meanwhile waits */
void watch_pause(struct server *server, struct watch *watch);
void watch_resume(struct server *server, struct watch *watch);

/* A socket of packets with this name, in place of one that is left over, or -1 */
int watch_socket(const char *path, unsigned int mode);

/*
 * Who waits at @listener, or -1. With no file left for him he is turned away, as nobody
 * could be told to come later, and he comes again by himself.
 */
int watch_accept(struct server *server, const struct watch *listener);

/* What one file is kept for; false and a log line if there is none */
bool watch_spare(struct server *server);

#endif /* WATCH_H */
