// SPDX-License-Identifier: GPL-2.0-only
/*
 * selftest: what a device has to be able to do, and has to refuse
 *
 * The only write is one with a wrong MAC, of the data that is there already: a
 * device that takes it is broken, and still keeps its data.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "json.h"

/* How a test went; a text is for a device that does not do what it should */
struct verdict {
	int code;
	const char *text;
};

struct test {
	const char *name;
	bool needs_key;
	struct verdict (*run)(const struct session *session);
};

static const struct verdict passed = { EXIT_OK, NULL };

static struct verdict failed(int error)
{
	return (struct verdict) { exit_code(error), rpmb_strerror(error) };
}

static struct verdict broken(const char *text)
{
	return (struct verdict) { EXIT_REFUSED, text };
}

static struct verdict test_info(const struct session *session)
{
	const struct rpmb_info *info = session->info;
	bool nvme = info->frame_format == RPMB_FRAME_NVME;

	if (!info->capacity)
		return broken("it says that it has no capacity");
	if (info->block_size != (nvme ? 512 : 256))
		return broken("its block size is not that of its frames");
	if (!(info->write_sizes & 1))
		return broken("it says that it cannot write one block");
	if (!info->max_read)
		return broken("it says that it cannot read");
	return passed;
}

static struct verdict test_unsigned_counter(const struct session *session)
{
	uint32_t counter;
	int ret;

	ret = read_unsigned_counter(session, &counter);
	/* A device without a key is as good as any other */
	return ret && ret != RPMB_ERR_NO_KEY ? failed(ret) : passed;
}

static struct verdict test_counter(const struct session *session)
{
	uint32_t first, second;
	int ret;

	ret = rpmb_read_counter(session->rpmb, session->key, &first);
	ret = ret ?: rpmb_read_counter(session->rpmb, session->key, &second);
	if (ret)
		return failed(ret);
	return first == second ? passed :
		broken("it changes; somebody else writes: test again later");
}

static struct verdict read_at(const struct session *session, unsigned int addr,
			      unsigned int blocks)
{
	uint8_t *data = malloc((size_t)blocks * session->info->block_size);
	int ret = RPMB_ERR_MEMORY;

	if (data)
		ret = rpmb_read(session->rpmb, session->key, addr, blocks,
				data);
	free(data);
	return ret ? failed(ret) : passed;
}

static struct verdict test_first_block(const struct session *session)
{
	return read_at(session, 0, 1);
}

static struct verdict test_last_block(const struct session *session)
{
	return read_at(session, session->info->capacity - 1, 1);
}

static void count_request(void *arg, unsigned int done, unsigned int total)
{
	unsigned int *requests = arg;

	(void)done;
	(void)total;
	++*requests;
}

static unsigned int longest_read(const struct rpmb_info *info)
{
	unsigned int blocks = info->max_read;

	if (blocks > info->capacity)
		blocks = info->capacity;
	while (rpmb_frames_len(info->frame_format, blocks) > RPMB_MAX_LEN)
		blocks--;
	return blocks;
}

static struct verdict test_longest_read(const struct session *session)
{
	unsigned int blocks = longest_read(session->info), requests = 0;
	struct verdict verdict;

	rpmb_set_progress(session->rpmb, count_request, &requests);
	verdict = read_at(session, 0, blocks);
	rpmb_set_progress(session->rpmb, NULL, NULL);
	/* The library reads in pieces what is too long for the path */
	return requests > 1 ? broken("it takes several requests") : verdict;
}

/*
 * A write of one block to block 0, signed by somebody who does not have the key. One bit
 * of the MAC is wrong, or all of it if the key is the kernel's.
 */
static void forge_write(const struct session *session, uint8_t *frames,
			size_t len, uint32_t counter, const uint8_t *data)
{
	static const uint8_t nobodys_key[RPMB_KEY_LEN] = "nobody's";
	enum rpmb_frame_format format = session->info->frame_format;
	struct rpmb_fields fields = {
		.type = RPMB_WRITE_DATA,
		.counter = counter,
		.count = 1,
		.target = format == RPMB_FRAME_NVME ? session->info->target : 0,
	};
	uint8_t *mac;

	rpmb_frames_init(format, frames, len, &fields);
	memcpy(rpmb_frames_data(format, frames, 0), data,
	       session->info->block_size);
	mac = rpmb_frames_mac(format, frames, len);
	rpmb_frames_hmac(format, frames, len, session->key ?: nobodys_key, mac);
	mac[0] ^= 1;
}

static int send_forged(const struct session *session, uint32_t counter,
		       const uint8_t *data, uint16_t *result)
{
	enum rpmb_frame_format format = session->info->frame_format;
	size_t len = rpmb_frames_len(format, 1);
	size_t resp_len = rpmb_frames_len(format, 0);
	uint8_t req[1024], resp[1024];
	struct rpmb_fields fields;
	int ret;

	forge_write(session, req, len, counter, data);
	ret = rpmb_route(session->rpmb, req, len, resp, resp_len, NULL);
	if (ret)
		return ret;
	rpmb_frames_parse(format, resp, resp_len, &fields);
	*result = fields.result & ~RPMB_RES_EXPIRED;
	return 0;
}

static struct verdict test_forged_write(const struct session *session)
{
	uint32_t before, after;
	uint8_t data[512];
	uint16_t result;
	int ret;

	ret = rpmb_read(session->rpmb, session->key, 0, 1, data);
	ret = ret ?: rpmb_read_counter(session->rpmb, session->key, &before);
	ret = ret ?: send_forged(session, before, data, &result);
	ret = ret ?: rpmb_read_counter(session->rpmb, session->key, &after);
	if (ret)
		return failed(ret);
	if (result == RPMB_RES_OK || before != after)
		return broken("it takes writes without a right MAC: do not trust it");
	return passed;
}

static const struct test tests[] = {
	{ "says sensible things of itself", false, test_info },
	{ "answers without a key", false, test_unsigned_counter },
	{ "has a counter that only writes change", true, test_counter },
	{ "reads its first block", true, test_first_block },
	{ "reads its last block", true, test_last_block },
	{ "reads as much at once as it says", true, test_longest_read },
	{ "refuses a write with a wrong MAC", true, test_forged_write },
};

static void say_what_will_be_done(const struct session *session)
{
	fprintf(stderr, "rpmb: %s: ", session->args->device);
	if (has_key(session->args))
		fputs("this reads the counter and some blocks, and sends one write with\n"
		      "a wrong MAC, of the data that is there already. Nothing on the device is\n"
		      "changed.\n", stderr);
	else
		fputs("this reads the counter, without a key. With --key there is more\n"
		      "to test. Nothing on the device is changed.\n", stderr);
}

static void say_verdict(const struct test *test, const struct verdict *verdict,
			struct json_object *results)
{
	struct json_object *object;

	if (!results && verdict->code)
		printf("FAILED: %s: %s\n", test->name, verdict->text);
	if (!results && !verdict->code)
		printf("ok: %s\n", test->name);
	if (!results)
		return;
	object = json_object_new_object();
	add_text(object, "test", test->name);
	add_bool(object, "ok", !verdict->code);
	if (verdict->code)
		add_text(object, "error", verdict->text);
	json_object_array_add(results, object);
}

/* The exit code is that of the first test that failed */
static int run_tests(const struct session *session, struct json_object *results)
{
	struct verdict verdict;
	int ret = EXIT_OK;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		if (tests[i].needs_key && !has_key(session->args))
			continue;
		verdict = tests[i].run(session);
		say_verdict(&tests[i], &verdict, results);
		ret = ret ?: verdict.code;
	}
	return ret;
}

int cmd_selftest(const struct session *session)
{
	struct json_object *object, *results;
	int ret;

	say_what_will_be_done(session);
	if (!session->args->json)
		return run_tests(session, NULL);
	object = json_about(session);
	results = json_object_new_array();
	ret = run_tests(session, results);
	add_bool(object, "ok", !ret);
	json_object_object_add(object, "tests", results);
	print_json(object);
	return ret;
}
