/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rpmb command: a command is a function that gets a session, which has what the
 * command line says, and the device and the key that it names
 */
#ifndef RPMB_CMD_H
#define RPMB_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/rpmb.h>

#include "librpmb.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Exit codes, documented in rpmb(1) */
enum exit_code {
	EXIT_OK = 0,
	EXIT_OTHER = 1,
	EXIT_USAGE = 2,
	EXIT_DEVICE = 3,
	EXIT_PERMISSION = 4,
	EXIT_KEY = 5,
	EXIT_FORGED = 6,
	EXIT_AUTHENTICATION = 7,
	EXIT_COUNTER = 8,
	EXIT_ADDRESS = 9,
	EXIT_NO_KEY = 10,
	EXIT_EXPIRED = 11,
	EXIT_REFUSED = 12,
	EXIT_UNKNOWN = 13,
	EXIT_TRANSPORT = 14,
	EXIT_INTERRUPTED = 15,
	EXIT_DIFFERENT = 16,
	EXIT_NOT_CONFIRMED = 17,
	EXIT_PARTITION = 18,
	EXIT_ANCHOR = 19,
	EXIT_WARNING = 20,
	EXIT_ERROR = 21,
};

/* A number of bytes, or of the device's blocks */
struct quantity {
	uint64_t value;
	bool blocks;
	bool given;
};

/* Enough for all settings that a configuration has */
#define MAX_OPERANDS 16

/* What the command line says */
struct args {
	const char *device;
	const char *file;
	const char *operands[MAX_OPERANDS];	/* after the device */
	unsigned int nr_operands;
	const char *kernel_key;
	const char *key_file;
	const char *key_keyring;
	int key_fd;				/* -1 if not given */
	bool insecure_key_file;
	const char *master;
	const char *scheme;
	const char *context;
	const char *devices;			/* file with a list of them */
	const char *records;			/* directory for them */
	bool despite_tee;
	const char *history;
	const char *textfile;
	bool json;
	unsigned int yes;			/* times that it was given */
	bool pad;
	unsigned int retries;
	int format;				/* -1 if not given */
	unsigned int lun;
	const char *guid;
	struct quantity offset;
	struct quantity length;
};

struct session {
	const struct args *args;
	struct rpmb *rpmb;
	const struct rpmb_info *info;
	const uint8_t *key;			/* NULL if it is the kernel's, or none is named */
	int32_t kernel_key;			/* 0 if it is not the kernel's */
};

/* A part of a device, whole blocks of it */
struct range {
	unsigned int addr;
	unsigned int blocks;
};

/* The commands; they return an exit code */
int cmd_list(const struct session *session);
int cmd_info(const struct session *session);
int cmd_program_key(const struct session *session);
int cmd_provision(const struct session *session);
int cmd_derive_key(const struct session *session);
int cmd_counter(const struct session *session);
int cmd_read(const struct session *session);
int cmd_write(const struct session *session);
int cmd_dump(const struct session *session);
int cmd_restore(const struct session *session);
int cmd_verify(const struct session *session);
int cmd_config_read(const struct session *session);
int cmd_config_write(const struct session *session);
int cmd_purge_start(const struct session *session);
int cmd_purge_status(const struct session *session);
int cmd_partition_format(const struct session *session);
int cmd_partition_list(const struct session *session);
int cmd_partition_add(const struct session *session);
int cmd_partition_reserve(const struct session *session);
int cmd_partition_remove(const struct session *session);
int cmd_partition_resize(const struct session *session);
int cmd_anchor_list(const struct session *session);
int cmd_anchor_verify(const struct session *session);
int cmd_anchor_advance(const struct session *session);
int cmd_anchor_accept(const struct session *session);
int cmd_route(const struct session *session);
int cmd_decode(const struct session *session);
int cmd_wear(const struct session *session);
int cmd_doctor(const struct session *session);
int cmd_selftest(const struct session *session);

/* Complain about @what on stderr, and return @code */
int complain(int code, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Say what librpmb's error means, and return the exit code for it */
int complain_error(const char *device, int error);

/* The same without saying anything */
int exit_code(int error);

/* The counter as the device says it to anybody, whatever key is named */
int read_unsigned_counter(const struct session *session, uint32_t *counter);

/*
 * Say what cannot be undone, and have the name of the device typed in, unless --yes
 * is given. Returns an exit code.
 */
int confirm(const struct session *session, const char *warning);

/* Ask a second time what is for good; for this there has to be a second --yes */
int confirm_again(const struct session *session);

static inline bool has_key(const struct args *args)
{
	return args->kernel_key || args->key_file || args->key_keyring ||
	       args->key_fd >= 0;
}

static inline bool is_stdio(const char *file)
{
	return file[0] == '-' && !file[1];
}

static inline unsigned long long capacity_bytes(const struct rpmb_info *info)
{
	return (unsigned long long)info->capacity * info->block_size;
}

#endif /* RPMB_CMD_H */
