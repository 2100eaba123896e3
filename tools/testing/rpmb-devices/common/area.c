// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "area.h"

void area_note(struct area *area, uint16_t type)
{
	area->requests[type < AREA_TYPES ? type : 0]++;
	area->last_type = type;
}

void area_power_off(struct area *area)
{
	area->engine.ready = false;
	memset(&area->engine.result, 0, sizeof(area->engine.result));
	area->last_type = 0;
}
