// SPDX-License-Identifier: GPL-2.0-only
/*
 * What include/uapi/linux/rpmb.h promises of RPMB_IOC_KEYED, on a simulated device
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <linux/keyctl.h>
#include <linux/rpmb.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "../kselftest_harness.h"
#include "log.h"
#include "sim.h"

#define KEY_LEN 32
#define BLOCK 256
#define NOBODY 65534

/* The same for 32-bit programs, with no holes */
static_assert(sizeof(struct rpmb_ioc_keyed) == 56, "keyed");
static_assert(offsetof(struct rpmb_ioc_keyed, data) == 24, "keyed.data");

static const char raw[KEY_LEN + 2] = "a key of thirty-two bytes, no more";
static char data[8 * BLOCK], found[8 * BLOCK];

FIXTURE(keyed) {
	struct sim sim;
	int fd;
	int key;
};

static int add_key(const char *type, const char *description, size_t len)
{
	int key = syscall(SYS_add_key, type, description, raw, len,
			  KEY_SPEC_PROCESS_KEYRING);

	return key < 0 ? -errno : key;
}

/* Returns 0 or a negative error; what the kernel says is left in *cmd */
static int keyed(int fd, struct rpmb_ioc_keyed *cmd)
{
	cmd->size = sizeof(*cmd);
	return ioctl(fd, RPMB_IOC_KEYED, cmd) ? -errno : 0;
}

static int do_type(int fd, __u32 type, int key)
{
	struct rpmb_ioc_keyed cmd = {
		.type = type,
		.key = key,
	};

	if (type == RPMB_READ_DATA || type == RPMB_WRITE_DATA) {
		cmd.count = 1;
		cmd.data = (uintptr_t)(type == RPMB_READ_DATA ? found : data);
	}
	return keyed(fd, &cmd);
}

FIXTURE_SETUP(keyed)
{
	mark_kernel_log("", _metadata->name);
	if (!have_simulator())
		SKIP(return, "no simulator: modprobe rpmb-sim");

	ASSERT_EQ(0, sim_make(&self->sim, "keyed", (const char *const []) {
		"type", "emmc", "max_write", "2", "max_read", "3", NULL
	}));
	self->fd = open(self->sim.node, O_RDWR);
	ASSERT_LE(0, self->fd);
	/* Nobody, its owner included, can read such a key */
	self->key = add_key("logon", "rpmb:test", KEY_LEN);
	ASSERT_LT(0, self->key);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i / 3;
}

FIXTURE_TEARDOWN(keyed)
{
	if (self->fd > 0)
		close(self->fd);
	EXPECT_EQ(0, sim_remove(&self->sim));
}

TEST_F(keyed, info)
{
	struct rpmb_ioc_info info = { .size = sizeof(info) };

	ASSERT_EQ(0, ioctl(self->fd, RPMB_IOC_INFO, &info));
	EXPECT_EQ(info.request_types, info.keyed_types);
}

TEST_F(keyed, life)
{
	struct rpmb_ioc_keyed cmd = {
		.type = RPMB_GET_WRITE_COUNTER,
		.key = self->key,
	};

	EXPECT_EQ(-ENOKEY, keyed(self->fd, &cmd));
	EXPECT_EQ(RPMB_RES_NO_KEY, cmd.result);
	EXPECT_EQ(RPMB_ROUTE_STARTED, cmd.out_flags);
	ASSERT_EQ(0, do_type(self->fd, RPMB_PROGRAM_KEY, self->key));
	cmd = (struct rpmb_ioc_keyed) {
		.type = RPMB_PROGRAM_KEY,
		.key = self->key,
	};
	EXPECT_EQ(-EREMOTEIO, keyed(self->fd, &cmd));
	EXPECT_EQ(RPMB_RES_GENERAL, cmd.result);

	cmd = (struct rpmb_ioc_keyed) {
		.type = RPMB_WRITE_DATA,
		.key = self->key,
		.addr = 3,
		.count = 7,
		.data = (uintptr_t)data,
		.counter = 99,	/* means nothing without the flag */
	};
	ASSERT_EQ(0, keyed(self->fd, &cmd));
	EXPECT_EQ(7, cmd.done);
	EXPECT_EQ(0, cmd.unknown);
	EXPECT_EQ(0, cmd.result);
	EXPECT_EQ(0, cmd.mismatch);
	EXPECT_EQ(4, cmd.counter);
	cmd.type = RPMB_READ_DATA;
	cmd.data = (uintptr_t)found;
	ASSERT_EQ(0, keyed(self->fd, &cmd));
	EXPECT_EQ(7, cmd.done);
	EXPECT_EQ(0, cmd.counter);
	EXPECT_EQ(0, memcmp(data, found, 7 * BLOCK));
	EXPECT_EQ(0, found[7 * BLOCK]);
	EXPECT_EQ(0, do_type(self->fd, RPMB_WRITE_DATA, self->key));
	cmd = (struct rpmb_ioc_keyed) {
		.type = RPMB_GET_WRITE_COUNTER,
		.key = self->key,
	};
	ASSERT_EQ(0, keyed(self->fd, &cmd));
	EXPECT_EQ(5, cmd.counter);
}

static void do_nothing(int sig)
{
}

/* A signal ends a long range between two of its requests, and it says how far it got */
TEST_F(keyed, interrupted)
{
	static char range[500 * BLOCK];
	struct itimerval often = {
		.it_interval.tv_usec = 1000,
		.it_value.tv_usec = 1000,
	}, never = { };
	struct sigaction action = { .sa_handler = do_nothing };
	struct rpmb_ioc_keyed cmd;
	int ret = 0;

	ASSERT_EQ(0, do_type(self->fd, RPMB_PROGRAM_KEY, self->key));
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
	for (int i = 0; !ret && i < 1000; i++) {
		cmd = (struct rpmb_ioc_keyed) {
			.type = RPMB_READ_DATA,
			.key = self->key,
			.count = 500,
			.data = (uintptr_t)range,
		};
		ret = keyed(self->fd, &cmd);
	}
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &never, NULL));
	EXPECT_EQ(-EINTR, ret);
	EXPECT_LT(0, cmd.done);
	EXPECT_GT(500, cmd.done);
	EXPECT_EQ(0, cmd.done % 3);
}

TEST_F(keyed, named_counter)
{
	struct rpmb_ioc_keyed cmd = {
		.type = RPMB_WRITE_DATA,
		.flags = RPMB_KEYED_COUNTER,
		.key = self->key,
		.count = 1,
		.data = (uintptr_t)data,
	};

	ASSERT_EQ(0, do_type(self->fd, RPMB_PROGRAM_KEY, self->key));
	ASSERT_EQ(0, keyed(self->fd, &cmd));
	EXPECT_EQ(1, cmd.counter);
	cmd.counter = 7;
	EXPECT_EQ(-ESTALE, keyed(self->fd, &cmd));
	EXPECT_EQ(RPMB_RES_COUNTER, cmd.result);
	EXPECT_EQ(0, cmd.done);
	EXPECT_EQ(0, cmd.unknown);
	EXPECT_EQ(1, cmd.counter);
	ASSERT_EQ(0, keyed(self->fd, &cmd));
	/* It is for writes alone */
	cmd.type = RPMB_READ_DATA;
	EXPECT_EQ(-EINVAL, keyed(self->fd, &cmd));
}

TEST_F(keyed, contradictions)
{
	struct rpmb_ioc_keyed cmd, ok = {
		.type = RPMB_READ_DATA,
		.key = self->key,
		.count = 2,
		.data = (uintptr_t)found,
	};

	ASSERT_EQ(0, do_type(self->fd, RPMB_PROGRAM_KEY, self->key));
	cmd = ok;
	cmd.flags = 2;
	EXPECT_EQ(-EOPNOTSUPP, keyed(self->fd, &cmd));
	for (__u32 type = RPMB_RESULT_READ; type < 40; type++) {
		cmd = ok;
		cmd.type = type;
		EXPECT_EQ(-EOPNOTSUPP, keyed(self->fd, &cmd));
	}
	/* No number is taken for what it is modulo the bits of a mask */
	for (__u32 bits = 32; bits; bits <<= 1) {
		cmd = ok;
		cmd.type |= bits;
		EXPECT_EQ(-EOPNOTSUPP, keyed(self->fd, &cmd));
	}
	cmd = ok;
	cmd.type = 0;
	EXPECT_EQ(-EOPNOTSUPP, keyed(self->fd, &cmd));
	cmd = ok;
	cmd.count = 0;
	EXPECT_EQ(-EINVAL, keyed(self->fd, &cmd));
	cmd = ok;
	cmd.addr = 511;
	EXPECT_EQ(-ERANGE, keyed(self->fd, &cmd));
	cmd = ok;
	cmd.count = ~0U;
	EXPECT_EQ(-ERANGE, keyed(self->fd, &cmd));
	/* What was in the outputs before is no output */
	cmd = ok;
	cmd.type = RPMB_GET_WRITE_COUNTER;
	cmd.out_flags = ~0;
	cmd.done = ~0;
	cmd.unknown = ~0;
	cmd.result = ~0;
	cmd.mismatch = ~0;
	EXPECT_EQ(-EINVAL, keyed(self->fd, &cmd));
	EXPECT_EQ(0, cmd.out_flags);
	EXPECT_EQ(0, cmd.done);
	EXPECT_EQ(0, cmd.unknown);
	EXPECT_EQ(0, cmd.result);
	EXPECT_EQ(0, cmd.mismatch);
	EXPECT_EQ(0, keyed(self->fd, &ok));
}

/* The counter and a key are at no place and have no length */
TEST_F(keyed, no_range)
{
	struct rpmb_ioc_keyed addr = { .addr = 1 }, count = { .count = 1 };
	struct rpmb_ioc_keyed memory = { .data = (uintptr_t)data };

	ASSERT_EQ(0, do_type(self->fd, RPMB_PROGRAM_KEY, self->key));
	addr.key = self->key;
	count.key = self->key;
	memory.key = self->key;
	for (__u32 type = RPMB_PROGRAM_KEY; type <= RPMB_GET_WRITE_COUNTER;
	     type++) {
		addr.type = type;
		count.type = type;
		memory.type = type;
		EXPECT_EQ(-EINVAL, keyed(self->fd, &addr));
		EXPECT_EQ(-EINVAL, keyed(self->fd, &count));
		EXPECT_EQ(-EINVAL, keyed(self->fd, &memory));
	}
}

TEST_F(keyed, sizes)
{
	struct {
		struct rpmb_ioc_keyed cmd;
		__u64 more;
	} newer = {
		.cmd.type = RPMB_GET_WRITE_COUNTER,
		.cmd.key = self->key,
	};

	ASSERT_EQ(0, do_type(self->fd, RPMB_PROGRAM_KEY, self->key));
	newer.cmd.size = sizeof(newer.cmd) - 1;
	EXPECT_EQ(-1, ioctl(self->fd, RPMB_IOC_KEYED, &newer));
	EXPECT_EQ(EINVAL, errno);
	newer.cmd.size = sizeof(newer);
	EXPECT_EQ(0, ioctl(self->fd, RPMB_IOC_KEYED, &newer));
	newer.more = 1;
	EXPECT_EQ(-1, ioctl(self->fd, RPMB_IOC_KEYED, &newer));
	EXPECT_EQ(E2BIG, errno);
}

/* How far it got is said also if the memory ends in the middle */
TEST_F(keyed, memory_fault)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *mem = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rpmb_ioc_keyed cmd = {
		.type = RPMB_WRITE_DATA,
		.key = self->key,
		.count = 6,
		.data = (uintptr_t)mem + page - 5 * BLOCK,
	};

	ASSERT_TRUE(mem != MAP_FAILED);
	ASSERT_EQ(0, munmap(mem + page, page));
	ASSERT_EQ(0, do_type(self->fd, RPMB_PROGRAM_KEY, self->key));
	EXPECT_EQ(-EFAULT, keyed(self->fd, &cmd));
	EXPECT_EQ(4, cmd.done);
	EXPECT_EQ(0, cmd.unknown);
	EXPECT_EQ(2, cmd.counter);
	cmd.type = RPMB_READ_DATA;
	EXPECT_EQ(-EFAULT, keyed(self->fd, &cmd));
	EXPECT_EQ(3, cmd.done);
}

/* Nothing is sent if it could not be said what became of it */
TEST_F(keyed, structure_read_only)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct rpmb_ioc_keyed *cmd = mmap(NULL, page, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_TRUE(cmd != MAP_FAILED);
	*cmd = (struct rpmb_ioc_keyed) {
		.size = sizeof(*cmd),
		.type = RPMB_PROGRAM_KEY,
		.key = self->key,
	};
	ASSERT_EQ(0, mprotect(cmd, page, PROT_READ));
	EXPECT_EQ(-1, ioctl(self->fd, RPMB_IOC_KEYED, cmd));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-ENOKEY, do_type(self->fd, RPMB_READ_DATA, self->key));
}

TEST_F(keyed, open_modes)
{
	int fd;

	ASSERT_EQ(0, do_type(self->fd, RPMB_PROGRAM_KEY, self->key));
	fd = open(self->sim.node, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, do_type(fd, RPMB_GET_WRITE_COUNTER, self->key));
	EXPECT_EQ(0, do_type(fd, RPMB_READ_DATA, self->key));
	EXPECT_EQ(-EBADF, do_type(fd, RPMB_WRITE_DATA, self->key));
	EXPECT_EQ(-EBADF, do_type(fd, RPMB_PROGRAM_KEY, self->key));
	close(fd);
	fd = open(self->sim.node, O_WRONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBADF, do_type(fd, RPMB_GET_WRITE_COUNTER, self->key));
	EXPECT_EQ(-EBADF, do_type(fd, RPMB_READ_DATA, self->key));
	EXPECT_EQ(0, do_type(fd, RPMB_WRITE_DATA, self->key));
	close(fd);
}

TEST_F(keyed, program_needs_capability)
{
	ASSERT_EQ(0, drop_capability(CAP_SYS_RAWIO));
	EXPECT_EQ(-EPERM, do_type(self->fd, RPMB_PROGRAM_KEY, self->key));
	EXPECT_EQ(-ENOKEY, do_type(self->fd, RPMB_WRITE_DATA, self->key));
}

/* Root of a namespace is nobody here */
TEST_F(keyed, program_in_namespace)
{
	ASSERT_EQ(0, unshare(CLONE_NEWUSER));
	EXPECT_EQ(-EPERM, do_type(self->fd, RPMB_PROGRAM_KEY, self->key));
}

/* Who may only use a key gives it to no device, which could be his own */
TEST_F(keyed, program_needs_setattr)
{
	/* Possessor, user, group, others: all but setattr, then the user that alone */
	ASSERT_EQ(0, syscall(SYS_keyctl, KEYCTL_SETPERM, self->key,
			     0x1f1f1f1f));
	EXPECT_EQ(-EACCES, do_type(self->fd, RPMB_PROGRAM_KEY, self->key));
	EXPECT_EQ(-ENOKEY, do_type(self->fd, RPMB_WRITE_DATA, self->key));
	self->key = add_key("logon", "rpmb:setattr", KEY_LEN);
	ASSERT_LT(0, self->key);
	ASSERT_EQ(0, syscall(SYS_keyctl, KEYCTL_SETPERM, self->key,
			     0x00200000));
	EXPECT_EQ(0, do_type(self->fd, RPMB_PROGRAM_KEY, self->key));
	EXPECT_EQ(-EACCES, do_type(self->fd, RPMB_WRITE_DATA, self->key));
}

TEST_F(keyed, keys_that_are_none)
{
	EXPECT_EQ(-EINVAL, do_type(self->fd, RPMB_PROGRAM_KEY, 0));
	EXPECT_EQ(-EINVAL, do_type(self->fd, RPMB_PROGRAM_KEY,
				   KEY_SPEC_PROCESS_KEYRING));
	EXPECT_EQ(-ENOKEY, do_type(self->fd, RPMB_PROGRAM_KEY, 0x7fffffff));
	EXPECT_EQ(-EKEYREJECTED,
		  do_type(self->fd, RPMB_PROGRAM_KEY,
			  add_key("user", "other:test", KEY_LEN)));
	EXPECT_EQ(-EKEYREJECTED,
		  do_type(self->fd, RPMB_PROGRAM_KEY,
			  add_key("user", "rpmb:long", KEY_LEN + 1)));
	EXPECT_EQ(-EKEYREJECTED,
		  do_type(self->fd, RPMB_PROGRAM_KEY,
			  add_key("user", "rpmb:short", KEY_LEN - 1)));
	EXPECT_EQ(-EKEYREJECTED,
		  do_type(self->fd, RPMB_PROGRAM_KEY,
			  add_key("keyring", "rpmb:ring", 0)));
	/* No key was sent */
	EXPECT_EQ(0, do_type(self->fd, RPMB_PROGRAM_KEY, self->key));
	ASSERT_EQ(0, syscall(SYS_keyctl, KEYCTL_REVOKE, self->key));
	EXPECT_EQ(-EKEYREVOKED,
		  do_type(self->fd, RPMB_GET_WRITE_COUNTER, self->key));
}

static int add_encrypted(const char *description, const char *payload)
{
	int key = syscall(SYS_add_key, "encrypted", description, payload,
			  strlen(payload), KEY_SPEC_PROCESS_KEYRING);

	return key < 0 ? -errno : key;
}

/* Its length is that of what is decrypted */
TEST_F(keyed, encrypted_keys)
{
	int key;

	ASSERT_LT(0, add_key("user", "rpmb-test-master", KEY_LEN));
	key = add_encrypted("rpmb:encrypted", "new user:rpmb-test-master 32");
	if (key == -ENODEV)
		SKIP(return, "no encrypted keys: CONFIG_ENCRYPTED_KEYS");
	ASSERT_LT(0, key);
	EXPECT_EQ(-EKEYREJECTED,
		  do_type(self->fd, RPMB_PROGRAM_KEY,
			  add_encrypted("rpmb:long",
					"new user:rpmb-test-master 64")));
	EXPECT_EQ(-EKEYREJECTED,
		  do_type(self->fd, RPMB_PROGRAM_KEY,
			  add_encrypted("rpmb:short",
					"new user:rpmb-test-master 31")));
	EXPECT_EQ(-EKEYREJECTED,
		  do_type(self->fd, RPMB_PROGRAM_KEY,
			  add_encrypted("other:test",
					"new user:rpmb-test-master 32")));
	ASSERT_EQ(0, do_type(self->fd, RPMB_PROGRAM_KEY, key));
	EXPECT_EQ(0, do_type(self->fd, RPMB_WRITE_DATA, key));
}

/* Another user, who has got hold of the open file and of the serial number */
TEST_F(keyed, key_of_another)
{
	int own;

	ASSERT_EQ(0, do_type(self->fd, RPMB_PROGRAM_KEY, self->key));
	/* No possession any more: a process keyring is the process's own */
	ASSERT_EQ(0, syscall(SYS_keyctl, KEYCTL_SETPERM, self->key,
			     0x3f000000));
	if (!fork()) {
		own = -1;
		if (setresuid(NOBODY, NOBODY, NOBODY))
			_exit(1);
		if (do_type(self->fd, RPMB_GET_WRITE_COUNTER, self->key) !=
		    -EACCES)
			_exit(2);
		own = add_key("logon", "rpmb:own", KEY_LEN);
		_exit(do_type(self->fd, RPMB_GET_WRITE_COUNTER, own) ? 3 : 0);
	}
	ASSERT_LT(0, wait(&own));
	EXPECT_EQ(0, own);
}

static int write_map(const char *name, unsigned int outside)
{
	char map[32];

	snprintf(map, sizeof(map), "0 %u 1", outside);
	return write_file("/proc/self", name, map);
}

/* Who is root in a namespace of his own is not for that the owner of root's keys */
static int use_as_root_of_namespace(int fd, int key)
{
	if (setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY) || prctl(PR_SET_DUMPABLE, 1) ||
	    unshare(CLONE_NEWUSER) || write_map("uid_map", NOBODY) ||
	    getuid())
		return 1;
	if (do_type(fd, RPMB_WRITE_DATA, key) != -EACCES)
		return 2;
	return do_type(fd, RPMB_WRITE_DATA,
		       add_key("logon", "rpmb:own", KEY_LEN)) == -ENOKEY ? 0 : 3;
}

TEST_F(keyed, key_of_another_namespace)
{
	int ended;

	ASSERT_EQ(0, syscall(SYS_keyctl, KEYCTL_SETPERM, self->key,
			     0x3f3f0000));
	EXPECT_EQ(-ENOKEY, do_type(self->fd, RPMB_WRITE_DATA, self->key));
	if (!fork())
		_exit(use_as_root_of_namespace(self->fd, self->key));
	ASSERT_LT(0, wait(&ended));
	EXPECT_EQ(0, ended);
}

/* To use it, nobody needs to be able to see it */
TEST_F(keyed, search_is_enough)
{
	char seen[KEY_LEN];
	int key = add_key("user", "rpmb:search", KEY_LEN);

	ASSERT_LT(0, key);
	ASSERT_EQ(0, do_type(self->fd, RPMB_PROGRAM_KEY, key));
	/* Possessor, user, group, others: search and nothing else */
	ASSERT_EQ(0, syscall(SYS_keyctl, KEYCTL_SETPERM, key, 0x28080808));
	EXPECT_EQ(0, do_type(self->fd, RPMB_WRITE_DATA, key));
	ASSERT_EQ(0, syscall(SYS_keyctl, KEYCTL_SETPERM, key, 0x27070707));
	EXPECT_EQ(-EACCES, do_type(self->fd, RPMB_WRITE_DATA, key));
	EXPECT_EQ(-1, syscall(SYS_keyctl, KEYCTL_READ, self->key, seen,
			      sizeof(seen)));
	EXPECT_EQ(EOPNOTSUPP, errno);
}

TEST_F(keyed, removed)
{
	ASSERT_EQ(0, do_type(self->fd, RPMB_PROGRAM_KEY, self->key));
	ASSERT_EQ(0, write_file(self->sim.dir, "enable", "0"));
	EXPECT_EQ(-ENODEV, do_type(self->fd, RPMB_WRITE_DATA, self->key));
}

SIM_HARNESS_MAIN
