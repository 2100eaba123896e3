// SPDX-License-Identifier: GPL-2.0-only
/*
 * A UFS device: its life
 */
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define SPEC_CONFIG 0x0210
#define SPEC_PURGE 0x0400
#define BIT(n) (1U << (n))

const char *const ufs_region_names[UFS_REGIONS] = {
	"region0", "region1", "region2", "region3",
};

/* Before the specification that has them, and elsewhere than in region 0 */
static uint16_t lacking(const struct ufs_config *config, int region)
{
	uint16_t lacks = 0;

	if (config->spec < SPEC_CONFIG || region)
		lacks |= BIT(RPMB_CONFIG_WRITE) | BIT(RPMB_CONFIG_READ);
	if (config->spec < SPEC_PURGE)
		lacks |= BIT(RPMB_PURGE_ENABLE) | BIT(RPMB_PURGE_STATUS);
	return lacks;
}

static bool open_region(struct ufs *ufs, int i)
{
	struct ufs_region *region = &ufs->regions[i];

	if (!directory_open_state(ufs->config.directory, ufs_region_names[i],
				  ufs->config.regions[i], &region->state,
				  region->path))
		return false;
	region->area.engine = (struct rpmb_engine) {
		.rules = &rpmb_rules_ufs,
		.format = RPMB_FRAME_JEDEC,
		.store = &region->state.store,
		.lacks = lacking(&ufs->config, i),
		.max_write = ufs->config.io_size,
		.max_read = ufs->config.io_size,
	};
	return true;
}

bool ufs_open(struct ufs *ufs, const struct ufs_config *config)
{
	bool ok;
	int i;

	memset(ufs, 0, sizeof(*ufs));
	ufs->config = *config;
	ok = directory_make(config->directory);
	if (ok)
		ufs->data = directory_open_file(config->directory, "data",
						(uint64_t)config->blocks *
						UFS_BLOCK_LEN);
	ok = ok && ufs->data >= 0 &&
	     cache_init(&ufs->cache, ufs->data, config->blocks,
			config->write_cache);
	for (i = 0; ok && i < UFS_REGIONS; i++)
		ok = !config->regions[i] || open_region(ufs, i);
	ufs_reset(ufs);
	return ok;
}

bool ufs_close(struct ufs *ufs)
{
	bool ok = true;
	int i;

	cache_free(&ufs->cache);
	close(ufs->data);
	for (i = 0; i < UFS_REGIONS; i++)
		if (ufs->config.regions[i])
			ok &= state_close(&ufs->regions[i].state);
	return ok;
}

static void drop_results(struct ufs *ufs)
{
	int i;

	for (i = 0; i < UFS_REGIONS; i++)
		area_power_off(&ufs->regions[i].area);
}

void ufs_power_off(struct ufs *ufs)
{
	ufs->powered = false;
	drop_results(ufs);
}

void ufs_attend(struct ufs *ufs)
{
	memset(ufs->attention, true, sizeof(ufs->attention));
}

void ufs_reset(struct ufs *ufs)
{
	ufs->powered = true;
	ufs->stopped = false;
	memset(ufs->flags, 0, sizeof(ufs->flags));
	memset(ufs->attributes, 0, sizeof(ufs->attributes));
	ufs_attend(ufs);
	ufs->active = UFS_REGIONS;
	cache_drop(&ufs->cache);
	if (!ufs->config.keep_results)
		drop_results(ufs);
}
