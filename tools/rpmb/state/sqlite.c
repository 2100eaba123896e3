// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kind of state that is an SQLite database
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "database.h"
#include "log.h"
#include "state.h"

#define BLOCK_LEN 256

static struct database *to_database(struct rpmb_store *store)
{
	const struct state *state = (const struct state *)
		((char *)store - offsetof(struct state, store));

	return state->kept;
}

static void roll_back(const struct database *db)
{
	if (!sqlite3_get_autocommit(db->sql) && !db_execute(db, "ROLLBACK"))
		db_failed(db, "cannot roll back");
}

static bool sync_failed(const struct database *db)
{
	int err = sqlite3_extended_errcode(db->sql);

	return err == SQLITE_IOERR_FSYNC || err == SQLITE_IOERR_DIR_FSYNC;
}

/*
 * Undo a write that failed. If it was the sync that failed, the transaction is in
 * the -wal file, from where a crash would bring it back: one that leaves all as
 * it is gets written over it. It has to change something in between, or SQLite
 * writes nothing. If that fails as well, nobody knows what is on the disk before
 * it has been read again, so there is nothing true left to answer.
 */
static bool undo(const struct database *db, const char *what)
{
	bool unknown = sync_failed(db);

	db_failed(db, what);
	roll_back(db);
	if (db_execute(db, "BEGIN IMMEDIATE;"
			   "UPDATE meta SET in_use = 0;"
			   "UPDATE meta SET in_use = 1;"
			   "COMMIT"))
		return false;

	db_failed(db, "cannot undo");
	if (unknown) {
		log_line("%s: only another start can tell what is written, giving up",
			 db->name);
		_exit(EXIT_FAILURE);
	}
	roll_back(db);
	return false;
}

static bool sqlite_program_key(struct rpmb_store *store,
			       const uint8_t key[RPMB_KEY_LEN])
{
	struct database *db = to_database(store);

	sqlite3_bind_blob(db->set_key, 1, key, RPMB_KEY_LEN, SQLITE_STATIC);
	if (db_run(db->set_key) && sqlite3_changes(db->sql) == 1)
		return true;
	return undo(db, "cannot keep the key");
}

/* That the counter is still the one before is part of the transaction */
static bool set_counter(const struct database *db, uint32_t counter)
{
	sqlite3_bind_int64(db->set_counter, 1, counter);
	return db_run(db->set_counter) && sqlite3_changes(db->sql) == 1;
}

static bool put_blocks(const struct database *db,
		       const struct rpmb_blocks *blocks)
{
	uint32_t i;

	for (i = 0; i < blocks->count; i++) {
		sqlite3_bind_int64(db->put_block, 1, blocks->addr + i);
		sqlite3_bind_blob(db->put_block, 2,
				  blocks->data + i * blocks->stride, BLOCK_LEN,
				  SQLITE_STATIC);
		if (!db_run(db->put_block))
			return false;
	}
	return true;
}

static bool sqlite_write(struct rpmb_store *store, uint32_t counter,
			 const struct rpmb_blocks *blocks)
{
	struct database *db = to_database(store);

	if (db_run(db->begin) && set_counter(db, counter) &&
	    put_blocks(db, blocks) && db_run(db->commit))
		return true;
	return undo(db, "cannot write");
}

static bool sqlite_read(struct rpmb_store *store,
			const struct rpmb_blocks *blocks)
{
	struct database *db = to_database(store);
	sqlite3_stmt *stmt = db->get_blocks;
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
	return err == SQLITE_DONE || db_failed(db, "cannot read");
}

/* Devices that count these writes by themselves leave the counter as it is */
static bool sqlite_configure(struct rpmb_store *store, uint32_t counter,
			     const uint8_t config[RPMB_CONFIG_LEN])
{
	struct database *db = to_database(store);

	sqlite3_bind_int64(db->set_config, 1, counter);
	sqlite3_bind_blob(db->set_config, 2, config, RPMB_CONFIG_LEN,
			  SQLITE_STATIC);
	if (db_run(db->set_config) && sqlite3_changes(db->sql) == 1)
		return true;
	return undo(db, "cannot configure");
}

static const struct rpmb_store_ops sqlite_ops = {
	.program_key = sqlite_program_key,
	.write = sqlite_write,
	.read = sqlite_read,
	.configure = sqlite_configure,
};

static bool prepare_all(struct database *db)
{
	return db_prepare(db, &db->begin, "BEGIN IMMEDIATE") &&
	       db_prepare(db, &db->commit, "COMMIT") &&
	       db_prepare(db, &db->set_key,
			  "UPDATE meta SET key = ?1 WHERE key IS NULL") &&
	       db_prepare(db, &db->set_counter,
			  "UPDATE meta SET counter = ?1 WHERE counter = ?1 - 1") &&
	       db_prepare(db, &db->set_config,
			  "UPDATE meta SET counter = ?1, config = ?2"
		       " WHERE counter IN (?1, ?1 - 1)") &&
	       db_prepare(db, &db->put_block,
			  "INSERT INTO blocks (addr, data) VALUES (?1, ?2)"
		       " ON CONFLICT (addr) DO UPDATE SET data = ?2") &&
	       db_prepare(db, &db->get_blocks,
			  "SELECT addr, data FROM blocks"
		       " WHERE addr BETWEEN ?1 AND ?2");
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
		ok = db_create(path, db_fill, config);
	else
		log_line("%s: %s", path, strerror(errno));
	free(path);
	return ok;
}

/* A column that is NULL or has exactly @len bytes */
static bool get_bytes(sqlite3_stmt *stmt, int column, void *to, int len)
{
	if (sqlite3_column_bytes(stmt, column) != len)
		return false;
	memcpy(to, sqlite3_column_blob(stmt, column), len);
	return true;
}

static bool read_meta(struct state *state, const struct database *db)
{
	sqlite3_stmt *stmt = NULL;
	bool ok;

	ok = db_prepare(db, &stmt,
			"SELECT capacity, counter, dev_id, key, config"
		     " FROM meta") &&
	     sqlite3_step(stmt) == SQLITE_ROW;
	if (ok) {
		state->capacity = sqlite3_column_int(stmt, 0);
		state->store.ops = &sqlite_ops;
		state->store.capacity = state->capacity * 512;
		state->store.counter = sqlite3_column_int64(stmt, 1);
		state->has_dev_id = get_bytes(stmt, 2, state->dev_id,
					      STATE_DEV_ID_LEN);
		state->store.has_key = get_bytes(stmt, 3, state->store.key,
						 RPMB_KEY_LEN);
		get_bytes(stmt, 4, state->store.config, RPMB_CONFIG_LEN);
	}
	sqlite3_finalize(stmt);
	return ok || db_failed(db, "cannot read");
}

/* Find out whether the database will do, without writing to it */
static bool inspect(struct state *state, struct database *db,
		    const struct state_config *config)
{
	if (db_attach(db, config->name, 0) && db_check(db) &&
	    db_check_backups(db) && read_meta(state, db) &&
	    state_is_as_wanted(state, config))
		return true;

	/* The -wal file goes if it is only the empty one that SQLite has made */
	db_keep_wal(db, db->had_wal);
	return false;
}

/* Whoever has looked at the database may have left another journal mode */
static bool put_in_use(struct database *db)
{
	return (db_answers(db, "PRAGMA journal_mode = WAL", "wal") ||
		db_failed(db, "cannot use a -wal file")) &&
	       db_set_mark(db, true) &&
	       (prepare_all(db) || db_failed(db, "cannot use"));
}

static bool sqlite_load(struct state *state, const struct state_config *config)
{
	struct database *db = calloc(1, sizeof(*db));

	if (!db) {
		log_line("%s: out of memory", config->name);
		return false;
	}
	state->kept = db;
	if (check_name(config->name) && ensure(config) &&
	    inspect(state, db, config) && put_in_use(db))
		return true;
	db_detach(db);
	free(db);
	return false;
}

static bool sqlite_close(struct state *state)
{
	struct database *db = state->kept;
	bool ok = db_end_use(db);

	db_detach(db);
	free(db);
	return ok;
}

const struct state_kind state_sqlite = {
	.load = sqlite_load,
	.close = sqlite_close,
};
