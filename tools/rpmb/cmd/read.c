// SPDX-License-Identifier: GPL-2.0-only
/*
 * read, dump: nothing of what was read is put out before all of it is known to be
 * authentic
 */
#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "json.h"
#include "walk.h"

/* Where it is, and where it went or what it is */
static int print_done(const struct session *session, uint64_t offset,
		      const uint8_t *data, uint64_t len, const char *file)
{
	struct json_object *object = json_about(session);

	add_number(object, "offset", offset);
	add_number(object, "length", len);
	if (file)
		add_text(object, "file", file);
	else
		add_hex(object, "data", data, len);
	return print_json(object);
}

static int put_data(const struct session *session, uint64_t offset,
		    const uint8_t *data, uint64_t len, const char *file)
{
	bool to_file = file && !is_stdio(file);
	int ret = EXIT_OK;

	if (to_file || !session->args->json)
		ret = store_file(file, data, len);
	if (!ret && session->args->json)
		ret = print_done(session, offset, data, len,
				 to_file ? file : NULL);
	return ret;
}

int cmd_read(const struct session *session)
{
	const struct rpmb_info *info = session->info;
	uint64_t offset = quantity_bytes(&session->args->offset, info);
	uint64_t len = quantity_bytes(&session->args->length, info);
	struct range range;
	uint8_t *data;
	int ret;

	ret = find_range(session, offset, len, &range);
	if (ret)
		return ret;
	data = malloc((size_t)range.blocks * info->block_size);
	if (!data)
		return complain_error(session->args->device, RPMB_ERR_MEMORY);
	ret = read_blocks(session, "read", true, &range, data);
	if (!ret)
		ret = put_data(session, offset,
			       data + offset % info->block_size, len,
			       session->args->file);
	free(data);
	return ret;
}

int cmd_dump(const struct session *session)
{
	const struct range all = { .blocks = session->info->capacity };
	uint64_t size = capacity_bytes(session->info);
	const char *file = session->args->operands[0];
	uint8_t *data = malloc(size);
	int ret;

	if (!data)
		return complain_error(session->args->device, RPMB_ERR_MEMORY);
	ret = read_blocks(session, "dump", false, &all, data);
	if (!ret)
		ret = put_data(session, 0, data, size, file);
	if (!ret && !is_stdio(file) && !session->args->json)
		printf("%llu bytes read, verified and stored in %s\n",
		       (unsigned long long)size, file);
	free(data);
	return ret;
}
