/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBRPMB_NAMES_H
#define LIBRPMB_NAMES_H

#include "interface.h"
#include "sysfs.h"

/* What a name means: a file, which of its targets, and what it is for sysfs */
struct rpmb_name {
	char *path;			/* to be freed */
	unsigned int target;
	bool has_target;
	const struct rpmb_interface *interface;
	char dir[RPMB_SYSFS_PATH];
	char file[32];			/* what the kernel calls it */
};

/* Find what rpmb_open() calls @text */
int rpmb_find_name(struct rpmb_name *name, const char *text);

#endif /* LIBRPMB_NAMES_H */
