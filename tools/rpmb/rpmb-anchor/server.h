/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The server: who asks, and what is made durable together
 *
 * One thread has everything here; another one, see commit.h, has the ledger and the
 * hardware while a table is made durable.
 */
#ifndef SERVER_H
#define SERVER_H

#include "allot.h"
#include "commit.h"
#include "watch.h"

struct guest;
struct control;

/*
 * @directory: where the sockets are, as the administrator says it; it is the working
 *	directory
 * @table: what is durable
 * @writes_left: that the hardware still takes for steps
 * @then: what there is to do when the thread is done
 * @tenant: whom it works for
 * @devices_first: the last to be served was the table
 * @others_first: the last was a partition that comes or goes
 * @timer: for those who are slowed down
 * @spare: a file that is given up when there is none for a client
 * @turned_away: that was so for the last one
 */
struct server {
	const char *directory;
	const struct keys *keys;
	struct ledger ledger;
	struct hardware hw;
	struct table table;
	uint64_t writes_left;
	struct committer committer;
	struct allotment allotment;
	void (*then)(struct server *server);
	struct guest *tenant;
	bool devices_first;
	bool others_first;
	struct watch done;
	struct watch timer;
	struct watch stop;
	struct guest *guests;
	struct control *control;
	int epoll;
	int spare;
	bool turned_away;
	bool quit;
};

/* Serve until @stop can be read; false and a log line if that is not possible */
bool server_run(struct server *server, int stop);

/* Seconds, from some time on */
double server_now(void);

/* There may be something to make durable, or to tell the administrator */
void server_go_on(struct server *server);

#endif /* SERVER_H */
