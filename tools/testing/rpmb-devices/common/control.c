// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "unix.h"

/* Who does not read the answer does not get it */
void control_say(const struct control_client *client, const char *format, ...)
{
	char text[CONTROL_MAX_LINE];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (send(client->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) != len)
		shutdown(client->fd, SHUT_RDWR);
}

char *control_word(struct control_client *client)
{
	return strtok_r(NULL, " ", &client->rest);
}

static bool parse_number(const char *text, uint32_t *value)
{
	unsigned long long number;
	char *end;

	number = strtoull(text, &end, 0);
	*value = number;
	return *text >= '0' && *text <= '9' && !*end && number <= UINT32_MAX;
}

static bool parse_name(const char *text, const char *const *names,
		       unsigned int nr, int *index)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!strcmp(text, names[i])) {
			*index = i;
			return true;
		}
	return false;
}

/* NAME=VALUE, as after "fault KIND" */
static bool parse_option(const struct control_device *device,
			 struct fault *fault, char *option)
{
	char *value = strchr(option, '=');
	uint32_t number;

	if (!value)
		return false;
	*value++ = '\0';
	if (!strcmp(option, "part"))
		return parse_name(value, device->parts, device->nr_parts,
				  &fault->point.partition);
	if (!parse_number(value, &number))
		return false;
	if (!strcmp(option, "cmd") && number < device->nr_operations)
		fault->point.command = number;
	else if (!strcmp(option, "type") && number <= UINT16_MAX)
		fault->point.type = number;
	else if (!strcmp(option, "skip"))
		fault->skip = number;
	else if (!strcmp(option, "times") && number)
		fault->times = number;
	else if (!strcmp(option, "value"))
		fault->value = number;
	else
		return false;
	return true;
}

static const char *arm_fault(const struct control_device *device,
			     struct control_client *client)
{
	struct fault fault = {
		.point = { FAULT_ANY, FAULT_ANY, FAULT_ANY },
		.times = 1,
		.value = device->fault_value,
	};
	char *word = control_word(client);

	if (!word || !parse_name(word, device->fault_names, device->nr_faults,
				 &fault.kind))
		return "no such fault";
	while ((word = control_word(client)))
		if (!parse_option(device, &fault, word))
			return "no such option";
	return faults_arm(device->faults, &fault) ? NULL : "too many faults";
}

void control_show_numbered(const struct control_client *client,
			   const char *name, const uint64_t *values,
			   unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (values[i])
			control_say(client, "%s%u %" PRIu64 "\n", name, i,
				    values[i]);
}

void control_show_faults(const struct control_client *client,
			 const struct control_device *device)
{
	unsigned int i;

	for (i = 0; i < device->nr_faults; i++)
		if (device->faults->happened[i])
			control_say(client, "fault.%s %u\n",
				    device->fault_names[i],
				    device->faults->happened[i]);
}

static const char *run_command(struct control *control,
			       struct control_client *client, char *line)
{
	const struct control_device *device = control->device;
	char *word = strtok_r(line, " ", &client->rest);
	const struct control_command *command;

	if (!word)
		return "no command";
	if (!strcmp(word, "fault"))
		return arm_fault(device, client);
	if (!strcmp(word, "clear")) {
		device->faults->nr = 0;
		return NULL;
	}
	for (command = device->commands; command->name; command++)
		if (!strcmp(word, command->name))
			return command->run(device, client);
	return "no such command";
}

static void run_line(struct control *control, struct control_client *client,
		     char *line)
{
	const char *error;

	client->waits = !strcmp(line, "wait");
	if (client->waits)
		return;
	error = run_command(control, client, line);
	if (control->device->update)
		control->device->update(control->device->dev);
	if (error)
		control_say(client, "error: %s\n", error);
	else
		control_say(client, "ok\n");
}

/* Not while it waits: one answer after the other */
static void run_lines(struct control *control, struct control_client *client)
{
	char *end;

	while (!client->waits &&
	       (end = memchr(client->line, '\n', client->len))) {
		char line[CONTROL_MAX_LINE];
		size_t len = end - client->line;

		memcpy(line, client->line, len);
		line[len] = '\0';
		client->len -= len + 1;
		memmove(client->line, end + 1, client->len);
		run_line(control, client, line);
	}
}

static void hang_up(struct control_client *client)
{
	close(client->fd);
	client->fd = -1;
}

/* A line that does not fit ends the conversation, too */
static void receive(struct control *control, struct control_client *client)
{
	ssize_t got = recv(client->fd, client->line + client->len,
			   sizeof(client->line) - client->len, MSG_DONTWAIT);

	if (got <= 0) {
		hang_up(client);
		return;
	}
	client->len += got;
	run_lines(control, client);
}

static void accept_client(struct control *control)
{
	int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC);
	struct control_client *client;

	for (client = control->clients;
	     client < control->clients + CONTROL_MAX_CLIENTS; client++)
		if (fd >= 0 && client->fd < 0) {
			*client = (struct control_client) { .fd = fd };
			return;
		}
	if (fd >= 0)
		close(fd);
}

/* Answer those who wait, if what they wait for has come about */
static void update(struct control *control)
{
	struct control_client *client;

	for (client = control->clients;
	     client < control->clients + CONTROL_MAX_CLIENTS; client++) {
		if (client->fd < 0 || !client->waits ||
		    control->device->faults->nr)
			continue;
		client->waits = false;
		control_say(client, "ok\n");
		run_lines(control, client);
	}
}

/* Before each wait: something may have been served since the last one */
static void prepare(void *dev, struct pollfd *fds)
{
	struct control *control = dev;
	int i;

	update(control);
	for (i = 0; i < CONTROL_MAX_CLIENTS; i++)
		fds[i] = (struct pollfd) {
			.fd = control->clients[i].fd,
			.events = POLLIN,
		};
	fds[i] = (struct pollfd) { .fd = control->listener, .events = POLLIN };
}

static void serve_clients(void *dev, const struct pollfd *fds)
{
	struct control *control = dev;
	int i;

	for (i = 0; i < CONTROL_MAX_CLIENTS; i++)
		if (fds[i].fd >= 0 && fds[i].revents)
			receive(control, &control->clients[i]);
	if (fds[CONTROL_MAX_CLIENTS].revents)
		accept_client(control);
}

static void close_all(void *dev)
{
	struct control *control = dev;
	int i;

	for (i = 0; i < CONTROL_MAX_CLIENTS; i++)
		if (control->clients[i].fd >= 0)
			hang_up(&control->clients[i]);
	close(control->listener);
}

bool control_listen(struct control *control,
		    const struct control_device *device, const char *path,
		    struct service *service)
{
	int i;

	control->device = device;
	for (i = 0; i < CONTROL_MAX_CLIENTS; i++)
		control->clients[i] = (struct control_client) { .fd = -1 };
	control->listener = unix_listen(path);
	*service = (struct service) {
		.path = path,
		.dev = control,
		.nr_fds = CONTROL_MAX_CLIENTS + 1,
		.prepare = prepare,
		.serve = serve_clients,
		.close = close_all,
	};
	return control->listener >= 0;
}
