// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mmc/ioctl.h>
#include <linux/rpmb.h>
#include <scsi/sg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine.h"
#include "log.h"
#include "view.h"

static const struct confine_call device_calls[] = {
	CALL_IF(ioctl, SCMP_A1(SCMP_CMP_EQ, RPMB_IOC_ROUTE_FRAMES)),
	CALL_IF(ioctl, SCMP_A1(SCMP_CMP_EQ, RPMB_IOC_ROUTE_BATCH)),
	CALL_IF(ioctl, SCMP_A1(SCMP_CMP_EQ, MMC_IOC_MULTI_CMD)),
	CALL_IF(ioctl, SCMP_A1(SCMP_CMP_EQ, SG_IO)),
};

const struct confine_set confine_device = CONFINE_SET(device_calls);

static const struct confine_call reading_calls[] = {
	CALL_IF(openat, SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT,
				O_RDONLY)),
};

const struct confine_set confine_reading = CONFINE_SET(reading_calls);

#ifdef __SANITIZE_ADDRESS__

/* The sanitizer reads /proc and traces threads to find leaks */
bool confine_files(const struct confine_needs *needs)
{
	(void)needs;
	log_line("built with sanitizers, so without a sandbox");
	return true;
}

bool confine_calls(const struct confine_set *const *sets)
{
	(void)sets;
	return true;
}

#else

/*
 * The first of a line's names are those of 64 bits; 32 bits have some of their own, for
 * large files and for times after 2038. What an architecture lacks, libseccomp leaves out.
 */
static const struct confine_call every_call[] = {
	/* clients and signals */
	CALL(accept4), CALL(sendto), CALL(poll), CALL(epoll_ctl),
	CALL(ppoll), CALL(ppoll_time64),
	CALL(epoll_wait), CALL(epoll_pwait), CALL(read), CALL(write),
	CALL(close), CALL(fcntl), CALL(fcntl64),
	/* the database, whose files are open; sockets and the -wal file go
	 * at the end
	 */
	CALL(pread64), CALL(pwrite64), CALL(lseek), CALL(_llseek),
	CALL(fsync), CALL(fdatasync), CALL(ftruncate), CALL(ftruncate64),
	CALL(fstat), CALL(fstat64), CALL(stat), CALL(stat64),
	CALL(newfstatat), CALL(fstatat64), CALL(statx),
	CALL(unlink), CALL(unlinkat), CALL(getpid),
	CALL(clock_nanosleep), CALL(clock_nanosleep_time64), CALL(nanosleep),
	/* memory may be mapped, but code may not; mmap() is another one, with its
	 * arguments in memory, where there is mmap2()
	 */
#ifdef SYS_mmap2
	CALL_IF(mmap2, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)),
#else
	CALL_IF(mmap, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)),
#endif
	CALL_IF(mprotect, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)),
	/* the C library */
	CALL(munmap), CALL(mremap), CALL(madvise), CALL(brk),
	CALL(futex), CALL(futex_time64),
	CALL(sched_yield), CALL(rseq), CALL(set_robust_list),
	CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(sigreturn),
	CALL(restart_syscall), CALL(time), CALL(gettimeofday),
	CALL(clock_gettime), CALL(clock_gettime64), CALL(getrandom),
	CALL(gettid), CALL(tgkill), CALL(sched_getaffinity), CALL(exit),
	CALL(exit_group),
};

static const struct confine_set every = CONFINE_SET(every_call);

static int allow(scmp_filter_ctx filter, const struct confine_set *set)
{
	const struct confine_call *call = set->calls;
	int err = 0;

	for (; !err && call < set->calls + set->nr; call++)
		err = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW,
					     call->number, call->compared,
					     &call->argument);
	return err;
}

static bool has_reading(const struct confine_set *const *sets)
{
	while (*sets && *sets != &confine_reading)
		sets++;
	return *sets;
}

static int fill(scmp_filter_ctx filter, const struct confine_set *const *sets)
{
	int err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	/* Calls by another architecture's entry are none of ours; unless told so
	 * libseccomp ends one thread for them, and the others would go on
	 */
	if (!err)
		err = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
				       SCMP_ACT_KILL_PROCESS);
	/* malloc() looks into /proc now and then, and does without as well */
	if (!err && !has_reading(sets))
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES),
				       SCMP_SYS(openat), 0);
	if (!err)
		err = allow(filter, &every);
	for (; !err && *sets; sets++)
		err = allow(filter, *sets);
	return err;
}

bool confine_calls(const struct confine_set *const *sets)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int err = -ENOMEM;

	if (filter) {
		err = fill(filter, sets);
		if (!err)
			err = seccomp_load(filter);
		seccomp_release(filter);
	}
	if (err)
		log_line("seccomp: %s", strerror(-err));
	return !err;
}

/* Of root's rights and of those of its own user namespace, if it has one */
static bool drop_capabilities(uint32_t keep)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		return false;
	keep &= data[0].permitted;
	memset(data, 0, sizeof(data));
	data[0].permitted = keep;
	data[0].effective = keep;
	return !prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) &&
	       !syscall(SYS_capset, &header, data);
}

bool confine_files(const struct confine_needs *needs)
{
	if (!view_enter(needs))
		return false;
	if (!drop_capabilities(needs->capabilities))
		log_line("capabilities: %s", strerror(errno));
	else if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		log_line("no_new_privs: %s", strerror(errno));
	/* The key stays out of core dumps */
	else if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		log_line("dumpable: %s", strerror(errno));
	else
		return true;
	return false;
}

#endif /* __SANITIZE_ADDRESS__ */
