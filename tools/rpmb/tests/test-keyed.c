// SPDX-License-Identifier: GPL-2.0-only
/*
 * What there is with a key of the kernel's only: which keys it takes, and what the
 * library makes of a write that the kernel had to cut
 *
 * All else with such a key is what test-keyed-lib and the like do.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>

#include "fake.h"
#include "handle.h"
#include "tap.h"

static const struct fake ufs = {
	.frame_format = RPMB_FRAME_JEDEC,
	.transport = RPMB_TRANSPORT_UFS,
	.capacity = 512,
	.write_sizes = 0x3f,
	.max_write = 32,
	.max_read = 128,
	.carry_error = EMSGSIZE,
	.has_key = true,
	.key = KEY,
	.counter = 41,
};

static struct rpmb *fresh(struct fake **fake)
{
	fake_remove_all();
	*fake = fake_create("rpmb0", &ufs);
	return must_open("rpmb0", O_RDWR);
}

static int32_t add(const char *type, const char *name, const void *bytes,
		   size_t len)
{
	long serial = syscall(SYS_add_key, type, name, bytes, len,
			      KEY_SPEC_SESSION_KEYRING);

	check(serial > 0, "add_key: %s", strerror(errno));
	return serial;
}

/* The error of a read of the counter with such a key */
static int error_with(int32_t serial)
{
	struct fake *fake;
	struct rpmb *rpmb = fresh(&fake);
	uint32_t counter;
	int ret;

	expect_eq(rpmb_use_kernel_key(rpmb, serial), 0);
	ret = rpmb_read_counter(rpmb, NULL, &counter);
	/* What is wrong with a key is seen before anything is sent */
	expect_eq(fake->nr_requests, ret != 0 ? 0 : 1);
	rpmb_close(rpmb);
	return ret;
}

static void test_kinds(void)
{
	expect_eq(error_with(add("user", "rpmb:a", KEY, 32)), 0);
	expect_eq(error_with(add("user", "rpmb", KEY, 32)),
		  RPMB_ERR_KERNEL_KEY_KIND);
	expect_eq(error_with(add("user", "other:a", KEY, 32)),
		  RPMB_ERR_KERNEL_KEY_KIND);
	expect_eq(error_with(add("user", "rpmb:short", KEY, 31)),
		  RPMB_ERR_KERNEL_KEY_KIND);
	expect_eq(error_with(add("user", "rpmb:long", KEY "x", 33)),
		  RPMB_ERR_KERNEL_KEY_KIND);
	expect_eq(error_with(add("keyring", "rpmb:ring", NULL, 0)),
		  RPMB_ERR_KERNEL_KEY_KIND);
}

static void test_lost_keys(void)
{
	int32_t revoked = add("user", "rpmb:revoked", KEY, 32);
	int32_t expired = add("user", "rpmb:expired", KEY, 32);
	int32_t denied = add("user", "rpmb:denied", KEY, 32);
	int32_t gone = add("user", "rpmb:gone", KEY, 32);

	syscall(SYS_keyctl, KEYCTL_REVOKE, revoked);
	expect_eq(error_with(revoked), RPMB_ERR_KERNEL_KEY_REVOKED);
	syscall(SYS_keyctl, KEYCTL_SETPERM, denied, 0);
	expect_eq(error_with(denied), RPMB_ERR_KERNEL_KEY_DENIED);
	syscall(SYS_keyctl, KEYCTL_UNLINK, gone, KEY_SPEC_SESSION_KEYRING);
	syscall(SYS_keyctl, KEYCTL_INVALIDATE, gone);
	/* Until it is collected there still is a key, which is not ours any more */
	while (syscall(SYS_keyctl, KEYCTL_DESCRIBE, gone, NULL, 0) >= 0 ||
	       errno != ENOKEY)
		usleep(10000);
	expect_eq(error_with(gone), RPMB_ERR_KERNEL_KEY_NONE);
	syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, expired, 1);
	/* A second is what the kernel counts in */
	while (syscall(SYS_keyctl, KEYCTL_DESCRIBE, expired, NULL, 0) >= 0)
		usleep(10000);
	expect_eq(errno, EKEYEXPIRED);
	expect_eq(error_with(expired), RPMB_ERR_KERNEL_KEY_EXPIRED);
}

static void test_other_key(void)
{
	int32_t other = add("user", "rpmb:other", other_key, LIBRPMB_KEY_LEN);
	struct fake *fake;
	struct rpmb *rpmb = fresh(&fake);
	uint32_t counter;

	expect_eq(rpmb_use_kernel_key(rpmb, other), 0);
	expect_eq(rpmb_read_counter(rpmb, NULL, &counter),
		  RPMB_ERR_RESPONSE_MAC);
	/* A key that is given is used all the same */
	expect_eq(rpmb_read_counter(rpmb, (const uint8_t *)KEY, &counter), 0);
	/* And without one nobody vouches, as ever */
	expect_eq(rpmb_use_kernel_key(rpmb, 0), 0);
	counter = 0;
	expect_eq(rpmb_read_counter(rpmb, NULL, &counter), 0);
	expect_eq(counter, 41);
	expect_eq(rpmb_use_kernel_key(rpmb, -3), RPMB_ERR_ARGUMENT);
	rpmb_close(rpmb);
}

static int use_on(const char *name, const struct fake *like, int32_t serial)
{
	struct rpmb *rpmb;
	int ret;

	fake_remove_all();
	fake_create(name, like);
	expect_eq(rpmb_open(&rpmb, name, O_RDWR), 0);
	expect_eq(rpmb_info(rpmb)->keyed_types != 0, like == &ufs && *name == 'r');
	ret = rpmb_use_kernel_key(rpmb, serial);
	rpmb_close(rpmb);
	return ret;
}

static void test_unsupported(void)
{
	struct fake old = ufs;

	old.keyless = true;
	expect_eq(use_on("rpmb0", &ufs, 1), 0);
	expect_eq(use_on("rpmb0", &old, 1), RPMB_ERR_KERNEL_KEY_UNSUPPORTED);
	expect_eq(use_on("rpmb0", &old, 0), 0);
	expect_eq(use_on("sg0", &ufs, 1),
		  RPMB_ERR_KERNEL_KEY_UNSUPPORTED);
}

/* 48 blocks, 32 + 16, where 8 can be carried, with a fault of a later request */
static int cut(uint32_t kind, uint32_t value, uint32_t skip,
	       struct rpmb_outcome *outcome, struct fake **fake)
{
	static uint8_t data[48 * 256];
	struct rpmb *rpmb = fresh(fake);
	int ret;

	fill(data, sizeof(data), 5);
	(*fake)->carries = 8 * 512;
	(*fake)->faults[0] = (struct fake_fault) {
		kind, RPMB_WRITE_DATA, skip, value
	};
	ret = rpmb_write(rpmb, NULL, 3, 48, data, outcome);
	if (!ret)
		expect(!memcmp((*fake)->data + 3 * 256, data, sizeof(data)));
	rpmb_close(rpmb);
	return ret;
}

/* The kernel sends shorter requests, and the counter is where these have left it */
static void test_cut(void)
{
	struct rpmb_outcome outcome;
	struct fake *fake;

	expect_eq(cut(FAULT_NONE, 0, 0, &outcome, &fake), 0);
	expect_eq(outcome.stored, 48);
	expect_eq(outcome.unknown, 0);
	expect_eq(fake->counter, 41 + 6);
}

/* What the kernel has stored of a request is told, and not sent a second time */
static void test_cut_short(void)
{
	struct rpmb_outcome outcome;
	struct fake *fake;

	expect_eq(cut(FAULT_LOST_REQUEST, ETIMEDOUT, 2, &outcome, &fake),
		  RPMB_ERR_TIMEOUT);
	expect_eq(outcome.stored, 16);
	expect_eq(outcome.unknown, 0);
	expect_eq(fake->counter, 43);

	expect_eq(cut(FAULT_OVERWRITTEN, ETIMEDOUT, 5, &outcome, &fake),
		  RPMB_ERR_TIMEOUT);
	expect_eq(outcome.stored, 40);
	expect_eq(outcome.unknown, 8);

	expect_eq(cut(FAULT_BEFORE, ENOMEM, 1, &outcome, &fake), 0);
	expect_eq(outcome.stored, 48);
}

static const struct test tests[] = {
	{ "keys: those for an RPMB and no others", test_kinds },
	{ "keys: revoked, expired, not permitted, gone", test_lost_keys },
	{ "keys: another device's; given ones; none", test_other_key },
	{ "kernels and interfaces that do not have it", test_unsupported },
	{ "write: as many requests as it takes", test_cut },
	{ "write: what is stored of a part of it", test_cut_short },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
