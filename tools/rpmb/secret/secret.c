// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/keyctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "secret.h"

#define HEX_LEN (2 * SECRET_LEN)

static const char no_key[] =
	"no key: 32 bytes or 64 hexadecimal digits are wanted";
static const char no_master[] =
	"no master: 32 bytes or 64 hexadecimal digits are wanted";
static const char no_short_master[] =
	"no master: 16 or 32 bytes, or as many in hexadecimal, are wanted";

struct secret *secret_new(void)
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

void secret_free(struct secret *secret)
{
	explicit_bzero(secret, sizeof(*secret));
	munmap(secret, sizeof(*secret));
}

static bool parse_hex(struct secret *secret, size_t digits)
{
	const char *text = secret->text;
	size_t i;

	/* sscanf() would also take signs and blanks */
	for (i = 0; i < digits; i++)
		if (!isxdigit((unsigned char)text[i]))
			return false;
	for (i = 0; i < digits / 2; i++)
		if (sscanf(text + 2 * i, "%2hhx", &secret->key[i]) != 1)
			return false;
	secret->len = digits / 2;
	return true;
}

static bool parse_bytes(struct secret *secret, size_t len)
{
	memcpy(secret->key, secret->text, len);
	secret->len = len;
	return true;
}

static size_t count_digits(const struct secret *secret, size_t len)
{
	return len - (len && secret->text[len - 1] == '\n');
}

static bool parse_key(struct secret *secret, size_t len)
{
	if (len == SECRET_LEN)
		return parse_bytes(secret, len);
	return count_digits(secret, len) == HEX_LEN &&
	       parse_hex(secret, HEX_LEN);
}

/* No 32 bytes that somebody made at random are all digits */
static bool parse_master(struct secret *secret, size_t len)
{
	size_t digits = count_digits(secret, len);
	bool ok;

	if ((digits == HEX_LEN || digits == HEX_LEN / 2) &&
	    parse_hex(secret, digits))
		ok = true;
	else
		ok = (len == SECRET_LEN || len == SECRET_LEN / 2) &&
		     parse_bytes(secret, len);
	return ok && (secret->half || secret->len == SECRET_LEN);
}

/* The key, once the text of it is not needed any more */
static const char *take(struct secret *secret, size_t len)
{
	bool ok = secret->master ? parse_master(secret, len) :
				   parse_key(secret, len);

	explicit_bzero(secret->text, sizeof(secret->text));
	if (ok)
		return NULL;
	if (!secret->master)
		return no_key;
	return secret->half ? no_short_master : no_master;
}

static ssize_t read_text(int fd, char *text)
{
	ssize_t len = 0, ret;

	do {
		ret = read(fd, text + len, SECRET_TEXT_LEN - len);
		if (ret < 0)
			return ret;
		len += ret;
	} while (ret && len < SECRET_TEXT_LEN);
	return len;
}

/* What is not a file, a pipe say, is nobody else's */
static bool others_can_read(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_mode & 077;
}

const char *secret_from_fd(struct secret *secret, int fd, bool shared)
{
	struct stat st;
	ssize_t len;

	if (fstat(fd, &st))
		return strerror(errno);
	if (!shared && others_can_read(&st))
		return "others can use this key; chmod 600 it, or give --insecure-key-file";
	len = read_text(fd, secret->text);
	return len < 0 ? strerror(errno) : take(secret, len);
}

const char *secret_from_file(struct secret *secret, const char *path,
			     bool shared)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *wrong;

	if (fd < 0)
		return strerror(errno);
	wrong = secret_from_fd(secret, fd, shared);
	close(fd);
	return wrong;
}

/* keyctl(2) has no place in the C library, and is too little for another one */
static const char *find(int32_t *serial, const char *type, const char *name)
{
	static char text[128];
	long id;

	id = syscall(SYS_request_key, type, name, NULL, 0);
	if (id < 0) {
		snprintf(text, sizeof(text),
			 "%m; 'keyctl show' lists the keys that there are");
		return text;
	}
	*serial = id;
	return NULL;
}

const char *secret_from_keyring(struct secret *secret, const char *name)
{
	const char *wrong;
	int32_t id;
	long len;

	wrong = find(&id, "user", name);
	if (wrong)
		return wrong;
	len = syscall(SYS_keyctl, KEYCTL_READ, id, secret->text,
		      SECRET_TEXT_LEN, 0);
	if (len < 0)
		return strerror(errno);
	/* The length is the key's, also if that is more than there was room for */
	return take(secret, len > SECRET_TEXT_LEN ? 0 : len);
}

/* Is it the number of a key? Other keys have a name that begins with their type */
static bool parse_serial(const char *text, int32_t *serial)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || !number ||
	    number > INT32_MAX)
		return false;
	*serial = number;
	return true;
}

bool secret_is_name_in_kernel(const char *name)
{
	int32_t serial;

	return parse_serial(name, &serial) || strchr(name, ':');
}

const char *secret_find_in_kernel(int32_t *serial, const char *name)
{
	const char *description, *wrong;
	char *type;

	if (parse_serial(name, serial))
		return NULL;
	description = strchr(name, ':') + 1;
	type = strndup(name, description - 1 - name);
	if (!type)
		return strerror(errno);
	wrong = find(serial, type, description);
	free(type);
	return wrong;
}
