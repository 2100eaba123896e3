// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "state.h"

#define BLOCK_LEN 256
#define APPLICATION_ID 0x52504d42	/* "RPMB" */
#define VERSION 1
#define STR_(x) #x
#define STR(x) STR_(x)

#define DEFAULT_CAPACITY 32

static const char schema[] =
	"PRAGMA application_id = " STR(APPLICATION_ID) ";"
	"PRAGMA user_version = " STR(VERSION) ";"
	"CREATE TABLE meta ("
	" id INTEGER PRIMARY KEY CHECK (id = 1),"
	" capacity INTEGER NOT NULL CHECK (capacity BETWEEN 1 AND 128),"
	" dev_id BLOB CHECK (length(dev_id) = 16),"
	" key BLOB CHECK (length(key) = 32),"
	" counter INTEGER NOT NULL CHECK (counter BETWEEN 0 AND 4294967295),"
	" in_use INTEGER NOT NULL CHECK (in_use IN (0, 1)),"
	" CHECK (counter = 0 OR key IS NOT NULL)"
	") STRICT;"
	"CREATE TABLE blocks ("
	" addr INTEGER PRIMARY KEY CHECK (addr BETWEEN 0 AND 65535),"
	" data BLOB NOT NULL CHECK (length(data) = 256)"
	") STRICT;";

static bool failed(const struct state *state, const char *what)
{
	if ((sqlite3_errcode(state->db) & 0xff) == SQLITE_BUSY)
		log_line("%s is in use by another process", state->name);
	else
		log_line("%s: %s: %s", state->name, what,
			 sqlite3_errmsg(state->db));
	return false;
}

static bool execute(const struct state *state, const char *sql)
{
	return sqlite3_exec(state->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static bool prepare(const struct state *state, sqlite3_stmt **stmt,
		    const char *sql)
{
	return sqlite3_prepare_v3(state->db, sql, -1,
				  SQLITE_PREPARE_PERSISTENT, stmt,
				  NULL) == SQLITE_OK;
}

/* Run a statement that returns no rows; its parameters are forgotten */
static bool run(sqlite3_stmt *stmt)
{
	bool ok = sqlite3_step(stmt) == SQLITE_DONE;

	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return ok;
}

/* The one number that a statement returns, -1 on failure */
static int64_t number(const struct state *state, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t value = -1;

	if (prepare(state, &stmt, sql) && sqlite3_step(stmt) == SQLITE_ROW)
		value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

static struct state *to_state(struct rpmb_store *store)
{
	return (struct state *)((char *)store - offsetof(struct state, store));
}

static void roll_back(const struct state *state)
{
	if (!sqlite3_get_autocommit(state->db) && !execute(state, "ROLLBACK"))
		failed(state, "cannot roll back");
}

static bool sync_failed(const struct state *state)
{
	int err = sqlite3_extended_errcode(state->db);

	return err == SQLITE_IOERR_FSYNC || err == SQLITE_IOERR_DIR_FSYNC;
}

/*
 * Undo a write that failed. If it was the sync that failed, the transaction is in
 * the -wal file, from where a crash would bring it back: one that leaves all as
 * it is gets written over it. It has to change something in between, or SQLite
 * writes nothing. If that fails as well, nobody knows what is on the disk before
 * it has been read again, so there is nothing true left to answer.
 */
static bool undo(const struct state *state, const char *what)
{
	bool unknown = sync_failed(state);

	failed(state, what);
	roll_back(state);
	if (execute(state, "BEGIN IMMEDIATE;"
			   "UPDATE meta SET in_use = 0;"
			   "UPDATE meta SET in_use = 1;"
			   "COMMIT"))
		return false;

	failed(state, "cannot undo");
	if (unknown) {
		log_line("%s: only another start can tell what is written, giving up",
			 state->name);
		_exit(EXIT_FAILURE);
	}
	roll_back(state);
	return false;
}

static bool state_program_key(struct rpmb_store *store,
			      const uint8_t key[RPMB_KEY_LEN])
{
	struct state *state = to_state(store);

	sqlite3_bind_blob(state->set_key, 1, key, RPMB_KEY_LEN, SQLITE_STATIC);
	if (run(state->set_key) && sqlite3_changes(state->db) == 1)
		return true;
	return undo(state, "cannot keep the key");
}

/* That the counter is still the one before is part of the transaction */
static bool set_counter(const struct state *state, uint32_t counter)
{
	sqlite3_bind_int64(state->set_counter, 1, counter);
	return run(state->set_counter) && sqlite3_changes(state->db) == 1;
}

static bool put_blocks(const struct state *state,
		       const struct rpmb_blocks *blocks)
{
	uint32_t i;

	for (i = 0; i < blocks->count; i++) {
		sqlite3_bind_int64(state->put_block, 1, blocks->addr + i);
		sqlite3_bind_blob(state->put_block, 2,
				  blocks->data + i * blocks->stride, BLOCK_LEN,
				  SQLITE_STATIC);
		if (!run(state->put_block))
			return false;
	}
	return true;
}

static bool state_write(struct rpmb_store *store, uint32_t counter,
			const struct rpmb_blocks *blocks)
{
	struct state *state = to_state(store);

	if (run(state->begin) && set_counter(state, counter) &&
	    put_blocks(state, blocks) && run(state->commit))
		return true;
	return undo(state, "cannot write");
}

static bool state_read(struct rpmb_store *store,
		       const struct rpmb_blocks *blocks)
{
	struct state *state = to_state(store);
	sqlite3_stmt *stmt = state->get_blocks;
	uint32_t i;
	int err;

	for (i = 0; i < blocks->count; i++)
		memset(blocks->data + i * blocks->stride, 0, BLOCK_LEN);
	sqlite3_bind_int64(stmt, 1, blocks->addr);
	sqlite3_bind_int64(stmt, 2, (int64_t)blocks->addr + blocks->count - 1);
	while ((err = sqlite3_step(stmt)) == SQLITE_ROW &&
	       sqlite3_column_bytes(stmt, 1) == BLOCK_LEN) {
		i = sqlite3_column_int64(stmt, 0) - blocks->addr;
		memcpy(blocks->data + i * blocks->stride,
		       sqlite3_column_blob(stmt, 1), BLOCK_LEN);
	}
	sqlite3_reset(stmt);
	return err == SQLITE_DONE || failed(state, "cannot read");
}

static const struct rpmb_store_ops state_ops = {
	.program_key = state_program_key,
	.write = state_write,
	.read = state_read,
};

static bool prepare_all(struct state *state)
{
	return prepare(state, &state->begin, "BEGIN IMMEDIATE") &&
	       prepare(state, &state->commit, "COMMIT") &&
	       prepare(state, &state->set_key,
		       "UPDATE meta SET key = ?1 WHERE key IS NULL") &&
	       prepare(state, &state->set_counter,
		       "UPDATE meta SET counter = ?1 WHERE counter = ?1 - 1") &&
	       prepare(state, &state->put_block,
		       "INSERT INTO blocks (addr, data) VALUES (?1, ?2)"
		       " ON CONFLICT (addr) DO UPDATE SET data = ?2") &&
	       prepare(state, &state->get_blocks,
		       "SELECT addr, data FROM blocks"
		       " WHERE addr BETWEEN ?1 AND ?2");
}

/* To be asked before SQLite makes an empty one */
static bool wal_exists(const struct state *state)
{
	const char *name = sqlite3_db_filename(state->db, "main");
	struct stat wal;

	return !stat(sqlite3_filename_wal(name), &wal) && wal.st_size;
}

/*
 * Whether closing the database leaves its -wal file alone, or moves what is in it
 * into the database and removes it
 */
static void keep_wal(const struct state *state, bool keep)
{
	sqlite3_db_config(state->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
			  (int)keep, NULL);
}

static bool attach(struct state *state, const char *name, int flags)
{
	uint8_t seed;

	/* It comes from /dev/urandom, which the sandbox does not have */
	sqlite3_randomness(sizeof(seed), &seed);
	state->name = name;
	if (sqlite3_open_v2(name, &state->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI |
			    SQLITE_OPEN_EXRESCODE | flags, NULL))
		return failed(state, "cannot open");
	sqlite3_db_config(state->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(state->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	keep_wal(state, true);
	state->had_wal = wal_exists(state);
	return execute(state, "PRAGMA locking_mode = EXCLUSIVE;"
			      "PRAGMA synchronous = FULL;"
			      "PRAGMA temp_store = MEMORY;"
			      "PRAGMA cell_size_check = ON") ||
	       failed(state, "cannot use");
}

/* Move everything from the -wal file into the database, and sync it */
static bool checkpoint(const struct state *state)
{
	return sqlite3_wal_checkpoint_v2(state->db, NULL,
					 SQLITE_CHECKPOINT_FULL, NULL,
					 NULL) == SQLITE_OK ||
	       failed(state, "cannot checkpoint");
}

static bool set_mark(const struct state *state, bool in_use)
{
	return (execute(state, in_use ? "UPDATE meta SET in_use = 1" :
					"UPDATE meta SET in_use = 0") ||
		failed(state, "cannot write")) && checkpoint(state);
}

static void detach(struct state *state)
{
	sqlite3_finalize(state->begin);
	sqlite3_finalize(state->commit);
	sqlite3_finalize(state->set_key);
	sqlite3_finalize(state->set_counter);
	sqlite3_finalize(state->put_block);
	sqlite3_finalize(state->get_blocks);
	sqlite3_close(state->db);
	explicit_bzero(state, sizeof(*state));
}

/*
 * The database without its mark, in one file. The mark goes when all else is in
 * place: without it the -wal file is not missed.
 */
bool state_close(struct state *state)
{
	bool ok = checkpoint(state) && set_mark(state, false);

	if (ok)
		keep_wal(state, false);
	detach(state);
	return ok;
}

static bool insert_meta(const struct state *state,
			const struct state_config *config)
{
	unsigned int capacity = config->capacity ? config->capacity :
						   DEFAULT_CAPACITY;
	sqlite3_stmt *stmt = NULL;
	bool ok;

	ok = prepare(state, &stmt,
		     "INSERT INTO meta (id, capacity, dev_id, counter, in_use)"
		     " VALUES (1, ?1, ?2, 0, 0)");
	if (ok) {
		sqlite3_bind_int64(stmt, 1, capacity);
		if (config->dev_id)
			sqlite3_bind_blob(stmt, 2, config->dev_id,
					  STATE_DEV_ID_LEN, SQLITE_STATIC);
		ok = run(stmt);
	}
	sqlite3_finalize(stmt);
	return ok;
}

static bool fill_new(const struct state *state,
		     const struct state_config *config)
{
	return (execute(state, "PRAGMA journal_mode = WAL; BEGIN") &&
		execute(state, schema) && insert_meta(state, config) &&
		execute(state, "COMMIT")) || failed(state, "cannot create");
}

static bool make_new(const char *name, const struct state_config *config)
{
	struct state new = {};

	if (attach(&new, name, SQLITE_OPEN_CREATE) && fill_new(&new, config))
		return state_close(&new);
	detach(&new);
	return false;
}

/* The name of a file beside another; NULL and a log line if there is no memory */
static char *beside(const char *path, const char *suffix)
{
	char *name;

	if (asprintf(&name, "%s%s", path, suffix) >= 0)
		return name;
	log_line("%s: out of memory", path);
	return NULL;
}

static bool remove_beside(const char *path, const char *suffix)
{
	char *name = beside(path, suffix);
	bool ok = name && (!unlink(name) || errno == ENOENT);

	if (name && !ok)
		log_line("%s: %s", name, strerror(errno));
	free(name);
	return ok;
}

static bool sync_directory(const char *path)
{
	char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) :
			-1;
	bool ok = fd >= 0 && !fsync(fd);

	if (fd >= 0)
		close(fd);
	free(copy);
	return ok;
}

static bool give_name(const char *new, const char *path)
{
	if (renameat2(AT_FDCWD, new, AT_FDCWD, path, RENAME_NOREPLACE) ||
	    !sync_directory(path)) {
		log_line("%s: %s", path, strerror(errno));
		return false;
	}
	log_line("%s: created", path);
	return true;
}

/* Is @fd still what @name means, or has whoever had the lock renamed it? */
static bool is_named(int fd, const char *name)
{
	struct stat ours, found;

	return !fstat(fd, &ours) && !lstat(name, &found) &&
	       ours.st_dev == found.st_dev && ours.st_ino == found.st_ino;
}

/*
 * An empty file that no other daemon fills meanwhile, whatever one that was
 * killed has left of its own; -1 and a log line if that is not possible
 */
static int reserve(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0) {
		log_line("%s: %s", name, strerror(errno));
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) || !is_named(fd, name))
		log_line("%s is being made by another process", name);
	else if (ftruncate(fd, 0))
		log_line("%s: %s", name, strerror(errno));
	else
		return fd;
	close(fd);
	return -1;
}

/* A new state gets its name when it is complete, so there is never half of one */
static bool create(const char *path, const struct state_config *config)
{
	char *new = beside(path, ".new");
	int fd = new ? reserve(new) : -1;
	bool ok = false;

	if (fd >= 0) {
		ok = remove_beside(new, "-wal") &&
		     remove_beside(new, "-journal") &&
		     make_new(new, config) && give_name(new, path);
		close(fd);
	}
	free(new);
	return ok;
}

char *state_path(const char *name)
{
	if (!name)
		return NULL;
	if (strncmp(name, "file:", 5))
		return strdup(name);
	name += 5;
	if (!strncmp(name, "//", 2))
		name += 2 + strcspn(name + 2, "/");
	return strndup(name, strcspn(name, "?#"));
}

/*
 * What SQLite finds beside a database it takes for the database's own. Left over
 * from a state that is gone, it would give a new one the old key and counter, but
 * not the old data.
 */
static bool has_left_over(const char *path, const char *suffix)
{
	char *name = beside(path, suffix);
	struct stat file;
	bool found;

	found = !name || !lstat(name, &file) || errno != ENOENT;
	if (name && found)
		log_line("%s without %s: part of a lost state; bring that back or remove this",
			 name, path);
	free(name);
	return found;
}

/* SQLite decodes %xx in a URI, so it and state_path() would mean different files */
static bool check_name(const char *name)
{
	if (strncmp(name, "file:", 5) || !strchr(name, '%'))
		return true;
	log_line("%s: '%%' in a URI is not supported, name the file as it is",
		 name);
	return false;
}

static bool ensure(const struct state_config *config)
{
	char *path = state_path(config->name);
	struct stat file;
	bool ok = false;

	if (!path)
		log_line("%s: out of memory", config->name);
	else if (!stat(path, &file))
		ok = true;
	else if (errno == ENOENT)
		ok = !has_left_over(path, "-wal") &&
		     !has_left_over(path, "-journal") && create(path, config);
	else
		log_line("%s: %s", path, strerror(errno));
	free(path);
	return ok;
}

static bool answers(const struct state *state, const char *sql,
		    const char *expected)
{
	sqlite3_stmt *stmt = NULL;
	const char *text = NULL;
	bool ok;

	if (prepare(state, &stmt, sql) && sqlite3_step(stmt) == SQLITE_ROW)
		text = (const char *)sqlite3_column_text(stmt, 0);
	ok = text && !strcmp(text, expected);
	sqlite3_finalize(stmt);
	return ok;
}

static bool check_ours(const struct state *state)
{
	int64_t version = number(state, "PRAGMA user_version");

	if (sqlite3_db_readonly(state->db, "main"))
		log_line("%s is write-protected", state->name);
	else if (number(state, "PRAGMA application_id") != APPLICATION_ID)
		log_line("%s is not the state of an RPMB device", state->name);
	else if (version != VERSION)
		log_line("%s has format %" PRId64 ", this program knows %d",
			 state->name, version, VERSION);
	else
		return true;
	return false;
}

/* What the database promises of its content, whoever has edited it */
static bool check_sound(const struct state *state)
{
	if (answers(state, "PRAGMA quick_check(1)", "ok") &&
	    !number(state, "SELECT count(*) FROM meta, blocks"
			   " WHERE key IS NULL OR addr >= capacity * 512"
			   " OR length(data) <> 256") &&
	    number(state, "SELECT count(*) FROM meta") == 1)
		return true;
	log_line("%s is damaged", state->name);
	return false;
}

static bool check_whole(const struct state *state)
{
	int64_t in_use = number(state, "SELECT in_use FROM meta");

	if (in_use < 0)
		return failed(state, "is damaged");
	if (!in_use || state->had_wal)
		return true;
	log_line("%s was not closed, and %s-wal is missing: the write counter would go back",
		 state->name, state->name);
	return false;
}

static bool check_config(const struct state *state,
			 const struct state_config *config)
{
	if (config->capacity && config->capacity != state->capacity) {
		log_line("%s has a capacity of %u, not %u: it cannot be changed",
			 state->name, state->capacity, config->capacity);
		return false;
	}
	if (config->dev_id &&
	    (!state->has_dev_id ||
	     memcmp(config->dev_id, state->dev_id, STATE_DEV_ID_LEN))) {
		log_line("%s has %s device id: keys depend on it, so it cannot be changed",
			 state->name, state->has_dev_id ? "another" : "no");
		return false;
	}
	return true;
}

/* A column that is NULL or has exactly @len bytes */
static bool get_bytes(sqlite3_stmt *stmt, int column, void *to, int len)
{
	if (sqlite3_column_bytes(stmt, column) != len)
		return false;
	memcpy(to, sqlite3_column_blob(stmt, column), len);
	return true;
}

static bool load(struct state *state)
{
	sqlite3_stmt *stmt = NULL;
	bool ok;

	ok = prepare(state, &stmt,
		     "SELECT capacity, counter, dev_id, key FROM meta") &&
	     sqlite3_step(stmt) == SQLITE_ROW;
	if (ok) {
		state->capacity = sqlite3_column_int(stmt, 0);
		state->store.ops = &state_ops;
		state->store.capacity = state->capacity * 512;
		state->store.counter = sqlite3_column_int64(stmt, 1);
		state->has_dev_id = get_bytes(stmt, 2, state->dev_id,
					      STATE_DEV_ID_LEN);
		state->store.has_key = get_bytes(stmt, 3, state->store.key,
						 RPMB_KEY_LEN);
	}
	sqlite3_finalize(stmt);
	return ok || failed(state, "cannot read");
}

/* Find out whether the database will do, without writing to it */
static bool inspect(struct state *state, const struct state_config *config)
{
	if (attach(state, config->name, 0) && check_ours(state) &&
	    check_whole(state) && check_sound(state) && load(state) &&
	    check_config(state, config))
		return true;

	/* The -wal file goes if it is only the empty one that SQLite has made */
	keep_wal(state, state->had_wal);
	return false;
}

/* Whoever has looked at the database may have left another journal mode */
static bool put_in_use(struct state *state)
{
	return (answers(state, "PRAGMA journal_mode = WAL", "wal") ||
		failed(state, "cannot use a -wal file")) &&
	       set_mark(state, true) &&
	       (prepare_all(state) || failed(state, "cannot use"));
}

bool state_open(struct state *state, const struct state_config *config)
{
	memset(state, 0, sizeof(*state));
	if (!check_name(config->name) || !ensure(config))
		return false;
	if (inspect(state, config) && put_in_use(state))
		return true;
	detach(state);
	return false;
}
