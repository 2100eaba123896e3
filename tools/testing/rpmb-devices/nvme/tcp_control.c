// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "tcp.h"
#include "tcp_control.h"

/* By the number of its controller */
static struct tcp_port *find_port(const struct nvme_subsystem *subsys,
				  const char *word)
{
	unsigned int id = word ? strtoul(word, NULL, 10) : 0;

	if (!id || id > subsys->nr_controllers)
		return NULL;
	return tcp_port_of(subsys->controllers[id - 1]);
}

static const char *set_link(struct tcp_port *port, enum tcp_link link)
{
	return tcp_set_link(port, link) ? NULL : "it cannot listen there";
}

const char *tcp_control_link(const struct control_device *device,
			     struct control_client *client)
{
	struct tcp_port *port = find_port(device->dev, control_word(client));
	const char *word = control_word(client);

	if (!port)
		return "no such link";
	if (word && !strcmp(word, "up"))
		return set_link(port, TCP_UP);
	if (word && !strcmp(word, "refuse"))
		return set_link(port, TCP_REFUSES);
	if (word && !strcmp(word, "hole"))
		return set_link(port, TCP_HOLE);
	if (!word || strcmp(word, "drop"))
		return "up, refuse, hole or drop";
	tcp_drop(port);
	return NULL;
}

const char *tcp_control_ports(const struct control_device *device,
			      struct control_client *client)
{
	const struct nvme_subsystem *subsys = device->dev;
	unsigned int i;

	for (i = 0; i < subsys->nr_controllers; i++) {
		const struct tcp_port *port =
			tcp_port_of(subsys->controllers[i]);

		if (port)
			control_say(client, "port%u %u\n", i + 1, port->number);
	}
	return NULL;
}
