// SPDX-License-Identifier: GPL-2.0-only
/*
 * In a program whose files are to outlive a power cut: it is cut before one of the
 * operations that make them durable
 *
 *	CUT_BEFORE	the number of that operation, from 0; the last one is the end
 *	CUT_LOSES	what is not synced then: "nothing", "all", or the "first" of it
 *
 * A name may be lost until its directory is synced, and with a new name what is in the
 * file until that is. The program has these functions itself, so librpmb calls them, too.
 */
#include <dlfcn.h>
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST 8
#define PATH 256

/* @from is the name that a file had; @before has the one that was in its place, if any */
struct loss {
	bool is_name;
	ino_t file;
	char path[PATH];
	char from[PATH];
	char before[PATH + 8];
};

/* In the order in which they were made */
static struct loss losses[MOST];
static unsigned int nr_losses;

static ino_t synced[MOST];
static unsigned int nr_synced;

static int rename_below(const char *from, const char *to)
{
	int (*below)(const char *from, const char *to) =
		dlsym(RTLD_NEXT, "rename");

	return below(from, to);
}

static int sync_below(int fd)
{
	int (*below)(int fd) = dlsym(RTLD_NEXT, "fsync");

	return below(fd);
}

static void lose(const struct loss *loss)
{
	bool ok = loss->is_name ?
		  !rename_below(loss->path, loss->from) &&
		  (!*loss->before || !rename_below(loss->before, loss->path)) :
		  !truncate(loss->path, 0);

	if (!ok)
		err(99, "%s", loss->path);
}

/* The last first, which leaves all as those before it made it */
static void cut(void)
{
	const char *what = getenv("CUT_LOSES");
	unsigned int i = nr_losses;

	if (!strcmp(what, "nothing"))
		i = 0;
	else if (i && !strcmp(what, "first"))
		i = 1;
	while (i--)
		lose(&losses[i]);
	raise(SIGKILL);
}

/* Another operation begins; false if there is no cut to come */
static bool begin(void)
{
	const char *before = getenv("CUT_BEFORE");
	static unsigned long operation;

	if (before && operation++ == strtoul(before, NULL, 10))
		cut();
	return before;
}

static struct loss *another(const char *path)
{
	struct loss *loss = &losses[nr_losses];

	if (nr_losses++ == MOST)
		errx(99, "too much can be lost");
	*loss = (struct loss) {};
	snprintf(loss->path, sizeof(loss->path), "%s", path);
	return loss;
}

static bool is_synced(ino_t file)
{
	unsigned int i;

	for (i = 0; i < nr_synced; i++)
		if (synced[i] == file)
			return true;
	return false;
}

static void note_name(const char *from, const char *to)
{
	struct loss *loss = another(to);
	struct stat st;

	loss->is_name = true;
	snprintf(loss->from, sizeof(loss->from), "%s", from);
	snprintf(loss->before, sizeof(loss->before), "%s.before", loss->path);
	unlink(loss->before);
	if (link(to, loss->before))
		*loss->before = '\0';
	if (!stat(from, &st) && !is_synced(st.st_ino))
		another(to)->file = st.st_ino;
}

static void note_sync(int fd)
{
	unsigned int i, kept = 0;
	struct stat st;

	if (fstat(fd, &st) || nr_synced == MOST)
		err(99, "fsync");
	synced[nr_synced++] = st.st_ino;
	for (i = 0; i < nr_losses; i++)
		if (S_ISDIR(st.st_mode) ? !losses[i].is_name :
					  losses[i].file != st.st_ino)
			losses[kept++] = losses[i];
	nr_losses = kept;
}

int rename(const char *from, const char *to)
{
	if (begin())
		note_name(from, to);
	return rename_below(from, to);
}

int fsync(int fd)
{
	if (begin())
		note_sync(fd);
	return sync_below(fd);
}

__attribute__((destructor)) static void end(void)
{
	begin();
}
