// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <stdbool.h>

#include "tcp_pdu.h"

#define WRONG(field) \
	((struct tcp_error){ TCP_INVALID_HEADER, offsetof(struct tcp_header, field) })

/* What a host sends; there is none without a header */
static const struct {
	uint8_t hlen;
	uint32_t max_data;
} kinds[] = {
	[TCP_ICREQ] = { sizeof(struct tcp_ic), 0 },
	[TCP_H2C_TERM] = { sizeof(struct tcp_term), TCP_MAX_TERM_DATA },
	[TCP_COMMAND] = { sizeof(struct tcp_command), TCP_MAX_DATA },
	[TCP_H2C_DATA] = { sizeof(struct tcp_data), TCP_MAX_DATA },
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* There is an error of its own for too much data of a command */
static struct tcp_error too_long(uint8_t type)
{
	if (type == TCP_COMMAND || type == TCP_H2C_DATA)
		return (struct tcp_error){ TCP_LIMIT_EXCEEDED, 0 };
	return WRONG(plen);
}

struct tcp_error tcp_check_header(const struct tcp_header *header)
{
	uint32_t plen = le32toh(header->plen);
	uint8_t hlen;

	if (header->type >= NR_KINDS || !kinds[header->type].hlen)
		return WRONG(type);
	hlen = kinds[header->type].hlen;
	if (header->flags & TCP_DIGESTS)
		return WRONG(flags);
	if (header->hlen != hlen)
		return WRONG(hlen);
	if (plen < hlen)
		return WRONG(plen);
	if (plen - hlen > kinds[header->type].max_data)
		return too_long(header->type);
	if (plen > hlen && header->type != TCP_H2C_TERM && header->pdo != hlen)
		return WRONG(pdo);
	return (struct tcp_error){};
}

uint32_t tcp_data_len(const struct tcp_header *header)
{
	return le32toh(header->plen) - header->hlen;
}
