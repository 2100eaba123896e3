/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists of devices, by the names that somebody has given them
 */
#ifndef RPMB_CMD_DEVICE_LIST_H
#define RPMB_CMD_DEVICE_LIST_H

#include <stddef.h>

struct device_list {
	char **names;
	size_t nr;
};

/*
 * Add a device, or those that a file has, one a line. @where is who names it. One that is
 * on the list already is an error: another one was meant. Both return an exit code.
 */
int list_device(struct device_list *list, const char *where, const char *name);
int list_devices_of(struct device_list *list, const char *file);

void clear_device_list(struct device_list *list);

#endif /* RPMB_CMD_DEVICE_LIST_H */
