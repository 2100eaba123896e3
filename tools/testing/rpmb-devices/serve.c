// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "log.h"
#include "serve.h"

enum { FD_STOP, FD_VFIO_USER, FD_CONTROL };

int serve_catch_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		log_line("signalfd: %s", strerror(errno));
	return fd;
}

static void serve_until_signal(struct vfio_user *vu, struct control *control,
			       int signals)
{
	struct pollfd fds[FD_CONTROL + CONTROL_MAX_FDS] = {
		[FD_STOP] = { .fd = signals, .events = POLLIN },
		[FD_VFIO_USER] = { .events = POLLIN },
	};

	for (;;) {
		fds[FD_VFIO_USER].fd = vfio_user_fd(vu);
		control_prepare(control, fds + FD_CONTROL);
		if (poll(fds, FD_CONTROL + CONTROL_MAX_FDS, -1) < 0)
			continue;
		if (fds[FD_STOP].revents)
			return;
		if (fds[FD_VFIO_USER].revents)
			vfio_user_serve(vu);
		control_serve(control, fds + FD_CONTROL);
		control_update(control);
	}
}

bool serve(struct vfio_user *vu, const char *socket, struct control *control,
	   const struct control_device *commands, const char *control_socket,
	   int signals)
{
	if (!control_listen(control, commands, control_socket) ||
	    !vfio_user_listen(vu, socket))
		return false;
	log_line("listening on %s", socket);
	serve_until_signal(vu, control, signals);
	vfio_user_close(vu);
	unlink(socket);
	unlink(control_socket);
	return true;
}
