// SPDX-License-Identifier: GPL-2.0-only
/*
 * The key that the command line names
 */
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "key.h"
#include "master.h"
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

static int find_kernel_key(const char *name, int32_t *serial)
{
	const char *wrong;

	if (!secret_is_name_in_kernel(name))
		return complain(EXIT_USAGE, name,
				"a key of the kernel is a number, or TYPE:DESCRIPTION");
	wrong = secret_find_in_kernel(serial, name);
	return wrong ? complain(EXIT_KEY, name, "%s", wrong) : EXIT_OK;
}

static int get_secret(const struct args *args, const uint8_t **key)
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

static bool is_derived(const struct args *args)
{
	return args->key_file &&
	       !strncmp(args->key_file, DERIVED, strlen(DERIVED));
}

int get_derived_key(struct session *session)
{
	const struct args *args = session->args;
	struct secret *secret;
	int ret;

	if (!is_derived(args))
		return EXIT_OK;
	secret = secret_new();
	if (!secret)
		return complain(EXIT_OTHER, "key", "%m");
	ret = derive_from(session, args->key_file + strlen(DERIVED),
			  secret->key);
	if (ret)
		secret_free(secret);
	else
		session->key = secret->key;
	return ret;
}

int get_key(struct session *session)
{
	const struct args *args = session->args;

	if (is_derived(args))
		return args->device ? EXIT_OK :
		       complain(EXIT_USAGE, args->key_file,
				"a key is derived for a device, and none is named");
	if (args->kernel_key)
		return find_kernel_key(args->kernel_key, &session->kernel_key);
	return get_secret(args, &session->key);
}

int read_unsigned_counter(const struct session *session, uint32_t *counter)
{
	int ret;

	rpmb_use_kernel_key(session->rpmb, 0);
	ret = rpmb_read_counter(session->rpmb, NULL, counter);
	rpmb_use_kernel_key(session->rpmb, session->kernel_key);
	return ret;
}
