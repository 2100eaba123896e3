/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tests of the daemon, each in a new directory of its own, which nobody has to
 * clean up: daemons end with it, and what it has opened is closed
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "tap.h"

/*
 * Run the tests; the first argument of the program, if any, picks those whose name
 * contains it. Returns the exit status.
 */
int run_daemon_tests(int argc, char **argv, const struct test *tests,
		     unsigned int nr);

/*
 * The same of states: with $RPMB_DATABASE they are in a database, and the tests of
 * @on_files are left out
 */
int run_state_tests(int argc, char **argv, const struct test *tests,
		    unsigned int nr, const struct test *on_files,
		    unsigned int nr_on_files);

#endif /* FIXTURE_H */
