// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "any-call.h"
#include "confined.h"
#include "tap.h"

const struct system_call deadly_calls[] = {
	{ SYS_execve, {} }, { SYS_execveat, {} }, { SYS_clone, {} },
	{ SYS_clone3, {} }, { SYS_connect, { -1 } }, { SYS_ptrace, {} },
	{ SYS_process_vm_readv, {} }, { SYS_kill, { 1 } },
	{ SYS_setuid, {} }, { SYS_capset, {} }, { SYS_unshare, {} },
	{ SYS_setns, { -1 } }, { SYS_mount, {} }, { SYS_chroot, {} },
	{ SYS_prctl, {} }, { SYS_keyctl, {} }, { SYS_bpf, {} },
	{ SYS_io_uring_setup, {} }, { SYS_memfd_create, {} },
	{ SYS_renameat2, {} }, { SYS_fchmod, { -1 } },
	{ SYS_getdents64, { -1 } },
	{ SYS_ioctl, { -1, 0x5412 /* TIOCSTI */ } },
	{ SYS_mmap, { 0, 4096, PROT_READ | PROT_EXEC,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1 } },
	{ SYS_mprotect, { 0, 4096, PROT_READ | PROT_EXEC } },
#ifdef __x86_64__
	/* Other entries, by which numbers are others: getuid(), that of sched_yield() */
	{ I386_CALL + SYS_sched_yield, {} },
	{ __X32_SYSCALL_BIT + SYS_sched_yield, {} },
#endif
	{ -1, {} },
};

/* A kernel may have no entry for 32 bits, and does not get as far as the filter then */
bool call_is_known(const struct system_call *call)
{
	pid_t child;
	int status;

	if (call->nr < I386_CALL || call->nr >= 2 * I386_CALL)
		return true;
	fflush(stdout);
	child = fork();
	check(child >= 0, "%s", strerror(errno));
	if (!child) {
		any_call(call->nr, call->arguments);
		_exit(0);
	}
	check(waitpid(child, &status, 0) == child, "%s", strerror(errno));
	return !status;
}

/* The number that a thread's status has for @field */
static long status_field(const char *path, const char *field)
{
	FILE *f = fopen(path, "re");
	long value = -1;
	char line[256];

	check(f, "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, field, strlen(field)))
			value = strtol(line + strlen(field), NULL, 10);
	fclose(f);
	return value;
}

unsigned int check_confined(pid_t pid)
{
	struct dirent *entry;
	unsigned int n = 0;
	char path[300];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	check(dir, "%s: %s", path, strerror(errno));
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status", pid,
			 entry->d_name);
		check_eq(status_field(path, "Seccomp:"), 2);
		check_eq(status_field(path, "NoNewPrivs:"), 1);
		n++;
	}
	closedir(dir);
	return n;
}

/* The sets are in hexadecimal there */
void check_no_capabilities(pid_t pid)
{
	static const char *const none[] = { "CapEff:\t000000000000000",
		"CapPrm:\t000000000000000", "CapInh:\t000000000000000",
		"CapAmb:\t000000000000000" };
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	for (unsigned int i = 0; i < ARRAY_SIZE(none); i++)
		check_eq(status_field(path, none[i]), 0);
}

static bool sees(pid_t pid, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/root%s", pid, name);
	/* Not by access(), for which fake.c has processes of its own */
	if (!faccessat(AT_FDCWD, path, F_OK, 0))
		return true;
	check(errno == ENOENT, "%s: %s", path, strerror(errno));
	return false;
}

void check_view(pid_t pid, const char *path)
{
	check(sees(pid, path), "it does not see %s", path);
	check(!sees(pid, "/proc"), "it sees /proc");
	check(!sees(pid, "/etc"), "it sees /etc");
}
