// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "link.h"

#define PA_CONNECTED_TX_LANES 0x1561
#define PA_POWER_MODE 0x1571
#define PA_CONNECTED_RX_LANES 0x1581
#define PA_MAX_RX_HS_GEAR 0x1587

void link_reset(struct link *link)
{
	int side;

	link->state = LINK_ACTIVE;
	link_set_patience(link, 0);
	memset(link->attributes, 0, sizeof(link->attributes));
	for (side = 0; side < 2; side++) {
		link->attributes[side][PA_CONNECTED_TX_LANES] = 1;
		link->attributes[side][PA_CONNECTED_RX_LANES] = 1;
		link->attributes[side][PA_MAX_RX_HS_GEAR] = 3;
	}
}

static bool fails(struct link *link, uint8_t code)
{
	const struct fault_point point = {
		.command = code,
		.partition = UFS_REGIONS,
	};

	return faults_happen(&link->ufs->faults, UFS_LINK, &point, NULL);
}

static void enter(struct link *link, enum link_state state)
{
	if (state != LINK_ACTIVE)
		link->amid += link->ufs->active != UFS_REGIONS;
	link->state = state;
	link->entered[state]++;
	link->left = state == LINK_ACTIVE ? link->patience : 0;
}

void link_set_patience(struct link *link, uint32_t patience)
{
	link->patience = patience;
	link->left = link->state == LINK_ACTIVE ? patience : 0;
}

bool link_carry(struct link *link)
{
	switch (link->state) {
	case LINK_ACTIVE:
		link->left = link->patience;
		return true;
	case LINK_DOZES:
		if (fails(link, DME_HIBERNATE_EXIT))
			return false;
		enter(link, LINK_ACTIVE);
		return true;
	default:
		link->unheard++;
		return false;
	}
}

bool link_tick(struct link *link)
{
	if (!link->left || --link->left)
		return true;
	if (fails(link, DME_HIBERNATE_ENTER))
		return false;
	enter(link, LINK_DOZES);
	return true;
}

/* Those of the other side are asked for over the link */
static void access_attribute(struct link *link, struct uic_command *command)
{
	bool peer = command->code == DME_PEER_GET || command->code == DME_PEER_SET;
	uint32_t *attribute = &link->attributes[peer][command->attribute];

	if (peer && !link_carry(link)) {
		command->result = UIC_PEER_COMMUNICATION_FAILURE;
		return;
	}
	if (command->code == DME_GET || command->code == DME_PEER_GET) {
		command->value = *attribute;
		return;
	}
	*attribute = command->value;
	if (command->attribute == PA_POWER_MODE)
		command->interrupt = LINK_POWER_MODE;
}

static void change_state(struct link *link, struct uic_command *command)
{
	bool hibernate = command->code == DME_HIBERNATE_ENTER;

	command->interrupt = hibernate ? LINK_HIBERNATED : LINK_WOKEN;
	if (!command->failed)
		enter(link, hibernate ? LINK_HIBERNATES : LINK_ACTIVE);
}

void link_command(struct link *link, struct uic_command *command)
{
	command->result = UIC_SUCCESS;
	command->interrupt = 0;
	command->failed = fails(link, command->code);
	switch (command->code) {
	case DME_GET:
	case DME_PEER_GET:
	case DME_SET:
	case DME_PEER_SET:
		access_attribute(link, command);
		break;
	case DME_HIBERNATE_ENTER:
	case DME_HIBERNATE_EXIT:
		change_state(link, command);
		break;
	}
}
