/* What the files of capmux share; capmux.c tells how they work together. */
#ifndef CAPMUX_H
#define CAPMUX_H

#include <limits.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    BLOCK_BYTES = 1 << 18, /* also the longest frame a ring can hold, which GSO makes 64 KiB */
    RETIRE_MS = 50,
    PARTS = 8, /* of a limited file; the oldest goes when another is begun */
};

struct settings {
    unsigned ring_blocks, snaplen;
    struct sock_fprog filter; /* of no length: everything */
    uint64_t part_bytes;      /* of each part of a limited file, 0 if files may grow */
    uint64_t most_packets;    /* of all taps together, 0 for any number */
    int64_t most_ms;          /* 0 for ever */
};

struct interface {
    char name[IFNAMSIZ];
    int index;             /* its number in the namespace, which changes if it is made anew */
    uint64_t confirmed_in; /* the block in which name and number were last compared */
    uint64_t packets;
};

struct timestamp {
    uint32_t high, low;
};

struct tap {
    const char *node;
    const char *netns;
    struct interface *interfaces;
    unsigned interface_count;

    int fd;
    uint8_t *ring;
    unsigned next_block;
    uint64_t block_number; /* of the block being read, counted from 1 */
    int ignored_index;     /* an interface nobody listed, as seen in this block; 0 is none */

    char path[PATH_MAX];
    FILE *file;
    uint64_t file_bytes, head_bytes; /* of the part being written, and of those its head */
    uint64_t oldest_part, part;      /* numbers of parts, from 0 */
    uint64_t part_packets[PARTS];
    uint64_t packets, discarded, drops;
};

extern struct settings settings;
extern struct tap *taps;
extern unsigned tap_count;

/* taps.c: what to capture; how to end with a message: `refuse` what was asked for, or `fail`. */
__attribute__((format(printf, 1, 2), noreturn)) void fail(const char *format, ...);
__attribute__((format(printf, 1, 2), noreturn)) void refuse(const char *format, ...);
bool read_taps(void); /* true if a blank line ended them, so that standard input is still open */

/* filter.c: an expression of pcap-filter(7) becomes BPF. */
struct sock_fprog compile_filter(const char *expression);

/* ring.c: packet sockets and their rings. Opening and closing are done on every tap at once. */
void on_every_tap(void *(*step)(void *));
void *open_ring(void *tap);
void *close_ring(void *tap);
void start_ring(const struct tap *tap);
void stop_ring(const struct tap *tap);
void count_drops(struct tap *tap);

/* drain.c: from ring to file. */
void drain(struct tap *tap);
uint32_t undelivered(const struct tap *tap);
bool has_enough(void); /* as many packets as were asked for */

/* file.c: a node's file, or the parts of one that is limited. */
void create_file(struct tap *tap, const char *folder);
void make_room(struct tap *tap, uint32_t size);
void write_bytes(struct tap *tap, const void *bytes, size_t size);
void flush_file(struct tap *tap);
void finish_file(struct tap *tap, struct timestamp started, struct timestamp ended);
void remove_file(const struct tap *tap);

/* pcapng.c: the blocks of a file. */
struct timestamp now(void);
void write_head(struct tap *tap);
void write_packet(struct tap *tap, struct interface *interface, const struct tpacket3_hdr *frame,
                  unsigned pkttype);
void write_statistics(struct tap *tap, struct timestamp started, struct timestamp ended);

#endif
