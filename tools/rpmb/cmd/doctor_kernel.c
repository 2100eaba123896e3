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

/* Mainline has a module of the same name, without parameters, and elsewhere */
#define OUR_CORE "/sys/module/rpmb_core/parameters/suspend_timeout"
#define MAINLINES_CORE "misc/rpmb-core"

#define DKMS "/var/lib/dkms/rpmb"

/* The oldest kernel that the modules are built for */
#define OLDEST_MAJOR 6
#define OLDEST_MINOR 12

enum presence {
	ABSENT,
	UNLOADED,
	PRESENT,		/* loaded or built in */
};

enum class {
	NO_CLASS,
	MAINLINES,
	OURS_UNLOADED,
	OURS,
};

/* What brings hardware to the class: a module of this project, or what the kernel has */
static const struct {
	enum rpmb_transport transport;
	const char *hardware;
	const char *module;	/* NULL if there is none */
	const char *option;
	const char *own;
} backends[] = {
	{ RPMB_TRANSPORT_EMMC, "eMMC", "mmc_rpmb", "CONFIG_MMC_RPMB",
	  "mmc_block" },
	{ RPMB_TRANSPORT_UFS, "UFS", "ufs_rpmb", "CONFIG_SCSI_UFS_RPMB",
	  "ufshcd-core" },
	{ RPMB_TRANSPORT_NVME, "NVMe", NULL, "CONFIG_NVME_RPMB", "nvme-core" },
	{ RPMB_TRANSPORT_VIRTIO, "virtio", "virtio_rpmb", "CONFIG_VIRTIO_RPMB",
	  "virtio_rpmb" },
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
static void module_path(char *path, size_t size, const char *module)
{
	char *dash;

	snprintf(path, size, "/sys/module/%s", module);
	dash = strchr(path, '-');
	if (dash)
		*dash = '_';
}

static enum presence find_module(const char *module)
{
	char path[128];

	module_path(path, sizeof(path), module);
	if (!access(path, F_OK) || is_listed("modules.builtin", module))
		return PRESENT;
	return is_listed("modules.dep", module) ? UNLOADED : ABSENT;
}

/* Of one that is present. What is built in has no state, nor always a directory. */
static const char *how_present(const char *module)
{
	char path[128];

	module_path(path, sizeof(path), module);
	return look_for(path, "initstate") ? "loaded" : "built in";
}

/* A device of the class, of that transport, or of any for 0; NULL if there is none */
static const struct rpmb_info *find_node(const struct doctor *doctor,
					 unsigned int transport)
{
	size_t i;

	for (i = 0; i < doctor->nr_patients; i++)
		if (is_rpmb_node(&doctor->patients[i]) &&
		    (!transport ||
		     doctor->patients[i].info.transport == transport))
			return &doctor->patients[i].info;
	return NULL;
}

static enum class find_class(const struct doctor *doctor)
{
	if (!access(OUR_CORE, F_OK) || find_node(doctor, 0))
		return OURS;
	if (!access("/sys/class/rpmb", F_OK) ||
	    is_listed("modules.dep", MAINLINES_CORE))
		return MAINLINES;
	return find_module("rpmb-core") == UNLOADED ? OURS_UNLOADED : NO_CLASS;
}

static bool is_too_old(const char *release)
{
	unsigned int major, minor;

	return sscanf(release, "%u.%u", &major, &minor) == 2 &&
	       (major < OLDEST_MAJOR ||
		(major == OLDEST_MAJOR && minor < OLDEST_MINOR));
}

/* Why DKMS has not built the modules for this kernel, as far as that is known */
static void advise_build(const char *release, char *next, size_t size)
{
	char build[128];

	snprintf(build, sizeof(build), "/lib/modules/%s/build", release);
	if (is_too_old(release))
		snprintf(next, size,
			 "install a kernel of %u.%u or newer, as Debian's backports have it",
			 OLDEST_MAJOR, OLDEST_MINOR);
	else if (access(build, F_OK))
		snprintf(next, size,
			 "apt install linux-headers-%s, then dkms autoinstall",
			 release);
	else
		snprintf(next, size,
			 "dkms autoinstall; if that fails, see the file make.log below %s",
			 DKMS);
}

static void say_no_class(struct doctor *doctor)
{
	struct utsname name;
	char next[256];

	if (access(DKMS, F_OK)) {
		found(doctor, DOCTOR_WARNING,
		      "install the modules or a kernel of this project, see its README",
		      "the kernel has no RPMB class");
		return;
	}
	uname(&name);
	advise_build(name.release, next, sizeof(next));
	found(doctor, DOCTOR_WARNING, next,
	      "rpmb-dkms is installed, and has built nothing for this kernel, %s",
	      name.release);
}

void check_class(struct doctor *doctor)
{
	enum class class = find_class(doctor);

	if (class == OURS)
		found(doctor, DOCTOR_OK, NULL,
		      "the kernel's RPMB class has /dev/rpmbN for programs");
	else if (class == MAINLINES)
		found(doctor, DOCTOR_WARNING,
		      "use the native interface, see 'rpmb list', or install this project's kernel",
		      "the kernel's RPMB class is mainline's, for drivers only: there is no /dev/rpmbN");
	else if (class == OURS_UNLOADED)
		found(doctor, DOCTOR_ERROR, "modprobe rpmb-core",
		      "the kernel's RPMB class is there as a module, but not loaded");
	else
		say_no_class(doctor);
}

/* A module of this project can be had for most kernels, but not for NVMe */
static void say_no_module(struct doctor *doctor, size_t i)
{
	if (backends[i].module)
		found(doctor, DOCTOR_WARNING,
		      "install the modules or a kernel of this project, see its README",
		      "the kernel has no driver for %s: it was built without %s",
		      backends[i].hardware, backends[i].option);
	else
		found(doctor, DOCTOR_WARNING,
		      "see what the kernel's log says of it; if nothing, install a kernel of this project, since no module adds this",
		      "there is no /dev/rpmbN for %s: the kernel was built without %s, or has refused the device",
		      backends[i].hardware, backends[i].option);
}

static void check_backend(struct doctor *doctor, size_t i)
{
	const char *hardware = backends[i].hardware;
	const char *module = backends[i].module;
	enum presence presence = module ? find_module(module) : ABSENT;
	const char *driver = presence == PRESENT ? module : backends[i].own;
	const struct rpmb_info *node = find_node(doctor, backends[i].transport);
	char next[96];

	snprintf(next, sizeof(next), "modprobe %s", module ?: "");
	doctor->refused |= presence == PRESENT && !node;
	if (node)
		found(doctor, DOCTOR_OK, NULL,
		      "%s, the driver for %s, is %s, and serves %s", driver,
		      hardware, how_present(driver), node->name);
	else if (presence == PRESENT)
		found(doctor, DOCTOR_WARNING,
		      "see what the kernel's log says of it: dmesg | grep -i rpmb",
		      "%s, the driver for %s, is %s, but there is no /dev/rpmbN of it",
		      driver, hardware, how_present(driver));
	else if (presence == UNLOADED)
		found(doctor, DOCTOR_ERROR, next,
		      "%s, the driver for %s, is not loaded", module, hardware);
	else
		say_no_module(doctor, i);
}

/* Only for hardware that is there, and where they have a class to bring it to */
void check_backends(struct doctor *doctor)
{
	size_t i;

	if (find_class(doctor) < OURS_UNLOADED)
		return;
	for (i = 0; i < ARRAY_SIZE(backends); i++)
		if (doctor->hardware & 1 << backends[i].transport)
			check_backend(doctor, i);
}

static const char *advise_device(const struct doctor *doctor)
{
	if (doctor->refused)
		return "see what the kernel's log says of the driver: dmesg | grep -i rpmb";
	if (doctor->hardware)
		return "load or install the driver, as said above";
	return "use hardware that has one; a virtual machine gets one from its host";
}

void check_devices(struct doctor *doctor)
{
	if (doctor->nr_patients)
		found(doctor, DOCTOR_OK, NULL, "RPMB devices: %zu",
		      doctor->nr_patients);
	else
		found(doctor, DOCTOR_ERROR, advise_device(doctor),
		      "there is no RPMB device that programs can use");
}
