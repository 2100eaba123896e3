// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "anchor-host.h"
#include "daemon.h"
#include "handle.h"

static const struct {
	const char *name;
	struct fake fake;
} kinds[] = {
	{ "emmc", {
		.frame_format = RPMB_FRAME_JEDEC,
		.transport = RPMB_TRANSPORT_EMMC,
		.capacity = 512,
		.write_sizes = 1 << 0 | 1 << 1 | 1 << 5,
		.max_read = 128,
	} },
	{ "ufs", {
		.frame_format = RPMB_FRAME_JEDEC,
		.transport = RPMB_TRANSPORT_UFS,
		.capacity = 512,
		.write_sizes = 0x3f,
		.max_write = 35,
		.max_read = 35,
		.target = 2,
	} },
	{ "nvme", {
		.frame_format = RPMB_FRAME_NVME,
		.transport = RPMB_TRANSPORT_NVME,
		.capacity = 256,
		.write_sizes = 1 << 0,
		.max_read = 7,
		.target = 1,
	} },
};

/* The one that serves */
static struct daemon host;

static void after(bool passed)
{
	if (!passed)
		daemon_show_messages();
	daemon_end_all();
}

/* rpmb-anchor has been built beside the test */
static void find_program(void)
{
	char path[4096] = "";
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 32);

	if (len < 0 || setenv("RPMB_ANCHOR", strcat(dirname(path),
						    "/rpmb-anchor"), 0)) {
		perror("rpmb-anchor");
		exit(2);
	}
}

int run_anchor_tests(int argc, char **argv, const struct test *tests,
		     unsigned int nr)
{
	static const struct tap_frame frame = { .after = after };

	find_program();
	/* Other users get to the sockets by a path that begins here */
	if (chdir(fake_dir()) || chmod(".", 0711)) {
		perror(fake_dir());
		return 2;
	}
	return tap_run(tests, nr, &frame, argc > 1 ? argv[1] : "");
}

static void write_key(void)
{
	int fd = open("key.bin", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	check(fd >= 0 && write(fd, key, LIBRPMB_KEY_LEN) == LIBRPMB_KEY_LEN, "%s",
	      strerror(errno));
	close(fd);
}

/* Of the kind that $RPMB_HARDWARE names, or a card */
static const struct fake *usual_hardware(void)
{
	const char *name = getenv("RPMB_HARDWARE") ?: kinds[0].name;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(name, kinds[i].name))
			return &kinds[i].fake;
	tap_fail("no hardware: %s", name);
}

static struct fake *make_device(const char *name, const struct fake *like)
{
	struct rpmb_partitions table;
	struct fake ours = *like, *fake;
	struct rpmb *rpmb;

	ours.dev_id_len = 4;
	ours.apart = true;
	ours.has_key = true;
	memcpy(ours.key, key, sizeof(ours.key));
	fake = fake_create(name, &ours);
	/* Another one is other hardware */
	fake->dev_id[3] = name[4];
	rpmb = must_open(name, O_RDWR);
	check_eq(rpmb_partitions_format(rpmb, key, &table), 0);
	rpmb_close(rpmb);
	return fake;
}

struct fake *host_device(const char *name)
{
	return make_device(name, usual_hardware());
}

static struct fake *new_host(const struct fake *hardware)
{
	fake_remove_all();
	fake_make_dirs("/run/lock");
	check(!mkdir(DIRECTORY, 0711) && !chmod(DIRECTORY, 0711), "%s",
	      strerror(errno));
	write_key();
	return make_device("rpmb0", hardware);
}

struct fake *host_new(void)
{
	return new_host(usual_hardware());
}

struct fake *host_ready_on(const struct fake *hardware)
{
	struct fake *fake = new_host(hardware);

	check(!command("init" KEYED), "%s", said());
	host_start();
	return fake;
}

struct fake *host_ready(unsigned int anchors)
{
	struct fake *fake = host_ready_on(usual_hardware());
	unsigned int i;

	for (i = 0; i < anchors; i++)
		check(!admin("add number-%u --guid " GUID, i, i), "%s", said());
	return fake;
}

int host_connect(const char *path)
{
	const struct timeval bound = { .tv_sec = WAIT_MS / 1000 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, path);
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound));
	setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof(bound));
	if (!connect(sock, (struct sockaddr *)&addr, sizeof(addr)))
		return sock;
	close(sock);
	return -1;
}

/* The administrator's socket is there last */
static bool has_begun(void)
{
	int sock = host_connect(CONTROL);

	if (sock < 0)
		return false;
	close(sock);
	return true;
}

bool host_serves(void)
{
	static const char *const args[] = {
		"serve", "rpmb0", "--key-file", "key.bin", "--ledger", LEDGER,
		"--directory", DIRECTORY, NULL
	};
	unsigned int ms = 0;

	daemon_forget_messages();
	daemon_exec_other(&host, "RPMB_ANCHOR", NULL, args);
	while (daemon_alive(&host)) {
		if (has_begun())
			return true;
		poll(NULL, 0, 1);
		check(ms++ < WAIT_MS, "neither serves nor ends");
	}
	return false;
}

void host_start(void)
{
	check(host_serves(), "it does not serve");
}

void host_refuses(const char *words)
{
	int status;

	check(!host_serves(), "it serves, but should say: %s", words);
	status = host_wait();
	check(WIFEXITED(status) && WEXITSTATUS(status) == 1, "status %#x",
	      status);
	check(host_says(words), "it does not say: %s", words);
}

pid_t host_pid(void)
{
	return host.pid;
}

bool host_says(const char *words)
{
	return strstr(daemon_messages(), words);
}

int host_wait(void)
{
	return daemon_wait(&host);
}

void host_wait_killed(void)
{
	int status = host_wait();

	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %#x",
	      status);
}

void host_kill(void)
{
	daemon_kill(&host);
}

void host_stop(void)
{
	daemon_stop(&host);
}

void host_end_later(void)
{
	kill(host.pid, SIGTERM);
}

void host_freeze(void)
{
	siginfo_t info;

	kill(host.pid, SIGSTOP);
	check(!waitid(P_PID, host.pid, &info, WSTOPPED | WNOWAIT), "%s",
	      strerror(errno));
}

void host_thaw(void)
{
	kill(host.pid, SIGCONT);
}

void host_wait_held(struct fake *fake)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += WAIT_MS / 1000;
	check(!sem_timedwait(&fake->held, &end), "it is not held");
}

void host_release(struct fake *fake)
{
	sem_post(&fake->go);
}

void host_at_each_operation(bool (*killed_at)(enum fake_fault_kind kind,
					      unsigned int operation))
{
	unsigned int nr = 0;

	while (killed_at(FAULT_KILL_BEFORE, nr))
		nr++;
	tap_note("%u operations", nr);
	check(nr > 3, "this test is of no use");
	while (nr && !killed_at(FAULT_KILL_AFTER, nr - 1))
		nr--;
	expect(nr);
}

void host_fault(struct fake *fake, enum fake_fault_kind kind, uint32_t type,
		unsigned int skip)
{
	fake->faults[0] = (struct fake_fault) {
		.kind = kind, .type = type, .skip = skip, .value = ETIMEDOUT
	};
}

void host_save(const char *name)
{
	check(!shell("rm -rf %s && mkdir %s && cp " LEDGER "* %s", name, name,
		     name), "%s", said());
}

void host_put_back(const char *name)
{
	check(!shell("rm -f " LEDGER "* && cp %s/* .", name), "%s", said());
}

static int run_args(const char *before, const char *after_it,
		    const char *format, va_list args)
{
	char command[4096], text[2048];
	int status;

	vsnprintf(text, sizeof(text), format, args);
	snprintf(command, sizeof(command), "%s %s %s >said 2>&1", before, text,
		 after_it);
	status = system(command);
	check(status >= 0, "%s: %s", command, strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   KILLED - SIGKILL + WTERMSIG(status);
}

int shell(const char *format, ...)
{
	va_list args;
	int status;

	va_start(args, format);
	status = run_args("", "", format, args);
	va_end(args);
	return status;
}

int command(const char *format, ...)
{
	va_list args;
	int status;

	va_start(args, format);
	status = run_args("\"$RPMB_ANCHOR\"", "", format, args);
	va_end(args);
	return status;
}

int admin(const char *format, ...)
{
	va_list args;
	int status;

	va_start(args, format);
	status = run_args("\"$RPMB_ANCHOR\"", "--directory " DIRECTORY, format,
			  args);
	va_end(args);
	return status;
}

const char *said(void)
{
	static char text[65536];
	int fd = open("said", O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[len > 0 ? len : 0] = '\0';
	return text;
}

unsigned int admin_lines(const char *command)
{
	unsigned int nr = 0;
	const char *text;

	check(!admin("%s", command), "%s", said());
	for (text = said(); *text; text++)
		nr += *text == '\n';
	return nr;
}

bool says(const char *words)
{
	return strstr(said(), words);
}
