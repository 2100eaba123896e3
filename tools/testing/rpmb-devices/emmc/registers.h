/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers of an eMMC card: CID, CSD and EXT_CSD of JESD84-B51
 */
#ifndef REGISTERS_H
#define REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#define CID_LEN 16
#define CSD_LEN 16
#define EXT_CSD_LEN 512

enum ext_csd {
	EXT_CSD_CMDQ_MODE_EN = 15,
	EXT_CSD_FLUSH_CACHE = 32,
	EXT_CSD_CACHE_CTRL = 33,
	EXT_CSD_POWER_OFF_NOTIFICATION = 34,
	EXT_CSD_PARTITION_SUPPORT = 160,
	EXT_CSD_WR_REL_PARAM = 166,
	EXT_CSD_RPMB_SIZE_MULT = 168,
	EXT_CSD_BOOT_WP = 173,
	EXT_CSD_ERASE_GROUP_DEF = 175,
	EXT_CSD_PARTITION_CONFIG = 179,
	EXT_CSD_BUS_WIDTH = 183,
	EXT_CSD_HS_TIMING = 185,
	EXT_CSD_POWER_CLASS = 187,
	EXT_CSD_REV = 192,
	EXT_CSD_STRUCTURE = 194,
	EXT_CSD_DEVICE_TYPE = 196,
	EXT_CSD_PARTITION_SWITCH_TIME = 199,
	EXT_CSD_SECURE_WP_INFO = 211,
	EXT_CSD_SEC_COUNT = 212,
	EXT_CSD_S_A_TIMEOUT = 217,
	EXT_CSD_HC_WP_GRP_SIZE = 221,
	EXT_CSD_REL_WR_SEC_C = 222,
	EXT_CSD_ERASE_TIMEOUT_MULT = 223,
	EXT_CSD_HC_ERASE_GRP_SIZE = 224,
	EXT_CSD_BOOT_SIZE_MULT = 226,
	EXT_CSD_SEC_FEATURE_SUPPORT = 231,
	EXT_CSD_TRIM_MULT = 232,
	EXT_CSD_POWER_OFF_LONG_TIME = 247,
	EXT_CSD_GENERIC_CMD6_TIME = 248,
	EXT_CSD_CACHE_SIZE = 249,
	EXT_CSD_FIRMWARE_VERSION = 254,
	EXT_CSD_DEVICE_LIFE_TIME_EST_TYP_A = 268,
	EXT_CSD_DEVICE_LIFE_TIME_EST_TYP_B = 269,
	EXT_CSD_CMDQ_DEPTH = 307,
	EXT_CSD_CMDQ_SUPPORT = 308,
	EXT_CSD_S_CMD_SET = 504,
};

#define WR_REL_PARAM_HS_CTRL_REL (1 << 0)
#define WR_REL_PARAM_EN_REL_WR (1 << 2)
#define WR_REL_PARAM_EN_RPMB_REL_WR (1 << 4)
#define PARTITION_ACCESS_MASK 7
#define SECURE_WP_SUPPORT (1 << 0)
#define SECURE_WP_EN_STATUS (1 << 1)
#define DEVICE_TYPE_HS_26 (1 << 0)
#define DEVICE_TYPE_HS_52 (1 << 1)
#define DEVICE_TYPE_HS200_1_8V (1 << 4)

/*
 * What the card is
 *
 * @sectors: of the user area
 * @boot_mult, @rpmb_mult: units of 128 KiB
 * @large_rpmb_writes: 32 frames, too: EN_RPMB_REL_WR
 * @secure_wp: has secure write protection
 * @command_queue: has a command queue
 * @cache: has a cache, which hosts turn on
 * @r1_address: R1 says, too, that an address of the RPMB is out of range
 * @ticks: so long it is busy when it has taken data, CMD6, CMD12 or CMD38, and so long it
 *	looks for sectors and frames before it sends them
 */
struct card_config {
	uint8_t cid[CID_LEN];
	uint32_t sectors;
	uint8_t boot_mult;
	uint8_t rpmb_mult;
	bool large_rpmb_writes;
	bool secure_wp;
	bool command_queue;
	bool cache;
	bool r1_address;
	uint8_t ticks;
};

void csd_init(uint8_t csd[CSD_LEN]);

/* The values after power on */
void ext_csd_init(uint8_t ext_csd[EXT_CSD_LEN],
		  const struct card_config *config);

/* Whether SWITCH can change that byte */
bool ext_csd_writable(unsigned int index);

#endif /* REGISTERS_H */
