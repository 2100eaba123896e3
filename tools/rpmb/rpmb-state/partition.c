// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>

#include "librpmb.h"
#include "partition.h"
#include "state_json.h"

/* The identity of such a device is the GUID of its partition */
static void print_text(const struct state *state)
{
	char guid[LIBRPMB_GUID_TEXT];

	rpmb_guid_to_text(guid, state->dev_id);
	printf("device:         %s\n", guid);
	printf("capacity:       %u units of 128 KiB\n", state->capacity);
	printf("key:            %s\n",
	       state->store.has_key ? "programmed" : "none");
	printf("write counter:  %" PRIu32 "\n", state->store.counter);
}

bool partition_inspect(const struct arguments *args)
{
	struct state state;

	if (!state_open(&state, &args->state))
		return false;
	if (args->json)
		print_state(state.dev_id, &state);
	else
		print_text(&state);
	return state_close(&state);
}

bool partition_check(const struct arguments *args)
{
	bool ok = state_check(&args->state);

	if (ok)
		printf("%s is sound\n", args->state.partition);
	return ok;
}
