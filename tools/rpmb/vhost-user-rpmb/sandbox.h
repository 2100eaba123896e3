/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>

/*
 * Give up, in all threads and for good, every system call that serving a
 * front-end does not need. Files cannot be opened any more; any other such call
 * ends the process. Returns false and logs why if that cannot be done.
 */
bool sandbox_enter(void);

#endif /* SANDBOX_H */
