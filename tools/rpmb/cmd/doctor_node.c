// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: the file of a device, and who may open it and does
 */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "doctor.h"
#include "identity.h"
#include "sysfs.h"

#define GROUP_BITS 0060
#define OTHER_BITS 0006

void check_node(struct doctor *doctor, const struct patient *patient)
{
	if (access(patient->path, F_OK))
		found(doctor, DOCTOR_ERROR,
		      "udevadm trigger; in a container, have the device passed in",
		      "there is no %s, though the kernel has the device",
		      patient->path);
	else
		found(doctor, DOCTOR_OK, NULL, "its file is %s", patient->path);
}

static void group_name(gid_t gid, char *name, size_t size)
{
	const struct group *group = getgrgid(gid);

	if (group)
		snprintf(name, size, "%s", group->gr_name);
	else
		snprintf(name, size, "%u", gid);
}

void check_permissions(struct doctor *doctor, const struct patient *patient)
{
	char group[64];
	struct stat st;

	if (stat(patient->path, &st))
		return;
	group_name(st.st_gid, group, sizeof(group));
	if (st.st_mode & OTHER_BITS)
		found(doctor, DOCTOR_WARNING,
		      "take it from them by a udev rule, as 60-rpmb.rules of this project",
		      "everybody may open %s: mode %o", patient->path,
		      st.st_mode & 0777);
	else if (st.st_mode & GROUP_BITS)
		found(doctor, DOCTOR_OK, NULL,
		      "root and the group %s may open it", group);
	else if (is_rpmb_node(patient))
		found(doctor, DOCTOR_NOTE,
		      "for a group, install 60-rpmb.rules and the group rpmb, then udevadm trigger",
		      "only root may open %s", patient->path);
	else
		found(doctor, DOCTOR_OK, NULL, "only root may open it");
}

/* What 60-rpmb.rules makes */
void check_names(struct doctor *doctor, const struct patient *patient)
{
	char name[ID_NAME], path[32 + ID_NAME];

	udev_name(&patient->info, name);
	if (!is_rpmb_node(patient) || !*name)
		return;
	snprintf(path, sizeof(path), "/dev/rpmb/by-id/%s", name);
	if (access(path, F_OK))
		found(doctor, DOCTOR_NOTE,
		      "install 60-rpmb.rules of this project, then udevadm trigger",
		      "udev has given it no name in /dev/rpmb/by-id that stays the same");
	else
		found(doctor, DOCTOR_OK, NULL, "its name that stays is %s", path);
}

/* Who is in the group may, once he is logged in with it */
static void say_permission(struct doctor *doctor, const struct patient *patient)
{
	const struct passwd *user = getpwuid(geteuid());
	char group[64], next[160];
	struct stat st;

	if (!geteuid() || stat(patient->path, &st) || !user ||
	    !(st.st_mode & GROUP_BITS) || !st.st_gid) {
		found(doctor, DOCTOR_ERROR,
		      geteuid() ? "run this as root" :
				  "see what is said of SELinux, AppArmor and containers",
		      "permission to open %s is denied", patient->path);
		return;
	}
	group_name(st.st_gid, group, sizeof(group));
	snprintf(next, sizeof(next), "usermod -aG %s %s, and log in again",
		 group, user->pw_name);
	found(doctor, DOCTOR_ERROR, next,
	      "%s is not in the group %s, whose members may open %s",
	      user->pw_name, group, patient->path);
}

void check_open(struct doctor *doctor, const struct patient *patient)
{
	if (!patient->error)
		found(doctor, DOCTOR_OK, NULL, "it can be opened");
	else if (patient->error == RPMB_ERR_PERMISSION)
		say_permission(doctor, patient);
	else
		found(doctor, DOCTOR_ERROR,
		      "see the kernel's log, and 'rpmb list' for other devices",
		      "%s cannot be opened: %s", patient->path,
		      patient->error == RPMB_ERR_SYSTEM ?
		      strerror(patient->system_error) :
		      rpmb_strerror(patient->error));
}
