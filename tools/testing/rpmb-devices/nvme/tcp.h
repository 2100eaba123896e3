/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * NVMe over TCP: each controller of a subsystem at a port of its own, on 127.0.0.1
 *
 * A controller serves one host at a time. Its connections are an association, which
 * begins with the admin queue's and ends with that, or when a host connects to the admin
 * queue anew; then the controller is reset, and what it had to do is dropped. A queue for
 * I/O goes alone: Linux, as it disconnects, hangs up on those first, and then waits for
 * the controller's shutdown. Left out: digests, TLS, discovery, authentication, alignment of data.
 * Nobody is hung up on for not keeping alive.
 */
#ifndef NVME_TCP_H
#define NVME_TCP_H

#include "serve.h"
#include "tcp_queue.h"

#define TCP_MAX_CONNECTIONS 16

/* What the link to a controller does */
enum tcp_link {
	TCP_UP,
	TCP_REFUSES,	/* nobody is connected, and nobody can connect */
	TCP_HOLE,	/* what is connected stays, but nothing comes or goes */
};

/*
 * A controller, and how it is reached
 *
 * @number: where it listens
 * @reserved: a socket with this number, which never listens: it is ours as long as
 *	the link refuses
 * @listener: -1 while it does
 */
struct tcp_port {
	struct nvme_controller ctrl;
	struct tcp_association association;
	enum tcp_link link;
	uint16_t number;
	int reserved;
	int listener;
	struct tcp_queue queues[TCP_MAX_CONNECTIONS];
};

/*
 * Add a controller to the subsystem, choose a port, listen there, and fill in the
 * service; false and a log line on failure
 */
bool tcp_listen(struct tcp_port *port, struct nvme_subsystem *subsys,
		struct service *service);

/* The port of a controller, NULL if it is not reached over TCP */
struct tcp_port *tcp_port_of(struct nvme_controller *ctrl);

/* Hang up on all who are connected */
void tcp_drop(struct tcp_port *port);

/*
 * Change the link. What was sent into a hole has not come: when a hole ends, who was
 * connected is hung up on. False and a log line if it cannot listen again.
 */
bool tcp_set_link(struct tcp_port *port, enum tcp_link link);

#endif /* NVME_TCP_H */
