// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <fcntl.h>
#include <stdio.h>

#include "device.h"

uint8_t key[LIBRPMB_KEY_LEN];

void must(int ret, const char *what)
{
	if (ret)
		errx(1, "%s: %s", what, rpmb_strerror(ret));
}

void load_key(const char *name)
{
	FILE *file = fopen(name, "rb");

	if (!file || fread(key, sizeof(key), 1, file) != 1)
		err(1, "%s", name);
	fclose(file);
}

struct rpmb *open_rpmb(const char *name)
{
	struct rpmb *rpmb;

	must(rpmb_open(&rpmb, name, O_RDWR), name);
	return rpmb;
}
