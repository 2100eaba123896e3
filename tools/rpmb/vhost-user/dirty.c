// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/vhost_types.h>
#include <string.h>
#include <unistd.h>

#include "dirty.h"
#include "fd.h"
#include "log.h"

/* Of the log, whatever pages the guest has */
#define PAGE_SIZE 0x1000

static void forget_log(struct dirty *dirty)
{
	if (dirty->pages)
		shared_unmap(&dirty->log);
	dirty->pages = 0;
}

bool dirty_set(struct dirty *dirty, int fd, uint64_t offset, uint64_t size)
{
	uint64_t pages;

	forget_log(dirty);
	if (!size || __builtin_mul_overflow(size, 8, &pages)) {
		log_line("a log of what is written cannot have %#jx bytes",
			 (uintmax_t)size);
		return false;
	}
	if (!shared_map(&dirty->log, "log of what is written", fd, offset,
			size))
		return false;
	dirty->pages = pages;
	return true;
}

void dirty_reset(struct dirty *dirty)
{
	forget_log(dirty);
	dirty->all = false;
	fd_replace(&dirty->event, -1);
}

bool dirty_covers(const struct dirty *dirty, uint64_t addr, uint64_t len)
{
	uint64_t last;

	if (!len)
		return true;
	return !__builtin_add_overflow(addr, len - 1, &last) &&
	       last / PAGE_SIZE < dirty->pages;
}

/* EAGAIN means that it has been told more often than can be counted */
static void tell(const struct dirty *dirty)
{
	const uint64_t one = 1;

	if (dirty->event >= 0 &&
	    fd_write_now(dirty->event, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_line("cannot tell of what is written: %s", strerror(errno));
}

/*
 * After the bytes are there, so that who finds a bit and clears it copies them. It does
 * both while this goes on.
 */
void dirty_mark(const struct dirty *dirty, uint64_t addr, uint64_t len)
{
	uint64_t page;

	if (!len || !dirty_covers(dirty, addr, len))
		return;
	for (page = addr / PAGE_SIZE; page <= (addr + len - 1) / PAGE_SIZE;
	     page++)
		__atomic_fetch_or(&dirty->log.host[page / 8],
				  1U << page % 8, __ATOMIC_SEQ_CST);
	tell(dirty);
}
