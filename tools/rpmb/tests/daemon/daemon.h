/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon under test as a process
 */
#ifndef DAEMON_H
#define DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

/* Bound of every wait for something that must happen */
#define WAIT_MS 300000

#define SOCKET "socket"
#define STATE "state"
#define METRICS "metrics.prom"

/*
 * The file with the daemon's messages is in the working directory. A daemon does
 * not outlive its test.
 */
struct daemon {
	pid_t pid;
	int pidfd;
};

/*
 * Start the daemon of $RPMB_DAEMON with the given arguments, up to a NULL; the
 * environment gets @preload as LD_PRELOAD unless it is NULL.
 */
void daemon_exec(struct daemon *d, const char *preload,
		 const char *const args[]);

/* The same with the program that another variable names */
void daemon_exec_other(struct daemon *d, const char *variable,
		       const char *preload, const char *const args[]);

/* Those that are started from now on have this anchor's socket; NULL for none */
void daemon_use_anchor(const char *path);

/* They have this partition's socket, and no state; NULL for none */
void daemon_use_partition(const char *path);

/* Start it on SOCKET and STATE with further options, up to a NULL */
#define daemon_start(d, ...) daemon_start_args(d, NULL, \
	(const char *const []){ __VA_ARGS__, NULL })
void daemon_start_args(struct daemon *d, const char *preload,
		       const char *const options[]);

/* The same on another socket */
void daemon_start_at(struct daemon *d, const char *preload, const char *socket,
		     const char *const options[]);

/*
 * What it keeps its state in: STATE, or with $RPMB_DATABASE a device of that database,
 * which is another one from daemon_new_device() on
 */
const char *daemon_state(void);
void daemon_new_device(void);

/* Is it still there? */
bool daemon_alive(const struct daemon *d);

/* Wait until it has ended, return the status of wait() */
int daemon_wait(struct daemon *d);

/* kill -9 and wait */
void daemon_kill(struct daemon *d);

/* SIGTERM and wait; the test fails unless the daemon exits with 0 */
void daemon_stop(struct daemon *d);

/* All that daemons have said in this test, in static memory */
const char *daemon_messages(void);

/* Wait until one has said that: what it waits for has begun */
void daemon_wait_for_words(const char *words);

/* Only what they say from now on counts */
void daemon_forget_messages(void);

/* The same as notes, after a failure */
void daemon_show_messages(void);

/* What the file of metrics says by this name, if it is of that device */
double daemon_metric(const char *name, const char *device);

/* Kill what still runs; with $RPMB_END_GENTLY after giving it time to end itself */
void daemon_end_all(void);

#endif /* DAEMON_H */
