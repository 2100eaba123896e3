/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UFS_SCSI_H
#define UFS_SCSI_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

enum scsi_opcode {
	TEST_UNIT_READY = 0x00,
	REQUEST_SENSE = 0x03,
	INQUIRY = 0x12,
	START_STOP_UNIT = 0x1b,
	READ_CAPACITY_10 = 0x25,
	READ_10 = 0x28,
	WRITE_10 = 0x2a,
	SYNCHRONIZE_CACHE_10 = 0x35,
	MODE_SENSE_10 = 0x5a,
	READ_16 = 0x88,
	WRITE_16 = 0x8a,
	SERVICE_ACTION_IN_16 = 0x9e,
	REPORT_LUNS = 0xa0,
	SECURITY_PROTOCOL_IN = 0xa2,
	SECURITY_PROTOCOL_OUT = 0xb5,
};

static inline uint32_t get_cdb32(const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return be32toh(value);
}

static inline void put_be32(uint8_t *to, uint32_t value)
{
	value = htobe32(value);
	memcpy(to, &value, sizeof(value));
}

#endif /* UFS_SCSI_H */
