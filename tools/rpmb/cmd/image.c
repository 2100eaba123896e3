// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files with all of a device
 */
#include <stdlib.h>

#include "file.h"
#include "image.h"

static int find_part(const struct session *session, struct range *range)
{
	const struct args *args = session->args;
	const struct rpmb_info *info = session->info;
	uint64_t size = capacity_bytes(info);
	uint64_t offset = quantity_bytes(&args->offset, info);
	uint64_t len = offset < size ? size - offset : 0;

	if (args->length.given)
		len = quantity_bytes(&args->length, info);
	if (offset % info->block_size || len % info->block_size)
		return complain(EXIT_USAGE, args->device,
				"--offset and --length must be multiples of %u bytes",
				info->block_size);
	return find_range(session, offset, len, range);
}

static int load_all(const struct session *session, uint8_t *image, size_t size)
{
	const char *file = session->args->operands[0];
	size_t len = 0;
	int ret;

	/* One byte too many shows that there are more */
	ret = load_file(file, image, size + 1, &len);
	if (ret)
		return ret;
	if (len != size)
		return complain(EXIT_OTHER, file,
				"%s than the %zu bytes of the device; 'rpmb dump' makes such a file, 'rpmb write' takes others",
				len < size ? "less" : "more", size);
	return EXIT_OK;
}

int load_image(const struct session *session, uint8_t **image,
	       struct range *range)
{
	size_t size = capacity_bytes(session->info);
	int ret;

	ret = find_part(session, range);
	if (ret)
		return ret;
	*image = malloc(size + 1);
	if (!*image)
		return complain_error(session->args->device, RPMB_ERR_MEMORY);
	ret = load_all(session, *image, size);
	if (ret)
		free(*image);
	return ret;
}
