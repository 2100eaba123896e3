// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fd.h"

bool fd_set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && !fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

ssize_t fd_read_now(int fd, void *data, size_t len)
{
	struct iovec iov = { data, len };

	return preadv2(fd, &iov, 1, -1, RWF_NOWAIT);
}

ssize_t fd_write_now(int fd, const void *data, size_t len)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	if (poll(&room, 1, 0) == 1)
		return write(fd, data, len);
	errno = EAGAIN;
	return -1;
}

void fd_replace(int *old, int fd)
{
	if (*old >= 0)
		close(*old);
	*old = fd;
}
