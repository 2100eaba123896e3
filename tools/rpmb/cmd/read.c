// SPDX-License-Identifier: GPL-2.0-only
/*
 * read
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

static int put_data(const struct args *args, const uint8_t *data, size_t len)
{
	FILE *file = args->file ? fopen(args->file, "we") : stdout;
	const char *name = args->file ?: "stdout";
	bool ok;

	if (!file)
		return complain(EXIT_OTHER, name, "%s", strerror(errno));
	ok = fwrite(data, 1, len, file) == len;
	/* What is buffered may still fail to be written */
	ok &= !(args->file ? fclose(file) : fflush(file));
	return ok ? EXIT_OK : complain(EXIT_OTHER, name, "%s", strerror(errno));
}

/* Nothing of what was read is put out before all of it is known to be authentic */
static int read_data(const struct args *args, struct rpmb *rpmb,
		     const uint8_t key[LIBRPMB_KEY_LEN])
{
	const struct rpmb_info *info = rpmb_info(rpmb);
	uint64_t offset = quantity_bytes(&args->offset, info);
	uint64_t len = quantity_bytes(&args->length, info);
	struct range range;
	uint8_t *data;
	int ret;

	ret = find_range(args, info, offset, len, &range);
	if (ret)
		return ret;
	data = malloc((size_t)range.blocks * info->block_size);
	if (!data)
		return complain_error(args->device, RPMB_ERR_MEMORY);

	show_progress(rpmb, "read");
	ret = rpmb_read(rpmb, key, range.addr, range.blocks, data);
	if (ret)
		ret = complain_error(args->device, ret);
	else
		ret = put_data(args, data + offset % info->block_size, len);
	free(data);
	return ret;
}

int cmd_read(const struct args *args)
{
	uint8_t key[LIBRPMB_KEY_LEN];
	struct rpmb *rpmb;
	int ret;

	ret = open_device(args, O_RDONLY, &rpmb, key);
	if (!ret) {
		ret = read_data(args, rpmb, key);
		rpmb_close(rpmb);
	}
	explicit_bzero(key, sizeof(key));
	return ret;
}
