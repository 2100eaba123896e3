// SPDX-License-Identifier: GPL-2.0-only
/*
 * write
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

/* At most @size bytes of input; one more than fits shows that there is too much */
static int get_data(const struct args *args, uint8_t *data, size_t size,
		    size_t *len)
{
	FILE *file = args->file ? fopen(args->file, "re") : stdin;
	const char *name = args->file ?: "stdin";
	bool ok;

	if (!file)
		return complain(EXIT_OTHER, name, "%s", strerror(errno));
	*len = fread(data, 1, size, file);
	ok = !ferror(file);
	if (!ok)
		complain(EXIT_OTHER, name, "%s", strerror(errno));
	if (args->file)
		fclose(file);
	return ok ? EXIT_OK : EXIT_OTHER;
}

static int check_blocks(const struct args *args, const struct rpmb_info *info,
			uint64_t offset, size_t len)
{
	if (offset % info->block_size)
		return complain(EXIT_USAGE, args->device,
				"--offset must be a multiple of %u bytes",
				info->block_size);
	if (len % info->block_size && !args->pad)
		return complain(EXIT_USAGE, args->device,
				"%zu bytes are no multiple of %u; --pad fills the last block with zeros",
				len, info->block_size);
	return 0;
}

/* What became of a write that failed; it may have succeeded after all */
static int explain(const struct args *args, const struct rpmb_info *info,
		   const struct range *range, const struct rpmb_outcome *outcome,
		   int ret)
{
	uint64_t at = ((uint64_t)range->addr + outcome->stored) *
		      info->block_size;

	if (outcome->stored == range->blocks)
		return complain(EXIT_OK, args->device,
				"reading back shows that all is written");
	if (outcome->stored)
		complain(ret, args->device,
			 "%u of %u blocks are written, up to byte %llu",
			 outcome->stored, range->blocks,
			 (unsigned long long)at);
	if (outcome->unknown)
		return complain(EXIT_UNKNOWN, args->device,
				"unknown whether the %u blocks from byte %llu on are written; read them before writing again",
				outcome->unknown, (unsigned long long)at);
	return complain(ret, args->device, outcome->stored ?
			"the rest was not written" : "nothing was written");
}

static int write_data(const struct args *args, struct rpmb *rpmb,
		      const uint8_t key[LIBRPMB_KEY_LEN],
		      const struct range *range, const uint8_t *data)
{
	struct rpmb_outcome outcome;
	int ret;

	show_progress(rpmb, "write");
	ret = rpmb_write(rpmb, key, range->addr, range->blocks, data, &outcome);
	if (!ret)
		return EXIT_OK;
	ret = complain_error(args->device, ret);
	return explain(args, rpmb_info(rpmb), range, &outcome, ret);
}

static int write_input(const struct args *args, struct rpmb *rpmb,
		       const uint8_t key[LIBRPMB_KEY_LEN])
{
	const struct rpmb_info *info = rpmb_info(rpmb);
	size_t size = (size_t)info->capacity * info->block_size + 1;
	uint64_t offset = quantity_bytes(&args->offset, info);
	uint8_t *data = calloc(1, size);
	struct range range;
	size_t len = 0;
	int ret;

	if (!data)
		return complain_error(args->device, RPMB_ERR_MEMORY);
	ret = get_data(args, data, size, &len);
	if (!ret)
		ret = find_range(args, info, offset, len, &range);
	/* Not before: of what is too long one byte too many has been read */
	if (!ret)
		ret = check_blocks(args, info, offset, len);
	if (!ret)
		ret = write_data(args, rpmb, key, &range, data);
	free(data);
	return ret;
}

int cmd_write(const struct args *args)
{
	uint8_t key[LIBRPMB_KEY_LEN];
	struct rpmb *rpmb;
	int ret;

	ret = open_device(args, O_RDWR, &rpmb, key);
	if (!ret) {
		ret = write_input(args, rpmb, key);
		rpmb_close(rpmb);
	}
	explicit_bzero(key, sizeof(key));
	return ret;
}
