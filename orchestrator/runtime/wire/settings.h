/* Impairments as control messages write them: `delay_ns=20000000 loss=bernoulli:10000000`. */
#pragma once
#include "impairment.h"
#include "words.h"
#include <stdio.h>

/* Change what the settings name. On failure the impairment may be half changed: use a copy. */
bool apply_settings(struct impairment *impairment, char *const settings[], size_t count,
                    struct complaint *complaint);

/* All of them, as members of a JSON object in the same words. */
void write_settings(FILE *file, const struct impairment *impairment);
