/* Frames in memory: each is the virtio header of a TAP device followed by the Ethernet frame.
 * They live in a pool of three sizes with a budget for all of them; only the loop's thread uses
 * it, so there are no locks. */
#pragma once
#include "random.h"
#include <linux/virtio_net.h>
#include <stddef.h>

enum {
    HEADER_BYTES = sizeof(struct virtio_net_hdr),
    ETHERNET_BYTES = 14,
    /* Half a gigabit-second: a satellite's delay at full speed. Beyond it frames are dropped. */
    POOL_BUDGET_BYTES = 256 << 20,
};

struct frame {
    struct frame *next, *previous;
    uint64_t due_ns;
    uint32_t length; /* with the virtio header */
    uint32_t size;   /* an index of the pool's sizes */
    uint8_t bytes[];
};

struct queue {
    struct frame *head, *tail;
    uint64_t frames, bytes;
};

enum read_status { READ_FRAME, READ_NOTHING, READ_NO_MEMORY, READ_FAILED };

/* The next frame of a TAP device. */
enum read_status read_frame(int fd, struct frame **frame);
/* A second frame like this one, or NULL when the budget is used up. */
struct frame *copy_frame(const struct frame *frame);
void free_frame(struct frame *frame);
size_t pool_used_bytes(void);

/* The length on the wire, that is of the Ethernet frame. */
static inline uint32_t frame_bytes(const struct frame *frame)
{
    return frame->length - HEADER_BYTES;
}

/* Whether it, or each segment it stands for, fits a link of this MTU. */
bool fits_mtu(const struct frame *frame, unsigned mtu);
/* Flip one random bit, and let the receiver's checksum notice it. */
void corrupt_frame(struct frame *frame, struct dice *dice);

void push_frame(struct queue *queue, struct frame *frame);
/* Keep the queue sorted by due_ns; among equals the new one comes last. */
void insert_frame(struct queue *queue, struct frame *frame);
struct frame *pop_frame(struct queue *queue);
/* Free what is in it, and say how many there were. */
uint64_t empty_queue(struct queue *queue);
