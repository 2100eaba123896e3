// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bytes.h"
#include "log.h"
#include "tcp_connection.h"

void tcp_connection_open(struct tcp_connection *connection, int fd)
{
	connection->fd = fd;
	connection->failed = false;
	connection->received = 0;
	connection->out = NULL;
	connection->out_len = 0;
}

void tcp_connection_close(struct tcp_connection *connection)
{
	close(connection->fd);
	connection->fd = -1;
	free(connection->out);
	connection->out = NULL;
}

/* The header first, which says how much there is */
static size_t wanted(const struct tcp_connection *connection)
{
	const struct tcp_header *header = &connection->pdu.header;

	if (connection->received < sizeof(*header))
		return sizeof(*header);
	return le32toh(header->plen);
}

/* After an error: it is of no interest what else comes, but when it ends */
static bool drop(struct tcp_connection *connection)
{
	uint8_t rest[4096];
	ssize_t got = recv(connection->fd, rest, sizeof(rest), MSG_DONTWAIT);

	return got > 0 || (got < 0 && errno == EAGAIN);
}

bool tcp_connection_receive(struct tcp_connection *connection)
{
	uint8_t *to = connection->pdu.bytes + connection->received;
	struct tcp_error error;
	ssize_t got;

	if (connection->failed)
		return drop(connection);
	got = recv(connection->fd, to,
		   wanted(connection) - connection->received, MSG_DONTWAIT);
	if (got <= 0)
		return got < 0 && errno == EAGAIN;
	connection->received += got;
	if (connection->received != sizeof(struct tcp_header))
		return true;
	error = tcp_check_header(&connection->pdu.header);
	if (error.fes)
		tcp_connection_fail(connection, error);
	return true;
}

union tcp_pdu *tcp_connection_pdu(struct tcp_connection *connection)
{
	if (connection->failed || connection->received < wanted(connection))
		return NULL;
	connection->received = 0;
	return &connection->pdu;
}

bool tcp_connection_flush(struct tcp_connection *connection)
{
	ssize_t sent;

	if (!connection->out_len)
		return true;
	sent = send(connection->fd, connection->out, connection->out_len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0)
		return errno == EAGAIN;
	connection->out_len -= sent;
	memmove(connection->out, connection->out + sent, connection->out_len);
	if (connection->failed && !connection->out_len)
		shutdown(connection->fd, SHUT_WR);
	return true;
}

static void append(struct tcp_connection *connection, const void *bytes,
		   size_t len)
{
	if (len)
		memcpy(connection->out + connection->out_len, bytes, len);
	connection->out_len += len;
}

void tcp_connection_send(struct tcp_connection *connection,
			 struct tcp_header *header, const void *data,
			 size_t len)
{
	uint8_t *out;

	if (connection->failed)
		return;
	out = realloc(connection->out,
		      connection->out_len + header->hlen + len);
	if (!out) {
		log_line("out of memory: a connection ends");
		shutdown(connection->fd, SHUT_RDWR);
		return;
	}
	connection->out = out;
	header->plen = htole32(header->hlen + len);
	if (len)
		header->pdo = header->hlen;
	append(connection, header, header->hlen);
	append(connection, data, len);
}

void tcp_connection_fail(struct tcp_connection *connection,
			 struct tcp_error error)
{
	const struct tcp_header *wrong = &connection->pdu.header;
	struct tcp_term term = {
		.header = { .type = TCP_C2H_TERM, .hlen = sizeof(term) },
		.fes = htole16(error.fes),
	};

	put_le32(term.fei, error.fei);
	tcp_connection_send(connection, &term.header, wrong, sizeof(*wrong));
	connection->failed = true;
}
