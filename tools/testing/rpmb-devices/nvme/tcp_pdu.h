/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Protocol data units of NVMe over TCP, NVMe TCP Transport Specification 1.0;
 * numbers are little-endian
 */
#ifndef NVME_TCP_PDU_H
#define NVME_TCP_PDU_H

#include <stddef.h>
#include <stdint.h>

/* Most data in a command's capsule, and in one H2CData */
#define TCP_MAX_DATA 8192

/* Of a header in error, so much goes back */
#define TCP_MAX_TERM_DATA 128

enum tcp_type {
	TCP_ICREQ = 0x00,
	TCP_ICRESP = 0x01,
	TCP_H2C_TERM = 0x02,
	TCP_C2H_TERM = 0x03,
	TCP_COMMAND = 0x04,
	TCP_RESPONSE = 0x05,
	TCP_H2C_DATA = 0x06,
	TCP_C2H_DATA = 0x07,
	TCP_R2T = 0x09,
};

enum tcp_flags {
	TCP_DIGESTS = 1 << 0 | 1 << 1,
	TCP_LAST = 1 << 2,
};

/* Fatal errors, as C2HTermReq tells them */
enum tcp_fatal {
	TCP_FINE = 0,
	TCP_INVALID_HEADER = 0x01,
	TCP_SEQUENCE_ERROR = 0x02,
	TCP_OUT_OF_RANGE = 0x04,
	TCP_LIMIT_EXCEEDED = 0x05,
	TCP_UNSUPPORTED = 0x06,
};

/* @pdo: where the data is; @plen: length of all */
struct tcp_header {
	uint8_t type;
	uint8_t flags;
	uint8_t hlen;
	uint8_t pdo;
	uint32_t plen;
};

/* ICReq and ICResp; @max: most R2Ts, and most data of an H2CData */
struct tcp_ic {
	struct tcp_header header;
	uint16_t pfv;
	uint8_t pda;
	uint8_t digest;
	uint32_t max;
	uint8_t reserved[112];
};

/* H2CTermReq and C2HTermReq; @fei: which field, by its offset */
struct tcp_term {
	struct tcp_header header;
	uint16_t fes;
	uint8_t fei[4];
	uint8_t reserved[10];
};

struct tcp_command {
	struct tcp_header header;
	uint8_t sqe[64];
};

struct tcp_response {
	struct tcp_header header;
	uint8_t cqe[16];
};

/* H2CData, C2HData and R2T */
struct tcp_data {
	struct tcp_header header;
	uint16_t cccid;
	uint16_t ttag;
	uint32_t offset;
	uint32_t len;
	uint32_t reserved;
};

/* What comes from a host */
union tcp_pdu {
	struct tcp_header header;
	struct tcp_ic ic;
	struct tcp_term term;
	struct tcp_command command;
	struct tcp_data data;
	uint8_t bytes[sizeof(struct tcp_command) + TCP_MAX_DATA];
};

/* @fei: what of the PDU is wrong, as an offset, or what TCP_UNSUPPORTED is about */
struct tcp_error {
	enum tcp_fatal fes;
	uint32_t fei;
};

/*
 * Whether a host may send such a header. If so, all of the PDU fits into a union
 * tcp_pdu, and its data begins behind its header.
 */
struct tcp_error tcp_check_header(const struct tcp_header *header);

/* Bytes of data behind the header of a PDU that was found right */
uint32_t tcp_data_len(const struct tcp_header *header);

#endif /* NVME_TCP_PDU_H */
