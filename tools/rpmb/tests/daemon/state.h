/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's state, from outside
 */
#ifndef STATE_H
#define STATE_H

#include <stdint.h>

/* Run SQL on the state file while no daemon has it */
void state_sql(const char *sql);

/* Set the write counter behind the daemon's back */
void state_set_counter(uint32_t counter);

/* There is none any more: who starts next makes a new one */
void state_remove(void);

#endif /* STATE_H */
