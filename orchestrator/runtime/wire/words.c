#include "words.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_COMPARED = 63 };

size_t split_words(char *line, char *words[MOST_WORDS])
{
    static const char blanks[] = " \t\r";
    size_t count = 0;
    char *rest, *word = strtok_r(line, blanks, &rest);
    for (; word; word = strtok_r(NULL, blanks, &rest), count++)
        if (count < MOST_WORDS)
            words[count] = word;
    return count;
}

bool read_number(const char *what, const char *text, uint64_t least, uint64_t most,
                 uint64_t *number, struct complaint *complaint)
{
    size_t length = strlen(text);
    if (length > 0 && length < 20 && strspn(text, "0123456789") == length) {
        *number = strtoull(text, NULL, 10);
        if (least <= *number && *number <= most)
            return true;
    }
    return complain(complaint,
                    "%s: want a whole number from %" PRIu64 " to %" PRIu64 ", not '%.40s'", what,
                    least, most, text);
}

size_t word_distance(const char *one, const char *other)
{
    size_t length = strnlen(one, LONGEST_COMPARED), height = strnlen(other, LONGEST_COMPARED);
    size_t row[LONGEST_COMPARED + 1];
    for (size_t i = 0; i <= length; i++)
        row[i] = i;
    for (size_t j = 1; j <= height; j++) {
        size_t diagonal = row[0];
        row[0] = j;
        for (size_t i = 1; i <= length; i++) {
            size_t best = diagonal + (one[i - 1] != other[j - 1]);
            diagonal = row[i];
            if (row[i] + 1 < best)
                best = row[i] + 1;
            if (row[i - 1] + 1 < best)
                best = row[i - 1] + 1;
            row[i] = best;
        }
    }
    return row[length];
}

int find_word(const char *what, const char *word, const char *const known[],
              struct complaint *complaint)
{
    int nearest = 0;
    for (int i = 0; known[i]; i++) {
        if (strcmp(known[i], word) == 0)
            return i;
        if (word_distance(known[i], word) < word_distance(known[nearest], word))
            nearest = i;
    }
    complain(complaint, "no %s '%.40s'; did you mean '%s'?", what, word, known[nearest]);
    return -1;
}
