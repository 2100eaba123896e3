/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys that are kept where others can read them, wrapped with AES-256-GCM
 */
#ifndef SEAL_H
#define SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEAL_KEY_LEN 32

/* As its bytes are */
struct sealed {
	uint8_t nonce[12];
	uint8_t key[SEAL_KEY_LEN];
	uint8_t tag[16];
};

/*
 * Wrap @key under @with; it is bound to what is in @also, which is not changed. False
 * if there are no random numbers.
 */
bool seal(struct sealed *to, const uint8_t with[SEAL_KEY_LEN],
	  const void *also, size_t also_len, const uint8_t key[SEAL_KEY_LEN]);

/* False if it is not genuine, or not that of @also */
bool unseal(const struct sealed *from, const uint8_t with[SEAL_KEY_LEN],
	    const void *also, size_t also_len, uint8_t key[SEAL_KEY_LEN]);

#endif /* SEAL_H */
