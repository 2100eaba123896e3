// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "message.h"

/* What is read at once when nobody knows how much there is */
#define STEP 65536

static int load_all(FILE *stream, const char *name, uint8_t **data, size_t *len)
{
	uint8_t *more;

	do {
		more = realloc(*data, *len + STEP);
		if (!more)
			return complain_error(name, RPMB_ERR_MEMORY);
		*data = more;
		*len += fread(*data + *len, 1, STEP, stream);
	} while (!feof(stream) && !ferror(stream));
	return ferror(stream) ? complain(EXIT_OTHER, name, "%m") : EXIT_OK;
}

static const char *input_name(const struct session *session)
{
	const char *file = session->args->operands[0];

	return file && !is_stdio(file) ? file : "stdin";
}

static int load_input(const struct session *session, uint8_t **data,
		      size_t *len)
{
	const char *name = input_name(session);
	FILE *stream = stdin;
	int ret;

	if (strcmp(name, "stdin"))
		stream = fopen(name, "re");
	if (!stream)
		return complain(EXIT_OTHER, name, "%m");
	ret = load_all(stream, name, data, len);
	if (stream != stdin)
		fclose(stream);
	return ret;
}

/* JEDEC's type is at the end of 512 bytes, NVMe's at the end of 256 */
static int guess_format(const struct session *session, uint8_t *frames,
			size_t len)
{
	struct message message;

	if (session->args->format >= 0)
		return session->args->format;
	if (find_message(&message, RPMB_FRAME_JEDEC, frames, len, NULL))
		return RPMB_FRAME_JEDEC;
	return RPMB_FRAME_NVME;
}

/* Print one message or add it to an array; exit code 6 if it is not authentic */
static int show(const struct message *message, struct json_object *messages)
{
	if (messages)
		json_object_array_add(messages, message_json(message));
	else
		print_message(message);
	if (message->mac == MAC_WRONG || !message->agree)
		return EXIT_FORGED;
	return EXIT_OK;
}

static int decode_all(const struct session *session, uint8_t *frames,
		      size_t len, struct json_object *messages)
{
	int format = guess_format(session, frames, len);
	int ret = EXIT_OK, shown;
	struct message message;
	size_t at = 0;

	while (at < len) {
		if (!find_message(&message, format, frames + at, len - at,
				  session->key))
			return complain(EXIT_OTHER, input_name(session),
					"no RPMB message at byte %zu; is it of the other --format, or cut off?",
					at);
		shown = show(&message, messages);
		ret = ret ?: shown;
		at += message.len;
	}
	if (!at)
		return complain(EXIT_OTHER, input_name(session), "empty");
	return ret;
}

static int decode_json(const struct session *session, uint8_t *frames,
		       size_t len)
{
	struct json_object *object = json_object_new_object();
	struct json_object *messages = json_object_new_array();
	int ret;

	ret = decode_all(session, frames, len, messages);
	json_object_object_add(object, "messages", messages);
	print_json(object);
	return ret;
}

int cmd_decode(const struct session *session)
{
	uint8_t *frames = NULL;
	size_t len = 0;
	int ret;

	ret = load_input(session, &frames, &len);
	if (!ret && session->args->json)
		ret = decode_json(session, frames, len);
	else if (!ret)
		ret = decode_all(session, frames, len, NULL);
	/* There may be a key in a request to program it */
	if (frames)
		explicit_bzero(frames, len);
	free(frames);
	return ret;
}
