/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>

struct hardware;
struct ledger;

/*
 * confine_files() to ledger and sockets, when all files are open and before there is a
 * second thread. From then on @directory is the working directory. Returns false and logs
 * why if that fails.
 */
bool sandbox_prepare(const struct hardware *hw, const struct ledger *ledger,
		     const char *directory);

/* confine_calls(), in all threads; false and a log line if it fails */
bool sandbox_enter(void);

#endif /* SANDBOX_H */
