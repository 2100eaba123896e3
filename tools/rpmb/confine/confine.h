/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a program that serves others gives up what it does not need
 */
#ifndef CONFINE_H
#define CONFINE_H

#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFINE_PLACES 4
#define CONFINE_READ_ONLY 8

/*
 * What the program cannot do without, beside its open files
 *
 * @places: directories, or files in such that it removes, makes, looks for or connects
 *	to, by their full names; NULL if there is none
 * @read_only: the same, up to a NULL, of which it changes nothing; NULL if there is none
 * @capabilities: a mask of those it keeps, if it has them
 * @knows_users: it tells who connects by his user, so it stays where all users are
 */
struct confine_needs {
	const char *places[CONFINE_PLACES];
	char *const *read_only;
	uint32_t capabilities;
	bool knows_users;
};

/*
 * Give up privileges and, if the system allows that, the sight of all files but
 * those in the directories of @needs. To be called when all files are open, and
 * before there is a second thread. Returns false and logs why if what is always
 * possible has failed.
 */
bool confine_files(const struct confine_needs *needs);

/* A system call, with any arguments or, if @compared, only when one is like this */
struct confine_call {
	int number;
	bool compared;
	struct scmp_arg_cmp argument;
};

#define CALL(name) { .number = SCMP_SYS(name) }
#define CALL_IF(name, like) \
	{ .number = SCMP_SYS(name), .compared = true, .argument = like }

struct confine_set {
	const struct confine_call *calls;
	size_t nr;
};

#define CONFINE_SET(calls) { calls, sizeof(calls) / sizeof((calls)[0]) }

/* How librpmb carries frames */
extern const struct confine_set confine_device;

/* Opening files that it sees, for reading only: without this, none can be opened */
extern const struct confine_set confine_reading;

/*
 * Give up, in all threads and for good, every system call but those of @sets, up to one
 * that is NULL, and those that every server needs: any other ends the process. Returns
 * false and logs why if that cannot be done.
 */
bool confine_calls(const struct confine_set *const *sets);

#endif /* CONFINE_H */
