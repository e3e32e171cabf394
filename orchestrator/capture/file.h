/* The file that a tap writes now: a node's whole file, or one part of it. */
#pragma once
#include "taps.h"

void write_bytes(struct tap *tap, const void *bytes, size_t size);
void flush_file(struct tap *tap);
void close_file(struct tap *tap);
/* Say that the node's file cannot be written, and why, by errno. */
__attribute__((noreturn)) void fail_to_write(const struct tap *tap);
