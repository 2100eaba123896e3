/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * File descriptors of front-ends
 */
#ifndef FD_H
#define FD_H

#include <stdbool.h>

/* A signal must never block who sends it, nor a kick that somebody else took */
bool fd_set_nonblocking(int fd);

/* Close the one that was there, if there was one */
void fd_replace(int *old, int fd);

#endif /* FD_H */
