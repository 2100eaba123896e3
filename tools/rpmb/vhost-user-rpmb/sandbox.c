// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/capability.h>
#include <linux/mmc/ioctl.h>
#include <linux/rpmb.h>
#include <scsi/sg.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"
#include "sandbox.h"
#include "view.h"

#ifdef __SANITIZE_ADDRESS__

/* The sanitizer reads /proc and traces threads to find leaks */
bool sandbox_prepare(const struct sandbox_needs *needs)
{
	(void)needs;
	log_line("built with sanitizers, so without a sandbox");
	return true;
}

bool sandbox_enter(const struct sandbox_needs *needs)
{
	(void)needs;
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

/* How librpmb carries frames */
static const unsigned long ioctls[] = {
	RPMB_IOC_ROUTE_FRAMES, MMC_IOC_MULTI_CMD, SG_IO,
};

static int allow_device(scmp_filter_ctx filter)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < ARRAY_SIZE(ioctls); i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
				       SCMP_SYS(ioctl), 1,
				       SCMP_A1(SCMP_CMP_EQ, ioctls[i]));
	return err;
}

/* An anchor that has come back has to be connected anew */
static int allow_anchor(scmp_filter_ctx filter)
{
	int err;

	err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
			       SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
				       SCMP_SYS(connect), 0);
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
				       SCMP_SYS(recvfrom), 0);
	return err;
}

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

static int install_filter(const struct sandbox_needs *needs)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int err;

	if (!filter)
		return -ENOMEM;
	err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!err)
		err = allow(filter);
	if (!err && needs->device)
		err = allow_device(filter);
	if (!err && needs->anchor)
		err = allow_anchor(filter);
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

/* Of root's rights and of those of its own user namespace, if it has one */
static bool drop_capabilities(bool raw_io)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	uint32_t keep = raw_io ? 1U << CAP_SYS_RAWIO : 0;

	if (syscall(SYS_capget, &header, data))
		return false;
	keep &= data[0].permitted;
	memset(data, 0, sizeof(data));
	data[0].permitted = keep;
	data[0].effective = keep;
	return !prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) &&
	       !syscall(SYS_capset, &header, data);
}

bool sandbox_prepare(const struct sandbox_needs *needs)
{
	if (!view_enter(needs))
		return false;
	if (!drop_capabilities(needs->raw_io))
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

bool sandbox_enter(const struct sandbox_needs *needs)
{
	int err = install_filter(needs);

	if (err)
		log_line("seccomp: %s", strerror(-err));
	return !err;
}

#endif /* __SANITIZE_ADDRESS__ */
