/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A host of NVMe over TCP, as small as tests need it
 *
 * Whatever does not happen within a generous time fails the test.
 */
#ifndef TCP_HOST_H
#define TCP_HOST_H

#include "../nvme/spec.h"
#include "../nvme/tcp_pdu.h"
#include "frame.h"
#include "machine.h"

#define HOST_NQN "nqn.2026-11.org.example:host"
#define SUBSYSTEM_NQN "nqn.2026-11.org.example:rpmb-test-device"
#define ANY_CONTROLLER 0xffff

#define CONNECT_LEN 1024
#define NVME_MAX_FRAMES (64 * 1024)

/* A connection; @fd is -1 if there is none */
struct tcp_host {
	int fd;
	uint16_t next_id;
};

/* How a command ended; @got bytes of data have come */
struct completion {
	uint64_t result;
	uint16_t status;
	uint16_t id;
	uint32_t got;
};

/* Start a subsystem with two controllers */
void tcp_start(struct machine *m);

/* Connect to a controller, whose numbers begin with 1; false if it refuses that */
bool tcp_try_dial(struct machine *m, struct tcp_host *host,
		  unsigned int controller);
void tcp_dial(struct machine *m, struct tcp_host *host, unsigned int controller);
void tcp_hang_up(struct tcp_host *host);
bool tcp_hung_up(struct tcp_host *host);

void tcp_send(struct tcp_host *host, const void *bytes, size_t len);

/* A PDU, with @len bytes of data behind it, and with the right lengths */
void tcp_send_pdu(struct tcp_host *host, struct tcp_header *header,
		  enum tcp_type type, uint8_t hlen, const void *data,
		  size_t len);

/* The next PDU, whose type and length have to be these; its data, if there is room */
void tcp_receive(struct tcp_host *host, enum tcp_type type, void *pdu,
		 uint8_t hlen, void *data, size_t *len);

/* A fatal error is reported, and the connection ends */
void tcp_expect_fatal(struct tcp_host *host, enum tcp_fatal fes, uint32_t fei);

/* ICReq and its answer; on a new connection */
void tcp_hello(struct tcp_host *host);
void tcp_greet(struct machine *m, struct tcp_host *host,
	       unsigned int controller);

/* A command's SGL: @len bytes by the capsule, or by PDUs of their own */
void tcp_in_capsule(struct nvme_command *command, uint32_t len);
void tcp_by_pdus(struct nvme_command *command, uint32_t len);

/* Only send it; with @len bytes of data in the capsule. Its identifier. */
uint16_t tcp_post(struct tcp_host *host, struct nvme_command *command,
		  const void *data, size_t len);

/* The completion of what was sent; data that comes before it goes to @data */
struct completion tcp_complete(struct tcp_host *host, void *data, size_t room);

/* A command of that direction from end to end; data in the capsule if it fits */
struct completion tcp_run(struct tcp_host *host, struct nvme_command *command,
			  void *data, uint32_t len);

/* Connect; what is at @data instead of what belongs there is up to the caller */
void tcp_make_connect(struct nvme_command *command, uint8_t data[CONNECT_LEN],
		      uint16_t queue, uint16_t controller);
struct completion tcp_connect(struct tcp_host *host, uint16_t queue,
			      uint16_t controller);

/* Properties; the status */
struct completion tcp_get_property(struct tcp_host *host, uint32_t offset,
				   bool wide);
struct completion tcp_set_property(struct tcp_host *host, uint32_t offset,
				   bool wide, uint64_t value);

/* All that it takes until a controller executes commands, and an I/O queue of it */
void tcp_attach(struct machine *m, struct tcp_host *host,
		unsigned int controller);
void tcp_attach_io(struct machine *m, struct tcp_host *host,
		   unsigned int controller, uint16_t queue);

/* Security Send and Receive for a target */
struct nvme_command tcp_security(uint8_t opcode, uint8_t target, uint32_t len);
uint16_t tcp_security_send(struct tcp_host *host, uint8_t target, void *frames,
			   uint32_t len);
struct completion tcp_security_receive(struct tcp_host *host, uint8_t target,
				       void *frames, uint32_t len);

/* What all tests do with target 0: results of the RPMB */
uint16_t tcp_program(struct tcp_host *host);
uint32_t tcp_counter(struct tcp_host *host);
size_t tcp_make_write(void *frames, uint32_t counter, uint32_t addr,
		      unsigned int nr, uint8_t fill);
uint16_t tcp_write(struct tcp_host *host, uint32_t counter, uint32_t addr,
		   unsigned int nr, uint8_t fill);

/* The byte that all of these blocks are filled with, -1 if there are several */
int tcp_read(struct tcp_host *host, uint32_t addr, unsigned int nr);

#endif /* TCP_HOST_H */
