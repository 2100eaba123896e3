// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "area.h"

void area_note(struct area *area, uint16_t type)
{
	area->requests[type < AREA_TYPES ? type : 0]++;
	area->last_type = type;
}

/* What is signed afterwards, so that only the field gives it away */
static void change_field(struct rpmb_fields *fields, uint32_t lie)
{
	switch (lie) {
	case RPMB_MISMATCH_NONCE:
		fields->nonce[0] ^= 1;
		break;
	case RPMB_MISMATCH_ADDRESS:
		fields->addr ^= 1;
		break;
	case RPMB_MISMATCH_COUNTER:
		fields->counter++;
		break;
	}
}

/* Give the last one of this type again, or keep this one for that */
static void repeat(struct area_response *old, void *frames, size_t len,
		   bool again)
{
	if (again && old->len == len) {
		memcpy(frames, old->frames, len);
	} else if (len <= sizeof(old->frames)) {
		memcpy(old->frames, frames, len);
		old->len = len;
	}
}

size_t area_respond(struct area *area, void *frames, size_t len, uint32_t lie)
{
	struct rpmb_engine *engine = &area->engine;
	unsigned int type = engine->response.type >> 8;

	change_field(&engine->response, lie);
	len = rpmb_engine_response(engine, frames, len);
	if (!len)
		return 0;
	if (lie == RPMB_MISMATCH_MAC)
		rpmb_frames_mac(engine->format, frames, len)[0] ^= 1;
	repeat(&area->old[type < AREA_TYPES ? type : 0], frames, len,
	       lie == AREA_OLD);
	return len;
}

void area_power_off(struct area *area)
{
	area->engine.ready = false;
	memset(&area->engine.result, 0, sizeof(area->engine.result));
	area->last_type = 0;
}
