// SPDX-License-Identifier: GPL-2.0-only
/*
 * verify
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "json.h"

struct difference {
	unsigned int blocks;		/* that are different */
	uint64_t first;			/* byte, if there are any */
};

static struct difference compare(const struct session *session,
				 const struct range *range, const uint8_t *image,
				 const uint8_t *data)
{
	unsigned int bs = session->info->block_size, i;
	uint64_t start = (uint64_t)range->addr * bs, at;
	struct difference difference = { 0 };

	for (i = 0; i < range->blocks; i++) {
		at = (uint64_t)i * bs;
		if (!memcmp(image + start + at, data + at, bs))
			continue;
		if (!difference.blocks++)
			for (difference.first = start + at;
			     image[difference.first] ==
			     data[difference.first - start];
			     difference.first++)
				;
	}
	return difference;
}

static void print_difference(const struct session *session,
			     const struct range *range,
			     const struct difference *difference)
{
	struct json_object *object = json_about(session);
	unsigned int bs = session->info->block_size;

	add_number(object, "offset", (uint64_t)range->addr * bs);
	add_number(object, "length", (uint64_t)range->blocks * bs);
	add_bool(object, "same", !difference->blocks);
	add_number(object, "different_blocks", difference->blocks);
	if (difference->blocks)
		add_number(object, "first_difference", difference->first);
	print_json(object);
}

static int report(const struct session *session, const struct range *range,
		  const struct difference *difference)
{
	const struct args *args = session->args;

	if (args->json)
		print_difference(session, range, difference);
	if (difference->blocks)
		return complain(EXIT_DIFFERENT, args->device,
				"%u of %u blocks are not those of %s; the first difference is byte %llu",
				difference->blocks, range->blocks,
				args->operands[0],
				(unsigned long long)difference->first);
	if (!args->json)
		printf("device and file are the same: %llu bytes\n",
		       (unsigned long long)range->blocks *
		       session->info->block_size);
	return EXIT_OK;
}

int cmd_verify(const struct session *session)
{
	struct difference difference;
	struct range range;
	uint8_t *image, *data;
	int ret;

	ret = load_image(session, &image, &range);
	if (ret)
		return ret;
	data = malloc((size_t)range.blocks * session->info->block_size);
	if (data)
		ret = read_blocks(session, "verify", false, &range, data);
	else
		ret = complain_error(session->args->device, RPMB_ERR_MEMORY);
	if (!ret) {
		difference = compare(session, &range, image, data);
		ret = report(session, &range, &difference);
	}
	free(data);
	free(image);
	return ret;
}
