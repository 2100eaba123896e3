// SPDX-License-Identifier: GPL-2.0-only
/*
 * purge start, purge status
 */
#include <stdio.h>

#include "json.h"

static const char warning[] =
	"A purge removes for good what was overwritten in the RPMB of this device. Until it\n"
	"is done, the device refuses other requests.";

static const char * const states[] = {
	[LIBRPMB_PURGE_IDLE] = "none was started",
	[LIBRPMB_PURGE_RUNNING] = "in progress",
	[LIBRPMB_PURGE_DONE] = "done",
	[LIBRPMB_PURGE_FAILED] = "failed",
};

int cmd_purge_start(const struct session *session)
{
	const char *device = session->args->device;
	struct json_object *object;
	int ret;

	ret = confirm(session, warning);
	if (ret)
		return ret;
	ret = rpmb_purge_start(session->rpmb, session->key);
	if (ret) {
		ret = complain_error(device, ret);
		return complain(ret, device,
				"'rpmb purge status' says whether it was started all the same");
	}
	if (!session->args->json) {
		printf("purge started; 'rpmb purge status' says how far it is\n");
		return EXIT_OK;
	}
	object = json_about(session);
	add_bool(object, "purge_started", true);
	return print_json(object);
}

int cmd_purge_status(const struct session *session)
{
	struct json_object *object;
	struct rpmb_purge purge;
	const char *state;
	int ret;

	ret = rpmb_purge_status(session->rpmb, session->key, &purge);
	if (ret)
		return complain_error(session->args->device, ret);
	state = purge.state < ARRAY_SIZE(states) ? states[purge.state] :
						   "unknown";
	if (!session->args->json) {
		printf("purge:     %s\nlife time: %u\n", state,
		       purge.life_time);
		return EXIT_OK;
	}
	object = json_about(session);
	add_text(object, "purge", state);
	add_number(object, "life_time", purge.life_time);
	return print_json(object);
}
