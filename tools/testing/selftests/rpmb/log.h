/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Each test says in the kernel's log that it begins, so that a warning has an owner; who
 * runs the tests judges what follows
 */
#ifndef RPMB_SELFTESTS_LOG_H
#define RPMB_SELFTESTS_LOG_H

#include <errno.h>
#include <stdio.h>

/* @variant: of the test's fixture, or "" */
static inline void mark_kernel_log(const char *variant, const char *test)
{
	FILE *log = fopen("/dev/kmsg", "w");

	if (!log)
		return;
	fprintf(log, "<6>test begins: %s: %s%s%s\n",
		program_invocation_short_name, variant, *variant ? "." : "",
		test);
	fclose(log);
}

#endif /* RPMB_SELFTESTS_LOG_H */
