/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine without a processor: starts a device's program, is its vfio-user client,
 * shares memory with it, and speaks to its control socket
 *
 * Whatever does not happen within a generous time fails the test.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "tap.h"

/* Memory that the device can reach, below 4 GiB */
#define MEMORY_ADDR 0x10000000
#define MEMORY_LEN (4 * 1024 * 1024)

/* Behind it some that it can only read */
#define READ_ONLY_ADDR (MEMORY_ADDR + MEMORY_LEN)
#define READ_ONLY_LEN 0x10000

#define CARD "card"

/* More options for the program */
#define NONE ((const char *const[]) { NULL })
#define OPTIONS(...) ((const char *const[]) { __VA_ARGS__, NULL })

/*
 * @may_end: the device may end without an answer; from then on all that is read
 *	is 0
 */
struct machine {
	pid_t pid;
	bool may_end;
	bool ended;
	FILE *messages;
	int socket;
	int irq;
	int memfd;
	uint8_t *memory;
	uint16_t next_id;
};

/*
 * A device's program: @variable in the environment says where it is, and it is always
 * started with @options, which end with NULL
 */
struct machine_program {
	const char *variable;
	const char *const *options;
};

/* Instead of rpmb-emmc from now on */
void machine_use(const struct machine_program *program);

/* Start the program with these more options, which end with NULL, and connect */
void machine_start(struct machine *m, const char *const *options);

/* Start the program only, or connect to it only */
void machine_spawn(struct machine *m, const char *const *options);
void machine_connect(struct machine *m);
void machine_connect_to(struct machine *m, const char *path);
void machine_disconnect(struct machine *m);

/* Start one that does not get far: the last line that it says */
void machine_try_spawn(struct machine *m, const char *const *options,
		       char *line, size_t len);

/* End it with a signal; its wait status */
int machine_end(struct machine *m, int sig);

/* Wait for its end */
int machine_wait(struct machine *m);

/*
 * Run all tests, or those with argv[1] in their names. Each has a directory of its own,
 * and nothing of a machine is left after it. Returns the exit status.
 */
int machine_run_tests(int argc, char **argv, const struct test *tests,
		      unsigned int nr);

/*
 * Send a vfio-user message with at most one descriptor, -1 for none. Returns the
 * errno of the reply, whose payload comes back, of at most *reply_len bytes;
 * ESHUTDOWN if the device has ended, and may have.
 */
int machine_request(struct machine *m, uint16_t command, const void *payload,
		    size_t len, int fd, void *reply, size_t *reply_len);

/* Send bytes as they are, and see whether the device hangs up */
void machine_send(struct machine *m, const void *bytes, size_t len);
bool machine_hung_up(struct machine *m);

/* BAR 0 and the configuration space */
uint32_t machine_read(struct machine *m, uint32_t offset, uint32_t len);
void machine_write(struct machine *m, uint32_t offset, uint32_t len,
		   uint32_t value);
uint32_t machine_config(struct machine *m, uint32_t offset, uint32_t len);

/* May it reach the memory? It may once it is connected to */
void machine_set_master(struct machine *m, bool master);

/* Wait for an interrupt, and let the next one come */
void machine_await_irq(struct machine *m);
bool machine_has_irq(struct machine *m);
void machine_unmask_irq(struct machine *m);

/*
 * Give the device a command that has to succeed; returns what the answer says of
 * @name, 0 if nothing, with NULL 0
 */
unsigned long machine_tell(struct machine *m, const char *command,
			   const char *name);

/* Whether its answer has this line */
bool machine_says(struct machine *m, const char *command, const char *line);

/* Whether there is one at all */
bool machine_answers(struct machine *m, const char *command);

/* Give it so many times without listening, or until the device hangs up */
void machine_flood(struct machine *m, const char *line, unsigned int times);

/* How the answer ends: "ok", or the error */
const char *machine_try(struct machine *m, const char *command);

#endif /* MACHINE_H */
