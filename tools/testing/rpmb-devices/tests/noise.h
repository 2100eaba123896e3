/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rubbish for a device, the same at each run
 */
#ifndef NOISE_H
#define NOISE_H

#include <stdint.h>

/* Xorshift: any number but 0 */
static inline uint32_t noise(void)
{
	static uint32_t state = 20261121;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

#endif /* NOISE_H */
