// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"
#include "tap.h"

/* An eMMC whose set of write sizes has a gap */
static const struct fake emmc = {
	.frame_format = RPMB_FRAME_JEDEC,
	.transport = RPMB_TRANSPORT_EMMC,
	.capacity = HOST_BLOCKS,
	.write_sizes = 1 << 0 | 1 << 1 | 1 << 5,
	.max_read = 64,
};

static void put_attr(const char *dir, const char *name, const char *value)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	check(f && fputs(value, f) >= 0 && !fclose(f), "%s: %s", path,
	      strerror(errno));
}

static char *get_attr(const char *dir, const char *name)
{
	char path[PATH_MAX], value[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	check(f && fgets(value, sizeof(value), f), "%s: %s", path,
	      strerror(errno));
	fclose(f);
	value[strcspn(value, "\n")] = 0;
	return strdup(value);
}

static char *simulate(const char *root)
{
	static unsigned int nr;
	char dir[PATH_MAX / 2];

	snprintf(dir, sizeof(dir), "%s/forward%u", root, nr++);
	check(!mkdir(dir, 0755), "%s: %s", dir, strerror(errno));
	put_attr(dir, "max_write", "2");
	put_attr(dir, "max_read", "64");
	put_attr(dir, "enable", "1");
	return get_attr(dir, "device");
}

/* In the directory of the test, where the daemon finds it as well */
static char *pretend(void)
{
	char dir[PATH_MAX];

	check(getcwd(dir, sizeof(dir)) && !setenv("RPMB_FAKE", dir, 1), "%s",
	      strerror(errno));
	fake_create("rpmb0", &emmc);
	return strdup("rpmb0");
}

char *host_device(void)
{
	const char *root = getenv("RPMB_SIM");

	return root ? simulate(root) : pretend();
}

struct fake *host_fake(const char *name)
{
	return getenv("RPMB_SIM") ? NULL : fake_get(name);
}
