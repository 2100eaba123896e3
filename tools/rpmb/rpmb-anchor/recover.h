/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RECOVER_H
#define RECOVER_H

#include "hardware.h"

/*
 * Compare the table that the ledger has with the block that the hardware has, and make
 * the block that of the table, if it is, or is that of the table before: the ledger is
 * written first, so the hardware may be one step behind, never ahead.
 *
 * The block is written even if it is right already: what somebody held back of earlier
 * writes is signed for a counter that has passed then, and can never come any more.
 *
 * False and a log line if anything else is found.
 */
bool recover(struct hardware *hw, const struct table *table);

#endif /* RECOVER_H */
