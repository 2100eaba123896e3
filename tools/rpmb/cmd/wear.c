// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much of a write counter is used, and when it will be at its end
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "wear.h"

#define HOUR 3600
#define DAY (24 * HOUR)

/* What was before does not say how the device is used now */
#define MEMORY (400 * DAY)

/* A timer does not come at the same second each day */
#define SAMPLE_INTERVAL (20 * HOUR)

/* Nobody plans for more */
#define MAX_YEARS 1000

struct sample {
	int64_t time;
	char name[ID_NAME];
	uint32_t counter;
};

static bool parse(const char *line, struct sample *sample)
{
	/* ID_NAME with its 0 */
	return sscanf(line, "%" SCNd64 " %527s %" SCNu32, &sample->time,
		      sample->name, &sample->counter) == 3;
}

bool is_sample(const char *line)
{
	struct sample sample;

	return parse(line, &sample);
}

static void forecast(struct wear *wear, const struct sample *first, int64_t now)
{
	double days;

	if (!first->time || now - first->time < DAY ||
	    wear->counter <= first->counter)
		return;
	wear->per_day = (double)(wear->counter - first->counter) * DAY /
			(now - first->time);
	days = (UINT32_MAX - wear->counter) / wear->per_day;
	if (days < MAX_YEARS * 365.25)
		wear->end = now + days * DAY;
}

void judge_wear(const char *history, const struct rpmb_info *info,
		uint32_t counter, int64_t now, struct wear *wear)
{
	struct sample first = { .time = 0 }, sample;
	const char *line = history;

	*wear = (struct wear) {
		.counter = counter,
		.used = 100.0 * counter / UINT32_MAX,
		.due = true,
	};
	/* The identity has the region or target in it */
	lasting_name(info, wear->name);
	for (; line && *line; line = strchr(line, '\n') + 1) {
		if (!strchr(line, '\n'))
			break;
		if (!parse(line, &sample) || strcmp(sample.name, wear->name) ||
		    sample.time > now || sample.time <= now - MEMORY)
			continue;
		if (!first.time)
			first = sample;
		if (sample.counter > wear->before)
			wear->before = sample.counter;
		wear->due &= now - sample.time >= SAMPLE_INTERVAL;
	}
	forecast(wear, &first, now);
}

unsigned int ask_life_time(struct rpmb *rpmb, const struct rpmb_info *info)
{
	struct rpmb_purge purge;

	if (!(info->request_types & 1 << RPMB_PURGE_STATUS) ||
	    rpmb_purge_status(rpmb, NULL, &purge))
		return 0;
	return purge.life_time;
}

void end_text(const struct wear *wear, char *text, size_t size)
{
	time_t end = wear->end;

	text[0] = '\0';
	if (wear->end)
		strftime(text, size, "at this rate the end is in %Y", gmtime(&end));
	else if (wear->per_day)
		snprintf(text, size, "at this rate the end is more than %u years away",
			 MAX_YEARS);
}
