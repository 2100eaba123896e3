/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * UFS Protocol Information Units, JESD220G section 10; numbers are big-endian
 */
#ifndef UPIU_H
#define UPIU_H

#include <stdint.h>

#define UPIU_LEN 32
#define UPIU_MAX_DATA 256
#define UPIU_CDB_LEN 16
#define UPIU_SENSE_LEN 18

enum upiu_code {
	UPIU_NOP_OUT = 0x00,
	UPIU_COMMAND = 0x01,
	UPIU_TASK_REQUEST = 0x04,
	UPIU_QUERY_REQUEST = 0x16,
	UPIU_NOP_IN = 0x20,
	UPIU_RESPONSE = 0x21,
	UPIU_TASK_RESPONSE = 0x24,
	UPIU_QUERY_RESPONSE = 0x36,
	UPIU_CODE_MASK = 0x3f,
};

#define UPIU_UNDERFLOW 0x20

struct upiu {
	uint8_t code;
	uint8_t flags;
	uint8_t lun;
	uint8_t tag;
	uint8_t set;
	uint8_t function;
	uint8_t response;
	uint8_t status;
	uint8_t ehs_len;
	uint8_t info;
	uint16_t data_len;
	union {
		struct {
			uint32_t len;
			uint8_t cdb[UPIU_CDB_LEN];
		} command;
		struct {
			uint32_t residual;
			uint8_t reserved[16];
		} result;
		struct {
			uint8_t opcode;
			uint8_t idn;
			uint8_t index;
			uint8_t selector;
			uint16_t reserved;
			uint16_t len;
			uint32_t value;
			uint32_t reserved2;
		} query;
		struct {
			uint32_t lun;
			uint32_t tag;
			uint32_t reserved[3];
		} task;
	};
	uint8_t data[UPIU_MAX_DATA];
};

#endif /* UPIU_H */
