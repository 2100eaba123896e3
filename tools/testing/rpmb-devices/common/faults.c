// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>

#include "faults.h"
#include "log.h"

#define EXIT_POWER_LOST 3

bool faults_arm(struct faults *faults, const struct fault *fault)
{
	if (faults->nr == FAULTS_MAX)
		return false;
	faults->armed[faults->nr++] = *fault;
	return true;
}

static bool fits(int wanted, int found)
{
	return wanted == FAULT_ANY || wanted == found;
}

static bool matches(const struct fault *fault, int kind,
		    const struct fault_point *point)
{
	return fault->kind == kind &&
	       fits(fault->point.command, point->command) &&
	       fits(fault->point.partition, point->partition) &&
	       fits(fault->point.type, point->type);
}

/* The first that matches; those behind it move up when it is done */
static void use_up(struct faults *faults, unsigned int i)
{
	if (--faults->armed[i].times)
		return;
	faults->nr--;
	for (; i < faults->nr; i++)
		faults->armed[i] = faults->armed[i + 1];
}

bool faults_happen(struct faults *faults, int kind,
		   const struct fault_point *point, uint32_t *value)
{
	unsigned int i;

	for (i = 0; i < faults->nr; i++) {
		struct fault *fault = &faults->armed[i];

		if (!matches(fault, kind, point))
			continue;
		if (fault->skip) {
			fault->skip--;
			continue;
		}
		if (value)
			*value = fault->value;
		use_up(faults, i);
		faults->happened[kind]++;
		return true;
	}
	return false;
}

void faults_cut_power(void)
{
	log_line("the power is cut");
	_exit(EXIT_POWER_LOST);
}
