// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "anchored.h"
#include "database.h"
#include "log.h"
#include "state.h"

#define STR_(x) #x
#define STR(x) STR_(x)

#define BLOCK_LEN 256

/* Of a state whose key takes so many bytes */
#define SCHEMA(version, key_len)						\
	"PRAGMA application_id = " STR(DB_APPLICATION_ID) ";"		\
	"PRAGMA user_version = " STR(version) ";"			\
	"CREATE TABLE meta ("						\
	" id INTEGER PRIMARY KEY CHECK (id = 1),"			\
	" capacity INTEGER NOT NULL CHECK (capacity BETWEEN 1 AND 128),"	\
	" dev_id BLOB CHECK (length(dev_id) = 16),"			\
	" key BLOB CHECK (length(key) = " STR(key_len) "),"		\
	" counter INTEGER NOT NULL CHECK (counter BETWEEN 0 AND 4294967295)," \
	" config BLOB CHECK (length(config) = " STR(RPMB_CONFIG_LEN) ")," \
	" in_use INTEGER NOT NULL CHECK (in_use IN (0, 1)),"		\
	" CHECK (counter = 0 OR key IS NOT NULL)"			\
	") STRICT;"							\
	"CREATE TABLE backups ("					\
	" taken INTEGER NOT NULL,"					\
	" counter INTEGER NOT NULL,"					\
	" accepted INTEGER"						\
	") STRICT;"							\
	"CREATE TABLE blocks ("						\
	" addr INTEGER PRIMARY KEY CHECK (addr BETWEEN 0 AND 65535),"	\
	" data BLOB NOT NULL CHECK (length(data) = 256)"		\
	") STRICT;"

static const char schema[] = SCHEMA(DB_VERSION, 32);

static const char anchored_schema[] =
	SCHEMA(DB_VERSION_ANCHORED, 60)
	"CREATE TABLE anchor ("
	" id INTEGER PRIMARY KEY CHECK (id = 1),"
	" guid BLOB NOT NULL CHECK (length(guid) = 16),"
	" step INTEGER NOT NULL,"
	" parent BLOB NOT NULL CHECK (length(parent) = 32),"
	" name BLOB NOT NULL CHECK (length(name) = 32)"
	") STRICT;";

static_assert(WRAPPED_LEN == 60, "as in the schema");

/* What a new state is to be */
struct new_state {
	const struct state_config *config;
	struct anchored *anchored;
	struct state state;
	const struct state *from;
	bool backup;
};

static bool bind_key(sqlite3_stmt *stmt, int number,
		     const struct new_state *new, uint8_t wrapped[WRAPPED_LEN])
{
	const struct rpmb_store *store = &new->state.store;

	if (!store->has_key)
		return true;
	if (!new->anchored) {
		sqlite3_bind_blob(stmt, number, store->key, RPMB_KEY_LEN,
				  SQLITE_STATIC);
		return true;
	}
	if (!anchored_wrap(new->anchored, store->key, wrapped))
		return false;
	sqlite3_bind_blob(stmt, number, wrapped, WRAPPED_LEN, SQLITE_STATIC);
	return true;
}

static bool insert_meta(const struct database *db, const struct new_state *new)
{
	const struct state *state = &new->state;
	uint8_t wrapped[WRAPPED_LEN];
	sqlite3_stmt *stmt = NULL;
	bool ok;

	ok = db_prepare(db, &stmt,
			"INSERT INTO meta (id, capacity, dev_id, counter, key,"
			" config, in_use) VALUES (1, ?1, ?2, ?3, ?4, ?5, 0)") &&
	     bind_key(stmt, 4, new, wrapped);
	if (ok) {
		sqlite3_bind_int64(stmt, 1, state->capacity);
		if (state->has_dev_id)
			sqlite3_bind_blob(stmt, 2, state->dev_id,
					  STATE_DEV_ID_LEN, SQLITE_STATIC);
		sqlite3_bind_int64(stmt, 3, state->store.counter);
		if (new->from)
			sqlite3_bind_blob(stmt, 5, state->store.config,
					  RPMB_CONFIG_LEN, SQLITE_STATIC);
		ok = db_run(stmt);
	}
	sqlite3_finalize(stmt);
	return ok;
}

static bool insert_block(sqlite3_stmt *stmt, const struct new_state *new,
			 uint32_t addr, const uint8_t data[BLOCK_LEN])
{
	sqlite3_bind_int64(stmt, 1, addr);
	sqlite3_bind_blob(stmt, 2, data, BLOCK_LEN, SQLITE_STATIC);
	if (new->anchored)
		digest_set(&new->anchored->digest, addr, data);
	return db_run(stmt);
}

/* Those that have something in them; zero is what a block is that is not there */
static bool copy_blocks(const struct database *db, const struct new_state *new)
{
	static const uint8_t zeros[BLOCK_LEN];
	struct rpmb_store *from = (struct rpmb_store *)&new->from->store;
	uint8_t data[BLOCK_LEN];
	struct rpmb_blocks block = {
		.count = 1, .data = data, .stride = BLOCK_LEN
	};
	sqlite3_stmt *stmt = NULL;
	bool ok;

	ok = db_prepare(db, &stmt,
			"INSERT INTO blocks (addr, data) VALUES (?1, ?2)");
	for (; ok && block.addr < from->capacity; block.addr++)
		ok = from->ops->read(from, &block) &&
		     (!memcmp(data, zeros, BLOCK_LEN) ||
		      insert_block(stmt, new, block.addr, data));
	sqlite3_finalize(stmt);
	return ok;
}

/* The first step of its anchor: who has made others has a state already */
static bool insert_step(const struct database *db, const struct new_state *new)
{
	struct anchored *anchored = new->anchored;
	uint8_t root[DIGEST_LEN];
	sqlite3_stmt *stmt = NULL;
	struct rpmb_step step;
	bool ok;

	digest_finish(&anchored->digest);
	anchored_next(anchored, &new->state, &new->state.store, &step, root);
	ok = db_prepare(db, &stmt,
			"INSERT INTO anchor (id, guid, step, parent, name)"
			" VALUES (1, ?1, ?2, ?3, ?4)");
	if (ok) {
		sqlite3_bind_blob(stmt, 1, rpmb_anchor_guid(anchored->anchor),
				  LIBRPMB_GUID_LEN, SQLITE_STATIC);
		sqlite3_bind_int64(stmt, 2, step.number);
		sqlite3_bind_blob(stmt, 3, step.parent, sizeof(step.parent),
				  SQLITE_STATIC);
		sqlite3_bind_blob(stmt, 4, step.name, sizeof(step.name),
				  SQLITE_STATIC);
		ok = db_run(stmt);
	}
	sqlite3_finalize(stmt);
	return ok;
}

static bool fill_new(const struct database *db, const struct new_state *new)
{
	return (db_execute(db, "PRAGMA journal_mode = WAL; BEGIN") &&
		db_execute(db, new->anchored ? anchored_schema : schema) &&
		insert_meta(db, new) && (!new->from || copy_blocks(db, new)) &&
		(!new->anchored || insert_step(db, new)) &&
		(!new->backup || db_mark_as_backup(db)) &&
		db_execute(db, "COMMIT")) || db_failed(db, "cannot create");
}

static bool fill(const char *name, const void *new)
{
	struct database db = {};
	bool ok;

	ok = db_attach(&db, name, SQLITE_OPEN_CREATE) && fill_new(&db, new) &&
	     db_end_use(&db);
	db_detach(&db);
	return ok;
}

static void set_state(struct new_state *new)
{
	const struct state_config *config = new->config;
	struct state *state = &new->state;

	if (new->from)
		*state = *new->from;
	else
		state->capacity = config->capacity ?: STATE_DEFAULT_CAPACITY;
	state->store.capacity = state->capacity * 512;
	if (!new->from && config->dev_id) {
		state->has_dev_id = true;
		memcpy(state->dev_id, config->dev_id, STATE_DEV_ID_LEN);
	}
}

static bool create(struct new_state *new)
{
	struct anchored *anchored = new->anchored;
	char *path = state_path(new->config->name);
	bool ok = path;

	set_state(new);
	if (!path)
		log_line("%s: out of memory", new->config->name);
	if (ok && anchored)
		ok = anchored_is_unused(anchored) &&
		     anchored_clear(anchored, new->state.store.capacity);
	ok = ok && db_create(path, fill, new);
	explicit_bzero(&new->state, sizeof(new->state));
	free(path);
	return ok;
}

bool db_create_state(const struct state_config *config,
		     struct anchored *anchored, const struct state *from)
{
	struct new_state new = {
		.config = config, .anchored = anchored, .from = from
	};

	return create(&new);
}

bool db_create_backup(const char *path, const struct state *from)
{
	const struct state_config config = { .name = path };
	struct new_state new = {
		.config = &config, .from = from, .backup = true
	};

	return create(&new);
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

bool db_sync_directory(const char *path)
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
	    !db_sync_directory(path)) {
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

bool db_create(const char *path,
	       bool (*fill)(const char *name, const void *arg),
	       const void *arg)
{
	char *new;
	bool ok = false;
	int fd;

	if (has_left_over(path, "-wal") || has_left_over(path, "-journal"))
		return false;
	new = beside(path, ".new");
	fd = new ? reserve(new) : -1;
	if (fd >= 0) {
		ok = remove_beside(new, "-wal") &&
		     remove_beside(new, "-journal") &&
		     fill(new, arg) && give_name(new, path);
		close(fd);
	}
	free(new);
	return ok;
}
