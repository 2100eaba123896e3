// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "log.h"
#include "ticks.h"

static void prepare(void *dev, struct pollfd *fds)
{
	const struct ticks *ticks = dev;

	fds[0].fd = ticks->wanted(ticks->dev) ? ticks->fd : -1;
	fds[0].events = POLLIN;
}

static void tick(void *dev, const struct pollfd *fds)
{
	const struct ticks *ticks = dev;

	(void)fds;
	ticks->tick(ticks->dev);
}

static void end(void *dev)
{
	const struct ticks *ticks = dev;

	close(ticks->fd);
}

bool ticks_init(struct ticks *ticks, struct service *service)
{
	ticks->fd = eventfd(1, EFD_CLOEXEC);	/* readable for ever */
	if (ticks->fd < 0) {
		log_line("eventfd: %s", strerror(errno));
		return false;
	}
	*service = (struct service) {
		.dev = ticks,
		.nr_fds = 1,
		.prepare = prepare,
		.serve = tick,
		.close = end,
	};
	return true;
}
