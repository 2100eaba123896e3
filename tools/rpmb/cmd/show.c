// SPDX-License-Identifier: GPL-2.0-only
/*
 * list, info
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "identity.h"
#include "json.h"
#include "look.h"
#include "wear.h"

#define ID_TEXT_LEN (2 * LIBRPMB_ID_LEN + 1)

static void size_text(char *text, size_t size, const struct rpmb_info *info)
{
	unsigned long long bytes = capacity_bytes(info);

	if (bytes % (1 << 20))
		snprintf(text, size, "%llu KiB", bytes >> 10);
	else
		snprintf(text, size, "%llu MiB", bytes >> 20);
}

static bool is_text(const struct rpmb_info *info)
{
	size_t i;

	for (i = 0; i < info->dev_id_len; i++)
		if (!isgraph(info->dev_id[i]))
			return false;
	return info->dev_id_len;
}

/* An identity that is text as text, else in hexadecimal: what rpmb_open() takes */
static void id_text(char text[ID_TEXT_LEN], const struct rpmb_info *info)
{
	if (is_text(info))
		sprintf(text, "%.*s", (int)info->dev_id_len, (const char *)info->dev_id);
	else
		put_hex(text, info->dev_id, info->dev_id_len);
}

/* Which part of the hardware a device is; NULL if it is all there is */
static const char *part_name(const struct rpmb_info *info)
{
	if (info->frame_format == RPMB_FRAME_NVME)
		return "target";
	return info->transport == RPMB_TRANSPORT_UFS ? "region" : NULL;
}

static void part_text(char *text, size_t size, const struct rpmb_info *info)
{
	const char *name = part_name(info);

	if (name)
		snprintf(text, size, "%s %u", name, info->target);
	else
		snprintf(text, size, "-");
}

static const char *format_name(const struct rpmb_info *info)
{
	return info->frame_format == RPMB_FRAME_NVME ? "NVMe" : "JEDEC";
}

/* What can be said of a device without opening it */
static struct json_object *device_json(const struct rpmb_info *info)
{
	struct json_object *object = json_object_new_object();
	char id[ID_TEXT_LEN];

	id_text(id, info);
	add_text(object, "device", info->name);
	add_text(object, "transport", rpmb_transport_name(info->transport));
	add_text(object, "frames", format_name(info));
	add_number(object, "block_size", info->block_size);
	add_number(object, "blocks", info->capacity);
	add_number(object, "bytes", capacity_bytes(info));
	/* This was there before there was a name for each */
	add_number(object, "region", info->target);
	if (info->frame_format == RPMB_FRAME_NVME)
		add_number(object, "target", info->target);
	add_text(object, "id", id);
	return object;
}

/* All devices; how wide the table is depends on all of them */
struct list {
	struct rpmb_info *infos;
	size_t nr;
	int width;
};

static int add_to_list(const struct rpmb_info *info, void *arg)
{
	struct list *list = arg;
	struct rpmb_info *infos;
	int width = strlen(info->name);

	infos = reallocarray(list->infos, list->nr + 1, sizeof(*infos));
	if (!infos)
		return RPMB_ERR_MEMORY;
	infos[list->nr++] = *info;
	list->infos = infos;
	if (list->width < width)
		list->width = width;
	return 0;
}

static void print_list(const struct list *list)
{
	char size[32], part[32], id[ID_TEXT_LEN];
	const struct rpmb_info *info;

	printf("%-*s  %-9s  %8s  %-8s  %s\n", list->width, "DEVICE",
	       "TRANSPORT", "CAPACITY", "PART", "ID");
	for (info = list->infos; info < list->infos + list->nr; info++) {
		size_text(size, sizeof(size), info);
		part_text(part, sizeof(part), info);
		id_text(id, info);
		printf("%-*s  %-9s  %8s  %-8s  %s\n", list->width, info->name,
		       rpmb_transport_name(info->transport), size, part, id);
	}
}

static void print_list_json(const struct list *list)
{
	struct json_object *object = json_object_new_object();
	struct json_object *devices = json_object_new_array();
	size_t i;

	for (i = 0; i < list->nr; i++)
		json_object_array_add(devices, device_json(&list->infos[i]));
	json_object_object_add(object, "devices", devices);
	print_json(object);
}

/* What is not in the list */
static void say_what_lacks(const struct list *list)
{
	if (rpmb_for_drivers_only())
		complain(EXIT_OK, "list",
			 "this kernel has no /dev/rpmbN: its RPMB class is for drivers only%s",
			 list->nr ? "; listed is what can be reached past it" : "");
	else if (!list->nr)
		complain(EXIT_OK, "list",
			 "no RPMB device; is its driver loaded?");
}

int cmd_list(const struct session *session)
{
	struct list list = { .width = strlen("DEVICE") };
	int ret;

	ret = rpmb_enumerate(add_to_list, &list);
	if (ret)
		ret = complain_error("list", ret);
	else if (session->args->json)
		print_list_json(&list);
	else if (list.nr)
		print_list(&list);
	if (!ret)
		say_what_lacks(&list);
	free(list.infos);
	return ret;
}

static const struct {
	unsigned int type;
	const char *name;
} requests[] = {
	{ RPMB_PROGRAM_KEY, "program-key" },
	{ RPMB_GET_WRITE_COUNTER, "counter" },
	{ RPMB_WRITE_DATA, "write" },
	{ RPMB_READ_DATA, "read" },
	{ RPMB_CONFIG_WRITE, "config-write" },
	{ RPMB_CONFIG_READ, "config-read" },
	{ RPMB_PURGE_ENABLE, "purge" },
	{ RPMB_PURGE_STATUS, "purge-status" },
};

/* What the device says to anybody; false if it has no key, or does not say */
static bool ask_wear(const struct session *session, struct wear *wear)
{
	uint32_t counter;
	char *history;

	if (read_unsigned_counter(session, &counter))
		return false;
	history = look_file(WEAR_HISTORY);
	judge_wear(history, session->info, counter, time(NULL), wear);
	free(history);
	return true;
}

static int print_info_json(const struct session *session)
{
	const struct rpmb_info *info = session->info;
	struct json_object *object = device_json(info);
	struct json_object *sizes = json_object_new_array();
	struct json_object *names = json_object_new_array();
	unsigned int i, life_time;
	struct wear wear;

	for (i = 0; i < 32; i++)
		if (info->write_sizes & (1u << i))
			json_object_array_add(sizes,
					      json_object_new_int64(1ll << i));
	for (i = 0; i < ARRAY_SIZE(requests); i++)
		if (info->request_types & (1u << requests[i].type))
			json_object_array_add(names,
					      json_object_new_string(requests[i].name));
	json_object_object_add(object, "write_sizes", sizes);
	add_number(object, "max_write", info->max_write);
	add_number(object, "max_read", info->max_read);
	json_object_object_add(object, "requests", names);
	add_bool(object, "kernel_keys", info->keyed_types);
	if (ask_wear(session, &wear))
		add_wear(object, &wear);
	life_time = ask_life_time(session->rpmb, info);
	if (life_time)
		add_number(object, "life_time", life_time);
	return print_json(object);
}

static void print_write_sizes(const struct rpmb_info *info)
{
	unsigned int n;

	printf("write sizes:  ");
	for (n = 0; n < 32; n++)
		if (info->write_sizes & (1u << n))
			printf(" %u", 1u << n);
	printf(" blocks\n");
}

static void print_requests(const struct rpmb_info *info)
{
	unsigned int i;

	printf("requests:     ");
	for (i = 0; i < ARRAY_SIZE(requests); i++)
		if (info->request_types & (1u << requests[i].type))
			printf(" %s", requests[i].name);
	putchar('\n');
}

static void print_wear(const struct session *session)
{
	struct wear wear;
	char end[64];

	if (!ask_wear(session, &wear))
		return;
	end_text(&wear, end, sizeof(end));
	printf("write counter: %u, %.2f percent used%s%s\n", wear.counter,
	       wear.used, *end ? "; " : "", end);
}

static void print_life_time(const struct session *session)
{
	unsigned int life_time = ask_life_time(session->rpmb, session->info);

	if (life_time > LIFE_TIME_ALL)
		printf("life time:     over, by the device's own estimate\n");
	else if (life_time)
		printf("life time:     at most %u percent used, by the device's own estimate\n",
		       10 * life_time);
}

static void print_info(const struct session *session)
{
	const struct rpmb_info *info = session->info;
	char size[32], id[ID_TEXT_LEN];

	size_text(size, sizeof(size), info);
	id_text(id, info);
	printf("device:        %s\n", info->name);
	printf("transport:     %s\n", rpmb_transport_name(info->transport));
	printf("frames:        %s\n", format_name(info));
	printf("capacity:      %s, %u blocks of %u bytes\n", size,
	       info->capacity, info->block_size);
	print_write_sizes(info);
	if (info->max_write)
		printf("and any up to: %u blocks\n", info->max_write);
	printf("most per read: %u blocks\n", info->max_read);
	print_requests(info);
	printf("kernel keys:   %s\n", info->keyed_types ? "yes" : "no");
	print_wear(session);
	print_life_time(session);
	if (part_name(info))
		printf("%s:        %u\n", part_name(info), info->target);
	printf("id:            %s\n", id);
}

int cmd_info(const struct session *session)
{
	if (session->args->json)
		return print_info_json(session);
	print_info(session);
	return EXIT_OK;
}
