// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configurations that are single bits: eMMC and NVMe
 */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "json.h"

struct setting {
	const char *name;
	size_t byte;			/* in the configuration's structure */
	uint8_t bit;
	unsigned int select;		/* eMMC: the register */
	bool forever;			/* 1 can never become 0 again */
};

/* JESD84-B51, authenticated device configuration */
static const struct setting emmc_settings[] = {
	{
		.name = "secure-wp-en",
		.byte = offsetof(struct rpmb_emmc_config,
				 secure_wp_mode_enable),
		.bit = 1 << 0,
		.select = LIBRPMB_SECURE_WP_MODE_ENABLE,
	}, {
		.name = "secure-wp-mask",
		.byte = offsetof(struct rpmb_emmc_config,
				 secure_wp_mode_config),
		.bit = 1 << 0,
		.select = LIBRPMB_SECURE_WP_MODE_CONFIG,
	}, { }
};

/* NVM Express Base Specification, Device Configuration Block */
static const struct setting nvme_settings[] = {
	{
		.name = "boot-protection",
		.byte = offsetof(struct rpmb_nvme_config, boot_protection),
		.bit = 1 << 0,
		.forever = true,
	}, {
		.name = "boot0-locked",
		.byte = offsetof(struct rpmb_nvme_config, boot_lock),
		.bit = 1 << 0,
	}, {
		.name = "boot1-locked",
		.byte = offsetof(struct rpmb_nvme_config, boot_lock),
		.bit = 1 << 1,
	}, {
		.name = "wp-until-power-cycle",
		.byte = offsetof(struct rpmb_nvme_config,
				 namespace_protection),
		.bit = 1 << 0,
	}, {
		.name = "wp-permanent",
		.byte = offsetof(struct rpmb_nvme_config,
				 namespace_protection),
		.bit = 1 << 1,
	}, { }
};

static int print_settings(const struct setting *setting, const uint8_t *bytes,
			  struct json_object *object)
{
	bool value;

	for (; setting->name; setting++) {
		value = bytes[setting->byte] & setting->bit;
		if (object)
			add_bool(object, setting->name, value);
		else
			printf("%s=%d\n", setting->name, value);
	}
	return EXIT_OK;
}

/* "NAME=0" or "NAME=1"; NULL after a complaint */
static const struct setting *parse_setting(const struct setting *setting,
					   const char *text, bool *value)
{
	size_t len = strcspn(text, "=");

	for (; setting->name; setting++)
		if (strlen(setting->name) == len &&
		    !strncmp(setting->name, text, len))
			break;
	if (!setting->name) {
		complain(EXIT_USAGE, text,
			 "no such setting; 'rpmb config read' shows which there are");
		return NULL;
	}
	if (strcmp(text + len, "=0") && strcmp(text + len, "=1")) {
		complain(EXIT_USAGE, text, "the value must be 0 or 1");
		return NULL;
	}
	*value = text[len + 1] == '1';
	return setting;
}

static void set_bit(uint8_t *bytes, const struct setting *setting, bool value)
{
	bytes[setting->byte] &= ~setting->bit;
	bytes[setting->byte] |= value ? setting->bit : 0;
}

static int print_emmc(const struct session *session, const void *block,
		      struct json_object *object)
{
	struct rpmb_emmc_config config;

	(void)session;
	rpmb_emmc_config_get(block, &config);
	return print_settings(emmc_settings, (uint8_t *)&config, object);
}

/* One request for each setting, since each has a register of its own */
static unsigned int prepare_emmc(const struct session *session,
				 const void *block, struct config_write *writes,
				 bool *forever)
{
	const struct args *args = session->args;
	const struct setting *setting;
	struct rpmb_emmc_config config;
	unsigned int i;
	bool value;

	(void)forever;
	rpmb_emmc_config_get(block, &config);
	for (i = 0; i < args->nr_operands; i++) {
		setting = parse_setting(emmc_settings, args->operands[i],
					&value);
		if (!setting)
			return 0;
		set_bit((uint8_t *)&config, setting, value);
		writes[i].select = setting->select;
		rpmb_emmc_config_put(writes[i].block,
				     ((uint8_t *)&config)[setting->byte]);
	}
	return args->nr_operands;
}

const struct config_kind emmc_config_kind = {
	.print = print_emmc,
	.prepare = prepare_emmc,
};

static int print_nvme(const struct session *session, const void *block,
		      struct json_object *object)
{
	struct rpmb_nvme_config config;

	(void)session;
	rpmb_nvme_config_get(block, &config);
	return print_settings(nvme_settings, (uint8_t *)&config, object);
}

/* One request with all settings, also those that stay */
static unsigned int prepare_nvme(const struct session *session,
				 const void *block, struct config_write *write,
				 bool *forever)
{
	const struct args *args = session->args;
	const struct setting *setting;
	struct rpmb_nvme_config config;
	unsigned int i;
	bool value;

	rpmb_nvme_config_get(block, &config);
	for (i = 0; i < args->nr_operands; i++) {
		setting = parse_setting(nvme_settings, args->operands[i],
					&value);
		if (!setting)
			return 0;
		set_bit((uint8_t *)&config, setting, value);
		*forever |= setting->forever && value;
	}
	write->select = 0;
	rpmb_nvme_config_put(write->block, &config);
	return 1;
}

const struct config_kind nvme_config_kind = {
	.print = print_nvme,
	.prepare = prepare_nvme,
};
