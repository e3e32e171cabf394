/* The taps: each is a node's interfaces, their ring, and the file that their frames go to. */
#pragma once
#include "options.h"
#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct interface {
    char name[IFNAMSIZ];
    int index;             /* its number in the namespace, which changes if it is made anew */
    uint64_t confirmed_in; /* the block in which name and number were last compared */
    uint64_t packets;
};

struct ring {
    int fd; /* of the packet socket */
    uint8_t *memory;
    unsigned next_block;
};

struct tap {
    const char *node;
    const char *netns;
    struct interface *interfaces;
    unsigned interface_count;

    struct ring ring;
    int netns_fd;          /* the namespace it is in; another one may come to be at the path */
    int news;              /* a netlink socket that hears of interfaces there (rtnetlink(7)) */
    bool has_left;         /* an interface has, and what is at the path was not seen since */
    uint64_t block_number; /* of the block being read, counted from 1 */
    int ignored_index;     /* an interface nobody listed, as seen in this block; 0 is none */

    char path[PATH_MAX];
    FILE *file;
    uint64_t file_bytes, head_bytes; /* of the part being written, and of those its head */
    uint64_t oldest_part, part;      /* numbers of parts, from 0 */
    uint64_t part_packets[PARTS];
    uint64_t packets, discarded, drops;
};

extern struct tap *taps;
extern unsigned tap_count;

/* Read them from standard input. True if a blank line ended them, so that it is still open. */
bool read_taps(void);
