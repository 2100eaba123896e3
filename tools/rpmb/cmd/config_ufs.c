// SPDX-License-Identifier: GPL-2.0-only
/*
 * Secure write protection of UFS: a list of entries for each logical unit, as
 *
 *	entry=on:TYPE:LBA:BLOCKS	or entry=off:...
 *
 * What is written takes the place of the whole list; "entries=none" empties it.
 */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "json.h"

static const char * const types[] = {
	[LIBRPMB_SWP_NON_VOLATILE] = "non-volatile",
	[LIBRPMB_SWP_POWER_ON] = "power-on",
	[LIBRPMB_SWP_AWP] = "awp",
};

static const char *type_name(unsigned int type)
{
	return type < ARRAY_SIZE(types) ? types[type] : "unknown";
}

static void print_entry(const struct rpmb_swp_entry *entry)
{
	printf("entry=%s:%s:%llu:%u\n", entry->protect ? "on" : "off",
	       type_name(entry->type), (unsigned long long)entry->lba,
	       entry->blocks);
}

static void add_entry(struct json_object *entries,
		      const struct rpmb_swp_entry *entry)
{
	struct json_object *object = json_object_new_object();

	add_bool(object, "protect", entry->protect);
	add_text(object, "type", type_name(entry->type));
	add_number(object, "lba", entry->lba);
	add_number(object, "blocks", entry->blocks);
	json_object_array_add(entries, object);
}

static void print_list(const struct rpmb_ufs_config *config)
{
	unsigned int i;

	printf("lun=%u\n", config->lun);
	for (i = 0; i < config->nr_entries; i++)
		print_entry(&config->entries[i]);
	if (!config->nr_entries)
		printf("entries=none\n");
}

static void add_list(struct json_object *object,
		     const struct rpmb_ufs_config *config)
{
	struct json_object *entries = json_object_new_array();
	unsigned int i;

	add_number(object, "lun", config->lun);
	for (i = 0; i < config->nr_entries; i++)
		add_entry(entries, &config->entries[i]);
	json_object_object_add(object, "entries", entries);
}

static int print_ufs(const struct session *session, const void *block,
		     struct json_object *object)
{
	struct rpmb_ufs_config config;

	if (rpmb_ufs_config_get(block, &config))
		return complain(EXIT_OTHER, session->args->device,
				"the device's write protection has a length that JESD220 does not know");
	if (object)
		add_list(object, &config);
	else
		print_list(&config);
	return EXIT_OK;
}

static bool parse_type(const char *name, unsigned int *type)
{
	for (*type = 0; *type < ARRAY_SIZE(types); (*type)++)
		if (!strcmp(types[*type], name))
			return true;
	return false;
}

static bool parse_entry(const char *text, struct rpmb_swp_entry *entry)
{
	char state[4], type[16];
	unsigned long long lba;
	int end = 0;

	if (sscanf(text, "entry=%3[a-z]:%15[a-z-]:%llu:%u%n", state, type, &lba,
		   &entry->blocks, &end) != 4 || text[end])
		return false;
	entry->lba = lba;
	entry->protect = !strcmp(state, "on");
	return (entry->protect || !strcmp(state, "off")) &&
	       parse_type(type, &entry->type);
}

static bool parse_list(const struct args *args, struct rpmb_ufs_config *config)
{
	unsigned int i;

	if (args->nr_operands == 1 && !strcmp(args->operands[0], "entries=none"))
		return true;
	for (i = 0; i < args->nr_operands; i++) {
		if (i == LIBRPMB_SWP_ENTRIES) {
			complain(EXIT_USAGE, args->operands[i],
				 "a logical unit has at most %u entries",
				 LIBRPMB_SWP_ENTRIES);
			return false;
		}
		if (!parse_entry(args->operands[i], &config->entries[i])) {
			complain(EXIT_USAGE, args->operands[i],
				 "wanted: entry=on:TYPE:LBA:BLOCKS or entry=off:..., TYPE non-volatile, power-on or awp; or entries=none");
			return false;
		}
	}
	config->nr_entries = args->nr_operands;
	return true;
}

static unsigned int prepare_ufs(const struct session *session,
				const void *block, struct config_write *write,
				bool *forever)
{
	struct rpmb_ufs_config config = { .lun = session->args->lun };

	(void)block;
	(void)forever;
	if (!parse_list(session->args, &config))
		return 0;
	write->select = config.lun;
	return rpmb_ufs_config_put(write->block, &config) ? 0 : 1;
}

const struct config_kind ufs_config_kind = {
	.print = print_ufs,
	.prepare = prepare_ufs,
};
