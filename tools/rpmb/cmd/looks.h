/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the data on a device looks like, for who is about to lose it
 */
#ifndef RPMB_CMD_LOOKS_H
#define RPMB_CMD_LOOKS_H

#include "cmd.h"

/*
 * Read all of a device and say on stderr what is on it. Sets @empty if it has nothing
 * but zeros, of which nothing is said. Returns an exit code.
 */
int say_what_it_looks_like(const struct session *session, bool *empty);

#endif /* RPMB_CMD_LOOKS_H */
