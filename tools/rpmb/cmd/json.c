// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON
 */
#include <stdio.h>
#include <stdlib.h>

#include "identity.h"
#include "json.h"

void add_hex(struct json_object *object, const char *name, const void *bytes,
	     size_t len)
{
	char *text = malloc(2 * len + 1);

	if (!text)
		abort();
	put_hex(text, bytes, len);
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
