/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults on request
 *
 * A fault is armed, waits for the operation that it is for, and happens there
 * once, or as often as asked for. What kinds there are is up to the device;
 * README.rst says it.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#define FAULTS_MAX 16
#define FAULTS_MAX_KINDS 16

#define FAULT_ANY (-1)

/*
 * What happens in the device
 *
 * @command: its number
 * @partition: the part of the device that it is for
 * @type: of the RPMB request, 0 if it is not about one
 */
struct fault_point {
	int command;
	int partition;
	int type;
};

/*
 * @kind: the device's
 * @point: what it is for; FAULT_ANY matches all
 * @skip: so many matches first
 * @times: it happens so often, then it is disarmed
 * @value: what the kind of fault wants to know
 */
struct fault {
	int kind;
	struct fault_point point;
	unsigned int skip;
	unsigned int times;
	uint32_t value;
};

struct faults {
	struct fault armed[FAULTS_MAX];
	unsigned int nr;
	unsigned int happened[FAULTS_MAX_KINDS];
};

/* False if there are too many already */
bool faults_arm(struct faults *faults, const struct fault *fault);

/* Does a fault of this kind happen now? Puts its value where @value points */
bool faults_happen(struct faults *faults, int kind,
		   const struct fault_point *point, uint32_t *value);

/*
 * The power of all is cut: the program ends where it is, with status 3, which
 * scripts/boot knows. Nothing is put in order: that is what this is for.
 */
_Noreturn void faults_cut_power(void);

#endif /* FAULTS_H */
