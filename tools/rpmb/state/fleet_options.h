/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Options of programs whose state may be in the database of a fleet
 */
#ifndef FLEET_OPTIONS_H
#define FLEET_OPTIONS_H

#include <argp.h>

#include "state.h"

/* A child parser, whose input is the struct state_config that it fills in */
extern const struct argp fleet_argp;

#endif /* FLEET_OPTIONS_H */
