// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages in words
 */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "message.h"

/* What the two directions of a kind of request have */
enum {
	REQ_DATA = 1 << 0,
	REQ_MAC = 1 << 1,
	REQ_NONCE = 1 << 2,
	REQ_COUNTER = 1 << 3,
	RESP_DATA = 1 << 4,
	RESP_MAC = 1 << 5,
	RESP_NONCE = 1 << 6,
	RESP_COUNTER = 1 << 7,
	PLACE = 1 << 8,			/* address and count */
	ONE_BLOCK = 1 << 9,		/* data is one block, whatever the count */
};

static const struct kind {
	const char *name;
	unsigned int has;
} kinds[] = {
	[RPMB_PROGRAM_KEY] = { "program key" },
	[RPMB_GET_WRITE_COUNTER] = { "read counter", REQ_NONCE | RESP_MAC |
				     RESP_NONCE | RESP_COUNTER },
	[RPMB_WRITE_DATA] = { "write", REQ_DATA | REQ_MAC | REQ_COUNTER |
			      RESP_MAC | RESP_COUNTER | PLACE },
	[RPMB_READ_DATA] = { "read", REQ_NONCE | RESP_DATA | RESP_MAC |
			     RESP_NONCE | PLACE },
	[RPMB_RESULT_READ] = { "result read" },
	[RPMB_CONFIG_WRITE] = { "config write", REQ_DATA | REQ_MAC |
				REQ_COUNTER | RESP_MAC | RESP_COUNTER |
				ONE_BLOCK },
	[RPMB_CONFIG_READ] = { "config read", REQ_NONCE | RESP_DATA | RESP_MAC |
			       RESP_NONCE | ONE_BLOCK },
	[RPMB_PURGE_ENABLE] = { "purge", REQ_MAC | REQ_NONCE | REQ_COUNTER |
				RESP_MAC | RESP_COUNTER },
	[RPMB_PURGE_STATUS] = { "purge status", REQ_NONCE | RESP_MAC |
				RESP_NONCE },
};

bool is_response(const struct message *message)
{
	return message->fields.type & 0xff00;
}

static const struct kind *find_kind(uint16_t type)
{
	unsigned int nr = type & 0xff00 ? type >> 8 : type;

	if (type & 0xff00 && type & 0xff)
		return NULL;
	return nr < ARRAY_SIZE(kinds) && kinds[nr].name ? &kinds[nr] : NULL;
}

/* Does it have this part, given as a request has it? */
static bool has(const struct message *message, unsigned int part)
{
	const struct kind *kind = find_kind(message->fields.type);

	if (is_response(message))
		part *= RESP_DATA / REQ_DATA;
	return kind && kind->has & part;
}

static bool has_place(const struct message *message)
{
	const struct kind *kind = find_kind(message->fields.type);

	return kind && kind->has & PLACE;
}

/* Blocks of data in its frames */
static unsigned int data_blocks(const struct message *message)
{
	const struct kind *kind = find_kind(message->fields.type);

	if (!has(message, REQ_DATA))
		return 0;
	return kind->has & ONE_BLOCK ? 1 : message->fields.count;
}

/* What a device refuses it need not sign: without a key it cannot */
static bool is_unsigned(const struct message *message, const uint8_t *mac)
{
	static const uint8_t none[RPMB_MAC_LEN];

	return !has(message, REQ_MAC) ||
	       (is_response(message) && message->fields.result &&
		!memcmp(mac, none, sizeof(none)));
}

static enum mac_state check_mac(struct message *message, const uint8_t *key)
{
	const uint8_t *mac = rpmb_frames_mac(message->format, message->frames,
					     message->len);
	uint8_t wanted[RPMB_MAC_LEN];

	if (is_unsigned(message, mac))
		return MAC_NONE;
	if (!key)
		return MAC_UNCHECKED;
	rpmb_frames_hmac(message->format, message->frames, message->len, key,
			 wanted);
	return memcmp(mac, wanted, sizeof(wanted)) ? MAC_WRONG : MAC_RIGHT;
}

bool find_message(struct message *message, enum rpmb_frame_format format,
		  uint8_t *frames, size_t size, const uint8_t *key)
{
	size_t bare = rpmb_frames_len(format, 0);

	if (size < bare)
		return false;
	*message = (struct message) { .format = format, .frames = frames };
	rpmb_frames_parse(format, frames, bare, &message->fields);
	message->len = rpmb_frames_len(format, data_blocks(message));
	if (size < message->len)
		return false;
	message->agree = rpmb_frames_parse(format, frames, message->len,
					   &message->fields);
	message->mac = check_mac(message, key);
	return find_kind(message->fields.type);
}

int result_error(const struct message *message)
{
	uint16_t result = message->fields.result & ~RPMB_RES_EXPIRED;

	if (result > RPMB_RES_PURGING)
		return RPMB_ERR_RESULT;
	return result ? RPMB_ERR_GENERAL - (result - RPMB_RES_GENERAL) : 0;
}

static bool expired(const struct message *message)
{
	return message->fields.result & RPMB_RES_EXPIRED;
}

/* Errors say what to do after a semicolon; that is for who made the request */
static int phrase_len(const char *text)
{
	return strcspn(text, ";");
}

static const char * const mac_texts[] = {
	[MAC_NONE] = "none",
	[MAC_UNCHECKED] = "not checked: no --key",
	[MAC_RIGHT] = "right",
	[MAC_WRONG] = "wrong",
};

static void print_nonce(const struct message *message)
{
	size_t i;

	printf("  nonce:    ");
	for (i = 0; i < sizeof(message->fields.nonce); i++)
		printf("%02x", message->fields.nonce[i]);
	putchar('\n');
}

static void print_result(const struct message *message)
{
	const char *text = rpmb_strerror(result_error(message));

	printf("  result:   %u (%.*s)%s\n",
	       message->fields.result & ~RPMB_RES_EXPIRED, phrase_len(text),
	       text, expired(message) ? ", write counter expired" : "");
}

/* The answer to a write has no count; a read may leave it to the answer's length */
static void print_place(const struct message *message)
{
	if (message->fields.count)
		printf("  blocks:   %u from block %u on\n",
		       message->fields.count, message->fields.addr);
	else
		printf("  from:     block %u on\n", message->fields.addr);
}

void print_message(const struct message *message)
{
	bool nvme = message->format == RPMB_FRAME_NVME;
	bool response = is_response(message);

	printf("%s %s\n", find_kind(message->fields.type)->name,
	       response ? "response" : "request");
	if (nvme)
		printf("  target:   %u\n", message->fields.target);
	if (response)
		print_result(message);
	if (has_place(message))
		print_place(message);
	if (has(message, REQ_COUNTER))
		printf("  counter:  %u\n", message->fields.counter);
	if (has(message, REQ_NONCE))
		print_nonce(message);
	if (message->fields.type == RPMB_PROGRAM_KEY)
		printf("  key:      not shown\n");
	if (message->mac != MAC_NONE)
		printf("  MAC:      %s\n", mac_texts[message->mac]);
	if (!message->agree)
		printf("  frames:   contradict each other\n");
}

static void add_result(struct json_object *object,
		       const struct message *message)
{
	const char *text = rpmb_strerror(result_error(message));
	char phrase[128];

	snprintf(phrase, sizeof(phrase), "%.*s", phrase_len(text), text);
	add_number(object, "result", message->fields.result);
	add_text(object, "result_text", phrase);
	add_bool(object, "counter_expired", expired(message));
}

struct json_object *message_json(const struct message *message)
{
	static const char * const macs[] = {
		[MAC_NONE] = "none",
		[MAC_UNCHECKED] = "unchecked",
		[MAC_RIGHT] = "right",
		[MAC_WRONG] = "wrong",
	};
	struct json_object *object = json_object_new_object();
	const struct rpmb_fields *fields = &message->fields;

	add_text(object, "request", find_kind(fields->type)->name);
	add_bool(object, "response", is_response(message));
	if (message->format == RPMB_FRAME_NVME)
		add_number(object, "target", fields->target);
	if (is_response(message))
		add_result(object, message);
	if (has_place(message)) {
		add_number(object, "block", fields->addr);
		add_number(object, "blocks", fields->count);
	}
	if (has(message, REQ_COUNTER))
		add_number(object, "counter", fields->counter);
	if (has(message, REQ_NONCE))
		add_hex(object, "nonce", fields->nonce, sizeof(fields->nonce));
	add_text(object, "mac", macs[message->mac]);
	add_bool(object, "frames_agree", message->agree);
	return object;
}
