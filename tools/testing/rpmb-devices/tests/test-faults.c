// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults on request: what the host sees, and what the card has done
 */
#include <endian.h>
#include <string.h>
#include <sys/wait.h>

#include "driver.h"
#include "tap.h"

#define SWITCH_ERROR (1 << 7)
#define GENERAL_ERROR (1 << 19)
#define COM_CRC_ERROR (1 << 23)

static struct machine m;

/* A card with a key, and the RPMB selected */
static void start(void)
{
	machine_start(&m, NONE);
	driver_init(&m);
	check(driver_switch(&m, PARTITION_CONFIG, RPMB), "switch");
	check_eq(rpmb_program(&m), RPMB_RES_OK);
}

/* Whatever state it was left in */
static void recover(void)
{
	machine_write(&m, SOFTWARE_RESET, 1, RESET_COMMAND_AND_DATA);
	machine_write(&m, INT_STATUS, 4, ~0U);
	driver_init(&m);
	check(driver_switch(&m, PARTITION_CONFIG, RPMB), "switch");
}

/* Send a write that is right; the interrupt's bits */
static uint32_t send_write(void)
{
	struct rpmb_frame frame;

	rpmb_make_write(&frame, 0, 9, 1, 0x77);
	return rpmb_send(&m, &frame, 1);
}

/* The write has been carried out, or it has not */
static void check_done(bool done)
{
	check_eq(rpmb_counter(&m), done);
	check_eq(rpmb_read(&m, 9), done ? 0x77 : 0);
}

/* A fault in the request of a write */
static void strike_write(const char *fault, const char *name, uint32_t bits,
			 bool done)
{
	start();
	machine_tell(&m, fault, NULL);
	check_eq(send_write(), bits | INT_ERROR);
	check_eq(machine_tell(&m, "stats", name), 1);
	recover();
	check_done(done);
}

static void request_lost(void)
{
	strike_write("fault no-response cmd=25 part=rpmb", "fault.no-response",
		     INT_COMMAND_TIMEOUT, false);
}

static void response_damaged(void)
{
	strike_write("fault response-crc cmd=25", "fault.response-crc",
		     INT_COMMAND_CRC, false);
}

static void data_damaged(void)
{
	strike_write("fault data-crc cmd=25", "fault.data-crc",
		     INT_RESPONSE | INT_DATA_CRC, false);
}

static void word_lost(void)
{
	strike_write("fault data-timeout cmd=25 type=3", "fault.data-timeout",
		     INT_RESPONSE | INT_DATA_TIMEOUT, true);
}

static void power_before(void)
{
	strike_write("fault power-before type=3", "fault.power-before",
		     INT_RESPONSE | INT_DATA_TIMEOUT, false);
}

static void power_after(void)
{
	strike_write("fault power-after type=3", "fault.power-after",
		     INT_RESPONSE | INT_DATA_TIMEOUT, true);
}

static void count_lost(void)
{
	strike_write("fault no-response cmd=23", "fault.no-response",
		     INT_AUTO_CMD, false);
}

/* What the driver tells a lost CMD23 from a damaged one by */
static void count_status(void)
{
	start();
	machine_tell(&m, "fault no-response cmd=23", NULL);
	check_eq(send_write(), INT_AUTO_CMD | INT_ERROR);
	check_eq(machine_read(&m, AUTO_CMD_STATUS, 2), 1 << 1);
	machine_tell(&m, "fault response-crc cmd=23", NULL);
	check_eq(send_write(), INT_AUTO_CMD | INT_ERROR);
	check_eq(machine_read(&m, AUTO_CMD_STATUS, 2), 1 << 2);
	recover();
	check_done(false);
}

static void fetch_result(uint32_t bits)
{
	struct rpmb_frame frame = {
		.req_resp = htobe16(RPMB_RESULT_READ),
	};

	check_eq(rpmb_send(&m, &frame, 1), DONE);
	check_eq(rpmb_receive(&m, &frame, 1), bits);
}

static void result_lost(void)
{
	start();
	check_eq(send_write(), DONE);
	machine_tell(&m, "fault data-timeout cmd=18 type=5", NULL);
	fetch_result(INT_RESPONSE | INT_DATA_TIMEOUT | INT_ERROR);
	check_eq(driver_status(&m) >> 9 & 0xf, 5);
	check_eq(driver_command(&m, 12, 0), DONE);
	check_done(true);
}

/* The counter, with another nonce than before; is the answer signed? */
static struct rpmb_fields ask_counter(uint8_t nonce, bool *is_signed)
{
	struct rpmb_frame frame = {
		.nonce = { nonce },
		.req_resp = htobe16(RPMB_GET_WRITE_COUNTER),
	};
	struct rpmb_fields fields;
	uint8_t mac[RPMB_MAC_LEN];

	fields = rpmb_exchange(&m, &frame, 1, &frame, 1);
	rpmb_frames_hmac(RPMB_FRAME_JEDEC, &frame, sizeof(frame), test_key, mac);
	*is_signed = !memcmp(mac, frame.key_mac, sizeof(mac));
	return fields;
}

static void forged(void)
{
	bool is_signed;

	start();
	ask_counter(1, &is_signed);
	check_eq(is_signed, true);
	machine_tell(&m, "fault forge cmd=18 type=2 value=1", NULL);
	check_eq(ask_counter(2, &is_signed).nonce[0], 1);
	check_eq(is_signed, true);
	machine_tell(&m, "fault forge cmd=18 type=2 value=2", NULL);
	check_eq(ask_counter(2, &is_signed).nonce[0], 2);
	check_eq(is_signed, false);
	machine_tell(&m, "fault forge cmd=18 type=2 value=3", NULL);
	check_eq(ask_counter(2, &is_signed).nonce[0], 3);
	check_eq(is_signed, true);
	machine_tell(&m, "fault forge cmd=18 type=2 value=7", NULL);
	check_eq(ask_counter(2, &is_signed).counter, 1);
	check_eq(is_signed, true);
	check_eq(ask_counter(2, &is_signed).counter, 0);
}

static void result_damaged(void)
{
	start();
	check_eq(send_write(), DONE);
	machine_tell(&m, "fault data-crc cmd=18 type=5", NULL);
	fetch_result(INT_RESPONSE | INT_DATA_CRC | INT_ERROR);
	check_done(true);
}

/* The type is that of the request: a counter's response is not a write's */
static void other_type(void)
{
	start();
	machine_tell(&m, "fault data-timeout cmd=18 type=5", NULL);
	check_eq(rpmb_counter(&m), 0);
	check_eq(machine_tell(&m, "stats", "fault.data-timeout"), 0);
}

static void status_bits(void)
{
	start();
	machine_tell(&m, "fault r1 cmd=25", NULL);
	check_eq(send_write(), DONE);
	check_eq(driver_response(&m) & GENERAL_ERROR, GENERAL_ERROR);
	machine_tell(&m, "fault r1 cmd=13 value=0x80000000", NULL);
	check_eq(driver_status(&m) & 1U << 31, 1U << 31);
	check_eq(driver_status(&m) & 1U << 31, 0);
	check_done(true);
}

/* The status is asked for once more. A CRC error of the command is in it, once. */
static void status_lost(void)
{
	start();
	machine_tell(&m, "fault no-response cmd=13", NULL);
	check_eq(driver_command(&m, 13, 1 << 16),
		 INT_COMMAND_TIMEOUT | INT_ERROR);
	check_eq(driver_status(&m) & COM_CRC_ERROR, COM_CRC_ERROR);
	check_eq(driver_status(&m) & COM_CRC_ERROR, 0);
}

static void status_damaged(void)
{
	start();
	machine_tell(&m, "fault response-crc cmd=13 times=2", NULL);
	check_eq(driver_command(&m, 13, 1 << 16), INT_COMMAND_CRC | INT_ERROR);
	check_eq(driver_command(&m, 13, 1 << 16), INT_COMMAND_CRC | INT_ERROR);
	check_eq(driver_status(&m) & (0xf << 9 | COM_CRC_ERROR), 4 << 9);
	check_done(false);
}

static void tuning_fails(void)
{
	start();
	check(driver_switch(&m, PARTITION_CONFIG, USER), "switch");
	machine_tell(&m, "fault data-crc cmd=21 times=2", NULL);
	machine_write(&m, HOST_CONTROL2, 2, EXECUTE_TUNING);
	check_eq(driver_tune(&m), EXECUTE_TUNING);
	check_eq(driver_tune(&m), EXECUTE_TUNING);
	check_eq(machine_tell(&m, "stats", "tunings"), 0);
	check_eq(driver_tune(&m), TUNED);
	check_eq(machine_tell(&m, "stats", "tunings"), 1);
	check_eq(driver_status(&m) >> 9 & 0xf, 4);
}

static void switch_refused(void)
{
	start();
	machine_tell(&m, "fault switch-error cmd=6", NULL);
	check(!driver_switch(&m, PARTITION_CONFIG, USER), "it was not refused");
	check_done(false);
	check(driver_switch(&m, PARTITION_CONFIG, USER), "once only");
}

static void cannot_write(void)
{
	start();
	machine_tell(&m, "fault write-failure", NULL);
	check_eq(rpmb_counter(&m), 0);
	check_eq(rpmb_write(&m, 0, 9, 1, 0x77), RPMB_RES_WRITE);
	check_done(false);
	check_eq(rpmb_write(&m, 0, 9, 1, 0x77), RPMB_RES_OK);
}

static void cannot_write_user(void)
{
	start();
	check(driver_switch(&m, PARTITION_CONFIG, USER), "switch");
	machine_tell(&m, "fault write-failure part=user", NULL);
	check_eq(driver_write(&m, 25, 0, 1, 1), DONE);
	check_eq(driver_status(&m) & GENERAL_ERROR, GENERAL_ERROR);
	check_eq(driver_status(&m) & GENERAL_ERROR, 0);
}

/* Done, but the host does not hear of it until the card is released */
static void stuck(void)
{
	start();
	machine_tell(&m, "fault busy cmd=25 type=3", NULL);
	check_eq(send_write(), INT_RESPONSE);
	check_eq(machine_read(&m, PRESENT_STATE, 4) &
		 (STATE_DATA_LINE_0 | STATE_DATA_INHIBIT), STATE_DATA_INHIBIT);
	check_eq(driver_status(&m) & 0x1f00, 7 << 9);
	check_eq(driver_command(&m, 6, 0), INT_COMMAND_TIMEOUT | INT_ERROR);
	machine_tell(&m, "release", NULL);
	check_eq(machine_read(&m, INT_STATUS, 4), INT_TRANSFER);
	machine_write(&m, INT_STATUS, 4, ~0U);
	check_eq(driver_status(&m) & 0x1f00, 4 << 9 | 1 << 8);
	check_done(true);
	check(strstr(machine_try(&m, "release"), "not busy"), "released twice");
}

/* A host that gives up waiting: the card is still busy, and then is not */
static void stuck_and_reset(void)
{
	start();
	machine_tell(&m, "fault busy cmd=6", NULL);
	check_eq(driver_command(&m, 6, 0x03b30300), INT_RESPONSE);
	machine_write(&m, SOFTWARE_RESET, 1, RESET_COMMAND_AND_DATA);
	check_eq(machine_read(&m, PRESENT_STATE, 4) &
		 (STATE_DATA_LINE_0 | STATE_DATA_INHIBIT), 0);
	check_eq(driver_status(&m) & 0x1f00, 7 << 9);
	machine_tell(&m, "release", NULL);
	check_eq(machine_read(&m, INT_STATUS, 4), 0);
	check_done(false);
}

static void taken_out(void)
{
	start();
	machine_tell(&m, "fault remove type=3", NULL);
	check_eq(send_write(), INT_RESPONSE | INT_DATA_TIMEOUT | INT_REMOVED |
			       INT_ERROR);
	check_eq(machine_read(&m, PRESENT_STATE, 4) & STATE_PRESENT, 0);
	check_eq(driver_command(&m, 13, 1 << 16),
		 INT_COMMAND_TIMEOUT | INT_ERROR);
	machine_tell(&m, "insert", NULL);
	check_eq(machine_read(&m, INT_STATUS, 4), INT_INSERTED);
	check_eq(machine_read(&m, PRESENT_STATE, 4) & STATE_PRESENT,
		 STATE_PRESENT);
	recover();
	check_done(false);
}

static void taken_out_idle(void)
{
	start();
	machine_write(&m, INT_STATUS, 4, ~0U);
	machine_unmask_irq(&m);
	while (machine_has_irq(&m))
		machine_await_irq(&m);
	machine_unmask_irq(&m);
	machine_tell(&m, "remove", NULL);
	machine_await_irq(&m);
	check_eq(machine_read(&m, INT_STATUS, 4), INT_REMOVED);
	machine_tell(&m, "insert", NULL);
	machine_tell(&m, "remove", NULL);
	check_eq(machine_tell(&m, "stats", "present"), 0);
}

static void program_ends(const char *fault, bool done)
{
	int status;

	start();
	machine_tell(&m, fault, NULL);
	m.may_end = true;
	send_write();
	status = machine_wait(&m);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 3, "status %#x",
	      status);
	machine_start(&m, NONE);
	recover();
	check_done(done);
}

static void exit_before(void)
{
	program_ends("fault exit-before type=3", false);
}

static void exit_after(void)
{
	program_ends("fault exit-after type=3", true);
}

static void skip_and_times(void)
{
	unsigned int i;

	start();
	machine_tell(&m, "fault no-response cmd=13 skip=2 times=3", NULL);
	for (i = 0; i < 7; i++)
		check_eq(driver_command(&m, 13, 1 << 16),
			 i < 2 || i > 4 ? INT_RESPONSE :
					  INT_COMMAND_TIMEOUT | INT_ERROR);
	check_eq(machine_tell(&m, "stats", "fault.no-response"), 3);
}

static void cleared(void)
{
	start();
	machine_tell(&m, "fault no-response cmd=13", NULL);
	machine_tell(&m, "clear", NULL);
	machine_tell(&m, "wait", NULL);
	check_eq(driver_command(&m, 13, 1 << 16), INT_RESPONSE);
}

static void wrong_commands(void)
{
	static const char *const wrong[] = {
		"", " ", "faults", "fault", "fault no", "fault r1 cmd",
		"fault r1 cmd=64", "fault r1 cmd=-1", "fault r1 cmd=1x",
		"fault r1 part=gp0", "fault r1 times=0", "fault r1 colour=1",
		"fault r1 value=0x100000000",
	};
	unsigned int i;

	start();
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		check(!strncmp(machine_try(&m, wrong[i]), "error: ", 7),
		      "'%s' is taken", wrong[i]);
	for (i = 0; i < 16; i++)
		machine_tell(&m, "fault r1 cmd=63", NULL);
	check(strstr(machine_try(&m, "fault r1 cmd=63"), "too many"), "17");
}

static void history(void)
{
	start();
	machine_tell(&m, "reset-stats", NULL);
	check_eq(send_write(), DONE);
	check_eq(machine_tell(&m, "stats", "cmd23"), 1);
	check_eq(machine_tell(&m, "stats", "cmd25"), 1);
	check_eq(machine_tell(&m, "stats", "request3"), 1);
	check_eq(machine_tell(&m, "stats", "written.rpmb"), 1);
	check_eq(machine_tell(&m, "stats", "counter"), 1);
	check(machine_says(&m, "history", "cmd23 0x80000001 rpmb"), "CMD23");
	check(machine_says(&m, "history", "cmd25 0x00000000 rpmb"), "CMD25");
	check(machine_says(&m, "stats", "partition rpmb"), "partition");
}

static const struct test tests[] = {
	{ "no-response: the request is lost", request_lost },
	{ "response-crc: the frames never come", response_damaged },
	{ "data-crc: the frames are refused", data_damaged },
	{ "data-timeout: done, and no word of it", word_lost },
	{ "power-before: not done", power_before },
	{ "power-after: done", power_after },
	{ "no-response to CMD23: nothing is sent", count_lost },
	{ "CMD23: lost and damaged differ", count_status },
	{ "data-timeout: the result is lost", result_lost },
	{ "data-crc: the result is damaged", result_damaged },
	{ "forge: an old, an unsigned, a wrong answer", forged },
	{ "a fault for another request waits", other_type },
	{ "r1: error bits, once", status_bits },
	{ "no-response to CMD13", status_lost },
	{ "response-crc of CMD13", status_damaged },
	{ "data-crc of CMD21: the host goes on tuning", tuning_fails },
	{ "switch-error: the partition stays", switch_refused },
	{ "write-failure: result 5, nothing changed", cannot_write },
	{ "write-failure: of sectors", cannot_write_user },
	{ "busy: until released", stuck },
	{ "busy: a host that gives up", stuck_and_reset },
	{ "remove: during a write", taken_out },
	{ "remove: while idle, with an interrupt", taken_out_idle },
	{ "exit-before: not done", exit_before },
	{ "exit-after: done", exit_after },
	{ "skip and times", skip_and_times },
	{ "clear", cleared },
	{ "wrong commands are refused", wrong_commands },
	{ "stats and history", history },
};

int main(int argc, char **argv)
{
	return machine_run_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
