/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A connection of NVMe over TCP: bytes become PDUs, PDUs become bytes
 *
 * What comes is read as long as all that was answered has been sent. After a fatal
 * error the host is told, and what it sends from then on is dropped until it hangs up.
 */
#ifndef NVME_TCP_CONNECTION_H
#define NVME_TCP_CONNECTION_H

#include <stdbool.h>

#include "tcp_pdu.h"

/*
 * @fd: -1 if there is none
 * @failed: a fatal error was reported
 * @received: so much of @pdu is there
 * @out: @out_len bytes to send
 */
struct tcp_connection {
	int fd;
	bool failed;
	size_t received;
	union tcp_pdu pdu;
	uint8_t *out;
	size_t out_len;
};

void tcp_connection_open(struct tcp_connection *connection, int fd);
void tcp_connection_close(struct tcp_connection *connection);

/*
 * Receive what is there of the next PDU; false if there is nobody any more. If it
 * is whole, tcp_connection_pdu() returns it, once.
 */
bool tcp_connection_receive(struct tcp_connection *connection);
union tcp_pdu *tcp_connection_pdu(struct tcp_connection *connection);

/* Send what can be sent; false if there is nobody any more */
bool tcp_connection_flush(struct tcp_connection *connection);

/* Send a PDU whose header says its type, flags and length, and @len bytes of data */
void tcp_connection_send(struct tcp_connection *connection,
			 struct tcp_header *header, const void *data,
			 size_t len);

/* Report a fatal error of the PDU that was received last */
void tcp_connection_fail(struct tcp_connection *connection,
			 struct tcp_error error);

#endif /* NVME_TCP_CONNECTION_H */
