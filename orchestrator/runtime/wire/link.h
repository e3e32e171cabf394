/* Links: two TAP devices and the two directions between them. The control thread owns the list
 * and the devices; the loop's thread owns the directions and learns of changes by errands. */
#pragma once
#include "device.h"
#include "loop.h"

enum { LINK_NAME_BYTES = 64, AB = 1, BA = 2, BOTH = AB | BA };

struct link {
    char name[LINK_NAME_BYTES];
    struct device devices[2];
    struct end ends[2];
    struct direction directions[2]; /* from a to b, from b to a */
    enum offload offloads[2];
    bool is_up;
    struct link *next;
};

extern struct link *links;

struct link *find_link(const char *name);
unsigned count_links(void);

struct link *add_link(const char *name, const struct device_wish wishes[2],
                      struct complaint *complaint);
void remove_link(struct link *link);

/* Put impairments in force in the directions given (AB, BA or BOTH), all or nothing. */
bool impair_link(struct link *link, int which, const struct impairment impairments[2],
                 struct complaint *complaint);
/* Pull the cable or plug it in. */
bool switch_carrier(struct link *link, bool is_up, struct complaint *complaint);
/* Draw all that is random from this seed again, the same for the same names. */
void seed_links(uint64_t seed);
