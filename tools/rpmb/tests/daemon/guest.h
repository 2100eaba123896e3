/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What guest.c does in another way in a packed ring
 */
#ifndef GUEST_H
#define GUEST_H

#include "frontend.h"

bool has_event_index(const struct frontend *fe);

void packed_want_call(struct frontend *fe);
void packed_offer(struct frontend *fe, uint16_t head);
bool packed_wants_kick(const struct frontend *fe);
bool packed_used(const struct frontend *fe);
uint32_t packed_take_used(struct frontend *fe, uint16_t *head);

#endif /* GUEST_H */
