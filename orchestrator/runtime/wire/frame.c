#include "frame.h"
#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---- the pool ---------------------------------------------------------------------------- */

enum { SMALL, JUMBO, SUPER, SIZES };

/* An Ethernet frame, a jumbo frame, and 64 KiB of segments with their headers. */
static const uint32_t size_bytes[SIZES] = {2 << 10, 12 << 10, 68 << 10};
/* How many are kept for the next burst; others go back to the C library. */
static const uint32_t kept[SIZES] = {8192, 512, 256};

static struct frame *spare[SIZES];
static uint32_t spares[SIZES];
static size_t used_bytes;

static uint32_t room(unsigned size)
{
    return size_bytes[size] - (uint32_t)sizeof(struct frame);
}

static struct frame *take_frame(unsigned size)
{
    if (used_bytes + size_bytes[size] > POOL_BUDGET_BYTES)
        return NULL;
    struct frame *frame = spare[size];
    if (frame) {
        spare[size] = frame->next;
        spares[size]--;
    } else if (!(frame = malloc(size_bytes[size]))) {
        return NULL;
    }
    frame->size = size;
    used_bytes += size_bytes[size];
    return frame;
}

void free_frame(struct frame *frame)
{
    unsigned size = frame->size;
    used_bytes -= size_bytes[size];
    if (spares[size] == kept[size]) {
        free(frame);
        return;
    }
    frame->next = spare[size];
    spare[size] = frame;
    spares[size]++;
}

size_t pool_used_bytes(void)
{
    return used_bytes;
}

struct frame *copy_frame(const struct frame *frame)
{
    struct frame *copy = take_frame(frame->size);
    if (!copy)
        return NULL;
    copy->length = frame->length;
    memcpy(copy->bytes, frame->bytes, frame->length);
    return copy;
}

/* ---- reading ----------------------------------------------------------------------------- */

/* What the next frame is read into: nobody knows its size before. */
static struct frame *waiting[SIZES];

static bool is_ready_to_read(void)
{
    for (unsigned size = SMALL; size < SIZES; size++)
        if (!waiting[size] && !(waiting[size] = take_frame(size)))
            return false;
    return true;
}

static struct frame *hand_over(unsigned size, uint32_t length)
{
    struct frame *frame = waiting[size];
    frame->length = length;
    waiting[size] = NULL;
    return frame;
}

/* A frame is read into the small buffer and, past its end, into the right place of the largest
 * one; so small frames are not copied, and of the others only the beginning or a few KiB. */
enum read_status read_frame(int fd, struct frame **frame)
{
    if (!is_ready_to_read()) {
        uint8_t sink[64];
        ssize_t dropped = read(fd, sink, sizeof sink);
        return dropped >= 0 ? READ_NO_MEMORY : errno == EAGAIN ? READ_NOTHING : READ_FAILED;
    }
    uint8_t *small = waiting[SMALL]->bytes, *super = waiting[SUPER]->bytes;
    struct iovec parts[] = {
        {small, room(SMALL)},
        {super + room(SMALL), room(SUPER) - room(SMALL)},
    };
    ssize_t length = readv(fd, parts, 2);
    if (length < 0)
        return errno == EAGAIN || errno == EINTR ? READ_NOTHING : READ_FAILED;
    if (length < HEADER_BYTES + ETHERNET_BYTES)
        return READ_NOTHING;
    if (length <= room(SMALL)) {
        *frame = hand_over(SMALL, (uint32_t)length);
        return READ_FRAME;
    }
    memcpy(super, small, room(SMALL));
    if (length <= room(JUMBO)) {
        memcpy(waiting[JUMBO]->bytes, super, (size_t)length);
        *frame = hand_over(JUMBO, (uint32_t)length);
    } else {
        *frame = hand_over(SUPER, (uint32_t)length);
    }
    return READ_FRAME;
}

/* ---- what is in a frame ------------------------------------------------------------------ */

static const struct virtio_net_hdr *header_of(const struct frame *frame)
{
    return (const struct virtio_net_hdr *)frame->bytes;
}

static uint32_t link_header_bytes(const struct frame *frame)
{
    const uint8_t *type = frame->bytes + HEADER_BYTES + 12;
    bool tagged = type[0] == ETH_P_8021Q >> 8 && type[1] == (ETH_P_8021Q & 0xff);
    return ETHERNET_BYTES + (tagged ? 4 : 0);
}

/* The length of the longest segment that a super-frame is cut into. Its virtio header tells
 * where TCP's header begins; TCP's header tells its own length. */
static uint32_t segment_bytes(const struct frame *frame)
{
    const struct virtio_net_hdr *header = header_of(frame);
    uint32_t transport = header->csum_start, length = 8;
    unsigned kind = header->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;
    if (kind != VIRTIO_NET_HDR_GSO_TCPV4 && kind != VIRTIO_NET_HDR_GSO_TCPV6)
        return transport + length + header->gso_size;
    if (HEADER_BYTES + transport + 13 > frame->length)
        return UINT32_MAX;
    length = (frame->bytes[HEADER_BYTES + transport + 12] >> 4) * 4u;
    return transport + length + header->gso_size;
}

bool fits_mtu(const struct frame *frame, unsigned mtu)
{
    bool is_super = header_of(frame)->gso_type != VIRTIO_NET_HDR_GSO_NONE;
    uint32_t longest = is_super ? segment_bytes(frame) : frame_bytes(frame);
    return longest <= mtu + link_header_bytes(frame);
}

/* Do what the sending kernel left to its device: sum up from csum_start and store the
 * complement (RFC 1071). */
static void finish_checksum(struct frame *frame)
{
    struct virtio_net_hdr *header = (struct virtio_net_hdr *)frame->bytes;
    uint32_t start = HEADER_BYTES + header->csum_start, place = start + header->csum_offset;
    header->flags = 0;
    if (place + 2 > frame->length)
        return;
    uint64_t sum = 0;
    for (uint32_t i = start; i < frame->length; i++)
        sum += (i - start) % 2 ? frame->bytes[i] : (uint32_t)frame->bytes[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    uint16_t stored = sum == 0xffff ? 0xffff : (uint16_t)~sum;
    frame->bytes[place] = stored >> 8;
    frame->bytes[place + 1] = stored & 0xff;
}

void corrupt_frame(struct frame *frame, struct dice *dice)
{
    struct virtio_net_hdr *header = (struct virtio_net_hdr *)frame->bytes;
    if (header->gso_type != VIRTIO_NET_HDR_GSO_NONE)
        return; /* queued before super-frames were turned off: its checksums come later */
    if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
        finish_checksum(frame);
    header->flags = 0;
    uint64_t bit = roll_below(dice, frame_bytes(frame) * 8ull);
    frame->bytes[HEADER_BYTES + bit / 8] ^= 1 << bit % 8;
}

/* ---- queues ------------------------------------------------------------------------------ */

static void link_after(struct queue *queue, struct frame *frame, struct frame *before)
{
    frame->previous = before;
    frame->next = before ? before->next : queue->head;
    *(frame->next ? &frame->next->previous : &queue->tail) = frame;
    *(before ? &before->next : &queue->head) = frame;
    queue->frames++;
    queue->bytes += frame_bytes(frame);
}

void push_frame(struct queue *queue, struct frame *frame)
{
    link_after(queue, frame, queue->tail);
}

/* Linear from the tail, as most frames belong there. With jitter that reorders, the walk is as
 * long as the jitter: 10 ms at 100,000 frames/s is a thousand steps. Beyond that, use a heap. */
void insert_frame(struct queue *queue, struct frame *frame)
{
    struct frame *before = queue->tail;
    if (queue->head && frame->due_ns < queue->head->due_ns)
        before = NULL;
    while (before && before->due_ns > frame->due_ns)
        before = before->previous;
    link_after(queue, frame, before);
}

struct frame *pop_frame(struct queue *queue)
{
    struct frame *frame = queue->head;
    if (!frame)
        return NULL;
    queue->head = frame->next;
    *(queue->head ? &queue->head->previous : &queue->tail) = NULL;
    queue->frames--;
    queue->bytes -= frame_bytes(frame);
    return frame;
}

uint64_t empty_queue(struct queue *queue)
{
    uint64_t emptied = queue->frames;
    for (struct frame *frame; (frame = pop_frame(queue));)
        free_frame(frame);
    return emptied;
}
