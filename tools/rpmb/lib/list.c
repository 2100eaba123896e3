// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which devices there are
 *
 * Interface by interface, the best first. Hardware that one of them reaches is not
 * listed for the next ones again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interface.h"
#include "list.h"
#include "sysfs.h"

/* A device file, by its name in sysfs */
struct file {
	const struct rpmb_interface *interface;
	const char *name;
	char dir[RPMB_SYSFS_PATH];
};

static bool is_below(const char *dir, const char *hardware)
{
	size_t len = strlen(hardware);

	return !strncmp(dir, hardware, len) && (!dir[len] || dir[len] == '/');
}

/* The hardware is the same, or at least says that it is */
static bool is_same(const struct rpmb_item *item, const struct rpmb_info *info,
		    const char *hardware)
{
	if (item->info.transport != info->transport ||
	    item->info.target != info->target)
		return false;
	if (is_below(item->dir, hardware))
		return true;
	return info->dev_id_len &&
	       info->dev_id_len == item->info.dev_id_len &&
	       !memcmp(info->dev_id, item->info.dev_id, info->dev_id_len);
}

static bool is_listed(const struct rpmb_list *list, const struct file *file,
		      const struct rpmb_info *info)
{
	char path[RPMB_SYSFS_PATH + 32], *hardware;
	bool listed = false;
	size_t i;

	if (!file->interface->hardware)
		return false;
	snprintf(path, sizeof(path), "%s/%s", file->dir,
		 file->interface->hardware);
	hardware = realpath(path, NULL);
	for (i = 0; hardware && !listed && i < list->nr; i++)
		listed = is_same(&list->items[i], info, hardware);
	free(hardware);
	return listed;
}

static int add(struct rpmb_list *list, const struct file *file,
	       const struct rpmb_info *info)
{
	char *dir = realpath(file->dir, NULL);
	struct rpmb_item *items;

	/* Removed meanwhile */
	if (!dir)
		return 0;
	items = realloc(list->items, (list->nr + 1) * sizeof(*items));
	if (!items) {
		free(dir);
		return RPMB_ERR_MEMORY;
	}
	items[list->nr++] = (struct rpmb_item) { .info = *info, .dir = dir };
	list->items = items;
	return 0;
}

/* An interface has devices without an RPMB as well */
static int add_target(struct rpmb_list *list, const struct file *file, int fd,
		      unsigned int target)
{
	struct rpmb_place place = { fd, file->dir, target };
	struct rpmb_info info = { 0 };
	int ret = file->interface->list_info(&place, &info);

	if (ret == RPMB_ERR_DRIVERS_ONLY)
		list->drivers_only = true;
	if (ret || is_listed(list, file, &info))
		return 0;
	rpmb_set_name(&info, file->interface, file->name, target);
	return add(list, file, &info);
}

/* What is closed to the caller is not listed */
static int add_file(struct rpmb_list *list, const struct file *file)
{
	unsigned int target = 0;
	char path[64];
	int fd = -1, ret;

	snprintf(path, sizeof(path), "%s/%s", file->interface->dev_dir,
		 file->name);
	if (file->interface->list_asks) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return 0;
	}
	do
		ret = add_target(list, file, fd, target);
	while (!ret && ++target < file->interface->nr_targets);
	if (fd >= 0)
		close(fd);
	return ret;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int add_files(struct rpmb_list *list,
		     const struct rpmb_interface *interface)
{
	struct file file = { .interface = interface };
	struct dirent **entries;
	int i, nr, ret = 0;

	nr = scandir(interface->sys_dir, &entries, is_visible, versionsort);
	/* The kernel does not have this interface */
	if (nr < 0)
		return errno == ENOENT ? 0 : rpmb_system_error(errno);

	for (i = 0; i < nr; i++) {
		file.name = entries[i]->d_name;
		snprintf(file.dir, sizeof(file.dir), "%s/%s",
			 interface->sys_dir, file.name);
		if (!ret)
			ret = add_file(list, &file);
		free(entries[i]);
	}
	free(entries);
	return ret;
}

int rpmb_make_list(struct rpmb_list *list)
{
	unsigned int i;
	int ret = 0;

	*list = (struct rpmb_list) { 0 };
	for (i = 0; !ret && i < rpmb_nr_interfaces; i++)
		ret = add_files(list, rpmb_interfaces[i]);
	return ret;
}

void rpmb_clear_list(struct rpmb_list *list)
{
	while (list->nr)
		free(list->items[--list->nr].dir);
	free(list->items);
}

bool rpmb_for_drivers_only(void)
{
	struct rpmb_list list = { 0 };

	add_files(&list, &rpmb_device_interface);
	rpmb_clear_list(&list);
	return list.drivers_only;
}

int rpmb_enumerate(int (*each)(const struct rpmb_info *info, void *arg),
		   void *arg)
{
	struct rpmb_list list;
	size_t i;
	int ret;

	ret = rpmb_make_list(&list);
	for (i = 0; !ret && i < list.nr; i++)
		ret = each(&list.items[i].info, arg);
	rpmb_clear_list(&list);
	return ret;
}
