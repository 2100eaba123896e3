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

bool rpmb_is_same(const struct rpmb_item *a, const struct rpmb_item *b)
{
	const struct rpmb_info *info = &a->info;

	if (info->transport != b->info.transport ||
	    info->target != b->info.target)
		return false;
	if ((b->hardware && is_below(a->dir, b->hardware)) ||
	    (a->hardware && is_below(b->dir, a->hardware)))
		return true;
	return info->dev_id_len && info->dev_id_len == b->info.dev_id_len &&
	       !memcmp(info->dev_id, b->info.dev_id, info->dev_id_len);
}

/* By a better interface */
static bool is_listed(const struct rpmb_list *list,
		      const struct rpmb_item *item)
{
	size_t i;

	for (i = 0; item->hardware && i < list->nr; i++)
		if (rpmb_is_same(&list->items[i], item))
			return true;
	return false;
}

static void clear_item(struct rpmb_item *item)
{
	free(item->dir);
	free(item->hardware);
}

/* False if it was removed meanwhile */
static bool make_item(struct rpmb_item *item, const struct file *file,
		      const struct rpmb_info *info)
{
	char path[RPMB_SYSFS_PATH + 32];

	*item = (struct rpmb_item) { .info = *info };
	item->dir = realpath(file->dir, NULL);
	if (file->interface->hardware) {
		snprintf(path, sizeof(path), "%s/%s", file->dir,
			 file->interface->hardware);
		item->hardware = realpath(path, NULL);
	}
	return item->dir;
}

static int add(struct rpmb_list *list, struct rpmb_item *item)
{
	struct rpmb_item *items;

	items = realloc(list->items, (list->nr + 1) * sizeof(*items));
	if (!items) {
		clear_item(item);
		return RPMB_ERR_MEMORY;
	}
	items[list->nr++] = *item;
	list->items = items;
	return 0;
}

/* An interface has devices without an RPMB as well */
static int add_target(struct rpmb_list *list, const struct file *file, int fd,
		      unsigned int target)
{
	struct rpmb_place place = { fd, file->dir, target };
	struct rpmb_info info = { 0 };
	struct rpmb_item item;
	int ret = file->interface->list_info(&place, &info);

	if (ret == RPMB_ERR_DRIVERS_ONLY)
		list->drivers_only = true;
	if (ret)
		return 0;
	rpmb_set_name(&info, file->interface, file->name, target);
	if (make_item(&item, file, &info) &&
	    (list->every_way || !is_listed(list, &item)))
		return add(list, &item);
	clear_item(&item);
	return 0;
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

static int make_list(struct rpmb_list *list, bool every_way)
{
	unsigned int i;
	int ret = 0;

	*list = (struct rpmb_list) { .every_way = every_way };
	for (i = 0; !ret && i < rpmb_nr_interfaces; i++)
		ret = add_files(list, rpmb_interfaces[i]);
	return ret;
}

int rpmb_make_list(struct rpmb_list *list)
{
	return make_list(list, false);
}

int rpmb_list_every_way(struct rpmb_list *list)
{
	return make_list(list, true);
}

void rpmb_clear_list(struct rpmb_list *list)
{
	while (list->nr)
		clear_item(&list->items[--list->nr]);
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
