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

/* What somebody keeps on a device that begins with this block; NULL if it is not known */
const char *known_as(const uint8_t *block);

#endif /* RPMB_CMD_LOOKS_H */
