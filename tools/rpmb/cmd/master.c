// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where masters are
 */
#include <string.h>
#include <unistd.h>

#include "derive.h"
#include "hmac.h"
#include "master.h"
#include "pkcs11.h"
#include "secret.h"

#define KEYRING "keyring:"
#define URI "pkcs11:"

/* What is signed to see whether that can be done: no key and no record is made of it */
static const char label[] = "linux-rpmb check";

static bool begins_with(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static const char *load(const char *master, bool shared, struct secret *secret)
{
	if (begins_with(master, KEYRING))
		return secret_from_keyring(secret, master + strlen(KEYRING));
	if (is_stdio(master))
		return secret_from_fd(secret, STDIN_FILENO, shared);
	return secret_from_file(secret, master, shared);
}

/* With a master that comes into memory */
static const char *hmac_here(const struct args *args, const char *master,
			     const uint8_t *message, size_t len, uint8_t *mac)
{
	struct secret *secret = secret_new();
	const char *wrong;

	if (!secret)
		return rpmb_strerror(RPMB_ERR_MEMORY);
	secret->master = true;
	secret->half = takes_half_master(find_scheme(args->scheme));
	wrong = load(master, args->insecure_key_file, secret);
	if (!wrong)
		hmac(secret->key, secret->len, message, len, mac);
	secret_free(secret);
	return wrong;
}

int master_hmac(const struct args *args, const char *master,
		const uint8_t *message, size_t len,
		uint8_t mac[LIBRPMB_KEY_LEN])
{
	const char *wrong;

	if (begins_with(master, URI))
		wrong = pkcs11_hmac(master, message, len, mac);
	else
		wrong = hmac_here(args, master, message, len, mac);
	return wrong ? complain(EXIT_KEY, master, "%s", wrong) : EXIT_OK;
}

int check_master(const struct args *args)
{
	uint8_t mac[LIBRPMB_KEY_LEN];

	return master_hmac(args, args->master, (const uint8_t *)label,
			   sizeof(label), mac);
}

int derive_from(const struct session *session, const char *master,
		uint8_t key[LIBRPMB_KEY_LEN])
{
	const struct args *args = session->args;
	struct derivation derivation;
	const char *wrong;

	wrong = make_derivation(find_scheme(args->scheme), session->info,
				args->context, &derivation);
	if (wrong)
		return complain(EXIT_USAGE, args->device, "%s", wrong);
	return master_hmac(args, master, derivation.message, derivation.len,
			   key);
}
