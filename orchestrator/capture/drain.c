#define _GNU_SOURCE
#include "drain.h"
#include "parts.h"

#include <string.h>
#include <sys/ioctl.h>

static uint64_t packets_of_all;

bool has_enough(void)
{
    return settings.most_packets > 0 && packets_of_all >= settings.most_packets;
}

static struct tpacket_block_desc *current_block(const struct ring *ring)
{
    return (void *)(ring->memory + (size_t)ring->next_block * BLOCK_BYTES);
}

/* Ask the kernel which interface has this number now. The number of one that is gone keeps its
 * meaning: its last frames may still be in the ring. */
static void confirm_index(struct tap *tap, const struct ring *ring, int index)
{
    struct ifreq request = {.ifr_ifindex = index};
    if (ioctl(ring->fd, SIOCGIFNAME, &request) != 0)
        return;
    for (unsigned i = 0; i < tap->interface_count; i++) {
        struct interface *interface = &tap->interfaces[i];
        if (strcmp(interface->name, request.ifr_name) == 0)
            interface->index = index;
        else if (interface->index == index)
            interface->index = 0;
    }
}

static struct interface *interface_at(struct tap *tap, const struct ring *ring, int index)
{
    for (unsigned i = 0; i < tap->interface_count; i++) {
        struct interface *interface = &tap->interfaces[i];
        if (interface->index == index && interface->confirmed_in == tap->block_number)
            return interface;
    }
    if (index == tap->ignored_index)
        return NULL;
    confirm_index(tap, ring, index);
    for (unsigned i = 0; i < tap->interface_count; i++) {
        struct interface *interface = &tap->interfaces[i];
        if (interface->index == index) {
            interface->confirmed_in = tap->block_number;
            return interface;
        }
    }
    tap->ignored_index = index;
    return NULL;
}

static void copy_block(struct tap *tap, const struct ring *ring,
                       const struct tpacket_block_desc *block)
{
    tap->block_number++;
    tap->ignored_index = 0;
    const uint8_t *at = (const uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;
    for (uint32_t left = block->hdr.bh1.num_pkts; left > 0; left--) {
        const struct tpacket3_hdr *frame = (const void *)at;
        const struct sockaddr_ll *address = (const void *)(at + TPACKET_ALIGN(sizeof *frame));
        struct interface *interface = interface_at(tap, ring, address->sll_ifindex);
        if (interface && !has_enough()) {
            make_room(tap, packet_block_bytes(frame));
            write_packet(tap, interface, frame, address->sll_pkttype);
            packets_of_all++;
        }
        at += frame->tp_next_offset;
    }
}

void drain(struct tap *tap, struct ring *ring)
{
    for (unsigned i = 0; i < settings.ring_blocks; i++) {
        struct tpacket_block_desc *block = current_block(ring);
        uint32_t *status = &block->hdr.bh1.block_status;
        if (!(__atomic_load_n(status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
            return;
        copy_block(tap, ring, block);
        block->hdr.bh1.num_pkts = 0; /* so that a count in a block of the kernel's is never old */
        __atomic_store_n(status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        ring->next_block = (ring->next_block + 1) % settings.ring_blocks;
    }
}

uint32_t undelivered(const struct ring *ring)
{
    return __atomic_load_n(&current_block(ring)->hdr.bh1.num_pkts, __ATOMIC_ACQUIRE);
}
