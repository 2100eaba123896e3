// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: what the kernel has said that matters
 */
#include "doctor.h"

#define SEE_GUIDE "see Documentation/admin-guide/rpmb-troubleshooting.rst for what it means"

static const struct {
	const char *pattern;
	enum severity severity;
	const char *next;
} matters[] = {
	{ "*cannot leave the RPMB partition*", DOCTOR_ERROR,
	  "restart the machine, and see whether the card still works" },
	{ "*RPMB cannot be used: *", DOCTOR_ERROR, SEE_GUIDE },
	{ "*RPMB is in advanced mode*", DOCTOR_ERROR, SEE_GUIDE },
	{ "*RPMB does not answer: *", DOCTOR_ERROR, SEE_GUIDE },
	{ "*RPMB not used, RPMBS *", DOCTOR_ERROR, SEE_GUIDE },
	{ "*RPMB target * cannot be used*", DOCTOR_ERROR, SEE_GUIDE },
	{ "*RPMB region *: cannot be registered*", DOCTOR_ERROR, SEE_GUIDE },
	{ "*cannot register the RPMB*", DOCTOR_ERROR, SEE_GUIDE },
	{ "*RPMB target *: security * has failed*", DOCTOR_WARNING, SEE_GUIDE },
	{ "*dev_id_config is set, but the device has no identity*",
	  DOCTOR_ERROR, SEE_GUIDE },
	{ "*virtio*: capacity of * units, must be *", DOCTOR_ERROR, SEE_GUIDE },
	{ "*new configuration ignored until the driver is bound again*",
	  DOCTOR_WARNING, SEE_GUIDE },
	{ "*rpmb*: no suspend: a request of type *", DOCTOR_WARNING,
	  "see which device it names, and what its transport says" },
	{ "mmc*: Timeout waiting for hardware *", DOCTOR_WARNING,
	  "see whether the card still answers; a worn or badly wired one does not" },
	{ "*rpmb*: Unknown symbol *", DOCTOR_ERROR,
	  "build the module for the kernel that runs, as 'dkms autoinstall' does" },
	{ "*rpmb*: disagrees about version of symbol *", DOCTOR_ERROR,
	  "build the module for the kernel that runs, as 'dkms autoinstall' does" },
	{ "Lockdown: *: unsigned module loading is restricted*", DOCTOR_WARNING,
	  "sign modules that are built here, as DKMS does, and enroll its key" },
};

void check_log(struct doctor *doctor)
{
	char line[512];
	size_t i;

	if (!doctor->log) {
		found(doctor, DOCTOR_NOTE, "run this as root",
		      "the kernel's log cannot be read");
		return;
	}
	for (i = 0; i < ARRAY_SIZE(matters); i++)
		if (look_log(doctor, matters[i].pattern, line, sizeof(line)))
			found(doctor, matters[i].severity, matters[i].next,
			      "the kernel has said: %s", line);
}
