// SPDX-License-Identifier: GPL-2.0-only
/*
 * list, info
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <linux/rpmb.h>

#include "cmd.h"

static void print_size(char *text, size_t size, const struct rpmb_info *info)
{
	uint64_t bytes = (uint64_t)info->capacity * info->block_size;

	if (bytes % (1 << 20))
		snprintf(text, size, "%llu KiB",
			 (unsigned long long)bytes >> 10);
	else
		snprintf(text, size, "%llu MiB",
			 (unsigned long long)bytes >> 20);
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
static void print_id(const struct rpmb_info *info)
{
	size_t i;

	for (i = 0; i < info->dev_id_len; i++)
		printf(is_text(info) ? "%c" : "%02x", info->dev_id[i]);
	putchar('\n');
}

static int list_one(const struct rpmb_info *info, void *arg)
{
	unsigned int *nr = arg;
	char size[32];

	if (!(*nr)++)
		printf("%-8s %-9s %9s  %-6s  %s\n", "DEVICE", "TRANSPORT",
		       "CAPACITY", "REGION", "ID");
	print_size(size, sizeof(size), info);
	printf("%-8s %-9s %9s  %-6u  ", info->name,
	       rpmb_transport_name(info->transport), size, info->target);
	print_id(info);
	return 0;
}

int cmd_list(const struct args *args)
{
	unsigned int nr = 0;
	int ret;

	(void)args;
	ret = rpmb_enumerate(list_one, &nr);
	if (ret)
		return complain_error("list", ret);
	if (!nr)
		fprintf(stderr, "rpmb: no RPMB device; is its driver loaded?\n");
	return EXIT_OK;
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
	static const char * const names[] = {
		[RPMB_PROGRAM_KEY] = "program-key",
		[RPMB_GET_WRITE_COUNTER] = "counter",
		[RPMB_WRITE_DATA] = "write",
		[RPMB_READ_DATA] = "read",
		[RPMB_CONFIG_WRITE] = "config-write",
		[RPMB_CONFIG_READ] = "config-read",
		[RPMB_PURGE_ENABLE] = "purge",
		[RPMB_PURGE_STATUS] = "purge-status",
	};
	unsigned int n;

	printf("requests:     ");
	for (n = 0; n < ARRAY_SIZE(names); n++)
		if (names[n] && info->request_types & (1u << n))
			printf(" %s", names[n]);
	putchar('\n');
}

static void print_info(const struct rpmb_info *info)
{
	char size[32];

	print_size(size, sizeof(size), info);
	printf("device:        %s\n", info->name);
	printf("transport:     %s\n", rpmb_transport_name(info->transport));
	printf("frames:        %s\n",
	       info->frame_format == RPMB_FRAME_NVME ? "NVMe" : "JEDEC");
	printf("capacity:      %s, %u blocks of %u bytes\n", size,
	       info->capacity, info->block_size);
	print_write_sizes(info);
	printf("most per read: %u blocks\n", info->max_read);
	print_requests(info);
	printf("region:        %u\n", info->target);
	printf("id:            ");
	print_id(info);
}

int cmd_info(const struct args *args)
{
	struct rpmb *rpmb;
	int ret;

	ret = open_device(args, O_RDONLY, &rpmb, NULL);
	if (ret)
		return ret;
	print_info(rpmb_info(rpmb));
	rpmb_close(rpmb);
	return EXIT_OK;
}
