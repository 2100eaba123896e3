// SPDX-License-Identifier: GPL-2.0-only
/*
 * An anchored state: whatever somebody makes of its file, and whenever the daemon or its
 * anchor ends, nothing is served but the newest state, and that is never refused
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "anchor-client.h"
#include "anchor-host.h"
#include "anchored.h"
#include "client.h"
#include "disk.h"
#include "fixture.h"
#include "group.h"
#include "model.h"
#include "served.h"
#include "state.h"

#define CLONE "clone"
#define CLONE_SOCKET "clone-socket"

#define PUT_BACK "it was put back"
#define CHANGED "or was changed"
#define DAMAGED "is damaged"
#define OTHER_KEY "its key is not one of this anchor's"

static void served_again(void)
{
	struct model model;

	anchored_host();
	model_leave_state(&model, true);
	write_one(&model, false);
	unlink(SOCKET);
	write_one(&model, true);
	host_stop();
	host_start();
	must_serve(&model, false);
}

/* What is in the ring together is one step, and one write of the hardware */
static void full_ring(void)
{
	struct group group = { 0 };
	struct frontend fe;
	struct model model;
	struct fake *fake;
	struct daemon d;
	uint32_t before;

	fake = begin_serving(&model, &d, &fe);
	before = fake->counter;
	group.fe = &fe;
	for (unsigned int i = 1; i <= GROUP_MOST; i++)
		group_put_write(&group, 5 + i);
	group_go(&group);
	for (unsigned int i = 1; i <= GROUP_MOST; i++)
		group_written(&group, 0, 5 + i);
	check_eq(fake->counter - before, 1);
	model_set(&model, 5 + GROUP_MOST);
	model_check(&model, &fe, false);
	kill_daemon(&d, &fe);
	must_serve(&model, false);
}

/* The disk takes none of it: nothing is anchored, and what there was is still genuine */
static void full_ring_full_disk(void)
{
	struct group group = { 0 };
	struct frontend fe;
	struct model model;
	struct fake *fake;
	struct disk *disk;
	struct daemon d;
	uint32_t before;

	fake = anchored_host();
	model_leave_state(&model, true);
	disk = disk_new();
	start_on_disk(&d);
	fe_open(&fe, &d);
	model_check(&model, &fe, false);
	before = fake->counter;
	group.fe = &fe;
	disk->fail_write = ENOSPC;
	group_put_write(&group, 6);
	group_put_write(&group, 7);
	group_put_read(&group);
	group_go(&group);
	group_written(&group, RPMB_RES_WRITE, 5);
	group_written(&group, RPMB_RES_COUNTER, 5);
	group_holds(&group, &model);
	check_eq(fake->counter, before);
	disk->fail_write = 0;
	kill_daemon(&d, &fe);
	disk_free(disk);
	must_serve(&model, false);
}

/* More blocks than the small cache holds that the file asks for: it goes to the disk early */
static void put_far_writes(struct group *group)
{
	uint8_t data[MODEL_BLOCKS * BLOCK] = { 0 };
	struct rpmb_frame out[MODEL_BLOCKS + 1];

	for (unsigned int i = 0; i < GROUP_MOST - 1; i++) {
		make_write(out, MODEL_BLOCKS, MODEL_BLOCKS * i, 5 + i, data,
			   test_key);
		make_result_read(&out[MODEL_BLOCKS]);
		group_put(group, out, MODEL_BLOCKS + 1, 1);
	}
}

/* The disk is full before the end of a group: nothing that is undone counts as changed */
static void full_disk_early(void)
{
	struct group group = { 0 };
	struct frontend fe;
	struct model model;
	struct disk *disk;
	struct daemon d;

	anchored_host();
	model_leave_state(&model, true);
	state_sql("PRAGMA default_cache_size = 10");
	disk = disk_new();
	start_on_disk(&d);
	fe_open(&fe, &d);
	group.fe = &fe;
	disk->fail_write = ENOSPC;
	put_far_writes(&group);
	group_put_read(&group);
	group_go(&group);
	group_written(&group, RPMB_RES_WRITE, 5);
	for (unsigned int i = 0; i < GROUP_MOST - 2; i++)
		group_written(&group, RPMB_RES_COUNTER, 5);
	group_holds(&group, &model);
	disk->fail_write = 0;
	kill_daemon(&d, &fe);
	disk_free(disk);
	must_serve(&model, false);
}

static void put_back(void)
{
	struct disk_image old, newest;
	struct model model;

	anchored_host();
	model_leave_state(&model, true);
	disk_image_load(&old);
	write_one(&model, true);
	disk_image_load(&newest);
	disk_image_store(&old);
	must_refuse(PUT_BACK);
	must_refuse(PUT_BACK);
	disk_image_store(&newest);
	must_serve(&model, false);
	disk_image_free(&old);
	disk_image_free(&newest);
}

/* What was saved at several times, and what of it is put together */
#define TIMES 4

static void save_times(struct model *model, struct disk_image images[TIMES])
{
	unsigned int i;

	model_leave_state(model, true);
	disk_image_load(&images[0]);
	for (i = 1; i < TIMES; i++) {
		write_one(model, i % 2);
		disk_image_load(&images[i]);
	}
}

static void store_mix(const struct disk_image *state,
		      const struct disk_image *wal)
{
	struct disk_image mix = *state;

	mix.files[DISK_WAL] = wal ? wal->files[DISK_WAL] :
				    (struct disk_file){ 0 };
	disk_image_store(&mix);
}

/* In words of which one is true of any old or broken file */
static bool says_why(void)
{
	static const char *const words[] = {
		PUT_BACK, CHANGED, DAMAGED, "is missing", "malformed",
		"is not the state of", "not a database"
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(daemon_messages(), words[i]))
			return true;
	return false;
}

/* The newest is served or nothing; true if it is */
static bool is_served(const struct model *newest)
{
	struct model model = *newest;
	struct frontend fe;
	struct daemon d;
	int sock = -1, ms = 0;

	unlink(SOCKET);
	daemon_forget_messages();
	daemon_start(&d, "--capacity", "1");
	while (daemon_alive(&d) && (sock = vu_connect(SOCKET)) < 0) {
		check(ms++ < WAIT_MS, "neither serves nor ends");
		poll(NULL, 0, 1);
	}
	if (sock < 0) {
		check(WEXITSTATUS(daemon_wait(&d)) == 1, "");
		check(says_why(), "it does not say why");
		return false;
	}
	close(sock);
	fe_open(&fe, &d);
	model_check(&model, &fe, false);
	kill_daemon(&d, &fe);
	return true;
}

static void mixed(void)
{
	struct disk_image images[TIMES];
	unsigned int i, j, served = 0;
	struct model model;

	anchored_host();
	save_times(&model, images);
	for (i = 0; i < TIMES; i++) {
		for (j = 0; j <= TIMES; j++) {
			store_mix(&images[i], j < TIMES ? &images[j] : NULL);
			served += is_served(&model);
		}
	}
	check(served, "the newest is refused, too");
	tap_note("%u of %u are the newest", served, TIMES * (TIMES + 1));
	disk_image_store(&images[TIMES - 1]);
	must_serve(&model, false);
	for (i = 0; i < TIMES; i++)
		disk_image_free(&images[i]);
}

/* How often the newest is served: what is cut off may be of no use any more */
static unsigned int truncate_at_all(const struct disk_image *image,
				    unsigned int file,
				    const struct model *model)
{
	size_t len = image->files[file].len, cut;
	unsigned int served = 0;

	check(len, "there is nothing to cut off");
	for (cut = 1; cut <= len; cut += len / 9) {
		struct disk_image part = *image;

		part.files[file].len -= cut;
		disk_image_store(&part);
		served += is_served(model);
	}
	return served;
}

/* Stopped, all is in the file; killed, what was written last is in the -wal */
static void truncated(void)
{
	struct disk_image stopped, killed;
	struct model model;

	anchored_host();
	model_leave_state(&model, true);
	disk_image_load(&stopped);
	check_eq(truncate_at_all(&stopped, DISK_STATE, &model), 0);
	disk_image_store(&stopped);
	write_one(&model, false);
	disk_image_load(&killed);
	truncate_at_all(&killed, DISK_STATE, &model);
	check_eq(truncate_at_all(&killed, DISK_WAL, &model), 0);
	disk_image_store(&killed);
	must_serve(&model, false);
	disk_image_free(&stopped);
	disk_image_free(&killed);
}

static void without_anchor(void)
{
	struct model model;

	anchored_host();
	model_leave_state(&model, true);
	daemon_use_anchor(NULL);
	must_refuse("is anchored, and of no use without its anchor");
	daemon_use_anchor(socket_of(1));
	must_refuse("is a state of another anchor");
	check(!rename(STATE, CLONE), "");
	daemon_use_anchor(NULL);
	model_leave_state(&model, true);
	daemon_use_anchor(socket_of(0));
	must_refuse("is not anchored");
	check(!unlink(STATE), "");
	must_refuse("it has a state, at step");
	host_kill();
	must_refuse("does rpmb-anchor run?");
	host_start();
	check(!rename(CLONE, STATE), "");
	model_set(&model, 5);
	must_serve(&model, false);
}

#define NO_CHECKS							\
	"PRAGMA ignore_check_constraints = 1; PRAGMA writable_schema = 1;" \
	"UPDATE sqlite_schema SET sql = replace(replace(sql,"		\
	" 'CHECK (addr BETWEEN 0 AND 65535)', ''),"			\
	" 'CHECK (length(data) = 256)', '');"

/* Who has the file can change all of it, but make no step */
static const struct {
	const char *sql;
	const char *words;
} edits[] = {
	{ "UPDATE meta SET counter = counter - 1", CHANGED },
	{ "UPDATE meta SET counter = counter + 1", CHANGED },
	{ "UPDATE meta SET dev_id = zeroblob(16)", CHANGED },
	{ "UPDATE meta SET config = randomblob(512)", CHANGED },
	{ "UPDATE meta SET key = NULL, counter = 0", DAMAGED },
	{ "UPDATE meta SET key = randomblob(60)", OTHER_KEY },
	{ "UPDATE blocks SET data = zeroblob(256) WHERE addr = 0", CHANGED },
	{ "DELETE FROM blocks WHERE addr = 1", CHANGED },
	{ "INSERT INTO blocks VALUES (511, randomblob(256))", CHANGED },
	{ "UPDATE blocks SET addr = addr + 100", CHANGED },
	{ "UPDATE anchor SET step = step - 1", CHANGED },
	{ "UPDATE anchor SET step = step + 1", CHANGED },
	{ "UPDATE anchor SET parent = randomblob(32)", CHANGED },
	{ "UPDATE anchor SET name = randomblob(32)", CHANGED },
	{ "UPDATE anchor SET guid = randomblob(16)", "of another anchor, " },
	/* what no state has, in a file without its checks */
	{ NO_CHECKS "INSERT INTO blocks VALUES (-4294867296, zeroblob(256))",
	  DAMAGED },
	{ NO_CHECKS "UPDATE blocks SET data = x'00' WHERE addr = 0", DAMAGED },
	{ "PRAGMA ignore_check_constraints = 1;"
	  "UPDATE meta SET capacity = 257", DAMAGED },
	/* all of the next step but its MAC, with old data in it */
	{ "UPDATE blocks SET data = zeroblob(256) WHERE addr = 0;"
	  "UPDATE anchor SET step = step + 1, parent = name,"
	  " name = randomblob(32)", CHANGED },
};

static void edited(void)
{
	struct disk_image image;
	struct model model;
	unsigned int i;

	anchored_host();
	model_leave_state(&model, true);
	disk_image_load(&image);
	for (i = 0; i < ARRAY_SIZE(edits); i++) {
		tap_note("%s", edits[i].sql);
		state_sql(edits[i].sql);
		must_refuse(edits[i].words);
		disk_image_store(&image);
	}
	must_serve(&model, false);
	disk_image_free(&image);
}

/* A state of the second anchor, with the GUID of the first one */
static void must_not_fit(const char *words)
{
	state_sql("UPDATE anchor SET guid = x'00000000000040008000000000000000'");
	daemon_use_anchor(socket_of(0));
	must_refuse(words);
	state_sql("UPDATE anchor SET guid = x'00000000000040008000000000000001'");
	daemon_use_anchor(socket_of(1));
}

static void make_keyless(unsigned int anchor)
{
	check(!shell("$RPMB_STATE_TOOL create --capacity 1 " STATE " --anchor %s",
		     socket_of(anchor)), "%s", said());
}

static void edited_to_fit(void)
{
	struct model model;

	anchored_host();
	make_keyless(1);
	must_not_fit(CHANGED);
	model_leave_state(&model, true);
	must_not_fit(OTHER_KEY);
	must_serve(&model, false);
}

static void use_guid_again(void)
{
	check(!admin("remove number-0"), "%s", said());
	check(!admin("add number-0 --guid " GUID, 0), "%s", said());
}

/* A GUID that was removed and is used again is another anchor */
static void guid_again(void)
{
	struct model model;

	anchored_host();
	make_keyless(0);
	use_guid_again();
	must_refuse(CHANGED);
	check(!unlink(STATE), "%s", strerror(errno));
	model_leave_state(&model, true);
	use_guid_again();
	must_refuse(OTHER_KEY);
	check(!unlink(STATE), "%s", strerror(errno));
	model_leave_state(&model, true);
	must_serve(&model, false);
}

/* What the file does by itself is nothing: the guest gets what it has written */
static void triggers(void)
{
	struct model model;

	anchored_host();
	model_leave_state(&model, true);
	state_sql("CREATE TRIGGER keep_old BEFORE UPDATE ON blocks"
		  " BEGIN SELECT RAISE(IGNORE); END");
	write_one(&model, true);
	must_serve(&model, false);
}

#define MANY 128
#define UNITS 32
#define FIRST "first block"

/* More than SQLite keeps in memory */
static void fill_device(struct frontend *fe)
{
	static uint8_t data[MANY * BLOCK];
	unsigned int i;

	must_program_key(fe);
	for (i = 0; i < UNITS * UNIT_BLOCKS / MANY; i++) {
		memset(data, i, sizeof(data));
		if (!i)
			memcpy(data, FIRST, sizeof(FIRST));
		must_write(fe, i * MANY, MANY, i, data);
	}
}

/* Behind the back of who has the file */
static void change_first_block(void)
{
	static char data[UNITS * UNIT_BLOCKS * BLOCK];
	int fd = open(STATE, O_RDWR | O_CLOEXEC);
	ssize_t len = read(fd, data, sizeof(data));
	char *found = memmem(data, len > 0 ? len : 0, FIRST, sizeof(FIRST));

	check(found, "there is no first block");
	check(pwrite(fd, "F", 1, found - data) == 1, "%s", strerror(errno));
	close(fd);
}

static void submit_read(struct frontend *fe)
{
	static const uint8_t nonce[NONCE_LEN];
	const struct fields fields = {
		.type = RPMB_READ_DATA, .count = 1, .nonce = nonce
	};
	struct rpmb_frame out;

	frames_init(&out, 1, &fields);
	submit_frames(fe, &out, 1, 1);
}

/* Nobody is told what is in a file that somebody changes while it is served */
static void changed_while_served(void)
{
	struct frontend fe;
	struct daemon d;

	anchored_host();
	daemon_start(&d, "--capacity", "32");
	fe_open(&fe, &d);
	fill_device(&fe);
	close_daemon(&d, &fe);
	daemon_start(&d, "--capacity", "32");
	fe_open(&fe, &d);
	change_first_block();
	submit_read(&fe);
	while (daemon_alive(&d) && !fe_used(&fe))
		poll(NULL, 0, 1);
	check(!fe_used(&fe), "what was changed is told");
	check(WEXITSTATUS(daemon_wait(&d)) == 1, "it goes on");
	check(strstr(daemon_messages(), "block 0 was changed by somebody"), "");
	fe_close(&fe);
}

/* The client has kept a step, and the ledger has not */
static void ahead_of_ledger(void)
{
	struct frontend fe;
	struct model model;
	struct daemon d;
	struct fake *fake = begin_serving(&model, &d, &fe);

	host_fault(fake, FAULT_KILL_BEFORE, FAKE_DISK_WRITE, 0);
	model_submit(&model, &fe);
	host_wait_killed();
	check(!fe_used(&fe), "answered before it is anchored");
	kill_daemon(&d, &fe);
	host_start();
	must_serve(&model, true);
	check_eq(model.counter, 7);
}

/* The ledger has it, and the hardware has not */
static void ahead_of_hardware(void)
{
	struct frontend fe;
	struct model model;
	struct daemon d;
	struct fake *fake = begin_serving(&model, &d, &fe);

	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 0);
	model_submit(&model, &fe);
	host_wait_held(fake);
	check(!fe_used(&fe), "answered before it is anchored");
	kill_daemon(&d, &fe);
	host_kill();
	host_start();
	must_serve(&model, true);
	check_eq(model.counter, 7);
}

/* The anchor ends in a write, and comes back: nobody notices but by the time it takes */
static void anchor_comes_back(void)
{
	struct frontend fe;
	struct model model;
	struct daemon d;
	struct fake *fake = begin_serving(&model, &d, &fe);

	host_fault(fake, FAULT_KILL_BEFORE, FAKE_DISK_WRITE, 0);
	model_submit(&model, &fe);
	host_wait_killed();
	host_start();
	model_answer(&model, &fe);
	model_check(&model, &fe, false);
	host_kill();
	host_start();
	model_check(&model, &fe, false);
	model_write(&model, &fe);
	close_daemon(&d, &fe);
}

/* A request of a guest, and no anchor for it */
static void submit_without_anchor(struct frontend *fe, const struct model *model)
{
	host_kill();
	model_submit(model, fe);
	daemon_wait_for_words("does rpmb-anchor run?");
}

static void must_answer(struct frontend *fe)
{
	union vu_payload payload;
	uint8_t config;

	for (unsigned int i = 0; i < 100; i++) {
		check(fe_config(fe, 0, 1, &config), "refused");
		fe_ask(fe, VU_GET_FEATURES, &payload, 0);
	}
}

/*
 * The front-end is answered meanwhile, if it asks for nothing that the request has to end
 * before: where the ring is to go on from is known then
 */
static void front_end_without_anchor(void)
{
	union vu_payload payload = { .state = { 0, 0 } };
	struct vu_header hdr;
	struct frontend fe;
	struct model model;
	struct daemon d;

	begin_serving(&model, &d, &fe);
	submit_without_anchor(&fe, &model);
	must_answer(&fe);
	check(!fe_used(&fe), "served without an anchor");
	vu_send(fe.sock, VU_GET_VRING_BASE, 0, &payload, sizeof(payload.state),
		NULL, 0);
	host_start();
	check(vu_recv(fe.sock, &hdr, &payload), "closed");
	check(fe_used(&fe), "the ring has stopped before the request has ended");
	model_answer(&model, &fe);
	check_eq(payload.state.num, fe_base(&fe));
	fe_close(&fe);
	fe_open(&fe, &d);
	model_check(&model, &fe, false);
	close_daemon(&d, &fe);
}

/* Whoever waits for that can end the daemon */
static void stopped_without_anchor(void)
{
	union vu_payload payload = { .state = { 0, 0 } };
	struct frontend fe;
	struct model model;
	struct daemon d;

	begin_serving(&model, &d, &fe);
	submit_without_anchor(&fe, &model);
	vu_send(fe.sock, VU_GET_VRING_BASE, 0, &payload, sizeof(payload.state),
		NULL, 0);
	kill(d.pid, SIGTERM);
	ends_saying(&d, "giving up at step");
	check(!fe_used(&fe), "answered");
	fe_close(&fe);
	unlink(SOCKET);
	host_start();
	must_serve(&model, true);
}

/* Nobody is told anything that another daemon may have changed meanwhile */
static void nothing_without_anchor(void)
{
	struct frontend fe;
	struct model model;
	struct daemon d;

	begin_serving(&model, &d, &fe);
	model_check(&model, &fe, false);
	host_kill();
	submit_count(&fe);
	daemon_wait_for_words("does rpmb-anchor run?");
	check(!fe_used(&fe), "the counter is told");
	host_start();
	fe_wait_used(&fe, NULL);
	model_check(&model, &fe, false);
	close_daemon(&d, &fe);
}

static void start_clone(struct daemon *d)
{
	daemon_exec(d, NULL, (const char *const []){
		"--socket", CLONE_SOCKET, "--state", CLONE, "--anchor",
		socket_of(0), NULL });
}

static void cloned(void)
{
	struct frontend fe, clone_fe;
	struct daemon d, clone;
	struct model model;
	struct frontend *first = &fe;

	anchored_host();
	model_leave_state(&model, true);
	check(!shell("cp " STATE " " CLONE), "%s", said());
	open_daemon(&d, &fe);
	start_clone(&clone);
	check(WEXITSTATUS(daemon_wait(&clone)) == 1, "two serve");
	check(strstr(daemon_messages(), "another program uses this anchor"), "");

	/* The anchor is new, and the first one has not noticed yet */
	host_kill();
	host_start();
	start_clone(&clone);
	fe_open_at(&clone_fe, &clone, CLONE_SOCKET);
	model_write(&model, &clone_fe);
	daemon_forget_messages();
	submit_count(first);
	daemon_wait_for_words("another program uses this anchor");
	check(!fe_used(first), "it tells what was");
	fe_close(&clone_fe);
	daemon_stop(&clone);
	check(WEXITSTATUS(daemon_wait(&d)) == 1, "it goes on");
	check(strstr(daemon_messages(), PUT_BACK), "");
	fe_close(&fe);
}

static void share_used_up(void)
{
	uint8_t data[BLOCK] = { 1 };
	struct frontend fe;
	struct model model;
	struct daemon d;

	begin_serving(&model, &d, &fe);
	/* Seven steps so far: that it is there, the key, five writes */
	check(!admin("set number-0 --share 8"), "%s", said());
	model_write(&model, &fe);
	check_eq(guest_write(&fe, test_key, 0, 1, model.counter, data),
		 RPMB_RES_WRITE);
	check(strstr(daemon_messages(), "share are used up"), "");
	model_check(&model, &fe, false);
	check(!admin("set number-0 --share 9"), "%s", said());
	model_write(&model, &fe);
	close_daemon(&d, &fe);
}

/* Made smaller than what it has used: one more write, then no more, and it goes on */
static void share_lowered(void)
{
	uint8_t data[BLOCK] = { 1 };
	struct frontend fe;
	struct model model;
	struct daemon d;

	begin_serving(&model, &d, &fe);
	check(!admin("set number-0 --share 3"), "%s", said());
	model_write(&model, &fe);
	check_eq(guest_write(&fe, test_key, 0, 1, model.counter, data),
		 RPMB_RES_WRITE);
	model_check(&model, &fe, false);
	check(!admin("set number-0 --share 9"), "%s", said());
	model_write(&model, &fe);
	close_daemon(&d, &fe);
}

/* The same while a step waits for an anchor that has gone: so does the guest, for a share */
static void share_lowered_meanwhile(void)
{
	struct frontend fe;
	struct model model;
	struct daemon d;
	struct fake *fake;

	fake = begin_serving(&model, &d, &fe);
	host_fault(fake, FAULT_KILL_BEFORE, FAKE_DISK_WRITE, 0);
	model_submit(&model, &fe);
	host_wait_killed();
	kill(d.pid, SIGSTOP);
	host_start();
	check(!admin("set number-0 --share 3"), "%s", said());
	kill(d.pid, SIGCONT);
	daemon_wait_for_words("share are used up");
	check(!fe_used(&fe), "answered");
	check(!admin("set number-0 --share 9"), "%s", said());
	model_answer(&model, &fe);
	model_check(&model, &fe, false);
	close_daemon(&d, &fe);
}

/*
 * The hardware is removed under a write: rpmb-anchor ends, and does not serve without it.
 * Guests wait until it is there again; whoever serves them is not started anew.
 */
static void hardware_removed(void)
{
	struct frontend fe;
	struct model model;
	struct daemon d;
	struct fake *fake;

	fake = begin_serving(&model, &d, &fe);
	host_fault(fake, FAULT_BEFORE, RPMB_WRITE_DATA, 0);
	fake->faults[0].value = ENODEV;
	fake->faults[1] = (struct fake_fault) {
		FAULT_BEFORE, RPMB_READ_DATA, 0, ENODEV
	};
	model_submit(&model, &fe);
	check(WEXITSTATUS(host_wait()) == 1, "it goes on without hardware");
	check(host_says("the device was removed"), "it does not say so");
	daemon_wait_for_words("does rpmb-anchor run?");
	host_fault(fake, FAULT_BEFORE, FAKE_ANY, 0);
	fake->faults[0].value = ENODEV;
	host_refuses("the device was removed");
	check(!fe_used(&fe), "answered");
	host_start();
	model_answer(&model, &fe);
	model_check(&model, &fe, false);
	close_daemon(&d, &fe);
	must_serve(&model, false);
}

static bool has_key_in(const char *name)
{
	return !shell("grep -qaF \"$(cat key-text)\" %s", name);
}

/* A key that is text, so that it can be looked for */
static void key_is_wrapped(void)
{
	static const uint8_t text_key[KEY_LEN] = "A key is to be found by its text";
	struct frontend fe;
	struct daemon d;

	anchored_host();
	check(!shell("echo '%.32s' | tee key-text", text_key), "%s", said());
	open_daemon(&d, &fe);
	check_eq(guest_program_key(&fe, text_key), 0);
	close_daemon(&d, &fe);
	check(!has_key_in(STATE) && !has_key_in(LEDGER), "it is in clear");
	check(!shell("$RPMB_STATE_TOOL convert " STATE " " CLONE " --anchor %s",
		     socket_of(0)), "%s", said());
	check(has_key_in(CLONE), "it cannot be found: this test is of no use");
}

static bool is_in(const char *name, const uint8_t *bytes, size_t len)
{
	static char data[1 << 20];
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t there = read(fd, data, sizeof(data));

	close(fd);
	check(there > 0, "%s: %s", name, strerror(errno));
	return memmem(data, there, bytes, len);
}

static void anchor_file(unsigned int n)
{
	struct rpmb_anchor *anchor = must_connect(n);

	check(!shell("echo text >" CLONE), "%s", said());
	check_eq(rpmb_anchor_file_advance(anchor, CLONE, NULL), 0);
	rpmb_anchor_free(anchor);
}

static void line_of(unsigned int n, struct anchor_line *line)
{
	struct raw raw;

	check_eq(raw_connect(&raw, n), ANCHOR_OK);
	*line = raw.line;
	raw_close(&raw);
}

/* With it whoever has the file could make steps */
static void anchor_key_is_not_kept(void)
{
	struct anchor_line state, file;
	struct model model;

	anchored_host();
	model_leave_state(&model, false);
	anchor_file(1);
	line_of(0, &state);
	line_of(1, &file);
	check(!is_in(STATE, state.key, sizeof(state.key)), "");
	check(!is_in(STATE "-wal", state.key, sizeof(state.key)), "");
	check(!is_in(CLONE ".step", file.key, sizeof(file.key)), "");
	check(is_in(STATE "-wal", state.guid, sizeof(state.guid)) &&
	      is_in(CLONE ".step", file.guid, sizeof(file.guid)),
	      "nothing can be found: this test is of no use");
}

static void stepped_back_from(bool stopped)
{
	struct disk_image old, newest;
	struct model model;

	anchored_host();
	model_leave_state(&model, stopped);
	disk_image_load(&old);
	write_one(&model, true);
	disk_image_load(&newest);
	disk_image_store(&old);
	check(shell("$RPMB_STATE_TOOL accept " STATE " --anchor %s",
		    socket_of(0)) == 1, "");
	check(says("nobody has agreed"), "%s", said());
	check(!admin("accept number-0"), "%s", said());
	check(!shell("$RPMB_STATE_TOOL accept " STATE " --anchor %s",
		     socket_of(0)), "%s", said());
	model_set(&model, 5);
	must_serve(&model, false);
	check(shell("$RPMB_STATE_TOOL accept " STATE " --anchor %s",
		    socket_of(0)) == 1, "twice");
	disk_image_store(&newest);
	must_refuse(PUT_BACK);
	check(!admin("log") && says("accept "), "%s", said());
	disk_image_free(&old);
	disk_image_free(&newest);
}

static void stepped_back(void)
{
	stepped_back_from(true);
}

/* As a snapshot of the host's disk has it, with the -wal */
static void stepped_back_in_use(void)
{
	stepped_back_from(false);
}

static void converted(void)
{
	struct model model;

	anchored_host();
	daemon_use_anchor(NULL);
	model_leave_state(&model, true);
	check(!shell("$RPMB_STATE_TOOL convert " STATE " " CLONE " --anchor %s && "
		     "mv " CLONE " " STATE, socket_of(0)), "%s", said());
	daemon_use_anchor(socket_of(0));
	must_serve(&model, false);
	check(!shell("$RPMB_STATE_TOOL check " STATE " --anchor %s",
		     socket_of(0)), "%s", said());
	check(!shell("$RPMB_STATE_TOOL convert " STATE " " CLONE " --anchor %s && "
		     "mv " CLONE " " STATE, socket_of(0)), "%s", said());
	daemon_use_anchor(NULL);
	must_serve(&model, false);
}

static const struct test tests[] = {
	{ "stopped, killed, and its anchor stopped: served again", served_again },
	{ "a full ring: one step, one write of the hardware", full_ring },
	{ "a full ring, a full disk: no step, and still genuine",
	  full_ring_full_disk },
	{ "a full ring, a disk that is full early: the same",
	  full_disk_early },
	{ "put back: refused, and the newest is not", put_back },
	{ "files of several times together: the newest or nothing", mixed },
	{ "truncated: the newest or nothing", truncated },
	{ "without its anchor, with another one, without itself", without_anchor },
	{ "edited by somebody who can compute all but the MAC", edited },
	{ "of another anchor, and edited to fit", edited_to_fit },
	{ "of an anchor whose GUID was used again", guid_again },
	{ "triggers in the file: nothing comes of them", triggers },
	{ "changed while it is served: not told", changed_while_served },
	{ "client has kept: one step ahead of the ledger is taken forward",
	  ahead_of_ledger },
	{ "ledger committed: one step ahead of the hardware as well",
	  ahead_of_hardware },
	{ "the anchor ends in a write, and comes back", anchor_comes_back },
	{ "the anchor is away: nothing is told", nothing_without_anchor },
	{ "a copy serves, or the first one, never both", cloned },
	{ "no anchor: the front-end is answered", front_end_without_anchor },
	{ "no anchor: the daemon can be stopped while a ring is to stop",
	  stopped_without_anchor },
	{ "the hardware is removed and comes back: the guest waits",
	  hardware_removed },
	{ "the share is used up, and made larger", share_used_up },
	{ "the share is made smaller than what is used", share_lowered },
	{ "the share is made smaller while nobody looks",
	  share_lowered_meanwhile },
	{ "stopped while it waits for its anchor", stopped_while_it_waits },
	{ "the key is in the file only wrapped", key_is_wrapped },
	{ "the key of the anchor is in no file", anchor_key_is_not_kept },
	{ "a step back that the administrator agrees to", stepped_back },
	{ "the same, to what was copied while it was in use", stepped_back_in_use },
	{ "made an anchored one, and back", converted },
	{ "many ends of daemon and anchor", many_kills },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
