/* A ring for each tap: memory shared with the kernel, into which it puts frames. */
#pragma once
#include "taps.h"

/* Opening and closing wait for the kernel, so they are done on every tap at once. */
void on_every_tap(void *(*step)(void *));
void *open_ring(void *tap);
/* In the namespace that is open already; its interfaces may still be to come. */
void *open_ring_again(void *tap);
void *close_ring(void *tap);
void release_ring(struct ring *ring);
void start_ring(const struct tap *tap);
void stop_ring(const struct tap *tap, const struct ring *ring);
/* Add what a ring lost to its tap's count. */
void count_drops(struct tap *tap, const struct ring *ring);
