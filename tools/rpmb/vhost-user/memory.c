// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "memory.h"

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

void memory_catch_sigbus(void)
{
	const struct sigaction action = { .sa_handler = on_sigbus };

	sigaction(SIGBUS, &action, NULL);
}

void copy_once(void *dst, const void *src, size_t len)
{
	memcpy(dst, src, len);
	atomic_signal_fence(memory_order_seq_cst);
}

static bool region_sane(const struct memory_region *region,
			const struct stat *file)
{
	uint64_t end;

	if (!region->size ||
	    __builtin_add_overflow(region->guest_addr, region->size, &end) ||
	    __builtin_add_overflow(region->user_addr, region->size, &end)) {
		log_line("memory region of %#" PRIx64 " bytes at %#" PRIx64
			 " wraps around", region->size, region->guest_addr);
		return false;
	}
	if (__builtin_add_overflow(region->mmap_offset, region->size, &end) ||
	    file->st_size < 0 || end > (uint64_t)file->st_size) {
		log_line("memory region of %#" PRIx64 " bytes at offset %#"
			 PRIx64 " lies beyond its file of %#jx bytes",
			 region->size, region->mmap_offset,
			 (uintmax_t)file->st_size);
		return false;
	}
	return true;
}

/* Huge pages can be mapped and unmapped only as a whole */
static uint64_t map_granule(const struct stat *file)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	uint64_t block = file->st_blksize;

	return block > page && !(block & (block - 1)) ? block : page;
}

static bool map_region(struct memory_mapping *mapping,
		       const struct memory_region *region, int fd)
{
	uint64_t granule, start;
	struct stat file;

	if (fstat(fd, &file)) {
		log_line("memory region: %s", strerror(errno));
		return false;
	}
	if (!region_sane(region, &file))
		return false;

	granule = map_granule(&file);
	start = region->mmap_offset & ~(granule - 1);
	mapping->region = *region;
	mapping->map_len = (region->mmap_offset - start + region->size +
			    granule - 1) & ~(granule - 1);
	mapping->map = mmap(NULL, mapping->map_len, PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, start);
	if (mapping->map == MAP_FAILED) {
		log_line("memory region: %s", strerror(errno));
		return false;
	}
	mapping->host = (uint8_t *)mapping->map + region->mmap_offset - start;
	return true;
}

bool memory_set(struct memory *memory, const struct memory_region *regions,
		const int *fds, unsigned int nr)
{
	memory_clear(memory);
	for (; memory->nr < nr; memory->nr++) {
		if (!map_region(&memory->mappings[memory->nr],
				&regions[memory->nr], fds[memory->nr])) {
			memory_clear(memory);
			return false;
		}
	}
	return true;
}

void memory_clear(struct memory *memory)
{
	while (memory->nr) {
		struct memory_mapping *last = &memory->mappings[--memory->nr];

		munmap(last->map, last->map_len);
	}
}

void *memory_user(const struct memory *memory, uint64_t addr, uint64_t len)
{
	unsigned int i;

	for (i = 0; i < memory->nr; i++) {
		const struct memory_mapping *m = &memory->mappings[i];
		uint64_t offset = addr - m->region.user_addr;

		if (addr >= m->region.user_addr && offset < m->region.size &&
		    len <= m->region.size - offset)
			return m->host + offset;
	}
	return NULL;
}

/* Host address of a guest address, and how many bytes there are from it on */
static uint8_t *find(const struct memory *memory, uint64_t addr, uint64_t *len)
{
	unsigned int i;

	for (i = 0; i < memory->nr; i++) {
		const struct memory_mapping *m = &memory->mappings[i];
		uint64_t offset = addr - m->region.guest_addr;

		if (addr < m->region.guest_addr || offset >= m->region.size)
			continue;
		*len = m->region.size - offset;
		return m->host + offset;
	}
	return NULL;
}

/* The next piece of @len bytes that lies in one region; NULL if there is none */
static uint8_t *piece(const struct memory *memory, uint64_t addr, uint64_t len,
		      uint64_t *piece_len)
{
	uint8_t *host = find(memory, addr, piece_len);

	if (host && *piece_len > len)
		*piece_len = len;
	return host;
}

bool memory_valid(const struct memory *memory, uint64_t addr, uint64_t len)
{
	uint64_t n;

	for (; len; addr += n, len -= n)
		if (!piece(memory, addr, len, &n))
			return false;
	return true;
}

bool memory_read(const struct memory *memory, void *dst, uint64_t addr,
		 size_t len)
{
	uint8_t *to = dst;
	uint64_t n;

	for (; len; addr += n, to += n, len -= n) {
		const uint8_t *host = piece(memory, addr, len, &n);

		if (!host)
			return false;
		copy_once(to, host, n);
	}
	return true;
}

bool memory_write(const struct memory *memory, uint64_t addr, const void *src,
		  size_t len)
{
	const uint8_t *from = src;
	uint64_t n;

	for (; len; addr += n, from += n, len -= n) {
		uint8_t *host = piece(memory, addr, len, &n);

		if (!host)
			return false;
		memcpy(host, from, n);
	}
	return true;
}
