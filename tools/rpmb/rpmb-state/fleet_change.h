/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A change of a device that is no write of its own: it ends the epoch that was looked at
 */
#ifndef FLEET_CHANGE_H
#define FLEET_CHANGE_H

#include "commands.h"
#include "pg_device.h"

/*
 * Who had it has it no more, and the log says what was done. That all columns change in the
 * statement that names the epoch makes sure that nobody comes between. It has $1 to $3 for
 * itself, and returns PG_ROW if it was done.
 */
#define CHANGE(set, event)						\
	"WITH held AS (UPDATE rpmb_devices SET epoch = epoch + 1,"	\
	" owner = NULL, token = NULL, ticket = NULL" set		\
	" WHERE guid = $1 AND epoch = $2 AND NOT retired RETURNING *),"	\
	" logged AS (INSERT INTO rpmb_log"				\
	" (guid, epoch, event, owner, counter)"				\
	" SELECT guid, epoch, '" event "', $3, counter FROM held)"	\
	" SELECT " PG_ROW " FROM held"

/* A session for a device, in a database that is as it is to be */
bool change_begin(struct pg_device *dev, const struct arguments *args);

/* Look at it; false and a log line if there is none */
bool change_find(struct pg_device *dev);

/*
 * Run a CHANGE() on the device and the epoch looked at, with the parameters from $4 on in
 * @more if it has any, after which @dev has the epoch and counter of then; false and a log
 * line if the row is another one by now
 */
bool change_run(struct pg_device *dev, const struct pg_statement *change,
		const struct pg_values *more);

/* End a transaction that begins with a CHANGE(): it is done if @ok, else nothing is */
bool change_end(struct pg_device *dev, bool ok);

#endif /* FLEET_CHANGE_H */
