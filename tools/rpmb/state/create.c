// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "database.h"
#include "log.h"
#include "state.h"

#define STR_(x) #x
#define STR(x) STR_(x)

#define DEFAULT_CAPACITY 32

static const char schema[] =
	"PRAGMA application_id = " STR(DB_APPLICATION_ID) ";"
	"PRAGMA user_version = " STR(DB_VERSION) ";"
	"CREATE TABLE meta ("
	" id INTEGER PRIMARY KEY CHECK (id = 1),"
	" capacity INTEGER NOT NULL CHECK (capacity BETWEEN 1 AND 128),"
	" dev_id BLOB CHECK (length(dev_id) = 16),"
	" key BLOB CHECK (length(key) = 32),"
	" counter INTEGER NOT NULL CHECK (counter BETWEEN 0 AND 4294967295),"
	" config BLOB CHECK (length(config) = " STR(RPMB_CONFIG_LEN) "),"
	" in_use INTEGER NOT NULL CHECK (in_use IN (0, 1)),"
	" CHECK (counter = 0 OR key IS NOT NULL)"
	") STRICT;"
	"CREATE TABLE backups ("
	" taken INTEGER NOT NULL,"
	" counter INTEGER NOT NULL,"
	" accepted INTEGER"
	") STRICT;"
	"CREATE TABLE blocks ("
	" addr INTEGER PRIMARY KEY CHECK (addr BETWEEN 0 AND 65535),"
	" data BLOB NOT NULL CHECK (length(data) = 256)"
	") STRICT;";

static bool insert_meta(const struct database *db,
			const struct state_config *config)
{
	unsigned int capacity = config->capacity ? config->capacity :
						   DEFAULT_CAPACITY;
	sqlite3_stmt *stmt = NULL;
	bool ok;

	ok = db_prepare(db, &stmt,
			"INSERT INTO meta (id, capacity, dev_id, counter, in_use)"
		     " VALUES (1, ?1, ?2, 0, 0)");
	if (ok) {
		sqlite3_bind_int64(stmt, 1, capacity);
		if (config->dev_id)
			sqlite3_bind_blob(stmt, 2, config->dev_id,
					  STATE_DEV_ID_LEN, SQLITE_STATIC);
		ok = db_run(stmt);
	}
	sqlite3_finalize(stmt);
	return ok;
}

static bool fill_new(const struct database *db,
		     const struct state_config *config)
{
	return (db_execute(db, "PRAGMA journal_mode = WAL; BEGIN") &&
		db_execute(db, schema) && insert_meta(db, config) &&
		db_execute(db, "COMMIT")) || db_failed(db, "cannot create");
}

bool db_fill(const char *name, const void *config)
{
	struct database db = {};
	bool ok;

	ok = db_attach(&db, name, SQLITE_OPEN_CREATE) &&
	     fill_new(&db, config) && db_end_use(&db);
	db_detach(&db);
	return ok;
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
