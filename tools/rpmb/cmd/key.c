// SPDX-License-Identifier: GPL-2.0-only
/*
 * Key files
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "cmd.h"

#define HEX_LEN (2 * LIBRPMB_KEY_LEN)

/* One byte more than any key file has, to notice that there is more */
#define TEXT_LEN (HEX_LEN + 2)

static ssize_t read_text(int fd, char text[TEXT_LEN])
{
	ssize_t len = 0, ret;

	do {
		ret = read(fd, text + len, TEXT_LEN - len);
		if (ret < 0)
			return ret;
		len += ret;
	} while (ret && len < TEXT_LEN);
	return len;
}

static bool parse_hex(const char *text, uint8_t key[LIBRPMB_KEY_LEN])
{
	int i;

	/* sscanf() would also take signs and blanks */
	for (i = 0; i < HEX_LEN; i++)
		if (!isxdigit((unsigned char)text[i]))
			return false;
	for (i = 0; i < LIBRPMB_KEY_LEN; i++)
		if (sscanf(text + 2 * i, "%2hhx", &key[i]) != 1)
			return false;
	return true;
}

static bool parse_key(const char *text, size_t len,
		      uint8_t key[LIBRPMB_KEY_LEN])
{
	if (len == LIBRPMB_KEY_LEN) {
		memcpy(key, text, len);
		return true;
	}
	if (len == HEX_LEN + 1 && text[HEX_LEN] == '\n')
		len--;
	return len == HEX_LEN && parse_hex(text, key);
}

static int check_mode(const struct args *args, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return complain(EXIT_KEY_FILE, args->key_file, "%s",
				strerror(errno));
	if (st.st_mode & 077 && !args->insecure_key_file)
		return complain(EXIT_KEY_FILE, args->key_file,
				"others can use this key; chmod 600 it, or give --insecure-key-file");
	return 0;
}

static int read_key_fd(const struct args *args, int fd,
		       uint8_t key[LIBRPMB_KEY_LEN])
{
	char text[TEXT_LEN];
	ssize_t len;
	int ret;

	ret = check_mode(args, fd);
	if (ret)
		return ret;
	len = read_text(fd, text);
	if (len < 0)
		ret = complain(EXIT_KEY_FILE, args->key_file, "%s",
			       strerror(errno));
	else if (!parse_key(text, len, key))
		ret = complain(EXIT_KEY_FILE, args->key_file,
			       "no key: 32 bytes or 64 hexadecimal digits are wanted");
	explicit_bzero(text, sizeof(text));
	return ret;
}

int read_key(const struct args *args, uint8_t key[LIBRPMB_KEY_LEN])
{
	int fd = open(args->key_file, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return complain(EXIT_KEY_FILE, args->key_file, "%s",
				strerror(errno));
	ret = read_key_fd(args, fd, key);
	close(fd);
	return ret;
}
