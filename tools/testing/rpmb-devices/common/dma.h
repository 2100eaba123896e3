/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine's memory, as a device sees it
 *
 * What the machine shares is mapped here; addresses are the device's, and may
 * point anywhere. Used by one thread.
 */
#ifndef DMA_H
#define DMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DMA_MAX_REGIONS 256

/* @map: NULL if the device cannot reach this memory */
struct dma_region {
	uint64_t addr;
	uint64_t size;
	bool writable;
	uint8_t *map;
};

/* @off: the machine lets the device reach nothing for now */
struct dma {
	struct dma_region regions[DMA_MAX_REGIONS];
	unsigned int nr;
	bool off;
};

/*
 * Add a region: @size bytes at @offset of the file @fd, which stays the caller's;
 * with @fd -1 one that cannot be reached. Returns 0 or an errno.
 */
int dma_map(struct dma *dma, const struct dma_region *region, int fd,
	    uint64_t offset);

/* Forget exactly this region; 0 or an errno */
int dma_unmap(struct dma *dma, uint64_t addr, uint64_t size);

void dma_unmap_all(struct dma *dma);

/* Copy; false if not all of it is memory, then part of it may be done */
bool dma_read(const struct dma *dma, uint64_t addr, void *to, size_t len);
bool dma_write(const struct dma *dma, uint64_t addr, const void *from,
	       size_t len);

#endif /* DMA_H */
