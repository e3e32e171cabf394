/* How late things happen: a histogram with eight steps per octave, so 12 % wide at worst. */
#pragma once
#include <stdint.h>

enum { LATENESS_STEPS = 8, LATENESS_BUCKETS = 36 * LATENESS_STEPS };

struct lateness {
    uint64_t count, sum_ns, max_ns;
    uint32_t buckets[LATENESS_BUCKETS];
};

static inline void note_lateness(struct lateness *lateness, uint64_t late_ns)
{
    uint64_t scaled = late_ns | LATENESS_STEPS;
    int octave = 63 - __builtin_clzll(scaled) - 3;
    int bucket = octave * LATENESS_STEPS + (int)(scaled >> octave & (LATENESS_STEPS - 1));
    lateness->buckets[bucket < LATENESS_BUCKETS ? bucket : LATENESS_BUCKETS - 1]++;
    lateness->count++;
    lateness->sum_ns += late_ns;
    if (late_ns > lateness->max_ns)
        lateness->max_ns = late_ns;
}

/* The time that the given share of all did not exceed: the upper end of its bucket. */
static inline uint64_t lateness_quantile_ns(const struct lateness *lateness, double share)
{
    uint64_t wanted = (uint64_t)((double)lateness->count * share), seen = 0;
    for (int i = 0; i < LATENESS_BUCKETS; i++) {
        seen += lateness->buckets[i];
        if (seen > wanted) {
            int octave = i / LATENESS_STEPS, step = i % LATENESS_STEPS;
            uint64_t upper = (uint64_t)(LATENESS_STEPS + step + 1) << octave;
            return upper < lateness->max_ns ? upper : lateness->max_ns;
        }
    }
    return lateness->max_ns;
}
