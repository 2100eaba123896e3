/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs of the end-to-end tests share
 */
#ifndef RPMB_E2E_COMMON_H
#define RPMB_E2E_COMMON_H

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "librpmb.h"

/* Exit status of trouble of our own, which no device answers with */
#define TROUBLE 125

/* Everything in a file of at most @size bytes; how many there are */
static inline size_t load(const char *path, void *buf, size_t size)
{
	FILE *file = fopen(path, "rb");
	size_t len;

	if (!file)
		err(TROUBLE, "%s", path);
	len = fread(buf, 1, size, file);
	if (ferror(file) || getc(file) != EOF)
		errx(TROUBLE, "%s: cannot be read, or too long", path);
	fclose(file);
	return len;
}

static inline void load_key(const char *path, uint8_t key[LIBRPMB_KEY_LEN])
{
	if (load(path, key, LIBRPMB_KEY_LEN) != LIBRPMB_KEY_LEN)
		errx(TROUBLE, "%s: not %d bytes", path, LIBRPMB_KEY_LEN);
}

#endif /* RPMB_E2E_COMMON_H */
