// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: what forbids things to root as well
 */
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "sysfs.h"

/* auditd takes the lines of both, and then the kernel's log has none of them */
static bool was_denied(const struct doctor *doctor, const char *pattern,
		       char *line, size_t size)
{
	return look_log(doctor, pattern, line, size) ||
	       look_lines(doctor->audit, pattern, line, size);
}

void check_audit(struct doctor *doctor)
{
	if (!doctor->audit && !access("/var/log/audit", F_OK))
		found(doctor, DOCTOR_NOTE, "run this as root, if auditd runs",
		      "the audit daemon's log cannot be read, and it has what SELinux and AppArmor deny");
}

void check_selinux(struct doctor *doctor)
{
	char line[512];

	if (was_denied(doctor, "*avc: *denied*rpmb*", line, sizeof(line)))
		found(doctor, DOCTOR_WARNING,
		      "see all of it with ausearch -m avc, and have the policy allow it",
		      "SELinux has denied access to an RPMB: %s", line);
}

void check_apparmor(struct doctor *doctor)
{
	char line[512];

	if (was_denied(doctor, "*apparmor=\"DENIED\"*rpmb*", line, sizeof(line)))
		found(doctor, DOCTOR_WARNING,
		      "put a rule for it into the profile that is named there, and load it anew",
		      "AppArmor has denied access to an RPMB: %s", line);
}

/* The mode is the word in brackets */
void check_lockdown(struct doctor *doctor)
{
	char modes[64], *mode;

	if (!rpmb_attr("/sys/kernel/security", "lockdown", modes, sizeof(modes)))
		return;
	mode = strchr(modes, '[');
	if (!mode)
		return;
	mode[strcspn(mode, "]")] = '\0';
	if (!strcmp(++mode, "none"))
		return;
	found(doctor, DOCTOR_NOTE,
	      "sign modules that are built here, as DKMS does, and enroll its key",
	      "the kernel is locked down for %s: it loads no module without a signature that it knows",
	      mode);
}
