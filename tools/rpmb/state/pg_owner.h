/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who has a device: a host by its name, and a process on it by its token
 *
 * A token is never used again. It says enough of the process for the same host to know
 * that it has ended.
 */
#ifndef PG_OWNER_H
#define PG_OWNER_H

#include <stdbool.h>
#include <stddef.h>

/* The host's name, or the one that it is given; false and a log line if it has none */
bool pg_owner_find(char *owner, size_t size, const char *given);

/* A new one, of this process; false and a log line if that is not possible */
bool pg_token_make(char *token, size_t size);

/*
 * Was it one of this machine's, whose process has ended? Of a process that numbers others
 * than we do, as one in another container, nobody knows before the machine starts again.
 */
bool pg_token_is_dead(const char *token);

#endif /* PG_OWNER_H */
