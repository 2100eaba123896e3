// SPDX-License-Identifier: GPL-2.0-only
/*
 * rpmb-state on states in a database, and what the daemon makes of what it has made
 */
#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "fleet.h"
#include "model.h"
#include "move.h"
#include "proxy.h"

static char said[65536];

/*
 * Start a line of shell in which "tool" is the program, $D the database, $S a state in it
 * and $K the option with the key
 */
static FILE *start(const char *line)
{
	char command[4096];
	FILE *f;

	snprintf(command, sizeof(command),
		 "D=$RPMB_DATABASE; S='%s'; K=--wrap-key=$RPMB_WRAP_KEY;"
		 "tool() { \"$RPMB_STATE_TOOL\" \"$@\"; };"
		 "kind() { \"$RPMB_TESTS/check-json\""
		 " \"$RPMB_TESTS/../schema/rpmb.schema.json\" \"$1\"; };"
		 "{ %s; } 2>&1", fleet_device(), line);
	fflush(stdout);
	f = popen(command, "re");
	check(f, "no shell");
	return f;
}

/* Its exit status, once it has ended */
static int end(FILE *f)
{
	size_t len = fread(said, 1, sizeof(said) - 1, f);

	said[len] = 0;
	return WEXITSTATUS(pclose(f));
}

static int run(const char *line)
{
	return end(start(line));
}

static void must_run(const char *line)
{
	int status = run(line);

	check(!status, "%s: %d: %s", line, status, said);
}

static void must_say(const char *line, int status, const char *words)
{
	int found = run(line);

	check(found == status, "%s: status %d: %s", line, found, said);
	check(strstr(said, words), "no \"%s\" in: %s", words, said);
}

static const char *guid(void)
{
	return strchr(fleet_device(), '#') + 1;
}

/* A device that was served by "one", and is not any more */
static void begin(struct model *model)
{
	struct host one;

	model_set(model, 0);
	serve_open(&one, "one", fleet_device(), NULL);
	must_program_key(&one.fe);
	while (model->counter < 3)
		model_write(model, &one.fe);
	serve_stop(&one);
}

static void must_serve(struct model *model)
{
	struct host one;

	serve_open(&one, "one", fleet_device(), NULL);
	model_check(model, &one.fe, false);
	model_write(model, &one.fe);
	serve_stop(&one);
}

static void creates(void)
{
	uint8_t config[19];
	struct host one;

	must_run("tool create --capacity=1 "
		 "--dev-id=00112233445566778899aabbccddeeff $S");
	must_say("tool inspect $S", 0, "00112233445566778899aabbccddeeff");
	must_say("tool inspect $S", 0, "key:            no");
	must_say("tool create $S", 1, "duplicate key");
	serve_open(&one, "one", fleet_device(), NULL);
	check(fe_config(&one.fe, 0, sizeof(config), config), "refused");
	check_eq(config[0], 1);
	check_eq(config[18], 0xff);
	serve_stop(&one);
}

static void lists(void)
{
	struct model model;

	begin(&model);
	must_run("tool list --json $D | kind fleet");
	must_run("tool inspect --json $S | kind fleet-device");
	must_say("tool list $D", 0, strchr(fleet_device(), '#') + 1);
	must_say("tool inspect $S", 0, "epoch 1 opened by one");
	must_say("tool inspect $S", 0, "epoch 1 closed by one at write counter 3");
	must_run("tool check $D && tool check $K $S");
	must_run("tool check --json $D | kind fleet-check");
	must_run("tool check --json $K $S | kind fleet-check");
	must_say("tool check --json $K $S", 0, "\"key\": true");
	must_run("! tool check --json ${D%%\\?*}?host=/nowhere 2>/dev/null | grep .");
	must_say("tool inspect ${S%%#*}#00112233-4455-6677-8899-aabbccddeeff",
		 1, "no such device");
	must_say("tool list --capacity=1 $D", 64, "only create");
	must_say("tool list file", 64, "for databases");
	must_say("tool convert --anchor=x $D y", 64, "does not know databases");
	must_say("tool check --anchor=x $D", 64, "an anchor is one host's");
	must_say("tool inspect --json file", 64, "--json");
	must_say("tool inspect --owner=me file", 64, "for states in a database");
	must_say("tool inspect $D", 1, "#GUID");
}

/* What was done says what the log says */
static void tells_changes(void)
{
	struct model model;
	struct host one;

	must_run("tool create --json --capacity=1 $S | tee done | kind fleet-changed");
	must_run("grep '\"event\": \"created\"' done && grep '\"epoch\": 0' done");
	must_say("cat done", 0, guid());
	must_run("! tool create --json $S 2>/dev/null | grep .");
	serve_begin(&one, fleet_device(), &model);
	must_run("tool backup --json $K $S copy | tee done | kind fleet-backup");
	must_run("grep '\"counter\": 3' done && grep '\"key\": true' done");
	must_say("cat done", 0, guid());
	must_run("! tool backup --json $K $S copy 2>/dev/null | grep .");
	model_write(&model, &one.fe);
	must_run("! tool accept --json $S 2>/dev/null | grep .");
	must_run("tool accept --json --take-over $S | tee done | kind fleet-changed");
	must_run("grep '\"epoch\": 2' done && grep '\"counter\": 4' done");
	must_run("tool accept --json $K $S copy | tee done | kind fleet-changed");
	must_run("grep '\"epoch\": 3' done && grep '\"counter\": 3' done");
	must_run("tool inspect $S | grep 'epoch 3 accepted by .* at write counter 3'");
	must_run("tool retire --json $S | tee done | kind fleet-changed");
	must_run("grep '\"event\": \"retired\"' done && grep '\"epoch\": 4' done");
	must_run("! tool retire --json $S 2>/dev/null | grep .");
	must_say("tool rewrap --json $D", 64, "--json");
	must_say("tool create --json file", 64, "--json");
}

static void finds_damage(void)
{
	struct model model;

	begin(&model);
	fleet_sql("a", "INSERT INTO rpmb_blocks VALUES ('%s', 512,"
		       " decode(repeat('00', 256), 'hex'))",
		  strchr(fleet_device(), '#') + 1);
	must_say("tool check $D", 1, "blocks are no device's");
	must_run("! tool check --json $D >found");
	must_run("kind fleet-check <found");
	must_run("tr -d '[:space:]' <found | grep '\"stray_blocks\":1,.*\"sound\":false'");
	fleet_sql("a", "DELETE FROM rpmb_blocks WHERE addr = 512");
	must_run("tool check $D");
}

/* One in so many bytes of what the server says is wrong; the program ends, or waits */
static void damaged_answers(void)
{
	static const char *const commands[] = {
		"list $D", "list --json $D", "inspect $S", "inspect --json $S",
		"check $D", "check $K $S"
	};
	struct proxy *proxy = proxy_new("x");
	unsigned int i, done = 0;
	struct model model;
	char line[1024];
	int status;

	model_seed();
	begin(&model);
	for (i = 0; i < 5 * ARRAY_SIZE(commands); i++) {
		snprintf(line, sizeof(line), "S='%s'; D=${S%%%%#*};"
			 " timeout -s KILL 2 \"$RPMB_STATE_TOOL\" %s",
			 fleet_device_by("x"), commands[i % ARRAY_SIZE(commands)]);
		proxy->damages = i < ARRAY_SIZE(commands) ? 0 :
				 40U << random() % 7;
		status = run(line);
		check(status == 0 || (proxy->damages &&
				      (status == 1 || status == 137)),
		      "%s: %d: %s", line, status, said);
		done += !status;
	}
	tap_note("%u of %u were done", done, i);
	must_serve(&model);
}

/* What is copied out of the database has no key in it */
static void no_key_in_dump(void)
{
	char line[256], hex[2 * KEY_LEN + 1];
	struct model model;
	unsigned int i;

	begin(&model);
	for (i = 0; i < KEY_LEN; i++)
		sprintf(hex + 2 * i, "%02x", test_key[i]);
	must_run("pg_dump \"$D\" >dump");
	snprintf(line, sizeof(line), "grep -q %s dump && ! grep -i %s dump",
		 strchr(fleet_device(), '#') + 1, hex);
	must_run(line);
	must_run("! grep -i \"$(od -An -v -tx1 \"$RPMB_WRAP_KEY\" | tr -d ' \\n')\" dump");
}

/* A backup is a file like others, and takes a device back only if somebody says so */
static void backs_up(void)
{
	struct model model, then;
	struct host one;
	struct daemon d;
	int status;

	begin(&model);
	then = model;
	serve_open(&one, "one", fleet_device(), NULL);
	/* Of one that is in use, too */
	must_run("tool backup $K $S copy");
	model_write(&model, &one.fe);
	/* What is refused leaves it a backup */
	must_say("tool accept $K $S copy", 1, "in use by one");
	must_say("tool accept $K ${S%%#*}#00112233-4455-6677-8899-aabbccddeeff"
		 " nowhere", 1, "nowhere");
	serve_stop(&one);
	must_say("tool inspect copy", 0, "write counter:  3");
	must_say("tool inspect copy", 0, "not accepted");
	daemon_exec(&d, NULL, (const char *const []){
		"--socket", SOCKET, "--state", "copy", NULL });
	status = daemon_wait(&d);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%#x", status);
	must_serve(&model);
	must_run("tool accept $K $S copy");
	must_say("tool inspect copy", 0, "accepted at");
	must_say("tool inspect $S", 0, "accepted by");
	must_say("tool inspect $S", 0, "write counter:  3");
	must_serve(&then);
	/* The whole device is lost */
	fleet_sql("a", "DELETE FROM rpmb_devices WHERE guid = '%s'",
		  strchr(fleet_device(), '#') + 1);
	must_run("tool accept $K $S copy");
	model_set(&model, 3);
	must_serve(&model);
}

/* Who accepts what the database has shuts out whoever had it before */
static void accepts(void)
{
	struct model model;
	struct host one;

	begin(&model);
	serve_open(&one, "one", fleet_device(), NULL);
	must_say("tool accept $S", 1, "in use by one");
	must_run("tool accept --take-over $S");
	model_submit(&model, &one.fe);
	serve_ends(&one, 3, "accepted by");
	must_serve(&model);
}

/* Only where the key is the new one does a daemon get the device's */
static void rewraps(void)
{
	struct model model;
	struct host one;

	must_run("umask 077; head -c 32 /dev/urandom >new;"
		 " head -c 32 /dev/urandom >third");
	begin(&model);
	serve_open(&one, "one", fleet_device(), NULL);
	must_say("tool rewrap $K --new-wrap-key=new $S", 1, "in use by one");
	model_write(&model, &one.fe);
	serve_stop(&one);
	must_say("tool rewrap --new-wrap-key=new $S", 1, "--wrap-key");
	must_say("tool rewrap $K $S", 1, "--new-wrap-key");
	must_say("tool rewrap --wrap-key=third --new-wrap-key=new $S", 1,
		 "not wrapped with this");
	must_say("tool check --new-wrap-key=new $S", 64, "only rewrap");
	must_say("tool rewrap $K --new-wrap-key=missing $S", 64, "No such file");
	must_run("tool check $K $S");
	must_say("tool rewrap $K --new-wrap-key=new $S", 0, "under the new key");
	must_say("tool inspect $S", 0, "rewrapped by");
	must_run("tool check --wrap-key=new $S");
	must_say("tool check $K $S", 1, "not wrapped with this");
	serve_start(&one, "one", fleet_device(), NULL);
	serve_ends(&one, 1, "not wrapped with this");
	/* Once more changes nothing, and back is as good a way as any */
	must_run("tool rewrap $K --new-wrap-key=new $S && tool check --wrap-key=new $S");
	must_run("tool rewrap --wrap-key=new --new-wrap-key=$RPMB_WRAP_KEY $S");
	must_serve(&model);
}

/*
 * The tests before have left devices in the other one, which somebody seems to have;
 * returns its name
 */
static char *use_new_database(const char *database)
{
	char *before = strdup(getenv("RPMB_DATABASE")), name[512];

	fleet_sql("a", "CREATE DATABASE %s", database);
	snprintf(name, sizeof(name), "postgresql://postgres@/%s%s", database,
		 strchr(before, '?'));
	check(!setenv("RPMB_DATABASE", name, 1), "no memory");
	daemon_new_device();
	must_run("tool setup $D");
	return before;
}

static void use_database(char *name)
{
	check(!setenv("RPMB_DATABASE", name, 1), "no memory");
	free(name);
}

/* All devices; those in use are named, and keep no other from it */
static void rewraps_all(void)
{
	char *database = use_new_database("rewrapped"), *first, line[2048];
	struct model model, other;
	struct host one;

	first = strdup(fleet_device());
	must_run("umask 077; head -c 32 /dev/urandom >new");
	begin(&model);
	serve_open(&one, "one", fleet_device(), NULL);
	daemon_new_device();
	begin(&other);
	must_say("tool rewrap $K --new-wrap-key=new $D", 1, "in use by one");
	must_run("tool check --wrap-key=new $S");
	model_write(&model, &one.fe);
	serve_stop(&one);
	must_run("tool rewrap $K --new-wrap-key=new $D");
	snprintf(line, sizeof(line), "tool check --wrap-key=new '%s'", first);
	must_run(line);
	must_run("tool rewrap --wrap-key=new --new-wrap-key=$RPMB_WRAP_KEY $D");
	must_serve(&other);
	use_database(database);
	free(first);
}

/* A machine that was saved, whose daemon has ended, goes on; unless somebody says so */
static void rewraps_no_saved(void)
{
	uint8_t ticket[TICKET_LEN];
	struct host a, b;

	must_run("umask 077; head -c 32 /dev/urandom >new");
	move_begin(&a, "a");
	move_save(&a, ticket);
	move_kill(&a);
	must_say("tool rewrap $K --new-wrap-key=new --owner=a $D", 1,
		 "is suspended, at epoch 1");
	must_say("tool rewrap $K --new-wrap-key=new --owner=a $S", 1,
		 "is suspended, at epoch 1");
	must_say("tool rewrap $K --new-wrap-key=new --take-over $D", 64,
		 "for one device");
	move_await(&b, "b");
	move_connect(&b);
	check_eq(move_load(&b, ticket, sizeof(ticket)), 0);
	move_kill(&b);
	must_run("tool rewrap $K --new-wrap-key=new --take-over $S");
	must_run("tool check --wrap-key=new $S");
}

/* Its daemon has the old key, and wraps under it what the guest programs yet */
static void rewraps_no_key(void)
{
	struct host one;

	must_run("umask 077; head -c 32 /dev/urandom >new");
	serve_open(&one, "one", fleet_device(), NULL);
	must_say("tool rewrap $K --new-wrap-key=new $S", 1, "in use by one");
	must_say("tool rewrap $K --new-wrap-key=new $D", 1, guid());
	must_say("tool rewrap $K --new-wrap-key=new --take-over $S", 0,
		 "it has no key");
	submit_count(&one.fe);
	serve_ends(&one, 3, "rewrapped by");
	serve_open(&one, "one", fleet_device(), NULL);
	serve_stop(&one);
	must_say("tool rewrap $K --new-wrap-key=new $S", 0, "no key yet");
}

/* Until so many sessions are like that */
static void await_sessions(int nr, const char *which)
{
	while (atoi(fleet_sql("a", "SELECT count(*) FROM pg_stat_activity"
				   " WHERE %s", which)) != nr)
		;
}

/* A session that has changed the row, and not said yet whether that is to last */
static FILE *hold_row(const char *set)
{
	FILE *f = popen("psql -X -q \"$RPMB_DATABASE\"", "we");

	check(f, "no shell");
	fprintf(f, "BEGIN; UPDATE rpmb_devices SET %s WHERE guid = '%s';\n",
		set, guid());
	fflush(f);
	await_sessions(1, "state = 'idle in transaction'"
			  " AND query LIKE 'UPDATE rpmb_devices%'");
	return f;
}

static void let_go(FILE *f, const char *how)
{
	fprintf(f, "%s;\n", how);
	check(!pclose(f), "no %s", how);
}

static FILE *start_waiting(const char *line, int nr)
{
	FILE *f = start(line);

	await_sessions(nr, "wait_event_type = 'Lock'"
			   " AND query LIKE '%rpmb_devices%'");
	return f;
}

/* Both have seen the same device, and the first one is the first to change it */
static void race(const char *first, const char *second, const char *words)
{
	FILE *row = hold_row("counter = counter"), *one, *other;
	int status;

	one = start_waiting(first, 1);
	other = start_waiting(second, 2);
	let_go(row, "ROLLBACK");
	status = end(one);
	check(!status, "%s: %d: %s", first, status, said);
	status = end(other);
	check(status == 1, "%s after %s: %d: %s", second, first, status, said);
	check(strstr(said, guid()) && strstr(said, words), "%s", said);
}

#define REWRAP(key) "tool rewrap $K --new-wrap-key=" key " $S"
#define RETIRE "tool retire $S"
#define ACCEPT "tool accept $K $S copy"

/* What is true afterwards: what the first one has done, and nothing of the second */
static const struct {
	const char *first, *second, *then;
} races[] = {
	{ RETIRE, REWRAP("new"),
	  "tool check $D && tool inspect $S | grep 'key: *no'" },
	{ ACCEPT, REWRAP("new"),
	  "tool check $K $S && tool inspect $S | grep 'counter: *3'" },
	{ REWRAP("third"), REWRAP("new"), "tool check --wrap-key=third $S" },
	{ REWRAP("new"), ACCEPT,
	  "tool check --wrap-key=new $S && tool inspect $S | grep 'counter: *4'" },
	{ REWRAP("new"), RETIRE,
	  "tool check --wrap-key=new $S && ! tool inspect $S | grep 'written: 0'" },
};

static void begin_race(void)
{
	struct model model;

	daemon_new_device();
	begin(&model);
	must_run("rm -f copy; tool backup $K $S copy");
	must_serve(&model);
}

static void changes_once(void)
{
	unsigned int i;

	must_run("umask 077; head -c 32 /dev/urandom >new;"
		 " head -c 32 /dev/urandom >third");
	for (i = 0; i < ARRAY_SIZE(races); i++) {
		begin_race();
		race(races[i].first, races[i].second, "somebody was faster");
		must_run(races[i].then);
	}
}

/* Where the server makes nothing of it that others have changed the row meanwhile */
static void changes_again(void)
{
	FILE *row, *one;

	must_run("umask 077; head -c 32 /dev/urandom >new;"
		 " head -c 32 /dev/urandom >third");
	check(!setenv("PGOPTIONS", "-c default_transaction_isolation=serializable",
		      1), "no memory");
	begin_race();
	race(REWRAP("new"), REWRAP("third"), "somebody was faster");
	begin_race();
	race(REWRAP("new"), RETIRE, "others were in the way");
	must_run("tool check --wrap-key=new $S");
	begin_race();
	row = hold_row("counter = counter");
	one = start_waiting(REWRAP("new"), 1);
	let_go(row, "COMMIT");
	check(!end(one), "%s", said);
	must_run("tool check --wrap-key=new $S");
	unsetenv("PGOPTIONS");
}

/* The guest programs a key after we have looked, and before nobody has the device */
static void rewraps_late_key(void)
{
	struct rpmb_frame frames[2] = {
		{ .req_resp = htobe16(RPMB_PROGRAM_KEY),
		  .block_count = htobe16(1) }
	};
	struct host one;
	FILE *row, *rewrap;

	must_run("umask 077; head -c 32 /dev/urandom >new");
	serve_open(&one, "one", fleet_device(), NULL);
	row = hold_row("counter = counter");
	memcpy(frames[0].key_mac, test_key, sizeof(test_key));
	make_result_read(&frames[1]);
	submit_frames(&one.fe, frames, 2, 1);
	await_sessions(1, "wait_event_type = 'Lock'");
	rewrap = start_waiting(REWRAP("new") " --take-over", 2);
	let_go(row, "ROLLBACK");
	check(!end(rewrap) && strstr(said, "under the new key"), "%s", said);
	fetch_frames(&one.fe, frames, 1);
	check_eq(be16toh(frames[0].result), 0);
	must_run("tool check --wrap-key=new $S");
	must_run("tool inspect $S | grep 'key: *yes'");
	submit_count(&one.fe);
	serve_ends(&one, 3, "rewrapped by");
}

static void retires(void)
{
	struct model model;
	struct host one;

	begin(&model);
	serve_open(&one, "one", fleet_device(), NULL);
	must_say("tool retire $S", 1, "in use by one");
	serve_stop(&one);
	must_run("tool retire $S");
	must_say("tool inspect $S", 0, "blocks written: 0");
	must_say("tool list $D", 0, "retired");
	serve_start(&one, "one", fleet_device(), NULL);
	serve_ends(&one, 1, "is retired");
	must_say("tool create $S", 1, "duplicate key");
	must_say("tool retire $S", 1, "is retired");
	must_run("tool check $D");
}

/* Whoever has it still is shut out */
static void retires_used(void)
{
	struct model model;
	struct host one;

	begin(&model);
	serve_open(&one, "one", fleet_device(), NULL);
	must_run("tool retire --take-over $S");
	submit_count(&one.fe);
	serve_ends(&one, 3, "retired by");
	check(!fe_used(&one.fe), "an answer of a device that is retired");
	must_say("tool list $D", 0, "retired");
}

/* TLS, a password, and a name with several addresses; all of them again in the sandbox */
static void by_tls(void)
{
	const char *fleet = getenv("RPMB_FLEET");
	char *cwd = getcwd(NULL, 0), name[1024], other[2048];
	struct model model;
	struct host one;

	fleet_do("tls", "");
	fleet_sql("a", "CREATE ROLE tls LOGIN SUPERUSER PASSWORD 'pass'");
	while (strcmp(fleet_sql("a", "SHOW ssl"), "on"))
		;
	must_run("umask 077; echo '*:*:*:tls:pass' >pgpass");
	begin(&model);
	snprintf(name, sizeof(name),
		 "postgresql://tls@localhost:%s/postgres?sslmode=verify-full"
		 "&sslrootcert=%s/ca.crt&passfile=%s/pgpass#%s",
		 fleet_sql("a", "SHOW port"), fleet, cwd,
		 strchr(fleet_device(), '#') + 1);
	serve_open(&one, "one", name, NULL);
	model_check(&model, &one.fe, false);
	check(!strcmp(fleet_sql("a", "SELECT count(*) FROM pg_stat_ssl AS s"
				     " JOIN pg_stat_activity AS a"
				     " ON s.pid = a.pid WHERE a.usename = 'tls'"
				     " AND s.ssl"), "1"), "no TLS");
	fleet_sql("a", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
		       " WHERE usename = 'tls'");
	model_write(&model, &one.fe);
	check(strstr(daemon_messages(), "connected to localhost"),
	      "no other connection");
	serve_stop(&one);
	/* A server that others vouch for is none of ours, nor is one without the password */
	must_run("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
		 " -keyout other.key -out other.crt");
	snprintf(other, sizeof(other), "%.*s&sslrootcert=%s/other.crt%s",
		 (int)strcspn(name, "#"), name, cwd, strchr(name, '#'));
	free(cwd);
	serve_start(&one, "one", other, NULL);
	serve_ends(&one, 1, "certificate verify failed");
	must_run("echo '*:*:*:tls:word' >pgpass");
	serve_start(&one, "one", name, NULL);
	serve_ends(&one, 1, "password authentication failed");
}

/* The database by way of another role */
static const char *as_role(const char *role)
{
	static char name[512];
	const char *rest = strchr(fleet_device(), '@');

	snprintf(name, sizeof(name), "postgresql://%s%s", role, rest);
	return name;
}

static const char *sql_as(const char *role, const char *sql)
{
	static char line[1024];

	snprintf(line, sizeof(line), "psql -X -q \"${D%%%%postgres@*}%s@${D##*@}\""
		 " -c \"%s\"", role, sql);
	return line;
}

static void check_cannot(const char *role, const char *sql)
{
	must_say(sql_as(role, sql), 1, "permission denied");
}

/* What one host enters in the log of its devices is under its name, and bars nobody */
static void check_log(const char *role)
{
	struct host two;

	must_run(sql_as(role, "INSERT INTO rpmb_log (guid, epoch, event, owner,"
			" counter) SELECT guid, epoch + n, event, 'somebody', 0"
			" FROM rpmb_devices, generate_series(1, 9) AS n,"
			" unnest(ARRAY['opened', 'accepted', 'retired'])"
			" AS event"));
	check_cannot(role, "INSERT INTO rpmb_log (guid, epoch, event, counter, at)"
			   " SELECT guid, 1, 'opened', 0, now() FROM rpmb_devices");
	check_cannot(role, "INSERT INTO rpmb_log (guid, epoch, event, counter, role)"
			   " SELECT guid, 1, 'opened', 0, 'm' FROM rpmb_devices");
	must_run("tool inspect $S | grep 'by somebody' >false");
	must_run("! grep -v ', as h1$' false");
	serve_open(&two, "two", fleet_device(), NULL);
	serve_stop(&two);
	must_run("tool accept \"${S%%postgres@*}m@${S##*@}\"");
}

/* Of a device that is another host's there is nothing, and nothing can be added to it */
static void check_no_other_host(const char *role, const char *guid)
{
	static const char *const tables[] = {
		"rpmb_devices", "rpmb_blocks", "rpmb_log"
	};
	char line[256];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		check(!strcmp(fleet_sql("a", "SET ROLE %s; SELECT count(*) FROM %s",
					role, tables[i]), "0"),
		      "%s of another host", tables[i]);
	snprintf(line, sizeof(line), "INSERT INTO rpmb_blocks VALUES ('%s', 65535, '')",
		 guid);
	must_say(sql_as(role, line), 1, "row-level security");
	snprintf(line, sizeof(line), "INSERT INTO rpmb_log (guid, epoch, event, owner,"
		 " counter) VALUES ('%s', 9, 'opened', 'x', 0)", guid);
	must_say(sql_as(role, line), 1, "row-level security");
	must_say(sql_as(role, "UPDATE rpmb_blocks SET data = ''"
			      " RETURNING addr"), 0, "(0 rows)");
}

/* A host that may serve one device sees no other, and changes nothing but what it serves */
static void has_roles(void)
{
	const char *guid;
	struct model model;
	struct host one;

	must_run("psql -X -q \"$D\" -f \"$RPMB_TESTS/../host/rpmb-roles.sql\"");
	/* As after tables of a new version, to which roles may have had other rights */
	fleet_sql("a", "GRANT ALL ON rpmb_log TO rpmb_serve, rpmb_manage");
	must_run("psql -X -q \"$D\" -f \"$RPMB_TESTS/../host/rpmb-roles.sql\"");
	must_run("psql -X -q \"$D\" -c 'CREATE ROLE h1 LOGIN IN ROLE rpmb_serve;"
		 " CREATE ROLE h2 LOGIN IN ROLE rpmb_serve;"
		 " CREATE ROLE m LOGIN IN ROLE rpmb_manage'");
	begin(&model);
	guid = strchr(fleet_device(), '#') + 1;
	fleet_sql("a", "INSERT INTO rpmb_hosts VALUES ('%s', 'h1')", guid);
	serve_open(&one, "one", as_role("h1"), NULL);
	model_check(&model, &one.fe, false);
	model_write(&model, &one.fe);
	serve_stop(&one);
	serve_start(&one, "one", as_role("h2"), NULL);
	serve_ends(&one, 1, "permission denied for table rpmb_devices");
	/* As it is when they have not got the rights that a new version takes */
	fleet_sql("a", "REVOKE ALL ON rpmb_confirm FROM rpmb_serve");
	serve_start(&one, "one", as_role("h1"), NULL);
	serve_ends(&one, 1, "permission denied for table rpmb_confirm");
	must_run("psql -X -q \"$D\" -f \"$RPMB_TESTS/../host/rpmb-roles.sql\"");
	check_cannot("h1", "UPDATE rpmb_log SET owner = 'somebody'");
	check_cannot("h1", "DELETE FROM rpmb_blocks");
	check_cannot("h1", "UPDATE rpmb_devices SET capacity = 2");
	check_cannot("h1", "INSERT INTO rpmb_hosts SELECT guid, 'h1' FROM rpmb_log");
	check_cannot("m", "DELETE FROM rpmb_log");
	check_no_other_host("h2", guid);
	check_log("h1");
	must_run("tool retire \"${S%%postgres@*}m@${S##*@}\"");
	must_run("tool check $D");
}

/* A session of a role that has locked whatever it can, and goes on having it */
static FILE *hold_all(const char *role)
{
	static const char *const tables[] = {
		"rpmb_schema", "rpmb_devices", "rpmb_blocks", "rpmb_log",
		"rpmb_hosts", "rpmb_confirm"
	};
	char line[256], which[128];
	unsigned int i;
	FILE *f;

	snprintf(line, sizeof(line), "D=$RPMB_DATABASE; psql -X -q"
		 " \"${D%%%%postgres@*}%s@${D##*@}\" >/dev/null 2>&1", role);
	f = popen(line, "we");
	check(f, "no shell");
	fputs("\\set ON_ERROR_ROLLBACK on\nBEGIN;\n"
	      "UPDATE rpmb_schema SET id = id;\n"
	      "UPDATE rpmb_devices SET counter = counter;\n"
	      "UPDATE rpmb_blocks SET data = data;\n"
	      "UPDATE rpmb_confirm SET at = now();\n"
	      "INSERT INTO rpmb_confirm VALUES ('h3', now());\n", f);
	for (i = 0; i < ARRAY_SIZE(tables); i++)
		fprintf(f, "SELECT * FROM %s FOR KEY SHARE;\nSELECT * FROM %s"
			" FOR UPDATE;\nLOCK TABLE %s;\n",
			tables[i], tables[i], tables[i]);
	fputs("SET application_name = 'holds';\n", f);
	fflush(f);
	snprintf(which, sizeof(which), "usename = '%s' AND"
		 " application_name = 'holds' AND state = 'idle in transaction'",
		 role);
	await_sessions(1, which);
	return f;
}

/* A host that has locked all that it can keeps no other one from serving its devices */
static void locks_out_nobody(void)
{
	struct host one, two;
	struct model model;
	FILE *holder;

	must_run("psql -X -q \"$D\" -f \"$RPMB_TESTS/../host/rpmb-roles.sql\"");
	fleet_sql("a", "CREATE ROLE h3 LOGIN IN ROLE rpmb_serve;"
		       " CREATE ROLE h4 LOGIN IN ROLE rpmb_serve");
	begin(&model);
	fleet_sql("a", "INSERT INTO rpmb_hosts VALUES ('%s', 'h3')", guid());
	/* It has been there before, and found the server good */
	serve_start(&two, "two", as_role("h4"), NULL);
	serve_ends(&two, 1, "permission denied for table rpmb_devices");
	holder = hold_all("h4");
	serve_open(&one, "one", as_role("h3"), NULL);
	model_check(&model, &one.fe, false);
	serve_open(&two, "two", as_role("h3"), "--take-over");
	model_submit(&model, &one.fe);
	serve_ends(&one, 3, "taken over by two");
	check(!fe_used(&one.fe), "an answer from who has lost the device");
	fe_close(&one.fe);
	serve_goes_on(&two, &model, false);
	must_run("tool inspect $S && tool check $D");
	serve_stop(&two);
	check(!strcmp(fleet_sql("a", "SELECT string_agg(role, ' ') FROM (SELECT role"
				     " FROM rpmb_confirm WHERE role IN ('h3', 'h4')"
				     " FOR UPDATE SKIP LOCKED) AS free"), "h3"),
	      "it has not locked its own row, or more than that");
	let_go(holder, "ROLLBACK");
}

static void sets_up_once(void)
{
	must_run("tool setup $D && tool setup $D");
	must_say("tool setup ${D%%\\?*}?host=/nowhere", 1, "No such file");
}

/* The tables as an older version had them, with a device of then */
static void sets_up_from(const char *version, const char *sql)
{
	char line[1024];
	struct model model;

	daemon_new_device();
	begin(&model);
	must_run("tool inspect $S | grep log >before");
	snprintf(line, sizeof(line), "psql -X -q \"$D\" -c \"%s;"
		 " UPDATE rpmb_schema SET version = %s\"", sql, version);
	must_run(line);
	snprintf(line, sizeof(line), "its tables have version %s, this program needs",
		 version);
	must_say("tool list $D", 1, line);
	must_say("tool setup $D", 0, "version 3 now");
	must_run("tool inspect --json $S | kind fleet-device");
	must_run("tool inspect $S | grep log >after");
	must_run("sed 's/, as .*//' before >first; sed 's/, as .*//' after | diff first -");
	must_serve(&model);
	must_say("tool inspect $S", 0, ", as postgres");
}

#define UNDO_3 "DROP TABLE rpmb_confirm"
#define UNDO_2 "ALTER TABLE rpmb_log DROP COLUMN role, DROP COLUMN id,"		\
	" ADD PRIMARY KEY (guid, epoch, event); DROP INDEX rpmb_log_guid"

static void sets_up_older(void)
{
	char *database = use_new_database("older");

	sets_up_from("2", UNDO_3);
	sets_up_from("1", UNDO_3 ";" UNDO_2);
	use_database(database);
}

/* Of a later program's tables nothing is changed */
static void sets_up_newer(void)
{
	char *database = use_new_database("newer");

	must_run("psql -X -q \"$D\" -c 'UPDATE rpmb_schema SET version = version + 1'");
	must_run("psql -X \"$D\" -c 'TABLE rpmb_schema' >before");
	must_say("tool setup $D", 1, "it is too old");
	must_run("psql -X \"$D\" -c 'TABLE rpmb_schema' | diff before -");
	use_database(database);
}

static const struct test tests[] = {
	{ "create: a device for the daemon", creates },
	{ "list, inspect, check: in words and in JSON", lists },
	{ "create, backup, accept, retire: in JSON", tells_changes },
	{ "check: finds what no device has", finds_damage },
	{ "list, inspect, check: a server whose answers are damaged",
	  damaged_answers },
	{ "a copy of the database: no key in it", no_key_in_dump },
	{ "backup: a file, which accept puts back", backs_up },
	{ "accept: what the database has, and nobody else's", accepts },
	{ "rewrap: another key of the hosts", rewraps },
	{ "rewrap: all devices that nobody has", rewraps_all },
	{ "rewrap: a device that was saved only if it is said", rewraps_no_saved },
	{ "rewrap: a device that has no key yet, in use: it is named", rewraps_no_key },
	{ "rewrap: a key that is programmed meanwhile: it is not lost",
	  rewraps_late_key },
	{ "rewrap, retire, accept: of two at a time one does it", changes_once },
	{ "rewrap, retire: in a database that has changes repeated", changes_again },
	{ "retire: for good", retires },
	{ "retire: who has it still is shut out", retires_used },
	{ "roles: a host serves its devices, and does nothing else", has_roles },
	{ "roles: what a host has locked keeps no other host waiting",
	  locks_out_nobody },
	{ "TLS and a password, also in the sandbox", by_tls },
	{ "setup: changes nothing the second time", sets_up_once },
	{ "setup: tables of older versions, and what is in them", sets_up_older },
	{ "setup: tables of a later version stay as they are", sets_up_newer },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
