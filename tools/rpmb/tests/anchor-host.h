/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A host whose rpmb-anchor is under test: the real program on a fake device
 *
 * All of it is in the directory of the fake devices, which is the working directory.
 */
#ifndef RPMB_TESTS_ANCHOR_HOST_H
#define RPMB_TESTS_ANCHOR_HOST_H

#include <stdbool.h>

#include "fake.h"
#include "tap.h"

#define LEDGER "ledger"
#define DIRECTORY "sockets"

/* The GUID of anchor number N, a printf format */
#define GUID "00000000-0000-4000-8000-%012u"

/*
 * Run tests that use the following; the first argument of the program, if any, picks
 * those whose name contains it. Returns the exit status.
 */
int run_anchor_tests(int argc, char **argv, const struct test *tests,
		     unsigned int nr);

/*
 * A device with a partition table and nothing else: an eMMC, or what $RPMB_HARDWARE says
 * of "ufs" and "nvme"
 */
struct fake *host_device(const char *name);

/* The one that the following use, "rpmb0", in place of all that was there */
struct fake *host_new(void);

/* The same with an rpmb-anchor that serves anchors of the numbers below @anchors */
struct fake *host_ready(unsigned int anchors);

/* The same without anchors, on other hardware, whose identity and key are those of all */
struct fake *host_ready_on(const struct fake *hardware);

/*
 * Start to serve, and wait until that is so, or until the program has ended: then the
 * result is false.
 */
bool host_serves(void);

/* It has to serve */
void host_start(void);

/* It has to end with status 1, without having served, and to say @words */
void host_refuses(const char *words);

pid_t host_pid(void);

/* All that it has said since its start */
bool host_says(const char *words);

/* Wait for its end: the status of wait() */
int host_wait(void);

/* It has to be killed by the fault that was set */
void host_wait_killed(void);

/* End it: at once, or in good order */
void host_kill(void);
void host_stop(void);

/* A connection to a socket of it, which waits for a bounded time; -1 if there is none */
int host_connect(const char *path);
#define CONTROL DIRECTORY "/control"

/* Ask it to end, without waiting */
void host_end_later(void);

/* Stop the process, and let it go on */
void host_freeze(void);
void host_thaw(void);

/*
 * Count up until something that is killed before each of its operations ends well. There
 * may be fewer when the last one has ended well: kill after the last one that there is.
 */
void host_at_each_operation(bool (*killed_at)(enum fake_fault_kind kind,
					      unsigned int operation));

/* Set a fault; one of the transport is a timeout */
void host_fault(struct fake *fake, enum fake_fault_kind kind, uint32_t type,
		unsigned int skip);

/* Wait for FAULT_HOLD to hold it, and let it go on */
void host_wait_held(struct fake *fake);
void host_release(struct fake *fake);

/* Copy the ledger and its -wal file, and put copies back; nobody serves meanwhile */
void host_save(const char *name);
void host_put_back(const char *name);

/* Another program, with what it says in said(); returns its exit status, or KILLED */
#define KILLED 137
int shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* rpmb-anchor with these arguments, of which one command takes @KEYED */
int command(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define KEYED " rpmb0 --key-file key.bin --ledger " LEDGER

/* rpmb-anchor as the administrator of the one that serves */
int admin(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How many lines it prints, which it has to do */
unsigned int admin_lines(const char *command);

/* What the last of these has said, and whether that has @words */
const char *said(void);
bool says(const char *words);

#endif /* RPMB_TESTS_ANCHOR_HOST_H */
