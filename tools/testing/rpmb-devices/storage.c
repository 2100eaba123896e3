// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "storage.h"

#define SECTORS_PER_UNIT (128 * 1024 / SECTOR_LEN)

const char *const partition_names[NR_PARTITIONS] = {
	[PARTITION_USER] = "user",
	[PARTITION_BOOT0] = "boot0",
	[PARTITION_BOOT1] = "boot1",
	[PARTITION_RPMB] = "rpmb",
};

static bool failed(enum partition partition, const char *what)
{
	log_line("%s: cannot %s: %s", partition_names[partition], what,
		 strerror(errno));
	return false;
}

/* A file keeps its content; only its size follows what was asked for */
static bool open_partition(struct storage *storage, int directory,
			   enum partition partition)
{
	int fd = openat(directory, partition_names[partition],
			O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	storage->fds[partition] = fd;
	return fd >= 0 &&
	       !ftruncate(fd, (off_t)storage->sectors[partition] * SECTOR_LEN);
}

static bool open_partitions(struct storage *storage, const char *path)
{
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = directory >= 0;
	int i;

	for (i = PARTITION_USER; ok && i <= PARTITION_BOOT1; i++)
		ok = open_partition(storage, directory, i) ||
		     failed(i, "open");
	if (directory >= 0)
		close(directory);
	return ok;
}

/* The state keeps a pointer to its name for as long as it is open */
static bool open_rpmb(struct storage *storage,
		      const struct storage_config *config)
{
	static char name[PATH_MAX];
	struct state_config state = {
		.name = name,
		.capacity = config->rpmb_mult,
	};

	if (snprintf(name, sizeof(name), "%s/%s", config->directory,
		     partition_names[PARTITION_RPMB]) >= (int)sizeof(name)) {
		log_line("%s: name too long", config->directory);
		return false;
	}
	return state_open(&storage->rpmb, &state);
}

bool storage_open(struct storage *storage, const struct storage_config *config)
{
	int i;

	memset(storage, 0, sizeof(*storage));
	for (i = 0; i < NR_PARTITIONS; i++)
		storage->fds[i] = -1;
	storage->sectors[PARTITION_USER] = config->sectors;
	storage->sectors[PARTITION_BOOT0] = config->boot_mult *
					    SECTORS_PER_UNIT;
	storage->sectors[PARTITION_BOOT1] = storage->sectors[PARTITION_BOOT0];
	if (mkdir(config->directory, 0700) && errno != EEXIST) {
		log_line("%s: %s", config->directory, strerror(errno));
		return false;
	}
	return open_partitions(storage, config->directory) &&
	       open_rpmb(storage, config);
}

bool storage_close(struct storage *storage)
{
	int i;

	for (i = 0; i < NR_PARTITIONS; i++)
		if (storage->fds[i] >= 0)
			close(storage->fds[i]);
	return state_close(&storage->rpmb);
}

bool storage_read(struct storage *storage, enum partition partition,
		  uint32_t sector, void *to)
{
	return pread(storage->fds[partition], to, SECTOR_LEN,
		     (off_t)sector * SECTOR_LEN) == SECTOR_LEN ||
	       failed(partition, "read");
}

bool storage_write(struct storage *storage, enum partition partition,
		   uint32_t sector, const void *from)
{
	return pwrite(storage->fds[partition], from, SECTOR_LEN,
		      (off_t)sector * SECTOR_LEN) == SECTOR_LEN ||
	       failed(partition, "write");
}

bool storage_erase(struct storage *storage, enum partition partition,
		   uint32_t sector, uint32_t nr)
{
	return !fallocate(storage->fds[partition],
			  FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  (off_t)sector * SECTOR_LEN,
			  (off_t)nr * SECTOR_LEN) ||
	       failed(partition, "erase");
}

bool storage_sync(struct storage *storage)
{
	int i;

	for (i = PARTITION_USER; i <= PARTITION_BOOT1; i++)
		if (fdatasync(storage->fds[i]))
			return failed(i, "sync");
	return true;
}
