// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys from files, file descriptors, stdin and the kernel's keyrings
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/keyctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "key.h"

#define HEX_LEN (2 * LIBRPMB_KEY_LEN)

/* One byte more than any key has, to notice that there is more */
#define TEXT_LEN (HEX_LEN + 2)

/* A page of its own, so that nothing else is wiped, locked and left out of dumps */
struct secret {
	uint8_t key[LIBRPMB_KEY_LEN];
	char text[TEXT_LEN];
};

static struct secret *new_secret(void)
{
	struct secret *secret = mmap(NULL, sizeof(*secret),
				     PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (secret == MAP_FAILED)
		return NULL;
	/* Small kernels have none of this, and few users may lock memory */
	madvise(secret, sizeof(*secret), MADV_DONTDUMP);
	mlock(secret, sizeof(*secret));
	return secret;
}

static void free_secret(struct secret *secret)
{
	explicit_bzero(secret, sizeof(*secret));
	munmap(secret, sizeof(*secret));
}

void put_key(const uint8_t *key)
{
	if (key)
		free_secret((struct secret *)key);
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

static bool parse_key(struct secret *secret, size_t len)
{
	if (len == LIBRPMB_KEY_LEN) {
		memcpy(secret->key, secret->text, len);
		return true;
	}
	if (len == HEX_LEN + 1 && secret->text[HEX_LEN] == '\n')
		len--;
	return len == HEX_LEN && parse_hex(secret->text, secret->key);
}

static ssize_t read_text(int fd, char *text)
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

/* Can others read it? What is not a file, a pipe say, is nobody else's */
static int check_mode(const struct args *args, int fd, const char *name)
{
	struct stat st;

	if (fstat(fd, &st))
		return complain(EXIT_KEY, name, "%m");
	if (S_ISREG(st.st_mode) && st.st_mode & 077 && !args->insecure_key_file)
		return complain(EXIT_KEY, name,
				"others can use this key; chmod 600 it, or give --insecure-key-file");
	return 0;
}

static int take_from_fd(const struct args *args, int fd, const char *name,
			struct secret *secret)
{
	ssize_t len;
	int ret;

	ret = check_mode(args, fd, name);
	if (ret)
		return ret;
	len = read_text(fd, secret->text);
	if (len < 0)
		return complain(EXIT_KEY, name, "%m");
	if (!parse_key(secret, len))
		return complain(EXIT_KEY, name,
				"no key: 32 bytes or 64 hexadecimal digits are wanted");
	return 0;
}

static int take_from_file(const struct args *args, struct secret *secret)
{
	int fd = open(args->key_file, O_RDONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return complain(EXIT_KEY, args->key_file, "%m");
	ret = take_from_fd(args, fd, args->key_file, secret);
	close(fd);
	return ret;
}

/* keyctl(2) has no place in the C library, and is too little for another one */
static int take_from_keyring(const struct args *args, struct secret *secret)
{
	const char *name = args->key_keyring;
	long id, len;

	id = syscall(SYS_request_key, "user", name, NULL, 0);
	if (id < 0)
		return complain(EXIT_KEY, name,
				"%m; 'keyctl show' lists the keys that there are");
	len = syscall(SYS_keyctl, KEYCTL_READ, id, secret->text, TEXT_LEN, 0);
	if (len < 0)
		return complain(EXIT_KEY, name, "%m");
	/* The length is the key's, also if that is more than there was room for */
	if (len > TEXT_LEN || !parse_key(secret, len))
		return complain(EXIT_KEY, name,
				"no key: 32 bytes or 64 hexadecimal digits are wanted");
	return 0;
}

static int take_key(const struct args *args, struct secret *secret)
{
	if (args->key_keyring)
		return take_from_keyring(args, secret);
	if (args->key_fd >= 0)
		return take_from_fd(args, args->key_fd, "--key-fd", secret);
	if (is_stdio(args->key_file))
		return take_from_fd(args, STDIN_FILENO, "stdin", secret);
	return take_from_file(args, secret);
}

int get_key(const struct args *args, const uint8_t **key)
{
	struct secret *secret = new_secret();
	int ret;

	if (!secret)
		return complain(EXIT_OTHER, "key", "%m");
	ret = take_key(args, secret);
	explicit_bzero(secret->text, sizeof(secret->text));
	if (ret)
		free_secret(secret);
	else
		*key = secret->key;
	return ret;
}
