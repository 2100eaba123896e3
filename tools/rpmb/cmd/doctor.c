// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: the checks, in the order in which what they look at depends on each other
 */
#include <stdlib.h>

#include "doctor.h"

static const struct {
	const char *name;
	void (*run)(struct doctor *doctor);
} checks[] = {
	{ "class", check_class },
	{ "emmc", check_emmc },
	{ "ufs", check_ufs },
	{ "nvme", check_nvme },
	{ "virtio", check_virtio },
	{ "backends", check_backends },
	{ "devices", check_devices },
	{ "audit", check_audit },
	{ "selinux", check_selinux },
	{ "apparmor", check_apparmor },
	{ "lockdown", check_lockdown },
	{ "tee", check_tee },
	{ "ftpm", check_ftpm },
	{ "keys", check_keys },
	{ "log", check_log },
};

static const struct {
	const char *name;
	bool open;		/* there is nothing to see while it is not */
	void (*run)(struct doctor *doctor, const struct patient *patient);
} device_checks[] = {
	{ "node", false, check_node },
	{ "permissions", false, check_permissions },
	{ "names", false, check_names },
	{ "open", false, check_open },
	{ "holders", false, check_holders },
	{ "limits", true, check_limits },
	{ "ring", true, check_ring },
	{ "keyed", true, check_keyed },
	{ "optee", true, check_optee },
	{ "key", true, check_key },
	{ "known-key", true, check_known_key },
	{ "counter", true, check_counter },
	{ "wear", true, check_wear },
	{ "life", true, check_life },
	{ "read", true, check_read },
};

static void examine_system(struct doctor *doctor)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(checks); i++) {
		doctor->check = checks[i].name;
		checks[i].run(doctor);
	}
}

static void examine_device(struct doctor *doctor, const struct patient *patient)
{
	size_t i;

	doctor->patient = patient;
	for (i = 0; i < ARRAY_SIZE(device_checks); i++) {
		doctor->check = device_checks[i].name;
		if (patient->rpmb || !device_checks[i].open)
			device_checks[i].run(doctor, patient);
	}
	doctor->patient = NULL;
}

static void examine_devices(struct doctor *doctor)
{
	size_t i;

	for (i = 0; i < doctor->nr_patients; i++)
		if (doctor->patients[i].chosen)
			examine_device(doctor, &doctor->patients[i]);
}

static void clear(struct doctor *doctor)
{
	clear_findings(doctor);
	clear_patients(doctor);
	free(doctor->log);
	free(doctor->audit);
}

/* As other commands say it, which cannot open the device either */
static int why_not_open(const struct doctor *doctor)
{
	size_t i;

	for (i = 0; i < doctor->nr_patients; i++)
		if (doctor->patients[i].chosen)
			return doctor->patients[i].error;
	return RPMB_ERR_NO_DEVICE;
}

int examine(const char *device)
{
	struct doctor doctor = { .check = "devices" };
	int ret;

	find_patients(&doctor, device);
	doctor.check = "tee";
	check_tee(&doctor);
	examine_devices(&doctor);
	ret = complain_findings(&doctor, device);
	if (ret && why_not_open(&doctor))
		ret = exit_code(why_not_open(&doctor));
	clear(&doctor);
	return ret;
}

int cmd_doctor(const struct session *session)
{
	const struct args *args = session->args;
	struct doctor doctor = { .check = "devices" };
	int ret;

	doctor.log = look_file("/dev/kmsg");
	doctor.audit = look_end("/var/log/audit/audit.log");
	find_patients(&doctor, args->operands[0]);
	examine_system(&doctor);
	examine_devices(&doctor);
	ret = report_findings(&doctor, args->json);
	clear(&doctor);
	return ret;
}
