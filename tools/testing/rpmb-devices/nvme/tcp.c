// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "tcp.h"

#define BACKLOG TCP_MAX_CONNECTIONS
#define ON (&(int){ 1 })

enum { FD_LISTENER, FD_QUEUES };

/* A socket with this number, or with any if it is 0; -1 and a log line on failure */
static int bind_port(uint16_t number)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(number),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	/* What wanted to connect may have gone before it is accepted */
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 &&
	    !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, ON, sizeof(int)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, ON, sizeof(int)) &&
	    !bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	log_line("port %u: %s", number, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool start_listening(struct tcp_port *port)
{
	port->listener = bind_port(port->number);
	if (port->listener >= 0 && !listen(port->listener, BACKLOG))
		return true;
	log_line("port %u: %s", port->number, strerror(errno));
	return false;
}

static void stop_listening(struct tcp_port *port)
{
	if (port->listener >= 0)
		close(port->listener);
	port->listener = -1;
}

void tcp_drop(struct tcp_port *port)
{
	struct tcp_queue *queue;

	for (queue = port->queues; queue < port->queues + TCP_MAX_CONNECTIONS;
	     queue++)
		if (queue->connection.fd >= 0)
			tcp_queue_close(queue);
}

bool tcp_set_link(struct tcp_port *port, enum tcp_link link)
{
	if (link == TCP_REFUSES || port->link == TCP_HOLE) {
		stop_listening(port);
		tcp_drop(port);
	}
	port->link = link;
	return link == TCP_REFUSES || port->listener >= 0 ||
	       start_listening(port);
}

/* The removed controller is not there for those who come anew */
static void accept_queue(struct tcp_port *port)
{
	int fd = accept4(port->listener, NULL, NULL, SOCK_CLOEXEC);
	struct tcp_queue *queue = port->queues;

	if (fd < 0)
		return;
	while (queue < port->queues + TCP_MAX_CONNECTIONS &&
	       queue->connection.fd >= 0)
		queue++;
	if (port->ctrl.removed ||
	    queue == port->queues + TCP_MAX_CONNECTIONS) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, ON, sizeof(int));
	tcp_queue_open(queue, fd, &port->association);
}

/* Another queue may have ended the association, and with it this one */
static void serve_queue(struct tcp_queue *queue)
{
	struct tcp_connection *connection = &queue->connection;
	const union tcp_pdu *pdu;

	if (connection->out_len) {
		if (!tcp_connection_flush(connection))
			tcp_queue_close(queue);
		return;
	}
	if (!tcp_connection_receive(connection)) {
		tcp_queue_close(queue);
		return;
	}
	pdu = tcp_connection_pdu(connection);
	if (pdu)
		tcp_queue_handle(queue, pdu);
}

static void prepare(void *dev, struct pollfd *fds)
{
	struct tcp_port *port = dev;
	bool hole = port->link == TCP_HOLE;
	int i;

	fds[FD_LISTENER] = (struct pollfd) {
		.fd = hole ? -1 : port->listener,
		.events = POLLIN,
	};
	for (i = 0; i < TCP_MAX_CONNECTIONS; i++) {
		const struct tcp_connection *connection;

		connection = &port->queues[i].connection;
		fds[FD_QUEUES + i] = (struct pollfd) {
			.fd = hole ? -1 : connection->fd,
			.events = connection->out_len ? POLLOUT : POLLIN,
		};
	}
}

static void serve_port(void *dev, const struct pollfd *fds)
{
	struct tcp_port *port = dev;
	int i;

	for (i = 0; i < TCP_MAX_CONNECTIONS; i++)
		if (fds[FD_QUEUES + i].revents &&
		    port->queues[i].connection.fd >= 0)
			serve_queue(&port->queues[i]);
	if (fds[FD_LISTENER].revents && port->listener >= 0)
		accept_queue(port);
}

static void close_port(void *dev)
{
	struct tcp_port *port = dev;

	stop_listening(port);
	tcp_drop(port);
	close(port->reserved);
}

static bool choose_number(struct tcp_port *port)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);

	port->reserved = bind_port(0);
	if (port->reserved < 0 ||
	    getsockname(port->reserved, (struct sockaddr *)&addr, &len))
		return false;
	port->number = ntohs(addr.sin_port);
	return true;
}

bool tcp_listen(struct tcp_port *port, struct nvme_subsystem *subsys,
		struct service *service)
{
	int i;

	memset(port, 0, sizeof(*port));
	port->association.ctrl = &port->ctrl;
	for (i = 0; i < TCP_MAX_CONNECTIONS; i++)
		port->queues[i].connection.fd = -1;
	*service = (struct service) {
		.dev = port,
		.nr_fds = FD_QUEUES + TCP_MAX_CONNECTIONS,
		.prepare = prepare,
		.serve = serve_port,
		.close = close_port,
	};
	return nvme_add_controller(subsys, &port->ctrl, &tcp_front_ops,
				   &port->association, true) &&
	       choose_number(port) && start_listening(port);
}

struct tcp_port *tcp_port_of(struct nvme_controller *ctrl)
{
	/* It is the first of its members */
	return ctrl->fabrics ? (struct tcp_port *)ctrl : NULL;
}
