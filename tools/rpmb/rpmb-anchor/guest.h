/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client, of an anchor or of a device: its socket, and what it wants
 */
#ifndef GUEST_H
#define GUEST_H

#include "anchor_protocol.h"
#include "pace.h"
#include "server.h"

struct guest;
struct tenant;

/*
 * What the two kinds do in their own ways
 *
 * @tell_first: tell who has connected to @sock whether he is the one; if so, that is
 *	the session's
 * @ready: the session can be read
 */
struct guest_kind {
	void (*tell_first)(struct server *server, struct guest *guest, int sock,
			   enum anchor_result result);
	void (*ready)(struct server *server, struct watch *session);
};

/*
 * @line: with its key, which only the client gets
 * @session: the one who has the anchor or device, if there is one
 * @request: what he wants of an anchor, if @waiting
 * @promised: he was told last that a step is left, so he may make one, whatever the
 *	administrator has said since
 * @tenant: NULL if it is an anchor
 * @in_batch: a request is being made durable
 * @to_answer: and who sent it is still there
 */
struct guest {
	struct guest *next;
	const struct guest_kind *kind;
	struct anchor_line line;
	struct pace pace;
	struct watch listener;
	struct watch session;
	struct anchor_request request;
	struct tenant *tenant;
	bool promised;
	bool waiting;
	bool in_batch;
	bool to_answer;
	char *path;
};

/* Is there room in the names of sockets for this directory? Log if not. */
bool guest_fits_in(const char *directory);

/* Serve what an entry is about; false and a log line if that is not possible */
bool guest_add(struct server *server, const struct entry *entry);

/* End that. Its directory stays: a client may have nothing else of the system in sight. */
void guest_end(struct server *server, struct guest *guest);

/* End that of one that nobody is to have any more */
void guest_remove(struct server *server, struct guest *guest);

/* NULL if it is not served */
struct guest *guest_find(const struct server *server,
			 const uint8_t guid[LIBRPMB_GUID_LEN]);

/* All others come before it now */
void guest_to_end(struct server *server, struct guest *guest);

/* What is used up of an entry's share, and what is left if that is so much */
uint64_t guest_used(const struct server *server, const struct entry *entry);
uint64_t guest_left(const struct server *server, const struct entry *entry,
		    uint64_t used);

/* Send a packet to who has connected; the session ends if he does not take it */
void guest_send(struct guest *guest, int sock, const void *packet, size_t len);
void guest_hang_up(struct guest *guest);

/* Whoever waits to connect is told what there is now */
void guest_welcome(struct server *server, struct guest *guest);

#endif /* GUEST_H */
