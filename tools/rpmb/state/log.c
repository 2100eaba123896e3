// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "log.h"

static char *about;

void log_about(const char *device, const char *guest)
{
	if (asprintf(&about, "%s: %s for %s", program_invocation_short_name,
		     device, guest) < 0)
		about = NULL;
}

void log_line(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dprintf(STDERR_FILENO, "%s: %s\n",
		about ?: program_invocation_short_name, text);
}
