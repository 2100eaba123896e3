// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "shared.h"

/* If that fails, the status still says that something did */
static void put_text(const char *text)
{
	ssize_t n = write(STDERR_FILENO, text, strlen(text));

	(void)n;
}

static void on_sigbus(int sig)
{
	(void)sig;
	put_text(program_invocation_short_name);
	put_text(": shared memory was cut short, giving up\n");
	_exit(EXIT_FAILURE);
}

void shared_catch_sigbus(void)
{
	const struct sigaction action = { .sa_handler = on_sigbus };

	sigaction(SIGBUS, &action, NULL);
}

/* Huge pages can be mapped and unmapped only as a whole */
static uint64_t map_granule(const struct stat *file)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	uint64_t block = file->st_blksize;

	return block > page && !(block & (block - 1)) ? block : page;
}

static bool lies_in(const struct stat *file, uint64_t offset, uint64_t size)
{
	uint64_t end;

	return !__builtin_add_overflow(offset, size, &end) &&
	       file->st_size >= 0 && end <= (uint64_t)file->st_size;
}

bool shared_map(struct shared *shared, const char *what, int fd,
		uint64_t offset, uint64_t size)
{
	uint64_t granule, start;
	struct stat file;

	if (fstat(fd, &file)) {
		log_line("%s: %s", what, strerror(errno));
		return false;
	}
	if (!lies_in(&file, offset, size)) {
		log_line("%s of %#" PRIx64 " bytes at offset %#" PRIx64
			 " lies beyond its file of %#jx bytes", what, size,
			 offset, (uintmax_t)file.st_size);
		return false;
	}
	granule = map_granule(&file);
	start = offset & ~(granule - 1);
	shared->map_len = (offset - start + size + granule - 1) &
			  ~(granule - 1);
	shared->map = mmap(NULL, shared->map_len, PROT_READ | PROT_WRITE,
			   MAP_SHARED, fd, start);
	if (shared->map == MAP_FAILED) {
		log_line("%s: %s", what, strerror(errno));
		return false;
	}
	shared->host = (uint8_t *)shared->map + offset - start;
	return true;
}

void shared_unmap(struct shared *shared)
{
	munmap(shared->map, shared->map_len);
}
