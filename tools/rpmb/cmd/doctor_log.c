// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: what the kernel has said that matters
 */
#include "doctor.h"

#define SEE_GUIDE "see Documentation/admin-guide/rpmb-troubleshooting.rst for what it means"

struct saying {
	const char *pattern;
	const char *next;
};

/* What works, and may not be what is wanted */
static const struct saying harmless[] = {
	{ "*a ring of * limits reads to *", SEE_GUIDE },
	{ "*a write is stored, but its answer was lost or bad*", SEE_GUIDE },
};

/* What was wrong then may be right by now, so nothing of it is an error */
static const struct saying harmful[] = {
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
	{ "*new configuration ignored until the driver is bound again*",
	  SEE_GUIDE },
	{ "virtio_rpmb *: no answer (*): the device is reset*", SEE_GUIDE },
	{ "virtio_rpmb *: does not come back from a reset*", SEE_GUIDE },
	{ "*does not leave the RPMB partition: reset*", SEE_GUIDE },
	{ "*rpmb* may be in use during suspend*", SEE_GUIDE },
	{ "*rpmb*: no suspend: a request of type *", SEE_GUIDE },
	{ "*rpmb*: cell * is refused: *", SEE_GUIDE },
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

static void check_sayings(struct doctor *doctor, enum severity severity,
			  const struct saying *sayings, size_t nr)
{
	char line[512];

	for (; nr; nr--, sayings++)
		if (look_log(doctor, sayings->pattern, line, sizeof(line)))
			found(doctor, severity, sayings->next,
			      "the kernel has said: %s", line);
}

void check_log(struct doctor *doctor)
{
	if (!doctor->log) {
		found(doctor, DOCTOR_NOTE, "run this as root",
		      "the kernel's log cannot be read");
		return;
	}
	check_sayings(doctor, DOCTOR_WARNING, harmful, ARRAY_SIZE(harmful));
	check_sayings(doctor, DOCTOR_NOTE, harmless, ARRAY_SIZE(harmless));
}
