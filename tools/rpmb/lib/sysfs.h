/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attributes of devices in sysfs
 */
#ifndef LIBRPMB_SYSFS_H
#define LIBRPMB_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest path of a directory in sysfs */
#define RPMB_SYSFS_PATH 512

/* Read an attribute without its newline; the empty string if that fails */
bool rpmb_attr(const char *dir, const char *attr, char *text, size_t size);

/* Read one that is a number; 0 if that fails */
bool rpmb_attr_number(const char *dir, const char *attr,
		      unsigned long long *number);

/* Bytes that @text says in hexadecimal, at most @size; how many there are */
size_t rpmb_from_hex(const char *text, uint8_t *bytes, size_t size);

#endif /* LIBRPMB_SYSFS_H */
