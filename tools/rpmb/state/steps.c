// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the database of an anchored state has of its anchor
 */
#include <string.h>

#include "anchored.h"
#include "database.h"
#include "log.h"

#define BLOCK_LEN 256

/* Who has edited the file may have taken its checks out */
static bool set_block(const struct database *db, sqlite3_stmt *stmt,
		      uint32_t blocks)
{
	int64_t addr = sqlite3_column_int64(stmt, 0);
	const uint8_t *data = sqlite3_column_blob(stmt, 1);

	if (addr < 0 || addr >= blocks || !data ||
	    sqlite3_column_bytes(stmt, 1) != BLOCK_LEN)
		return false;
	digest_set(&db->anchored->digest, addr, data);
	return true;
}

static bool set_blocks(const struct database *db, uint32_t blocks)
{
	sqlite3_stmt *stmt = NULL;
	int err = SQLITE_ERROR;

	if (db_prepare(db, &stmt, "SELECT addr, data FROM blocks"))
		while ((err = sqlite3_step(stmt)) == SQLITE_ROW &&
		       set_block(db, stmt, blocks))
			;
	sqlite3_finalize(stmt);
	if (err == SQLITE_ROW)
		log_line("%s is damaged", db->name);
	return err == SQLITE_DONE ||
	       (err != SQLITE_ROW && db_failed(db, "cannot read"));
}

bool db_make_digest(const struct database *db, uint32_t blocks)
{
	struct anchored *anchored = db->anchored;

	if (!anchored_clear(anchored, blocks) || !set_blocks(db, blocks))
		return false;
	digest_finish(&anchored->digest);
	return true;
}

bool db_get_bytes(sqlite3_stmt *stmt, int column, void *to, int len)
{
	if (sqlite3_column_bytes(stmt, column) != len)
		return false;
	memcpy(to, sqlite3_column_blob(stmt, column), len);
	return true;
}

static bool get_step(const struct database *db, sqlite3_stmt *stmt,
		     uint8_t guid[LIBRPMB_GUID_LEN])
{
	struct rpmb_step *step = &db->anchored->step;

	if (sqlite3_step(stmt) != SQLITE_ROW)
		return false;
	step->number = sqlite3_column_int64(stmt, 1);
	return db_get_bytes(stmt, 0, guid, LIBRPMB_GUID_LEN) &&
	       db_get_bytes(stmt, 2, step->parent, sizeof(step->parent)) &&
	       db_get_bytes(stmt, 3, step->name, sizeof(step->name));
}

bool db_read_step(const struct database *db)
{
	uint8_t guid[LIBRPMB_GUID_LEN];
	char text[LIBRPMB_GUID_TEXT];
	sqlite3_stmt *stmt = NULL;
	bool ok;

	ok = db_prepare(db, &stmt,
			"SELECT guid, step, parent, name FROM anchor") &&
	     get_step(db, stmt, guid);
	sqlite3_finalize(stmt);
	if (!ok)
		return db_failed(db, "cannot read");
	if (!memcmp(guid, rpmb_anchor_guid(db->anchored->anchor), sizeof(guid)))
		return true;
	rpmb_guid_to_text(text, guid);
	log_line("%s is a state of another anchor, %s", db->name, text);
	return false;
}

bool db_prepare_step(struct database *db)
{
	return db_prepare(db, &db->set_step,
			  "UPDATE anchor SET step = ?1, parent = ?2, name = ?3");
}

bool db_put_step(const struct database *db, const struct rpmb_step *step)
{
	sqlite3_bind_int64(db->set_step, 1, step->number);
	sqlite3_bind_blob(db->set_step, 2, step->parent, sizeof(step->parent),
			  SQLITE_STATIC);
	sqlite3_bind_blob(db->set_step, 3, step->name, sizeof(step->name),
			  SQLITE_STATIC);
	return db_run(db->set_step) && sqlite3_changes(db->sql) == 1;
}
