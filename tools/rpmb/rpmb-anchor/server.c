// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "guest.h"
#include "log.h"
#include "sandbox.h"
#include "server.h"
#include "step.h"
#include "tenant.h"

/* Writes of the hardware that are kept for starts and the administrator */
#define RESERVE 65536

double server_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* When the first of those who are slowed down may go on */
static void set_timer(struct server *server, double now)
{
	const uint64_t second = 1000 * 1000 * 1000;
	struct itimerspec timer = {};
	uint64_t ns;
	double first = PACE_DAY, wait;
	struct guest *guest;
	bool any = false;

	for (guest = server->guests; guest; guest = guest->next) {
		if (!guest->waiting ||
		    !table_find(&server->table, guest->line.guid))
			continue;
		any = true;
		wait = pace_wait(&guest->pace, now);
		if (wait < first)
			first = wait;
	}
	if (any) {
		/* Rather a millisecond late than to be told to wait again */
		ns = first * second + 1000 * 1000;
		timer.it_value.tv_sec = ns / second;
		timer.it_value.tv_nsec = ns % second;
	}
	timerfd_settime(server->timer.fd, 0, &timer, NULL);
}

/* The next table, from all that anybody wants now */
static bool gather(struct server *server, struct table *next, double now)
{
	struct committer *committer = &server->committer;
	bool changed = allot_apply(server, next);
	struct guest *guest;

	committer->has_note = control_apply(server, next, &committer->note);
	changed |= committer->has_note;
	for (guest = server->guests; guest; guest = guest->next)
		if (!guest->tenant)
			changed |= step_apply(server, guest, next, now);
	return changed;
}

static void table_done(struct server *server)
{
	struct committer *committer = &server->committer;
	bool has_note = committer->has_note;
	struct guest *guest;

	table_free(&server->table);
	server->table = committer->to;
	committer->to = (struct table) {};
	committer->has_note = false;
	for (guest = server->guests; guest; guest = guest->next)
		if (guest->in_batch)
			step_done(server, guest);
	if (has_note)
		control_done(server);
	allot_committed(server);
}

static bool begin_table(struct server *server, double now)
{
	struct committer *committer = &server->committer;

	if (!table_copy(&committer->to, &server->table)) {
		log_line("out of memory");
		server->quit = true;
		return false;
	}
	if (!gather(server, &committer->to, now)) {
		table_free(&committer->to);
		return false;
	}
	table_seal(&committer->to);
	server->then = table_done;
	commit_begin(committer, &server->table);
	return true;
}

static void device_done(struct server *server)
{
	tenant_done(server, server->tenant);
}

/* One after the other: who was served goes behind all others */
static bool begin_device(struct server *server, double now)
{
	struct guest *guest = server->guests;

	while (guest && !(guest->tenant && tenant_begin(server, guest, now)))
		guest = guest->next;
	if (!guest)
		return false;
	server->then = device_done;
	server->tenant = guest;
	guest_to_end(server, guest);
	return true;
}

/* The table, which is for many, and the devices, each for itself, take turns */
static bool begin_guests(struct server *server, double now)
{
	if (server->devices_first && begin_device(server, now)) {
		server->devices_first = false;
		return true;
	}
	server->devices_first = begin_table(server, now);
	return server->devices_first || begin_device(server, now);
}

/* Partitions come and go in parts, between which others are served */
static void begin_next(struct server *server, double now)
{
	server->others_first = !server->others_first && allot_begin(server);
	if (!server->others_first && !begin_guests(server, now))
		allot_begin(server);
}

void server_go_on(struct server *server)
{
	double now = server_now();

	if (server->committer.busy)
		return;
	begin_next(server, now);
	if (!server->committer.busy)
		set_timer(server, now);
}

/* Of the hardware, to be asked while nothing is made durable */
static uint64_t writes_left(const struct server *server)
{
	uint32_t counter = server->hw.counter;

	return counter < UINT32_MAX - RESERVE ? UINT32_MAX - RESERVE - counter : 0;
}

static void done_ready(struct server *server, struct watch *watch)
{
	(void)watch;
	commit_end(&server->committer);
	server->writes_left = writes_left(server);
	server->then(server);
	server_go_on(server);
}

static void timer_ready(struct server *server, struct watch *watch)
{
	uint64_t count;

	if (read(watch->fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_line("timer: %s", strerror(errno));
	server_go_on(server);
}

static void stop_ready(struct server *server, struct watch *watch)
{
	(void)watch;
	server->quit = true;
}

/*
 * One at a time: serving one may end another, of which epoll may have said already that
 * it is ready
 */
static bool serve(struct server *server)
{
	struct epoll_event event;
	struct watch *watch;

	while (!server->quit) {
		if (epoll_wait(server->epoll, &event, 1, -1) < 0) {
			if (errno == EINTR)
				continue;
			log_line("epoll: %s", strerror(errno));
			return false;
		}
		watch = event.data.ptr;
		watch->ready(server, watch);
	}
	return true;
}

/* One whose socket cannot be made, which is logged, keeps the others from nothing */
static void add_guests(struct server *server)
{
	unsigned int i;

	for (i = 0; i < server->table.nr; i++)
		if (server->table.entries[i].state == ENTRY_READY)
			guest_add(server, &server->table.entries[i]);
}

static bool begin(struct server *server, int stop)
{
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	server->spare = -1;
	server->writes_left = writes_left(server);
	add_guests(server);
	return watch_spare(server) &&
	       watch_begin(server, &server->stop, stop, stop_ready) &&
	       watch_begin(server, &server->timer,
			   timerfd_create(CLOCK_BOOTTIME,
					  TFD_CLOEXEC | TFD_NONBLOCK),
			   timer_ready) &&
	       watch_begin(server, &server->done, dup(server->committer.done),
			   done_ready) &&
	       control_begin(server) && sandbox_enter();
}

static void end(struct server *server)
{
	control_end(server);
	while (server->guests)
		guest_end(server, server->guests);
	watch_end(&server->stop);
	watch_end(&server->timer);
	watch_end(&server->done);
	if (server->spare >= 0)
		close(server->spare);
	if (server->epoll >= 0)
		close(server->epoll);
}

bool server_run(struct server *server, int stop)
{
	bool ok;

	server->stop = WATCH_NONE;
	server->timer = WATCH_NONE;
	server->done = WATCH_NONE;
	if (!commit_start(&server->committer, &server->ledger, &server->hw))
		return false;
	ok = begin(server, stop);
	if (ok) {
		log_line("serving %u anchors and devices in %s", server->table.nr,
			 server->directory);
		/* What did not end at the last time */
		server_go_on(server);
		ok = serve(server);
	}
	commit_stop(&server->committer);
	end(server);
	return ok;
}
