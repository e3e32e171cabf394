#include "parts.h"
#include "fail.h"
#include "file.h"

#include <unistd.h>

enum { FILE_BUFFER_BYTES = 1 << 18 };

struct path {
    char text[PATH_MAX + 24];
};

static struct path path_of_part(const struct tap *tap, uint64_t part)
{
    struct path path;
    if (settings.part_bytes)
        snprintf(path.text, sizeof path.text, "%s.%lu", tap->path, part + 1);
    else
        snprintf(path.text, sizeof path.text, "%s", tap->path);
    return path;
}

static void create_part(struct tap *tap)
{
    struct path path = path_of_part(tap, tap->part);
    tap->file = fopen(path.text, "wbe");
    if (!tap->file)
        fail("%s: cannot create %s: %m", tap->node, path.text);
    setvbuf(tap->file, NULL, _IOFBF, FILE_BUFFER_BYTES);
    tap->file_bytes = 0;
    tap->part_packets[tap->part % PARTS] = 0;
    write_head(tap);
    tap->head_bytes = tap->file_bytes;
    flush_file(tap); /* whatever ends us, a file has a beginning that can be read */
}

void create_file(struct tap *tap, const char *folder)
{
    int length = snprintf(tap->path, sizeof tap->path, "%s/%s.pcapng", folder, tap->node);
    if (length >= (int)sizeof tap->path)
        fail("%s: the path of its file is too long", tap->node);
    create_part(tap);
}

static void remove_oldest_part(struct tap *tap)
{
    uint64_t lost = tap->part_packets[tap->oldest_part % PARTS];
    unlink(path_of_part(tap, tap->oldest_part).text);
    tap->packets -= lost;
    tap->discarded += lost;
    tap->oldest_part++;
}

void make_room(struct tap *tap, uint32_t size)
{
    if (!settings.part_bytes || tap->file_bytes + size <= settings.part_bytes)
        return;
    close_file(tap);
    if (tap->part - tap->oldest_part + 1 == PARTS)
        remove_oldest_part(tap);
    tap->part++;
    create_part(tap);
}

/* Add what another part has after its head, which is the same in all. */
static void append_part(struct tap *tap, uint64_t part)
{
    static char bytes[FILE_BUFFER_BYTES];
    struct path path = path_of_part(tap, part);
    FILE *source = fopen(path.text, "rbe");
    if (!source || fseek(source, (long)tap->head_bytes, SEEK_SET) != 0)
        fail("%s: cannot read %s: %m", tap->node, path.text);
    for (size_t size; (size = fread(bytes, 1, sizeof bytes, source)) > 0;)
        write_bytes(tap, bytes, size);
    if (ferror(source))
        fail("%s: cannot read %s: %m", tap->node, path.text);
    fclose(source);
    unlink(path.text);
}

static void join_parts(struct tap *tap)
{
    close_file(tap);
    if (rename(path_of_part(tap, tap->oldest_part).text, tap->path) != 0)
        fail_to_write(tap);
    tap->file = fopen(tap->path, "abe");
    if (!tap->file)
        fail_to_write(tap);
    while (tap->oldest_part < tap->part)
        append_part(tap, ++tap->oldest_part);
}

void finish_file(struct tap *tap, struct timestamp started, struct timestamp ended)
{
    if (settings.part_bytes)
        join_parts(tap);
    write_statistics(tap, started, ended);
    close_file(tap);
}

void remove_file(const struct tap *tap)
{
    if (!tap->file && tap->head_bytes == 0)
        return; /* not ours yet */
    unlink(tap->path);
    for (uint64_t part = tap->oldest_part; part <= tap->part; part++)
        unlink(path_of_part(tap, part).text);
}
