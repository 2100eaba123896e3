/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tables of a fleet
 *
 * rpmb_devices has a row for each device that there is or was. Its epoch and its token
 * say who may serve it: each write names both, and who takes the device over changes
 * both. rpmb_blocks has the blocks that were ever written, rpmb_log who had a device
 * when, rpmb_hosts which devices a role may serve if it may not serve all.
 */
#ifndef PG_SCHEMA_H
#define PG_SCHEMA_H

#include "pg_session.h"

#define PG_SCHEMA_VERSION 1

/* Is it the one that this program knows? False and a log line if not. */
bool pg_schema_check(struct pg_session *session);

/* Make the tables, or make those of an older version what they are to be */
bool pg_schema_setup(struct pg_session *session);

#endif /* PG_SCHEMA_H */
