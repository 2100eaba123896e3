/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rpmb command
 */
#ifndef RPMB_CMD_H
#define RPMB_CMD_H

#include <stdbool.h>
#include <stdint.h>

#include "librpmb.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Exit codes, documented in rpmb(1) */
enum exit_code {
	EXIT_OK = 0,
	EXIT_OTHER = 1,
	EXIT_USAGE = 2,
	EXIT_DEVICE = 3,
	EXIT_PERMISSION = 4,
	EXIT_KEY_FILE = 5,
	EXIT_FORGED = 6,
	EXIT_AUTHENTICATION = 7,
	EXIT_COUNTER = 8,
	EXIT_ADDRESS = 9,
	EXIT_NO_KEY = 10,
	EXIT_EXPIRED = 11,
	EXIT_REFUSED = 12,
	EXIT_UNKNOWN = 13,
	EXIT_TRANSPORT = 14,
};

/* A number of bytes, or of the device's blocks */
struct quantity {
	uint64_t value;
	bool blocks;
	bool given;
};

/* What the command line says */
struct args {
	const char *device;
	const char *file;
	const char *key_file;
	bool insecure_key_file;
	bool yes;
	bool pad;
	struct quantity offset;
	struct quantity length;
};

/* A part of a device, whole blocks of it */
struct range {
	unsigned int addr;
	unsigned int blocks;
};

/* The subcommands; they return an exit code */
int cmd_list(const struct args *args);
int cmd_info(const struct args *args);
int cmd_program_key(const struct args *args);
int cmd_counter(const struct args *args);
int cmd_read(const struct args *args);
int cmd_write(const struct args *args);

/* Complain about @what on stderr, and return @code */
int complain(int code, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Say what librpmb's error means, and return the exit code for it */
int complain_error(const char *device, int error);

/* Read a key of 32 bytes, raw or in hexadecimal; the caller wipes it */
int read_key(const struct args *args, uint8_t key[LIBRPMB_KEY_LEN]);

/* Read the key, if one is named, then open the device */
int open_device(const struct args *args, int flags, struct rpmb **rpmb,
		uint8_t key[LIBRPMB_KEY_LEN]);

/* Whole blocks around @len bytes at @offset, both already in bytes */
int find_range(const struct args *args, const struct rpmb_info *info,
	       uint64_t offset, uint64_t len, struct range *range);

uint64_t quantity_bytes(const struct quantity *quantity,
			const struct rpmb_info *info);

/* Show progress on a terminal, if it takes long */
void show_progress(struct rpmb *rpmb, const char *verb);

#endif /* RPMB_CMD_H */
