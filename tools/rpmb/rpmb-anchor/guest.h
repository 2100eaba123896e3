/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An anchor's client: its socket, and what it wants to be anchored
 */
#ifndef GUEST_H
#define GUEST_H

#include "anchor_protocol.h"
#include "pace.h"
#include "server.h"

/*
 * @line: with its key, which only the client gets
 * @session: the one who has the anchor, if there is one
 * @request: what he wants, if @waiting
 * @in_batch: a request is being made durable
 * @to_answer: and who sent it is still there
 */
struct guest {
	struct guest *next;
	struct anchor_line line;
	struct pace pace;
	struct watch listener;
	struct watch session;
	struct anchor_request request;
	bool waiting;
	bool in_batch;
	bool to_answer;
	char *path;
};

/* Is there room in the names of sockets for this directory? Log if not. */
bool guest_fits_in(const char *directory);

/* Serve an anchor; false and a log line if that is not possible */
bool guest_add(struct server *server, const struct entry *entry);

/* End that. Its directory stays: a client may have nothing else of the system in sight. */
void guest_end(struct server *server, struct guest *guest);

/* End that of one of which the table has no entry any more */
void guest_remove(struct server *server, struct guest *guest);

/*
 * If it waits for a step, put that into the next table, or answer at once if it cannot
 * be made. Returns whether the table has changed.
 */
bool guest_apply(struct server *server, struct guest *guest,
		 struct table *next, double now);

/* The table with its step is durable */
void guest_done(struct server *server, struct guest *guest);

#endif /* GUEST_H */
