/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Members of JSON objects
 */
#ifndef JSON_MEMBERS_H
#define JSON_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <json-c/json.h>

static inline void add_text(struct json_object *object, const char *name,
			    const char *text)
{
	json_object_object_add(object, name, json_object_new_string(text));
}

static inline void add_number(struct json_object *object, const char *name,
			      uint64_t number)
{
	json_object_object_add(object, name, json_object_new_uint64(number));
}

static inline void add_bool(struct json_object *object, const char *name,
			    bool value)
{
	json_object_object_add(object, name, json_object_new_boolean(value));
}

/* On standard output; it is gone then */
static inline void print_object(struct json_object *object)
{
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
						    JSON_C_TO_STRING_SPACED));
	json_object_put(object);
}

#endif /* JSON_MEMBERS_H */
