// SPDX-License-Identifier: GPL-2.0-only
/*
 * The daemon as a process: its options, its confinement, its files, its end
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "confined.h"
#include "disk.h"
#include "fixture.h"
#include "model.h"

static void start(struct daemon *d)
{
	daemon_start(d, "--capacity", "1");
}

/* Confinement */

static void confined(void)
{
	struct frontend fe;
	struct daemon d;

	start(&d);
	fe_open(&fe, &d);
	must_program_key(&fe);
	check(check_confined(d.pid) >= 2, "no worker");
}

/* Confined, and nothing that a guest can ask for is forbidden */
static void confined_and_working(void)
{
	struct model model = { 0 };
	struct frontend fe;
	struct daemon d;

	start(&d);
	fe_open(&fe, &d);
	must_program_key(&fe);
	/* long enough for SQLite to checkpoint by itself */
	for (unsigned int i = 0; i < 1500; i++)
		model_write(&model, &fe);
	model_check(&model, &fe, false);
	fe_close(&fe);
	fe_open(&fe, &d);
	model_check(&model, &fe, false);
	daemon_stop(&d);
}

static void no_capabilities(void)
{
	struct frontend fe;
	struct daemon d;

	start(&d);
	fe_open(&fe, &d);
	check_no_capabilities(d.pid);
}

static void files_out_of_sight(void)
{
	char path[PATH_MAX], cwd[PATH_MAX / 2];
	struct model model = { 0 };
	struct frontend fe;
	struct daemon d;

	start(&d);
	fe_open(&fe, &d);
	check(getcwd(cwd, sizeof(cwd)), "%s", strerror(errno));
	snprintf(path, sizeof(path), "%s/" STATE, cwd);
	check_view(d.pid, path);
	must_program_key(&fe);
	model_write(&model, &fe);
	daemon_stop(&d);
	check(access(SOCKET, F_OK), "the socket is there");
	check(access(STATE "-wal", F_OK), "the -wal file is there");
}

/* The daemon ends at once when it makes this system call */
static void deadly(const struct system_call *call)
{
	struct disk *disk = disk_new();
	struct model model = { 0 };
	struct frontend fe;
	struct daemon d;
	int status;

	disk->no_sync = 1;
	unlink(SOCKET);
	start_on_disk(&d);
	fe_open(&fe, &d);
	if (guest_program_key(&fe, test_key))
		model_set(&model, must_count(&fe));
	memcpy(disk->arguments, call->arguments, sizeof(disk->arguments));
	disk->forbidden = call->nr;
	model_submit(&model, &fe);
	status = daemon_wait(&d);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
	      "system call %ld: status %#x", call->nr, status);
	fe_close(&fe);
	disk_free(disk);
}

static void forbidden_calls(void)
{
	static const struct system_call calls[] = {
		{ SYS_socket, { AF_UNIX, SOCK_STREAM } }, { SYS_bind, { -1 } },
		{ SYS_ioctl, { -1, RPMB_IOC_ROUTE_FRAMES } },
	};
	const struct system_call *call = deadly_calls;

	for (; call->nr >= 0; call++)
		if (call_is_known(call))
			deadly(call);
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
		deadly(&calls[i]);
}

/* malloc() tries that, so it is only refused */
static void no_files_to_open(void)
{
	struct disk *disk = disk_new();
	struct model model = { 0 };
	struct frontend fe;
	struct daemon d;

	start_on_disk(&d);
	fe_open(&fe, &d);
	must_program_key(&fe);
	disk->arguments[0] = AT_FDCWD;
	disk->arguments[1] = (long)"/";
	disk->forbidden = SYS_openat;
	model_write(&model, &fe);
	check_eq(disk->forbidden_errno, EACCES);
	disk_free(disk);
}

static void check_private(const char *path)
{
	struct stat st;

	if (stat(path, &st)) {
		check(errno == ENOENT, "%s: %s", path, strerror(errno));
		return;
	}
	check(!(st.st_mode & 077), "%s: mode %#o", path, st.st_mode & 0777);
}

static void files_private(void)
{
	struct model model = { 0 };
	struct frontend fe;
	struct daemon d;

	umask(0);
	start(&d);
	fe_open(&fe, &d);
	must_program_key(&fe);
	model_write(&model, &fe);
	check(!access(STATE, F_OK) && !access(SOCKET, F_OK), "no files");
	check_private(STATE);
	check_private(STATE "-wal");
	check_private(STATE "-shm");
	check_private(STATE "-journal");
	check_private(SOCKET);
}

static void socket_for_a_group(void)
{
	struct frontend fe;
	struct daemon d;
	struct stat st;

	daemon_start(&d, "--capacity", "1", "--socket-group", "daemon");
	fe_open(&fe, &d);
	check(!stat(SOCKET, &st), "%s", strerror(errno));
	check_eq(st.st_mode & 0777, 0660);
	check_eq(st.st_gid, getgrnam("daemon")->gr_gid);
	check_private(STATE);
}

/* The end */

static void ends_by(int sig)
{
	struct model model = { 0 };
	struct disk_image image;
	struct frontend fe;
	struct daemon d;
	int status;

	start(&d);
	fe_open(&fe, &d);
	must_program_key(&fe);
	model_write(&model, &fe);
	kill(d.pid, sig);
	status = daemon_wait(&d);
	check(WIFEXITED(status) && !WEXITSTATUS(status), "status %#x", status);
	check(access(SOCKET, F_OK), "the socket is there");
	disk_image_load(&image);
	check(!image.files[DISK_WAL].exists || !image.files[DISK_WAL].len,
	      "not checkpointed");
	disk_image_free(&image);
	fe_close(&fe);
	start(&d);
	fe_open(&fe, &d);
	model_check(&model, &fe, false);
}

static void ends_by_sigterm(void)
{
	ends_by(SIGTERM);
}

static void ends_by_sigint(void)
{
	ends_by(SIGINT);
}

static void ends_without_frontend(void)
{
	struct frontend fe;
	struct daemon d;

	start(&d);
	fe_connect(&fe, &d);
	fe_close(&fe);
	daemon_stop(&d);
	check(access(SOCKET, F_OK), "the socket is there");
}

/* A request that was being served when SIGTERM came is answered or not at all */
static void ends_with_slow_disk(void)
{
	struct disk *disk = disk_new();
	struct model model = { 0 };
	struct frontend fe;
	struct daemon d;

	start_on_disk(&d);
	fe_open(&fe, &d);
	must_program_key(&fe);
	disk->hold_sync = 1;
	model_submit(&model, &fe);
	disk_wait_held(disk);
	kill(d.pid, SIGTERM);
	disk->hold_sync = 0;
	sem_post(&disk->go);
	check_eq(daemon_wait(&d), 0);
	if (fe_used(&fe))
		model_answer(&model, &fe);
	fe_close(&fe);
	disk_free(disk);
	start(&d);
	fe_open(&fe, &d);
	model_check(&model, &fe, true);
}

static void stale_socket(void)
{
	struct frontend fe;
	struct daemon d;

	start(&d);
	fe_open(&fe, &d);
	fe_close(&fe);
	daemon_kill(&d);
	check(!access(SOCKET, F_OK), "no socket: this test is of no use");
	start(&d);
	fe_open(&fe, &d);
	must_program_key(&fe);
}

/* What lies where the socket should go is not the daemon's to remove */
static void socket_is_a_file(void)
{
	FILE *f = fopen(SOCKET, "we");
	struct daemon d;
	int status;

	check(f && fputs("precious", f) >= 0 && !fclose(f), "%s",
	      strerror(errno));
	start(&d);
	status = daemon_wait(&d);
	check(WIFEXITED(status) && WEXITSTATUS(status), "status %#x", status);
	check(strstr(daemon_messages(), SOCKET), "no message");
	check(!access(SOCKET, F_OK), "the file is gone");
}

/* Options */

/* Ends at once with a status other than 0 and a message that has @word in it */
static void refused(const char *word, const char *const args[])
{
	struct daemon d;
	int status;

	daemon_forget_messages();
	daemon_exec(&d, NULL, args);
	status = daemon_wait(&d);
	check(WIFEXITED(status) && WEXITSTATUS(status), "status %#x", status);
	check(strstr(daemon_messages(), word), "no \"%s\" in the message",
	      word);
	check(access(SOCKET, F_OK), "the socket is there");
}

#define REFUSED(word, ...) \
	refused(word, (const char *const []){ __VA_ARGS__, NULL })

#define PATHS "--socket", SOCKET, "--state", STATE

static void bad_capacity(void)
{
	static const char *const bad[] = { "0", "129", "-1", "1x", "", "x",
		"4294967297", "18446744073709551617", "0x1g", " ", "1.5" };

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		REFUSED("capacity", PATHS, "--capacity", bad[i]);
		check(access(STATE, F_OK), "a state was made");
	}
}

static void bad_limits(void)
{
	static const char *const bad[] = { "-1", "256", "x", "", "1x" };

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		REFUSED("max-write", PATHS, "--capacity", "1", "--max-write",
			bad[i]);
		REFUSED("max-read", PATHS, "--capacity", "1", "--max-read",
			bad[i]);
	}
	check(access(STATE, F_OK), "a state was made");
}

static void bad_dev_id(void)
{
	static const char *const bad[] = { "", "00", "x",
		"000102030405060708090a0b0c0d0e",
		"000102030405060708090a0b0c0d0e0",
		"000102030405060708090a0b0c0d0e0g",
		"000102030405060708090a0b0c0d0e0f10",
		" 00102030405060708090a0b0c0d0e0f" };

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		REFUSED("dev-id", PATHS, "--capacity", "1", "--dev-id",
			bad[i]);
	check(access(STATE, F_OK), "a state was made");
}

static void missing_options(void)
{
	REFUSED("socket", "--state", STATE, "--capacity", "1");
	REFUSED("state", "--socket", SOCKET, "--capacity", "1");
	check(access(STATE, F_OK), "a state was made");
}

/* A file stays on its host, wherever else it can be seen */
static void bad_incoming(void)
{
	REFUSED("stays on its host", PATHS, "--incoming");
	REFUSED("--incoming", "--socket", SOCKET, "--partition", "nothing",
		"--incoming");
	REFUSED("--incoming", "--socket", SOCKET, "--backend", "rpmb0",
		"--incoming");
	check(access(STATE, F_OK), "a state was made");
}

static void bad_backend(void)
{
	REFUSED("--backend", "--socket", SOCKET);
	REFUSED("--backend", PATHS, "--backend", "rpmb0");
	REFUSED("--backend", "--socket", SOCKET, "--backend", "rpmb0",
		"--max-write", "2");
	REFUSED("--backend", PATHS, "--allow-key");
	REFUSED("no such device", "--socket", SOCKET, "--backend", "rpmb77");
	REFUSED("nobodys", PATHS, "--socket-group", "nobodys");
	check(access(STATE, F_OK), "a state was made");
}

static void unknown_option(void)
{
	REFUSED("--colour", PATHS, "--capacity", "1", "--colour", "red");
	REFUSED("argument", PATHS, "--capacity", "1", "extra");
	check(access(STATE, F_OK), "a state was made");
}

static void other_capacity(void)
{
	struct disk_image before, after;
	struct frontend fe;
	struct daemon d;

	daemon_start(&d, "--capacity", "2");
	fe_open(&fe, &d);
	must_program_key(&fe);
	fe_close(&fe);
	daemon_stop(&d);
	disk_image_load(&before);
	REFUSED("capacity", PATHS, "--capacity", "1");
	REFUSED("capacity", PATHS, "--capacity", "3");
	disk_image_load(&after);
	check(disk_image_same(&before, &after), "the state was touched");
	daemon_start(&d, "--capacity", "2");
	fe_open(&fe, &d);
	check_eq(must_count(&fe), 0);
	disk_image_free(&before);
	disk_image_free(&after);
}

static void unwritable_paths(void)
{
	char path[200];

	REFUSED("nowhere", "--socket", SOCKET, "--state", "nowhere/state",
		"--capacity", "1");
	REFUSED("nowhere", "--socket", "nowhere/socket", "--state", STATE,
		"--capacity", "1");
	REFUSED("'%'", "--socket", SOCKET, "--state", "file:st%61te",
		"--capacity", "1");
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	REFUSED("ppp", "--socket", path, "--state", STATE, "--capacity", "1");
}

static void help_and_version(void)
{
	static const char *const options[] = { "--socket", "--state",
		"--capacity", "--max-write", "--max-read", "--dev-id",
		"--backend", "--allow-key", "--socket-group" };
	struct daemon d;

	daemon_exec(&d, NULL, (const char *const []){ "--help", NULL });
	check_eq(daemon_wait(&d), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(options); i++)
		check(strstr(daemon_messages(), options[i]), "no %s",
		      options[i]);
}

static const struct test tests[] = {
	{ "confinement: seccomp and no new privileges in all threads",
	  confined },
	{ "confinement: forbids nothing that is needed",
	  confined_and_working },
	{ "confinement: no capabilities", no_capabilities },
	{ "confinement: files are out of sight", files_out_of_sight },
	{ "confinement: forbidden system calls", forbidden_calls },
	{ "confinement: no files to open", no_files_to_open },
	{ "files: nobody else may read or write them", files_private },
	{ "files: a group may connect", socket_for_a_group },
	{ "end: SIGTERM", ends_by_sigterm },
	{ "end: SIGINT", ends_by_sigint },
	{ "end: SIGTERM without a frontend", ends_without_frontend },
	{ "end: SIGTERM in a write", ends_with_slow_disk },
	{ "socket: that of a killed daemon is no hindrance", stale_socket },
	{ "socket: another file in its place is left alone",
	  socket_is_a_file },
	{ "options: bad capacity", bad_capacity },
	{ "options: bad limits", bad_limits },
	{ "options: bad device id", bad_dev_id },
	{ "options: missing", missing_options },
	{ "options: incoming", bad_incoming },
	{ "options: backend", bad_backend },
	{ "options: unknown", unknown_option },
	{ "options: another capacity than the state's", other_capacity },
	{ "options: paths that cannot be made", unwritable_paths },
	{ "options: help", help_and_version },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
