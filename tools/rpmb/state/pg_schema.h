/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tables of a fleet
 *
 * rpmb_devices has a row for each device that there is or was. Its epoch and its token
 * say who may serve it: each write names both, and who takes the device over changes
 * both. rpmb_blocks has the blocks that were ever written, rpmb_log who had a device
 * when, rpmb_hosts which devices a role may serve if it may not serve all, and
 * rpmb_confirm a row for each role, see pg_schema_confirm().
 */
#ifndef PG_SCHEMA_H
#define PG_SCHEMA_H

#include "pg_session.h"

#define PG_SCHEMA_VERSION 3

/*
 * Does it count what the server has said so far? A server that was replaced may answer
 * still, with what was true once; but it makes nothing durable any more. So this changes
 * a row that says nothing of any device: PG_DONE, and it counts. Each role has a row of its
 * own, so that none can keep another one waiting for it.
 */
enum pg_end pg_schema_confirm(struct pg_session *session);

/*
 * Is it the one that this program knows, and the server one that counts? Goes on to the
 * next server if this one does not; false and a log line if there is none.
 */
bool pg_schema_check(struct pg_session *session);

/* Make the tables, or make those of an older version what they are to be */
bool pg_schema_setup(struct pg_session *session);

#endif /* PG_SCHEMA_H */
