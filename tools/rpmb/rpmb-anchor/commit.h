/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The thread that has the hardware. It makes a table durable, first in the ledger, then in
 * the hardware, or does something else with it, one after the other.
 *
 * It has one table at a time. What comes in the meantime goes into the next one, so
 * the more there is to do the more one write of the hardware does.
 */
#ifndef COMMIT_H
#define COMMIT_H

#include <pthread.h>

#include "hardware.h"
#include "ledger.h"

/*
 * Between commit_begin() and commit_end() all but @done is the thread's.
 *
 * @done: can be read when the thread is
 */
struct committer {
	struct ledger *ledger;
	struct hardware *hw;
	pthread_t thread;
	int go;
	int done;
	bool quit;
	bool busy;
	enum hardware_fate (*job)(void *arg);
	void *arg;
	const struct table *from;
	struct table to;
	struct note note;
	bool has_note;
};

/* False and a log line if there is no thread to be had */
bool commit_start(struct committer *committer, struct ledger *ledger,
		  struct hardware *hw);

/* Wait for what is under way, and end */
void commit_stop(struct committer *committer);

/*
 * Begin with @committer->to, which follows @from, and with the note if there is one. If
 * that fails the program ends: only another start can tell what is written.
 */
void commit_begin(struct committer *committer, const struct table *from);

/* Begin with something else; the program ends as well if the result is no success */
void commit_run(struct committer *committer,
		enum hardware_fate (*job)(void *arg), void *arg);

/* End the program, having logged why, if it is not HARDWARE_WRITTEN */
void commit_expect_written(enum hardware_fate fate);

/* To be called when @done can be read */
void commit_end(struct committer *committer);

/* The exit status when somebody else uses the hardware: a restart would not help */
#define EXIT_OTHER_WRITER 2

#endif /* COMMIT_H */
