/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much of a write counter is used, and when it will be at its end
 *
 * The history is a text file: a line for each device and day, with the time in seconds since
 * 1970, the name, and the counter.
 */
#ifndef RPMB_CMD_WEAR_H
#define RPMB_CMD_WEAR_H

#include "cmd.h"
#include "identity.h"

/* Where rpmb-wear.service keeps it */
#define WEAR_HISTORY "/var/lib/rpmb/wear"

struct wear {
	char name[ID_NAME];	/* the same for years; empty without an identity */
	uint32_t counter;
	double used;		/* percent of all writes */
	bool due;		/* there is no sample of this day yet */
	uint32_t before;	/* the highest counter in the history, 0 if there is none */
	double per_day;		/* writes; 0 if that is not known */
	int64_t end;		/* seconds since 1970; 0 if that is not known */
};

/* What @history, which may be NULL, says of a device with this counter now */
void judge_wear(const char *history, const struct rpmb_info *info,
		uint32_t counter, int64_t now, struct wear *wear);

/* When the end is, in words, "at this rate the end is in 2031"; empty if nobody knows */
void end_text(const struct wear *wear, char *text, size_t size);

/*
 * How much of its life a UFS device takes its memory to have behind it, as purge tells it: n is
 * up to 10 * n percent, more than LIFE_TIME_ALL that it is worn, and 0 that it does not say
 */
#define LIFE_TIME_ALL 10
unsigned int ask_life_time(struct rpmb *rpmb, const struct rpmb_info *info);

/* Is the line, which begins at @line, one of a history? */
bool is_sample(const char *line);

#endif /* RPMB_CMD_WEAR_H */
