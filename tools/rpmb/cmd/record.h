/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records of devices that have been provisioned: a JSON file for each, and beside it the
 * HMAC of it under the master
 */
#ifndef RPMB_CMD_RECORD_H
#define RPMB_CMD_RECORD_H

#include "cmd.h"

/* A path of a record has at most so many bytes */
#define RECORD_PATH 4096

/* What there is to be told of a device */
struct record {
	const uint8_t *key;
	uint32_t counter;
	bool programmed;	/* now; else the key was there */
};

/* Can records be kept in the directory that the command line names, if any? */
int check_records(const struct args *args);

/*
 * Note durably that the key of the device, which has none, is to be programmed now. However
 * that ends, the record that is kept in the end tells it. Returns an exit code; after an
 * error the key must not be programmed.
 */
int begin_record(const struct session *session, const struct record *record);

/*
 * Keep the record of the device of the session, durably, in the directory that the command
 * line names, unless a genuine one is there, which has to be of this device and key. Sets
 * @path, to an empty one if there is an error. Returns an exit code.
 */
int keep_record(const struct session *session, const struct record *record,
		char path[RECORD_PATH]);

#endif /* RPMB_CMD_RECORD_H */
