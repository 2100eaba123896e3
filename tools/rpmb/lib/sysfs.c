// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Attributes of devices in sysfs
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"

bool rpmb_attr(const char *dir, const char *attr, char *text, size_t size)
{
	char path[RPMB_SYSFS_PATH];
	ssize_t len;
	int fd;

	text[0] = '\0';
	snprintf(path, sizeof(path), "%s/%s", dir, attr);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, text, size - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return len >= 0;
}

bool rpmb_attr_number(const char *dir, const char *attr,
		      unsigned long long *number)
{
	char text[32], *end;

	*number = 0;
	if (!rpmb_attr(dir, attr, text, sizeof(text)))
		return false;
	*number = strtoull(text, &end, 0);
	return end > text;
}

size_t rpmb_from_hex(const char *text, uint8_t *bytes, size_t size)
{
	size_t len = 0;

	while (len < size && sscanf(text, "%2hhx", &bytes[len]) == 1) {
		len++;
		text += 2;
		if (!text[0] || !text[1])
			break;
	}
	return len;
}
