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

bool change_find(struct pg_device *dev)
{
	bool found;

	if (pg_device_look(dev, &found) != PG_DONE)
		return false;
	if (!found)
		log_line("%s: there is no such device", dev->session.name);
	return found;
}

/* Another reason is in the log already */
static void say_why(struct pg_device *dev, enum pg_change what)
{
	if (what == PG_DOUBTFUL)
		log_line("%s: it may have been done, see inspect",
			 dev->session.name);
	if (what != PG_OTHERS)
		return;
	log_line("%s: somebody was faster, nothing was done",
		 dev->session.name);
	pg_device_blame(dev);
}

bool change_run(struct pg_device *dev, const struct pg_statement *change,
		const struct pg_values *more)
{
	struct pg_values values = {};
	enum pg_change what;
	char epoch[24];

	if (more)
		values = *more;
	snprintf(epoch, sizeof(epoch), "%" PRId64, dev->row.epoch);
	values.value[0] = dev->text;
	values.value[1] = epoch;
	values.value[2] = dev->owner;
	what = pg_device_change(dev, change, &values);
	if (what != PG_CHANGED)
		say_why(dev, what);
	return what == PG_CHANGED;
}

bool change_end(struct pg_device *dev, bool ok)
{
	enum pg_end end = pg_run_end(&dev->session, ok);

	if (ok && end == PG_UNKNOWN)
		say_why(dev, PG_DOUBTFUL);
	return ok && end == PG_DONE;
}
