// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>

#include "handle.h"
#include "tap.h"

const uint8_t other_key[LIBRPMB_KEY_LEN] = "another key";

struct rpmb *must_open(const char *name, int flags)
{
	struct rpmb *rpmb;
	int ret = rpmb_open(&rpmb, name, flags);

	check(!ret, "cannot open %s: %s", name, rpmb_strerror(ret));
	use_key(rpmb);
	return rpmb;
}

int open_error(const char *name)
{
	struct rpmb *rpmb;
	int ret = rpmb_open(&rpmb, name, O_RDONLY);

	expect(!rpmb == !!ret);
	rpmb_close(rpmb);
	return ret;
}

void fill(uint8_t *data, size_t len, uint8_t seed)
{
	size_t i;

	for (i = 0; i < len; i++)
		data[i] = seed + i + (i >> 8);
}
