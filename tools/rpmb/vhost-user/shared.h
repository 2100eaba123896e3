/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that a front-end shares: a part of a file, mapped
 */
#ifndef SHARED_H
#define SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shared {
	uint8_t *host;		/* where the part begins */
	void *map;		/* what mmap() gave */
	size_t map_len;
};

/* End the process with a message when shared memory loses its backing */
void shared_catch_sigbus(void);

/*
 * Map @size bytes from @offset on; false and a log line, which calls it @what, if the
 * file has no such part or cannot be mapped
 */
bool shared_map(struct shared *shared, const char *what, int fd,
		uint64_t offset, uint64_t size);
void shared_unmap(struct shared *shared);

#endif /* SHARED_H */
