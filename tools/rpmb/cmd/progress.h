/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A line on a terminal that says how far something is, how fast it goes, and how
 * long it will take
 */
#ifndef RPMB_CMD_PROGRESS_H
#define RPMB_CMD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *verb;
	uint64_t total;			/* bytes */
	uint64_t start;			/* ms */
	uint64_t next;			/* when to show it again */
	bool shown;
};

/* @patient: nothing is shown in the first second */
void start_progress(struct progress *progress, const char *verb, bool patient,
		    uint64_t total);

void show_progress(struct progress *progress, uint64_t done);

/* Leave the line */
void end_progress(struct progress *progress);

#endif /* RPMB_CMD_PROGRESS_H */
