// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.h"
#include "fixture.h"
#include "proxy.h"

static void enter_directory(unsigned int nr)
{
	char name[16];

	snprintf(name, sizeof(name), "t%u", nr);
	if (mkdir(name, 0700) || chdir(name)) {
		perror(name);
		exit(2);
	}
	daemon_new_device();
}

static void leave_directory(bool passed)
{
	if (!passed)
		daemon_show_messages();
	daemon_end_all();
	proxy_end_all();
	close_range(STDERR_FILENO + 1, ~0U, 0);
	if (chdir("..")) {
		perror("..");
		exit(2);
	}
}

int run_daemon_tests(int argc, char **argv, const struct test *tests,
		     unsigned int nr)
{
	static const struct tap_frame frame = {
		enter_directory, leave_directory
	};

	return tap_run(tests, nr, &frame, argc > 1 ? argv[1] : "");
}

int run_state_tests(int argc, char **argv, const struct test *tests,
		    unsigned int nr, const struct test *on_files,
		    unsigned int nr_on_files)
{
	struct test all[64];

	if (getenv("RPMB_DATABASE"))
		nr_on_files = 0;
	if (nr + nr_on_files > ARRAY_SIZE(all)) {
		fprintf(stderr, "more than %zu tests\n", ARRAY_SIZE(all));
		exit(2);
	}
	memcpy(all, tests, nr * sizeof(*tests));
	memcpy(all + nr, on_files, nr_on_files * sizeof(*on_files));
	return run_daemon_tests(argc, argv, all, nr + nr_on_files);
}
