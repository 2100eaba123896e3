// SPDX-License-Identifier: GPL-2.0-only
/*
 * The daemon under test as a process
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon.h"
#include "tap.h"

#define MESSAGES "messages"
#define MAX_ARGS 32
#define MAX_DAEMONS 264
#define GENTLE_MS 30000

static pid_t running[MAX_DAEMONS];

static void become_daemon(const char *preload, const char *const args[])
{
	int out = open(MESSAGES, O_WRONLY | O_CREAT | O_APPEND, 0600);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (out < 0 || dup2(out, STDERR_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0 || close(out))
		_exit(126);
	if (preload && setenv("LD_PRELOAD", preload, 1))
		_exit(126);
	execv(args[0], (char **)args);
	perror(args[0]);
	_exit(127);
}

static void remember(pid_t pid)
{
	for (unsigned int i = 0; i < MAX_DAEMONS; i++) {
		if (!running[i]) {
			running[i] = pid;
			return;
		}
	}
	tap_fail("more than %d daemons", MAX_DAEMONS);
}

static void forget(pid_t pid)
{
	for (unsigned int i = 0; i < MAX_DAEMONS; i++)
		if (running[i] == pid)
			running[i] = 0;
}

void daemon_exec_other(struct daemon *d, const char *variable,
		       const char *preload, const char *const args[])
{
	const char *argv[MAX_ARGS] = { getenv(variable) };
	unsigned int n = 1;

	check(argv[0], "%s is not set", variable);
	for (; *args; args++) {
		check(n < MAX_ARGS - 1, "too many arguments");
		argv[n++] = *args;
	}
	fflush(stdout);
	d->pid = fork();
	check(d->pid >= 0, "fork: %s", strerror(errno));
	if (!d->pid)
		become_daemon(preload, argv);
	remember(d->pid);
	d->pidfd = syscall(SYS_pidfd_open, d->pid, 0);
	check(d->pidfd >= 0, "pidfd_open: %s", strerror(errno));
}

void daemon_exec(struct daemon *d, const char *preload,
		 const char *const args[])
{
	daemon_exec_other(d, "RPMB_DAEMON", preload, args);
}

static const char *anchor, *partition;

void daemon_use_anchor(const char *path)
{
	anchor = path;
}

void daemon_use_partition(const char *path)
{
	partition = path;
}

/* In a database each test has a device of its own */
static char device[512];

void daemon_new_device(void)
{
	const char *database = getenv("RPMB_DATABASE");
	char guid[37] = "";
	FILE *f;

	if (!database)
		return;
	f = fopen("/proc/sys/kernel/random/uuid", "re");
	check(f && fgets(guid, sizeof(guid), f), "%s", strerror(errno));
	fclose(f);
	snprintf(device, sizeof(device), "%s#%s", database, guid);
}

const char *daemon_state(void)
{
	return *device ? device : STATE;
}

void daemon_start_args(struct daemon *d, const char *preload,
		       const char *const options[])
{
	daemon_start_at(d, preload, SOCKET, options);
}

void daemon_start_at(struct daemon *d, const char *preload, const char *socket,
		     const char *const options[])
{
	const char *args[MAX_ARGS] = {
		"--socket", socket, partition ? "--partition" : "--state",
		partition ?: daemon_state()
	};
	unsigned int n = 4;

	if (*device) {
		args[n++] = "--wrap-key";
		args[n++] = getenv("RPMB_WRAP_KEY");
	}

	if (anchor) {
		args[n++] = "--anchor";
		args[n++] = anchor;
	}
	for (; *options; options++) {
		check(n < MAX_ARGS - 1, "too many options");
		args[n++] = *options;
	}
	daemon_exec(d, preload, args);
}

bool daemon_alive(const struct daemon *d)
{
	struct pollfd pfd = { .fd = d->pidfd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 0;
}

int daemon_wait(struct daemon *d)
{
	struct pollfd pfd = { .fd = d->pidfd, .events = POLLIN };
	int status;

	check(poll(&pfd, 1, WAIT_MS) == 1, "the daemon does not end");
	check(waitpid(d->pid, &status, 0) == d->pid, "%s", strerror(errno));
	close(d->pidfd);
	forget(d->pid);
	return status;
}

void daemon_kill(struct daemon *d)
{
	int status;

	kill(d->pid, SIGKILL);
	status = daemon_wait(d);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
	      "the daemon had ended by itself, status %#x", status);
}

void daemon_stop(struct daemon *d)
{
	int status;

	kill(d->pid, SIGTERM);
	status = daemon_wait(d);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	      "status %#x after SIGTERM", status);
}

const char *daemon_messages(void)
{
	static char text[65536];
	ssize_t len = 0;
	int fd = open(MESSAGES, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		len = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	text[len > 0 ? len : 0] = 0;
	return text;
}

void daemon_wait_for_words(const char *words)
{
	int ms = 0;

	while (!strstr(daemon_messages(), words)) {
		check(ms++ < WAIT_MS, "nobody says: %s", words);
		poll(NULL, 0, 1);
	}
}

void daemon_forget_messages(void)
{
	/* Those that run go on writing to the same file */
	check(!truncate(MESSAGES, 0) || errno == ENOENT, "%s", strerror(errno));
}

void daemon_show_messages(void)
{
	char *text = strdup(daemon_messages());

	if (!text)
		return;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		tap_note("daemon: %s", line);
	free(text);
}

/* Whoever counts lines wants a daemon to write them down, if it can, at its end */
static void end_gently(pid_t pid)
{
	struct pollfd pfd = {
		.fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN
	};

	kill(pid, SIGTERM);
	poll(&pfd, 1, GENTLE_MS);
	close(pfd.fd);
}

double daemon_metric(const char *name, const char *device)
{
	char line[512];
	double value = -1;
	FILE *f = fopen(METRICS, "re");

	check(f, "no metrics");
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)) && strstr(line, device))
			value = atof(strrchr(line, ' '));
	fclose(f);
	return value;
}

void daemon_end_all(void)
{
	for (unsigned int i = 0; i < MAX_DAEMONS; i++) {
		if (!running[i])
			continue;
		if (getenv("RPMB_END_GENTLY"))
			end_gently(running[i]);
		kill(running[i], SIGKILL);
		waitpid(running[i], NULL, 0);
		running[i] = 0;
	}
}
