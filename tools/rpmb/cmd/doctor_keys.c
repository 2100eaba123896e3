// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: keys for RPMBs that the kernel has, or should have
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "secret.h"

#define PREFIX "rpmb:"

/* A list for the initramfs, and a unit, which loads a key of this name unless it is told */
#define LIST "/etc/rpmb/initramfs"
#define UNIT "rpmb-key.service"
#define ENABLED_UNIT "/etc/systemd/system/sysinit.target.wants/" UNIT
#define DROP_INS "/etc/systemd/system/" UNIT ".d"
#define UNIT_KEY "rpmb:board"

/* Search, for the possessor and the user: what is left of a key's permissions */
#define SEARCH_ONLY 0x08080000

/* What /proc/keys says of a key */
struct listed_key {
	char serial[9];
	unsigned int permissions;
	char type[10];
	char name[128];
};

/* Behind the description there is ": " and what its type says of the key */
static bool parse_key(struct listed_key *key, const char *line)
{
	char *end;

	if (sscanf(line, "%8s %*s %*s %*s %x %*s %*s %9s %127[^\n]",
		   key->serial, &key->permissions, key->type, key->name) != 4 ||
	    strncmp(key->name, PREFIX, strlen(PREFIX)))
		return false;
	end = strstr(key->name, ": ");
	if (end)
		*end = '\0';
	return true;
}

/* A copy of a user key serves where the kernel makes no requests, so it can be read */
static void check_listed(struct doctor *doctor, const struct listed_key *key)
{
	char next[64];

	if (!strcmp(key->type, "user"))
		return;
	doctor->keys = true;
	snprintf(next, sizeof(next), "keyctl setperm 0x%s %#010x", key->serial,
		 SEARCH_ONLY);
	if (key->permissions & ~SEARCH_ONLY)
		found(doctor, DOCTOR_NOTE, next,
		      "the kernel's key %s:%s may be used for more than requests: its permissions are %#010x",
		      key->type, key->name, key->permissions);
}

static void check_listed_keys(struct doctor *doctor, const char *keys)
{
	struct listed_key key;

	for (; keys && *keys; keys += strcspn(keys, "\n"), keys += !!*keys)
		if (parse_key(&key, keys))
			check_listed(doctor, &key);
}

/* It need not be listed: who may search for a key need not see it */
static bool is_loaded(const char *keys, const char *name)
{
	struct listed_key key;
	char typed[160];
	int32_t serial;

	for (; keys && *keys; keys += strcspn(keys, "\n"), keys += !!*keys)
		if (parse_key(&key, keys) && !strcmp(key.name, name))
			return true;
	snprintf(typed, sizeof(typed), "trusted:%s", name);
	return !secret_find_in_kernel(&serial, typed);
}

static const char *advise_key(void)
{
	if (look_for("/sys/class/tpmrm", "tpmrm*"))
		return "systemctl restart rpmb-key; if that fails, see journalctl -u rpmb-key";
	return "see why there is no /dev/tpmrm0: a TPM that is switched off, or without its driver";
}

static void check_wanted(struct doctor *doctor, const char *keys,
			 const char *name, const char *where)
{
	doctor->keys = true;
	if (!is_loaded(keys, name))
		found(doctor, DOCTOR_WARNING, advise_key(),
		      "the key %s, which %s names, is not loaded", name, where);
}

static void check_list(struct doctor *doctor, const char *keys)
{
	char *list = look_file(LIST), *line, *at = list, name[128];

	while ((line = strsep(&at, "\n")))
		if (sscanf(line, "%127s", name) == 1 && name[0] != '#')
			check_wanted(doctor, keys, name, LIST);
	free(list);
}

/* Root's keys are in sight of root, who closes this directory to others */
static bool sees_keys(void)
{
	return !geteuid() || !access("/etc/rpmb/.", X_OK);
}

void check_keys(struct doctor *doctor)
{
	char *keys = look_file("/proc/keys");

	check_listed_keys(doctor, keys);
	check_list(doctor, keys);
	if (sees_keys() && !access(ENABLED_UNIT, F_OK) &&
	    access(DROP_INS, F_OK))
		check_wanted(doctor, keys, UNIT_KEY, UNIT);
	free(keys);
}

void check_keyed(struct doctor *doctor, const struct patient *patient)
{
	if (doctor->keys && is_rpmb_node(patient) && !patient->info.keyed_types)
		found(doctor, DOCTOR_WARNING,
		      "use a kernel with CONFIG_RPMB_KEYED",
		      "there are keys for RPMBs, but with none of them the kernel makes requests to this device");
}
