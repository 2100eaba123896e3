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

#include <stdbool.h>
#include <stddef.h>

#include "faults.h"
#include "serve.h"

#define CONTROL_MAX_CLIENTS 8
#define CONTROL_MAX_LINE 256

/*
 * @fd: -1 if there is none
 * @waits: for faults to happen
 * @rest: while a command runs, what follows its name in the line
 */
struct control_client {
	int fd;
	bool waits;
	char *rest;
	size_t len;
	char line[CONTROL_MAX_LINE];
};

struct control_device;

/* @run: NULL, or what is wrong */
struct control_command {
	const char *name;
	const char *(*run)(const struct control_device *device,
			   struct control_client *client);
};

/*
 * What a device has beside "fault", "clear" and "wait"
 *
 * @commands: the last one has no name
 * @update: called after each command; may be NULL
 * @fault_value: of faults that do not say it
 * @parts: names of its parts, for faults that are for one of them
 * @nr_operations: faults may be for one of so many
 */
struct control_device {
	void *dev;
	const struct control_command *commands;
	void (*update)(void *dev);
	struct faults *faults;
	const char *const *fault_names;
	unsigned int nr_faults;
	uint32_t fault_value;
	const char *const *parts;
	unsigned int nr_parts;
	unsigned int nr_operations;
};

struct control {
	const struct control_device *device;
	int listener;
	struct control_client clients[CONTROL_MAX_CLIENTS];
};

/* Listen at @path, and fill in the service; false and a log line on failure */
bool control_listen(struct control *control,
		    const struct control_device *device, const char *path,
		    struct service *service);

/* The next word behind the command's name, NULL if there is none */
char *control_word(struct control_client *client);

/* A line of the answer, or more */
void control_say(const struct control_client *client, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Those that are not 0: a name with a number and the value in each line */
void control_show_numbered(const struct control_client *client,
			   const char *name, const uint64_t *values,
			   unsigned int nr);

/* How often each fault has happened */
void control_show_faults(const struct control_client *client,
			 const struct control_device *device);

#endif /* CONTROL_H */
