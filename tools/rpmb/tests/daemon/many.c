// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many guests, each with a daemon of its own
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "anchor-client.h"
#include "many.h"
#include "tap.h"

void many_open(struct many *guest, unsigned int i)
{
	const char *kind = guest->anchored ? "" : "plain-";
	char state[24];

	snprintf(guest->socket, sizeof(guest->socket), "%ssocket-%u", kind, i);
	snprintf(state, sizeof(state), "%sstate-%u", kind, i);
	daemon_exec(&guest->daemon, NULL, (const char *const []) {
		"--socket", guest->socket, "--state", state,
		"--capacity", "1", guest->anchored ? "--anchor" : NULL,
		socket_of(i), NULL
	});
	fe_open_at(&guest->fe, &guest->daemon, guest->socket);
}

/* Each guest has some for itself */
static void want_files(void)
{
	struct rlimit limit;

	check(!getrlimit(RLIMIT_NOFILE, &limit), "RLIMIT_NOFILE");
	limit.rlim_cur = limit.rlim_max;
	check(!setrlimit(RLIMIT_NOFILE, &limit), "RLIMIT_NOFILE");
}

struct many *many_start(unsigned int nr, bool anchored)
{
	struct many *guests = calloc(nr, sizeof(*guests));
	unsigned int i;

	check(guests, "no memory");
	want_files();
	for (i = 0; i < nr; i++) {
		guests[i].anchored = anchored;
		many_open(&guests[i], i);
		must_program_key(&guests[i].fe);
	}
	return guests;
}

void many_write(struct many *guests, unsigned int nr, unsigned int writes)
{
	struct pollfd calls[MANY_MOST];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		calls[i] = (struct pollfd) {
			.fd = guests[i].fe.call, .events = POLLIN
		};
		model_submit(&guests[i].model, &guests[i].fe);
	}
	while (writes) {
		check(poll(calls, nr, WAIT_MS) > 0, "nobody is answered");
		for (i = 0; i < nr && writes; i++) {
			if (!fe_used(&guests[i].fe))
				continue;
			model_answer(&guests[i].model, &guests[i].fe);
			writes--;
			if (writes)
				model_submit(&guests[i].model, &guests[i].fe);
		}
	}
}

void many_kill(struct many *guest)
{
	fe_close(&guest->fe);
	daemon_kill(&guest->daemon);
}
