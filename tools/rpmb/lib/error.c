// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Errors in words
 */
#include <errno.h>

#include "internal.h"

static const struct {
	int error;
	const char *text;
} texts[] = {
	{ 0, "success" },
	{ RPMB_ERR_SYSTEM, "system error; errno says which" },
	{ RPMB_ERR_MEMORY, "out of memory" },
	{ RPMB_ERR_ARGUMENT, "invalid argument" },
	{ RPMB_ERR_RANGE,
	  "beyond the end of the device; see its capacity with 'rpmb info'" },
	{ RPMB_ERR_TOO_LONG,
	  "more than the path to the device can carry at once" },
	{ RPMB_ERR_NO_DEVICE, "no such device; see 'rpmb list'" },
	{ RPMB_ERR_AMBIGUOUS,
	  "several devices have this id; name one of 'rpmb list'" },
	{ RPMB_ERR_NOT_RPMB, "not an RPMB device; see 'rpmb list'" },
	{ RPMB_ERR_PERMISSION,
	  "permission denied; run as root, and open the device for what is to be done" },
	{ RPMB_ERR_UNSUPPORTED,
	  "the device has no such request; see 'rpmb info'" },
	{ RPMB_ERR_GONE, "the device was removed" },
	{ RPMB_ERR_BUSY,
	  "the device is busy with an earlier request; try again later" },
	{ RPMB_ERR_TIMEOUT, "the device did not answer in time" },
	{ RPMB_ERR_MIXED_UP,
	  "the answer is to another request; what else uses the hardware directly?" },
	{ RPMB_ERR_DRIVERS_ONLY,
	  "this kernel has no /dev/rpmbN: its RPMB class is for drivers only; see 'rpmb list'" },
	{ RPMB_ERR_NO_TABLE,
	  "no partition table; see 'rpmb partition format'" },
	{ RPMB_ERR_TABLE,
	  "the partition table is damaged: neither of its copies is whole" },
	{ RPMB_ERR_TABLE_VERSION,
	  "the partition table is of a newer version; a newer program can read it" },
	{ RPMB_ERR_NO_PARTITION,
	  "no such partition; see 'rpmb partition list'" },
	{ RPMB_ERR_EXISTS, "there is a partition with this GUID already" },
	{ RPMB_ERR_TAKEN,
	  "some of these blocks are another partition's, or the partition table's" },
	{ RPMB_ERR_NO_SPACE,
	  "no room for such a partition; see 'rpmb partition list'" },
	{ RPMB_ERR_NO_ANCHOR, "nobody answers there; does rpmb-anchor run?" },
	{ RPMB_ERR_ANCHOR,
	  "what answers there is something else, or an rpmb-anchor of another version" },
	{ RPMB_ERR_ANCHOR_IN_USE, "another program uses this anchor" },
	{ RPMB_ERR_OLD,
	  "not the version that is anchored: it was put back; see rpmb-anchor(1), accept" },
	{ RPMB_ERR_FORGED,
	  "this was not made with this anchor: it is another one's, or was changed" },
	{ RPMB_ERR_SPENT,
	  "all writes of this anchor's share are used up; see rpmb-anchor(1), forecast and set" },
	{ RPMB_ERR_NOT_AGREED,
	  "nobody has agreed to a step from another version; see rpmb-anchor(1), accept" },
	{ RPMB_ERR_KERNEL_KEY_UNSUPPORTED,
	  "the kernel makes no requests with its own keys here; use --key-keyring instead" },
	{ RPMB_ERR_KERNEL_KEY_NONE,
	  "the kernel has no such key; 'keyctl show' lists the keys that there are" },
	{ RPMB_ERR_KERNEL_KEY_KIND,
	  "not a key for an RPMB: it needs 32 bytes, and a description that begins with rpmb:" },
	{ RPMB_ERR_KERNEL_KEY_DENIED,
	  "no permission to search for the key; see 'keyctl describe'" },
	{ RPMB_ERR_KERNEL_KEY_REVOKED,
	  "the key has been revoked; put it into the kernel again" },
	{ RPMB_ERR_KERNEL_KEY_EXPIRED,
	  "the key has expired; put it into the kernel again" },
	{ RPMB_ERR_RESPONSE_TYPE,
	  "forged or damaged response: its type is not the request's" },
	{ RPMB_ERR_RESPONSE_FRAMES,
	  "forged or damaged response: its frames contradict each other" },
	{ RPMB_ERR_RESPONSE_MAC,
	  "response not authentic: wrong MAC; is it the device's key? else it was forged" },
	{ RPMB_ERR_RESPONSE_NONCE,
	  "response not authentic: wrong nonce, so an old response was replayed" },
	{ RPMB_ERR_RESPONSE_TARGET,
	  "response not authentic: it comes from another RPMB target" },
	{ RPMB_ERR_RESPONSE_ADDRESS,
	  "response not authentic: wrong address, so it answers another request" },
	{ RPMB_ERR_RESPONSE_COUNT,
	  "response not authentic: wrong block count, so it answers another request" },
	{ RPMB_ERR_RESPONSE_COUNTER,
	  "response not authentic: wrong write counter, so it answers another request" },
	{ RPMB_ERR_GENERAL,
	  "general failure; is the length allowed, or the key already programmed?" },
	{ RPMB_ERR_AUTHENTICATION,
	  "authentication failure; the key is not the device's" },
	{ RPMB_ERR_COUNTER,
	  "write counter mismatch; somebody else writes: read the data, then try again" },
	{ RPMB_ERR_ADDRESS,
	  "address failure; the access does not lie within the device" },
	{ RPMB_ERR_WRITE, "write failure; the device could not store it, or has a key already" },
	{ RPMB_ERR_READ, "read failure; the device could not read the data" },
	{ RPMB_ERR_NO_KEY,
	  "no key programmed yet; see 'rpmb program-key'" },
	{ RPMB_ERR_CONFIG, "invalid device configuration" },
	{ RPMB_ERR_SWP_PARAMETER, "invalid secure write protect parameter" },
	{ RPMB_ERR_SWP_NOT_APPLICABLE,
	  "secure write protect is not applicable" },
	{ RPMB_ERR_REJECTED, "the device does not support the request" },
	{ RPMB_ERR_PURGING, "a purge is in progress; try again when it is done" },
	{ RPMB_ERR_EXPIRED,
	  "write counter expired; the device can be read but never be written again" },
	{ RPMB_ERR_RESULT,
	  "the device answered with a result that no specification has" },
};

const char *rpmb_strerror(int error)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].error == error)
			return texts[i].text;
	return "unknown error";
}

int rpmb_system_error(int error)
{
	switch (error) {
	case ENOMEM:
		return RPMB_ERR_MEMORY;
	case EINVAL:
		return RPMB_ERR_ARGUMENT;
	case EMSGSIZE:
		return RPMB_ERR_TOO_LONG;
	case ENOENT:
		return RPMB_ERR_NO_DEVICE;
	case ENOTTY:
		return RPMB_ERR_NOT_RPMB;
	case EACCES:
	case EPERM:
	case EBADF:
		return RPMB_ERR_PERMISSION;
	case EOPNOTSUPP:
		return RPMB_ERR_UNSUPPORTED;
	case ENODEV:
	case ENXIO:
		return RPMB_ERR_GONE;
	case EBUSY:
		return RPMB_ERR_BUSY;
	case ETIMEDOUT:
		return RPMB_ERR_TIMEOUT;
	case EPROTO:
		return RPMB_ERR_MIXED_UP;
	default:
		return RPMB_ERR_SYSTEM;
	}
}

int rpmb_set_error(int error)
{
	errno = error;
	return rpmb_system_error(error);
}
