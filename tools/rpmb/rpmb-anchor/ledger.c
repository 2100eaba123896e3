// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>

#include "ledger.h"
#include "log.h"

#define STR_(x) #x
#define STR(x) STR_(x)

#define LEDGER_ID 0x52504d41		/* "RPMA" */
#define LEDGER_VERSION 1

static const char schema[] =
	"PRAGMA application_id = " STR(LEDGER_ID) ";"
	"PRAGMA user_version = " STR(LEDGER_VERSION) ";"
	"CREATE TABLE head ("
	" id INTEGER PRIMARY KEY CHECK (id = 1),"
	" guid BLOB NOT NULL CHECK (length(guid) = 16),"
	" sequence INTEGER NOT NULL,"
	" log_length INTEGER NOT NULL,"
	" began INTEGER NOT NULL,"
	" began_counter INTEGER NOT NULL,"
	" old_root BLOB NOT NULL CHECK (length(old_root) = 32),"
	" root BLOB NOT NULL CHECK (length(root) = 32),"
	" log_head BLOB NOT NULL CHECK (length(log_head) = 32),"
	" mac BLOB NOT NULL CHECK (length(mac) = 32)"
	") STRICT;"
	"CREATE TABLE entries ("
	" guid BLOB PRIMARY KEY CHECK (length(guid) = 16),"
	" salt BLOB NOT NULL CHECK (length(salt) = 16),"
	" name BLOB NOT NULL CHECK (length(name) = 32),"
	" number INTEGER NOT NULL,"
	" share INTEGER NOT NULL,"
	" per_day INTEGER NOT NULL,"
	" uid INTEGER NOT NULL,"
	" may_step_back INTEGER NOT NULL,"
	" state INTEGER NOT NULL,"
	" capacity INTEGER NOT NULL,"
	" title TEXT NOT NULL CHECK (length(CAST(title AS BLOB)) <= " STR(TITLE_LEN) ")"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE log ("
	" number INTEGER PRIMARY KEY,"
	" time INTEGER NOT NULL,"
	" text TEXT NOT NULL"
	") STRICT;";

/* The root is of all that there is; so this is of all, and of what was before */
static void make_mac(const struct keys *keys, const struct table *table,
		     uint8_t mac[LIBRPMB_STEP_LEN])
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, sizeof(keys->ledger), keys->ledger);
	hmac_sha256_update(&ctx, sizeof(table->old_root), table->old_root);
	hmac_sha256_update(&ctx, sizeof(table->root), table->root);
	hmac_sha256_digest(&ctx, LIBRPMB_STEP_LEN, mac);
	explicit_bzero(&ctx, sizeof(ctx));
}

static bool prepare(struct ledger *ledger)
{
	struct database *db = &ledger->db;

	return (db_prepare(db, &db->begin, "BEGIN IMMEDIATE") &&
		db_prepare(db, &db->commit, "COMMIT") &&
		db_prepare(db, &ledger->put_entry,
			   "INSERT OR REPLACE INTO entries (guid, salt, name,"
			   " number, share, per_day, uid, may_step_back, state,"
			   " capacity, title) VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
			   " ?7, ?8, ?9, ?10, ?11)") &&
		db_prepare(db, &ledger->drop_entry,
			   "DELETE FROM entries WHERE guid = ?1") &&
		db_prepare(db, &ledger->put_note,
			   "INSERT INTO log (number, time, text)"
			   " VALUES (?1, ?2, ?3)") &&
		db_prepare(db, &ledger->put_head,
			   "INSERT OR REPLACE INTO head (id, guid, sequence,"
			   " log_length, began, began_counter, old_root, root,"
			   " log_head, mac)"
			   " VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")) ||
	       db_failed(db, "cannot use");
}

static void bind_bytes(sqlite3_stmt *stmt, int number, const uint8_t *bytes,
		       int len)
{
	sqlite3_bind_blob(stmt, number, bytes, len, SQLITE_STATIC);
}

static bool put_entry(struct ledger *ledger, const struct entry *entry)
{
	sqlite3_stmt *stmt = ledger->put_entry;

	bind_bytes(stmt, 1, entry->guid, sizeof(entry->guid));
	bind_bytes(stmt, 2, entry->salt, sizeof(entry->salt));
	bind_bytes(stmt, 3, entry->name, sizeof(entry->name));
	sqlite3_bind_int64(stmt, 4, entry->number);
	sqlite3_bind_int64(stmt, 5, entry->share);
	sqlite3_bind_int64(stmt, 6, entry->per_day);
	sqlite3_bind_int64(stmt, 7, entry->uid);
	sqlite3_bind_int(stmt, 8, entry->may_step_back);
	sqlite3_bind_int(stmt, 9, entry->state);
	sqlite3_bind_int(stmt, 10, entry->capacity);
	sqlite3_bind_text(stmt, 11, entry->title, -1, SQLITE_STATIC);
	return db_run(stmt);
}

static bool drop_entry(struct ledger *ledger, const struct entry *entry)
{
	bind_bytes(ledger->drop_entry, 1, entry->guid, sizeof(entry->guid));
	return db_run(ledger->drop_entry);
}

/* Both are sorted: go through them side by side */
static bool put_entries(struct ledger *ledger, const struct table *from,
			const struct table *to)
{
	unsigned int i = 0, j = 0;
	bool ok = true;

	while (ok && (i < from->nr || j < to->nr)) {
		const struct entry *old = &from->entries[i];
		const struct entry *new = &to->entries[j];
		int order = i == from->nr ? 1 : j == to->nr ? -1 :
			    memcmp(old->guid, new->guid, sizeof(old->guid));

		if (order < 0)
			ok = drop_entry(ledger, old);
		else if (order > 0 || memcmp(old, new, sizeof(*old)))
			ok = put_entry(ledger, new);
		i += order <= 0;
		j += order >= 0;
	}
	return ok;
}

static bool put_note(struct ledger *ledger, const struct table *table,
		     const struct note *note)
{
	sqlite3_bind_int64(ledger->put_note, 1, table->log_length);
	sqlite3_bind_int64(ledger->put_note, 2, note->time);
	sqlite3_bind_text(ledger->put_note, 3, note->text, -1, SQLITE_STATIC);
	return db_run(ledger->put_note);
}

static bool put_head(struct ledger *ledger, const struct table *table)
{
	sqlite3_stmt *stmt = ledger->put_head;
	uint8_t mac[LIBRPMB_STEP_LEN];

	make_mac(ledger->keys, table, mac);
	bind_bytes(stmt, 1, table->guid, sizeof(table->guid));
	sqlite3_bind_int64(stmt, 2, table->sequence);
	sqlite3_bind_int64(stmt, 3, table->log_length);
	sqlite3_bind_int64(stmt, 4, table->began);
	sqlite3_bind_int64(stmt, 5, table->began_counter);
	bind_bytes(stmt, 6, table->old_root, sizeof(table->old_root));
	bind_bytes(stmt, 7, table->root, sizeof(table->root));
	bind_bytes(stmt, 8, table->log_head, sizeof(table->log_head));
	bind_bytes(stmt, 9, mac, sizeof(mac));
	return db_run(stmt);
}

bool ledger_commit(struct ledger *ledger, const struct table *from,
		   const struct table *to, const struct note *note)
{
	return (db_run(ledger->db.begin) && put_entries(ledger, from, to) &&
		(!note || put_note(ledger, to, note)) && put_head(ledger, to) &&
		db_run(ledger->db.commit)) ||
	       db_failed(&ledger->db, "cannot write");
}

struct new_ledger {
	const struct keys *keys;
	const struct table *table;
	const struct note *note;
};

static bool fill(const char *name, const void *arg)
{
	const struct new_ledger *new = arg;
	struct ledger ledger = { .keys = new->keys };
	const struct table nothing = {};
	bool ok;

	ok = db_attach(&ledger.db, name, SQLITE_OPEN_CREATE) &&
	     (db_execute(&ledger.db, "PRAGMA journal_mode = WAL") ||
	      db_failed(&ledger.db, "cannot create")) &&
	     (db_execute(&ledger.db, schema) ||
	      db_failed(&ledger.db, "cannot create")) &&
	     prepare(&ledger) &&
	     ledger_commit(&ledger, &nothing, new->table, new->note) &&
	     db_checkpoint(&ledger.db);
	if (ok)
		db_keep_wal(&ledger.db, false);
	ledger_close(&ledger);
	return ok;
}

bool ledger_create(const char *path, const struct keys *keys,
		   const struct table *table, const struct note *note)
{
	const struct new_ledger new = {
		.keys = keys, .table = table, .note = note
	};

	return db_create(path, fill, &new);
}

static bool check_ours(const struct database *db)
{
	int64_t version = db_number(db, "PRAGMA user_version");

	if (db_number(db, "PRAGMA application_id") != LEDGER_ID)
		log_line("%s is not the ledger of an rpmb-anchor", db->name);
	else if (version != LEDGER_VERSION)
		log_line("%s has format %" PRId64 ", this program knows %d",
			 db->name, version, LEDGER_VERSION);
	else if (!db_answers(db, "PRAGMA integrity_check(1)", "ok"))
		log_line("%s is damaged", db->name);
	else
		return true;
	return false;
}

static bool get_head(sqlite3_stmt *stmt, struct table *table,
		     uint8_t mac[LIBRPMB_STEP_LEN])
{
	if (sqlite3_step(stmt) != SQLITE_ROW)
		return false;
	table->sequence = sqlite3_column_int64(stmt, 1);
	table->log_length = sqlite3_column_int64(stmt, 2);
	table->began = sqlite3_column_int64(stmt, 3);
	table->began_counter = sqlite3_column_int64(stmt, 4);
	return db_get_bytes(stmt, 0, table->guid, sizeof(table->guid)) &&
	       db_get_bytes(stmt, 5, table->old_root, sizeof(table->old_root)) &&
	       db_get_bytes(stmt, 6, table->root, sizeof(table->root)) &&
	       db_get_bytes(stmt, 7, table->log_head, sizeof(table->log_head)) &&
	       db_get_bytes(stmt, 8, mac, LIBRPMB_STEP_LEN);
}

static bool read_head(struct ledger *ledger, struct table *table,
		      uint8_t mac[LIBRPMB_STEP_LEN])
{
	sqlite3_stmt *stmt = NULL;
	bool ok;

	ok = db_prepare(&ledger->db, &stmt,
			"SELECT guid, sequence, log_length, began,"
			" began_counter, old_root, root, log_head, mac"
			" FROM head") &&
	     get_head(stmt, table, mac);
	sqlite3_finalize(stmt);
	return ok;
}

/* The length is known only once it is text. False if it does not fit in @size bytes. */
static bool get_text(sqlite3_stmt *stmt, int column, char *to, size_t size)
{
	const unsigned char *text = sqlite3_column_text(stmt, column);
	size_t len = sqlite3_column_bytes(stmt, column);

	if (!text || len >= size)
		return false;
	memcpy(to, text, len);
	to[len] = '\0';
	return true;
}

static bool get_entry(sqlite3_stmt *stmt, struct entry *entry)
{
	*entry = (struct entry) {
		.number = sqlite3_column_int64(stmt, 3),
		.share = sqlite3_column_int64(stmt, 4),
		.per_day = sqlite3_column_int64(stmt, 5),
		.uid = sqlite3_column_int64(stmt, 6),
		.may_step_back = sqlite3_column_int(stmt, 7),
		.state = sqlite3_column_int(stmt, 8),
		.capacity = sqlite3_column_int(stmt, 9),
	};
	return get_text(stmt, 10, entry->title, sizeof(entry->title)) &&
	       db_get_bytes(stmt, 0, entry->guid, sizeof(entry->guid)) &&
	       db_get_bytes(stmt, 1, entry->salt, sizeof(entry->salt)) &&
	       db_get_bytes(stmt, 2, entry->name, sizeof(entry->name));
}

static bool read_entries(struct ledger *ledger, struct table *table)
{
	int64_t nr = db_number(&ledger->db, "SELECT count(*) FROM entries");
	sqlite3_stmt *stmt = NULL;
	int err = SQLITE_ERROR;

	if (nr < 0 || nr > TABLE_MAX)
		return false;
	table->entries = calloc(nr + 1, sizeof(*table->entries));
	if (table->entries &&
	    db_prepare(&ledger->db, &stmt,
		       "SELECT guid, salt, name, number, share, per_day, uid,"
		       " may_step_back, state, capacity, title"
		       " FROM entries ORDER BY guid"))
		while ((err = sqlite3_step(stmt)) == SQLITE_ROW &&
		       table->nr < nr &&
		       get_entry(stmt, &table->entries[table->nr]))
			table->nr++;
	sqlite3_finalize(stmt);
	return err == SQLITE_DONE;
}

static bool chain(void *arg, const struct note *note)
{
	table_log(arg, note);
	return true;
}

bool ledger_has_log_of(struct ledger *ledger, const struct table *table)
{
	struct table empty = {};

	return ledger_each_note(ledger, 0, chain, &empty) &&
	       empty.log_length == table->log_length &&
	       !memcmp(empty.log_head, table->log_head,
		       sizeof(empty.log_head));
}

static bool read_genuine(struct ledger *ledger, struct table *table)
{
	uint8_t mac[LIBRPMB_STEP_LEN], wanted[LIBRPMB_STEP_LEN];
	uint8_t root[LIBRPMB_STEP_LEN];

	if (!read_head(ledger, table, mac) || !read_entries(ledger, table)) {
		log_line("%s is damaged", ledger->db.name);
		return false;
	}
	make_mac(ledger->keys, table, wanted);
	table_root(table, root);
	if (memeql_sec(mac, wanted, sizeof(mac)) &&
	    !memcmp(root, table->root, sizeof(root)) &&
	    ledger_has_log_of(ledger, table))
		return true;
	log_line("%s was changed by somebody, or is of another device",
		 ledger->db.name);
	return false;
}

static bool sync_names(const struct database *db)
{
	if (db_sync_directory(sqlite3_db_filename(db->sql, "main")))
		return true;
	log_line("%s: %s", db->name, strerror(errno));
	return false;
}

/*
 * That it can be read does not mean that it would be there after losing power: who ended
 * before the sync has left it in the page cache. So all is synced before anybody goes by
 * it; also that there is a -wal file, for which SQLite opens the directory at the first
 * step, when nothing can be opened any more.
 */
bool ledger_open(struct ledger *ledger, const char *path,
		 const struct keys *keys, struct table *table)
{
	*ledger = (struct ledger) { .keys = keys };
	*table = (struct table) {};
	if (db_attach(&ledger->db, path, 0) && check_ours(&ledger->db) &&
	    read_genuine(ledger, table) &&
	    (db_answers(&ledger->db, "PRAGMA journal_mode = WAL", "wal") ||
	     db_failed(&ledger->db, "cannot use a -wal file")) &&
	    prepare(ledger) && db_checkpoint(&ledger->db) &&
	    sync_names(&ledger->db))
		return true;
	table_free(table);
	ledger_close(ledger);
	return false;
}

bool ledger_each_note(struct ledger *ledger, uint64_t skip,
		      bool (*each)(void *arg, const struct note *note),
		      void *arg)
{
	sqlite3_stmt *stmt = NULL;
	struct note note;
	int err = SQLITE_ERROR;

	if (db_prepare(&ledger->db, &stmt, "SELECT time, text, number FROM log"
					   " WHERE number > ?1 ORDER BY number")) {
		sqlite3_bind_int64(stmt, 1, skip);
		while ((err = sqlite3_step(stmt)) == SQLITE_ROW) {
			note = (struct note) {
				.time = sqlite3_column_int64(stmt, 0)
			};
			/* The chain says nothing of numbers, by which lines are found */
			if (!get_text(stmt, 1, note.text, sizeof(note.text)) ||
			    (uint64_t)sqlite3_column_int64(stmt, 2) != ++skip)
				break;
			if (!each(arg, &note))
				break;
		}
	}
	sqlite3_finalize(stmt);
	return err == SQLITE_DONE;
}

void ledger_close(struct ledger *ledger)
{
	sqlite3_finalize(ledger->put_entry);
	sqlite3_finalize(ledger->drop_entry);
	sqlite3_finalize(ledger->put_note);
	sqlite3_finalize(ledger->put_head);
	db_detach(&ledger->db);
}
