/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBRPMB_LIST_H
#define LIBRPMB_LIST_H

#include "internal.h"

/*
 * A device, and its directory in sysfs without symbolic links. @hardware: that of the
 * hardware, NULL if the device is its own.
 */
struct rpmb_item {
	struct rpmb_info info;
	char *dir;
	char *hardware;
};

/*
 * @every_way: hardware is listed for each interface that reaches it
 * @drivers_only: there are some that the kernel keeps for its drivers
 */
struct rpmb_list {
	struct rpmb_item *items;
	size_t nr;
	bool every_way;
	bool drivers_only;
};

/* List all devices; to be cleared, also if this failed */
int rpmb_make_list(struct rpmb_list *list);

/* The same, with hardware for each interface that reaches it */
int rpmb_list_every_way(struct rpmb_list *list);

/* The hardware is the same, or at least says that it is */
bool rpmb_is_same(const struct rpmb_item *a, const struct rpmb_item *b);

void rpmb_clear_list(struct rpmb_list *list);

#endif /* LIBRPMB_LIST_H */
