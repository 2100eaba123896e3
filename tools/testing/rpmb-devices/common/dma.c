// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "dma.h"

static bool overlaps(const struct dma_region *a, const struct dma_region *b)
{
	return a->addr <= b->addr + (b->size - 1) &&
	       b->addr <= a->addr + (a->size - 1);
}

static int check_region(const struct dma *dma, const struct dma_region *region)
{
	unsigned int i;

	if (!region->size || region->addr > UINT64_MAX - (region->size - 1))
		return EINVAL;
	for (i = 0; i < dma->nr; i++)
		if (overlaps(region, &dma->regions[i]))
			return EEXIST;
	return dma->nr < DMA_MAX_REGIONS ? 0 : ENOSPC;
}

/* Beyond a file's end is no memory, only SIGBUS */
static int map_file(struct dma_region *region, int fd, uint64_t offset)
{
	struct stat file;
	uint64_t end;

	if (fstat(fd, &file))
		return errno;
	if (__builtin_add_overflow(offset, region->size, &end) ||
	    end > (uint64_t)file.st_size)
		return EINVAL;
	region->map = mmap(NULL, region->size,
			   PROT_READ | (region->writable ? PROT_WRITE : 0),
			   MAP_SHARED, fd, offset);
	return region->map == MAP_FAILED ? errno : 0;
}

int dma_map(struct dma *dma, const struct dma_region *region, int fd,
	    uint64_t offset)
{
	struct dma_region new = *region;
	int err = check_region(dma, region);

	new.map = NULL;
	if (!err && fd >= 0)
		err = map_file(&new, fd, offset);
	if (!err)
		dma->regions[dma->nr++] = new;
	return err;
}

static void drop_region(struct dma *dma, unsigned int i)
{
	if (dma->regions[i].map)
		munmap(dma->regions[i].map, dma->regions[i].size);
	dma->regions[i] = dma->regions[--dma->nr];
}

int dma_unmap(struct dma *dma, uint64_t addr, uint64_t size)
{
	unsigned int i;

	for (i = 0; i < dma->nr; i++)
		if (dma->regions[i].addr == addr &&
		    dma->regions[i].size == size) {
			drop_region(dma, i);
			return 0;
		}
	return ENOENT;
}

void dma_unmap_all(struct dma *dma)
{
	while (dma->nr)
		drop_region(dma, dma->nr - 1);
}

/* The memory at @addr, and in *@len how much of the wanted length is there */
static uint8_t *find(const struct dma *dma, uint64_t addr, size_t *len,
		     bool write)
{
	const struct dma_region *region;
	uint64_t left;

	if (dma->off)
		return NULL;
	for (region = dma->regions; region < dma->regions + dma->nr; region++) {
		if (addr < region->addr || addr - region->addr >= region->size)
			continue;
		if (!region->map || (write && !region->writable))
			return NULL;
		left = region->size - (addr - region->addr);
		if (*len > left)
			*len = left;
		return region->map + (addr - region->addr);
	}
	return NULL;
}

bool dma_read(const struct dma *dma, uint64_t addr, void *to, size_t len)
{
	uint8_t *bytes = to;

	while (len) {
		size_t part = len;
		const uint8_t *from = find(dma, addr, &part, false);

		if (!from)
			return false;
		memcpy(bytes, from, part);
		addr += part;
		bytes += part;
		len -= part;
	}
	return true;
}

bool dma_write(const struct dma *dma, uint64_t addr, const void *from,
	       size_t len)
{
	const uint8_t *bytes = from;

	while (len) {
		size_t part = len;
		uint8_t *to = find(dma, addr, &part, true);

		if (!to)
			return false;
		memcpy(to, bytes, part);
		addr += part;
		bytes += part;
		len -= part;
	}
	return true;
}
