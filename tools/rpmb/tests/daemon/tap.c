// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test programs that print TAP
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.h"
#include "tap.h"

static jmp_buf failed;

static void diagnose(const char *fmt, va_list args)
{
	printf("# ");
	vprintf(fmt, args);
	putchar('\n');
}

void tap_note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	diagnose(fmt, args);
	va_end(args);
}

void tap_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	diagnose(fmt, args);
	va_end(args);
	longjmp(failed, 1);
}

static void enter_directory(unsigned int nr)
{
	char name[16];

	snprintf(name, sizeof(name), "t%u", nr);
	if (mkdir(name, 0700) || chdir(name)) {
		perror(name);
		exit(2);
	}
}

static void leave_directory(void)
{
	if (chdir("..")) {
		perror("..");
		exit(2);
	}
}

/* Tests clean up nothing: their daemons end here, their descriptors close */
static void clean_up(void)
{
	daemon_end_all();
	close_range(STDERR_FILENO + 1, ~0U, 0);
}

static bool run_one(const struct tap_test *test)
{
	if (setjmp(failed)) {
		daemon_show_messages();
		clean_up();
		return false;
	}
	test->run();
	clean_up();
	return true;
}

int tap_run(int argc, char **argv, const struct tap_test *tests,
	    unsigned int nr)
{
	unsigned int done = 0, bad = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned int i = 0; i < nr; i++) {
		bool ok;

		if (argc > 1 && !strstr(tests[i].name, argv[1]))
			continue;
		enter_directory(++done);
		ok = run_one(&tests[i]);
		leave_directory();
		bad += !ok;
		printf("%sok %u - %s\n", ok ? "" : "not ", done, tests[i].name);
	}
	printf("1..%u\n", done);
	return bad ? 1 : 0;
}
