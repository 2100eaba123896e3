// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "serve.h"

int serve_begin(void)
{
	sigset_t set;
	int fd;

	umask(077);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		log_line("signalfd: %s", strerror(errno));
	return fd;
}

static unsigned int count_fds(const struct service *services, unsigned int nr)
{
	unsigned int i, fds = 0;

	for (i = 0; i < nr; i++)
		fds += services[i].nr_fds;
	return fds;
}

static void prepare(const struct service *services, unsigned int nr,
		    struct pollfd *fds)
{
	unsigned int i;

	for (i = 0; i < nr; fds += services[i++].nr_fds)
		services[i].prepare(services[i].dev, fds);
}

static bool has_events(const struct pollfd *fds, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (fds[i].fd >= 0 && fds[i].revents)
			return true;
	return false;
}

static void serve_round(const struct service *services, unsigned int nr,
			const struct pollfd *fds)
{
	unsigned int i;

	for (i = 0; i < nr; fds += services[i++].nr_fds)
		if (has_events(fds, services[i].nr_fds))
			services[i].serve(services[i].dev, fds);
}

/* The signals come last, behind what the services wait for */
static void serve_until_signal(const struct service *services, unsigned int nr,
			       int signals, struct pollfd *fds,
			       unsigned int nr_fds)
{
	struct pollfd *stop = &fds[nr_fds];

	*stop = (struct pollfd) { .fd = signals, .events = POLLIN };
	for (;;) {
		prepare(services, nr, fds);
		if (poll(fds, nr_fds + 1, -1) < 0)
			continue;
		if (stop->revents)
			return;
		serve_round(services, nr, fds);
	}
}

bool serve(const struct service *services, unsigned int nr, int signals)
{
	unsigned int i, nr_fds = count_fds(services, nr);
	struct pollfd *fds = calloc(nr_fds + 1, sizeof(*fds));

	if (!fds) {
		log_line("out of memory");
		return false;
	}
	log_line("listening on %s", services[0].path);
	serve_until_signal(services, nr, signals, fds, nr_fds);
	for (i = 0; i < nr; i++) {
		services[i].close(services[i].dev);
		if (services[i].path)
			unlink(services[i].path);
	}
	free(fds);
	return true;
}
