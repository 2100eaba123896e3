/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STATE_JSON_H
#define STATE_JSON_H

#include "state.h"

/* Print the device that has this GUID, as its state has it */
void print_state(const uint8_t guid[STATE_GUID_LEN], const struct state *state);

#endif /* STATE_JSON_H */
