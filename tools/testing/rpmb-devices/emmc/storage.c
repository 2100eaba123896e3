// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>
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

static bool open_partitions(struct storage *storage, const char *directory)
{
	bool ok = true;
	int i;

	for (i = PARTITION_USER; ok && i <= PARTITION_BOOT1; i++) {
		storage->fds[i] =
			directory_open_file(directory, partition_names[i],
					    (uint64_t)storage->sectors[i] *
					    SECTOR_LEN);
		ok = storage->fds[i] >= 0;
	}
	return ok;
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
	return directory_make(config->directory) &&
	       open_partitions(storage, config->directory) &&
	       directory_open_state(config->directory,
				    partition_names[PARTITION_RPMB],
				    config->rpmb_mult, &storage->rpmb,
				    storage->rpmb_path);
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
