/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests share: the simulator's directory, and rights that are given up
 */
#ifndef RPMB_SELFTESTS_SIM_H
#define RPMB_SELFTESTS_SIM_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define CONFIGFS "/sys/kernel/config"
#define SIM_DIR CONFIGFS "/rpmb-sim"

static inline int write_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static inline int read_file(const char *dir, const char *name, char *text, size_t size)
{
	char path[256];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	len = read(fd, text, size - 1);
	close(fd);
	if (len < 0)
		return -EIO;
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

static inline bool have_simulator(void)
{
	if (access(SIM_DIR, F_OK))
		mount("none", CONFIGFS, "configfs", 0, NULL);
	return !access(SIM_DIR, F_OK);
}

/* A device of the simulator: its directory, its name, and its node */
struct sim {
	char dir[128];
	char name[32];
	char node[64];
};

/* Make one, with attributes in pairs up to a NULL; @who tells it from those of others */
static inline int sim_make(struct sim *sim, const char *who,
			   const char *const *attributes)
{
	int ret;

	snprintf(sim->dir, sizeof(sim->dir), SIM_DIR "/%s-%d", who, getpid());
	ret = mkdir(sim->dir, 0700) ? -errno : 0;
	for (; !ret && *attributes; attributes += 2)
		ret = write_file(sim->dir, attributes[0], attributes[1]);
	if (!ret)
		ret = write_file(sim->dir, "enable", "1");
	if (!ret)
		ret = read_file(sim->dir, "device", sim->name,
				sizeof(sim->name));
	snprintf(sim->node, sizeof(sim->node), "/dev/%s", sim->name);
	return ret;
}

/* Remove it, if it was made */
static inline int sim_remove(const struct sim *sim)
{
	return sim->dir[0] && rmdir(sim->dir) ? -errno : 0;
}

static inline int drop_capability(unsigned int cap)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	data[cap / 32].effective &= ~(1U << cap % 32);
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

/* Instead of TEST_HARNESS_MAIN: without a simulator all of it is skipped */
#define SIM_HARNESS_MAIN						\
	int main(int argc, char **argv)					\
	{								\
		if (!have_simulator()) {				\
			ksft_print_header();				\
			ksft_exit_skip("no simulator: modprobe rpmb-sim\n");	\
		}							\
		return test_harness_run(argc, argv);			\
	}

#endif /* RPMB_SELFTESTS_SIM_H */
