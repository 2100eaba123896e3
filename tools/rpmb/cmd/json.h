/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What --json prints; tools/rpmb/schema/rpmb.schema.json describes it
 */
#ifndef RPMB_CMD_JSON_H
#define RPMB_CMD_JSON_H

#include <stddef.h>

#include "cmd.h"
#include "members.h"
#include "wear.h"

/* A member with bytes in hexadecimal */
void add_hex(struct json_object *object, const char *name, const void *bytes,
	     size_t len);

/* Counter, share that is used, and what the history says */
void add_wear(struct json_object *object, const struct wear *wear);

/* An object whose first member says which device it is about */
struct json_object *json_about(const struct session *session);

/* Print it, and give it back; always EXIT_OK */
int print_json(struct json_object *object);

#endif /* RPMB_CMD_JSON_H */
