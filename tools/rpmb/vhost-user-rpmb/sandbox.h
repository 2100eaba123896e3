/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>

/*
 * Give up, in all threads and for good, every system call that serving a
 * front-end does not need; opening files is one of them. Any such call ends the
 * process. Returns false and logs why if that cannot be done.
 */
bool sandbox_enter(void);

#endif /* SANDBOX_H */
