// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a disk may hold after losing power: see disk.h
 *
 * A file's writes and truncations are pending until the file is synced, names
 * that come and go until the directory is. At a power cut what is pending may
 * have reached the disk or not: of the names a part from the first on, since file
 * systems keep their order; of the rest anything, sector by sector.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"
#include "disk.h"
#include "tap.h"

#define SECTOR 512
#define MAX_PENDING 65536

static const char *const names[] = DISK_NAME_LIST;

struct disk *disk_new(void)
{
	size_t size = sizeof(struct disk) + DISK_LOG_SIZE;
	int fd = memfd_create("disk", 0);
	struct disk *disk;
	char number[16];

	check(fd >= 0 && !ftruncate(fd, size), "%s", strerror(errno));
	disk = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check(disk != MAP_FAILED, "%s", strerror(errno));
	check(!sem_init(&disk->held, 1, 0) && !sem_init(&disk->go, 1, 0),
	      "%s", strerror(errno));
	snprintf(number, sizeof(number), "%d", fd);
	check(!setenv(DISK_FD_ENV, number, 1), "%s", strerror(errno));
	return disk;
}

void disk_free(struct disk *disk)
{
	close(atoi(getenv(DISK_FD_ENV)));
	unsetenv(DISK_FD_ENV);
	munmap(disk, sizeof(*disk) + DISK_LOG_SIZE);
}

/* Beside the test program */
const char *disk_preload(void)
{
	static char path[PATH_MAX];
	char exe[PATH_MAX - 16];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	check(len > 0, "%s", strerror(errno));
	exe[len] = 0;
	snprintf(path, sizeof(path), "%s/preload.so", dirname(exe));
	return path;
}

void start_on_disk_with(struct daemon *d, const char *option,
			const char *value)
{
	daemon_start_args(d, disk_preload(), (const char *const []){
		"--capacity", "1", option, value, NULL });
}

void start_on_disk(struct daemon *d)
{
	start_on_disk_with(d, NULL, NULL);
}

void disk_wait_held(struct disk *disk)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += WAIT_MS / 1000;
	check(!sem_clockwait(&disk->held, CLOCK_MONOTONIC, &until), "%s",
	      strerror(errno));
}

void disk_fail_held_sync(struct disk *disk)
{
	disk_wait_held(disk);
	disk->fail_sync = EIO;
	sem_post(&disk->go);
	disk_wait_held(disk);
	disk->fail_sync = 0;
	disk->hold_sync = 0;
	sem_post(&disk->go);
}

static void load_file(struct disk_file *file, const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct stat st;

	memset(file, 0, sizeof(*file));
	if (fd < 0) {
		check(errno == ENOENT, "%s: %s", name, strerror(errno));
		return;
	}
	check(!fstat(fd, &st), "%s", strerror(errno));
	file->exists = true;
	file->len = st.st_size;
	file->data = malloc(file->len + 1);
	check(file->data && read(fd, file->data, file->len) ==
	      (ssize_t)file->len, "%s", name);
	close(fd);
}

void disk_image_load(struct disk_image *image)
{
	memset(image, 0, sizeof(*image));
	for (unsigned int i = 0; i < DISK_NAMES; i++)
		load_file(&image->files[i], names[i]);
}

static void store_file(const struct disk_file *file, const char *name)
{
	int fd;

	check(!unlink(name) || errno == ENOENT, "%s", strerror(errno));
	if (!file->exists)
		return;
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	check(fd >= 0, "%s: %s", name, strerror(errno));
	check(write(fd, file->data, file->len) == (ssize_t)file->len, "%s",
	      name);
	close(fd);
}

void disk_image_store(const struct disk_image *image)
{
	for (unsigned int i = 0; i < DISK_NAMES; i++)
		store_file(&image->files[i], names[i]);
	check(!unlink(STATE "-shm") || errno == ENOENT, "%s", strerror(errno));
}

void disk_image_free(struct disk_image *image)
{
	for (unsigned int i = 0; i < DISK_NAMES; i++)
		free(image->files[i].data);
	memset(image, 0, sizeof(*image));
}

bool disk_image_same(const struct disk_image *a, const struct disk_image *b)
{
	for (unsigned int i = 0; i < DISK_NAMES; i++) {
		const struct disk_file *fa = &a->files[i], *fb = &b->files[i];

		if (fa->exists != fb->exists || fa->len != fb->len ||
		    (fa->len && memcmp(fa->data, fb->data, fa->len)))
			return false;
	}
	return true;
}

static void resize(struct disk_file *file, size_t len)
{
	uint8_t *data = realloc(file->data, len + 1);

	check(data, "no memory");
	if (len > file->len)
		memset(data + file->len, 0, len - file->len);
	file->data = data;
	file->len = len;
}

static void put(struct disk_file *file, uint64_t off, const void *data,
		size_t len)
{
	if (off + len > file->len)
		resize(file, off + len);
	memcpy(file->data + off, data, len);
}

/* How much of what is pending reaches the disk */
enum fate { NOTHING, EVERYTHING, BEGINNING, ANYTHING, FATES };

/*
 * @files: what is on the disk of each file
 * @names: 1 + the file that has the name on the disk, or 0
 * @pending: what is not on the disk for sure
 */
struct replay {
	struct disk_file files[DISK_FILES];
	unsigned int names[DISK_NAMES];
	const struct disk_record *pending[MAX_PENDING];
	unsigned int nr_pending;
};

static bool is_name(const struct disk_record *rec)
{
	return rec->op == DISK_CREATE || rec->op == DISK_LINK ||
	       rec->op == DISK_UNLINK;
}

static void apply_name(struct replay *replay, const struct disk_record *rec)
{
	replay->names[rec->name] = rec->op == DISK_UNLINK ? 0 : 1 + rec->file;
}

static void apply_whole(struct replay *replay, const struct disk_record *rec)
{
	struct disk_file *file = &replay->files[rec->file];

	if (rec->op == DISK_WRITE)
		put(file, rec->off, rec->data, rec->len);
	else
		resize(file, rec->off);
}

/* Each sector of a write may be there or not */
static void apply_sectors(struct replay *replay, const struct disk_record *rec)
{
	for (uint64_t at = 0, n; at < rec->len; at += n) {
		n = SECTOR - (rec->off + at) % SECTOR;
		if (n > rec->len - at)
			n = rec->len - at;
		if (random() & 1)
			put(&replay->files[rec->file], rec->off + at,
			    rec->data + at, n);
	}
}

static void apply_some(struct replay *replay, const struct disk_record *rec)
{
	if (rec->op == DISK_WRITE)
		apply_sectors(replay, rec);
	else if (random() & 1)
		apply_whole(replay, rec);
}

static bool settles(const struct disk_record *sync,
		    const struct disk_record *rec)
{
	if (is_name(rec))
		return sync->op == DISK_SYNC_DIR;
	return sync->op == DISK_SYNC && sync->file == rec->file;
}

/* What @sync is about is on the disk from now on */
static void settle(struct replay *replay, const struct disk_record *sync)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < replay->nr_pending; i++) {
		const struct disk_record *rec = replay->pending[i];

		if (!settles(sync, rec))
			replay->pending[kept++] = rec;
		else if (is_name(rec))
			apply_name(replay, rec);
		else
			apply_whole(replay, rec);
	}
	replay->nr_pending = kept;
}

static void replay_one(struct replay *replay, const struct disk_record *rec)
{
	if (rec->op == DISK_NOTIFY)
		return;
	if (rec->op == DISK_SYNC || rec->op == DISK_SYNC_DIR) {
		settle(replay, rec);
		return;
	}
	check(replay->nr_pending < MAX_PENDING, "too much is not synced");
	replay->pending[replay->nr_pending++] = rec;
}

/* Power fails: what is pending meets its fate */
static void cut_names(struct replay *replay, enum fate fate)
{
	bool lost = fate == NOTHING;

	for (unsigned int i = 0; i < replay->nr_pending && !lost; i++) {
		if (!is_name(replay->pending[i]))
			continue;
		lost = fate != EVERYTHING && !(random() & 3);
		if (!lost)
			apply_name(replay, replay->pending[i]);
	}
}

static void cut_data(struct replay *replay, enum fate fate)
{
	unsigned int nr = replay->nr_pending;

	if (fate == NOTHING)
		return;
	if (fate == BEGINNING)
		nr = random() % (nr + 1);
	for (unsigned int i = 0; i < nr; i++) {
		if (is_name(replay->pending[i]))
			continue;
		if (fate == ANYTHING)
			apply_some(replay, replay->pending[i]);
		else
			apply_whole(replay, replay->pending[i]);
	}
}

static void copy_file(struct disk_file *to, const struct disk_file *from)
{
	memset(to, 0, sizeof(*to));
	to->exists = true;
	if (from->len)
		put(to, 0, from->data, from->len);
}

static void begin_replay(struct replay *replay, const struct disk_image *before)
{
	memset(replay, 0, sizeof(*replay));
	for (unsigned int i = 0; i < DISK_NAMES; i++) {
		if (!before->files[i].exists)
			continue;
		copy_file(&replay->files[i], &before->files[i]);
		replay->names[i] = 1 + i;
	}
}

static void end_replay(struct replay *replay, struct disk_image *after)
{
	memset(after, 0, sizeof(*after));
	for (unsigned int i = 0; i < DISK_NAMES; i++)
		if (replay->names[i])
			copy_file(&after->files[i],
				  &replay->files[replay->names[i] - 1]);
	for (unsigned int i = 0; i < DISK_FILES; i++)
		free(replay->files[i].data);
}

static const struct disk_record *next_record(const struct disk *disk,
					     uint64_t *at)
{
	const struct disk_record *rec = (const void *)(disk->log + *at);

	*at += (sizeof(*rec) + (rec->op == DISK_WRITE ? rec->len : 0) + 7) &
	       ~7UL;
	return rec;
}

void disk_cut(const struct disk *disk, const struct disk_image *before,
	      uint64_t len, struct disk_image *after)
{
	enum fate fate = random() % FATES;
	static struct replay replay;

	begin_replay(&replay, before);
	for (uint64_t at = 0; at < len;)
		replay_one(&replay, next_record(disk, &at));
	cut_names(&replay, fate);
	cut_data(&replay, fate);
	end_replay(&replay, after);
}

uint64_t disk_log_end(const struct disk *disk)
{
	return __atomic_load_n(&disk->log_len, __ATOMIC_ACQUIRE);
}

unsigned int disk_syncs(const struct disk *disk)
{
	uint64_t end = disk_log_end(disk);
	unsigned int syncs = 0;

	for (uint64_t at = 0; at < end;)
		syncs += next_record(disk, &at)->op == DISK_SYNC;
	return syncs;
}

bool disk_next_place(const struct disk *disk, uint64_t *at)
{
	if (*at >= disk->log_len)
		return false;
	next_record(disk, at);
	return true;
}

uint64_t disk_random_place(const struct disk *disk)
{
	unsigned int records = 0, n;
	uint64_t at = 0;

	while (at < disk->log_len) {
		next_record(disk, &at);
		records++;
	}
	at = 0;
	for (n = random() % (records + 1); n; n--)
		next_record(disk, &at);
	return at;
}

uint64_t disk_notified(const struct disk *disk, uint64_t tag)
{
	uint64_t end = disk_log_end(disk);

	for (uint64_t at = 0; at < end;) {
		const struct disk_record *rec = next_record(disk, &at);

		if (rec->op == DISK_NOTIFY && rec->off == tag)
			return at;
	}
	return end;
}
