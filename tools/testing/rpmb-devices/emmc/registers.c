// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "bytes.h"
#include "cache.h"
#include "registers.h"

/* Bits @high to @low of a register whose first byte has bits 127 to 120 */
static void put_bits(uint8_t *reg, unsigned int high, unsigned int low,
		     unsigned int value)
{
	unsigned int bit;

	for (bit = low; bit <= high; bit++)
		if (value & (1 << (bit - low)))
			reg[15 - bit / 8] |= 1 << (bit % 8);
}

/* What does not fit in it is in EXT_CSD: the size, say */
void csd_init(uint8_t csd[CSD_LEN])
{
	memset(csd, 0, CSD_LEN);
	put_bits(csd, 127, 126, 3);	/* CSD_STRUCTURE: see EXT_CSD */
	put_bits(csd, 125, 122, 4);	/* SPEC_VERS: 4.1 and later */
	put_bits(csd, 119, 112, 0x27);	/* TAAC: 15 ms */
	put_bits(csd, 111, 104, 1);	/* NSAC */
	put_bits(csd, 103, 96, 0x32);	/* TRAN_SPEED: 26 MHz */
	put_bits(csd, 95, 84, 0x035);	/* CCC: 0, 2, 4, 5 */
	put_bits(csd, 83, 80, 9);	/* READ_BL_LEN */
	put_bits(csd, 73, 62, 0xfff);	/* C_SIZE: see EXT_CSD */
	put_bits(csd, 49, 47, 7);	/* C_SIZE_MULT */
	put_bits(csd, 46, 42, 31);	/* ERASE_GRP_SIZE */
	put_bits(csd, 41, 37, 31);	/* ERASE_GRP_MULT */
	put_bits(csd, 28, 26, 2);	/* R2W_FACTOR */
	put_bits(csd, 25, 22, 9);	/* WRITE_BL_LEN */
	csd[15] = 1;			/* the bit after the CRC */
}

static void put_sizes(uint8_t *ext_csd, const struct card_config *config)
{
	put_le32(ext_csd + EXT_CSD_SEC_COUNT, config->sectors);
	ext_csd[EXT_CSD_BOOT_SIZE_MULT] = config->boot_mult;
	ext_csd[EXT_CSD_RPMB_SIZE_MULT] = config->rpmb_mult;
	ext_csd[EXT_CSD_HC_ERASE_GRP_SIZE] = 1;
	ext_csd[EXT_CSD_HC_WP_GRP_SIZE] = 1;
	ext_csd[EXT_CSD_REL_WR_SEC_C] = 1;
}

/* In their different units; what the card takes is ticks, however long they are */
static void put_times(uint8_t *ext_csd)
{
	ext_csd[EXT_CSD_PARTITION_SWITCH_TIME] = 10;
	ext_csd[EXT_CSD_S_A_TIMEOUT] = 0x11;
	ext_csd[EXT_CSD_ERASE_TIMEOUT_MULT] = 1;
	ext_csd[EXT_CSD_TRIM_MULT] = 1;
	ext_csd[EXT_CSD_POWER_OFF_LONG_TIME] = 50;
	ext_csd[EXT_CSD_GENERIC_CMD6_TIME] = 50;
}

static void put_features(uint8_t *ext_csd, const struct card_config *config)
{
	ext_csd[EXT_CSD_DEVICE_TYPE] = DEVICE_TYPE_HS_26 | DEVICE_TYPE_HS_52 |
				       DEVICE_TYPE_HS200_1_8V;
	ext_csd[EXT_CSD_PARTITION_SUPPORT] = 0x7;
	ext_csd[EXT_CSD_WR_REL_PARAM] = WR_REL_PARAM_HS_CTRL_REL |
					WR_REL_PARAM_EN_REL_WR;
	if (config->large_rpmb_writes)
		ext_csd[EXT_CSD_WR_REL_PARAM] |= WR_REL_PARAM_EN_RPMB_REL_WR;
	if (config->secure_wp)
		ext_csd[EXT_CSD_SECURE_WP_INFO] = SECURE_WP_SUPPORT;
	if (config->command_queue) {
		ext_csd[EXT_CSD_CMDQ_SUPPORT] = 1;
		ext_csd[EXT_CSD_CMDQ_DEPTH] = 31;
	}
	if (config->cache)	/* in kilobits */
		put_le32(ext_csd + EXT_CSD_CACHE_SIZE,
			 CACHE_SECTORS * SECTOR_LEN * 8 / 1024);
	ext_csd[EXT_CSD_SEC_FEATURE_SUPPORT] = 1 << 4;	/* TRIM */
}

void ext_csd_init(uint8_t ext_csd[EXT_CSD_LEN],
		  const struct card_config *config)
{
	memset(ext_csd, 0, EXT_CSD_LEN);
	ext_csd[EXT_CSD_REV] = 8;		/* 5.1 */
	ext_csd[EXT_CSD_STRUCTURE] = 2;
	ext_csd[EXT_CSD_S_CMD_SET] = 1;
	memcpy(ext_csd + EXT_CSD_FIRMWARE_VERSION, "RPMBTEST", 8);
	ext_csd[EXT_CSD_DEVICE_LIFE_TIME_EST_TYP_A] = 1;
	ext_csd[EXT_CSD_DEVICE_LIFE_TIME_EST_TYP_B] = 1;
	put_sizes(ext_csd, config);
	put_times(ext_csd);
	put_features(ext_csd, config);
}

bool ext_csd_writable(unsigned int index)
{
	switch (index) {
	case EXT_CSD_CMDQ_MODE_EN:
	case EXT_CSD_FLUSH_CACHE:
	case EXT_CSD_CACHE_CTRL:
	case EXT_CSD_POWER_OFF_NOTIFICATION:
	case EXT_CSD_BOOT_WP:
	case EXT_CSD_ERASE_GROUP_DEF:
	case EXT_CSD_PARTITION_CONFIG:
	case EXT_CSD_BUS_WIDTH:
	case EXT_CSD_HS_TIMING:
	case EXT_CSD_POWER_CLASS:
		return true;
	default:
		return false;
	}
}
