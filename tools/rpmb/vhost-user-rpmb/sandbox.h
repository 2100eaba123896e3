/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>

/*
 * What the program cannot do without
 *
 * @socket, @state, @anchor: files that it removes, looks for or connects to, by their
 *	full names; NULL if there is none. A partition's socket is one of rpmb-anchor's
 *	as an anchor's is.
 * @database: what connecting to one takes, as a state's places; NULL if there is none
 * @network: the database is somewhere else
 * @metrics: a file that it replaces, in a directory that it sees
 * @device: it speaks to a device of the host
 * @raw_io: and may program that device's key, if its user may
 */
struct sandbox_needs {
	char *socket;
	char *state;
	char *anchor;
	char *const *database;
	bool network;
	char *metrics;
	bool device;
	bool raw_io;
};

/*
 * confine_files() with that, when all files are open and before there is a second thread;
 * and confine_calls(), in all threads. Each returns false and logs why if it fails.
 */
bool sandbox_prepare(const struct sandbox_needs *needs);
bool sandbox_enter(const struct sandbox_needs *needs);

#endif /* SANDBOX_H */
