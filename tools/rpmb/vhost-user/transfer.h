/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a device gives another host to go on from, on its way through a file that the
 * front-end has opened, usually a pipe
 *
 * Nobody waits for that file alone: who waits for the front-end's messages waits for it
 * as well, so it is read or written whenever that is possible, and a front-end that does
 * not do its part can still be served, and leave.
 */
#ifndef TRANSFER_H
#define TRANSFER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than any device has to say */
#define TRANSFER_MAX 256

enum transfer_kind { TRANSFER_NONE, TRANSFER_SAVE, TRANSFER_LOAD };

/*
 * @fd: -1 when all bytes have come or gone, or that has failed
 * @done: how many of @len; when it loads, how many have come
 * @checked: the device has had what was loaded
 */
struct transfer {
	enum transfer_kind kind;
	int fd;
	bool failed;
	bool checked;
	size_t len;
	size_t done;
	uint8_t bytes[TRANSFER_MAX];
};

/*
 * Begin to write @len of @bytes, which are filled in, or to read, and take over @fd;
 * one that was on its way is forgotten
 */
void transfer_save(struct transfer *transfer, int fd, size_t len);
void transfer_load(struct transfer *transfer, int fd);
void transfer_forget(struct transfer *transfer);

/* What to wait for: nothing if its fd is -1 */
struct pollfd transfer_wait(const struct transfer *transfer);

/* Go on as far as that is possible now */
void transfer_go_on(struct transfer *transfer);

#endif /* TRANSFER_H */
