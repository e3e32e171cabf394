/* What the command line says of a capture. */
#pragma once
#include <linux/filter.h>
#include <stdint.h>

enum {
    BLOCK_BYTES = 1 << 18, /* also the longest frame a ring can hold, which GSO makes 64 KiB */
    PARTS = 8,             /* of a limited file; the oldest goes when another is begun */
};

struct settings {
    unsigned ring_blocks, snaplen;
    struct sock_fprog filter; /* of no length: everything */
    uint64_t part_bytes;      /* of each part of a limited file, 0 if files may grow */
    uint64_t most_packets;    /* of all taps together, 0 for any number */
    int64_t most_ms;          /* 0 for ever */
};

extern struct settings settings;

/* Put into `settings` what the arguments say, and return the folder that they name. */
const char *read_options(int count, char **arguments);
