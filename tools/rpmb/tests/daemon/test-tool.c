// SPDX-License-Identifier: GPL-2.0-only
/*
 * rpmb-state, and what the daemon makes of what it has made
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "disk.h"
#include "fixture.h"
#include "model.h"
#include "state.h"

/* What the program has said, to stdout and stderr */
static char said[65536];

/* Run a line of shell in which "tool" is the program; returns its exit status */
static int run(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
static int run(const char *format, ...)
{
	char line[1024], command[2048];
	va_list args;
	size_t len;
	FILE *f;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	snprintf(command, sizeof(command),
		 "tool() { \"$RPMB_STATE_TOOL\" \"$@\"; }; { %s; } 2>&1", line);
	fflush(stdout);
	f = popen(command, "re");
	check(f, "%s", strerror(errno));
	len = fread(said, 1, sizeof(said) - 1, f);
	said[len] = 0;
	return WEXITSTATUS(pclose(f));
}

static void must_say(const char *text)
{
	check(strstr(said, text), "no \"%s\" in: %s", text, said);
}

/* The state, or what has got its name, is that of the model; then one write more */
static void must_serve(struct model *model)
{
	struct frontend fe;
	struct daemon d;

	daemon_start(&d, "--capacity", "1");
	fe_open(&fe, &d);
	model_check(model, &fe, false);
	model_write(model, &fe);
	fe_close(&fe);
	daemon_stop(&d);
}

/* Nothing of the state changes while the command runs */
static int run_reading(const char *line)
{
	struct disk_image before, after;
	int status;

	disk_image_load(&before);
	status = run("%s", line);
	disk_image_load(&after);
	check(disk_image_same(&before, &after), "%s has changed the state", line);
	disk_image_free(&before);
	disk_image_free(&after);
	return status;
}

static void creates(void)
{
	uint8_t config[19];
	struct frontend fe;
	struct daemon d;

	check_eq(run("tool create --capacity=3 --dev-id=00112233445566778899aabbccddeeff "
		     STATE), 0);
	check_eq(run("tool inspect " STATE), 0);
	must_say("3 units");
	must_say("00112233445566778899aabbccddeeff");
	must_say("key:            none");
	daemon_start(&d, NULL);
	fe_open(&fe, &d);
	check(fe_config(&fe, 0, sizeof(config), config), "refused");
	check_eq(config[0], 3);
	check_eq(config[18], 0xff);
	must_program_key(&fe);
	daemon_stop(&d);
	check_eq(run("tool create " STATE), 1);
	must_say("File exists");
	check_eq(run("tool inspect " STATE), 0);
	must_say("3 units");
}

/* OP-TEE ignores bytes 9 and 15 */
static void weak_identity(void)
{
	static const char *const weak[] = {
		"00000000000000000000000000000001",
		"ffffffffffffffffff01ffffffffff02" };
	static const char *const strong[] = {
		"00000000000000000000000000000100",
		"01000000000000000000000000000000",
		"00000000000000000001000000000100" };

	for (unsigned int i = 0; i < ARRAY_SIZE(weak); i++) {
		check_eq(run("tool create --dev-id=%s weak%u", weak[i], i), 0);
		must_say("OP-TEE");
		must_say("random");
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(strong); i++) {
		check_eq(run("tool create --dev-id=%s strong%u", strong[i], i),
			 0);
		check(!strstr(said, "OP-TEE"), "%s: %s", strong[i], said);
	}
}

static void default_size(void)
{
	check_eq(run("tool create " STATE " && tool inspect " STATE), 0);
	must_say("32 units");
	must_say("device id:      none");
}

static bool shows(const uint8_t *key, const char *format)
{
	char hex[2 * KEY_LEN + 1];

	for (unsigned int i = 0; i < KEY_LEN; i++)
		snprintf(hex + 2 * i, 3, format, key[i]);
	return strstr(said, hex);
}

static void inspects(void)
{
	struct model model;

	model_leave_state(&model, true);
	check_eq(run_reading("tool inspect " STATE), 0);
	must_say("key:            programmed");
	must_say("write counter:  5");
	must_say("blocks written: 15");
	must_say("closed:         yes");
	check(!strstr(said, (const char *)test_key), "it shows the key");
	check(!shows(test_key, "%02x") && !shows(test_key, "%02X"),
	      "it shows the key");
	must_serve(&model);
}

/* What the daemon wrote last is seen, and stays for it to see */
static void inspects_killed(void)
{
	struct model model;

	model_leave_state(&model, false);
	check_eq(run_reading("tool inspect " STATE), 0);
	must_say("write counter:  5");
	must_say("closed:         no");
	check_eq(run_reading("tool check " STATE), 0);
	must_say("is sound");
	must_serve(&model);
}

static void not_in_use(void)
{
	struct frontend fe;
	struct daemon d;

	daemon_start(&d, "--capacity", "1");
	fe_open(&fe, &d);
	check_eq(run("tool inspect " STATE), 1);
	must_say("in use");
	check_eq(run("tool backup " STATE " copy"), 1);
	must_say("in use");
	check(access("copy", F_OK), "there is a copy");
	must_program_key(&fe);
}

static void finds_damage(void)
{
	struct model model;

	model_leave_state(&model, true);
	check_eq(run("truncate -s -4096 " STATE), 0);
	check_eq(run_reading("tool check " STATE), 1);
	must_say("malformed");
	check_eq(run_reading("tool inspect " STATE), 1);
	check_eq(run_reading("tool backup " STATE " copy"), 1);
	check(access("copy", F_OK), "there is a copy");
}

static void finds_missing_wal(void)
{
	struct model model;

	model_leave_state(&model, false);
	check(!unlink(STATE "-wal"), "%s", strerror(errno));
	check_eq(run_reading("tool check " STATE), 1);
	must_say("the write counter would go back");
}

static void must_refuse_backup(void)
{
	struct daemon d;
	int status;

	daemon_start(&d, "--capacity", "1");
	status = daemon_wait(&d);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 1, "status %#x",
	      status);
	check(strstr(daemon_messages(), "is a backup of"), "no message");
}

/* The copy is whole, marked, and of no use until somebody says so */
static void backs_up(bool stop)
{
	struct model model, older;

	model_leave_state(&model, stop);
	older = model;
	check_eq(run_reading("tool backup " STATE " copy"), 0);
	check_eq(run("tool inspect copy"), 0);
	must_say("write counter 5, not accepted");
	check_eq(run("tool check copy"), 1);
	must_say("is a backup of");
	check_eq(run("tool inspect " STATE), 0);
	check(!strstr(said, "backup:"), "the original is marked");
	must_serve(&model);

	check(!rename("copy", STATE), "%s", strerror(errno));
	must_refuse_backup();
	must_refuse_backup();
	check_eq(run("tool accept " STATE), 0);
	check_eq(run("tool check " STATE), 0);
	must_serve(&older);
	check_eq(run("tool inspect " STATE), 0);
	must_say("write counter:  6");
	must_say("write counter 5, accepted at");
}

static void backs_up_stopped(void)
{
	backs_up(true);
}

static void backs_up_killed(void)
{
	backs_up(false);
}

/* Each backup of a backup is one more reason to refuse it */
static void backs_up_again(void)
{
	struct model model;

	model_leave_state(&model, true);
	check_eq(run("tool backup " STATE " copy && tool accept copy && tool backup copy copy2"),
		 0);
	check_eq(run("tool check copy"), 0);
	check_eq(run("tool check copy2"), 1);
	check_eq(run("tool accept copy2 && tool inspect copy2"), 0);
	check_eq(run("tool inspect copy2 | grep -c '^backup:.*accepted at'"),
		 0);
	must_say("2");
}

static void nothing_to_accept(void)
{
	struct model model;

	model_leave_state(&model, true);
	check_eq(run_reading("tool accept " STATE), 1);
	must_say("no backup");
	must_serve(&model);
}

static void no_overwriting(void)
{
	struct model model;

	model_leave_state(&model, true);
	check_eq(run("echo precious >copy; tool backup " STATE " copy"), 1);
	must_say("File exists");
	check_eq(run("cat copy"), 0);
	must_say("precious");
	check_eq(run("tool backup " STATE " file:copy2"), 1);
	must_say("URI");
}

/* There is never a copy that is not whole or not marked */
static void no_room(void)
{
	struct model model;

	model_leave_state(&model, true);
	check_eq(run("trap '' XFSZ; ulimit -f 8; tool backup " STATE " copy"),
		 1);
	must_say("copy");
	check(access("copy", F_OK), "there is a copy");
	check_eq(run("tool backup " STATE " copy && tool accept copy"), 0);
	check(!rename("copy", STATE), "%s", strerror(errno));
	must_serve(&model);
}

static void bad_usage(void)
{
	static const char *const bad[] = { "", "create", "inspect", "frobnicate x",
		"backup x", "inspect x y", "backup x y z", "check --capacity=1 x",
		"create --capacity=129 x", "create --dev-id=0 x", "--colour" };

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		check_eq(run("tool %s", bad[i]), 64);
	check(access("x", F_OK), "a state was made");
	check_eq(run("tool inspect nowhere"), 1);
	must_say("nowhere");
	check(access("nowhere", F_OK), "a state was made");
	check_eq(run("echo hello >text; tool inspect text"), 1);
}

static const struct test tests[] = {
	{ "create: size and identity, never over another", creates },
	{ "create: an identity that OP-TEE cannot tell from others",
	  weak_identity },
	{ "create: defaults", default_size },
	{ "inspect: all but the key, and changes nothing", inspects },
	{ "inspect, check: a state that was not closed", inspects_killed },
	{ "a state that is in use is left alone", not_in_use },
	{ "check: damage", finds_damage },
	{ "check: the -wal file is missing", finds_missing_wal },
	{ "backup: refused until accepted, marked for ever", backs_up_stopped },
	{ "backup: of a state that was not closed", backs_up_killed },
	{ "backup: of a backup", backs_up_again },
	{ "backup: no room", no_room },
	{ "backup: never over another file", no_overwriting },
	{ "accept: only a backup", nothing_to_accept },
	{ "wrong command lines", bad_usage },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
