// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The sockets of rpmb-anchor, as its clients use them
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "anchor_protocol.h"
#include "internal.h"

/* How long an answer may still take when all is to stop; milliseconds */
#define LAST_MS 5000

int anchor_connect(const char *path, int *sock)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(addr.sun_path))
		return rpmb_set_error(ENAMETOOLONG);
	strcpy(addr.sun_path, path);
	/* Who does not take connections must not keep us waiting */
	*sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0);
	if (*sock < 0)
		return RPMB_ERR_SYSTEM;
	if (connect(*sock, (struct sockaddr *)&addr, sizeof(addr)))
		return errno == EACCES ? RPMB_ERR_PERMISSION :
					 RPMB_ERR_NO_ANCHOR;
	return 0;
}

int anchor_wait(int sock, int stop)
{
	struct pollfd fds[] = {
		{ .fd = sock, .events = POLLIN },
		{ .fd = stop, .events = POLLIN },
	};

	do {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return RPMB_ERR_SYSTEM;
	} while (!fds[0].revents && !fds[1].revents);
	if (fds[0].revents || poll(fds, 1, LAST_MS) > 0)
		return 0;
	return rpmb_set_error(ECANCELED);
}

bool anchor_is_quiet(int sock)
{
	char byte;

	return sock >= 0 &&
	       recv(sock, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       errno == EAGAIN;
}

int anchor_result_error(uint32_t result)
{
	switch (result) {
	case ANCHOR_OK:
		return 0;
	case ANCHOR_IN_USE:
		return RPMB_ERR_ANCHOR_IN_USE;
	case ANCHOR_NOT_ALLOWED:
		return RPMB_ERR_PERMISSION;
	case ANCHOR_OTHER_STEP:
		return RPMB_ERR_OLD;
	case ANCHOR_FORGED:
		return RPMB_ERR_FORGED;
	case ANCHOR_SPENT:
		return RPMB_ERR_SPENT;
	default:
		return RPMB_ERR_ANCHOR;
	}
}
