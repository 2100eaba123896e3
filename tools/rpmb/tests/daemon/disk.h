/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The disk under the daemon's state file
 *
 * preload.so, loaded into the daemon, does what the daemon asks of its state
 * files, and writes down what that was in memory that it shares with the test.
 * From this the test can tell what a disk may hold after losing power at any
 * moment: what was synced, and any part of the rest. It can also make the disk
 * slow, broken or full.
 *
 * Of a state in a database, what the daemon sends to it and hears from it are such
 * operations, too: they are counted, and the daemon can park there, or with half of it
 * sent.
 */
#ifndef DISK_H
#define DISK_H

#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct daemon;

#define DISK_FD_ENV "RPMB_DISK_FD"
#define DISK_LOG_SIZE (64UL << 20)

/* The state file and all that may be beside it for some time */
#define DISK_NAMES 6
#define DISK_NAME_LIST { "state", "state-wal", "state-journal",		\
			 "state.new", "state.new-wal", "state.new-journal" }
/* Where they are in struct disk_image */
enum { DISK_STATE, DISK_WAL, DISK_JOURNAL };

/* Files in the life of a disk; the first ones are those that were there before */
#define DISK_FILES 4096

enum disk_op {
	DISK_CREATE = 1,	/* @name, of the new @file */
	DISK_LINK,		/* @name, of a @file that there is */
	DISK_UNLINK,		/* @name */
	DISK_WRITE,		/* to @file, @len bytes at @off */
	DISK_TRUNCATE,		/* @file, to @off bytes */
	DISK_SYNC,		/* @file */
	DISK_SYNC_DIR,
	DISK_NOTIFY,		/* the guest is told; @off is struct disk's @tag */
};

/* In the log; the data of a write follows, padded to 8 bytes */
struct disk_record {
	uint32_t op;
	uint16_t name;		/* index in DISK_NAME_LIST */
	uint16_t file;
	uint64_t off;
	uint64_t len;
	uint8_t data[];
};

/*
 * Shared by test and daemon. The test sets the first part while the daemon is
 * not using its disk; the daemon writes the log.
 */
struct disk {
	/* What the test is about to ask for */
	uint64_t tag;
	/* The next sync posts @held and waits for @go */
	uint32_t hold_sync;
	/*
	 * At operation number @park, counted from 1, the daemon posts @held and
	 * stays there for ever: before it, or after it if it is an answer of a
	 * database; or within it if it is a write and
	 * @park_inside is set. 0: never.
	 */
	uint32_t park;
	uint32_t park_inside;
	/* errno of every sync, write or read from now on, or 0 */
	int fail_sync;
	int fail_write;
	int fail_read;
	/* Syncs are written down, not done: for tests that kill, but keep power */
	uint32_t no_sync;
	/* Not of the disk: a system call that the next sync makes before, or 0 */
	long forbidden;
	long arguments[6];
	int forbidden_errno;
	sem_t held;
	sem_t go;

	uint32_t ops;
	uint64_t log_len;
	uint8_t log[];
};

/* The test's side */

/* A disk for the next daemon that start_on_disk() starts, with 128 KiB to keep */
struct disk *disk_new(void);
void disk_free(struct disk *disk);
void start_on_disk(struct daemon *d);
/* The same with another option */
void start_on_disk_with(struct daemon *d, const char *option,
			const char *value);
/* What does that, for LD_PRELOAD of other programs; in static memory */
const char *disk_preload(void);
void disk_wait_held(struct disk *disk);

/* The sync that is held fails, that of what undoes it does not */
void disk_fail_held_sync(struct disk *disk);

/* Contents of the files, by name; no data means no file */
struct disk_image {
	struct disk_file {
		uint8_t *data;
		size_t len;
		int exists;
	} files[DISK_NAMES];
};

/* What is in the working directory, and back into it */
void disk_image_load(struct disk_image *image);
void disk_image_store(const struct disk_image *image);
void disk_image_free(struct disk_image *image);
bool disk_image_same(const struct disk_image *a, const struct disk_image *b);

/*
 * What a disk that began as @before may hold if power fails when @len bytes of
 * the log had been written; random() decides what of the unsynced part is there.
 */
void disk_cut(const struct disk *disk, const struct disk_image *before,
	      uint64_t len, struct disk_image *after);

/* Where the log ends so far */
uint64_t disk_log_end(const struct disk *disk);

/* How often something was synced */
unsigned int disk_syncs(const struct disk *disk);

/* The places in the log that follow @at: true if there is one, which is then @at */
bool disk_next_place(const struct disk *disk, uint64_t *at);

/* A place in the log, after any of its records or at its beginning */
uint64_t disk_random_place(const struct disk *disk);

/*
 * Where in the log the guest was notified with @tag: its end if that has not
 * been written down yet
 */
uint64_t disk_notified(const struct disk *disk, uint64_t tag);

#endif /* DISK_H */
