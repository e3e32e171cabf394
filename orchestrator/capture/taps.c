#include "taps.h"
#include "fail.h"

#include <stdlib.h>
#include <string.h>

struct tap *taps;
unsigned tap_count;

/* A node's name becomes a file's name and a JSON string: nothing in it may need quoting. */
static bool is_node_name(const char *text)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return *text != '.' && text[strspn(text, allowed)] == '\0';
}

static void check_node_name(const char *node)
{
    if (!is_node_name(node))
        fail("%s: not a name for a node", node);
    for (unsigned i = 0; i < tap_count; i++)
        if (strcmp(taps[i].node, node) == 0)
            fail("%s: listed twice", node);
}

static void add_interface(struct tap *tap, const char *name)
{
    if (strlen(name) >= IFNAMSIZ)
        fail("%s: %s: longer than an interface's name can be", tap->node, name);
    for (unsigned i = 0; i < tap->interface_count; i++)
        if (strcmp(tap->interfaces[i].name, name) == 0)
            fail("%s: %s: listed twice", tap->node, name);
    size_t size = (tap->interface_count + 1) * sizeof *tap->interfaces;
    struct interface *grown = realloc(tap->interfaces, size);
    if (!grown)
        fail("%s: out of memory", tap->node);
    tap->interfaces = grown;
    struct interface *added = &grown[tap->interface_count++];
    *added = (struct interface){0};
    strcpy(added->name, name);
}

/* The tap points into the line, and keeps it. False if the line is blank, and no tap. */
static bool add_tap(char *line)
{
    static const char blanks[] = " \t\r\n";
    const char *node = strtok(line, blanks);
    if (!node)
        return false;
    const char *netns = strtok(NULL, blanks);
    char *interfaces = strtok(NULL, blanks);
    if (!interfaces || strtok(NULL, blanks))
        fail("%s: want `<node> <namespace> <interface>[,<interface>...]`", node);
    check_node_name(node);
    struct tap tap = {.node = node, .netns = netns};
    for (char *name = strtok(interfaces, ","); name; name = strtok(NULL, ","))
        add_interface(&tap, name);
    if (tap.interface_count == 0)
        fail("%s: no interface listed", node);
    struct tap *grown = realloc(taps, (tap_count + 1) * sizeof *taps);
    if (!grown)
        fail("%s: out of memory", node);
    taps = grown;
    taps[tap_count++] = tap;
    return true;
}

bool read_taps(void)
{
    char *line = NULL;
    size_t size = 0;
    bool is_tap = true;
    while (is_tap && getline(&line, &size, stdin) > 0) {
        is_tap = add_tap(line);
        if (is_tap)
            line = NULL;
    }
    free(line);
    return !is_tap;
}
