// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "log.h"
#include "sandbox.h"

#ifdef __SANITIZE_ADDRESS__

/* The sanitizer reads /proc and traces threads to find leaks */
bool sandbox_enter(void)
{
	log_line("built with sanitizers, so without a sandbox");
	return true;
}

#else

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const int allowed[] = {
	/* the front-end and its signals */
	SCMP_SYS(accept4), SCMP_SYS(recvmsg), SCMP_SYS(sendto),
	SCMP_SYS(sendmsg), SCMP_SYS(poll), SCMP_SYS(ppoll),
	SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(close), SCMP_SYS(fcntl),
	/* the database, whose files are open; the socket and the -wal file go
	 * at the end
	 */
	SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(lseek),
	SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate),
	SCMP_SYS(fstat), SCMP_SYS(stat), SCMP_SYS(newfstatat),
	SCMP_SYS(statx), SCMP_SYS(unlink), SCMP_SYS(unlinkat),
	SCMP_SYS(getpid), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
	/* the C library */
	SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
	SCMP_SYS(futex), SCMP_SYS(sched_yield), SCMP_SYS(rseq),
	SCMP_SYS(set_robust_list), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getrandom),
	SCMP_SYS(gettid), SCMP_SYS(tgkill), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(exit), SCMP_SYS(exit_group),
};

static int allow(scmp_filter_ctx filter)
{
	size_t i;
	int err;

	/* Memory may be mapped, but code may not */
	err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
			       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
				       SCMP_SYS(mprotect), 1,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC,
					       0));
	/* malloc() looks into /proc now and then, and does without as well */
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES),
				       SCMP_SYS(openat), 0);
	for (i = 0; !err && i < ARRAY_SIZE(allowed); i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	return err;
}

static int install_filter(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int err;

	if (!filter)
		return -ENOMEM;
	err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!err)
		err = allow(filter);
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

bool sandbox_enter(void)
{
	int err;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		log_line("no_new_privs: %s", strerror(errno));
		return false;
	}
	/* The key stays out of core dumps */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) {
		log_line("dumpable: %s", strerror(errno));
		return false;
	}
	err = install_filter();
	if (err)
		log_line("seccomp: %s", strerror(-err));
	return !err;
}

#endif /* __SANITIZE_ADDRESS__ */
