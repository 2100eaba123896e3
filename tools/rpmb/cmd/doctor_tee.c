// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: OP-TEE, its supplicant and fTPM, and whether it would take a device
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "sysfs.h"

/* TEE_IMPL_ID_OPTEE of <linux/tee.h> */
#define OPTEE 1

/* The board's firmware says so, with or without a driver */
#define NODE "/sys/firmware/devicetree/base/firmware/optee"

#define FTPM "optee-ta-bc50d971-d4c9-42c4-82cb-343fb7f37896"

/* What OP-TEE wants of a device: bytes, units of 128 KiB, and frames that it reads at once */
#define OPTEE_ID_LEN 16
#define OPTEE_UNITS 128
#define OPTEE_READS 16

static void note_supplicant(struct doctor *doctor, const char *name,
			    const char *path)
{
	char program[32];

	if (strspn(name, "0123456789") != strlen(name))
		return;
	rpmb_attr(path, "comm", program, sizeof(program));
	doctor->supplicant |= !strcmp(program, "tee-supplicant");
}

static void check_routing(struct doctor *doctor, const char *path)
{
	char model[16];

	rpmb_attr(path, "rpmb_routing_model", model, sizeof(model));
	look_each(doctor, "/proc", note_supplicant);
	if (!strcmp(model, "kernel"))
		found(doctor, DOCTOR_OK, NULL,
		      "OP-TEE is there, and reaches RPMBs by the kernel");
	else if (doctor->supplicant)
		found(doctor, DOCTOR_OK, NULL,
		      "OP-TEE is there, and reaches RPMBs by tee-supplicant, which runs");
	else
		found(doctor, DOCTOR_WARNING, "systemctl start tee-supplicant",
		      "OP-TEE reaches RPMBs by tee-supplicant only, which does not run");
}

static bool is_optee(const char *name, const char *path)
{
	unsigned long long id;

	return strncmp(name, "teepriv", strlen("teepriv")) &&
	       rpmb_attr_number(path, "implementation_id", &id) && id == OPTEE;
}

static void note_optee(struct doctor *doctor, const char *name,
		       const char *path)
{
	doctor->optee |= is_optee(name, path);
}

static void check_tee_device(struct doctor *doctor, const char *name,
			     const char *path)
{
	if (doctor->optee || !is_optee(name, path))
		return;
	doctor->optee = true;
	check_routing(doctor, path);
}

static bool is_in_devicetree(void)
{
	char status[16];

	return !access(NODE, F_OK) &&
	       (!rpmb_attr(NODE, "status", status, sizeof(status)) ||
		!strncmp(status, "ok", strlen("ok")));
}

void check_tee(struct doctor *doctor)
{
	look_each(doctor, "/sys/class/tee", check_tee_device);
	if (doctor->optee || !is_in_devicetree())
		return;
	doctor->optee = true;
	found(doctor, DOCTOR_WARNING,
	      "modprobe optee; if there is no such module, use a kernel with CONFIG_OPTEE",
	      "the board has an OP-TEE, and the kernel's driver for it is not there");
}

void check_ftpm(struct doctor *doctor)
{
	static const char dir[] = "/sys/bus/tee/devices/" FTPM;

	if (access(dir, F_OK))
		return;
	if (look_for(dir, "driver"))
		found(doctor, DOCTOR_OK, NULL, "OP-TEE's fTPM is in use");
	else
		found(doctor, DOCTOR_WARNING, "modprobe tpm_ftpm_tee",
		      "OP-TEE has an fTPM, and its driver does not use it");
}

/* Why not; NULL if nothing is in its way */
static const char *find_objection(const struct rpmb_info *info)
{
	unsigned int units = info->capacity / (128 * 1024 / info->block_size);

	if (info->frame_format == RPMB_FRAME_NVME)
		return "it takes no NVMe devices";
	if (info->dev_id_len != OPTEE_ID_LEN)
		return "it takes an identity of 16 bytes only";
	if (!units || units > OPTEE_UNITS)
		return "it takes capacities from 128 KiB to 16 MiB only";
	if (info->max_read < OPTEE_READS)
		return "it reads up to 16 blocks at once, which the device or its ring cannot";
	return NULL;
}

bool optee_would_take(const struct rpmb_info *info)
{
	struct doctor doctor = { .optee = is_in_devicetree() };

	look_each(&doctor, "/sys/class/tee", note_optee);
	return doctor.optee && !find_objection(info);
}

/* One more that it would use, NULL if there is none */
static const char *find_other(const struct doctor *doctor,
			      const struct patient *patient)
{
	const struct patient *other = doctor->patients;
	const struct patient *end = other + doctor->nr_patients;

	for (; other < end; other++)
		if (other != patient && is_rpmb_node(other) &&
		    other->info.transport != RPMB_TRANSPORT_UFS &&
		    !find_objection(&other->info))
			return other->info.name;
	return NULL;
}

/*
 * Whatever else is there: its search may end at a device of another type, but the class
 * has these behind every eMMC.
 */
void check_optee(struct doctor *doctor, const struct patient *patient)
{
	const struct rpmb_info *info = &patient->info;
	const char *objection, *other;

	if (!doctor->optee)
		return;
	objection = find_objection(info);
	other = find_other(doctor, patient);
	if (objection)
		found(doctor, DOCTOR_WARNING,
		      "give OP-TEE another device, or store without it",
		      "OP-TEE would not use it: %s", objection);
	else if (info->transport == RPMB_TRANSPORT_UFS)
		found(doctor, DOCTOR_NOTE, "see that OP-TEE is new enough",
		      "OP-TEE uses UFS since August 2026 only");
	else if (other)
		found(doctor, DOCTOR_NOTE, "see that OP-TEE's key is in the right one of them",
		      "OP-TEE would use it, or %s: it tries them in the order in which they were found",
		      other);
	else
		found(doctor, DOCTOR_OK, NULL, "OP-TEE would use it");
}
