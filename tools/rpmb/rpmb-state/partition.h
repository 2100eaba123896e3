/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices in partitions of rpmb-anchor's, which makes them and removes them
 */
#ifndef PARTITION_H
#define PARTITION_H

#include "commands.h"

bool partition_inspect(const struct arguments *args);
bool partition_check(const struct arguments *args);

#endif /* PARTITION_H */
