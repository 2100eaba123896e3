// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>

#include "librpmb.h"
#include "members.h"
#include "partition.h"

static void print_text(const struct state *state, const char *guid)
{
	printf("device:         %s\n", guid);
	printf("capacity:       %u units of 128 KiB\n", state->capacity);
	printf("key:            %s\n",
	       state->store.has_key ? "programmed" : "none");
	printf("write counter:  %" PRIu32 "\n", state->store.counter);
}

static void print_json(const struct state *state, const char *guid)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "guid", guid);
	add_number(object, "capacity", state->capacity);
	add_bool(object, "key", state->store.has_key);
	add_number(object, "counter", state->store.counter);
	print_object(object);
}

/* The identity of such a device is the GUID of its partition */
bool partition_inspect(const struct arguments *args)
{
	char guid[LIBRPMB_GUID_TEXT];
	struct state state;

	if (!state_open(&state, &args->state))
		return false;
	rpmb_guid_to_text(guid, state.dev_id);
	if (args->json)
		print_json(&state, guid);
	else
		print_text(&state, guid);
	return state_close(&state);
}

bool partition_check(const struct arguments *args)
{
	bool ok = state_check(&args->state);

	if (ok)
		printf("%s is sound\n", args->state.partition);
	return ok;
}
