// SPDX-License-Identifier: GPL-2.0-only
/*
 * rpmb-anchor: the one program on a host that has the key of its RPMB, in which it
 * anchors the states of many others
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "log.h"
#include "options.h"
#include "recover.h"
#include "sandbox.h"
#include "secret.h"
#include "server.h"

/* What all keys are made from, and the hardware's, if that is not one of the kernel's */
static struct secret *get_secret(const struct options *options)
{
	const char *file = options->wrap_key ?: options->key_file;
	struct secret *secret = secret_new();
	const char *name = "key", *wrong = strerror(errno);

	if (secret && options->key_keyring) {
		name = options->key_keyring;
		wrong = secret_from_keyring(secret, name);
	} else if (secret && file) {
		name = file;
		wrong = secret_from_file(secret, name,
					 options->insecure_key_file);
	} else if (secret) {
		name = "--key-fd";
		wrong = secret_from_fd(secret, options->key_fd,
				       options->insecure_key_file);
	}
	if (!wrong)
		return secret;
	log_line("%s: %s", name, wrong);
	if (secret)
		secret_free(secret);
	return NULL;
}

/* What a first start finds: an anchor is there already, or nothing may be lost */
static bool is_new(struct hardware *hw)
{
	struct block block;

	if (!hardware_read(hw, &block))
		return false;
	if (block.other_version)
		log_line("the hardware's anchor is of another version of this program");
	if (!block.valid)
		return !block.other_version;
	log_line("the hardware has an anchor already; who gives that up, with all"
		 " states that are anchored in it, removes its partition");
	return false;
}

/* One that the hardware knows nothing of is another one's, or init did not end */
static bool is_free(const char *ledger)
{
	if (access(ledger, F_OK))
		return true;
	log_line("%s is there, but not of this hardware;"
		 " if an init that did not end has left it, remove it",
		 ledger);
	return false;
}

static bool init(struct hardware *hw, const struct keys *keys,
		 const char *ledger)
{
	struct note note = { .time = time(NULL) };
	struct table table = { .began = note.time };

	if (!hardware_find(hw, true) || !is_new(hw) || !is_free(ledger))
		return false;
	snprintf(note.text, sizeof(note.text), "init");
	memcpy(table.guid, hw->guid, sizeof(table.guid));
	table.began_counter = hw->counter;
	table_log(&table, &note);
	table_seal(&table);
	return ledger_create(ledger, keys, &table, &note) &&
	       hardware_write(hw, &table) == HARDWARE_WRITTEN;
}

/* Only init may begin with nothing: a ledger that is gone may have been taken away */
static bool has_ledger(const char *path)
{
	if (!access(path, F_OK))
		return true;
	log_line("%s: %s; a ledger that is missing is not made anew: bring the newest one back",
		 path, strerror(errno));
	return false;
}

static bool serve(struct server *server, const struct options *options)
{
	struct ledger *ledger = &server->ledger;
	sigset_t set;
	bool ok;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (!guest_fits_in(server->directory) ||
	    !hardware_find(&server->hw, false) || !has_ledger(options->ledger) ||
	    !ledger_open(ledger, options->ledger, server->keys, &server->table))
		return false;
	/* What was held back cannot come any more: the table of partitions is the last one */
	ok = recover(&server->hw, &server->table) &&
	     hardware_find(&server->hw, false) &&
	     sandbox_prepare(&server->hw, ledger, server->directory) &&
	     server_run(server, signalfd(-1, &set, SFD_CLOEXEC));
	if (db_checkpoint(&ledger->db))
		db_keep_wal(&ledger->db, false);
	ledger_close(ledger);
	table_free(&server->table);
	return ok;
}

/* An anchor takes two files, and the default is for a thousand */
static void allow_many_files(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static bool open_hardware(struct hardware *hw, const struct options *options,
			  const struct secret *secret)
{
	const char *name = options->kernel_key, *wrong = NULL;
	int32_t serial = 0;

	if (name)
		wrong = secret_find_in_kernel(&serial, name);
	if (!wrong)
		return hardware_open(hw, options->argument, secret->key, serial);
	log_line("%s: %s", name, wrong);
	return false;
}

/* With the hardware, its key, and the keys made from it */
static int with_hardware(const struct options *options,
			 bool (*run)(struct server *server,
				     const struct options *options))
{
	struct secret *secret = get_secret(options);
	struct server server = { .directory = options->directory };
	struct keys keys;
	bool ok = false;

	if (!secret)
		return EXIT_FAILURE;
	umask(077);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* As good as the secret itself; few users may lock memory */
	mlock(&keys, sizeof(keys));
	keys_make(&keys, secret->key);
	server.keys = &keys;
	if (open_hardware(&server.hw, options, secret)) {
		ok = run(&server, options);
		hardware_close(&server.hw);
	}
	explicit_bzero(&keys, sizeof(keys));
	secret_free(secret);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool run_init(struct server *server, const struct options *options)
{
	return init(&server->hw, server->keys, options->ledger);
}

int command_init(const struct options *options)
{
	return with_hardware(options, run_init);
}

int command_serve(const struct options *options)
{
	allow_many_files();
	return with_hardware(options, serve);
}

int main(int argc, char **argv)
{
	struct options options;
	command_fn run = options_parse(&options, argc, argv);

	return run(&options);
}
