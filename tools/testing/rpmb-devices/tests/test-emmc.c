// SPDX-License-Identifier: GPL-2.0-only
/*
 * rpmb-emmc as a driver finds it: the PCI device, the card's registers, data on
 * all paths, the RPMB, and what outlasts the power
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"
#include "tap.h"

static struct machine m;

static void start(const char *const *options)
{
	machine_start(&m, options);
	driver_init(&m);
}

static void pci_device(void)
{
	machine_start(&m, NONE);
	check_eq(machine_config(&m, 0, 4), 0x00ff1b36);
	check_eq(machine_config(&m, 8, 4), 0x08050100);
	check_eq(machine_config(&m, 0x3d, 1), 1);
	check_eq(machine_config(&m, 0x40, 4), 0);
	check_eq(machine_read(&m, 0xfe, 2), 2);
	check_eq(machine_read(&m, 0x800, 4), 0);
}

static const uint8_t *ext_csd(void)
{
	check_eq(driver_read(&m, 8, 0, 1, 0), DONE);
	return m.memory + DATA_AT;
}

static uint32_t word(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return le32toh(value);
}

static void default_ext_csd(void)
{
	const uint8_t *reg;

	start(NONE);
	reg = ext_csd();
	check_eq(reg[192], 8);
	check_eq(reg[194], 2);
	check_eq(word(reg + 212), 64 * 2048);
	check_eq(reg[226], 8);
	check_eq(reg[168], 4);
	check_eq(reg[166], 0x05);
	check_eq(reg[222], 1);
	check_eq(reg[211], 1);
	check_eq(reg[179], 0);
	check_eq(reg[308], 0);
	check_eq(reg[160] & 1, 1);
}

static void chosen_ext_csd(void)
{
	const uint8_t *reg;

	start(OPTIONS("--size", "16", "--boot", "2", "--rpmb", "128",
		      "--large-writes", "--no-secure-wp"));
	reg = ext_csd();
	check_eq(word(reg + 212), 16 * 2048);
	check_eq(reg[226], 2);
	check_eq(reg[168], 128);
	check_eq(reg[166], 0x15);
	check_eq(reg[211], 0);
}

/* R2 is in the host's registers without its last byte */
static void cid(void)
{
	machine_start(&m, OPTIONS("--cid", "00112233445566778899aabbccddeeff"));
	driver_init_host(&m);
	driver_command(&m, 0, 0);
	driver_command(&m, 1, 0x40ff8080);
	check_eq(driver_response(&m), 0xc0ff8080);
	check_eq(driver_command(&m, 2, 0), INT_RESPONSE);
	check_eq(machine_read(&m, RESPONSE, 4), 0xbbccddee);
	check_eq(machine_read(&m, RESPONSE + 4, 4), 0x778899aa);
	check_eq(machine_read(&m, RESPONSE + 8, 4), 0x33445566);
	check_eq(machine_read(&m, RESPONSE + 12, 4), 0x00001122);
}

static void states(void)
{
	machine_start(&m, NONE);
	driver_init_host(&m);
	check_eq(driver_command(&m, 13, 1 << 16),
		 INT_COMMAND_TIMEOUT | INT_ERROR);
	check_eq(driver_command(&m, 18, 0), INT_COMMAND_TIMEOUT | INT_ERROR);
	driver_init(&m);
	check_eq(driver_status(&m) >> 9 & 0xf, 4);
	check_eq(driver_command(&m, 2, 0), INT_COMMAND_TIMEOUT | INT_ERROR);
	check_eq(driver_status(&m) & 1 << 22, 1 << 22);
	check_eq(driver_status(&m) & 1 << 22, 0);
	check_eq(driver_command(&m, 13, 2 << 16),
		 INT_COMMAND_TIMEOUT | INT_ERROR);
	driver_command(&m, 7, 0);
	check_eq(driver_status(&m) >> 9 & 0xf, 3);
}

static void fill(uint8_t seed, uint32_t blocks)
{
	uint32_t i;

	for (i = 0; i < blocks * 512; i++)
		m.memory[DATA_AT + i] = seed + i + i / 512;
}

static void check_fill(uint8_t seed, uint32_t blocks)
{
	uint32_t i;

	for (i = 0; i < blocks * 512; i++)
		check(m.memory[DATA_AT + i] == (uint8_t)(seed + i + i / 512),
		      "byte %u is %#x", i, m.memory[DATA_AT + i]);
}

static void all_paths(void)
{
	static const enum path paths[] = { ADMA64, ADMA32, SDMA, PORT };
	static const char *const stats[] = {
		"transfers.adma64", "transfers.adma32", "transfers.sdma",
		"transfers.port",
	};
	unsigned int i;

	start(NONE);
	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		driver_set_path(paths[i]);
		fill(i, 23);
		check_eq(driver_write(&m, 25, 100 * i, 23, 23), DONE);
		check_eq(driver_read(&m, 18, 100 * i, 23, 23), DONE);
		check_fill(i, 23);
		fill(i + 50, 1);
		check_eq(driver_write(&m, 24, 100 * i, 1, 0), DONE);
		check_eq(driver_read(&m, 17, 100 * i, 1, 0), DONE);
		check_fill(i + 50, 1);
		check_eq(driver_status(&m) >> 9 & 0xf, 4);
		check_eq(machine_tell(&m, "stats", stats[i]), 4);
	}
}

static void open_ended(void)
{
	start(NONE);
	fill(9, 4);
	check_eq(driver_write(&m, 25, 8, 4, 0), DONE);
	check_eq(driver_status(&m) >> 9 & 0xf, 6);
	check_eq(driver_command(&m, 12, 0), DONE);
	check_eq(driver_status(&m) >> 9 & 0xf, 4);
	check_eq(driver_read(&m, 18, 8, 4, 0), DONE);
	check_eq(driver_status(&m) >> 9 & 0xf, 5);
	check_eq(driver_command(&m, 12, 0), DONE);
	check_fill(9, 4);
}

static void user_range(void)
{
	const uint32_t sectors = 64 * 2048;

	start(NONE);
	check_eq(driver_read(&m, 18, sectors - 2, 2, 2), DONE);
	check_eq(driver_read(&m, 18, sectors - 1, 2, 2) & INT_DATA_TIMEOUT,
		 INT_DATA_TIMEOUT);
	check_eq(driver_response(&m) & 1U << 31, 1U << 31);
	check_eq(driver_write(&m, 24, sectors, 1, 0) & INT_DATA_TIMEOUT,
		 INT_DATA_TIMEOUT);
	check_eq(driver_read(&m, 17, UINT32_MAX, 1, 0) & INT_DATA_TIMEOUT,
		 INT_DATA_TIMEOUT);
	check_eq(driver_status(&m) >> 9 & 0xf, 4);
}

static void trim(void)
{
	uint32_t sector;

	start(NONE);
	for (sector = 0; sector < 4; sector++) {
		fill(1, 1);
		check_eq(driver_write(&m, 24, sector, 1, 0), DONE);
	}
	check_eq(driver_command(&m, 35, 1), INT_RESPONSE);
	check_eq(driver_command(&m, 36, 2), INT_RESPONSE);
	check_eq(driver_command(&m, 38, 1), DONE);
	check_eq(driver_read(&m, 18, 0, 4, 4), DONE);
	for (sector = 0; sector < 4; sector++)
		check_eq(m.memory[DATA_AT + sector * 512 + 100],
			 sector == 1 || sector == 2 ? 0 : 101);
	check_eq(driver_command(&m, 38, 1), INT_RESPONSE | INT_TRANSFER);
	check_eq(driver_response(&m) & 1 << 28, 1 << 28);
}

/* The same sector of each partition has other data, and none leaks */
static void partitions(void)
{
	uint8_t part;

	start(NONE);
	for (part = 0; part < 3; part++) {
		check(driver_switch(&m, PARTITION_CONFIG, part), "switch");
		fill(40 * part, 2);
		check_eq(driver_write(&m, 25, 5, 2, 2), DONE);
	}
	for (part = 0; part < 3; part++) {
		check(driver_switch(&m, PARTITION_CONFIG, part), "switch");
		check_eq(driver_read(&m, 18, 5, 2, 2), DONE);
		check_fill(40 * part, 2);
	}
	check(!driver_switch(&m, PARTITION_CONFIG, 4), "there is no gp0");
	check_eq(ext_csd()[PARTITION_CONFIG], 2);
	check_eq(machine_tell(&m, "stats", "switches.user"), 1 + 1);
	check_eq(machine_tell(&m, "stats", "written.boot1"), 2);
}

static void no_boot_partitions(void)
{
	start(OPTIONS("--boot", "0"));
	check(!driver_switch(&m, PARTITION_CONFIG, 1), "there is no boot0");
	check(driver_switch(&m, PARTITION_CONFIG, RPMB), "but an RPMB");
}

static void select_rpmb(void)
{
	check(driver_switch(&m, PARTITION_CONFIG, RPMB), "switch");
}

/* JESD84-B51 6.6.22.4: what is allowed while the RPMB is selected */
static void rpmb_commands(void)
{
	static const uint8_t illegal[] = { 21, 35, 36, 38 };
	unsigned int i;

	start(NONE);
	select_rpmb();
	for (i = 0; i < ARRAY_SIZE(illegal); i++)
		check_eq(driver_command(&m, illegal[i], 0),
			 INT_COMMAND_TIMEOUT | INT_ERROR);
	check_eq(driver_read(&m, 17, 0, 1, 0), INT_COMMAND_TIMEOUT | INT_ERROR);
	check_eq(driver_write(&m, 24, 0, 1, 0),
		 INT_COMMAND_TIMEOUT | INT_ERROR);
	check_eq(driver_read(&m, 18, 0, 1, 0), INT_COMMAND_TIMEOUT | INT_ERROR);
	check_eq(driver_write(&m, 25, 0, 1, 0),
		 INT_COMMAND_TIMEOUT | INT_ERROR);
	check_eq(ext_csd()[PARTITION_CONFIG], RPMB);
	check_eq(machine_tell(&m, "stats", "illegal"), 8);
}

static void make_keyed(const char *const *options)
{
	start(options);
	select_rpmb();
	check_eq(rpmb_program(&m), RPMB_RES_OK);
}

static void rpmb_basics(void)
{
	start(NONE);
	select_rpmb();
	check_eq(rpmb_write(&m, 0, 0, 1, 1), RPMB_RES_NO_KEY);
	check_eq(rpmb_program(&m), RPMB_RES_OK);
	check_eq(rpmb_program(&m), RPMB_RES_WRITE);
	check_eq(rpmb_counter(&m), 0);
	check_eq(rpmb_write(&m, 0, 7, 1, 0x11), RPMB_RES_OK);
	check_eq(rpmb_write(&m, 0, 7, 1, 0x22), RPMB_RES_COUNTER);
	check_eq(rpmb_read(&m, 7), 0x11);
	check_eq(rpmb_read(&m, 6), 0);
	check_eq(rpmb_counter(&m), 1);
}

static void rpmb_sizes(void)
{
	unsigned int nr, last = 0;

	make_keyed(OPTIONS("--large-writes"));
	for (nr = 1; nr <= 33; nr++) {
		uint32_t counter = rpmb_counter(&m);
		bool fits = nr <= 2 || nr == 32;

		check_eq(rpmb_write(&m, counter, 100, nr, nr),
			 fits ? RPMB_RES_OK : RPMB_RES_GENERAL);
		check_eq(rpmb_counter(&m), counter + fits);
		last = fits ? nr : last;
		check_eq(rpmb_read(&m, 100), last);
	}
	check_eq(rpmb_read(&m, 131), 32);
	check_eq(rpmb_read(&m, 132), 0);
}

static void rpmb_small_sizes(void)
{
	make_keyed(NONE);
	check_eq(rpmb_write(&m, 0, 0, 32, 1), RPMB_RES_GENERAL);
	check_eq(rpmb_write(&m, 0, 0, 2, 1), RPMB_RES_OK);
}

static void check_range(void)
{
	struct rpmb_frame frame;

	check_eq(rpmb_write(&m, 0, 511, 2, 1), RPMB_RES_ADDRESS);
	check_eq(rpmb_write(&m, 0, 512, 1, 1), RPMB_RES_ADDRESS);
	check_eq(rpmb_write(&m, 0, 511, 1, 9), RPMB_RES_OK);
	check_eq(rpmb_read(&m, 511), 9);
	memset(&frame, 0, sizeof(frame));
	frame.addr = htobe16(512);
	frame.req_resp = htobe16(RPMB_READ_DATA);
	check_eq(rpmb_exchange(&m, &frame, 1, &frame, 1).result,
		 RPMB_RES_ADDRESS);
}

static void rpmb_range(void)
{
	make_keyed(OPTIONS("--rpmb", "1"));
	check_range();
	check(machine_says(&m, "stats", "r1 0x00000000"), "no error bits");
}

/* CMD13 has the bit after a write; for a read CMD18 has it */
static void rpmb_range_in_r1(void)
{
	struct rpmb_frame frame;

	make_keyed(OPTIONS("--rpmb", "1", "--r1-address"));
	check_range();
	check_eq(driver_status(&m) >> 31, 0);
	rpmb_make_write(&frame, 1, 512, 1, 1);
	check_eq(rpmb_send(&m, &frame, 1), DONE);
	check_eq(driver_status(&m) >> 31, 1);
	check_eq(driver_status(&m) >> 31, 0);
	memset(&frame, 0, sizeof(frame));
	frame.addr = htobe16(512);
	frame.req_resp = htobe16(RPMB_READ_DATA);
	check_eq(rpmb_send(&m, &frame, 1), DONE);
	check_eq(driver_status(&m) >> 31, 0);
	check_eq(rpmb_receive(&m, &frame, 1), DONE);
	check_eq(driver_response(&m) >> 31, 1);
	check_eq(driver_status(&m) >> 31, 0);
	check(machine_says(&m, "stats", "r1 0x80000000"), "error bits");
}

/* Without bit 31 of CMD23, what changes the card is refused */
static void rpmb_unreliable(void)
{
	struct rpmb_frame frame, result_read = {
		.req_resp = htobe16(RPMB_RESULT_READ),
	};

	make_keyed(NONE);
	rpmb_make_write(&frame, 0, 0, 1, 1);
	memcpy(m.memory + DATA_AT, &frame, 512);
	check_eq(driver_write(&m, 25, 0, 1, 1), DONE);
	check_eq(rpmb_send(&m, &result_read, 1), DONE);
	check_eq(rpmb_receive(&m, &frame, 1), DONE);
	check_eq(be16toh(frame.result), RPMB_RES_GENERAL);
	check_eq(be16toh(frame.req_resp), RPMB_WRITE_DATA << 8);
	check_eq(rpmb_counter(&m), 0);
}

static void rpmb_long_read(void)
{
	struct rpmb_frame request = {
		.req_resp = htobe16(RPMB_READ_DATA),
	}, frames[100];
	uint32_t i;

	make_keyed(NONE);
	for (i = 0; i < 100; i += 2)
		check_eq(rpmb_write(&m, i / 2, i, 2, i), RPMB_RES_OK);
	check_eq(rpmb_exchange(&m, &request, 1, frames, 100).count, 100);
	for (i = 0; i < 100; i++)
		check_eq(frames[i].data[17], i & ~1);
}

static void rpmb_unasked(void)
{
	struct rpmb_frame frame;

	make_keyed(NONE);
	check_eq(rpmb_receive(&m, &frame, 1), DONE);
	check_eq(be16toh(frame.result), RPMB_RES_GENERAL);
	check_eq(be16toh(frame.req_resp), 0);
}

/* Fewer frames than announced: nothing happens */
static void rpmb_aborted(void)
{
	struct rpmb_frame frames[2];

	make_keyed(NONE);
	rpmb_make_write(frames, 0, 0, 2, 1);
	memcpy(m.memory + DATA_AT, frames, sizeof(frames));
	check_eq(driver_write(&m, 25, 0, 1, 2 | RELIABLE), DONE);
	check_eq(driver_status(&m) >> 9 & 0xf, 6);
	check_eq(driver_command(&m, 12, 0), DONE);
	check_eq(driver_status(&m) >> 9 & 0xf, 4);
	check_eq(rpmb_counter(&m), 0);
}

static void set_config(uint32_t counter, uint32_t addr)
{
	struct rpmb_frame frame;
	struct rpmb_fields fields = {
		.type = RPMB_CONFIG_WRITE,
		.counter = counter,
		.addr = addr,
		.count = 1,
	};

	rpmb_frames_init(RPMB_FRAME_JEDEC, &frame, 512, &fields);
	frame.data[255] = 1;
	rpmb_frames_hmac(RPMB_FRAME_JEDEC, &frame, 512, test_key,
			 frame.key_mac);
	check_eq(rpmb_exchange(&m, &frame, 1, &frame, 1).result, RPMB_RES_OK);
}

static uint16_t get_config(void)
{
	struct rpmb_frame frame = { .req_resp = htobe16(RPMB_CONFIG_READ) };

	check_eq(rpmb_exchange(&m, &frame, 1, &frame, 1).result, RPMB_RES_OK);
	return frame.data[254] << 8 | frame.data[255];
}

static void again(const char *const *options)
{
	machine_spawn(&m, options);
	machine_connect(&m);
	driver_init(&m);
	select_rpmb();
}

/* ENABLE outlasts everything, CONFIG only lasts as long as the power */
static void secure_wp(void)
{
	make_keyed(NONE);
	set_config(0, 1);
	set_config(1, 2);
	check_eq(get_config(), 0x0101);
	check_eq(ext_csd()[211], 3);
	driver_init(&m);
	check_eq(ext_csd()[211], 3);
	select_rpmb();
	check_eq(get_config(), 0x0001);
	set_config(2, 2);
	machine_end(&m, SIGKILL);
	again(NONE);
	check_eq(get_config(), 0x0001);
	check_eq(rpmb_counter(&m), 3);
}

static void kept_after_kill(void)
{
	make_keyed(NONE);
	check_eq(rpmb_write(&m, 0, 3, 2, 0x5a), RPMB_RES_OK);
	check(driver_switch(&m, PARTITION_CONFIG, USER), "switch");
	fill(77, 3);
	check_eq(driver_write(&m, 25, 1000, 3, 3), DONE);
	machine_end(&m, SIGKILL);

	again(NONE);
	check_eq(rpmb_program(&m), RPMB_RES_WRITE);
	check_eq(rpmb_counter(&m), 1);
	check_eq(rpmb_read(&m, 3), 0x5a);
	check_eq(rpmb_read(&m, 4), 0x5a);
	check(driver_switch(&m, PARTITION_CONFIG, USER), "switch");
	check_eq(driver_read(&m, 18, 1000, 3, 3), DONE);
	check_fill(77, 3);
	check_eq(machine_end(&m, SIGTERM), 0);
}

static void files(void)
{
	char sector[512];
	int fd;

	start(OPTIONS("--size", "1"));
	fill(5, 1);
	check_eq(driver_write(&m, 24, 2047, 1, 0), DONE);
	check_eq(machine_end(&m, SIGTERM), 0);
	fd = open(CARD "/user", O_RDONLY);
	check(fd >= 0 && pread(fd, sector, 512, 2047 * 512) == 512, "%s",
	      strerror(errno));
	check(!memcmp(sector, m.memory + DATA_AT, 512), "other data");
	check_eq(lseek(fd, 0, SEEK_END), 1024 * 1024);
}

static void other_size(void)
{
	char line[256] = "";

	make_keyed(NONE);
	check_eq(machine_end(&m, SIGTERM), 0);
	machine_try_spawn(&m, OPTIONS("--rpmb", "5"), line, sizeof(line));
	check(strstr(line, "capacity of 4, not 5"), "%s", line);
}

/* The machine ends, and with it the power; the program serves the next one */
/* What is flushed stays, and what is not goes with CMD0 and with the power */
static void cache(void)
{
	start(OPTIONS("--cache"));
	check(driver_switch(&m, CACHE_CTRL, 1), "the cache is turned on");
	fill(1, 4);
	check_eq(driver_write(&m, 25, 100, 4, 4), DONE);
	check(driver_switch(&m, FLUSH_CACHE, 1), "flush");
	fill(2, 4);
	check_eq(driver_write(&m, 25, 100, 4, 4), DONE);
	check_eq(driver_read(&m, 18, 100, 4, 4), DONE);
	check_fill(2, 4);
	driver_init(&m);
	check_eq(driver_read(&m, 18, 100, 4, 4), DONE);
	check_fill(1, 4);

	check(driver_switch(&m, CACHE_CTRL, 1), "the cache is turned on");
	fill(3, 4);
	check_eq(driver_write(&m, 25, 100, 4, 4 | RELIABLE), DONE);
	fill(4, 4);
	check_eq(driver_write(&m, 25, 200, 4, 4), DONE);
	check(driver_switch(&m, CACHE_CTRL, 0), "the cache is turned off");
	machine_end(&m, SIGKILL);

	again(OPTIONS("--cache"));
	check(driver_switch(&m, PARTITION_CONFIG, USER), "switch");
	check_eq(driver_read(&m, 18, 100, 4, 4), DONE);
	check_fill(3, 4);
	check_eq(driver_read(&m, 18, 200, 4, 4), DONE);
	check_fill(4, 4);
}

/* A switch keeps the line down, and ends by itself: nobody releases the card */
static void busy_time(void)
{
	start(OPTIONS("--ticks", "100"));
	machine_write(&m, ARGUMENT, 4, 3U << 24 | CACHE_CTRL << 16);
	machine_write(&m, COMMAND, 2, 6 << 8 | 3);	/* R1b */
	while (!(machine_read(&m, PRESENT_STATE, 4) & STATE_DATA_LINE_0))
		;
	check_eq(machine_read(&m, INT_STATUS, 4), DONE);
	machine_write(&m, INT_STATUS, 4, DONE);
	check_eq(driver_status(&m) >> 9 & 0xf, 4);
}

/* A read takes the card's time once, for its first block */
static void read_time(void)
{
	uint32_t seen;

	start(OPTIONS("--ticks", "100"));
	seen = driver_read(&m, 18, 100, 23, 23);
	while (!(seen & INT_TRANSFER))
		seen |= machine_read(&m, INT_STATUS, 4);
	check_eq(seen, DONE);
	check_eq(m.memory[DATA_AT], 0);
	check_eq(machine_tell(&m, "stats", "ticks"), 100);
}

static void no_cache(void)
{
	start(NONE);
	check(!driver_switch(&m, CACHE_CTRL, 1), "there is none");
}

static void next_machine(void)
{
	make_keyed(NONE);
	check_eq(rpmb_write(&m, 0, 3, 1, 1), RPMB_RES_OK);
	machine_disconnect(&m);
	machine_connect(&m);
	check_eq(machine_read(&m, POWER_CONTROL, 1), 0);
	driver_init(&m);
	check_eq(ext_csd()[PARTITION_CONFIG], USER);
	select_rpmb();
	check_eq(rpmb_counter(&m), 1);
}

static void tuning(void)
{
	start(NONE);
	machine_write(&m, HOST_CONTROL2, 2, EXECUTE_TUNING);
	check_eq(driver_tune(&m), TUNED);
	check_eq(machine_tell(&m, "stats", "tunings"), 1);
	check_eq(driver_status(&m) >> 9 & 0xf, 4);
}

static void ask_for_status(void)
{
	machine_write(&m, ARGUMENT, 4, 1 << 16);
	machine_write(&m, COMMAND, 2, 13 << 8 | 2);
}

/*
 * INTx: asserted as long as there is a reason, signalled again when unmasked, and taken
 * back if nobody has heard of it
 */
static void interrupts(void)
{
	start(NONE);
	check(!machine_has_irq(&m), "there is no reason");
	ask_for_status();
	check(machine_has_irq(&m), "there is one");
	machine_write(&m, INT_STATUS, 4, INT_RESPONSE);
	check(!machine_has_irq(&m), "the reason is gone before it was heard of");
	ask_for_status();
	machine_await_irq(&m);
	machine_write(&m, ARGUMENT, 4, 0);
	check(!machine_has_irq(&m), "masked");
	machine_unmask_irq(&m);
	machine_await_irq(&m);
	machine_write(&m, INT_STATUS, 4, INT_RESPONSE);
	machine_unmask_irq(&m);
	check(!machine_has_irq(&m), "the reason is gone");
}

/* Only the register for it takes the card's power, and only without a clock */
static void supply(void)
{
	start(NONE);
	machine_write(&m, SOFTWARE_RESET, 1, RESET_ALL);
	machine_write(&m, INT_ENABLE, 4, ~0U);
	machine_write(&m, CLOCK_CONTROL, 2, CLOCK_CARD_EN);
	machine_write(&m, POWER_CONTROL, 1, 0);
	machine_write(&m, POWER_CONTROL, 1, 0xf);
	check_eq(driver_status(&m) >> 9 & 0xf, 4);
	machine_write(&m, CLOCK_CONTROL, 2, 0);
	machine_write(&m, POWER_CONTROL, 1, 0);
	machine_write(&m, POWER_CONTROL, 1, 0xf);
	check_eq(driver_command(&m, 13, 1 << 16),
		 INT_COMMAND_TIMEOUT | INT_ERROR);
}

static void sleeping(void)
{
	start(NONE);
	driver_command(&m, 7, 0);
	check_eq(driver_command(&m, 5, 1 << 16 | 1 << 15), INT_RESPONSE);
	check_eq(driver_command(&m, 13, 1 << 16),
		 INT_COMMAND_TIMEOUT | INT_ERROR);
	check_eq(driver_command(&m, 5, 1 << 16), INT_RESPONSE);
	check_eq(driver_status(&m) >> 9 & 0xf, 3);
}

static const struct test tests[] = {
	{ "PCI: identity, class, INTA, registers", pci_device },
	{ "EXT_CSD: defaults", default_ext_csd },
	{ "EXT_CSD: as the options say", chosen_ext_csd },
	{ "CID: as the option says", cid },
	{ "commands out of their states are illegal", states },
	{ "data: ADMA2 with 64 and 32 bits, SDMA, buffer port", all_paths },
	{ "data: open-ended, ended by CMD12", open_ended },
	{ "data: beyond the user area", user_range },
	{ "trim: what is named becomes zero, no more", trim },
	{ "partitions: each has its own data", partitions },
	{ "partitions: none to boot from", no_boot_partitions },
	{ "RPMB: only some commands, and with CMD23", rpmb_commands },
	{ "RPMB: key, counter, write, replay, read", rpmb_basics },
	{ "RPMB: 1, 2 and 32 frames at once", rpmb_sizes },
	{ "RPMB: no 32 frames without EN_RPMB_REL_WR", rpmb_small_sizes },
	{ "RPMB: nothing beyond its end", rpmb_range },
	{ "RPMB: R1 can have its say of that", rpmb_range_in_r1 },
	{ "RPMB: writes are reliable writes", rpmb_unreliable },
	{ "RPMB: a hundred blocks read at once", rpmb_long_read },
	{ "RPMB: a response without a request", rpmb_unasked },
	{ "RPMB: fewer frames than CMD23 said", rpmb_aborted },
	{ "secure write protection", secure_wp },
	{ "kill -9: key, counter, blocks and sectors stay", kept_after_kill },
	{ "files: the user area is one", files },
	{ "a card of another size is refused", other_size },
	{ "cache: what is not flushed goes with CMD0 and the power", cache },
	{ "cache: a card may have none", no_cache },
	{ "a card is busy for some time", busy_time },
	{ "a card takes some time to read", read_time },
	{ "a machine goes, the next comes", next_machine },
	{ "tuning", tuning },
	{ "INTx", interrupts },
	{ "the card's power", supply },
	{ "sleep and awake", sleeping },
};

int main(int argc, char **argv)
{
	return machine_run_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
