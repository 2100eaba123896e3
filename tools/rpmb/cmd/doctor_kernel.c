// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: the kernel's RPMB class, and what brings hardware to it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/utsname.h>

#include "doctor.h"

/* Mainline has a module of the same name, without parameters */
#define OUR_CORE "/sys/module/rpmb_core/parameters/suspend_timeout"

enum presence {
	ABSENT,
	UNLOADED,
	PRESENT,		/* loaded or built in */
};

static const struct {
	enum rpmb_transport transport;
	const char *hardware;
	const char *module;
	const char *option;
} backends[] = {
	{ RPMB_TRANSPORT_EMMC, "eMMC", "mmc_rpmb", "CONFIG_MMC_RPMB" },
	{ RPMB_TRANSPORT_UFS, "UFS", "ufs_rpmb", "CONFIG_SCSI_UFS_RPMB" },
	{ RPMB_TRANSPORT_VIRTIO, "virtio", "virtio_rpmb", "CONFIG_VIRTIO_RPMB" },
};

/* Does one of the kernel's lists of modules, by its name, have this one? */
static bool is_listed(const char *list, const char *module)
{
	char path[512], wanted[64], *text;
	struct utsname name;
	bool listed;

	uname(&name);
	snprintf(path, sizeof(path), "/lib/modules/%s/%s", name.release, list);
	snprintf(wanted, sizeof(wanted), "/%s.ko", module);
	text = look_file(path);
	listed = text && strstr(text, wanted);
	free(text);
	return listed;
}

/* Files have the name as it is, the kernel has no dashes */
static enum presence find_module(const char *module)
{
	char path[128], *dash;

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	dash = strchr(path, '-');
	if (dash)
		*dash = '_';
	if (!access(path, F_OK) || is_listed("modules.builtin", module))
		return PRESENT;
	return is_listed("modules.dep", module) ? UNLOADED : ABSENT;
}

static bool has_rpmb_nodes(const struct doctor *doctor)
{
	size_t i;

	for (i = 0; i < doctor->nr_patients; i++)
		if (is_rpmb_node(&doctor->patients[i]))
			return true;
	return false;
}

static bool has_our_class(const struct doctor *doctor)
{
	return !access(OUR_CORE, F_OK) || has_rpmb_nodes(doctor);
}

void check_class(struct doctor *doctor)
{
	if (has_our_class(doctor))
		found(doctor, DOCTOR_OK, NULL,
		      "the kernel's RPMB class has /dev/rpmbN for programs");
	else if (!access("/sys/class/rpmb", F_OK))
		found(doctor, DOCTOR_WARNING,
		      "use the native interface, see 'rpmb list', or install this project's kernel",
		      "the kernel's RPMB class is mainline's, for drivers only: there is no /dev/rpmbN");
	else if (find_module("rpmb-core") == UNLOADED)
		found(doctor, DOCTOR_ERROR, "modprobe rpmb-core",
		      "the kernel's RPMB class is there as a module, but not loaded");
	else
		found(doctor, DOCTOR_WARNING,
		      "install the modules or a kernel of this project, see its README",
		      "the kernel has no RPMB class");
}

static void check_backend(struct doctor *doctor, size_t i)
{
	const char *hardware = backends[i].hardware;
	const char *module = backends[i].module;
	enum presence presence = find_module(module);
	char next[96];

	snprintf(next, sizeof(next), "modprobe %s", module);
	if (presence == PRESENT)
		found(doctor, DOCTOR_OK, NULL, "%s, the driver for %s, is there",
		      module, hardware);
	else if (presence == UNLOADED)
		found(doctor, DOCTOR_ERROR, next,
		      "%s, the driver for %s, is not loaded", module, hardware);
	else
		found(doctor, DOCTOR_WARNING,
		      "install the modules or a kernel of this project, see its README",
		      "the kernel has no driver for %s: it was built without %s",
		      hardware, backends[i].option);
}

/* Only for hardware that is there, and where they have a class to bring it to */
void check_backends(struct doctor *doctor)
{
	size_t i;

	if (!has_our_class(doctor) && find_module("rpmb-core") != UNLOADED)
		return;
	for (i = 0; i < ARRAY_SIZE(backends); i++)
		if (doctor->hardware & 1 << backends[i].transport)
			check_backend(doctor, i);
}

void check_devices(struct doctor *doctor)
{
	if (doctor->nr_patients)
		found(doctor, DOCTOR_OK, NULL, "RPMB devices: %zu",
		      doctor->nr_patients);
	else
		found(doctor, DOCTOR_ERROR,
		      doctor->hardware ?
		      "load or install the driver, as said above" :
		      "use hardware that has one; a virtual machine gets one from its host",
		      "there is no RPMB device that programs can use");
}
