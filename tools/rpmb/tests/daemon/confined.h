/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is true of every program that serves others: it can do only what it needs
 */
#ifndef CONFINED_H
#define CONFINED_H

#include <stdbool.h>
#include <sys/types.h>

/* By seccomp and without new privileges, all threads; returns their number */
unsigned int check_confined(pid_t pid);

/* As root, too */
void check_no_capabilities(pid_t pid);

/* It sees @path, a full name, and nothing of the system */
void check_view(pid_t pid, const char *path);

struct system_call {
	long nr;
	long arguments[6];
};

/* Each of these ends the program; the last one has the number -1 */
extern const struct system_call deadly_calls[];

/* Does this kernel have the way by which it is made? */
bool call_is_known(const struct system_call *call);

#endif /* CONFINED_H */
