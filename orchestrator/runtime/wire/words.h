/* Words of a control message, and what to say of those that are wrong. */
#pragma once
#include "device.h"
#include <stddef.h>

enum { MOST_WORDS = 40 };

/* Cut a line at blanks, in place. How many words; more than MOST_WORDS if there are too many. */
size_t split_words(char *line, char *words[MOST_WORDS]);

/* A whole number within bounds, in decimal digits only. */
bool read_number(const char *what, const char *text, uint64_t least, uint64_t most,
                 uint64_t *number, struct complaint *complaint);

/* The index of a word in a list that ends with NULL, or -1 and a complaint with the nearest. */
int find_word(const char *what, const char *word, const char *const known[],
              struct complaint *complaint);

/* How many letters differ (Levenshtein), for words of up to 63 letters. */
size_t word_distance(const char *one, const char *other);
