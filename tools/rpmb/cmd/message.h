/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages: the frames of one request or response, in words
 */
#ifndef RPMB_CMD_MESSAGE_H
#define RPMB_CMD_MESSAGE_H

#include <json-c/json.h>

#include "cmd.h"
#include "frame.h"

/* What the MAC of a message is worth */
enum mac_state {
	MAC_NONE,		/* such a message has none */
	MAC_UNCHECKED,		/* there is no key to check it with */
	MAC_RIGHT,
	MAC_WRONG,
};

struct message {
	enum rpmb_frame_format format;
	uint8_t *frames;
	size_t len;
	struct rpmb_fields fields;
	bool agree;		/* its frames do not contradict each other */
	enum mac_state mac;
};

/*
 * Find the message at the start of @size bytes, and check its MAC with @key, unless
 * that is NULL. False if there is none, or only a part of one.
 */
bool find_message(struct message *message, enum rpmb_frame_format format,
		  uint8_t *frames, size_t size, const uint8_t *key);

/* Is this a request or the response to one? */
bool is_response(const struct message *message);

/* The library's error for the result field of a response */
int result_error(const struct message *message);

/* In words, without the key of a message that has one */
void print_message(const struct message *message);
struct json_object *message_json(const struct message *message);

#endif /* RPMB_CMD_MESSAGE_H */
