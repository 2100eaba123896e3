// SPDX-License-Identifier: GPL-2.0-only
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "served.h"

#define KILLS 40

void open_daemon(struct daemon *d, struct frontend *fe)
{
	daemon_start(d, served.option, served.value);
	fe_open(fe, d);
}

void close_daemon(struct daemon *d, struct frontend *fe)
{
	fe_close(fe);
	daemon_stop(d);
}

void kill_daemon(struct daemon *d, struct frontend *fe)
{
	fe_close(fe);
	daemon_kill(d);
	unlink(SOCKET);
}

void must_serve(struct model *model, bool on_its_way)
{
	struct frontend fe;
	struct daemon d;

	open_daemon(&d, &fe);
	model_check(model, &fe, on_its_way);
	model_write(model, &fe);
	close_daemon(&d, &fe);
}

struct fake *begin_serving(struct model *model, struct daemon *d,
			   struct frontend *fe)
{
	struct fake *fake = served.begin();

	model_leave_state(model, true);
	open_daemon(d, fe);
	return fake;
}

void ends_saying(struct daemon *d, const char *words)
{
	int status = daemon_wait(d);

	check(WIFEXITED(status) && WEXITSTATUS(status) == 1, "status %#x",
	      status);
	check(strstr(daemon_messages(), words), "nobody says: %s", words);
}

void stopped_while_it_waits(void)
{
	struct frontend fe;
	struct model model;
	struct daemon d;

	begin_serving(&model, &d, &fe);
	host_kill();
	model_submit(&model, &fe);
	daemon_wait_for_words("does rpmb-anchor run?");
	kill(d.pid, SIGTERM);
	check(WEXITSTATUS(daemon_wait(&d)) == 1, "not an error");
	check(!fe_used(&fe), "answered");
	fe_close(&fe);
	host_start();
	must_serve(&model, true);
}

/* The daemon, rpmb-anchor or both end in a write, at any time */
void many_kills(void)
{
	struct model model;
	struct frontend fe;
	struct daemon d;
	unsigned int i, who;

	model_seed();
	served.begin();
	model_leave_state(&model, false);
	for (i = 0; i < KILLS; i++) {
		unlink(SOCKET);
		open_daemon(&d, &fe);
		model_check(&model, &fe, true);
		model_submit(&model, &fe);
		poll(NULL, 0, random() % 4);
		who = random() % 3;
		if (who) {
			host_kill();
			host_start();
		}
		if (who == 1)
			model_answer(&model, &fe);
		else
			daemon_kill(&d);
		if (who != 1 && fe_used(&fe))
			model_answer(&model, &fe);
		fe_close(&fe);
		if (who == 1)
			daemon_kill(&d);
	}
	unlink(SOCKET);
	must_serve(&model, true);
}
