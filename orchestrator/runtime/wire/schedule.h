/* Which direction has something to do next: a binary heap by deadline. */
#pragma once
#include <stdint.h>

#define NEVER UINT64_MAX

struct direction;

/* The place of a direction in the heap; part of struct direction. Zero is "not in it". */
struct slot {
    uint64_t deadline_ns;
    uint32_t position; /* counted from 1 */
};

/* Move a direction to a new deadline; NEVER takes it out. Memory for it must be reserved. */
void schedule(struct direction *direction, uint64_t deadline_ns);
/* Make room for so many directions. False if there is no memory. */
int reserve_schedule(uint32_t directions);
struct direction *first_scheduled(void);
uint64_t next_deadline_ns(void);
