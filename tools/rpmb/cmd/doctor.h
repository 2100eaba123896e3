/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * doctor: what is between a user and a working RPMB
 *
 * A check looks at one thing and says what it has found. Nothing is changed: files are
 * read, and a device is asked what anybody may ask it.
 */
#ifndef RPMB_CMD_DOCTOR_H
#define RPMB_CMD_DOCTOR_H

#include "cmd.h"
#include "frame.h"
#include "look.h"

enum severity {
	DOCTOR_OK,
	DOCTOR_NOTE,		/* good to know */
	DOCTOR_WARNING,		/* works, but not as it should */
	DOCTOR_ERROR,		/* does not work */
};

struct finding {
	enum severity severity;
	const char *check;
	const char *device;	/* NULL if it is about the system */
	char *text;
	char *next;		/* what to do, NULL if nothing */
};

/*
 * A device: what sysfs says of it, and, where it can be opened, what it says itself. In
 * @answer is what it says of its counter, signed with its key.
 */
struct patient {
	struct rpmb_info info;
	char *path;
	bool chosen;
	struct rpmb *rpmb;
	int error;		/* why it cannot be opened */
	int system_error;	/* errno of that */
	int answer_error;	/* why there is no answer */
	uint8_t answer[sizeof(struct rpmb_frame)];
	size_t answer_len;
	uint32_t counter;
};

struct rpmb_list;

struct doctor {
	const char *check;	/* the name of the one that runs */
	const struct patient *patient;
	struct patient *patients;
	size_t nr_patients;
	const struct rpmb_list *ways;	/* to all hardware, while files are looked at */
	struct finding *findings;
	size_t nr_findings;
	char *log;		/* the kernel's, NULL if it cannot be read */
	char *audit;		/* the end of auditd's, the same */
	unsigned int hardware;	/* bit n is set if there is one of enum rpmb_transport n */
	bool refused;		/* a driver is there, and has made no device */
	bool optee;
	bool supplicant;
	bool keys;		/* the kernel has some for RPMBs, or should have */
};

/* Say what was found, and what to do about it, if @next is not NULL */
void found(struct doctor *doctor, enum severity severity, const char *next,
	   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* doctor_report.c: print all that was found; returns an exit code */
int report_findings(const struct doctor *doctor, bool json);

/* Only what is wrong, on stderr; returns EXIT_ERROR if there is an error, else EXIT_OK */
int complain_findings(const struct doctor *doctor, const char *device);
void clear_findings(struct doctor *doctor);

/* doctor_look.c: call @each for each entry of a directory, with its path */
void look_each(struct doctor *doctor, const char *dir,
	       void (*each)(struct doctor *doctor, const char *name,
			    const char *path));

/* Is there a file of such a name, as fnmatch() has it, in the directory? */
bool look_for(const char *dir, const char *pattern);

/* The last line of the kernel's log that matches; false if none does */
bool look_log(const struct doctor *doctor, const char *pattern, char *line,
	      size_t size);

/* The same of a text, NULL if there is none, whose lines are nothing but messages */
bool look_lines(const char *text, const char *pattern, char *line, size_t size);

/* doctor_patient.c: find the devices, all or the one that is named, and open them */
void find_patients(struct doctor *doctor, const char *name);
void clear_patients(struct doctor *doctor);

/* The path of a device's file, without what says which of its targets is meant; to be freed */
char *device_path(const struct rpmb_info *info);

/* The checks of the system */
void check_class(struct doctor *doctor);
void check_emmc(struct doctor *doctor);
void check_ufs(struct doctor *doctor);
void check_nvme(struct doctor *doctor);
void check_virtio(struct doctor *doctor);
void check_backends(struct doctor *doctor);
void check_devices(struct doctor *doctor);
void check_audit(struct doctor *doctor);
void check_selinux(struct doctor *doctor);
void check_apparmor(struct doctor *doctor);
void check_lockdown(struct doctor *doctor);
void check_tee(struct doctor *doctor);
void check_ftpm(struct doctor *doctor);
void check_keys(struct doctor *doctor);
void check_log(struct doctor *doctor);

/* Those of a device */
void check_node(struct doctor *doctor, const struct patient *patient);
void check_permissions(struct doctor *doctor, const struct patient *patient);
void check_names(struct doctor *doctor, const struct patient *patient);
void check_open(struct doctor *doctor, const struct patient *patient);
void check_holders(struct doctor *doctor, const struct patient *patient);

/* Those of a device that is open */
void check_limits(struct doctor *doctor, const struct patient *patient);
void check_ring(struct doctor *doctor, const struct patient *patient);
void check_keyed(struct doctor *doctor, const struct patient *patient);
void check_optee(struct doctor *doctor, const struct patient *patient);
void check_key(struct doctor *doctor, const struct patient *patient);
void check_known_key(struct doctor *doctor, const struct patient *patient);
void check_counter(struct doctor *doctor, const struct patient *patient);
void check_wear(struct doctor *doctor, const struct patient *patient);
void check_life(struct doctor *doctor, const struct patient *patient);
void check_read(struct doctor *doctor, const struct patient *patient);

/*
 * Examine one device, and say on stderr what is wrong with it. Returns an exit code, which
 * is 0 if nothing keeps it from being used.
 */
int examine(const char *device);

/*
 * Is OP-TEE there, and is nothing in its way to the device that an update would not take
 * away? With another key than its own, it could never store anything there.
 */
bool optee_would_take(const struct rpmb_info *info);

/* Is it one of /dev/rpmbN, and not the kernel's other way to the hardware? */
bool is_rpmb_node(const struct patient *patient);

#endif /* RPMB_CMD_DOCTOR_H */
