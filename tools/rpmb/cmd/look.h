/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RPMB_CMD_LOOK_H
#define RPMB_CMD_LOOK_H

/*
 * What is in a file, up to where it would have to be waited for, as a string to be freed;
 * NULL if it cannot be read
 */
char *look_file(const char *path);

/* The same of the last megabyte of a file, or of a bit more of one that grows */
char *look_end(const char *path);

#endif /* RPMB_CMD_LOOK_H */
