// SPDX-License-Identifier: GPL-2.0-only
/*
 * What rpmb-anchor gives up before it serves, and that it serves all the same
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "anchor-client.h"
#include "anchor-host.h"
#include "confined.h"

/* Long enough for SQLite to checkpoint by itself */
#define STEPS 1500

/* Sanitizers need what would be given up */
static struct fake *begin(void)
{
	struct fake *fake = host_ready(1);

	if (!host_says("without a sandbox"))
		return fake;
	tap_note("built with sanitizers");
	return NULL;
}

static void test_threads(void)
{
	if (begin())
		check_eq(check_confined(host_pid()), 2);
}

static void test_capabilities(void)
{
	if (begin())
		check_no_capabilities(host_pid());
}

/* Only root can have a root of his own and know users; and look into another one's */
static void test_view(void)
{
	char path[PATH_MAX], cwd[PATH_MAX / 2];

	if (!begin())
		return;
	if (geteuid()) {
		check(host_says("all files stay in sight"), "it does not say so");
		return;
	}
	check(getcwd(cwd, sizeof(cwd)), "%s", strerror(errno));
	snprintf(path, sizeof(path), "%s/" LEDGER, cwd);
	check_view(host_pid(), path);
	snprintf(path, sizeof(path), "%s/" CONTROL, cwd);
	check_view(host_pid(), path);
}

/* It makes this call while it makes a step durable */
static void call_in_step(struct fake *fake, const struct system_call *call,
			 struct raw *raw)
{
	struct anchor_request request;

	check_eq(raw_connect(raw, 0), ANCHOR_OK);
	memcpy(fake->call_arguments, call->arguments,
	       sizeof(fake->call_arguments));
	fake->call = call->nr;
	request = raw_next(raw, 1);
	raw_send(raw, &request, sizeof(request));
}

static void deadly(struct fake *fake, const struct system_call *call)
{
	struct raw raw;
	int status;

	call_in_step(fake, call, &raw);
	status = host_wait();
	raw_close(&raw);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
	      "system call %ld: status %#x", call->nr, status);
	host_start();
}

static void test_deadly(void)
{
	static const struct system_call calls[] = {
		{ SYS_socket, { AF_INET, SOCK_STREAM } },
		{ SYS_getsockopt, { -1, SOL_SOCKET, SO_PEERSEC } },
		{ SYS_accept, { -1 } }, { SYS_fchown, { -1 } },
		{ SYS_symlinkat, {} }, { SYS_mknodat, {} },
	};
	const struct system_call *call = deadly_calls;
	struct fake *fake = begin();
	unsigned int i;

	if (!fake)
		return;
	for (; call->nr >= 0; call++)
		if (call_is_known(call))
			deadly(fake, call);
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		deadly(fake, &calls[i]);
}

/* malloc() tries that, so it is only refused */
static void test_open(void)
{
	static const struct system_call call = {
		SYS_openat, { AT_FDCWD, (long)"/" }
	};
	struct fake *fake = begin();
	struct raw raw;

	if (!fake)
		return;
	call_in_step(fake, &call, &raw);
	check_eq(raw_answer(&raw), ANCHOR_OK);
	raw_close(&raw);
	check_eq(fake->call_errno, EACCES);
	host_stop();
}

static void test_serves(void)
{
	struct rpmb_anchor *anchor;
	struct kept kept = { 0 };
	unsigned int i;

	host_ready(1);
	anchor = must_connect(0);
	for (i = 0; i < STEPS; i++)
		must_step(anchor, &kept);
	rpmb_anchor_free(anchor);
	check(!admin("add another --guid " GUID, 1), "%s", said());
	rpmb_anchor_free(must_connect(1));
	check(!admin("remove another"), "%s", said());
	check(access(DIRECTORY "/00000000-0000-4000-8000-000000000001", F_OK),
	      "its directory is there");
	host_stop();
	check(access(LEDGER "-wal", F_OK) && access(CONTROL, F_OK),
	      "its files are there");
	host_start();
	expect_goes_on(0, &kept);
}

static const struct test tests[] = {
	{ "confined: seccomp and no new privileges in all threads",
	  test_threads },
	{ "confined: no capabilities", test_capabilities },
	{ "confined: files are out of sight", test_view },
	{ "confined: forbidden system calls", test_deadly },
	{ "confined: no files to open", test_open },
	{ "confined: forbids nothing that is needed", test_serves },
};

int main(int argc, char **argv)
{
	return run_anchor_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
