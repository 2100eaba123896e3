/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state in a database as who looks after it sees it
 */
#ifndef POSTGRES_H
#define POSTGRES_H

#include "state.h"

/*
 * Of a state that was opened as incoming: from now on everything that is read is of one
 * moment, whoever goes on writing. False and a log line if that is not possible.
 */
bool postgres_freeze(struct state *state);

#endif /* POSTGRES_H */
