/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RPMB_BLAKE2B_H
#define RPMB_BLAKE2B_H

#include <stddef.h>
#include <stdint.h>

#define RPMB_BLAKE2B_LEN 16

/* BLAKE2b-128 without a key, RFC 7693 */
void rpmb_blake2b(const void *message, size_t len,
		  uint8_t digest[RPMB_BLAKE2B_LEN]);

#endif /* RPMB_BLAKE2B_H */
