// SPDX-License-Identifier: GPL-2.0-only
/*
 * An eMMC card: what each command does
 */
#include <string.h>

#include "card.h"

/* OCR: powered up, addresses are sectors, all voltages */
#define OCR_READY 0xc0ff8080
#define OCR_VOLTAGES 0x00ff8080

/* CMD5's argument */
#define SLEEP (1U << 15)

/* CMD6's argument */
#define ACCESS_COMMAND_SET 0
#define ACCESS_SET_BITS 1
#define ACCESS_CLEAR_BITS 2

/* The arguments of CMD44 to CMD48 */
#define TASK_READ (1U << 30)
#define TASK_SHIFT 16
#define TASK_MASK (EMMC_NR_TASKS - 1)
#define MANAGE_MASK 0xf
#define DISCARD_QUEUE 1
#define DISCARD_TASK 2

/* CMD38's argument: whole groups of 512 KiB, or exactly what was named */
#define ERASE_GROUPS 0
#define ERASE_TRIM 1
#define ERASE_DISCARD 3
#define GROUP_SECTORS 1024U

static uint32_t go_idle(struct emmc *card, uint32_t arg)
{
	(void)arg;
	card_reset(card);
	return 0;
}

/* Asked without voltages it only tells its own */
static uint32_t send_op_cond(struct emmc *card, uint32_t arg)
{
	card->response->word = OCR_READY;
	if (arg & OCR_VOLTAGES)
		card->state = STATE_READY;
	return 0;
}

static void put_long(struct emmc *card, const uint8_t *bytes)
{
	card->response->is_long = true;
	memcpy(card->response->bytes, bytes, CID_LEN);
}

static uint32_t all_send_cid(struct emmc *card, uint32_t arg)
{
	(void)arg;
	put_long(card, card->config.cid);
	card->state = STATE_IDENT;
	return 0;
}

static uint32_t set_relative_addr(struct emmc *card, uint32_t arg)
{
	card->rca = arg >> 16;
	card->state = STATE_STBY;
	return 0;
}

static uint32_t sleep_awake(struct emmc *card, uint32_t arg)
{
	card->state = arg & SLEEP ? STATE_SLP : STATE_STBY;
	return 0;
}

static bool can_access(const struct emmc *card, uint8_t partition_config)
{
	switch (partition_config & PARTITION_ACCESS_MASK) {
	case PARTITION_USER:
		return true;
	case PARTITION_BOOT0:
	case PARTITION_BOOT1:
		return card->config.boot_mult;
	case PARTITION_RPMB:
		return !card->ext_csd[EXT_CSD_CMDQ_MODE_EN];
	default:
		return false;
	}
}

static bool can_set(struct emmc *card, unsigned int index, uint8_t value)
{
	switch (index) {
	case EXT_CSD_PARTITION_CONFIG:
		return can_access(card, value);
	case EXT_CSD_HS_TIMING:
		return (value & HS_TIMING_MASK) <= HS_TIMING_HS200;
	case EXT_CSD_BUS_WIDTH:
		return value <= BUS_WIDTH_8;
	case EXT_CSD_CMDQ_MODE_EN:
		return value <= card->ext_csd[EXT_CSD_CMDQ_SUPPORT];
	case EXT_CSD_FLUSH_CACHE:
		return cache_flush(&card->cache);
	case EXT_CSD_CACHE_CTRL:
		return value <= card->config.cache && cache_flush(&card->cache);
	default:
		return ext_csd_writable(index);
	}
}

static bool set_register(struct emmc *card, unsigned int index, uint8_t value)
{
	if (card_strikes(card, FAULT_SWITCH_ERROR, index) ||
	    !ext_csd_writable(index) || !can_set(card, index, value))
		return false;
	card->ext_csd[index] = value;
	if (index == EXT_CSD_CACHE_CTRL)
		card->cache.on = value;
	if (index == EXT_CSD_CMDQ_MODE_EN)
		memset(card->tasks, 0, sizeof(card->tasks));
	if (index == EXT_CSD_PARTITION_CONFIG)
		card->stats.switches[emmc_partition(card)]++;
	return true;
}

/* Whether it could be done stands in the next response */
static uint32_t switch_register(struct emmc *card, uint32_t arg)
{
	unsigned int access = arg >> 24 & 3, index = arg >> 16 & 0xff;
	uint8_t value = arg >> 8;

	if (access == ACCESS_SET_BITS)
		value = card->ext_csd[index] | value;
	else if (access == ACCESS_CLEAR_BITS)
		value = card->ext_csd[index] & ~value;
	if (access != ACCESS_COMMAND_SET && !set_register(card, index, value))
		card->status |= R1_SWITCH_ERROR;
	card_finish(card, card->rpmb.area.last_type);
	return 0;
}

static uint32_t select_card(struct emmc *card, uint32_t arg)
{
	(void)arg;
	card->state = STATE_TRAN;
	return 0;
}

static uint32_t start_register(struct emmc *card, enum emmc_source source)
{
	card->transfer = (struct emmc_transfer) { .source = source, .left = 1 };
	card->state = STATE_DATA;
	return 0;
}

static uint32_t send_ext_csd(struct emmc *card, uint32_t arg)
{
	(void)arg;
	return start_register(card, SOURCE_EXT_CSD);
}

static uint32_t send_csd(struct emmc *card, uint32_t arg)
{
	(void)arg;
	put_long(card, card->csd);
	return 0;
}

static uint32_t send_cid(struct emmc *card, uint32_t arg)
{
	(void)arg;
	put_long(card, card->config.cid);
	return 0;
}

static uint32_t stop_transmission(struct emmc *card, uint32_t arg)
{
	(void)arg;
	if (card->state != STATE_PRG)
		card_stop(card);
	return 0;
}

static uint32_t send_status(struct emmc *card, uint32_t arg)
{
	(void)card;
	(void)arg;
	return 0;
}

static uint32_t go_inactive(struct emmc *card, uint32_t arg)
{
	(void)arg;
	card->state = STATE_INA;
	return 0;
}

static uint32_t set_blocklen(struct emmc *card, uint32_t arg)
{
	(void)card;
	return arg == EMMC_MAX_BLOCK_LEN ? 0 : R1_BLOCK_LEN_ERROR;
}

/* A transfer of so many blocks, as the command says itself or CMD23 before it */
static uint32_t start_blocks(struct emmc *card, bool write, uint32_t sector,
			     uint32_t count)
{
	struct emmc_transfer transfer = {
		.left = count,
		.sector = sector,
		.reliable = card->block_count & RELIABLE_WRITE,
	};

	return card_start(card, write, &transfer);
}

static uint32_t read_single(struct emmc *card, uint32_t arg)
{
	return start_blocks(card, false, arg, 1);
}

static uint32_t count_of(const struct emmc *card)
{
	uint32_t count = card->block_count & BLOCK_COUNT_MASK;

	return count ? count : OPEN_ENDED;
}

static uint32_t read_multiple(struct emmc *card, uint32_t arg)
{
	return start_blocks(card, false, arg, count_of(card));
}

static uint32_t send_tuning_block(struct emmc *card, uint32_t arg)
{
	(void)arg;
	return start_register(card, SOURCE_TUNING);
}

static uint32_t set_block_count(struct emmc *card, uint32_t arg)
{
	card->block_count = arg;
	return 0;
}

static uint32_t write_single(struct emmc *card, uint32_t arg)
{
	return start_blocks(card, true, arg, 1);
}

static uint32_t write_multiple(struct emmc *card, uint32_t arg)
{
	return start_blocks(card, true, arg, count_of(card));
}

static uint32_t erase_step(struct emmc *card, unsigned int step,
			   uint32_t *sector, uint32_t arg)
{
	if (card->erase_steps != step)
		return R1_ERASE_SEQ_ERROR;
	if (arg >= card->storage->sectors[emmc_partition(card)])
		return R1_OUT_OF_RANGE;
	*sector = arg;
	card->erase_steps = step + 1;
	return 0;
}

static uint32_t erase_group_start(struct emmc *card, uint32_t arg)
{
	card->erase_steps = 0;
	return erase_step(card, 0, &card->erase_first, arg);
}

static uint32_t erase_group_end(struct emmc *card, uint32_t arg)
{
	return erase_step(card, 1, &card->erase_last, arg);
}

static uint32_t erase(struct emmc *card, uint32_t arg)
{
	enum partition partition = emmc_partition(card);
	uint32_t sectors = card->storage->sectors[partition];
	uint32_t first = card->erase_first, last = card->erase_last;
	bool ready = card->erase_steps == 2;

	card->erase_steps = 0;
	if (!ready || last < first)
		return R1_ERASE_SEQ_ERROR;
	if (arg == ERASE_GROUPS) {
		first -= first % GROUP_SECTORS;
		last |= GROUP_SECTORS - 1;
	} else if (arg != ERASE_TRIM && arg != ERASE_DISCARD) {
		return R1_ERROR;
	}
	if (last >= sectors)
		last = sectors - 1;
	if (!cache_erase(&card->cache, partition, first, last - first + 1))
		card->status |= R1_ERROR;
	card_finish(card, 0);
	return 0;
}

static uint32_t queue_params(struct emmc *card, uint32_t arg)
{
	card->next_task = arg >> TASK_SHIFT & TASK_MASK;
	card->tasks[card->next_task] = (struct emmc_task) {
		.has_params = true,
		.read = arg & TASK_READ,
		.reliable = arg & RELIABLE_WRITE,
		.count = arg & BLOCK_COUNT_MASK,
	};
	return 0;
}

static uint32_t queue_address(struct emmc *card, uint32_t arg)
{
	struct emmc_task *task = &card->tasks[card->next_task];

	task->ready = task->has_params && task->count;
	task->sector = arg;
	return task->ready ? 0 : R1_ERROR;
}

static uint32_t execute_task(struct emmc *card, uint32_t arg, bool write)
{
	struct emmc_task *task = &card->tasks[arg >> TASK_SHIFT & TASK_MASK];
	struct emmc_transfer transfer = {
		.left = task->count,
		.sector = task->sector,
		.reliable = task->reliable,
	};

	if (!task->ready || task->read == write)
		return R1_ERROR;
	memset(task, 0, sizeof(*task));
	return card_start(card, write, &transfer);
}

static uint32_t execute_read(struct emmc *card, uint32_t arg)
{
	return execute_task(card, arg, false);
}

static uint32_t execute_write(struct emmc *card, uint32_t arg)
{
	return execute_task(card, arg, true);
}

static uint32_t manage_tasks(struct emmc *card, uint32_t arg)
{
	struct emmc_task *task = &card->tasks[arg >> TASK_SHIFT & TASK_MASK];

	if ((arg & MANAGE_MASK) == DISCARD_QUEUE)
		memset(card->tasks, 0, sizeof(card->tasks));
	else if ((arg & MANAGE_MASK) == DISCARD_TASK)
		memset(task, 0, sizeof(*task));
	else
		return R1_ERROR;
	return 0;
}

#define IN(state) (1U << STATE_ ## state)
#define ALWAYS 0xffff
#define SELECTED (IN(TRAN) | IN(DATA) | IN(RCV) | IN(PRG))

const struct command card_commands[EMMC_NR_COMMANDS] = {
	[0] = { go_idle, ALWAYS, IN_RPMB | NO_R1 },
	[1] = { send_op_cond, IN(IDLE) | IN(READY), NO_R1 },
	[2] = { all_send_cid, IN(READY), NO_R1 },
	[3] = { set_relative_addr, IN(IDENT), 0 },
	[5] = { sleep_awake, IN(STBY) | IN(SLP), ADDRESSED | IN_RPMB },
	[6] = { switch_register, IN(TRAN), IN_RPMB },
	[7] = { select_card, SELECTED | IN(STBY), ADDRESSED | IN_RPMB },
	[8] = { send_ext_csd, IN(TRAN), IN_RPMB },
	[9] = { send_csd, IN(STBY), ADDRESSED | IN_RPMB | NO_R1 },
	[10] = { send_cid, IN(STBY), ADDRESSED | IN_RPMB | NO_R1 },
	[12] = { stop_transmission, IN(DATA) | IN(RCV) | IN(PRG), IN_RPMB },
	[13] = { send_status, SELECTED | IN(STBY), ADDRESSED | IN_RPMB },
	[15] = { go_inactive, SELECTED | IN(STBY), ADDRESSED | IN_RPMB },
	[16] = { set_blocklen, IN(TRAN), IN_RPMB },
	[17] = { read_single, IN(TRAN), NOT_QUEUED },
	[18] = { read_multiple, IN(TRAN), IN_RPMB | NOT_QUEUED },
	[21] = { send_tuning_block, IN(TRAN), 0 },
	[23] = { set_block_count, IN(TRAN), IN_RPMB | NOT_QUEUED },
	[24] = { write_single, IN(TRAN), WRITES | NOT_QUEUED },
	[25] = { write_multiple, IN(TRAN), WRITES | IN_RPMB | NOT_QUEUED },
	[35] = { erase_group_start, IN(TRAN), 0 },
	[36] = { erase_group_end, IN(TRAN), 0 },
	[38] = { erase, IN(TRAN), 0 },
	[44] = { queue_params, IN(TRAN), QUEUED },
	[45] = { queue_address, IN(TRAN), QUEUED },
	[46] = { execute_read, IN(TRAN), QUEUED },
	[47] = { execute_write, IN(TRAN), QUEUED | WRITES },
	[48] = { manage_tasks, IN(TRAN), QUEUED },
};
