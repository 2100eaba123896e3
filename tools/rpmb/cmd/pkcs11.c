// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys on PKCS#11 tokens
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#include "pkcs11.h"

/* Bytes of the longest PIN, and of a template that an URI makes */
#define PIN_LEN 255
#define ATTRIBUTES 16

struct pin {
	char text[PIN_LEN + 1];
	size_t len;
};

/* A session with the token that has the key */
struct token {
	P11KitUri *uri;
	CK_FUNCTION_LIST_PTR_PTR modules;
	CK_FUNCTION_LIST_PTR module;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session;
};

/* Words for those errors for which p11-kit has none to the point */
static const char *pkcs11_error(CK_RV rv)
{
	switch (rv) {
	case CKR_PIN_INCORRECT:
		return "the PIN is wrong; after a few such ones the token locks itself";
	case CKR_USER_NOT_LOGGED_IN:
		return "the token wants a PIN; add ?pin-source=file:PATH to the URI";
	case CKR_KEY_FUNCTION_NOT_PERMITTED:
	case CKR_KEY_TYPE_INCONSISTENT:
		return "the token's key is not one to sign with by HMAC-SHA256";
	case CKR_MECHANISM_INVALID:
		return "the token does not have HMAC-SHA256";
	default:
		return p11_kit_strerror(rv);
	}
}

/* All that there is, up to one byte more than a PIN has */
static const char *read_text(int fd, struct pin *pin)
{
	ssize_t len;

	do {
		len = read(fd, pin->text + pin->len, PIN_LEN + 1 - pin->len);
		if (len < 0)
			return strerror(errno);
		pin->len += len;
	} while (len && pin->len <= PIN_LEN);
	return pin->len > PIN_LEN ? "the PIN is too long" : NULL;
}

/* As with a key: nobody else's, and without the line end that an editor adds */
static const char *read_pin(int fd, struct pin *pin)
{
	const char *wrong;
	struct stat st;

	if (fstat(fd, &st))
		return strerror(errno);
	if (S_ISREG(st.st_mode) && st.st_mode & 077)
		return "others can read the PIN; chmod 600 its file";
	wrong = read_text(fd, pin);
	if (wrong)
		return wrong;
	pin->text[pin->len] = '\0';
	pin->len = strcspn(pin->text, "\r\n");
	return NULL;
}

static const char *get_pin(P11KitUri *uri, struct pin *pin)
{
	const char *source = p11_kit_uri_get_pin_source(uri), *wrong;
	int fd;

	if (p11_kit_uri_get_pin_value(uri))
		return "all can see a PIN on the command line; use pin-source=file:PATH";
	if (!source)
		return NULL;
	if (!strncmp(source, "file:", strlen("file:")))
		source += strlen("file:");
	fd = open(source, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return "the PIN's file cannot be opened";
	wrong = read_pin(fd, pin);
	close(fd);
	return wrong;
}

/* p11-kit need not have words for it */
static const char *loading_error(void)
{
	return p11_kit_message() ?: "the token's module cannot be used";
}

/* That of the URI, or all that the system is set up for */
static const char *load_modules(struct token *token)
{
	const char *path = p11_kit_uri_get_module_path(token->uri);
	CK_FUNCTION_LIST_PTR module;

	if (!path) {
		token->modules = p11_kit_modules_load_and_initialize(0);
		return token->modules ? NULL : loading_error();
	}
	module = p11_kit_module_load(path, 0);
	if (!module)
		return loading_error();
	token->modules = calloc(2, sizeof(*token->modules));
	if (!token->modules)
		return rpmb_strerror(RPMB_ERR_MEMORY);
	token->modules[0] = module;
	return p11_kit_modules_initialize(token->modules, NULL) == CKR_OK ?
	       NULL : loading_error();
}

static bool is_module(P11KitUri *uri, CK_FUNCTION_LIST_PTR module)
{
	CK_INFO info;

	return module->C_GetInfo(&info) == CKR_OK &&
	       p11_kit_uri_match_module_info(uri, &info);
}

static bool is_slot(P11KitUri *uri, CK_FUNCTION_LIST_PTR module,
		    CK_SLOT_ID slot)
{
	CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(uri);
	CK_TOKEN_INFO token;
	CK_SLOT_INFO info;

	if (wanted != (CK_SLOT_ID)-1 && wanted != slot)
		return false;
	return module->C_GetSlotInfo(slot, &info) == CKR_OK &&
	       p11_kit_uri_match_slot_info(uri, &info) &&
	       module->C_GetTokenInfo(slot, &token) == CKR_OK &&
	       p11_kit_uri_match_token_info(uri, &token);
}

/* Tokens come and go, so there may be more than there were; to be freed */
static CK_SLOT_ID *list_slots(CK_FUNCTION_LIST_PTR module, CK_ULONG *nr)
{
	CK_SLOT_ID *slots = NULL, *more;
	CK_RV rv;

	do {
		rv = module->C_GetSlotList(CK_TRUE, NULL, nr);
		if (rv != CKR_OK)
			break;
		more = reallocarray(slots, *nr + 1, sizeof(*slots));
		if (!more) {
			rv = CKR_HOST_MEMORY;
			break;
		}
		slots = more;
		rv = module->C_GetSlotList(CK_TRUE, slots, nr);
	} while (rv == CKR_BUFFER_TOO_SMALL);
	if (rv != CKR_OK)
		*nr = 0;
	return slots;
}

/* How many slots of a module have a token of the URI; the last one is taken */
static unsigned int find_slots(struct token *token, CK_FUNCTION_LIST_PTR module)
{
	CK_ULONG nr = 0, i;
	CK_SLOT_ID *slots;
	unsigned int found = 0;

	if (!is_module(token->uri, module))
		return 0;
	slots = list_slots(module, &nr);
	for (i = 0; i < nr; i++)
		if (is_slot(token->uri, module, slots[i])) {
			token->module = module;
			token->slot = slots[i];
			found++;
		}
	free(slots);
	return found;
}

/* The one token that the URI is true of: another one might have such a key, too */
static const char *find_token(struct token *token)
{
	CK_FUNCTION_LIST_PTR_PTR module;
	unsigned int found = 0;
	CK_RV rv;

	for (module = token->modules; *module; module++)
		found += find_slots(token, *module);
	if (!found)
		return "there is no such token";
	if (found > 1)
		return "there are several such tokens; say more in the URI";
	rv = token->module->C_OpenSession(token->slot, CKF_SERIAL_SESSION, NULL,
					  NULL, &token->session);
	return rv == CKR_OK ? NULL : pkcs11_error(rv);
}

static const char *login(struct token *token)
{
	struct pin pin = { .len = 0 };
	const char *wrong = get_pin(token->uri, &pin);
	CK_RV rv = CKR_OK;

	if (!wrong && pin.len)
		rv = token->module->C_Login(token->session, CKU_USER,
					    (CK_UTF8CHAR *)pin.text, pin.len);
	explicit_bzero(&pin, sizeof(pin));
	if (wrong || rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
		return wrong;
	return pkcs11_error(rv);
}

/* The one secret key that the URI is true of */
static const char *find_key(struct token *token, CK_OBJECT_HANDLE *key)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_ATTRIBUTE template[ATTRIBUTES + 1], *attributes;
	CK_OBJECT_HANDLE keys[2];
	CK_ULONG nr, nr_keys = 0;
	CK_RV rv;

	attributes = p11_kit_uri_get_attributes(token->uri, &nr);
	if (nr > ATTRIBUTES)
		return "the URI says too much";
	memcpy(template, attributes, nr * sizeof(*template));
	template[nr] = (CK_ATTRIBUTE) { CKA_CLASS, &class, sizeof(class) };
	rv = token->module->C_FindObjectsInit(token->session, template, nr + 1);
	if (rv == CKR_OK)
		rv = token->module->C_FindObjects(token->session, keys, 2,
						  &nr_keys);
	token->module->C_FindObjectsFinal(token->session);
	if (rv != CKR_OK)
		return pkcs11_error(rv);
	*key = keys[0];
	if (!nr_keys)
		return "the token has no such key, or none without ?pin-source=file:PATH";
	if (nr_keys > 1)
		return "the token has several such keys; say more in the URI";
	return NULL;
}

static const char *sign(struct token *token, CK_OBJECT_HANDLE key,
			const uint8_t *message, size_t len, uint8_t *mac)
{
	CK_MECHANISM mechanism = { CKM_SHA256_HMAC, NULL, 0 };
	CK_ULONG mac_len = LIBRPMB_KEY_LEN;
	CK_RV rv;

	rv = token->module->C_SignInit(token->session, &mechanism, key);
	if (rv == CKR_OK)
		rv = token->module->C_Sign(token->session, (CK_BYTE *)message,
					   len, mac, &mac_len);
	if (rv != CKR_OK)
		return pkcs11_error(rv);
	return mac_len == LIBRPMB_KEY_LEN ? NULL :
	       "the token's answer has another length";
}

static const char *hmac_by_token(struct token *token, const uint8_t *message,
				 size_t len, uint8_t *mac)
{
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	const char *wrong;

	wrong = load_modules(token) ?: find_token(token) ?: login(token) ?:
		find_key(token, &key);
	return wrong ?: sign(token, key, message, len, mac);
}

const char *pkcs11_hmac(const char *uri, const uint8_t *message, size_t len,
			uint8_t mac[LIBRPMB_KEY_LEN])
{
	struct token token = { .uri = p11_kit_uri_new() };
	static char text[256];
	const char *wrong;

	if (p11_kit_uri_parse(uri, P11_KIT_URI_FOR_ANY, token.uri))
		wrong = "not a URI of RFC 7512 that names a key";
	else
		wrong = hmac_by_token(&token, message, len, mac);
	if (wrong)
		snprintf(text, sizeof(text), "%s", wrong);
	if (token.session)
		token.module->C_CloseSession(token.session);
	if (token.modules)
		p11_kit_modules_finalize_and_release(token.modules);
	p11_kit_uri_free(token.uri);
	return wrong ? text : NULL;
}
