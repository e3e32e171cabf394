/* Who has something to do next: a binary heap by deadline. */
#pragma once
#include <stdint.h>

#define NEVER UINT64_MAX

/* A place in the heap, part of whoever has the deadline. Zero is "not in it". */
struct slot {
    uint64_t deadline_ns;
    uint32_t position; /* counted from 1 */
};

/* Move a slot to a new deadline; NEVER takes it out. Memory for it must be reserved. */
void schedule(struct slot *slot, uint64_t deadline_ns);
/* Make room for so many slots. False if there is no memory. */
int reserve_schedule(uint32_t slots);
/* NULL if nobody has anything to do. */
struct slot *first_scheduled(void);
uint64_t next_deadline_ns(void);
