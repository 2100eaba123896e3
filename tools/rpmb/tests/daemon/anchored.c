// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <unistd.h>

#include "anchor-client.h"
#include "anchored.h"
#include "disk.h"
#include "served.h"

struct fake *anchored_host(void)
{
	struct fake *fake;

	check(!setenv("RPMB_FAKE", get_current_dir_name(), 1), "");
	fake = host_ready(2);
	daemon_use_anchor(socket_of(0));
	return fake;
}

const struct served served = {
	.begin = anchored_host,
	.option = "--capacity",
	.value = "1",
};

void write_one(struct model *model, bool stop)
{
	struct frontend fe;
	struct daemon d;

	open_daemon(&d, &fe);
	model_check(model, &fe, false);
	model_write(model, &fe);
	if (stop)
		close_daemon(&d, &fe);
	else
		kill_daemon(&d, &fe);
}

void must_refuse(const char *words)
{
	struct disk_image before, after;
	struct daemon d;

	disk_image_load(&before);
	daemon_forget_messages();
	daemon_start(&d, "--capacity", "1");
	ends_saying(&d, words);
	disk_image_load(&after);
	check(disk_image_same(&before, &after), "the state was touched");
	disk_image_free(&before);
	disk_image_free(&after);
}
