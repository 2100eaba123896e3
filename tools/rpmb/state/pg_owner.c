// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "librpmb.h"
#include "log.h"
#include "pg_owner.h"

#define ID_LEN 37

bool pg_owner_find(char *owner, size_t size, const char *given)
{
	bool ok = given ? strlen(given) < size : !gethostname(owner, size);

	if (ok && given)
		strcpy(owner, given);
	if (ok && *owner)
		return true;
	log_line("a host needs a name of its own, see --owner");
	return false;
}

/* The first line of a file, as far as it fits; empty if there is none */
static void read_line(char *line, size_t size, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read(fd, line, size - 1) : 0;

	line[len > 0 ? len : 0] = 0;
	line[strcspn(line, "\n")] = 0;
	if (fd >= 0)
		close(fd);
}

/* The machine, and since when it runs */
static void find_machine(char machine[ID_LEN], char boot[ID_LEN])
{
	read_line(machine, ID_LEN, "/etc/machine-id");
	read_line(boot, ID_LEN, "/proc/sys/kernel/random/boot_id");
}

/* The namespace in which processes have the numbers that we know; 0 if nobody says */
static unsigned long long find_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) ? 0 : st.st_ino;
}

/* Since when a process runs, in ticks of the machine's clock; 0 if nobody says */
static unsigned long long find_start(const char *process)
{
	unsigned long long start;
	char path[64], line[1024];
	const char *rest;

	snprintf(path, sizeof(path), "/proc/%s/stat", process);
	read_line(line, sizeof(line), path);
	rest = strrchr(line, ')');
	if (!rest || sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u"
				      " %*u %*u %*u %*d %*d %*d %*d %*d %*d"
				      " %llu", &start) != 1)
		return 0;
	return start;
}

bool pg_token_make(char *token, size_t size)
{
	char machine[ID_LEN], boot[ID_LEN], text[LIBRPMB_GUID_TEXT];
	uint8_t random[LIBRPMB_GUID_LEN];
	int len;

	if (rpmb_guid_make(random)) {
		log_line("no random numbers: %s", strerror(errno));
		return false;
	}
	find_machine(machine, boot);
	rpmb_guid_to_text(text, random);
	len = snprintf(token, size, "%s/%s/%llu/%d/%llu/%s", machine, boot,
		       find_namespace(), getpid(), find_start("self"), text);
	return len > 0 && (size_t)len < size;
}

/* Does /proc number processes as we do? */
static bool is_our_proc(void)
{
	char self[24] = "";

	return readlink("/proc/self", self, sizeof(self) - 1) > 0 &&
	       atol(self) == getpid();
}

/* Who has got its number since has begun later */
static bool has_ended(const char *process, unsigned long long start)
{
	unsigned long long found;
	long pid = atol(process);

	if (pid <= 0 || !is_our_proc())
		return false;
	if (kill(pid, 0) && errno == ESRCH)
		return true;
	found = find_start(process);
	return start && found && found != start;
}

/* The next part of a token */
static const char *part_of(char **token)
{
	return strsep(token, "/") ?: "";
}

bool pg_token_is_dead(const char *token)
{
	char machine[ID_LEN], boot[ID_LEN], copy[256];
	const char *its_machine, *its_boot, *process;
	unsigned long long namespace;
	char *rest = copy;

	snprintf(copy, sizeof(copy), "%s", token);
	its_machine = part_of(&rest);
	its_boot = part_of(&rest);
	find_machine(machine, boot);
	if (!*boot)
		return false;
	if (!strcmp(boot, its_boot)) {
		namespace = strtoull(part_of(&rest), NULL, 10);
		process = part_of(&rest);
		return namespace && namespace == find_namespace() &&
		       has_ended(process, strtoull(part_of(&rest), NULL, 10));
	}
	return *machine && !strcmp(machine, its_machine);
}
