// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state file: what the daemon makes of one that is not as it left it, of two
 * daemons on one state, and of a disk that fails
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "disk.h"
#include "fixture.h"
#include "model.h"
#include "state.h"

static void start(struct daemon *d)
{
	daemon_start(d, "--capacity", "1");
}

static void make_state(bool stop)
{
	struct model model;

	model_leave_state(&model, stop);
}

static void must_have_state(void)
{
	struct frontend fe;
	struct model model;
	struct daemon d;

	start(&d);
	fe_open(&fe, &d);
	model_set(&model, 5);
	model_check(&model, &fe, false);
	fe_close(&fe);
	daemon_kill(&d);
}

/* The daemon ends by itself, says why, and has changed nothing */
static void must_refuse(void)
{
	struct disk_image before, after;
	struct daemon d;
	int status;

	disk_image_load(&before);
	daemon_forget_messages();
	start(&d);
	status = daemon_wait(&d);
	check(WIFEXITED(status) && WEXITSTATUS(status) != 0, "status %#x",
	      status);
	check(strstr(daemon_messages(), STATE), "no message that names it");
	check(access(SOCKET, F_OK), "the socket is there");
	disk_image_load(&after);
	check(disk_image_same(&before, &after), "the state was touched");
	tap_note("%s", strtok((char *)daemon_messages(), "\n"));
	disk_image_free(&before);
	disk_image_free(&after);
}

static void wal_missing(void)
{
	struct disk_image image;

	make_state(false);
	unlink(SOCKET);
	disk_image_load(&image);
	check(image.files[DISK_WAL].exists, "no -wal: this test is of no use");
	check(!unlink(STATE "-wal"), "%s", strerror(errno));
	must_refuse();
	must_refuse();
	disk_image_store(&image);
	disk_image_free(&image);
	must_have_state();
}

/* The same right after a start, before anything was written */
static void wal_missing_early(void)
{
	struct frontend fe;
	struct daemon d;

	make_state(true);
	start(&d);
	fe_open(&fe, &d);
	check_eq(must_count(&fe), 5);
	fe_close(&fe);
	daemon_kill(&d);
	unlink(SOCKET);
	check(!unlink(STATE "-wal"), "%s", strerror(errno));
	must_refuse();
}

/* What is left of a state does not get into a new one */
static void state_missing(void)
{
	make_state(false);
	unlink(SOCKET);
	check(!access(STATE "-wal", F_OK), "no -wal: this test is of no use");
	check(!unlink(STATE), "%s", strerror(errno));
	must_refuse();
	check(strstr(daemon_messages(), STATE "-wal"), "-wal is not named");
	check(!rename(STATE "-wal", STATE "-journal"), "%s", strerror(errno));
	must_refuse();
}

static void stopped_then_copied(void)
{
	struct disk_image image;

	make_state(true);
	disk_image_load(&image);
	check(!image.files[DISK_WAL].exists || !image.files[DISK_WAL].len,
	      "not checkpointed");
	/* all of the state is in the one file */
	unlink(STATE "-wal");
	must_have_state();
	disk_image_free(&image);
}

static void killed_then_started(void)
{
	make_state(false);
	must_have_state();
	must_have_state();
}

static void overwrite(off_t off, const void *data, size_t len)
{
	int fd = open(STATE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	check(fd >= 0 && pwrite(fd, data, len, off) == (ssize_t)len, "%s",
	      strerror(errno));
	close(fd);
}

static void corrupt_header(void)
{
	make_state(true);
	overwrite(0, "SQLite fromat 3", 16);
	must_refuse();
}

static void corrupt_schema(void)
{
	uint8_t rubbish[3000];

	make_state(true);
	memset(rubbish, 0x5a, sizeof(rubbish));
	overwrite(100, rubbish, sizeof(rubbish));
	must_refuse();
}

static void truncated(void)
{
	struct disk_image image;

	make_state(true);
	disk_image_load(&image);
	check(!truncate(STATE, image.files[DISK_STATE].len / 2), "%s",
	      strerror(errno));
	disk_image_free(&image);
	must_refuse();
}

/* One page of many, which only somebody who looks at all of them finds */
static void damaged_page(void)
{
	struct disk_image image;
	uint8_t rubbish[4096];

	make_state(true);
	disk_image_load(&image);
	check(image.files[DISK_STATE].len >= 3 * sizeof(rubbish), "small");
	memset(rubbish, 0x5a, sizeof(rubbish));
	overwrite(image.files[DISK_STATE].len - sizeof(rubbish), rubbish,
		  sizeof(rubbish));
	disk_image_free(&image);
	must_refuse();
}

static void text_file(void)
{
	overwrite(0, "Dear diary,\n", 12);
	must_refuse();
}

static void foreign_database(void)
{
	overwrite(0, "", 0);
	state_sql("CREATE TABLE songs (title TEXT); "
		  "INSERT INTO songs VALUES ('Yesterday')");
	must_refuse();
}

static void newer_schema(void)
{
	make_state(true);
	state_sql("PRAGMA user_version = 1000");
	must_refuse();
}

static void directory(void)
{
	check(!mkdir(STATE, 0700), "%s", strerror(errno));
	daemon_forget_messages();
	{
		struct daemon d;
		int status;

		start(&d);
		status = daemon_wait(&d);
		check(WIFEXITED(status) && WEXITSTATUS(status) != 0,
		      "status %#x", status);
		check(strstr(daemon_messages(), STATE), "no message");
	}
}

/* Two daemons */

static void expect_refusal(struct daemon *d)
{
	int status = daemon_wait(d);

	check(WIFEXITED(status) && WEXITSTATUS(status) != 0, "status %#x",
	      status);
	check(strlen(daemon_messages()), "no message");
}

static void two_on_a_state(void)
{
	struct model model = { 0 };
	struct daemon first, second;
	struct frontend fe;

	start(&first);
	fe_open(&fe, &first);
	must_program_key(&fe);
	daemon_start_at(&second, NULL, "socket2", (const char *const []){
		"--capacity", "1", NULL });
	expect_refusal(&second);
	check(access("socket2", F_OK), "the second one has a socket");
	model_write(&model, &fe);
	model_check(&model, &fe, false);
}

/* While the first one is making the state, nobody else does */
static void two_on_a_new_state(void)
{
	struct disk *disk = disk_new();
	struct daemon first, second;
	struct model model = { 0 };
	struct frontend fe;

	disk->hold_sync = 1;
	start_on_disk(&first);
	disk_wait_held(disk);
	daemon_exec(&second, NULL, (const char *const []){
		"--socket", "socket2", "--state", STATE, NULL });
	expect_refusal(&second);
	check(access("socket2", F_OK), "the second one has a socket");
	disk->hold_sync = 0;
	sem_post(&disk->go);
	fe_open(&fe, &first);
	must_program_key(&fe);
	model_write(&model, &fe);
	disk_free(disk);
}

/* The first one is busy, and as many as there is room for wait for it */
static void two_on_a_socket(void)
{
	struct model model = { 0 };
	struct daemon first, second;
	struct frontend fe;
	int waiting[2];

	start(&first);
	fe_open(&fe, &first);
	must_program_key(&fe);
	for (unsigned int i = 0; i < ARRAY_SIZE(waiting); i++)
		waiting[i] = vu_connect(SOCKET);
	daemon_exec(&second, NULL, (const char *const []){
		"--socket", SOCKET, "--state", "state2", "--capacity", "1",
		NULL });
	expect_refusal(&second);
	for (unsigned int i = 0; i < ARRAY_SIZE(waiting); i++)
		close(waiting[i]);
	model_write(&model, &fe);
	fe_close(&fe);
	fe_open(&fe, &first);
	model_check(&model, &fe, false);
}

/* A disk that fails */

static uint16_t written(struct frontend *fe)
{
	struct rpmb_frame in;

	check_eq(fe_wait_used(fe, NULL), FRAME);
	fetch_frames(fe, &in, 1);
	check_eq(be16toh(in.req_resp), RPMB_WRITE_DATA << 8);
	check(frames_signed(&in, 1, test_key), "");
	return be16toh(in.result);
}

static uint16_t try_write(const struct model *model, struct frontend *fe)
{
	model_submit(model, fe);
	return written(fe);
}

/* Three writes on a disk that can be made to fail */
static void write_on_disk(struct daemon *d, struct frontend *fe,
			  struct model *model)
{
	start_on_disk(d);
	fe_open(fe, d);
	must_program_key(fe);
	for (unsigned int i = 0; i < 3; i++)
		model_write(model, fe);
}

/* On a disk that works */
static void must_go_on(struct model *model, bool on_its_way)
{
	struct frontend fe;
	struct daemon d;

	start(&d);
	fe_open(&fe, &d);
	model_check(model, &fe, on_its_way);
	model_write(model, &fe);
}

/* Make all writes to the disk fail, then mend it */
static void disk_fails(int err)
{
	struct disk *disk = disk_new();
	struct model model = { 0 };
	struct frontend fe;
	struct daemon d;

	write_on_disk(&d, &fe, &model);
	disk->fail_write = err;
	check_eq(try_write(&model, &fe), RPMB_RES_WRITE);
	check(strlen(daemon_messages()), "no message");
	check_eq(try_write(&model, &fe), RPMB_RES_WRITE);
	check_eq(must_count(&fe), 3);
	disk->fail_write = 0;
	/* it goes on, or says again that it cannot */
	if (try_write(&model, &fe) == RPMB_RES_OK)
		model_set(&model, 4);
	model_check(&model, &fe, false);
	fe_close(&fe);
	daemon_kill(&d);
	disk_free(disk);
	must_go_on(&model, false);
}

static void write_fails(void)
{
	disk_fails(EIO);
}

static void disk_full(void)
{
	disk_fails(ENOSPC);
}

/* What the guest was told has failed does not come back by itself */
static void sync_fails_once(void)
{
	struct disk *disk = disk_new();
	struct model model = { 0 };
	struct frontend fe;
	struct daemon d;

	write_on_disk(&d, &fe, &model);
	disk->hold_sync = 1;
	model_submit(&model, &fe);
	disk_fail_held_sync(disk);
	check_eq(written(&fe), RPMB_RES_WRITE);
	model_check(&model, &fe, false);
	fe_close(&fe);
	daemon_kill(&d);
	disk_free(disk);
	must_go_on(&model, false);
}

/* Nobody knows what is on the disk, so no answer can be right */
static void sync_keeps_failing(void)
{
	struct disk *disk = disk_new();
	struct model model = { 0 };
	struct frontend fe;
	struct daemon d;
	int status;

	write_on_disk(&d, &fe, &model);
	disk->fail_sync = EIO;
	model_submit(&model, &fe);
	status = daemon_wait(&d);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 1, "status %#x",
	      status);
	check(!fe_used(&fe), "there is an answer");
	check(strstr(daemon_messages(), "giving up"), "no message");
	fe_close(&fe);
	disk_free(disk);
	must_go_on(&model, true);
}

static void key_write_fails(void)
{
	struct disk *disk = disk_new();
	struct rpmb_frame in;
	struct frontend fe;
	uint32_t counter;
	struct daemon d;

	start_on_disk(&d);
	fe_open(&fe, &d);
	disk->hold_sync = 1;
	submit_key(&fe);
	disk_fail_held_sync(disk);
	check_eq(fe_wait_used(&fe, NULL), FRAME);
	fetch_frames(&fe, &in, 1);
	check_eq(be16toh(in.result), RPMB_RES_WRITE);
	check_eq(guest_counter(&fe, test_key, &counter), RPMB_RES_NO_KEY);
	fe_close(&fe);
	daemon_kill(&d);
	disk_free(disk);
	start(&d);
	fe_open(&fe, &d);
	must_program_key(&fe);
	check_eq(must_count(&fe), 0);
}

static void read_fails(void)
{
	uint8_t block[BLOCK], found[BLOCK];
	struct disk *disk;
	struct frontend fe;
	struct daemon d;
	uint16_t result;

	start(&d);
	fe_open(&fe, &d);
	must_program_key(&fe);
	pattern(block, 1, 400, 0);
	must_write(&fe, 400, 1, 0, block);
	fe_close(&fe);
	daemon_stop(&d);
	disk = disk_new();
	start_on_disk(&d);
	fe_open(&fe, &d);
	disk->fail_read = EIO;
	result = guest_read(&fe, test_key, 400, 1, found);
	if (result == RPMB_RES_OK)
		check(!memcmp(block, found, BLOCK), "wrong data");
	else
		check_eq(result, RPMB_RES_READ);
	disk->fail_read = 0;
	must_hold(&fe, 400, 1, block);
	disk_free(disk);
}

/* Of a state that cannot be made, nothing is left that a start would stumble on */
static void create_fails(void)
{
	struct disk *disk = disk_new();
	struct frontend fe;
	struct daemon d;

	disk->fail_write = ENOSPC;
	start_on_disk(&d);
	expect_refusal(&d);
	check(strstr(daemon_messages(), "No space"), "no message");
	check(access(STATE, F_OK), "there is a state");
	disk_free(disk);
	start(&d);
	fe_open(&fe, &d);
	must_program_key(&fe);
}

static void start_cannot_read(void)
{
	struct disk *disk;
	struct daemon d;

	make_state(true);
	disk = disk_new();
	disk->fail_read = EIO;
	start_on_disk(&d);
	expect_refusal(&d);
	check(strstr(daemon_messages(), STATE), "no message that names it");
	disk_free(disk);
	must_have_state();
}

static void start_cannot_write(void)
{
	struct disk *disk;
	struct daemon d;

	make_state(true);
	disk = disk_new();
	disk->fail_write = ENOSPC;
	start_on_disk(&d);
	expect_refusal(&d);
	check(strstr(daemon_messages(), "full"), "no message");
	disk_free(disk);
	must_have_state();
}

static void write_protected(void)
{
	struct disk_image before, after;
	struct daemon d;

	make_state(true);
	disk_image_load(&before);
	daemon_forget_messages();
	daemon_exec(&d, NULL, (const char *const []){
		"--socket", SOCKET, "--state", "file:" STATE "?mode=ro", NULL });
	expect_refusal(&d);
	check(strstr(daemon_messages(), "write-protected"), "no message");
	disk_image_load(&after);
	check(disk_image_same(&before, &after), "the state was touched");
	disk_image_free(&before);
	disk_image_free(&after);
	must_have_state();
}

/* The end says that it failed, and the next start has everything */
static void end_fails(void)
{
	struct disk *disk = disk_new();
	struct model model = { 0 };
	struct frontend fe;
	struct daemon d;
	int status;

	write_on_disk(&d, &fe, &model);
	fe_close(&fe);
	disk->fail_write = EIO;
	kill(d.pid, SIGTERM);
	status = daemon_wait(&d);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 1, "status %#x",
	      status);
	check(strstr(daemon_messages(), "checkpoint"), "no message");
	disk_free(disk);
	must_go_on(&model, false);
}

static const struct test tests[] = {
	{ "killed: started again, twice", killed_then_started },
	{ "two daemons on one state: the second is refused",
	  two_on_a_state },
	{ "two daemons on one socket: the second is refused",
	  two_on_a_socket },
};

static const struct test on_files[] = {
	{ "in use, -wal missing: refused, untouched", wal_missing },
	{ "in use since the start, -wal missing: refused",
	  wal_missing_early },
	{ "in use, all but -wal missing: refused, untouched", state_missing },
	{ "stopped: one file has everything", stopped_then_copied },
	{ "corrupt header: refused, untouched", corrupt_header },
	{ "corrupt schema: refused, untouched", corrupt_schema },
	{ "truncated: refused, untouched", truncated },
	{ "damaged page: refused, untouched", damaged_page },
	{ "no database: refused, untouched", text_file },
	{ "somebody else's database: refused, untouched", foreign_database },
	{ "newer schema: refused, untouched", newer_schema },
	{ "a directory: refused", directory },
	{ "two daemons make one state: the second is refused",
	  two_on_a_new_state },
	{ "sync fails, then killed: the write does not come back",
	  sync_fails_once },
	{ "sync keeps failing: it ends without an answer",
	  sync_keeps_failing },
	{ "write fails: write failure, nothing lost", write_fails },
	{ "disk full: write failure, nothing lost", disk_full },
	{ "program key: it fails, write failure", key_write_fails },
	{ "data read: fetching fails, read failure", read_fails },
	{ "no room for a new state: refused, nothing is left", create_fails },
	{ "start: the disk cannot be read: refused", start_cannot_read },
	{ "start: the disk is full: refused", start_cannot_write },
	{ "start: write-protected: refused, untouched", write_protected },
	{ "end: the disk fails: it says so, nothing is lost", end_fails },
};

int main(int argc, char **argv)
{
	return run_state_tests(argc, argv, tests, ARRAY_SIZE(tests), on_files,
			       ARRAY_SIZE(on_files));
}
