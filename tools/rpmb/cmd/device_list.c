// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists of devices
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "device_list.h"

int list_device(struct device_list *list, const char *where, const char *name)
{
	char **names;
	size_t i;

	for (i = 0; i < list->nr; i++)
		if (!strcmp(list->names[i], name))
			return complain(EXIT_USAGE, where,
					"%s is named twice; nothing was done", name);
	names = reallocarray(list->names, list->nr + 1, sizeof(*names));
	if (!names)
		return complain(EXIT_OTHER, where, "%m");
	list->names = names;
	names[list->nr] = strdup(name);
	if (!names[list->nr])
		return complain(EXIT_OTHER, where, "%m");
	list->nr++;
	return EXIT_OK;
}

/* What is behind a # is for people */
static int list_line(struct device_list *list, const char *file, char *line)
{
	char *device, *more;

	line[strcspn(line, "#\r\n")] = '\0';
	device = strtok(line, " \t");
	if (!device)
		return EXIT_OK;
	more = strtok(NULL, " \t");
	if (more)
		return complain(EXIT_USAGE, file,
				"%s stands behind %s: a line has one device; nothing was done",
				more, device);
	return list_device(list, file, device);
}

int list_devices_of(struct device_list *list, const char *file)
{
	FILE *stream = fopen(file, "re");
	char *line = NULL;
	size_t size = 0;
	int ret = EXIT_OK;

	if (!stream)
		return complain(EXIT_OTHER, file, "%m");
	while (!ret && getline(&line, &size, stream) >= 0)
		ret = list_line(list, file, line);
	/* Else the rest of the tray would be left out */
	if (!ret && !feof(stream))
		ret = complain(EXIT_OTHER, file, "%m");
	free(line);
	fclose(stream);
	return ret;
}

void clear_device_list(struct device_list *list)
{
	while (list->nr)
		free(list->names[--list->nr]);
	free(list->names);
}
