// SPDX-License-Identifier: GPL-2.0-only
/*
 * wear: the counters of all devices, their history, and numbers for node_exporter
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/file.h>

#include "file.h"
#include "json.h"
#include "look.h"
#include "wear.h"

/* Lines of the history: a year and more of the devices that there are, or have been */
#define DAYS 400
#define DEVICES 64

struct worn {
	struct rpmb_info info;
	bool has_key;
	struct wear wear;
};

struct survey {
	const char *path;
	char *history;		/* NULL if there is none yet */
	int64_t now;
	struct worn *devices;
	size_t nr;
	int code;		/* of the first that cannot be asked */
};

static struct worn *add_worn(struct survey *survey)
{
	struct worn *devices = reallocarray(survey->devices, survey->nr + 1,
					    sizeof(*devices));

	if (!devices)
		return NULL;
	survey->devices = devices;
	return &devices[survey->nr++];
}

/* Without a key nobody vouches for it, as none has to be on the machine for this */
static int look(const struct rpmb_info *info, void *arg)
{
	struct survey *survey = arg;
	struct worn *worn;
	uint32_t counter = 0;
	struct rpmb *rpmb;
	int ret;

	ret = rpmb_open(&rpmb, info->name, O_RDONLY);
	if (!ret)
		ret = rpmb_read_counter(rpmb, NULL, &counter);
	rpmb_close(rpmb);
	if (ret && ret != RPMB_ERR_NO_KEY) {
		ret = complain_error(info->name, ret);
		survey->code = survey->code ?: ret;
		return 0;
	}
	worn = add_worn(survey);
	if (!worn)
		return RPMB_ERR_MEMORY;
	*worn = (struct worn) { .info = *info, .has_key = !ret };
	judge_wear(survey->history, info, counter, survey->now, &worn->wear);
	return 0;
}

static size_t count_samples(const char *line)
{
	size_t nr = 0;

	for (; line && strchr(line, '\n'); line = strchr(line, '\n') + 1)
		nr += is_sample(line);
	return nr;
}

/* The first lines go, whatever the clock says: it may be wrong, and right again later */
static void print_history(FILE *file, const char *line, size_t devices)
{
	size_t most = DAYS * (devices > DEVICES ? devices : DEVICES);
	size_t nr = count_samples(line);
	const char *end;

	for (; line && (end = strchr(line, '\n')); line = end + 1)
		if (is_sample(line) && nr-- <= most)
			fprintf(file, "%.*s\n", (int)(end - line), line);
}

/* What is new comes at the end */
static int keep_history(const struct survey *survey)
{
	const struct worn *worn = survey->devices;
	char *text;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	int ret;

	if (!file)
		return complain(EXIT_OTHER, survey->path, "%m");
	print_history(file, survey->history, survey->nr);
	for (; worn < survey->devices + survey->nr; worn++)
		if (worn->has_key && worn->wear.due && *worn->wear.name)
			fprintf(file, "%" PRId64 " %s %u\n", survey->now,
				worn->wear.name, worn->wear.counter);
	if (fclose(file))
		return complain(EXIT_OTHER, survey->path, "%m");
	ret = replace_file(survey->path, text, 0644);
	free(text);
	return ret;
}

static const struct {
	const char *name;
	const char *help;
} metrics[] = {
	{ "rpmb_key_programmed", "Whether the RPMB has a key." },
	{ "rpmb_write_counter", "Write counter, which ends at 4294967295." },
	{ "rpmb_writes_used_ratio", "Share of all writes that is used." },
	{ "rpmb_writes_per_day", "Writes a day, of the history." },
	{ "rpmb_end_timestamp_seconds",
	  "When the write counter is at its end, at this rate." },
};

/* A number of a device; false if it is not known */
static bool metric(const struct worn *worn, size_t i, double *value)
{
	const struct wear *wear = &worn->wear;

	switch (i) {
	case 0:
		*value = worn->has_key;
		return true;
	case 1:
		*value = wear->counter;
		return worn->has_key;
	case 2:
		*value = wear->used / 100;
		return worn->has_key;
	case 3:
		*value = wear->per_day;
		return wear->per_day;
	default:
		*value = wear->end;
		return wear->end;
	}
}

static int write_textfile(const struct survey *survey, const char *path)
{
	const struct worn *end = survey->devices + survey->nr, *worn;
	char *text;
	size_t size, i;
	FILE *file = open_memstream(&text, &size);
	double value;
	int ret;

	if (!file)
		return complain(EXIT_OTHER, path, "%m");
	for (i = 0; i < ARRAY_SIZE(metrics); i++) {
		fprintf(file, "# HELP %s %s\n# TYPE %s gauge\n", metrics[i].name,
			metrics[i].help, metrics[i].name);
		for (worn = survey->devices; worn < end; worn++)
			if (metric(worn, i, &value))
				fprintf(file, "%s{device=\"%s\",id=\"%s\"} %.12g\n",
					metrics[i].name, worn->info.name,
					worn->wear.name, value);
	}
	if (fclose(file))
		return complain(EXIT_OTHER, path, "%m");
	/* What reads it is another user */
	ret = replace_file(path, text, 0644);
	free(text);
	return ret;
}

static void print_worn(const struct worn *worn)
{
	char end[64];

	if (!worn->has_key) {
		printf("%s: no key is programmed\n", worn->info.name);
		return;
	}
	end_text(&worn->wear, end, sizeof(end));
	printf("%s: counter %u, %.2f percent used%s%s\n", worn->info.name,
	       worn->wear.counter, worn->wear.used, *end ? "; " : "", end);
}

static struct json_object *worn_json(const struct worn *worn)
{
	struct json_object *object = json_object_new_object();

	add_text(object, "device", worn->info.name);
	add_text(object, "name", worn->wear.name);
	add_bool(object, "key_programmed", worn->has_key);
	if (worn->has_key)
		add_wear(object, &worn->wear);
	return object;
}

static void print_survey(const struct survey *survey, bool json)
{
	struct json_object *object, *devices;
	size_t i;

	if (!json) {
		for (i = 0; i < survey->nr; i++)
			print_worn(&survey->devices[i]);
		return;
	}
	object = json_object_new_object();
	devices = json_object_new_array();
	for (i = 0; i < survey->nr; i++)
		json_object_array_add(devices, worn_json(&survey->devices[i]));
	json_object_object_add(object, "devices", devices);
	print_json(object);
}

/* The history is replaced by another file, so the lock is one beside it */
static int lock_history(const char *path, int *fd)
{
	char *lock;
	int ret = EXIT_OK;

	if (asprintf(&lock, "%s.lock", path) < 0)
		return complain(EXIT_OTHER, path, "%m");
	*fd = open(lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd < 0 || flock(*fd, LOCK_EX))
		ret = complain(EXIT_OTHER, lock, "%m");
	free(lock);
	return ret;
}

/* One that is there and cannot be read must not be replaced */
static int load_history(struct survey *survey, bool kept)
{
	survey->history = look_file(survey->path);
	if (survey->history || !kept || errno == ENOENT)
		return EXIT_OK;
	return complain(EXIT_OTHER, survey->path, "%m; it is left as it is");
}

static int survey_all(struct survey *survey, const struct args *args)
{
	int ret;

	survey->now = time(NULL);
	ret = rpmb_enumerate(look, survey);
	ret = ret ? complain_error("wear", ret) : survey->code;
	print_survey(survey, args->json);
	if (args->history)
		ret = keep_history(survey) ?: ret;
	if (args->textfile)
		ret = write_textfile(survey, args->textfile) ?: ret;
	return ret;
}

int cmd_wear(const struct session *session)
{
	const struct args *args = session->args;
	struct survey *survey = calloc(1, sizeof(*survey));
	int ret = EXIT_OK, lock = -1;

	if (!survey)
		return complain_error("wear", RPMB_ERR_MEMORY);
	survey->path = args->history ?: WEAR_HISTORY;
	if (args->history)
		ret = lock_history(survey->path, &lock);
	ret = ret ?: load_history(survey, args->history);
	ret = ret ?: survey_all(survey, args);
	if (lock >= 0)
		close(lock);
	free(survey->history);
	free(survey->devices);
	free(survey);
	return ret;
}
