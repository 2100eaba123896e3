/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The directory where a device keeps what it keeps
 */
#ifndef DIRECTORY_H
#define DIRECTORY_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "state.h"

/* Make it, if there is none; false and a log line on failure */
bool directory_make(const char *directory);

/*
 * Open a file of @size bytes, make it if there is none. A file keeps its content, only
 * its size follows what was asked for. Returns -1 and a log line on failure.
 */
int directory_open_file(const char *directory, const char *name, uint64_t size);

/*
 * Open the state of an RPMB, make it if there is none; false and a log line on failure
 *
 * @path: its name, for as long as it is open
 * @capacity: units of 128 KiB
 */
bool directory_open_state(const char *directory, const char *name,
			  uint8_t capacity, struct state *state,
			  char path[PATH_MAX]);

#endif /* DIRECTORY_H */
