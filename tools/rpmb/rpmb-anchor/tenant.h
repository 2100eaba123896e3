/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What who has a device wants of it: one request at a time, which the thread that has the
 * hardware carries out
 */
#ifndef TENANT_H
#define TENANT_H

#include "guest.h"
#include "partition_protocol.h"
#include "vrpmb.h"

extern const struct guest_kind tenant_kind;

/*
 * The thread's while guest.in_batch is set
 *
 * @result: of the request
 */
struct tenant {
	struct vrpmb dev;
	struct partition_request request;
	struct partition_reply reply;
	enum anchor_result result;
};

/* NULL and a log line if the device must not be used */
struct tenant *tenant_new(struct server *server, const struct entry *entry);
void tenant_free(struct tenant *tenant);

/* Writes of the hardware that it has taken so far */
uint64_t tenant_used(const struct tenant *tenant);

/*
 * If it waits, begin with what it wants, or answer at once if it cannot have that.
 * Returns whether the thread has something to do now.
 */
bool tenant_begin(struct server *server, struct guest *guest, double now);

/* What was asked for is over, and has to be wiped: a key may be in it */
void tenant_forget(struct tenant *tenant);

/* That is done */
void tenant_done(struct server *server, struct guest *guest);

#endif /* TENANT_H */
