#include "commands.h"
#include "report.h"
#include "settings.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_MTU = 68, MOST_MTU = 65521 };

bool is_quitting;

static const char *const direction_names[] = {"ab", "ba", "both", NULL};
static const char *const on_off[] = {"off", "on", NULL};
static const char *const up_down[] = {"down", "up", NULL};
static const char *const end_names[] = {"a", "b", NULL};

/* ---- words that name things -------------------------------------------------------------- */

static struct link *find_named(const char *name, struct complaint *complaint)
{
    struct link *nearest = links, *found = find_link(name);
    if (found)
        return found;
    for (struct link *link = links; link; link = link->next)
        if (word_distance(link->name, name) < word_distance(nearest->name, name))
            nearest = link;
    if (nearest)
        complain(complaint, "no link '%.60s'; did you mean '%s'?", name, nearest->name);
    else
        complain(complaint, "no link '%.60s'; there are none: add one", name);
    return NULL;
}

/* A name is a word of JSON, too. */
static bool check_name(const char *name, struct complaint *complaint)
{
    bool is_printable = true;
    for (const char *letter = name; *letter; letter++)
        is_printable &= isgraph((unsigned char)*letter) && !strchr("\"\\", *letter);
    if (!is_printable || strlen(name) >= LINK_NAME_BYTES)
        return complain(complaint, "a link's name has 1 to %d printable letters, without \" and \\",
                        LINK_NAME_BYTES - 1);
    return !find_link(name) || complain(complaint, "there is a link '%s'; del it first", name);
}

static bool read_mac(const char *text, uint8_t mac[6], struct complaint *complaint)
{
    int length = 0;
    unsigned octets[6] = {0};
    int count = sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &octets[0], &octets[1], &octets[2],
                       &octets[3], &octets[4], &octets[5], &length);
    if (count != 6 || length != 17 || text[length] || strspn(text, "0123456789abcdefABCDEF:") != 17)
        return complain(complaint, "want a MAC like 02:00:00:00:00:01, not '%.40s'", text);
    for (int i = 0; i < 6; i++)
        mac[i] = (uint8_t)octets[i];
    return !(mac[0] & 1) ||
           complain(complaint, "%s is a multicast MAC; clear the lowest bit of its first octet",
                    text);
}

static bool read_wish(char *const words[4], struct device_wish *wish, struct complaint *complaint)
{
    uint64_t index = 0;
    wish->netns = words[0];
    wish->name = words[1];
    if (strlen(wish->name) >= IFNAMSIZ || strpbrk(wish->name, "/:%\"\\"))
        return complain(complaint,
                        "an interface's name has 1 to %d letters, none of /:%%, not '%.40s'",
                        IFNAMSIZ - 1, wish->name);
    if (!read_number("interface index", words[2], 1, INT32_MAX, &index, complaint))
        return false;
    wish->index = (int)index;
    return read_mac(words[3], wish->mac, complaint);
}

/* ---- commands ---------------------------------------------------------------------------- */

/* Each gets the words after its own, as many as it wants, and writes JSON or complains. */
typedef bool command(char *const words[], size_t count, FILE *answer, struct complaint *complaint);

static bool do_add(char *const words[], size_t count, FILE *answer, struct complaint *complaint)
{
    uint64_t mtu = 0;
    struct device_wish wishes[2] = {0};
    if (!check_name(words[0], complaint) || !read_wish(words + 1, &wishes[0], complaint) ||
        !read_wish(words + 5, &wishes[1], complaint) ||
        !read_number("MTU", words[9], LEAST_MTU, MOST_MTU, &mtu, complaint))
        return false;
    wishes[0].mtu = wishes[1].mtu = (unsigned)mtu;
    struct link *link = add_link(words[0], wishes, complaint);
    if (link)
        write_link(answer, link);
    (void)count;
    return link;
}

static bool do_del(char *const words[], size_t count, FILE *answer, struct complaint *complaint)
{
    struct link *link = find_named(words[0], complaint);
    if (!link)
        return false;
    remove_link(link);
    fputs("{}", answer);
    (void)count;
    return true;
}

/* Which direction, as a mask; 0 and a complaint for another word. */
static int find_direction(const char *word, struct complaint *complaint)
{
    return find_word("direction", word, direction_names, complaint) + 1;
}

static bool impair_and_show(struct link *link, int which, const struct impairment wanted[2],
                            FILE *answer, struct complaint *complaint)
{
    if (!impair_link(link, which, wanted, complaint))
        return false;
    write_link(answer, link);
    return true;
}

static bool do_set(char *const words[], size_t count, FILE *answer, struct complaint *complaint)
{
    struct link *link = find_named(words[0], complaint);
    int which = link ? find_direction(words[1], complaint) : 0;
    if (!which)
        return false;
    struct impairment wanted[2] = {link->directions[0].impairment, link->directions[1].impairment};
    for (int i = 0; i < 2; i++)
        if (which & 1 << i && !apply_settings(&wanted[i], words + 2, count - 2, complaint))
            return false;
    return impair_and_show(link, which, wanted, answer, complaint);
}

static bool do_reset(char *const words[], size_t count, FILE *answer, struct complaint *complaint)
{
    struct link *link = find_named(words[0], complaint);
    const struct impairment wanted[2] = {no_impairment, no_impairment};
    (void)count;
    return link && impair_and_show(link, BOTH, wanted, answer, complaint);
}

static bool do_blackhole(char *const words[], size_t count, FILE *answer,
                         struct complaint *complaint)
{
    struct link *link = find_named(words[0], complaint);
    int which = link ? find_direction(words[1], complaint) : 0;
    int is_on = which ? find_word("state", words[2], on_off, complaint) : -1;
    if (is_on < 0)
        return false;
    struct impairment wanted[2] = {link->directions[0].impairment, link->directions[1].impairment};
    wanted[0].blackhole = wanted[1].blackhole = is_on;
    (void)count;
    return impair_and_show(link, which, wanted, answer, complaint);
}

static bool do_carrier(char *const words[], size_t count, FILE *answer, struct complaint *complaint)
{
    struct link *link = find_named(words[0], complaint);
    int is_up = link ? find_word("state", words[1], up_down, complaint) : -1;
    if (is_up < 0 || !switch_carrier(link, is_up, complaint))
        return false;
    write_link(answer, link);
    (void)count;
    return true;
}

static bool do_move(char *const words[], size_t count, FILE *answer, struct complaint *complaint)
{
    struct link *link = find_named(words[0], complaint);
    int end = link ? find_word("end", words[1], end_names, complaint) : -1;
    if (end < 0 || !follow_device(&link->devices[end], words[2], complaint))
        return false;
    write_link(answer, link);
    (void)count;
    return true;
}

static bool do_show(char *const words[], size_t count, FILE *answer, struct complaint *complaint)
{
    struct link *link = find_named(words[0], complaint);
    if (link)
        write_link(answer, link);
    (void)count;
    return link;
}

static bool do_list(char *const words[], size_t count, FILE *answer, struct complaint *complaint)
{
    write_list(answer);
    (void)words, (void)count, (void)complaint;
    return true;
}

static bool do_stats(char *const words[], size_t count, FILE *answer, struct complaint *complaint)
{
    write_stats(answer);
    (void)words, (void)count, (void)complaint;
    return true;
}

static bool do_seed(char *const words[], size_t count, FILE *answer, struct complaint *complaint)
{
    uint64_t seed = 0;
    if (!read_number("seed", words[0], 0, INT64_MAX, &seed, complaint))
        return false;
    seed_links(seed);
    fputs("{}", answer);
    (void)count;
    return true;
}

static bool do_quit(char *const words[], size_t count, FILE *answer, struct complaint *complaint)
{
    is_quitting = true;
    fputs("{}", answer);
    (void)words, (void)count, (void)complaint;
    return true;
}

static const char *const names[] = {
    "add",  "del",  "set",   "reset", "blackhole", "carrier", "move",
    "show", "list", "stats", "seed",  "quit",      NULL,
};

static const struct {
    command *run;
    size_t least, most;
    const char *form;
} commands[] = {
    {do_add, 10, 10, "add LINK A_NETNS A_IF A_INDEX A_MAC B_NETNS B_IF B_INDEX B_MAC MTU"},
    {do_del, 1, 1, "del LINK"},
    {do_set, 3, MOST_WORDS - 1, "set LINK ab|ba|both KEY=VALUE..."},
    {do_reset, 1, 1, "reset LINK"},
    {do_blackhole, 3, 3, "blackhole LINK ab|ba|both on|off"},
    {do_carrier, 2, 2, "carrier LINK up|down"},
    {do_move, 3, 3, "move LINK a|b NETNS"},
    {do_show, 1, 1, "show LINK"},
    {do_list, 0, 0, "list"},
    {do_stats, 0, 0, "stats"},
    {do_seed, 1, 1, "seed NUMBER"},
    {do_quit, 0, 0, "quit"},
};

/* ---- answers ----------------------------------------------------------------------------- */

static bool run_line(char *line, FILE *answer, struct complaint *complaint)
{
    char *words[MOST_WORDS];
    size_t count = split_words(line, words);
    if (count == 0)
        return complain(complaint, "an empty line; want a command, like list");
    int found = find_word("command", words[0], names, complaint);
    if (found < 0)
        return false;
    if (count - 1 < commands[found].least || count - 1 > commands[found].most)
        return complain(complaint, "want: %s", commands[found].form);
    return commands[found].run(words + 1, count - 1, answer, complaint);
}

/* Whatever came in may be quoted in a complaint, so it is made printable. */
static void write_complaint(FILE *answer, const struct complaint *complaint)
{
    fputs("error ", answer);
    for (const char *letter = complaint->text; *letter; letter++)
        fputc(isprint((unsigned char)*letter) ? *letter : '?', answer);
    if (!complaint->text[0])
        fputs("out of memory", answer);
}

char *answer_line(char *line, size_t *size)
{
    char *text = NULL;
    struct complaint complaint = {""};
    FILE *answer = open_memstream(&text, size);
    if (!answer)
        return NULL;
    fputs("ok ", answer);
    if (!run_line(line, answer, &complaint)) {
        rewind(answer);
        write_complaint(answer, &complaint);
    }
    fputc('\n', answer);
    if (fclose(answer) == 0)
        return text;
    free(text);
    return NULL;
}
