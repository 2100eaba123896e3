// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests to the engine
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint8_t settings;

	input_take(&input, &settings, 1);
	fuzz_requests(fuzz_device(settings), &input);
	return 0;
}
