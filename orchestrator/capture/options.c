#include "options.h"
#include "fail.h"
#include "filter.h"

#include <stdlib.h>
#include <unistd.h>

struct settings settings = {.ring_blocks = 8, .snaplen = 262144};

static uint64_t number_argument(char option, const char *text, uint64_t least, uint64_t most)
{
    char *end;
    uint64_t value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || value < least || value > most)
        refuse("-%c %s: want a number from %lu to %lu", option, text, least, most);
    return value;
}

static void read_option(char option, const char *text)
{
    const uint64_t block_kib = BLOCK_BYTES / 1024, mib = 1 << 20;
    switch (option) {
    case 'l':
        settings.part_bytes = number_argument('l', text, 1, mib) * mib / PARTS;
        break;
    case 'c':
        settings.most_packets = number_argument('c', text, 1, INT64_MAX);
        break;
    case 't':
        settings.most_ms = (int64_t)number_argument('t', text, 1, INT32_MAX) * 1000;
        break;
    case 's':
        settings.snaplen = (unsigned)number_argument('s', text, 64, 262144);
        break;
    case 'r':
        settings.ring_blocks = (unsigned)((number_argument('r', text, 512, mib) + block_kib - 1) /
                                          block_kib);
    }
}

const char *read_options(int count, char **arguments)
{
    const char *filter = NULL;
    for (int option; (option = getopt(count, arguments, "f:l:c:t:s:r:")) != -1;) {
        if (option == '?')
            exit(2);
        if (option == 'f')
            filter = optarg;
        else
            read_option((char)option, optarg);
    }
    if (optind + 1 != count)
        refuse("usage: capmux [-f FILTER] [-l MIB] [-c COUNT] [-t SECONDS] [-s BYTES] [-r KIB] "
               "OUTPUT_DIR < taps");
    if (filter)
        settings.filter = compile_filter(filter, settings.snaplen);
    return arguments[optind];
}
