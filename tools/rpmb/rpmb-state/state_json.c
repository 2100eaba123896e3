// SPDX-License-Identifier: GPL-2.0-only
#include "librpmb.h"
#include "members.h"
#include "state_json.h"

void print_state(const uint8_t guid[STATE_GUID_LEN], const struct state *state)
{
	struct json_object *object = json_object_new_object();
	char text[LIBRPMB_GUID_TEXT];

	rpmb_guid_to_text(text, guid);
	add_text(object, "guid", text);
	add_number(object, "capacity", state->capacity);
	add_bool(object, "key", state->store.has_key);
	add_number(object, "counter", state->store.counter);
	print_object(object);
}
