/* Chance that can be repeated: xoshiro256** (Blackman and Vigna), seeded by splitmix64. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { CERTAIN_PPB = 1000000000 };

struct dice {
    uint64_t state[4];
};

static inline uint64_t rotate_left(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static inline uint64_t split_mix(uint64_t *state)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
}

static inline void seed_dice(struct dice *dice, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        dice->state[i] = split_mix(&seed);
}

static inline uint64_t roll(struct dice *dice)
{
    uint64_t *s = dice->state, rolled = rotate_left(s[1] * 5, 7) * 9, shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return rolled;
}

/* A whole number from 0 up to, not including, bound. */
static inline uint64_t roll_below(struct dice *dice, uint64_t bound)
{
    return (unsigned __int128)roll(dice) * bound >> 64;
}

/* A real number from 0 up to, not including, 1. */
static inline double roll_unit(struct dice *dice)
{
    return (double)(roll(dice) >> 11) * 0x1p-53;
}

static inline bool happens(struct dice *dice, uint32_t chance_ppb)
{
    return chance_ppb && roll_below(dice, CERTAIN_PPB) < chance_ppb;
}
