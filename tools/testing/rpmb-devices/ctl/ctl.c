// SPDX-License-Identifier: GPL-2.0-only
/*
 * rpmb-device-ctl SOCKET WORD...: give a device a command and show its answer
 *
 * The status is 0 if it was carried out, 1 if the device refused it, 2 if there
 * is no such device any more.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define GONE 2

static FILE *dial(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FILE *file;

	if (strlen(path) >= sizeof(addr.sun_path))
		errx(GONE, "%s: too long for the name of a socket", path);
	strcpy(addr.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(GONE, "%s", path);
	file = fdopen(fd, "r+");
	if (!file)
		err(GONE, "%s", path);
	return file;
}

static void give(FILE *device, char **words)
{
	for (; *words; words++)
		fprintf(device, "%s%s", *words, words[1] ? " " : "\n");
	fflush(device);
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t size = 0;
	FILE *device;

	if (argc < 3)
		errx(GONE, "usage: rpmb-device-ctl SOCKET WORD...");
	device = dial(argv[1]);
	give(device, argv + 2);
	while (getline(&line, &size, device) > 0) {
		if (!strcmp(line, "ok\n"))
			return 0;
		if (!strncmp(line, "error", 5)) {
			fputs(line, stderr);
			return 1;
		}
		fputs(line, stdout);
	}
	errx(GONE, "%s: the device has gone", argv[1]);
}
