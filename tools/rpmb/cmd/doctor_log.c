// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: what the kernel has said that matters
 */
#include "doctor.h"

#define SEE_GUIDE "see Documentation/admin-guide/rpmb-troubleshooting.rst for what it means"

/* What was wrong then may be right by now, so nothing of it is an error */
static const struct {
	const char *pattern;
	const char *next;
} matters[] = {
	{ "*cannot leave the RPMB partition*",
	  "restart the machine, and see whether the card still works" },
	{ "*RPMB cannot be used: *", SEE_GUIDE },
	{ "*RPMB is in advanced mode*", SEE_GUIDE },
	{ "*RPMB does not answer: *", SEE_GUIDE },
	{ "*RPMB not used, RPMBS *", SEE_GUIDE },
	{ "*RPMB target * cannot be used*", SEE_GUIDE },
	{ "*RPMB region *: cannot be registered*", SEE_GUIDE },
	{ "*cannot register the RPMB*", SEE_GUIDE },
	{ "*RPMB target *: security * has failed*", SEE_GUIDE },
	{ "*dev_id_config is set, but the device has no identity*",
	  SEE_GUIDE },
	{ "*virtio*: capacity of * units, must be *", SEE_GUIDE },
	{ "*a ring of * cannot carry a write*", SEE_GUIDE },
	{ "*a ring of * limits reads to *", SEE_GUIDE },
	{ "*new configuration ignored until the driver is bound again*",
	  SEE_GUIDE },
	{ "virtio_rpmb *: no answer (*): the device is reset*", SEE_GUIDE },
	{ "virtio_rpmb *: does not come back from a reset*", SEE_GUIDE },
	{ "*does not leave the RPMB partition: reset*", SEE_GUIDE },
	{ "*rpmb* may be in use during suspend*", SEE_GUIDE },
	{ "*rpmb*: no suspend: a request of type *", SEE_GUIDE },
	{ "*rpmb*: cell * is refused: *", SEE_GUIDE },
	{ "*a write is stored, but its answer was lost or bad*", SEE_GUIDE },
	{ "*dev_id=* is neither \"string\" nor \"blake2b\"*", SEE_GUIDE },
	{ "mmc*: Timeout waiting for hardware *",
	  "see whether the card still answers; a worn or badly wired one does not" },
	{ "*rpmb*: Unknown symbol *",
	  "build the module for the kernel that runs, as 'dkms autoinstall' does" },
	{ "*rpmb*: disagrees about version of symbol *",
	  "build the module for the kernel that runs, as 'dkms autoinstall' does" },
	{ "Lockdown: *: unsigned module loading is restricted*",
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
			found(doctor, DOCTOR_WARNING, matters[i].next,
			      "the kernel has said: %s", line);
}
