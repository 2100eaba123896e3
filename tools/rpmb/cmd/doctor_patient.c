// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: the devices that there are, opened for reading
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "doctor.h"
#include "interface.h"
#include "message.h"
#include "names.h"

bool is_rpmb_node(const struct patient *patient)
{
	return !strncmp(patient->info.name, "rpmb", strlen("rpmb"));
}

static struct patient *add_patient(struct doctor *doctor)
{
	struct patient *patient;

	doctor->patients = reallocarray(doctor->patients,
					doctor->nr_patients + 1,
					sizeof(*doctor->patients));
	if (!doctor->patients)
		abort();
	patient = &doctor->patients[doctor->nr_patients++];
	*patient = (struct patient) { 0 };
	return patient;
}

static int add_listed(const struct rpmb_info *info, void *arg)
{
	add_patient(arg)->info = *info;
	return 0;
}

static struct patient *find_listed(struct doctor *doctor, const char *name)
{
	size_t i;

	if (!strncmp(name, "/dev/", strlen("/dev/")))
		name += strlen("/dev/");
	for (i = 0; i < doctor->nr_patients; i++)
		if (!strcmp(doctor->patients[i].info.name, name))
			return &doctor->patients[i];
	return NULL;
}

/* It need not be listed: the best way to the hardware is, and this may be another */
static struct patient *find_named(struct doctor *doctor, const char *text)
{
	struct patient *patient = find_listed(doctor, text);
	struct rpmb_info info = { 0 };
	struct rpmb_name name;
	int ret;

	if (patient)
		return patient;
	ret = rpmb_find_name(&name, text);
	if (ret) {
		found(doctor, DOCTOR_ERROR, "see 'rpmb list' for the devices that there are",
		      "%s names no RPMB device: %s", text,
		      rpmb_strerror(ret));
		return NULL;
	}
	rpmb_set_name(&info, name.interface, name.file, name.target);
	patient = find_listed(doctor, info.name);
	if (!patient) {
		patient = add_patient(doctor);
		patient->info = info;
	}
	free(name.path);
	return patient;
}

char *device_path(const struct rpmb_info *info)
{
	const char *target = strrchr(info->name, ':');
	int len = strlen(info->name);
	char *path;

	if (target && strncmp(info->name, "rpmb", strlen("rpmb")))
		len = target - info->name;
	if (asprintf(&path, "/dev/%.*s", len, info->name) < 0)
		abort();
	return path;
}

static int judge_answer(struct patient *patient, const uint8_t *nonce)
{
	struct message message;
	int ret;

	if (!find_message(&message, patient->info.frame_format, patient->answer,
			  patient->answer_len, NULL) ||
	    message.fields.type != RPMB_GET_WRITE_COUNTER << 8)
		return RPMB_ERR_RESPONSE_TYPE;
	ret = result_error(&message);
	if (ret)
		return ret;
	if (memcmp(message.fields.nonce, nonce, RPMB_NONCE_LEN))
		return RPMB_ERR_RESPONSE_NONCE;
	patient->counter = message.fields.counter;
	return 0;
}

/* Anybody may ask for the counter; what signs the answer is the device's key */
static int ask_counter(struct patient *patient)
{
	enum rpmb_frame_format format = patient->info.frame_format;
	size_t len = rpmb_frames_len(format, 0);
	struct rpmb_fields fields = {
		.type = RPMB_GET_WRITE_COUNTER,
		.target = patient->info.target,
	};
	uint8_t req[sizeof(patient->answer)];
	int ret;

	if (getrandom(fields.nonce, sizeof(fields.nonce), 0) !=
	    sizeof(fields.nonce))
		return RPMB_ERR_SYSTEM;
	rpmb_frames_init(format, req, len, &fields);
	patient->answer_len = len;
	ret = rpmb_route(patient->rpmb, req, len, patient->answer, len, NULL);
	return ret ?: judge_answer(patient, fields.nonce);
}

static void open_patient(struct patient *patient)
{
	patient->chosen = true;
	patient->path = device_path(&patient->info);
	patient->error = rpmb_open(&patient->rpmb, patient->info.name, O_RDONLY);
	patient->system_error = errno;
	if (patient->error)
		return;
	patient->info = *rpmb_info(patient->rpmb);
	patient->answer_error = ask_counter(patient);
	patient->system_error = errno;
}

void find_patients(struct doctor *doctor, const char *name)
{
	struct patient *only;
	size_t i;
	int ret;

	ret = rpmb_enumerate(add_listed, doctor);
	if (ret)
		found(doctor, DOCTOR_ERROR, "see whether /sys is mounted and readable",
		      "the devices cannot be listed: %s",
		      ret == RPMB_ERR_SYSTEM ? strerror(errno) :
					       rpmb_strerror(ret));
	only = name ? find_named(doctor, name) : NULL;
	if (only)
		open_patient(only);
	for (i = 0; !name && i < doctor->nr_patients; i++)
		open_patient(&doctor->patients[i]);
}

void clear_patients(struct doctor *doctor)
{
	while (doctor->nr_patients) {
		struct patient *last = &doctor->patients[--doctor->nr_patients];

		rpmb_close(last->rpmb);
		free(last->path);
	}
	free(doctor->patients);
}
