// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/capability.h>
#include <linux/nvme_ioctl.h>
#include <linux/rpmb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "confine.h"
#include "hardware.h"
#include "ledger.h"
#include "log.h"
#include "sandbox.h"

static const struct confine_call server_calls[] = {
	/* sockets come and go with their anchors */
	CALL_IF(socket, SCMP_A0(SCMP_CMP_EQ, AF_UNIX)),
	CALL(bind), CALL(listen),
	CALL(mkdir), CALL(mkdirat), CALL(rmdir),
	CALL(chmod), CALL(fchmodat),
	/* clients, and who they are */
	CALL(recvfrom),
	CALL_IF(getsockopt, SCMP_A2(SCMP_CMP_EQ, SO_PEERCRED)),
	CALL(eventfd2),
	CALL(timerfd_settime), CALL(timerfd_settime64),
	/* ways to the device that only a keyed interface and NVMe have */
	CALL_IF(ioctl, SCMP_A1(SCMP_CMP_EQ, RPMB_IOC_KEYED)),
	CALL_IF(ioctl, SCMP_A1(SCMP_CMP_EQ, NVME_IOCTL_ADMIN_CMD)),
};

static const struct confine_set server_set = CONFINE_SET(server_calls);

/* What /dev/rpmbN does without, the kernel's own interfaces may ask for */
static uint32_t capabilities_for(const struct rpmb_info *info)
{
	if (!strncmp(info->name, "rpmb", 4))
		return 0;
	return 1U << (info->transport == RPMB_TRANSPORT_NVME ? CAP_SYS_ADMIN :
							       CAP_SYS_RAWIO);
}

bool sandbox_prepare(const struct hardware *hw, const struct ledger *ledger,
		     const char *directory)
{
	char *full = realpath(directory, NULL);
	const struct confine_needs needs = {
		.places = { sqlite3_db_filename(ledger->db.sql, "main"), full },
		.capabilities = capabilities_for(rpmb_info(hw->rpmb)),
		.knows_users = true,
	};
	bool ok = full && confine_files(&needs);

	if (!full || (ok && chdir(full))) {
		log_line("%s: %s", directory, strerror(errno));
		ok = false;
	}
	free(full);
	return ok;
}

bool sandbox_enter(void)
{
	static const struct confine_set *const sets[] = {
		&confine_device, &server_set, NULL
	};

	return confine_calls(sets);
}
