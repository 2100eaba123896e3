// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "server.h"

bool watch_begin(struct server *server, struct watch *watch, int fd,
		 void (*ready)(struct server *server, struct watch *watch))
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = watch };

	*watch = (struct watch) { .fd = fd, .ready = ready };
	if (fd >= 0 && !epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event))
		return true;
	log_line("cannot wait for a file: %s", strerror(errno));
	watch_end(watch);
	return false;
}

void watch_end(struct watch *watch)
{
	/* It is ours alone, so this takes it out of the epoll set as well */
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}

static void set_events(struct server *server, struct watch *watch,
		       uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	if (watch->fd >= 0)
		epoll_ctl(server->epoll, EPOLL_CTL_MOD, watch->fd, &event);
}

void watch_pause(struct server *server, struct watch *watch)
{
	set_events(server, watch, 0);
}

void watch_resume(struct server *server, struct watch *watch)
{
	set_events(server, watch, EPOLLIN);
}

/* Nobody else has this directory: the hardware is locked */
int watch_socket(const char *path, unsigned int mode)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock = -1;

	if (strlen(path) >= sizeof(addr.sun_path))
		errno = ENAMETOOLONG;
	else
		sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
				       SOCK_NONBLOCK, 0);
	if (sock >= 0) {
		strcpy(addr.sun_path, path);
		unlink(path);
		if (!bind(sock, (struct sockaddr *)&addr, sizeof(addr)) &&
		    !chmod(path, mode) && !listen(sock, 16))
			return sock;
	}
	log_line("%s: %s", path, strerror(errno));
	if (sock >= 0)
		close(sock);
	return -1;
}

/* Not a second name for a file, since the system may be what has no more of them */
bool watch_spare(struct server *server)
{
	if (server->spare < 0)
		server->spare = eventfd(0, EFD_CLOEXEC);
	if (server->spare < 0)
		log_line("no file to spare: %s", strerror(errno));
	return server->spare >= 0;
}

/* Else he would be there still, and be the reason to try again and again */
static void turn_away(struct server *server, int listener)
{
	int sock;

	if (!server->turned_away)
		log_line("no file is left for another client: who comes is turned away");
	server->turned_away = true;
	close(server->spare);
	sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (sock >= 0)
		close(sock);
	server->spare = -1;
	watch_spare(server);
}

int watch_accept(struct server *server, const struct watch *listener)
{
	int sock = accept4(listener->fd, NULL, NULL,
			   SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (sock >= 0)
		server->turned_away = false;
	else if (errno == EMFILE || errno == ENFILE)
		turn_away(server, listener->fd);
	return sock;
}
