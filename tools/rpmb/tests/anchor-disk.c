// SPDX-License-Identifier: GPL-2.0-only
/*
 * Between rpmb-anchor and its ledger: what SQLite asks of the disk gets faults like a
 * request to the device; FAULT_BEFORE is an error of the disk
 *
 * The program has these functions itself, so the libraries that it uses call them as
 * well. Nothing is synced: tests kill, but keep power. Those that cut it, too, have a
 * disk of their own below this, see daemon/disk.h.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "any-call.h"
#include "fake.h"

static struct fake *device(void)
{
	static struct fake *fake;

	if (!fake)
		fake = fake_get("rpmb0");
	return fake;
}

static ssize_t write_below(int fd, const void *buf, size_t len, off64_t off)
{
	ssize_t (*below)(int fd, const void *buf, size_t len, off64_t off) =
		dlsym(RTLD_NEXT, "pwrite64");

	return below(fd, buf, len, off);
}

static int sync_below(int fd)
{
	int (*below)(int fd) = dlsym(RTLD_NEXT, "fdatasync");

	return getenv("RPMB_DISK_FD") ? below(fd) : 0;
}

/* The disk is full, or fails */
static bool disk_fails(const struct fake_fault *fault)
{
	if (fault->kind == FAULT_BEFORE)
		errno = fault->value;
	return fault->kind == FAULT_BEFORE;
}

ssize_t pwrite64(int fd, const void *buf, size_t len, off64_t off)
{
	struct fake_fault fault = fake_take_fault(device(), FAKE_DISK_WRITE);
	ssize_t n;

	fake_before(device(), &fault);
	n = disk_fails(&fault) ? -1 : write_below(fd, buf, len, off);
	fake_after(&fault);
	return n;
}

/* Whoever gets into the program can do this much */
static void try_call(struct fake *fake)
{
	const long *a = fake->call_arguments;
	long nr = fake->call;

	fake->call = 0;
	if (nr && any_call(nr, a) < 0)
		fake->call_errno = errno;
}

int fdatasync(int fd)
{
	struct fake_fault fault = fake_take_fault(device(), FAKE_DISK_SYNC);
	int err;

	try_call(device());
	fake_before(device(), &fault);
	err = disk_fails(&fault) ? -1 : sync_below(fd);
	fake_after(&fault);
	return err;
}

int fsync(int fd)
{
	return fdatasync(fd);
}
