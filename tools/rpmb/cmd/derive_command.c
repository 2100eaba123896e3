// SPDX-License-Identifier: GPL-2.0-only
/*
 * derive-key
 */
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "identity.h"
#include "master.h"

/* No copy of it stays in a buffer, or in a file that others could read */
static int put(const char *file, const char *text)
{
	if (file && !is_stdio(file))
		return replace_file(file, text, 0600);
	setvbuf(stdout, NULL, _IONBF, 0);
	return store_file(NULL, text, strlen(text));
}

/* In the hexadecimal digits that --key takes */
int cmd_derive_key(const struct session *session)
{
	const struct args *args = session->args;
	uint8_t key[LIBRPMB_KEY_LEN];
	char text[2 * LIBRPMB_KEY_LEN + 2];
	int ret;

	ret = derive_from(session, args->master, key);
	if (ret)
		return ret;
	strcpy(put_hex(text, key, sizeof(key)), "\n");
	ret = put(args->file, text);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(text, sizeof(text));
	return ret;
}
