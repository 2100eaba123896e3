// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: is there a key, and is it one that everybody knows?
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "known_keys.h"
#include "sysfs.h"

#define CAP_SYS_RAWIO 17

/* The capabilities of this process, in hexadecimal behind "CapEff:" */
static bool may_program(void)
{
	char *status = look_file("/proc/self/status");
	const char *line = status ? strstr(status, "CapEff:") : NULL;
	bool may = !line || strtoull(line + strlen("CapEff:"), NULL, 16) >>
			    CAP_SYS_RAWIO & 1;

	free(status);
	return may;
}

void check_key(struct doctor *doctor, const struct patient *patient)
{
	int error = patient->answer_error;

	if (!error)
		found(doctor, DOCTOR_OK, NULL, "a key is programmed");
	else if (error == RPMB_ERR_NO_KEY && may_program())
		found(doctor, DOCTOR_NOTE,
		      "read Documentation/admin-guide/rpmb-provisioning.rst, then 'rpmb program-key'",
		      "no key is programmed: nothing can be stored yet");
	else if (error == RPMB_ERR_NO_KEY)
		found(doctor, DOCTOR_NOTE, "as root, outside of a container, 'rpmb program-key'",
		      "no key is programmed, nor can it be from here: CAP_SYS_RAWIO is missing");
	else
		found(doctor, DOCTOR_ERROR,
		      "see the kernel's log, and whether something else uses the device",
		      "it does not say its counter: %s",
		      error == RPMB_ERR_SYSTEM ?
		      strerror(patient->system_error) :
		      rpmb_strerror(error));
}

void check_known_key(struct doctor *doctor, const struct patient *patient)
{
	uint8_t answer[sizeof(patient->answer)];
	const char *name;

	if (patient->answer_error)
		return;
	memcpy(answer, patient->answer, sizeof(answer));
	name = find_known_key(&patient->info, answer, patient->answer_len);
	if (name)
		found(doctor, DOCTOR_ERROR,
		      "trust nothing on this device: its key cannot be changed, so use another one",
		      "EVERYBODY KNOWS THE KEY: it is %s", name);
	else
		found(doctor, DOCTOR_OK, NULL,
		      "the key is none that everybody knows");
}
