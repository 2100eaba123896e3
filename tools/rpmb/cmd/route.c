// SPDX-License-Identifier: GPL-2.0-only
/*
 * route: what a TEE does by its supplicant, from a file
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "json.h"
#include "message.h"
#include "walk.h"

/* What is asked before such a request is sent, NULL if nothing */
static const char *find_warning(uint16_t type)
{
	switch (type) {
	case RPMB_PROGRAM_KEY:
		return "These frames program a key. That can be done once in the life of a\n"
		       "device and never be undone. Who loses the key can never write to it\n"
		       "again.";
	case RPMB_CONFIG_WRITE:
		return "These frames change what is protected from being written on the\n"
		       "device. Some of that can never be undone.";
	case RPMB_PURGE_ENABLE:
		return "These frames start a purge, which removes for good what was overwritten.";
	default:
		return NULL;
	}
}

static int load_request(const struct session *session, uint8_t *frames,
			struct message *req)
{
	const char *file = session->args->operands[0];
	size_t len = 0;
	int ret;

	ret = load_file(file, frames, RPMB_MAX_LEN + 1, &len);
	if (ret)
		return ret;
	if (len > RPMB_MAX_LEN)
		return complain(EXIT_OTHER, file,
				"more than the %u bytes of the longest request",
				RPMB_MAX_LEN);
	if (!find_message(req, session->info->frame_format, frames, len, NULL) ||
	    req->len != len || is_response(req))
		return complain(EXIT_OTHER, file,
				"not one whole request in the frames of this device; 'rpmb decode' shows what it is");
	return EXIT_OK;
}

/* Bytes of the response to a request, 0 if it is more than can be carried */
static size_t response_len(const struct session *session,
			   const struct message *req)
{
	const struct quantity *length = &session->args->length;
	unsigned int bs = session->info->block_size;
	uint64_t blocks = 0;
	size_t len;

	if (req->fields.type == RPMB_CONFIG_READ)
		blocks = 1;
	if (req->fields.type == RPMB_READ_DATA)
		blocks = req->fields.count ?: 1;
	/* A TEE may leave the count to the length of the response */
	if (req->fields.type == RPMB_READ_DATA && length->given)
		blocks = quantity_bytes(length, session->info) / bs;
	if (blocks > RPMB_MAX_LEN / bs)
		return 0;
	len = rpmb_frames_len(session->info->frame_format, blocks);
	return len > RPMB_MAX_LEN ? 0 : len;
}

static int send_request(const struct session *session,
			const struct message *req, uint8_t *resp, size_t len)
{
	const char *device = session->args->device;
	bool started = false;
	int ret;

	ret = rpmb_route(session->rpmb, req->frames, req->len, resp, len,
			 &started);
	if (!ret)
		return EXIT_OK;
	ret = complain_error(device, ret);
	if (!started)
		return complain(ret, device, "nothing happened");
	return complain(EXIT_UNKNOWN, device,
			"unknown whether the device has done it; do not send it again before the owner of the key has read counter and data");
}

static int show_response(const struct session *session, struct message *resp)
{
	struct json_object *object;

	if (!session->args->json) {
		print_message(resp);
		return EXIT_OK;
	}
	object = json_about(session);
	json_object_object_add(object, "response", message_json(resp));
	return print_json(object);
}

/* The exit code for what the device has answered */
static int judge(const struct session *session, const struct message *req,
		 const struct message *resp)
{
	const char *device = session->args->device;
	int error = result_error(resp);

	if (resp->fields.type != req->fields.type << 8)
		error = RPMB_ERR_RESPONSE_TYPE;
	else if (!error && !resp->agree)
		error = RPMB_ERR_RESPONSE_FRAMES;
	else if (!error && resp->mac == MAC_WRONG)
		error = RPMB_ERR_RESPONSE_MAC;
	return error ? complain_error(device, error) : EXIT_OK;
}

static int answer(const struct session *session, const struct message *req,
		  uint8_t *frames, size_t len)
{
	const char *file = session->args->file;
	struct message resp;
	int ret = EXIT_OK;

	if (file)
		ret = store_file(file, frames, len);
	if (ret)
		return ret;
	if (!find_message(&resp, req->format, frames, len, session->key))
		return complain(EXIT_FORGED, session->args->device,
				"the answer is no RPMB message");
	/* stdout is one thing only: the frames, or what they mean */
	if (!file || !is_stdio(file))
		show_response(session, &resp);
	return judge(session, req, &resp);
}

static int route(const struct session *session, uint8_t *request,
		 uint8_t *response)
{
	const char *warning;
	struct message req;
	size_t len;
	int ret;

	ret = load_request(session, request, &req);
	if (ret)
		return ret;
	len = response_len(session, &req);
	if (!len)
		return complain(EXIT_USAGE, session->args->device,
				"the response would be more than %u bytes",
				RPMB_MAX_LEN);
	warning = find_warning(req.fields.type);
	ret = warning ? confirm(session, warning) : EXIT_OK;
	if (!ret)
		ret = send_request(session, &req, response, len);
	return ret ?: answer(session, &req, response, len);
}

int cmd_route(const struct session *session)
{
	uint8_t *buffer = calloc(1, 2 * RPMB_MAX_LEN + 1);
	int ret;

	if (!buffer)
		return complain_error(session->args->device, RPMB_ERR_MEMORY);
	ret = route(session, buffer + RPMB_MAX_LEN, buffer);
	/* There may be a key in a request to program it */
	explicit_bzero(buffer, 2 * RPMB_MAX_LEN + 1);
	free(buffer);
	return ret;
}
