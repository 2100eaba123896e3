// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON
 */
#include <stdio.h>
#include <stdlib.h>

#include "json.h"

void add_text(struct json_object *object, const char *name, const char *text)
{
	json_object_object_add(object, name, json_object_new_string(text));
}

void add_number(struct json_object *object, const char *name, uint64_t number)
{
	json_object_object_add(object, name, json_object_new_uint64(number));
}

void add_bool(struct json_object *object, const char *name, bool value)
{
	json_object_object_add(object, name, json_object_new_boolean(value));
}

void add_hex(struct json_object *object, const char *name, const void *bytes,
	     size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *byte = bytes;
	char *text = malloc(2 * len + 1);
	size_t i;

	if (!text)
		abort();
	for (i = 0; i < len; i++) {
		text[2 * i] = digits[byte[i] >> 4];
		text[2 * i + 1] = digits[byte[i] & 15];
	}
	text[2 * len] = '\0';
	add_text(object, name, text);
	free(text);
}

void add_wear(struct json_object *object, const struct wear *wear)
{
	add_number(object, "counter", wear->counter);
	json_object_object_add(object, "used_percent",
			       json_object_new_double(wear->used));
	if (wear->per_day)
		json_object_object_add(object, "writes_per_day",
				       json_object_new_double(wear->per_day));
	if (wear->end)
		add_number(object, "end", wear->end);
}

struct json_object *json_about(const struct session *session)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "device", session->info->name);
	return object;
}

int print_json(struct json_object *object)
{
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
						    JSON_C_TO_STRING_SPACED |
						    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	return EXIT_OK;
}
