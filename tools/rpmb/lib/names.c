// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a name means: a path, the name of a device, or an identity
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "list.h"
#include "names.h"

/* An identity as text or in hexadecimal */
static bool has_id(const struct rpmb_info *info, const char *id)
{
	uint8_t bytes[LIBRPMB_ID_LEN];
	size_t len = strlen(id);

	if (!len || !info->dev_id_len)
		return false;
	if (len == info->dev_id_len && !memcmp(id, info->dev_id, len))
		return true;
	return len == 2 * info->dev_id_len &&
	       len == strspn(id, "0123456789abcdefABCDEF") &&
	       rpmb_from_hex(id, bytes, sizeof(bytes)) == info->dev_id_len &&
	       !memcmp(bytes, info->dev_id, info->dev_id_len);
}

static int find_in_list(const struct rpmb_list *list, const char *id,
			const struct rpmb_info **info)
{
	unsigned int found = 0;
	size_t i;

	for (i = 0; i < list->nr; i++)
		if (has_id(&list->items[i].info, id)) {
			*info = &list->items[i].info;
			found++;
		}
	if (!found)
		return RPMB_ERR_NO_DEVICE;
	return found == 1 ? 0 : RPMB_ERR_AMBIGUOUS;
}

/* Cut ":N" off the path, if that is what is there */
static bool cut_target(struct rpmb_name *name)
{
	char *colon = strrchr(name->path, ':');

	if (!colon || !colon[1] ||
	    colon[1 + strspn(colon + 1, "0123456789")])
		return false;
	*colon = '\0';
	name->target = strtoul(colon + 1, NULL, 10);
	name->has_target = true;
	return true;
}

/* Is there such a file? */
static int try_path(struct rpmb_name *name, const char *dir, const char *text)
{
	*name = (struct rpmb_name) { 0 };
	if (!*text)
		return RPMB_ERR_NO_DEVICE;
	if (asprintf(&name->path, "%s%s", dir, text) < 0)
		return RPMB_ERR_MEMORY;
	if (!access(name->path, F_OK) ||
	    (cut_target(name) && !access(name->path, F_OK)))
		return 0;
	free(name->path);
	return RPMB_ERR_NO_DEVICE;
}

static int try_id(struct rpmb_name *name, const char *id)
{
	const struct rpmb_info *info;
	struct rpmb_list list;
	int ret;

	ret = rpmb_make_list(&list);
	if (!ret)
		ret = find_in_list(&list, id, &info);
	if (!ret)
		ret = try_path(name, "/dev/", info->name);
	rpmb_clear_list(&list);
	return ret;
}

static const struct rpmb_interface *interface_of(const char *subsystem)
{
	unsigned int i;

	for (i = 0; subsystem && i < rpmb_nr_interfaces; i++)
		if (!strcmp(rpmb_interfaces[i]->subsystem,
			    strrchr(subsystem, '/') + 1))
			return rpmb_interfaces[i];
	/* It will say so if it is not */
	return &rpmb_device_interface;
}

/* A path may be a link with a name of its own */
static void find_file(struct rpmb_name *name)
{
	char *dir = realpath(name->dir, NULL);

	snprintf(name->file, sizeof(name->file), "%s",
		 strrchr(dir ?: name->path, '/') + 1);
	free(dir);
}

/* Where the file's device is in sysfs, and so which interface it belongs to */
static int find_interface(struct rpmb_name *name)
{
	char link[RPMB_SYSFS_PATH + 16], *subsystem;
	struct stat st;

	if (stat(name->path, &st))
		return rpmb_system_error(errno);
	snprintf(name->dir, sizeof(name->dir), "/sys/dev/char/%u:%u",
		 major(st.st_rdev), minor(st.st_rdev));
	snprintf(link, sizeof(link), "%s/subsystem", name->dir);

	subsystem = S_ISCHR(st.st_mode) ? realpath(link, NULL) : NULL;
	name->interface = interface_of(subsystem);
	free(subsystem);
	if (name->has_target && !name->interface->nr_targets)
		return RPMB_ERR_NO_DEVICE;
	find_file(name);
	return 0;
}

/* Has the kernel such a device, without a file, for its drivers? */
static bool is_for_drivers(const char *text)
{
	const char *slash = strrchr(text, '/');
	const char *name = slash ? slash + 1 : text;
	char dir[RPMB_SYSFS_PATH];
	struct rpmb_place place = { .fd = -1, .dir = dir };
	struct rpmb_info info;

	snprintf(dir, sizeof(dir), "%s/%s", rpmb_device_interface.sys_dir,
		 name);
	return !strncmp(name, "rpmb", strlen("rpmb")) && !access(dir, F_OK) &&
	       rpmb_device_interface.list_info(&place, &info) ==
	       RPMB_ERR_DRIVERS_ONLY;
}

int rpmb_find_name(struct rpmb_name *name, const char *text)
{
	int ret = RPMB_ERR_NO_DEVICE;

	if (strchr(text, '/'))
		ret = try_path(name, "", text);
	if (ret == RPMB_ERR_NO_DEVICE)
		ret = try_path(name, "/dev/", text);
	if (ret == RPMB_ERR_NO_DEVICE)
		ret = try_id(name, text);
	if (ret == RPMB_ERR_NO_DEVICE && is_for_drivers(text))
		ret = RPMB_ERR_DRIVERS_ONLY;
	if (ret)
		return ret;

	ret = find_interface(name);
	if (ret)
		free(name->path);
	return ret;
}
