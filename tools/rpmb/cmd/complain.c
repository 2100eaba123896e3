// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages, questions, and exit codes for errors
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

int complain(int code, const char *what, const char *fmt, ...)
{
	va_list args;

	/* What was printed before stands before it, wherever both go */
	fflush(stdout);
	fprintf(stderr, "rpmb: %s: ", what);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return code;
}

int exit_code(int error)
{
	if (error <= RPMB_ERR_RESPONSE_TYPE &&
	    error >= RPMB_ERR_RESPONSE_COUNTER)
		return EXIT_FORGED;

	switch (error) {
	case 0:
		return EXIT_OK;
	case RPMB_ERR_NO_DEVICE:
	case RPMB_ERR_AMBIGUOUS:
	case RPMB_ERR_NOT_RPMB:
	case RPMB_ERR_GONE:
	case RPMB_ERR_DRIVERS_ONLY:
		return EXIT_DEVICE;
	case RPMB_ERR_PERMISSION:
		return EXIT_PERMISSION;
	case RPMB_ERR_KERNEL_KEY_UNSUPPORTED:
	case RPMB_ERR_KERNEL_KEY_NONE:
	case RPMB_ERR_KERNEL_KEY_KIND:
	case RPMB_ERR_KERNEL_KEY_DENIED:
	case RPMB_ERR_KERNEL_KEY_REVOKED:
	case RPMB_ERR_KERNEL_KEY_EXPIRED:
		return EXIT_KEY;
	case RPMB_ERR_AUTHENTICATION:
		return EXIT_AUTHENTICATION;
	case RPMB_ERR_COUNTER:
		return EXIT_COUNTER;
	case RPMB_ERR_RANGE:
	case RPMB_ERR_ADDRESS:
		return EXIT_ADDRESS;
	case RPMB_ERR_NO_KEY:
		return EXIT_NO_KEY;
	case RPMB_ERR_EXPIRED:
		return EXIT_EXPIRED;
	case RPMB_ERR_UNSUPPORTED:
		return EXIT_REFUSED;
	case RPMB_ERR_NO_TABLE:
	case RPMB_ERR_TABLE:
	case RPMB_ERR_TABLE_VERSION:
	case RPMB_ERR_NO_PARTITION:
	case RPMB_ERR_EXISTS:
	case RPMB_ERR_TAKEN:
	case RPMB_ERR_NO_SPACE:
		return EXIT_PARTITION;
	case RPMB_ERR_NO_ANCHOR:
	case RPMB_ERR_ANCHOR:
	case RPMB_ERR_ANCHOR_IN_USE:
	case RPMB_ERR_OLD:
	case RPMB_ERR_FORGED:
	case RPMB_ERR_SPENT:
	case RPMB_ERR_NOT_AGREED:
		return EXIT_ANCHOR;
	case RPMB_ERR_BUSY:
	case RPMB_ERR_TIMEOUT:
	case RPMB_ERR_MIXED_UP:
	case RPMB_ERR_SYSTEM:
		return EXIT_TRANSPORT;
	default:
		return error <= RPMB_ERR_GENERAL ? EXIT_REFUSED : EXIT_OTHER;
	}
}

int complain_error(const char *device, int error)
{
	const char *text = error == RPMB_ERR_SYSTEM ? strerror(errno) :
						      rpmb_strerror(error);

	return complain(exit_code(error), device, "%s", text);
}

static bool is_typed(const char *wanted)
{
	char answer[64] = "";

	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	answer[strcspn(answer, "\n")] = '\0';
	return !strcmp(answer, wanted);
}

static int not_confirmed(const struct session *session)
{
	return complain(EXIT_NOT_CONFIRMED, session->args->device,
			"not confirmed; nothing was done");
}

int confirm(const struct session *session, const char *warning)
{
	const char *name = session->info->name;

	if (session->args->yes)
		return EXIT_OK;
	fprintf(stderr, "%s\nType the name of the device, %s, to go on: ",
		warning, name);
	return is_typed(name) ? EXIT_OK : not_confirmed(session);
}

int confirm_again(const struct session *session)
{
	if (session->args->yes > 1)
		return EXIT_OK;
	fprintf(stderr,
		"Once more, since nobody can undo it: type \"forever\" to go on%s: ",
		session->args->yes ? ", or give --yes twice" : "");
	return is_typed("forever") ? EXIT_OK : not_confirmed(session);
}
