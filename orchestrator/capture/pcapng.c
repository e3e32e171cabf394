#define _GNU_SOURCE
#include "pcapng.h"
#include "fail.h"
#include "file.h"

#include <string.h>
#include <sys/utsname.h>
#include <time.h>

enum {
    SECTION_HEADER = 0x0A0D0D0A,
    BYTE_ORDER_MAGIC = 0x1A2B3C4D,
    INTERFACE_DESCRIPTION = 1,
    INTERFACE_STATISTICS = 5,
    ENHANCED_PACKET = 6,

    COMMENT = 1,
    SHB_HARDWARE = 2,
    SHB_OS = 3,
    SHB_USERAPPL = 4,
    IF_NAME = 2,
    IF_DESCRIPTION = 3,
    IF_TSRESOL = 9,
    EPB_FLAGS = 2,
    ISB_STARTTIME = 2,
    ISB_ENDTIME = 3,
    ISB_IFRECV = 4,
    ISB_IFDROP = 5,

    LINKTYPE_ETHERNET = 1,
    INBOUND = 1,
    OUTBOUND = 2,
};

/* The body of a block other than a packet's, put together before it is written. */
struct body {
    uint32_t length;
    uint8_t bytes[1024];
};

static struct timestamp timestamp_of(uint64_t time_ns)
{
    return (struct timestamp){.high = time_ns >> 32, .low = (uint32_t)time_ns};
}

struct timestamp now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return timestamp_of((uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec);
}

static uint32_t padding(uint32_t size)
{
    return -size & 3;
}

static void add_bytes(struct body *body, const void *bytes, uint32_t size)
{
    static const uint8_t zeros[4];
    if (size + padding(size) > sizeof body->bytes - body->length)
        fail("a pcapng block would be longer than %zu bytes", sizeof body->bytes);
    memcpy(body->bytes + body->length, bytes, size);
    memcpy(body->bytes + body->length + size, zeros, padding(size));
    body->length += size + padding(size);
}

static void add_option(struct body *body, uint16_t code, const void *value, size_t size)
{
    uint16_t head[2] = {code, (uint16_t)size};
    add_bytes(body, head, sizeof head);
    add_bytes(body, value, (uint32_t)size);
}

static void add_text(struct body *body, uint16_t code, const char *text)
{
    add_option(body, code, text, strlen(text));
}

/* End the options and write the block with its length before and after, as the format wants. */
static void write_block(struct tap *tap, uint32_t type, struct body *body)
{
    add_bytes(body, &(uint32_t){0}, 4);
    uint32_t length = body->length + 12;
    write_bytes(tap, &type, 4);
    write_bytes(tap, &length, 4);
    write_bytes(tap, body->bytes, body->length);
    write_bytes(tap, &length, 4);
}

static void write_section_header(struct tap *tap)
{
    struct {
        uint32_t magic;
        uint16_t major, minor;
        uint32_t section_length[2];
    } fixed = {BYTE_ORDER_MAGIC, 1, 0, {UINT32_MAX, UINT32_MAX}}; /* of length not yet known */
    struct utsname system;
    uname(&system);
    char os[sizeof system.sysname + sizeof system.release];
    snprintf(os, sizeof os, "%s %s", system.sysname, system.release);

    struct body body = {0};
    add_bytes(&body, &fixed, sizeof fixed);
    add_text(&body, SHB_HARDWARE, system.machine);
    add_text(&body, SHB_OS, os);
    add_text(&body, SHB_USERAPPL, "Clicklab capmux");
    write_block(tap, SECTION_HEADER, &body);
}

static void write_interface(struct tap *tap, const struct interface *interface)
{
    struct {
        uint16_t linktype, reserved;
        uint32_t snaplen;
    } fixed = {LINKTYPE_ETHERNET, 0, settings.snaplen};
    char name[NAME_MAX + IFNAMSIZ + 1];
    snprintf(name, sizeof name, "%s:%s", tap->node, interface->name);

    struct body body = {0};
    add_bytes(&body, &fixed, sizeof fixed);
    add_text(&body, IF_NAME, name);
    add_text(&body, IF_DESCRIPTION, tap->node); /* a column and a filter of its own */
    add_option(&body, IF_TSRESOL, &(uint8_t){9}, 1);
    write_block(tap, INTERFACE_DESCRIPTION, &body);
}

void write_head(struct tap *tap)
{
    write_section_header(tap);
    for (unsigned i = 0; i < tap->interface_count; i++)
        write_interface(tap, &tap->interfaces[i]);
}

/* The direction in bits 0-1, who the frame was for in bits 2-4 (section 4.3.1 of the draft). */
static uint32_t packet_flags(unsigned pkttype)
{
    static const uint32_t reception[] = {
        [PACKET_HOST] = 1,
        [PACKET_MULTICAST] = 2,
        [PACKET_BROADCAST] = 3,
        [PACKET_OTHERHOST] = 4,
    };
    if (pkttype == PACKET_OUTGOING)
        return OUTBOUND;
    uint32_t kind = pkttype < sizeof reception / sizeof *reception ? reception[pkttype] : 0;
    return INBOUND | kind << 2;
}

static uint32_t captured_bytes(const struct tpacket3_hdr *frame)
{
    return frame->tp_snaplen < settings.snaplen ? frame->tp_snaplen : settings.snaplen;
}

uint32_t packet_block_bytes(const struct tpacket3_hdr *frame)
{
    uint32_t captured = captured_bytes(frame);
    return 28 + captured + padding(captured) + 16;
}

void write_packet(struct tap *tap, struct interface *interface, const struct tpacket3_hdr *frame,
                  unsigned pkttype)
{
    static const uint8_t zeros[4];
    uint32_t captured = captured_bytes(frame), length = packet_block_bytes(frame);
    struct timestamp time = timestamp_of((uint64_t)frame->tp_sec * 1000000000 + frame->tp_nsec);
    struct {
        uint32_t type, length, interface;
        struct timestamp time;
        uint32_t captured, original;
    } head = {ENHANCED_PACKET, length,       (uint32_t)(interface - tap->interfaces), time,
              captured,        frame->tp_len};
    struct {
        uint16_t option, size;
        uint32_t flags, end_of_options, length;
    } tail = {EPB_FLAGS, 4, packet_flags(pkttype), 0, length};

    write_bytes(tap, &head, sizeof head);
    write_bytes(tap, (const uint8_t *)frame + frame->tp_mac, captured);
    write_bytes(tap, zeros, padding(captured));
    write_bytes(tap, &tail, sizeof tail);
    interface->packets++;
    tap->packets++;
    tap->part_packets[tap->part % PARTS]++;
}

static void write_counts(struct tap *tap, unsigned id, struct timestamp started,
                         struct timestamp ended)
{
    struct {
        uint32_t interface;
        struct timestamp time;
    } fixed = {id, ended};
    struct body body = {0};
    add_bytes(&body, &fixed, sizeof fixed);
    if (tap->drops > 0 && tap->interface_count > 1)
        add_text(&body, COMMENT, "Drops are those of all the node's interfaces together.");
    if (tap->discarded > 0)
        add_text(&body, COMMENT, "Older packets were discarded, to keep the file in its limit.");
    add_option(&body, ISB_STARTTIME, &started, sizeof started);
    add_option(&body, ISB_ENDTIME, &ended, sizeof ended);
    add_option(&body, ISB_IFRECV, &tap->interfaces[id].packets, sizeof(uint64_t));
    add_option(&body, ISB_IFDROP, &tap->drops, sizeof tap->drops);
    write_block(tap, INTERFACE_STATISTICS, &body);
}

void write_statistics(struct tap *tap, struct timestamp started, struct timestamp ended)
{
    for (unsigned i = 0; i < tap->interface_count; i++)
        write_counts(tap, i, started, ended);
}
