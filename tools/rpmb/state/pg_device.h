/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The row of a device, and who may change it
 *
 * Everything that is done to a device is one statement, and thus one transaction, that
 * names the epoch and the token under which it is done. If it has changed no row
 * somebody else has the device. If nobody knows whether it was done, another epoch is
 * taken on the same row: that waits until whatever is still under way has ended, and
 * what it finds is what there is.
 */
#ifndef PG_DEVICE_H
#define PG_DEVICE_H

#include "librpmb.h"
#include "pg_session.h"
#include "seal.h"
#include "state.h"

#define PG_TOKEN_LEN 160
#define PG_BLOCK_LEN 256

/*
 * What the row has, as far as we know
 *
 * @owner, @token: of who has it; empty if nobody
 * @ticket: hexadecimal, empty if there is none
 */
struct pg_row {
	unsigned int capacity;
	bool has_dev_id;
	uint8_t dev_id[STATE_DEV_ID_LEN];
	bool has_key;
	struct sealed key;
	uint32_t counter;
	int64_t epoch;
	char owner[256];
	char token[PG_TOKEN_LEN];
	char ticket[2 * STATE_DIGEST_LEN + 1];
	bool retired;
};

/*
 * @guid: as text
 * @owner, @token: ours; the latter is a new one each time
 * @row: as it was seen last; @row.epoch is ours while we have the device
 * @tried: the highest epoch that we ever asked for
 */
struct pg_device {
	struct pg_session session;
	uint8_t guid[STATE_GUID_LEN];
	char text[LIBRPMB_GUID_TEXT];
	char owner[256];
	char token[PG_TOKEN_LEN];
	const uint8_t *wrap_key;
	struct pg_row row;
	int64_t tried;
};

/*
 * What a statement has come to: as a statement, or somebody else has the device; so it has
 * if the row is not what the statement says, and a server says so that counts
 */
enum pg_change {
	PG_CHANGED,
	PG_REFUSED,
	PG_OTHERS,
	PG_DOUBTFUL,
};

/* Begin a session for it; false and a log line if that is not possible now */
bool pg_device_begin(struct pg_device *dev, const struct state_config *config);
void pg_device_end(struct pg_device *dev);

/* Read its row; PG_FAILED, without a log line, and @found false if there is none */
enum pg_end pg_device_look(struct pg_device *dev, bool *found);

/* Make a new one; a log line, too, if there is one, or if it was not possible */
enum pg_change pg_device_create(struct pg_device *dev,
				const struct state_config *config);

/*
 * Take the next epoch after the one that was looked at, which makes the device ours; the
 * row is what it was at that moment. @event is what the log has of it.
 */
enum pg_change pg_device_take(struct pg_device *dev, const char *event);

/* Run a statement that returns PG_ROW if it has changed the row of the device to that */
#define PG_ROW "epoch, counter, encode(sealed, 'hex')"
#define PG_ROW_COLUMNS 3
enum pg_change pg_device_change(struct pg_device *dev,
				const struct pg_statement *statement,
				const struct pg_values *values);

/* When nobody knows what we did last: find out, as said above */
enum pg_change pg_device_settle(struct pg_device *dev);

/*
 * One commit of ours: the key if @key, the counter, and @nr blocks at @addrs. Without
 * any of them it finds out that the device is still ours.
 */
enum pg_change pg_device_commit(struct pg_device *dev, const struct sealed *key,
				uint32_t counter, const uint32_t *addrs,
				const uint8_t *data, uint32_t nr);

/*
 * What is there of some blocks, if the row still has the epoch, token and counter that it
 * was seen with; those that nobody wrote are zero
 */
enum pg_change pg_device_read(struct pg_device *dev,
			      const struct rpmb_blocks *blocks);

/* Record a ticket, or that we do not have it any more */
enum pg_change pg_device_suspend(struct pg_device *dev,
				 const uint8_t digest[STATE_DIGEST_LEN]);
enum pg_change pg_device_release(struct pg_device *dev);

/* Say who has it now, or had it after us */
void pg_device_blame(struct pg_device *dev);

/* May we take it from who has it, if somebody does? False and a log line if not. */
bool pg_device_may_take(const struct pg_device *dev,
			const struct state_config *config);

/* The key of the row, in clear; false and a log line if it is not one of ours */
bool pg_device_unwrap(const struct pg_device *dev, uint8_t key[RPMB_KEY_LEN]);
bool pg_device_wrap(const struct pg_device *dev,
		    const uint8_t key[RPMB_KEY_LEN], struct sealed *sealed);

#endif /* PG_DEVICE_H */
