// SPDX-License-Identifier: GPL-2.0-only
/*
 * The key that the command line names
 */
#include <stddef.h>
#include <unistd.h>

#include "key.h"
#include "secret.h"

void put_key(const uint8_t *key)
{
	if (key)
		secret_free((struct secret *)(key - offsetof(struct secret, key)));
}

/* What is wrong, if anything, and of what key that is said */
static const char *take_key(const struct args *args, struct secret *secret,
			    const char **name)
{
	bool shared = args->insecure_key_file;

	if (args->key_keyring) {
		*name = args->key_keyring;
		return secret_from_keyring(secret, *name);
	}
	if (args->key_fd >= 0) {
		*name = "--key-fd";
		return secret_from_fd(secret, args->key_fd, shared);
	}
	if (is_stdio(args->key_file)) {
		*name = "stdin";
		return secret_from_fd(secret, STDIN_FILENO, shared);
	}
	*name = args->key_file;
	return secret_from_file(secret, *name, shared);
}

int get_key(const struct args *args, const uint8_t **key)
{
	struct secret *secret = secret_new();
	const char *name, *wrong;

	if (!secret)
		return complain(EXIT_OTHER, "key", "%m");
	wrong = take_key(args, secret, &name);
	if (wrong) {
		secret_free(secret);
		return complain(EXIT_KEY, name, "%s", wrong);
	}
	*key = secret->key;
	return EXIT_OK;
}
