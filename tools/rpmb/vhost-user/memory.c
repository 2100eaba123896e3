// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "log.h"
#include "memory.h"

void copy_once(void *dst, const void *src, size_t len)
{
	memcpy(dst, src, len);
	atomic_signal_fence(memory_order_seq_cst);
}

static bool region_sane(const struct memory_region *region)
{
	uint64_t end;

	if (region->size &&
	    !__builtin_add_overflow(region->guest_addr, region->size, &end) &&
	    !__builtin_add_overflow(region->user_addr, region->size, &end))
		return true;
	log_line("memory region of %#" PRIx64 " bytes at %#" PRIx64
		 " wraps around", region->size, region->guest_addr);
	return false;
}

static bool map_region(struct memory_mapping *mapping,
		       const struct memory_region *region, int fd)
{
	mapping->region = *region;
	return region_sane(region) &&
	       shared_map(&mapping->shared, "memory region", fd,
			  region->mmap_offset, region->size);
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
	while (memory->nr)
		shared_unmap(&memory->mappings[--memory->nr].shared);
}

static const struct memory_mapping *find_user(const struct memory *memory,
					      uint64_t addr, uint64_t len)
{
	unsigned int i;

	for (i = 0; i < memory->nr; i++) {
		const struct memory_mapping *m = &memory->mappings[i];
		uint64_t offset = addr - m->region.user_addr;

		if (addr >= m->region.user_addr && offset < m->region.size &&
		    len <= m->region.size - offset)
			return m;
	}
	return NULL;
}

void *memory_user(const struct memory *memory, uint64_t addr, uint64_t len)
{
	const struct memory_mapping *m = find_user(memory, addr, len);

	return m ? m->shared.host + (addr - m->region.user_addr) : NULL;
}

bool memory_logged(const struct memory *memory)
{
	unsigned int i;

	for (i = 0; i < memory->nr; i++) {
		const struct memory_region *r = &memory->mappings[i].region;

		if (!dirty_covers(&memory->dirty, r->guest_addr, r->size))
			return false;
	}
	return true;
}

void memory_mark_user(const struct memory *memory, uint64_t addr, uint64_t len)
{
	const struct memory_mapping *m = find_user(memory, addr, len);

	if (m)
		dirty_mark(&memory->dirty, m->region.guest_addr +
					   (addr - m->region.user_addr), len);
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
		return m->shared.host + offset;
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
		if (memory->dirty.all)
			dirty_mark(&memory->dirty, addr, n);
	}
	return true;
}
