/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UNIX_H
#define UNIX_H

/*
 * A socket that listens at @path, instead of any that is left there; -1 and a
 * log line if that is not possible
 */
int unix_listen(const char *path);

#endif /* UNIX_H */
