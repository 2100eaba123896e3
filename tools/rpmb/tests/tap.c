// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test programs that print TAP
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "tap.h"

static atomic_bool failed;
static jmp_buf the_end;

/* In one piece, whichever threads print */
static void diagnose(const char *format, va_list args)
{
	char text[4096];

	vsnprintf(text, sizeof(text), format, args);
	printf("# %s\n", text);
}

void tap_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	diagnose(format, args);
	va_end(args);
}

void tap_complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	diagnose(format, args);
	va_end(args);
	failed = true;
}

void tap_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	diagnose(format, args);
	va_end(args);
	failed = true;
	longjmp(the_end, 1);
}

static bool run_one(const struct test *test, unsigned int nr,
		    const struct tap_frame *frame)
{
	failed = false;
	if (frame->before)
		frame->before(nr);
	if (!setjmp(the_end))
		test->run();
	if (frame->after)
		frame->after(!failed);
	return !failed;
}

int tap_run(const struct test *tests, unsigned int nr,
	    const struct tap_frame *frame, const char *only)
{
	unsigned int done = 0, bad = 0, i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < nr; i++) {
		bool ok;

		if (!strstr(tests[i].name, only))
			continue;
		ok = run_one(&tests[i], ++done, frame);
		bad += !ok;
		printf("%sok %u - %s\n", ok ? "" : "not ", done,
		       tests[i].name);
	}
	printf("1..%u\n", done);
	return bad > 0;
}
