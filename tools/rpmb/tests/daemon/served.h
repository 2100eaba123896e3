/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A daemon that serves by way of rpmb-anchor, and is stopped, killed and served again
 */
#ifndef SERVED_H
#define SERVED_H

#include "anchor-host.h"
#include "model.h"

/*
 * What the tests of a program have in common
 *
 * @begin: a host with what the daemon has there
 * @option: an option of the daemon's, may be NULL
 * @value: its argument
 */
struct served {
	struct fake *(*begin)(void);
	const char *option;
	const char *value;
};

/* Each program has its own */
extern const struct served served;

void open_daemon(struct daemon *d, struct frontend *fe);
void close_daemon(struct daemon *d, struct frontend *fe);
void kill_daemon(struct daemon *d, struct frontend *fe);

/* It serves what @model says, and takes another write */
void must_serve(struct model *model, bool on_its_way);

/* A host whose daemon serves a device that was written five times */
struct fake *begin_serving(struct model *model, struct daemon *d,
			   struct frontend *fe);

/* The daemon ends by itself, and says so */
void ends_saying(struct daemon *d, const char *words);

/* Tests: stopped while it waits for rpmb-anchor; many ends, at any time */
void stopped_while_it_waits(void);
void many_kills(void);

#endif /* SERVED_H */
