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

static void say(const struct control_client *client, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Who does not read the answer does not get it */
static void say(const struct control_client *client, const char *format, ...)
{
	char text[CONTROL_MAX_LINE];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (send(client->fd, text, len, MSG_NOSIGNAL) != len)
		shutdown(client->fd, SHUT_RDWR);
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
static bool parse_option(struct fault *fault, char *option)
{
	char *value = strchr(option, '=');
	uint32_t number;

	if (!value)
		return false;
	*value++ = '\0';
	if (!strcmp(option, "part"))
		return parse_name(value, partition_names, NR_PARTITIONS,
				  &fault->point.partition);
	if (!parse_number(value, &number))
		return false;
	if (!strcmp(option, "cmd") && number < EMMC_NR_COMMANDS)
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

static const char *arm_fault(struct sdhci *host, struct control_client *client,
			     char *rest)
{
	struct fault fault = {
		.point = { FAULT_ANY, FAULT_ANY, FAULT_ANY },
		.times = 1,
		.value = 1 << 19,	/* R1: a general or unknown error */
	};
	char *word = strtok_r(NULL, " ", &rest);
	int kind;

	(void)client;
	if (!word || !parse_name(word, fault_names, NR_FAULTS, &kind))
		return "no such fault";
	fault.kind = kind;
	while ((word = strtok_r(NULL, " ", &rest)))
		if (!parse_option(&fault, word))
			return "no such option";
	return faults_arm(&host->card->faults, &fault) ? NULL :
							  "too many faults";
}

static const char *clear(struct sdhci *host, struct control_client *client,
			 char *rest)
{
	(void)client;
	(void)rest;
	host->card->faults.nr = 0;
	return NULL;
}

static const char *release(struct sdhci *host, struct control_client *client,
			   char *rest)
{
	(void)client;
	(void)rest;
	if (!host->card->busy)
		return "the card is not busy";
	emmc_release(host->card);
	return NULL;
}

static const char *take_out(struct sdhci *host, struct control_client *client,
			    char *rest)
{
	(void)client;
	(void)rest;
	emmc_insert(host->card, false);
	return NULL;
}

static const char *put_in(struct sdhci *host, struct control_client *client,
			  char *rest)
{
	(void)client;
	(void)rest;
	emmc_insert(host->card, true);
	return NULL;
}

static void show_partitions(struct control_client *client, const char *name,
			    const uint64_t *values)
{
	int i;

	for (i = 0; i < NR_PARTITIONS; i++)
		say(client, "%s.%s %" PRIu64 "\n", name, partition_names[i],
		    values[i]);
}

static void show_numbered(struct control_client *client, const char *name,
			  const uint64_t *values, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (values[i])
			say(client, "%s%u %" PRIu64 "\n", name, i, values[i]);
}

static const char *show_stats(struct sdhci *host,
			      struct control_client *client, char *rest)
{
	const struct emmc *card = host->card;
	int i;

	(void)rest;
	say(client, "present %d\nstate %u\nbusy %d\n", card->present,
	    card->state, card->busy);
	say(client, "partition %s\nqueued %d\ncounter %" PRIu32 "\n",
	    partition_names[emmc_partition(card)],
	    card->ext_csd[EXT_CSD_CMDQ_MODE_EN],
	    card->storage->rpmb.store.counter);
	say(client, "tunings %u\nillegal %" PRIu64 "\n", host->tunings,
	    card->stats.illegal);
	show_partitions(client, "switches", card->stats.switches);
	show_partitions(client, "read", card->stats.blocks_read);
	show_partitions(client, "written", card->stats.blocks_written);
	show_numbered(client, "cmd", card->stats.commands, EMMC_NR_COMMANDS);
	show_numbered(client, "request", card->rpmb.requests,
		      sizeof(card->rpmb.requests) / sizeof(uint64_t));
	for (i = 0; i < NR_FAULTS; i++)
		if (card->faults.happened[i])
			say(client, "fault.%s %u\n", fault_names[i],
			    card->faults.happened[i]);
	return NULL;
}

static const char *reset_stats(struct sdhci *host,
			       struct control_client *client, char *rest)
{
	struct emmc *card = host->card;

	(void)client;
	(void)rest;
	memset(&card->stats, 0, sizeof(card->stats));
	memset(card->rpmb.requests, 0, sizeof(card->rpmb.requests));
	memset(card->faults.happened, 0, sizeof(card->faults.happened));
	card->nr_events = 0;
	host->tunings = 0;
	return NULL;
}

static const char *show_history(struct sdhci *host,
				struct control_client *client, char *rest)
{
	const struct emmc *card = host->card;
	uint64_t i = card->nr_events > EMMC_HISTORY ?
		     card->nr_events - EMMC_HISTORY : 0;

	(void)rest;
	for (; i < card->nr_events; i++) {
		const struct emmc_event *event;

		event = &card->history[i % EMMC_HISTORY];
		say(client, "cmd%u 0x%08" PRIx32 " %s\n", event->command,
		    event->arg, partition_names[event->partition]);
	}
	return NULL;
}

static const struct {
	const char *name;
	const char *(*run)(struct sdhci *host, struct control_client *client,
			   char *rest);
} commands[] = {
	{ "fault", arm_fault },
	{ "clear", clear },
	{ "release", release },
	{ "remove", take_out },
	{ "insert", put_in },
	{ "stats", show_stats },
	{ "reset-stats", reset_stats },
	{ "history", show_history },
};

static const char *run_command(struct control *control,
			       struct control_client *client, char *line)
{
	char *rest = NULL, *word = strtok_r(line, " ", &rest);
	unsigned int i;

	for (i = 0; word && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(word, commands[i].name))
			return commands[i].run(control->host, client, rest);
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
	sdhci_update(control->host);
	if (error)
		say(client, "error: %s\n", error);
	else
		say(client, "ok\n");
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

bool control_listen(struct control *control, struct sdhci *host,
		    const char *path)
{
	int i;

	control->host = host;
	for (i = 0; i < CONTROL_MAX_CLIENTS; i++)
		control->clients[i] = (struct control_client) { .fd = -1 };
	control->listener = unix_listen(path);
	return control->listener >= 0;
}

void control_prepare(const struct control *control,
		     struct pollfd fds[CONTROL_MAX_FDS])
{
	int i;

	for (i = 0; i < CONTROL_MAX_CLIENTS; i++)
		fds[i] = (struct pollfd) {
			.fd = control->clients[i].fd,
			.events = POLLIN,
		};
	fds[i] = (struct pollfd) { .fd = control->listener, .events = POLLIN };
}

void control_serve(struct control *control,
		   const struct pollfd fds[CONTROL_MAX_FDS])
{
	int i;

	for (i = 0; i < CONTROL_MAX_CLIENTS; i++)
		if (fds[i].fd >= 0 && fds[i].revents)
			receive(control, &control->clients[i]);
	if (fds[CONTROL_MAX_CLIENTS].revents)
		accept_client(control);
}

void control_update(struct control *control)
{
	struct control_client *client;

	for (client = control->clients;
	     client < control->clients + CONTROL_MAX_CLIENTS; client++) {
		if (client->fd < 0 || !client->waits ||
		    control->host->card->faults.nr)
			continue;
		client->waits = false;
		say(client, "ok\n");
		run_lines(control, client);
	}
}
