// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the data on a device looks like
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "looks.h"
#include "walk.h"

/* How much of the first block is shown */
#define SHOWN 16

/* What stands at the beginning of a device that somebody uses */
static const struct {
	const char *begins;
	const char *what;
} known[] = {
	/* Little-endian 0x52504d42, at address 0 */
	{ "BMPR", "the secure storage of OP-TEE" },
	{ "RPMBPART", "a partition table" },
};

const char *known_as(const uint8_t *data)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (!memcmp(data, known[i].begins, strlen(known[i].begins)))
			return known[i].what;
	return NULL;
}

static bool is_zero(const uint8_t *block, unsigned int size)
{
	return !*block && !memcmp(block, block + 1, size - 1);
}

static void show_bytes(const char *device, const uint8_t *bytes)
{
	char hex[3 * SHOWN + 1], text[SHOWN + 1] = "";
	unsigned int i;

	for (i = 0; i < SHOWN; i++) {
		sprintf(hex + 3 * i, " %02x", bytes[i]);
		text[i] = isprint(bytes[i]) ? bytes[i] : '.';
	}
	complain(EXIT_OK, device, "it begins with%s  %s", hex, text);
}

static void say(const struct session *session, const uint8_t *data, bool *empty)
{
	unsigned int bs = session->info->block_size, used = 0, i;
	const char *device = session->args->device;
	const uint8_t *first = NULL, *block;

	for (i = 0; i < session->info->capacity; i++) {
		block = data + (size_t)i * bs;
		if (is_zero(block, bs))
			continue;
		used++;
		if (!first)
			first = block;
	}
	*empty = !first;
	if (!first)
		return;
	complain(EXIT_OK, device, "%u of %u blocks have data, the first is block %zu",
		 used, session->info->capacity, (size_t)(first - data) / bs);
	if (known_as(data))
		complain(EXIT_OK, device, "it looks like %s", known_as(data));
	else
		show_bytes(device, first);
}

int say_what_it_looks_like(const struct session *session, bool *empty)
{
	const struct range all = { .blocks = session->info->capacity };
	uint8_t *data = malloc(capacity_bytes(session->info));
	int ret;

	if (!data)
		return complain_error(session->args->device, RPMB_ERR_MEMORY);
	ret = read_blocks(session, "look", true, &all, data);
	if (!ret)
		say(session, data, empty);
	free(data);
	return ret;
}
