// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "log.h"
#include "transfer.h"

/* All bytes have come or gone: to close the file says so */
static void end(struct transfer *transfer)
{
	fd_replace(&transfer->fd, -1);
}

static void fail(struct transfer *transfer, const char *why)
{
	log_line("device state: %s", why);
	transfer->failed = true;
	end(transfer);
}

static void begin(struct transfer *transfer, enum transfer_kind kind, int fd)
{
	transfer->kind = kind;
	fd_replace(&transfer->fd, fd);
	transfer->failed = false;
	transfer->checked = false;
	transfer->done = 0;
	if (!fd_set_nonblocking(fd))
		fail(transfer, strerror(errno));
	transfer_go_on(transfer);
}

void transfer_save(struct transfer *transfer, int fd, size_t len)
{
	transfer->len = len;
	begin(transfer, TRANSFER_SAVE, fd);
}

void transfer_load(struct transfer *transfer, int fd)
{
	transfer->len = sizeof(transfer->bytes);
	begin(transfer, TRANSFER_LOAD, fd);
}

void transfer_forget(struct transfer *transfer)
{
	end(transfer);
	*transfer = (struct transfer) { .fd = -1 };
}

struct pollfd transfer_wait(const struct transfer *transfer)
{
	return (struct pollfd) {
		.fd = transfer->fd,
		.events = transfer->kind == TRANSFER_SAVE ? POLLOUT : POLLIN,
	};
}

/* Like read() and write(); there is always something left to do */
static ssize_t move_some(struct transfer *transfer)
{
	uint8_t *at = transfer->bytes + transfer->done;
	size_t left = transfer->len - transfer->done;

	if (transfer->kind == TRANSFER_SAVE)
		return write(transfer->fd, at, left);
	return read(transfer->fd, at, left);
}

/* What is loaded has to end before there is no more room */
static void count(struct transfer *transfer, size_t n)
{
	transfer->done += n;
	if (!n || (transfer->kind == TRANSFER_SAVE &&
		   transfer->done == transfer->len))
		end(transfer);
	else if (transfer->done == transfer->len)
		fail(transfer, "too long");
}

void transfer_go_on(struct transfer *transfer)
{
	ssize_t n;

	while (transfer->fd >= 0) {
		n = move_some(transfer);
		if (n >= 0)
			count(transfer, n);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			fail(transfer, strerror(errno));
	}
}
