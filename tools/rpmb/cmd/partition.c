// SPDX-License-Identifier: GPL-2.0-only
/*
 * partition format, list, add, reserve, remove, resize
 */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "looks.h"
#include "walk.h"

static const char * const kinds[] = {
	[LIBRPMB_PARTITION_RESERVED] = "reserved",
	[LIBRPMB_PARTITION_ANCHOR] = "anchor",
	[LIBRPMB_PARTITION_DEVICE] = "device",
};

/* Blocks that no partition has, in all and in the largest piece of them */
struct room {
	unsigned int all;
	unsigned int most;
};

/* The first partition at @addr or behind it, NULL if there is none */
static const struct rpmb_partition *next_partition(const struct rpmb_partitions *table,
						   unsigned int addr)
{
	const struct rpmb_partition *next = NULL, *partition;
	unsigned int i;

	for (i = 0; i < table->nr; i++) {
		partition = &table->partitions[i];
		if (partition->addr >= addr &&
		    (!next || partition->addr < next->addr))
			next = partition;
	}
	return next;
}

static struct room find_room(const struct rpmb_partitions *table)
{
	const struct rpmb_partition *next;
	unsigned int addr = table->first, gap;
	struct room room = { 0 };

	do {
		next = next_partition(table, addr);
		gap = (next ? next->addr : table->end) - addr;
		room.all += gap;
		if (room.most < gap)
			room.most = gap;
		if (next)
			addr = next->addr + next->blocks;
	} while (next);
	return room;
}

static unsigned long long bytes(const struct rpmb_partitions *table,
				unsigned int blocks)
{
	return (unsigned long long)blocks * table->block_size;
}

static void print_table(const struct rpmb_partitions *table)
{
	const struct rpmb_partition *next = next_partition(table, 0);
	struct room room = find_room(table);
	char guid[LIBRPMB_GUID_TEXT];

	if (next)
		printf("%-36s  %-8s  %10s  %10s  NAME\n", "GUID", "KIND",
		       "OFFSET", "LENGTH");
	for (; next; next = next_partition(table, next->addr + next->blocks)) {
		rpmb_guid_to_text(guid, next->guid);
		printf("%s  %-8s  %10llu  %10llu  %s\n", guid, kinds[next->kind],
		       bytes(table, next->addr), bytes(table, next->blocks),
		       next->name);
	}
	printf("free: %llu bytes, %llu of them in one piece\n",
	       bytes(table, room.all), bytes(table, room.most));
}

static struct json_object *partition_json(const struct rpmb_partitions *table,
					  const struct rpmb_partition *partition)
{
	struct json_object *object = json_object_new_object();
	char guid[LIBRPMB_GUID_TEXT];

	rpmb_guid_to_text(guid, partition->guid);
	add_text(object, "guid", guid);
	add_text(object, "name", partition->name);
	add_text(object, "kind", kinds[partition->kind]);
	add_number(object, "offset", bytes(table, partition->addr));
	add_number(object, "length", bytes(table, partition->blocks));
	return object;
}

static int print_table_json(const struct session *session,
			    const struct rpmb_partitions *table)
{
	const struct rpmb_partition *next = next_partition(table, 0);
	struct json_object *partitions = json_object_new_array();
	struct json_object *object = json_about(session);
	struct room room = find_room(table);

	for (; next; next = next_partition(table, next->addr + next->blocks))
		json_object_array_add(partitions, partition_json(table, next));
	add_number(object, "sequence", table->sequence);
	add_number(object, "block_size", table->block_size);
	json_object_object_add(object, "partitions", partitions);
	add_number(object, "free", bytes(table, room.all));
	add_number(object, "free_in_one_piece", bytes(table, room.most));
	return print_json(object);
}

static int show_table(const struct session *session,
		      const struct rpmb_partitions *table)
{
	if (session->args->json)
		return print_table_json(session, table);
	print_table(table);
	return EXIT_OK;
}

static int read_table(const struct session *session, struct rpmb_partitions *table)
{
	int ret = rpmb_partitions_read(session->rpmb, session->key, table);

	return ret ? complain_error(session->args->device, ret) : EXIT_OK;
}

static int write_table(const struct session *session,
		       struct rpmb_partitions *table)
{
	const char *device = session->args->device;
	int ret;

	ret = rpmb_partitions_write(session->rpmb, session->key, table);
	if (ret) {
		ret = complain_error(device, ret);
		return complain(ret, device,
				"'rpmb partition list' says whether it was done all the same");
	}
	return show_table(session, table);
}

int cmd_partition_list(const struct session *session)
{
	struct rpmb_partitions table;
	int ret;

	ret = read_table(session, &table);
	return ret ?: show_table(session, &table);
}

int cmd_partition_format(const struct session *session)
{
	struct rpmb_partitions table;
	bool empty = false;
	int ret;

	ret = say_what_it_looks_like(session, &empty);
	if (!ret && !empty)
		ret = confirm(session,
			      "A partition table is written over the beginning of this. What lies behind the table\n"
			      "is nobody's any more, and is written over by and by.");
	if (ret)
		return ret;
	ret = rpmb_partitions_format(session->rpmb, session->key, &table);
	if (ret)
		return complain_error(session->args->device, ret);
	return show_table(session, &table);
}

/* Offset and length that the command line gives, in blocks; returns an exit code */
static int get_place(const struct session *session, struct rpmb_partition *partition)
{
	uint64_t offset = quantity_bytes(&session->args->offset, session->info);
	uint64_t length = quantity_bytes(&session->args->length, session->info);
	unsigned int bs = session->info->block_size;
	struct range range;
	int ret;

	if (offset % bs || length % bs)
		return complain(EXIT_USAGE, session->args->device,
				"partitions begin and end at multiples of %u bytes",
				bs);
	ret = find_range(session, offset, length, &range);
	if (!ret) {
		partition->addr = range.addr;
		partition->blocks = range.blocks;
	}
	return ret;
}

static int get_name(const char *name, struct rpmb_partition *partition)
{
	size_t len = strlen(name);

	if (len > LIBRPMB_PARTITION_NAME)
		return complain(EXIT_USAGE, name, "a name has %u bytes at most",
				LIBRPMB_PARTITION_NAME);
	memcpy(partition->name, name, len);
	return EXIT_OK;
}

static int get_guid(const struct args *args, struct rpmb_partition *partition)
{
	if (args->guid && rpmb_guid_from_text(partition->guid, args->guid))
		return complain(EXIT_USAGE, args->guid, "not a GUID");
	if (!args->guid && rpmb_guid_make(partition->guid))
		return complain(EXIT_OTHER, "random numbers", "%m");
	return EXIT_OK;
}

/* A partition that the command line describes is added to the table */
static int add(const struct session *session, unsigned int kind, const char *name)
{
	struct rpmb_partition partition = { .kind = kind };
	struct rpmb_partitions table;
	int ret;

	ret = get_place(session, &partition);
	if (!ret)
		ret = get_name(name, &partition);
	if (!ret)
		ret = get_guid(session->args, &partition);
	if (!ret)
		ret = read_table(session, &table);
	if (ret)
		return ret;
	ret = rpmb_partitions_add(&table, &partition);
	if (ret)
		return complain_error(session->args->device, ret);
	return write_table(session, &table);
}

int cmd_partition_add(const struct session *session)
{
	const struct args *args = session->args;
	unsigned int kind;

	for (kind = LIBRPMB_PARTITION_RESERVED; kind < ARRAY_SIZE(kinds); kind++)
		if (!strcmp(kinds[kind], args->operands[0]))
			return add(session, kind,
				   args->nr_operands > 1 ? args->operands[1] : "");
	return complain(EXIT_USAGE, args->operands[0],
			"no kind of partition: anchor, device or reserved");
}

int cmd_partition_reserve(const struct session *session)
{
	const struct args *args = session->args;

	if (!args->offset.given)
		return complain(EXIT_USAGE, args->device,
				"say where the blocks are that are reserved: --offset N");
	return add(session, LIBRPMB_PARTITION_RESERVED,
		   args->nr_operands ? args->operands[0] : "");
}

/* The partition of that GUID, or of that name if no other has it */
static int find_partition(const struct session *session,
			  struct rpmb_partitions *table,
			  struct rpmb_partition **found)
{
	const char *wanted = session->args->operands[0];
	uint8_t guid[LIBRPMB_GUID_LEN];
	unsigned int i, nr = 0;

	*found = rpmb_guid_from_text(guid, wanted) ?
		 NULL : rpmb_partitions_find(table, guid);
	if (*found)
		return EXIT_OK;
	for (i = 0; i < table->nr; i++) {
		if (strcmp(table->partitions[i].name, wanted))
			continue;
		*found = &table->partitions[i];
		nr++;
	}
	if (nr > 1)
		return complain(EXIT_PARTITION, wanted,
				"%u partitions have this name; give the GUID", nr);
	return nr ? EXIT_OK : complain_error(wanted, RPMB_ERR_NO_PARTITION);
}

static int ask_about(const struct session *session,
		     const struct rpmb_partitions *table,
		     const struct rpmb_partition *partition, const char *what)
{
	char guid[LIBRPMB_GUID_TEXT], warning[256];

	rpmb_guid_to_text(guid, partition->guid);
	snprintf(warning, sizeof(warning),
		 "Partition %s (%s), %s, %llu bytes at %llu: %s",
		 guid, partition->name, kinds[partition->kind],
		 bytes(table, partition->blocks), bytes(table, partition->addr),
		 what);
	return confirm(session, warning);
}

int cmd_partition_remove(const struct session *session)
{
	struct rpmb_partition *partition;
	struct rpmb_partitions table;
	int ret;

	ret = read_table(session, &table);
	if (!ret)
		ret = find_partition(session, &table, &partition);
	if (!ret)
		ret = ask_about(session, &table, partition,
				"who uses it finds nothing any more.");
	if (ret)
		return ret;
	rpmb_partitions_remove(&table, partition->guid);
	return write_table(session, &table);
}

static int resize(const struct session *session, struct rpmb_partitions *table,
		  const struct rpmb_partition *partition, unsigned int blocks)
{
	int ret = EXIT_OK;

	/* Where its areas are depends on how long it is */
	if (partition->kind == LIBRPMB_PARTITION_DEVICE)
		return complain(EXIT_PARTITION, session->args->operands[0],
				"a device keeps its size; add another one");
	if (blocks < partition->blocks)
		ret = ask_about(session, table, partition,
				"what lies behind its new end is lost.");
	if (ret)
		return ret;
	ret = rpmb_partitions_resize(table, partition->guid, blocks);
	if (ret)
		return complain_error(session->args->device, ret);
	return write_table(session, table);
}

int cmd_partition_resize(const struct session *session)
{
	struct rpmb_partition wanted, *partition;
	struct rpmb_partitions table;
	int ret;

	ret = get_place(session, &wanted);
	if (!ret)
		ret = read_table(session, &table);
	if (!ret)
		ret = find_partition(session, &table, &partition);
	return ret ?: resize(session, &table, partition, wanted.blocks);
}
