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
 * @device: it speaks to a device of the host
 * @raw_io: and may program that device's key, if its user may
 */
struct sandbox_needs {
	char *socket;
	char *state;
	char *anchor;
	bool device;
	bool raw_io;
};

/*
 * Give up privileges and, if the system allows that, the sight of all files but
 * those in the directories of @needs. To be called when all files are open, and
 * before there is a second thread. Returns false and logs why if what is always
 * possible has failed.
 */
bool sandbox_prepare(const struct sandbox_needs *needs);

/*
 * Give up, in all threads and for good, every system call that serving a
 * front-end does not need. Files cannot be opened any more; any other such call
 * ends the process. Returns false and logs why if that cannot be done.
 */
bool sandbox_enter(const struct sandbox_needs *needs);

#endif /* SANDBOX_H */
