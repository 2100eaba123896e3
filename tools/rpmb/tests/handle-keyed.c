// SPDX-License-Identifier: GPL-2.0-only
/*
 * In place of handle.c: the same tests, but the key is one of the kernel's, and stays
 * there
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>

#include "handle.h"
#include "tap.h"

const uint8_t *const key;
const bool by_kernel = true;
static int32_t serial;

/* Where a container has no keyrings there is nothing to test */
static void skip(void)
{
	printf("ok 1 - the kernel's key # SKIP %s\n1..1\n", strerror(errno));
	exit(0);
}

/* Into a session of its own, so that nothing of it is left when this ends */
__attribute__((constructor)) static void add_key(void)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		skip();
	serial = syscall(SYS_add_key, "user", "rpmb:test", KEY, LIBRPMB_KEY_LEN,
			 KEY_SPEC_SESSION_KEYRING);
	if (serial < 0)
		err(99, "add_key");
}

void use_key(struct rpmb *rpmb)
{
	int ret = rpmb_use_kernel_key(rpmb, serial);

	check(!ret, "cannot use the kernel's key: %s", rpmb_strerror(ret));
}
