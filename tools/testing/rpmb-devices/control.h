/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket: tests arm faults there, take the card out, and ask what it
 * has seen. README.rst has the commands.
 *
 * A command is a line; its answer is any number of lines, of which the last one
 * is "ok" or begins with "error".
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <poll.h>

#include "sdhci.h"

#define CONTROL_MAX_CLIENTS 8
#define CONTROL_MAX_LINE 256

/*
 * @fd: -1 if there is none
 * @waits: for faults to happen
 */
struct control_client {
	int fd;
	bool waits;
	size_t len;
	char line[CONTROL_MAX_LINE];
};

struct control {
	struct sdhci *host;
	int listener;
	struct control_client clients[CONTROL_MAX_CLIENTS];
};

#define CONTROL_MAX_FDS (CONTROL_MAX_CLIENTS + 1)

/* False and a log line on failure */
bool control_listen(struct control *control, struct sdhci *host,
		    const char *path);

/* What to wait for, and what to do when poll() has returned */
void control_prepare(const struct control *control,
		     struct pollfd fds[CONTROL_MAX_FDS]);
void control_serve(struct control *control,
		   const struct pollfd fds[CONTROL_MAX_FDS]);

/* Answer those who wait, if what they wait for has come about */
void control_update(struct control *control);

#endif /* CONTROL_H */
