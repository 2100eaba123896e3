// SPDX-License-Identifier: GPL-2.0-only
/*
 * What makes of vhost-user-rpmb a device whose responses can be wrong; see Makefile. Two
 * bytes of the file that $RPMB_FORGE names say what is wrong with one response, as in
 * area.h, and to which type of request. They are 0 when that was given.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "area.h"
#include "forge.h"

struct order {
	uint8_t lie;
	uint8_t type;
};

static struct order *order;
static struct area area;

/* Before the program confines itself */
__attribute__((constructor)) static void find_order(void)
{
	const char *name = getenv("RPMB_FORGE");
	int fd = name ? open(name, O_RDWR | O_CLOEXEC) : -1;

	order = mmap(NULL, sizeof(*order), PROT_READ | PROT_WRITE, MAP_SHARED,
		     fd, 0);
	if (order == MAP_FAILED) {
		perror("RPMB_FORGE");
		_exit(EXIT_FAILURE);
	}
	close(fd);
}

/* The answer to a result read has the type of what it is the result of */
static uint32_t take_lie(const struct rpmb_engine *engine)
{
	uint8_t type = order->type == RPMB_RESULT_READ ? RPMB_WRITE_DATA :
							 order->type;
	uint32_t lie = order->lie;

	if (!engine->ready || engine->response.type != type << 8)
		return AREA_HONEST;
	*order = (struct order) {};
	return lie;
}

size_t __wrap_rpmb_engine_response(struct rpmb_engine *engine, void *frames,
				   size_t len)
{
	if (engine == &area.engine)
		return __real_rpmb_engine_response(engine, frames, len);
	area.engine = *engine;
	len = area_respond(&area, frames, len, take_lie(engine));
	*engine = area.engine;
	return len;
}
