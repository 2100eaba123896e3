// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/socket.h>

#include "confine.h"
#include "sandbox.h"

/* The guest's memory comes as open files, and so does what it kicks */
static const struct confine_call front_end[] = {
	CALL(recvmsg), CALL(sendmsg), CALL(preadv2),
};

/* An anchor that has come back has to be connected anew */
static const struct confine_call anchor[] = {
	CALL_IF(socket, SCMP_A0(SCMP_CMP_EQ, AF_UNIX)),
	CALL(connect), CALL(recvfrom),
};

/* So has a database, by libpq, which reads certificates and passwords again */
static const struct confine_call database[] = {
	CALL_IF(socket, SCMP_A0(SCMP_CMP_EQ, AF_UNIX)),
	CALL(connect), CALL(recvfrom), CALL(setsockopt), CALL(getsockopt),
	CALL(getsockname), CALL(geteuid),
};

static const struct confine_call network[] = {
	CALL_IF(socket, SCMP_A0(SCMP_CMP_EQ, AF_INET)),
	CALL_IF(socket, SCMP_A0(SCMP_CMP_EQ, AF_INET6)),
};

/* A new file, and its name */
static const struct confine_call metrics[] = {
	CALL_IF(openat, SCMP_A2(SCMP_CMP_MASKED_EQ,
				O_ACCMODE | O_CREAT | O_TRUNC | O_NOFOLLOW,
				O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)),
	CALL(fchmod), CALL(rename), CALL(renameat), CALL(renameat2),
};

static const struct confine_set metrics_set = CONFINE_SET(metrics);
static const struct confine_set database_set = CONFINE_SET(database);
static const struct confine_set network_set = CONFINE_SET(network);
static const struct confine_set front_end_set = CONFINE_SET(front_end);
static const struct confine_set anchor_set = CONFINE_SET(anchor);

bool sandbox_prepare(const struct sandbox_needs *needs)
{
	const struct confine_needs confine = {
		.places = { needs->socket, needs->state, needs->anchor,
			    needs->metrics },
		.read_only = needs->database,
		.capabilities = needs->raw_io ? 1U << CAP_SYS_RAWIO : 0,
	};

	return confine_files(&confine);
}

bool sandbox_enter(const struct sandbox_needs *needs)
{
	const struct confine_set *sets[9] = { &front_end_set };
	unsigned int nr = 1;

	if (needs->device)
		sets[nr++] = &confine_device;
	if (needs->anchor)
		sets[nr++] = &anchor_set;
	if (needs->database || needs->metrics)
		sets[nr++] = &confine_reading;
	if (needs->metrics)
		sets[nr++] = &metrics_set;
	if (needs->database)
		sets[nr++] = &database_set;
	if (needs->network)
		sets[nr++] = &network_set;
	return confine_calls(sets);
}
