// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hardware.h"
#include "tap.h"

static int open_hardware(void)
{
	int fd = open("dev/rpmb0", O_RDWR | O_CLOEXEC);

	check(fd >= 0, "%s", strerror(errno));
	return fd;
}

void hardware_save(struct hardware *hw)
{
	int fd = open_hardware();
	struct stat st;

	check(!fstat(fd, &st), "%s", strerror(errno));
	hw->len = st.st_size;
	hw->bytes = malloc(hw->len);
	check(hw->bytes && pread(fd, hw->bytes, hw->len, 0) == st.st_size, "%s",
	      strerror(errno));
	close(fd);
}

void hardware_put_back(const struct hardware *hw)
{
	int fd = open_hardware();

	check(pwrite(fd, hw->bytes, hw->len, 0) == (ssize_t)hw->len, "%s",
	      strerror(errno));
	close(fd);
}

void hardware_free(struct hardware *hw)
{
	free(hw->bytes);
}
