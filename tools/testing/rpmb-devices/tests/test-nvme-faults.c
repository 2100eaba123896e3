// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults on request: what the host sees, and what the NVMe subsystem has done
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "nvme_host.h"
#include "tap.h"

static struct machine m;
static struct nvme_host host;

/* Target 1 has a key */
static void start_with(const char *const *options)
{
	machine_start(&m, options);
	nvme_host_init(&host, &m);
	check_eq(target_program(&host, 1), RPMB_RES_OK);
}

static void start(void)
{
	start_with(NONE);
}

static int send_write(void)
{
	return target_send_write(&host, 1, 0, 9, 1, 0x77);
}

/* The write has been carried out, or it has not */
static void check_done(bool done)
{
	check_eq(target_counter(&host, 1), done);
	check_eq(target_read(&host, 1, 9), done ? 0x77 : 0);
}

static void check_stat(const char *name, unsigned long value)
{
	unsigned long found = machine_tell(&m, "stats", name);

	check(found == value, "%s is %lu, not %lu", name, found, value);
}

static void lost_request(void)
{
	start();
	machine_tell(&m, "fault lost-request cmd=129 part=target1 type=3", NULL);
	check_eq(send_write(), NO_ANSWER);
	check_stat("fault.lost-request", 1);
	check_stat("lost1", 1);
	check_done(false);
	nvme_host_init(&host, &m);
	check_stat("lost1", 0);
	check_stat("resets1", 1);
	check_done(false);
}

static void lost_response(void)
{
	start();
	machine_tell(&m, "fault lost-response cmd=129 part=target1 type=3", NULL);
	check_eq(send_write(), NO_ANSWER);
	check_done(true);
	nvme_host_init(&host, &m);
	check_done(true);
}

/* The fetching is what fails: its type is that of the result read */
static void lost_result(void)
{
	struct rpmb_fields fields;

	start();
	check_eq(send_write(), NVME_SUCCESS);
	check_eq(target_send_result_read(&host, 1), NVME_SUCCESS);
	machine_tell(&m, "fault lost-request cmd=130 part=target1 type=5", NULL);
	check_eq(target_receive(&host, 1, 0, &fields), NO_ANSWER);
	check_eq(target_receive(&host, 1, 0, &fields), NVME_SUCCESS);
	check_eq(fields.counter, 1);
	check_done(true);
}

/* A reset between a request and its response: the status of the latter */
static int receive_after_reset(const char *const *options)
{
	struct rpmb_fields fields;

	start_with(options);
	check_eq(send_write(), NVME_SUCCESS);
	check_eq(target_send_result_read(&host, 1), NVME_SUCCESS);
	nvme_host_init(&host, &m);
	return target_receive(&host, 1, 0, &fields);
}

static void reset_between(void)
{
	check_eq(receive_after_reset(NONE), NVME_SUCCESS);
	check_done(true);
}

static void reset_loses(void)
{
	check_eq(receive_after_reset(OPTIONS("--lose-results")),
		 REFUSED(NVME_SEQUENCE_ERROR));
	check_done(true);
}

static void status_before(void)
{
	start();
	machine_tell(&m, "fault status-before type=3 value=0x4007", NULL);
	check_eq(send_write(), 0x4007);
	check_done(false);
	machine_tell(&m, "fault status-before type=3", NULL);
	check_eq(send_write(), NVME_INTERNAL_ERROR);
	check_done(false);
}

static void status_after(void)
{
	start();
	machine_tell(&m, "fault status-after type=3 value=0x371", NULL);
	check_eq(send_write(), 0x371);
	check_done(true);
}

/* The host's memory keeps what was there where data is missing */
static void short_data(void)
{
	struct rpmb_fields fields;

	start();
	check_eq(send_write(), NVME_SUCCESS);
	check_eq(target_send_result_read(&host, 1), NVME_SUCCESS);
	machine_tell(&m, "fault short cmd=130 value=16", NULL);
	check_eq(target_receive(&host, 1, 0, &fields), NVME_SUCCESS);
	check_eq(m.memory[NVME_DATA_AT + 223], 1);
	check_eq(m.memory[NVME_DATA_AT + 239], 0);
	check_eq(m.memory[NVME_DATA_AT + 240], 0xee);
	machine_tell(&m, "fault short cmd=6 value=99999", NULL);
	check_eq(nvme_identify(&host, 1, 0), NVME_SUCCESS);
	check_eq(m.memory[NVME_DATA_AT], 0xee);
}

/* The answer to the first write is given for the second one */
static void old_answer(void)
{
	struct rpmb_fields fields;

	start();
	check_eq(target_write(&host, 1, 0, 9, 1, 0x77), RPMB_RES_OK);
	check_eq(target_send_write(&host, 1, 7, 9, 1, 0x78), NVME_SUCCESS);
	check_eq(target_send_result_read(&host, 1), NVME_SUCCESS);
	machine_tell(&m, "fault forge cmd=130 type=5 value=1", NULL);
	check_eq(target_receive(&host, 1, 0, &fields), NVME_SUCCESS);
	check_eq(fields.result, RPMB_RES_OK);
	check_eq(fields.counter, 1);
	check_stat("fault.forge", 1);
	check_done(true);
}

static void delay_before(void)
{
	start();
	machine_tell(&m, "fault delay-before type=3", NULL);
	check_eq(send_write(), NO_ANSWER);
	check_stat("delayed1", 1);
	check_stat("counter.target1", 0);
	machine_tell(&m, "release", NULL);
	check_eq(nvme_take(&host, &host.admin), NVME_SUCCESS);
	check_stat("delayed1", 0);
	check_stat("target1.request3", 1);
	check_done(true);
}

static void delay_after(void)
{
	start();
	machine_tell(&m, "fault delay-after type=3", NULL);
	check_eq(send_write(), NO_ANSWER);
	check_stat("counter.target1", 1);
	check_eq(nvme_take(&host, &host.admin), NO_ANSWER);
	machine_tell(&m, "release", NULL);
	check_eq(nvme_take(&host, &host.admin), NVME_SUCCESS);
	check_stat("target1.request3", 1);
	check_done(true);
}

/* A reset comes between: what was delayed is forgotten, done or not */
static void reset_during(void)
{
	start();
	machine_tell(&m, "fault delay-before type=3", NULL);
	check_eq(send_write(), NO_ANSWER);
	nvme_host_init(&host, &m);
	machine_tell(&m, "release", NULL);
	check_eq(nvme_take(&host, &host.admin), NO_ANSWER);
	check_done(false);
}

/* The driver has gone meanwhile, and its memory is somebody else's */
static void driver_gone(void)
{
	start();
	machine_tell(&m, "fault delay-after type=3", NULL);
	check_eq(send_write(), NO_ANSWER);
	machine_set_master(&m, false);
	machine_tell(&m, "release", NULL);
	check_eq(nvme_take(&host, &host.admin), NO_ANSWER);
	machine_set_master(&m, true);
	nvme_host_init(&host, &m);
	check_done(true);
}

/* The queue that it came by has gone */
static void queue_gone(void)
{
	start();
	machine_tell(&m, "fault delay-after part=namespace", NULL);
	check_eq(nvme_blocks(&host, NVME_READ, 0, 1, 0), NO_ANSWER);
	check_eq(nvme_make_queue(&host, NVME_DELETE_SQ, 0, 1, 0), NVME_SUCCESS);
	check_stat("delayed1", 0);
	machine_tell(&m, "release", NULL);
	check_eq(nvme_take(&host, &host.io), NO_ANSWER);
}

/* Released into another delay */
static void delayed_again(void)
{
	start();
	machine_tell(&m, "fault delay-before type=3", NULL);
	machine_tell(&m, "fault delay-after type=3", NULL);
	check_eq(send_write(), NO_ANSWER);
	machine_tell(&m, "release", NULL);
	check_stat("delayed1", 1);
	check_stat("counter.target1", 1);
	check_eq(nvme_take(&host, &host.admin), NO_ANSWER);
	machine_tell(&m, "release", NULL);
	check_eq(nvme_take(&host, &host.admin), NVME_SUCCESS);
}

/* What is released first ends what would have come next */
static void delayed_abort(void)
{
	struct nvme_command command = { .opcode = NVME_ABORT };

	start();
	machine_tell(&m, "fault delay-before cmd=8", NULL);
	machine_tell(&m, "fault delay-before part=namespace", NULL);
	command.dw10 = htole32((uint32_t)(host.next_id + 2) << 16 | host.io.id);
	check_eq(nvme_admin(&host, &command), NO_ANSWER);
	check_eq(nvme_blocks(&host, NVME_READ, 0, 1, 0), NO_ANSWER);
	check_stat("delayed1", 2);
	machine_tell(&m, "release", NULL);
	check_eq(nvme_take(&host, &host.io), NVME_ABORT_REQUESTED);
	check_eq(nvme_take(&host, &host.admin), NVME_SUCCESS);
	check_eq(host.result, 0);
	check_stat("delayed1", 0);
}

static void strike_fatal(const char *fault, bool done)
{
	struct nvme_command command = { .opcode = NVME_KEEP_ALIVE };

	start();
	machine_tell(&m, fault, NULL);
	check_eq(send_write(), NO_ANSWER);
	check_eq(machine_read(&m, NVME_CSTS, 4),
		 NVME_CSTS_READY | NVME_CSTS_FATAL);
	check_stat("fatal1", 1);
	check_eq(nvme_admin(&host, &command), NO_ANSWER);
	nvme_host_init(&host, &m);
	check_done(done);
}

static void fatal_before(void)
{
	strike_fatal("fault fatal-before type=3", false);
}

static void fatal_after(void)
{
	strike_fatal("fault fatal-after type=3", true);
}

/* Nothing there, until it is inserted again */
static void strike_removal(const char *fault, bool done)
{
	start();
	machine_tell(&m, fault, NULL);
	check_eq(send_write(), NO_ANSWER);
	check_eq(machine_read(&m, NVME_CSTS, 4), UINT32_MAX);
	check_eq(machine_read(&m, NVME_VS, 2), UINT16_MAX);
	machine_write(&m, NVME_CC, 4, 0);
	machine_write(&m, NVME_CC, 4, NVME_ENABLE);
	check_eq(machine_read(&m, NVME_CSTS, 4), UINT32_MAX);
	check_stat("removed1", 1);
	check_stat("ready1", 0);
	machine_tell(&m, "insert", NULL);
	check_eq(machine_read(&m, NVME_CSTS, 4), 0);
	nvme_host_init(&host, &m);
	check_done(done);
}

static void remove_before(void)
{
	strike_removal("fault remove-before type=3", false);
}

static void remove_after(void)
{
	strike_removal("fault remove-after type=3", true);
}

/* Silence, then a reset; and the result has not outlived it */
static void strike_power(const char *fault, bool done)
{
	struct nvme_command command = { .opcode = NVME_KEEP_ALIVE };
	struct rpmb_fields fields;

	start();
	machine_tell(&m, fault, NULL);
	check_eq(send_write(), NO_ANSWER);
	check_stat("powered1", 0);
	check_eq(nvme_admin(&host, &command), NO_ANSWER);
	nvme_host_init(&host, &m);
	check_stat("powered1", 1);
	check_eq(target_send_result_read(&host, 1), NVME_SUCCESS);
	check_eq(target_receive(&host, 1, 0, &fields), NVME_SUCCESS);
	check_eq(fields.type, 0);
	check_done(done);
}

static void power_before(void)
{
	strike_power("fault power-before type=3", false);
}

static void power_after(void)
{
	strike_power("fault power-after type=3", true);
}

static void strike_exit(const char *fault, bool done)
{
	int status;

	start();
	m.may_end = true;
	machine_tell(&m, fault, NULL);
	send_write();
	status = machine_wait(&m);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 3, "status %#x",
	      status);
	machine_start(&m, NONE);
	nvme_host_init(&host, &m);
	check_done(done);
}

static void exit_before(void)
{
	strike_exit("fault exit-before type=3", false);
}

static void exit_after(void)
{
	strike_exit("fault exit-after type=3", true);
}

/* Faults for another command, target, or type wait; and a host waits for faults */
static void others(void)
{
	start();
	machine_tell(&m, "fault lost-request part=target0 type=3", NULL);
	machine_tell(&m, "fault lost-request cmd=130 type=3", NULL);
	machine_tell(&m, "fault lost-request part=namespace cmd=1", NULL);
	check_eq(target_write(&host, 1, 0, 9, 1, 0x77), RPMB_RES_OK);
	check_stat("fault.lost-request", 0);
	check_eq(nvme_blocks(&host, NVME_READ, 0, 1, 0), NVME_SUCCESS);
	check_eq(nvme_blocks(&host, NVME_WRITE, 0, 1, 0), NO_ANSWER);
	check_stat("fault.lost-request", 1);
	machine_tell(&m, "clear", NULL);
	machine_tell(&m, "wait", NULL);
}

/* A lost command can be given up, and is not carried out then */
static void lost_and_aborted(void)
{
	struct nvme_command command = { .opcode = NVME_ABORT };

	start();
	machine_tell(&m, "fault lost-request part=namespace", NULL);
	check_eq(nvme_blocks(&host, NVME_WRITE, 0, 1, 0), NO_ANSWER);
	command.dw10 = htole32((uint32_t)host.next_id << 16 | 1);
	check_eq(nvme_admin(&host, &command), NVME_SUCCESS);
	check_eq(host.result, 0);
	check_eq(nvme_take(&host, &host.io), NVME_ABORT_REQUESTED);
	check_stat("lost1", 0);
}

/* Only the controller that carries the command */
static void other_controller(void)
{
	struct machine other = {};
	struct nvme_host second;

	machine_start(&m, OPTIONS("--controllers", "2"));
	nvme_host_init(&host, &m);
	machine_connect_to(&other, "s.2");
	nvme_host_init(&second, &other);
	check_eq(target_program(&host, 1), RPMB_RES_OK);
	machine_tell(&m, "fault remove-after type=3", NULL);
	check_eq(send_write(), NO_ANSWER);
	check_stat("removed1", 1);
	check_stat("removed2", 0);
	check_eq(target_counter(&second, 1), 1);
	check_eq(target_read(&second, 1, 9), 0x77);
}

static void history(void)
{
	start();
	machine_tell(&m, "reset-stats", NULL);
	check_eq(target_write(&host, 1, 0, 9, 1, 0x77), RPMB_RES_OK);
	check(machine_says(&m, "history",
			   "cmd129 ctrl1 queue0 target1 type3"), "write");
	check(machine_says(&m, "history",
			   "cmd130 ctrl1 queue0 target1 type5"), "result");
	check_stat("target1.request3", 1);
	check_stat("target1.request5", 1);
	check_stat("target1.request1", 0);
	check_stat("counter.target1", 1);
	check_stat("admin129", 2);
	check_eq(nvme_blocks(&host, NVME_READ, 0, 1, 0), NVME_SUCCESS);
	check(machine_says(&m, "history",
			   "cmd2 ctrl1 queue1 namespace type0"), "read");
	check_stat("io2", 1);
}

static const struct test tests[] = {
	{ "lost-request: not done", lost_request },
	{ "lost-response: done", lost_response },
	{ "lost-request: a response is fetched again", lost_result },
	{ "status-before: not done", status_before },
	{ "status-after: done", status_after },
	{ "short: less data than asked for", short_data },
	{ "forge: an old answer", old_answer },
	{ "delay-before: not done until released", delay_before },
	{ "delay-after: done, but released later", delay_after },
	{ "a reset during a delay", reset_during },
	{ "a driver that goes during a delay", driver_gone },
	{ "a reset before the response is fetched", reset_between },
	{ "a reset that takes it along", reset_loses },
	{ "a queue that goes during a delay", queue_gone },
	{ "one delay after the other", delayed_again },
	{ "an abort that was delayed", delayed_abort },
	{ "fatal-before: not done", fatal_before },
	{ "fatal-after: done", fatal_after },
	{ "remove-before: not done", remove_before },
	{ "remove-after: done", remove_after },
	{ "power-before: not done", power_before },
	{ "power-after: done", power_after },
	{ "exit-before: not done", exit_before },
	{ "exit-after: done", exit_after },
	{ "faults for something else wait", others },
	{ "a lost command is aborted", lost_and_aborted },
	{ "the other controller goes on", other_controller },
	{ "stats and history", history },
};

int main(int argc, char **argv)
{
	machine_use(&nvme_program);
	return machine_run_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
