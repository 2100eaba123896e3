// SPDX-License-Identifier: GPL-2.0-only
/*
 * write, restore
 */
#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "image.h"
#include "json.h"
#include "walk.h"

/* A write that may have failed or have been interrupted, and what became of it */
struct writing {
	const struct session *session;
	const struct range *range;
	struct rpmb_outcome outcome;	/* of all of it */
};

/* A write that failed may have succeeded after all */
static int write_piece(struct walk *walk, const struct range *piece,
		       uint8_t *data)
{
	const struct session *session = walk->session;
	struct writing *writing = walk->arg;
	struct rpmb_outcome outcome;
	int ret;

	ret = rpmb_write_retry(session->rpmb, session->key, piece->addr,
			       piece->blocks, data, session->args->retries,
			       &outcome);
	writing->outcome.stored += outcome.stored;
	writing->outcome.unknown = outcome.unknown;
	if (!ret)
		return EXIT_OK;
	ret = complain_error(session->args->device, ret);
	if (outcome.stored != piece->blocks)
		return ret;
	return complain(EXIT_OK, session->args->device,
			"reading back shows that it is written");
}

static unsigned long long byte_at(const struct writing *writing,
				  unsigned int block)
{
	return ((unsigned long long)writing->range->addr + block) *
	       writing->session->info->block_size;
}

/* What is written after all, when a write has ended with @ret; returns an exit code */
static int explain(const struct writing *writing, int ret)
{
	const char *device = writing->session->args->device;
	const struct rpmb_outcome *outcome = &writing->outcome;
	unsigned long long at = byte_at(writing, outcome->stored);

	if (!ret)
		return EXIT_OK;
	if (ret == EXIT_INTERRUPTED)
		complain(ret, device, "interrupted");
	if (outcome->stored)
		complain(ret, device, "%u of %u blocks are written, up to byte %llu",
			 outcome->stored, writing->range->blocks, at);
	if (outcome->unknown)
		return complain(EXIT_UNKNOWN, device,
				"unknown whether the %u blocks from byte %llu on are written; read them before writing again",
				outcome->unknown, at);
	return complain(ret, device, outcome->stored ?
			"the rest was not written" : "nothing was written");
}

static const char *result_text(const struct writing *writing)
{
	if (writing->outcome.stored == writing->range->blocks)
		return "written";
	if (writing->outcome.unknown)
		return "unknown";
	return writing->outcome.stored ? "partly written" : "not written";
}

static void print_outcome(const struct writing *writing)
{
	struct json_object *object = json_about(writing->session);
	unsigned int bs = writing->session->info->block_size;

	add_number(object, "offset", byte_at(writing, 0));
	add_number(object, "length", (uint64_t)writing->range->blocks * bs);
	add_text(object, "result", result_text(writing));
	add_number(object, "written", (uint64_t)writing->outcome.stored * bs);
	add_number(object, "unknown", (uint64_t)writing->outcome.unknown * bs);
	print_json(object);
}

static int write_blocks(struct writing *writing, const char *verb, bool patient,
			uint8_t *data)
{
	struct walk way = {
		.session = writing->session,
		.verb = verb,
		.patient = patient,
		.at_once = writing->session->info->max_write,
		.step = write_piece,
		.arg = writing,
	};
	int ret;

	ret = walk(&way, writing->range, data);
	ret = explain(writing, ret);
	if (writing->session->args->json)
		print_outcome(writing);
	return ret;
}

static int check_blocks(const struct session *session, uint64_t offset,
			size_t len)
{
	const char *device = session->args->device;
	unsigned int bs = session->info->block_size;

	if (offset % bs)
		return complain(EXIT_USAGE, device,
				"--offset must be a multiple of %u bytes", bs);
	if (len % bs && !session->args->pad)
		return complain(EXIT_USAGE, device,
				"%zu bytes are no multiple of %u; --pad fills the last block with zeros",
				len, bs);
	return 0;
}

static int write_input(const struct session *session, uint8_t *data,
		       size_t size)
{
	uint64_t offset = quantity_bytes(&session->args->offset, session->info);
	struct range range;
	struct writing writing = { .session = session, .range = &range };
	size_t len = 0;
	int ret;

	ret = load_file(session->args->operands[0], data, size, &len);
	if (ret)
		return ret;
	ret = find_range(session, offset, len, &range);
	/* Not before: of what is too long one byte too many has been read */
	if (!ret)
		ret = check_blocks(session, offset, len);
	return ret ?: write_blocks(&writing, "write", true, data);
}

int cmd_write(const struct session *session)
{
	size_t size = capacity_bytes(session->info) + 1;
	uint8_t *data = calloc(1, size);
	int ret;

	if (!data)
		return complain_error(session->args->device, RPMB_ERR_MEMORY);
	ret = write_input(session, data, size);
	free(data);
	return ret;
}

/* What is not known to be written is where to go on, after a look at it */
static void say_how_to_go_on(const struct writing *writing)
{
	const struct session *session = writing->session;
	unsigned long long at = byte_at(writing, writing->outcome.stored);

	complain(EXIT_OK, session->args->device,
		 "to go on: rpmb restore %s %s --offset %llu%s and the same key%s",
		 session->args->device, session->args->operands[0], at,
		 session->args->retries ? " --retry" : "",
		 session->args->length.given ? "; --length counts from there" :
					       "");
}

int cmd_restore(const struct session *session)
{
	struct range range;
	struct writing writing = { .session = session, .range = &range };
	uint8_t *image;
	int ret;

	ret = load_image(session, &image, &range);
	if (ret)
		return ret;
	ret = write_blocks(&writing, "restore", false,
			   image + byte_at(&writing, 0));
	if (ret)
		say_how_to_go_on(&writing);
	else if (!session->args->json)
		printf("%llu bytes written\n", byte_at(&writing, range.blocks) -
					       byte_at(&writing, 0));
	free(image);
	return ret;
}
