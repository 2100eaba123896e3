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

#include "anchored.h"
#include "database.h"
#include "log.h"
#include "state.h"

#define BLOCK_LEN 256

static struct state *to_state(struct rpmb_store *store)
{
	return (struct state *)((char *)store - offsetof(struct state, store));
}

static struct database *to_database(struct rpmb_store *store)
{
	return to_state(store)->kept;
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
static bool undo_write(const struct database *db, const char *what)
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
	if (sqlite3_get_autocommit(db->sql))
		return false;
	log_line("%s: cannot go back, giving up", db->name);
	_exit(EXIT_FAILURE);
}

/* The digest has what was to be written already; what it is made of is checked again */
static void check_undone(const struct database *db, const struct state *state)
{
	if (!db->anchored || (db_make_digest(db, state->store.capacity) &&
			      anchored_is_genuine(db->anchored, state)))
		return;
	log_line("%s: it is not what it was, giving up", db->name);
	_exit(EXIT_FAILURE);
}

/* Of a group the store has changed since, so what is left is checked at its end */
static bool undo(struct rpmb_store *store, const char *what)
{
	struct database *db = to_database(store);

	undo_write(db, what);
	if (to_state(store)->grouped)
		db->refused = true;
	else
		check_undone(db, to_state(store));
	return false;
}

/* Begin a write, which is not to be a step more than there may be, or go on with a group */
static bool begin(struct rpmb_store *store)
{
	struct database *db = to_database(store);

	if (db->refused)
		return false;
	if (db->written)
		return true;
	if (db->anchored && !anchored_has_left(db->anchored, to_state(store)))
		return false;
	db->counter = store->counter;
	return db_run(db->begin) || undo(store, "cannot begin");
}

/* That the counter is still the one before is part of the transaction */
static bool set_counter(const struct database *db, uint32_t before,
			uint32_t counter)
{
	sqlite3_bind_int64(db->set_counter, 1, counter);
	sqlite3_bind_int64(db->set_counter, 2, before);
	return db_run(db->set_counter) && sqlite3_changes(db->sql) == 1;
}

/* Set it to what the writes of a group so far have made it */
static bool catch_up(struct database *db, const struct state *state)
{
	uint32_t before = db->counter;

	db->counter = state->store.counter;
	return before == db->counter || set_counter(db, before, db->counter);
}

/* Make what was written durable, which makes @store what @next is; then anchor it */
static bool commit(struct rpmb_store *store, const struct rpmb_store *next)
{
	struct database *db = to_database(store);
	uint8_t root[DIGEST_LEN];
	struct rpmb_step step;

	if (to_state(store)->grouped) {
		db->written = true;
		return true;
	}
	if (!db->anchored)
		return db_run(db->commit);
	anchored_next(db->anchored, to_state(store), next, &step, root);
	if (!db_put_step(db, &step) || !db_run(db->commit))
		return false;
	anchored_advance(db->anchored, &step, root);
	return true;
}

static bool put_key(const struct database *db, const uint8_t key[RPMB_KEY_LEN])
{
	uint8_t wrapped[WRAPPED_LEN];

	if (!db->anchored) {
		sqlite3_bind_blob(db->set_key, 1, key, RPMB_KEY_LEN,
				  SQLITE_STATIC);
	} else {
		if (!anchored_wrap(db->anchored, key, wrapped))
			return false;
		sqlite3_bind_blob(db->set_key, 1, wrapped, sizeof(wrapped),
				  SQLITE_STATIC);
	}
	return db_run(db->set_key) && sqlite3_changes(db->sql) == 1;
}

static bool sqlite_program_key(struct rpmb_store *store,
			       const uint8_t key[RPMB_KEY_LEN])
{
	struct database *db = to_database(store);
	struct rpmb_store next = *store;
	bool ok;

	if (!begin(store))
		return false;
	next.has_key = true;
	memcpy(next.key, key, RPMB_KEY_LEN);
	ok = (put_key(db, key) && commit(store, &next)) ||
	     undo(store, "cannot keep the key");
	explicit_bzero(&next, sizeof(next));
	return ok;
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
		if (db->anchored)
			digest_update(&db->anchored->digest, blocks->addr + i,
				      blocks->data + i * blocks->stride);
	}
	return true;
}

static bool sqlite_write(struct rpmb_store *store, uint32_t counter,
			 const struct rpmb_blocks *blocks)
{
	struct database *db = to_database(store);
	struct rpmb_store next = *store;
	bool ok;

	if (!begin(store))
		return false;
	next.counter = counter;
	ok = ((to_state(store)->grouped ||
	       set_counter(db, counter - 1, counter)) &&
	      put_blocks(db, blocks) && commit(store, &next)) ||
	     undo(store, "cannot write");
	explicit_bzero(&next, sizeof(next));
	return ok;
}

/*
 * Somebody may change the file while we have it: what is not what the digest is of was
 * never written, and ends the program before anybody gets it.
 */
static void check_blocks(const struct database *db,
			 const struct rpmb_blocks *blocks)
{
	uint32_t i;

	for (i = 0; db->anchored && i < blocks->count; i++) {
		if (digest_has(&db->anchored->digest, blocks->addr + i,
			       blocks->data + i * blocks->stride))
			continue;
		log_line("%s: block %u was changed by somebody, giving up",
			 db->name, blocks->addr + i);
		_exit(EXIT_FAILURE);
	}
}

static bool sqlite_read(struct rpmb_store *store,
			const struct rpmb_blocks *blocks)
{
	struct database *db = to_database(store);
	sqlite3_stmt *stmt = db->get_blocks;
	uint32_t i;
	int err;

	if (db->refused)
		return false;
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
	/* Some errors take all of the transaction back, what was written among it */
	if (err != SQLITE_DONE)
		return db->written ? undo(store, "cannot read") :
				     db_failed(db, "cannot read");
	check_blocks(db, blocks);
	return true;
}

static bool put_config(struct database *db, const struct rpmb_store *next)
{
	sqlite3_bind_int64(db->set_config, 1, next->counter);
	sqlite3_bind_blob(db->set_config, 2, next->config, RPMB_CONFIG_LEN,
			  SQLITE_STATIC);
	db->counter = next->counter;
	return db_run(db->set_config) && sqlite3_changes(db->sql) == 1;
}

/* Devices that count these writes by themselves leave the counter as it is */
static bool sqlite_configure(struct rpmb_store *store, uint32_t counter,
			     const uint8_t config[RPMB_CONFIG_LEN])
{
	struct database *db = to_database(store);
	struct rpmb_store next = *store;
	bool ok;

	if (!begin(store))
		return false;
	next.counter = counter;
	memcpy(next.config, config, RPMB_CONFIG_LEN);
	ok = ((!to_state(store)->grouped || catch_up(db, to_state(store))) &&
	      put_config(db, &next) && commit(store, &next)) ||
	     undo(store, "cannot configure");
	explicit_bzero(&next, sizeof(next));
	return ok;
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
			  "UPDATE meta SET counter = ?1 WHERE counter = ?2") &&
	       db_prepare(db, &db->set_config,
			  "UPDATE meta SET counter = ?1, config = ?2"
		       " WHERE counter IN (?1, ?1 - 1)") &&
	       db_prepare(db, &db->put_block,
			  "INSERT INTO blocks (addr, data) VALUES (?1, ?2)"
		       " ON CONFLICT (addr) DO UPDATE SET data = ?2") &&
	       db_prepare(db, &db->get_blocks,
			  "SELECT addr, data FROM blocks"
		       " WHERE addr BETWEEN ?1 AND ?2") &&
	       (!db->anchored || db_prepare_step(db));
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

static bool ensure(const struct state_config *config, struct anchored *anchored)
{
	char *path = state_path(config->name);
	struct stat file;
	bool ok = false;

	if (!path)
		log_line("%s: out of memory", config->name);
	else if (!stat(path, &file))
		ok = true;
	else if (errno == ENOENT)
		ok = db_create_state(config, anchored, NULL);
	else
		log_line("%s: %s", path, strerror(errno));
	free(path);
	return ok;
}

static bool get_key(const struct database *db, sqlite3_stmt *stmt, int column,
		    struct rpmb_store *store)
{
	uint8_t wrapped[WRAPPED_LEN];

	if (!db->anchored)
		store->has_key = db_get_bytes(stmt, column, store->key, RPMB_KEY_LEN);
	else if (db_get_bytes(stmt, column, wrapped, WRAPPED_LEN))
		store->has_key = anchored_unwrap(db->anchored, wrapped,
						 store->key);
	return store->has_key || sqlite3_column_type(stmt, column) == SQLITE_NULL;
}

static bool read_meta(struct state *state, const struct database *db)
{
	sqlite3_stmt *stmt = NULL;
	bool ok;

	ok = db_prepare(db, &stmt,
			"SELECT capacity, counter, dev_id, key, config"
		     " FROM meta") &&
	     sqlite3_step(stmt) == SQLITE_ROW;
	if (!ok)
		db_failed(db, "cannot read");
	if (ok) {
		state->capacity = sqlite3_column_int(stmt, 0);
		state->store.ops = &sqlite_ops;
		state->store.capacity = state->capacity * 512;
		state->store.counter = sqlite3_column_int64(stmt, 1);
		state->has_dev_id = db_get_bytes(stmt, 2, state->dev_id,
						 STATE_DEV_ID_LEN);
		db_get_bytes(stmt, 4, state->store.config, RPMB_CONFIG_LEN);
		ok = get_key(db, stmt, 3, &state->store);
		if (!ok)
			log_line("%s: its key is not one of this anchor's",
				 db->name);
	}
	sqlite3_finalize(stmt);
	return ok;
}

/* Is it what is anchored? */
static bool check_anchored(struct state *state, struct database *db)
{
	return !db->anchored || (db_make_digest(db, state->store.capacity) &&
				 anchored_check(db->anchored, state));
}

/* Find out whether the database will do, without writing to it */
static bool inspect(struct state *state, struct database *db,
		    const struct state_config *config)
{
	if (db_attach(db, config->name, 0) && db_check(db) &&
	    db_check_anchor(db) && (config->backup || db_check_backups(db)) &&
	    (!db->anchored || db_read_step(db)) && read_meta(state, db) &&
	    state_is_as_wanted(state, config) && check_anchored(state, db))
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

/*
 * What is one step ahead is anchored when it is durable, and not before: that it could
 * be read does not mean that it would be there after losing power.
 */
static bool settle(const struct state *state, const struct database *db)
{
	return !db->anchored || anchored_settle(db->anchored, state);
}

static void forget(struct database *db)
{
	struct anchored *anchored = db->anchored;

	db_detach(db);
	free(db);
	if (anchored)
		anchored_end(anchored);
	free(anchored);
}

/* The database, still closed, and its anchor; NULL and a log line if it has none */
static struct database *find(const struct state_config *config)
{
	struct database *db = calloc(1, sizeof(*db));

	if (db && config->anchor)
		db->anchored = calloc(1, sizeof(*db->anchored));
	if (!db || (config->anchor && !db->anchored)) {
		log_line("%s: out of memory", config->name);
		free(db);
		return NULL;
	}
	if (!config->anchor || anchored_begin(db->anchored, config))
		return db;
	forget(db);
	return NULL;
}

static bool sqlite_check(const struct state_config *config)
{
	struct database *db = find(config);
	struct state state = { .kept = db };
	bool ok = db && check_name(config->name) && inspect(&state, db, config);

	if (ok)
		db_keep_wal(db, db->had_wal);
	if (db)
		forget(db);
	explicit_bzero(&state, sizeof(state));
	return ok;
}

/*
 * The state that there is becomes the step after the one that is anchored. It may be
 * any that the anchor's key has ever been used for. It was copied while it was in use,
 * maybe, but what is in its -wal has been taken in then.
 */
static bool step_back(struct state *state, struct database *db)
{
	struct anchored *anchored = db->anchored;
	uint8_t root[DIGEST_LEN];
	struct rpmb_step next;

	if (!anchored_may_step_back(anchored) ||
	    !anchored_step_back(anchored, state, &next, root))
		return false;
	if (!db_execute(db, "BEGIN") || !db_accept_backups(db) ||
	    !db_execute(db, "UPDATE meta SET in_use = 0") ||
	    !db_prepare_step(db) || !db_put_step(db, &next) ||
	    !db_execute(db, "COMMIT"))
		return db_failed(db, "cannot write");
	return db_checkpoint(db) && anchored_settle(anchored, state);
}

static bool sqlite_accept(const struct state_config *config)
{
	struct database *db = find(config);
	struct state state = { .kept = db };
	bool ok;

	if (!db)
		return false;
	ok = check_name(config->name) && db_attach(db, config->name, 0) &&
	     db_check(db) && db_check_anchor(db) &&
	     (db->anchored ? db_read_step(db) && read_meta(&state, db) &&
			     db_make_digest(db, state.store.capacity) &&
			     step_back(&state, db) :
			     db_accept(db));
	db_keep_wal(db, db->had_wal && !ok);
	forget(db);
	explicit_bzero(&state, sizeof(state));
	return ok;
}

static bool sqlite_load(struct state *state, const struct state_config *config)
{
	struct database *db = find(config);

	if (!db)
		return false;
	state->kept = db;
	if (check_name(config->name) && ensure(config, db->anchored) &&
	    inspect(state, db, config) && put_in_use(db) && settle(state, db))
		return true;
	forget(db);
	return false;
}

static void sqlite_hold(struct state *state)
{
	struct database *db = state->kept;

	if (db->anchored)
		anchored_hold(db->anchored, state);
}

/* What has only read has nothing to keep */
static bool sqlite_commit(struct state *state)
{
	struct database *db = state->kept;
	bool ok = !db->refused, written = db->written;

	db->written = false;
	db->refused = false;
	/* Whatever has ended the transaction meanwhile has taken all of it back */
	if (ok && written && (sqlite3_get_autocommit(db->sql) ||
			      !catch_up(db, state) ||
			      !commit(&state->store, &state->store))) {
		undo_write(db, "cannot write");
		ok = false;
	}
	if (!ok) {
		state_go_back(state);
		check_undone(db, state);
	}
	return ok;
}

static bool sqlite_close(struct state *state)
{
	struct database *db = state->kept;
	bool ok = db_end_use(db);

	forget(db);
	return ok;
}

const struct state_kind state_sqlite = {
	.load = sqlite_load,
	.check = sqlite_check,
	.accept = sqlite_accept,
	.commit = sqlite_commit,
	.arrive = sqlite_hold,
	.hold = sqlite_hold,
	.close = sqlite_close,
};
