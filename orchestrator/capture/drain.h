/* From ring to file: which frames are ours, and of which interface. */
#pragma once
#include "taps.h"

/* Write out the blocks that are ours, at most once round the ring: others wait for their turn. */
void drain(struct tap *tap, struct ring *ring);
/* Frames the kernel holds in a block it has not handed over: it counts them there as they come. */
uint32_t undelivered(const struct ring *ring);
/* Whether there are as many packets as were asked for. */
bool has_enough(void);
