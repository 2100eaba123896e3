// SPDX-License-Identifier: GPL-2.0-only
/*
 * Physical Region Pages: Base Specification 2.1, section 4.1.1
 */
#include <stdbool.h>

#include "bytes.h"
#include "pcie.h"
#include "prp.h"

#define ENTRY_LEN 8
#define OFFSET(addr) ((addr) % NVME_PCIE_PAGE)

/*
 * Where the data is, page by page
 *
 * @left: bytes of the command's data from here on
 * @page: where the next of them are
 * @next: the second entry
 * @listed: that is where the entry after that is, in a list
 */
struct prp_walk {
	const struct dma *dma;
	uint32_t left;
	uint64_t page;
	uint64_t next;
	bool listed;
};

static uint32_t in_page(const struct prp_walk *walk)
{
	uint32_t room = NVME_PCIE_PAGE - OFFSET(walk->page);

	return walk->left < room ? walk->left : room;
}

/* There is a list if two pages are not enough */
static uint16_t start(struct prp_walk *walk, const struct dma *dma,
		      const struct nvme_command *command, uint32_t len)
{
	*walk = (struct prp_walk) {
		.dma = dma,
		.left = len,
		.page = get_le64(command->data),
		.next = get_le64(command->data + ENTRY_LEN),
	};
	walk->listed = len - in_page(walk) > NVME_PCIE_PAGE;
	return walk->page % 4 || (walk->listed && walk->next % ENTRY_LEN) ?
	       NVME_INVALID_PRP_OFFSET : NVME_SUCCESS;
}

static uint16_t read_entry(struct prp_walk *walk, uint64_t *entry)
{
	uint8_t raw[ENTRY_LEN];

	if (!dma_read(walk->dma, walk->next, raw, sizeof(raw)))
		return NVME_DATA_TRANSFER_ERROR;
	walk->next += ENTRY_LEN;
	*entry = get_le64(raw);
	return OFFSET(*entry) ? NVME_INVALID_PRP_OFFSET : NVME_SUCCESS;
}

/*
 * An entry at the end of a page leads to the next list if it is not the last one of
 * all. That list begins with its page, so each gets us on.
 */
static uint16_t next_in_list(struct prp_walk *walk)
{
	bool at_end = OFFSET(walk->next) == NVME_PCIE_PAGE - ENTRY_LEN;
	uint16_t status;
	uint64_t list;

	if (at_end && walk->left > NVME_PCIE_PAGE) {
		status = read_entry(walk, &list);
		if (status)
			return status;
		walk->next = list;
	}
	return read_entry(walk, &walk->page);
}

static uint16_t next(struct prp_walk *walk)
{
	walk->left -= in_page(walk);
	if (walk->listed)
		return next_in_list(walk);
	walk->page = walk->next;
	return OFFSET(walk->page) ? NVME_INVALID_PRP_OFFSET : NVME_SUCCESS;
}

/* The first @count of @len bytes */
static uint16_t move(const struct dma *dma, const struct nvme_command *command,
		     uint32_t len, uint8_t *data, uint32_t count,
		     bool to_machine)
{
	struct prp_walk walk;
	uint16_t status = NVME_SUCCESS;

	if (count)
		status = start(&walk, dma, command, len);

	while (!status && count) {
		uint32_t part = in_page(&walk) < count ? in_page(&walk) : count;

		if (!(to_machine ? dma_write(dma, walk.page, data, part) :
				   dma_read(dma, walk.page, data, part)))
			return NVME_DATA_TRANSFER_ERROR;
		data += part;
		count -= part;
		if (count)
			status = next(&walk);
	}
	return status;
}

uint16_t nvme_prp_read(const struct dma *dma, struct nvme_request *req)
{
	return move(dma, &req->command, req->len, req->data, req->len, false);
}

uint16_t nvme_prp_write(const struct dma *dma, const struct nvme_request *req)
{
	return move(dma, &req->command, req->len, (uint8_t *)req->data,
		    req->moved, true);
}
