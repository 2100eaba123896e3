/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBRPMB_LIST_H
#define LIBRPMB_LIST_H

#include "internal.h"

/* A device, and its directory in sysfs without symbolic links */
struct rpmb_item {
	struct rpmb_info info;
	char *dir;
};

/* @drivers_only: there are some that the kernel keeps for its drivers */
struct rpmb_list {
	struct rpmb_item *items;
	size_t nr;
	bool drivers_only;
};

/* List all devices; to be cleared, also if this failed */
int rpmb_make_list(struct rpmb_list *list);
void rpmb_clear_list(struct rpmb_list *list);

#endif /* LIBRPMB_LIST_H */
