// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "argument.h"
#include "log.h"
#include "state.h"
#include "sysfs.h"

unsigned int argument_number(struct argp_state *argp, const char *option,
			     const char *text, unsigned long min,
			     unsigned long max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, strncmp(text, "0x", 2) ? 10 : 16);
	if (errno || end == text || *end || *text == '-' || value < min ||
	    value > max)
		argp_error(argp, "--%s takes a number from %lu to %lu, not '%s'",
			   option, min, max, text);
	return value;
}

/*
 * OP-TEE zeroes what is an eMMC's revision and checksum before it derives a key, so
 * these bytes tell no devices apart
 */
static bool counts(size_t byte)
{
	return byte != 9 && byte != 15;
}

static bool is_alike(const uint8_t *id)
{
	size_t i;

	for (i = 1; i < STATE_DEV_ID_LEN; i++)
		if (counts(i) && id[i] != id[0])
			return false;
	return true;
}

void argument_id(struct argp_state *argp, const char *option, uint8_t *id,
		 const char *text)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	if (strlen(text) != 2 * STATE_DEV_ID_LEN ||
	    strspn(text, digits) != 2 * STATE_DEV_ID_LEN)
		argp_error(argp, "--%s takes %d hex digits, not '%s'", option,
			   2 * STATE_DEV_ID_LEN, text);
	rpmb_from_hex(text, id, STATE_DEV_ID_LEN);
	if (is_alike(id))
		log_line("--%s: all bytes that OP-TEE uses are alike; use a random one",
			 option);
}
