// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: who has a device open, by whichever interface
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "list.h"
#include "sysfs.h"

static void say_holder(struct doctor *doctor, const char *process, int pid,
		       const struct rpmb_info *info)
{
	char program[32];

	rpmb_attr(process, "comm", program, sizeof(program));
	if (!strcmp(info->name, doctor->patient->info.name))
		found(doctor, DOCTOR_NOTE,
		      "stop it if requests of both come into each other's way",
		      "process %d, %s, has it open", pid, program);
	else
		found(doctor, DOCTOR_NOTE,
		      "stop it, or have it use /dev/rpmbN: what is sent by both is not kept apart",
		      "process %d, %s, reaches the same hardware by %s, which it has open",
		      pid, program, info->name);
}

/* The ways to what the patient is; it need not be listed, if it cannot be asked */
static bool leads_to_patient(const struct doctor *doctor,
			     const struct rpmb_item *item)
{
	const struct rpmb_list *ways = doctor->ways;
	const char *name = doctor->patient->info.name;
	size_t i;

	if (!strcmp(item->info.name, name))
		return true;
	for (i = 0; i < ways->nr; i++)
		if (!strcmp(ways->items[i].info.name, name))
			return rpmb_is_same(&ways->items[i], item);
	return false;
}

static bool is_node(const char *file, const struct rpmb_info *info)
{
	char *path = device_path(info), *node = realpath(path, NULL);
	bool same = node && !strcmp(file, node);

	free(path);
	free(node);
	return same;
}

/*
 * The link is read and not followed: what a program has open may be on a server that does
 * not answer
 */
static void check_file(struct doctor *doctor, const char *name, const char *path)
{
	const struct rpmb_list *ways = doctor->ways;
	char process[64], file[PATH_MAX];
	ssize_t len = readlink(path, file, sizeof(file) - 1);
	size_t i;
	int pid;

	(void)name;
	file[len > 0 ? len : 0] = '\0';
	if (!strstr(file, "/dev/") || sscanf(path, "/proc/%d/", &pid) != 1)
		return;
	snprintf(process, sizeof(process), "/proc/%d", pid);
	for (i = 0; i < ways->nr; i++)
		if (leads_to_patient(doctor, &ways->items[i]) &&
		    is_node(file, &ways->items[i].info))
			say_holder(doctor, process, pid, &ways->items[i].info);
}

static void check_process(struct doctor *doctor, const char *name,
			  const char *path)
{
	char files[1100];

	if (strspn(name, "0123456789") != strlen(name) ||
	    atoi(name) == getpid())
		return;
	snprintf(files, sizeof(files), "%s/fd", path);
	look_each(doctor, files, check_file);
}

void check_holders(struct doctor *doctor, const struct patient *patient)
{
	struct rpmb_list ways;

	(void)patient;
	if (!rpmb_list_every_way(&ways)) {
		doctor->ways = &ways;
		look_each(doctor, "/proc", check_process);
		doctor->ways = NULL;
	}
	rpmb_clear_list(&ways);
}
