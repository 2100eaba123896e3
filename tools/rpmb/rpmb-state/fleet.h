/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands on states in a database
 */
#ifndef FLEET_H
#define FLEET_H

#include "commands.h"

bool fleet_setup(const struct arguments *args);
bool fleet_list(const struct arguments *args);
bool fleet_create(const struct arguments *args);
bool fleet_inspect(const struct arguments *args);
bool fleet_check(const struct arguments *args);
bool fleet_backup(const struct arguments *args);
bool fleet_accept(const struct arguments *args);
bool fleet_rewrap(const struct arguments *args);
bool fleet_retire(const struct arguments *args);

#endif /* FLEET_H */
