/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Members of JSON objects
 */
#ifndef JSON_MEMBERS_H
#define JSON_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>
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

#endif /* JSON_MEMBERS_H */
