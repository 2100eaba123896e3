/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * File descriptors of front-ends
 */
#ifndef FD_H
#define FD_H

#include <stdbool.h>
#include <sys/types.h>

/* A signal must never block who sends it, nor a kick that somebody else took */
bool fd_set_nonblocking(int fd);

/*
 * Like read() and write(), with EAGAIN in place of waiting. That a file does not block is
 * a flag that who has given it can take back: it is his as well.
 */
ssize_t fd_read_now(int fd, void *data, size_t len);
ssize_t fd_write_now(int fd, const void *data, size_t len);

/* Close the one that was there, if there was one */
void fd_replace(int *old, int fd);

#endif /* FD_H */
