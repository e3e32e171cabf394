/* Links and the process as JSON. */
#pragma once
#include "link.h"
#include <stdio.h>

/* Parameters, counters and state; counters are read on the loop's thread, all at one time. */
void write_link(FILE *file, struct link *link);
void write_list(FILE *file);
void write_stats(FILE *file);

/* Whether mlockall(2) was allowed. */
extern bool is_memory_locked;
