/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The administrator's socket
 *
 * A request is one packet with a JSON object, its "command" and what else that needs.
 * The answers are packets with an object each; the last one has "done", or "error" with
 * what is wrong in words.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "server.h"

#define CONTROL_MAX 4096		/* bytes of a packet */

/* False and a log line if that is not possible */
bool control_begin(struct server *server);
void control_end(struct server *server);

/*
 * Do what the administrator wants: put it into the next table and note it, or answer.
 * Returns whether the table has changed.
 */
bool control_apply(struct server *server, struct table *next, struct note *note);

/* What he changed is durable */
void control_done(struct server *server);

/* The partition of an entry is made or given up, and the table says so */
void control_settled(struct server *server, const struct entry *settled);

#endif /* CONTROL_H */
