/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBRPMB_NAMES_H
#define LIBRPMB_NAMES_H

/* The path of what rpmb_open() calls @name, to be freed */
int rpmb_find_path(const char *name, char **path);

#endif /* LIBRPMB_NAMES_H */
