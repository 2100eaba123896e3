// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "commit.h"
#include "log.h"

static void post(int fd)
{
	const uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) < 0)
		log_line("eventfd: %s", strerror(errno));
}

static void take(int fd)
{
	uint64_t count;

	while (read(fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

static enum hardware_fate commit(void *arg)
{
	struct committer *committer = arg;
	const struct note *note = committer->has_note ? &committer->note : NULL;

	if (!ledger_commit(committer->ledger, committer->from, &committer->to,
			   note))
		_exit(EXIT_FAILURE);
	return hardware_write(committer->hw, &committer->to);
}

void commit_expect_written(enum hardware_fate fate)
{
	switch (fate) {
	case HARDWARE_WRITTEN:
		return;
	case HARDWARE_OTHER_WRITER:
		log_line("somebody else writes to the hardware with its key: find out who,"
			 " before you start this again");
		_exit(EXIT_OTHER_WRITER);
	case HARDWARE_FAILED:
		log_line("cannot write to the hardware; the next start will go on from here");
		_exit(EXIT_FAILURE);
	}
}

static void *work(void *arg)
{
	struct committer *committer = arg;

	for (;;) {
		take(committer->go);
		if (committer->quit)
			return NULL;
		commit_expect_written(committer->job(committer->arg));
		post(committer->done);
	}
}

bool commit_start(struct committer *committer, struct ledger *ledger,
		  struct hardware *hw)
{
	int err;

	*committer = (struct committer) {
		.ledger = ledger,
		.hw = hw,
		.go = eventfd(0, EFD_CLOEXEC),
		.done = eventfd(0, EFD_CLOEXEC),
	};
	err = committer->go < 0 || committer->done < 0 ? errno :
	      pthread_create(&committer->thread, NULL, work, committer);
	if (err)
		log_line("cannot start a thread: %s", strerror(err));
	return !err;
}

void commit_run(struct committer *committer,
		enum hardware_fate (*job)(void *arg), void *arg)
{
	committer->job = job;
	committer->arg = arg;
	committer->busy = true;
	post(committer->go);
}

void commit_begin(struct committer *committer, const struct table *from)
{
	committer->from = from;
	commit_run(committer, commit, committer);
}

void commit_end(struct committer *committer)
{
	take(committer->done);
	committer->busy = false;
}

void commit_stop(struct committer *committer)
{
	if (committer->busy) {
		commit_end(committer);
		table_free(&committer->to);
	}
	committer->quit = true;
	post(committer->go);
	pthread_join(committer->thread, NULL);
	close(committer->go);
	close(committer->done);
}
