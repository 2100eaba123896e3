// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: what is left of the counter, and what a device says without a key
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "doctor.h"
#include "looks.h"
#include "wear.h"

/* Shares of all writes, in percent */
#define MUCH 50
#define NEARLY_ALL 90

/* Seconds in which a device can be replaced */
#define SOON (5 * 365 * 24 * 3600)

/* Of LIFE_TIME_ALL */
#define LIFE_TIME_MUCH 9

/* What a ring of virtio of the size that is recommended, 1024, carries besides a request */
#define RING_READS 1023

static void say_used(struct doctor *doctor, uint32_t counter)
{
	double used = 100.0 * counter / UINT32_MAX;

	if (used >= NEARLY_ALL)
		found(doctor, DOCTOR_WARNING,
		      "find out who writes so much, and have a new device ready",
		      "%u writes are left: %.2f percent are used", UINT32_MAX - counter,
		      used);
	else if (used >= MUCH)
		found(doctor, DOCTOR_NOTE, "find out who writes so much",
		      "%.2f percent of all writes are used, counter %u", used,
		      counter);
	else
		found(doctor, DOCTOR_OK, NULL,
		      "its write counter is %u, of all writes %.2f percent are used",
		      counter, used);
}

void check_counter(struct doctor *doctor, const struct patient *patient)
{
	if (patient->answer_error)
		return;
	if (patient->counter == UINT32_MAX)
		found(doctor, DOCTOR_ERROR, "copy the data with 'rpmb dump' to another device",
		      "the write counter is at its end: nothing can be written any more");
	else
		say_used(doctor, patient->counter);
}

/* Of the counter, by its history, and of the memory, where the device tells it */
void check_wear(struct doctor *doctor, const struct patient *patient)
{
	char *history = look_file(WEAR_HISTORY), end[64];
	struct wear wear;

	if (!history || patient->answer_error) {
		free(history);
		return;
	}
	judge_wear(history, &patient->info, patient->counter, time(NULL), &wear);
	free(history);
	end_text(&wear, end, sizeof(end));
	if (wear.before > wear.counter)
		found(doctor, DOCTOR_ERROR,
		      "read the counter with the key: another device, or a forged answer, has this identity",
		      "its write counter has gone back from %u to %u, which none does",
		      wear.before, wear.counter);
	else if (wear.end && wear.end < time(NULL) + SOON)
		found(doctor, DOCTOR_WARNING,
		      "find out who writes so much, and have a new device ready",
		      "it takes %.0f writes a day: %s", wear.per_day, end);
	else if (wear.per_day)
		found(doctor, DOCTOR_OK, NULL, "it takes %.0f writes a day; %s",
		      wear.per_day, end);
}

/* In steps of ten percent of a UFS device's life, as its purge tells it */
void check_life(struct doctor *doctor, const struct patient *patient)
{
	unsigned int life_time = ask_life_time(patient->rpmb, &patient->info);

	if (!life_time)
		return;
	if (life_time >= LIFE_TIME_MUCH)
		found(doctor, DOCTOR_WARNING, "have a new device ready",
		      "by its own estimate its memory is worn: %u of 10", life_time);
	else
		found(doctor, DOCTOR_OK, NULL,
		      "by its own estimate at most %u percent of its life are used",
		      10 * life_time);
}

void check_limits(struct doctor *doctor, const struct patient *patient)
{
	const struct rpmb_info *info = &patient->info;

	if (info->transport == RPMB_TRANSPORT_SIM)
		found(doctor, DOCTOR_WARNING, "use it for tests only",
		      "it is simulated: it forgets everything, and protects nothing");
	if (!info->capacity || !info->max_read || !(info->write_sizes & 1))
		found(doctor, DOCTOR_ERROR,
		      "see 'rpmb info', and what the device or its program is told",
		      "it says that it cannot store or read a block");
	else
		found(doctor, DOCTOR_OK, NULL,
		      "it has %u blocks of %u bytes, and reads %u of them at once",
		      info->capacity, info->block_size, info->max_read);
}

/* TEEs read an object at once, however long it is, and can write what they cannot read */
void check_ring(struct doctor *doctor, const struct patient *patient)
{
	const struct rpmb_info *info = &patient->info;

	if (info->transport == RPMB_TRANSPORT_VIRTIO && info->max_read &&
	    info->max_read < RING_READS)
		found(doctor, DOCTOR_NOTE,
		      "give its ring 1024 entries, as vq_size=1024 does on QEMU's command line",
		      "it reads up to %u blocks at once, which may be too few for a TEE",
		      info->max_read);
}

/* Without a key nobody vouches for what is read, but it shows that reading works */
void check_read(struct doctor *doctor, const struct patient *patient)
{
	unsigned int last = patient->info.capacity - 1;
	uint8_t block[sizeof(struct rpmb_frame)];
	int error;

	if (patient->answer_error || !patient->info.capacity)
		return;
	error = rpmb_read(patient->rpmb, NULL, last, 1, block) ?:
		rpmb_read(patient->rpmb, NULL, 0, 1, block);
	if (error)
		found(doctor, DOCTOR_ERROR,
		      "see the kernel's log, and whether something else uses the device",
		      "it cannot be read: %s",
		      error == RPMB_ERR_SYSTEM ? strerror(errno) :
						 rpmb_strerror(error));
	else if (known_as(block))
		found(doctor, DOCTOR_NOTE, "leave it to its owner",
		      "it can be read, and looks like %s", known_as(block));
	else
		found(doctor, DOCTOR_OK, NULL,
		      "its first and its last block can be read");
}
