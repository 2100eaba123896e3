/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The database of a fleet, as $RPMB_POSTGRES has made it in $RPMB_FLEET, and hosts that
 * serve a device in it
 */
#ifndef FLEET_H
#define FLEET_H

#include "client.h"
#include "model.h"

/* Parts of what the daemon says to the database, see proxy.h */
#define LOOKS "encode(ticket"
#define TAKES "owner = $3, token = $4"
#define COMMITS "commit"
#define READS "read"
#define SETTLES "'settled'"
#define SUSPENDS "'suspended'"
#define RELEASES "'closed'"

/* A host: a daemon that says that it is one, and a guest of it */
struct host {
	struct daemon daemon;
	struct frontend fe;
	char socket[32];
};

/* The name of the device of this test in the database that "a" has, in static memory */
const char *fleet_device(void);

/* The same by way of a proxy, see proxy.h, that is in a subdirectory */
const char *fleet_device_by(const char *proxy);

/* Have a server do something, and see what it says: in static memory */
const char *fleet_sql(const char *server, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One of the other commands of $RPMB_POSTGRES */
void fleet_do(const char *command, const char *server);

/* Start a daemon under that name, with more options up to a NULL */
#define serve_start(host, owner, name, ...) serve_start_args(host, owner, name, \
	(const char *const []){ __VA_ARGS__, NULL })
void serve_start_args(struct host *host, const char *owner, const char *name,
		      const char *const options[]);

/* The same, and a guest connects */
#define serve_open(host, owner, name, ...) do {				\
	serve_start(host, owner, name, __VA_ARGS__);			\
	fe_open_at(&(host)->fe, &(host)->daemon, (host)->socket);	\
} while (0)

/* A host that serves a device with a key and some writes */
void serve_begin(struct host *host, const char *name, struct model *model);

/* It has what the model has, see model_check(), and takes writes */
void serve_goes_on(struct host *host, struct model *model, bool on_its_way);

/* It stops in good order */
void serve_stop(struct host *host);

/* It ends by itself with that status, and the words are somewhere in its messages */
void serve_ends(struct host *host, int status, const char *words);

#endif /* FLEET_H */
