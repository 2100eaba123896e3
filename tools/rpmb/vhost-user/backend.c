// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>

#include "backend.h"
#include "ring.h"

void backend_init(struct backend *backend)
{
	unsigned int i;

	backend->request_fd = -1;
	backend->memory.dirty.event = -1;
	for (i = 0; i < backend->nr_rings; i++)
		ring_init(&backend->rings[i], backend);
}

void backend_reset(struct backend *backend)
{
	unsigned int i;

	for (i = 0; i < backend->nr_rings; i++)
		ring_reset(&backend->rings[i]);
	if (backend->request_fd >= 0)
		close(backend->request_fd);
	backend->request_fd = -1;
	backend->features = 0;
	memory_clear(&backend->memory);
	dirty_reset(&backend->memory.dirty);
}
