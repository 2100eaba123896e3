/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults on request
 *
 * A fault is armed, waits for the operation that it is for, and happens there
 * once, or as often as asked for. README.rst says what there is.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#define FAULTS_MAX 16

enum fault_kind {
	FAULT_NO_RESPONSE,	/* the command is lost: not executed */
	FAULT_RESPONSE_CRC,	/* executed, its response damaged */
	FAULT_R1,		/* executed, error bits in its response */
	FAULT_DATA_CRC,		/* a block is damaged: refused, if written */
	FAULT_DATA_TIMEOUT,	/* data in, but no word of it: or no data out */
	FAULT_SWITCH_ERROR,	/* the switch is refused */
	FAULT_WRITE_FAILURE,	/* the RPMB cannot write: nothing changes */
	FAULT_BUSY,		/* done, but busy until released */
	FAULT_REMOVE,		/* the card is taken out, before it does it */
	FAULT_POWER_BEFORE,	/* the card loses power, before it does it */
	FAULT_POWER_AFTER,	/* and after it has done it */
	FAULT_EXIT_BEFORE,	/* the same, with this whole program */
	FAULT_EXIT_AFTER,
	NR_FAULTS
};

extern const char *const fault_names[NR_FAULTS];

#define FAULT_ANY (-1)

/*
 * What happens in the card
 *
 * @command: its index
 * @partition: the one it is for
 * @type: of the RPMB request, 0 if it is not about one
 */
struct fault_point {
	int command;
	int partition;
	int type;
};

/*
 * @point: what it is for; FAULT_ANY matches all
 * @skip: so many matches first
 * @times: it happens so often, then it is disarmed
 * @value: R1's error bits
 */
struct fault {
	enum fault_kind kind;
	struct fault_point point;
	unsigned int skip;
	unsigned int times;
	uint32_t value;
};

struct faults {
	struct fault armed[FAULTS_MAX];
	unsigned int nr;
	unsigned int happened[NR_FAULTS];
};

/* False if there are too many already */
bool faults_arm(struct faults *faults, const struct fault *fault);

/* Does a fault of this kind happen now? Puts its value where @value points */
bool faults_happen(struct faults *faults, enum fault_kind kind,
		   const struct fault_point *point, uint32_t *value);

#endif /* FAULTS_H */
