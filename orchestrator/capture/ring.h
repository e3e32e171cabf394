/* A ring for each tap: memory shared with the kernel, into which it puts frames. */
#pragma once
#include "taps.h"

/* Opening and closing wait for the kernel, so they are done on every tap at once. */
void on_every_tap(void *(*step)(void *));
void *open_ring(void *tap);
void *close_ring(void *tap);
void start_ring(const struct tap *tap);
void stop_ring(const struct tap *tap);
void count_drops(struct tap *tap);
