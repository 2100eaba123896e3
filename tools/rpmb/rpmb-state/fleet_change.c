// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>

#include "fleet_change.h"
#include "log.h"
#include "pg_schema.h"

bool change_begin(struct pg_device *dev, const struct arguments *args)
{
	return pg_device_begin(dev, &args->state) &&
	       pg_schema_check(&dev->session);
}

bool change_run(struct pg_device *dev, const char *sql)
{
	char epoch[24];
	const struct pg_statement statement = { .sql = sql, .nr = 3 };
	const struct pg_values values = {
		.value = { dev->text, epoch, dev->owner }
	};

	snprintf(epoch, sizeof(epoch), "%" PRId64, dev->row.epoch);
	return pg_run(&dev->session, &statement, &values, NULL) == PG_DONE;
}

bool change_find(struct pg_device *dev)
{
	bool found;

	if (pg_device_look(dev, &found) != PG_DONE)
		return false;
	if (!found)
		log_line("%s: there is no such device", dev->session.name);
	return found;
}

/* Has the transaction changed the row that was looked at? */
static bool has_changed(struct pg_device *dev)
{
	int64_t epoch = dev->row.epoch;

	if (!change_find(dev))
		return false;
	if (dev->row.epoch == epoch + 1 && !*dev->row.token)
		return true;
	log_line("%s: somebody was faster", dev->session.name);
	return false;
}

bool change_end(struct pg_device *dev, bool ok)
{
	if (!ok || !has_changed(dev)) {
		pg_run_end(&dev->session, false);
		return false;
	}
	if (pg_run_end(&dev->session, true) == PG_DONE)
		return true;
	log_line("%s: it may have been done, see inspect", dev->session.name);
	return false;
}
