/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RPMB_CMD_LOOK_H
#define RPMB_CMD_LOOK_H

/*
 * What is in a file, up to where it would have to be waited for, as a string to be freed;
 * NULL if it cannot be read
 */
char *look_file(const char *path);

#endif /* RPMB_CMD_LOOK_H */
