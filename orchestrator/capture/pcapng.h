/* The blocks of a pcapng file, as draft-ietf-opsawg-pcapng has them: one interface block per
 * interface, named "node:interface" and described as "node", nanoseconds of CLOCK_REALTIME, the
 * direction of each frame in epb_flags. */
#pragma once
#include "taps.h"
#include <linux/if_packet.h>

struct timestamp {
    uint32_t high, low;
};

struct timestamp now(void);

void write_head(struct tap *tap);
void write_packet(struct tap *tap, struct interface *interface, const struct tpacket3_hdr *frame,
                  unsigned pkttype);
/* How much of the file a packet takes. */
uint32_t packet_block_bytes(const struct tpacket3_hdr *frame);
void write_statistics(struct tap *tap, struct timestamp started, struct timestamp ended);
