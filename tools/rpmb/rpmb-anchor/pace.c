// SPDX-License-Identifier: GPL-2.0-only
#include "pace.h"

void pace_begin(struct pace *pace, uint64_t per_day, double now)
{
	*pace = (struct pace) {
		.per_day = per_day,
		.tokens = per_day,
		.at = now,
	};
}

void pace_set(struct pace *pace, uint64_t per_day, double now)
{
	if (pace->per_day != per_day)
		pace_begin(pace, per_day, now);
}

double pace_wait(struct pace *pace, double now)
{
	uint64_t per_day = pace->per_day;

	if (!per_day)
		return 0;
	pace->tokens += (now - pace->at) * per_day / PACE_DAY;
	if (pace->tokens > per_day)
		pace->tokens = per_day;
	pace->at = now;
	return pace->tokens >= 1 ? 0 : (1 - pace->tokens) * PACE_DAY / per_day;
}

void pace_spend(struct pace *pace, unsigned int steps)
{
	pace->tokens -= steps;
}
