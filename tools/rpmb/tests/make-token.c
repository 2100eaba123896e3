// SPDX-License-Identifier: GPL-2.0-only
/*
 * Put a secret key into a token, for test scripts:
 *	make-token MODULE TOKEN PIN LABEL VALUE [TYPE]
 * VALUE is in hexadecimal. Of the TYPE "aes" nobody makes an HMAC. What the token then has
 * can be used and not be read.
 */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>

#define SLOTS 256

static CK_FUNCTION_LIST_PTR p11;

static void must(CK_RV rv, const char *what)
{
	if (rv != CKR_OK)
		errx(99, "%s: %s", what, p11_kit_strerror(rv));
}

static CK_SLOT_ID find_slot(const char *label)
{
	CK_ULONG nr = SLOTS, i;
	CK_SLOT_ID slots[SLOTS];
	CK_TOKEN_INFO info;

	must(p11->C_GetSlotList(CK_TRUE, slots, &nr), "slots");
	for (i = 0; i < nr; i++) {
		must(p11->C_GetTokenInfo(slots[i], &info), "token");
		if (!strncmp((char *)info.label, label, strlen(label)))
			return slots[i];
	}
	errx(99, "there is no token %s", label);
}

static CK_ULONG from_hex(const char *text, CK_BYTE *bytes)
{
	CK_ULONG len = 0;

	for (; text[0] && text[1]; text += 2)
		if (sscanf(text, "%2hhx", &bytes[len++]) != 1)
			errx(99, "no number: %s", text);
	return len;
}

static void create(CK_SESSION_HANDLE session, char *label, const char *value,
		   CK_KEY_TYPE type)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_BYTE bytes[64];
	CK_ULONG len = from_hex(value, bytes);
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE key[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_SENSITIVE, &yes, sizeof(yes) },
		{ CKA_EXTRACTABLE, &no, sizeof(no) },
		{ CKA_SIGN, &yes, sizeof(yes) },
		{ CKA_LABEL, label, strlen(label) },
		{ CKA_VALUE, bytes, len },
	};
	CK_OBJECT_HANDLE object;

	must(p11->C_CreateObject(session, key, sizeof(key) / sizeof(key[0]),
				 &object), "create");
}

int main(int argc, char **argv)
{
	CK_SESSION_HANDLE session;

	if (argc < 6)
		errx(99, "what?");
	p11 = p11_kit_module_load(argv[1], 0);
	if (!p11)
		errx(99, "%s: %s", argv[1], p11_kit_message());
	must(p11_kit_module_initialize(p11), "initialize");
	must(p11->C_OpenSession(find_slot(argv[2]),
				CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
				&session), "session");
	must(p11->C_Login(session, CKU_USER, (CK_UTF8CHAR *)argv[3],
			  strlen(argv[3])), "login");
	create(session, argv[4], argv[5],
	       argc > 6 ? CKK_AES : CKK_GENERIC_SECRET);
	p11_kit_module_finalize(p11);
	p11_kit_module_release(p11);
	return 0;
}
