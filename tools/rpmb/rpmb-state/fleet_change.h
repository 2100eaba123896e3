/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A change of a device that is no write of its own: a transaction that ends the epoch that
 * was looked at
 */
#ifndef FLEET_CHANGE_H
#define FLEET_CHANGE_H

#include "commands.h"
#include "pg_device.h"

/*
 * Who had it has it no more, and the log says what was done. That it is one statement with
 * the row makes sure that nobody comes between.
 */
#define CHANGE(set, event)						\
	"WITH held AS (UPDATE rpmb_devices SET epoch = epoch + 1,"	\
	" owner = NULL, token = NULL, ticket = NULL" set		\
	" WHERE guid = $1 AND epoch = $2 AND NOT retired RETURNING *)"	\
	" INSERT INTO rpmb_log (guid, epoch, event, owner, counter)"	\
	" SELECT guid, epoch, '" event "', $3, counter FROM held"

/* A session for a device, in a database that is as it is to be */
bool change_begin(struct pg_device *dev, const struct arguments *args);

/* Look at it; false and a log line if there is none */
bool change_find(struct pg_device *dev);

/* Run a statement that is part of a transaction, on the device and the epoch looked at */
bool change_run(struct pg_device *dev, const char *sql);

/* End the transaction: it is done if @ok, and if one of its parts was a CHANGE() */
bool change_end(struct pg_device *dev, bool ok);

#endif /* FLEET_CHANGE_H */
