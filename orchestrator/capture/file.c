#include "file.h"
#include "fail.h"

void fail_to_write(const struct tap *tap)
{
    fail("%s: cannot write %s: %m", tap->node, tap->path);
}

void write_bytes(struct tap *tap, const void *bytes, size_t size)
{
    if (fwrite(bytes, 1, size, tap->file) != size)
        fail_to_write(tap);
    tap->file_bytes += size;
}

void flush_file(struct tap *tap)
{
    if (fflush(tap->file) != 0)
        fail_to_write(tap);
}

void close_file(struct tap *tap)
{
    FILE *file = tap->file;
    tap->file = NULL;
    if (fclose(file) != 0)
        fail_to_write(tap);
}
