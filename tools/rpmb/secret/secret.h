/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys from files, file descriptors and the kernel's keyrings: 32 bytes, or 64
 * hexadecimal digits
 */
#ifndef SECRET_H
#define SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_LEN 32

/* One byte more than any text of a key has, to notice that there is more */
#define SECRET_TEXT_LEN (2 * SECRET_LEN + 2)

/* A page of its own, so that nothing else is wiped, locked and left out of dumps */
struct secret {
	uint8_t key[SECRET_LEN];
	size_t len;		/* of the key */
	bool master;		/* set by the caller, as is the next */
	bool half;		/* half the length will do, too */
	char text[SECRET_TEXT_LEN];
};

/* NULL if there is no memory */
struct secret *secret_new(void);
void secret_free(struct secret *secret);

/*
 * Each returns NULL, or what is wrong with it in words, which are valid until the next
 * call. A file that others can read is refused, unless @shared is set.
 */
const char *secret_from_fd(struct secret *secret, int fd, bool shared);
const char *secret_from_file(struct secret *secret, const char *path,
			     bool shared);
const char *secret_from_keyring(struct secret *secret, const char *name);

/* Can that be a key which stays in the kernel: a number, or TYPE:DESCRIPTION? */
bool secret_is_name_in_kernel(const char *name);

/*
 * Find such a key in the keyrings of the session and of the user, without a look at it.
 * A number is believed.
 */
const char *secret_find_in_kernel(int32_t *serial, const char *name);

#endif /* SECRET_H */
