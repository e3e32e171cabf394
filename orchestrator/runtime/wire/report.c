#include "report.h"
#include "settings.h"
#include <inttypes.h>
#include <sys/resource.h>
#include <unistd.h>

bool is_memory_locked;

/* ---- what the loop's thread owns, copied on it ------------------------------------------- */

struct snapshot {
    const struct link *link;
    bool is_gone;
    struct direction directions[2];
};

static void copy_directions(void *argument)
{
    struct snapshot *snapshot = argument;
    snapshot->is_gone = snapshot->link->ends[0].is_gone || snapshot->link->ends[1].is_gone;
    snapshot->directions[0] = snapshot->link->directions[0];
    snapshot->directions[1] = snapshot->link->directions[1];
}

struct totals {
    struct lateness lateness;
    uint64_t wakeups, trim_ns;
    size_t pool_bytes;
    uint64_t queued;
};

static void copy_totals(void *argument)
{
    struct totals *totals = argument;
    *totals = (struct totals){all_lateness, loop_facts.wakeups, trim_ns, pool_used_bytes(), 0};
    for (struct link *link = links; link; link = link->next)
        for (int i = 0; i < 2; i++)
            totals->queued += link->directions[i].line.frames + link->directions[i].flight.frames;
}

/* ---- pieces ------------------------------------------------------------------------------ */

static const char *json_bool(bool value)
{
    return value ? "true" : "false";
}

static void write_lateness(FILE *file, const struct lateness *lateness)
{
    double mean_ns = lateness->count ? (double)lateness->sum_ns / (double)lateness->count : 0;
    double p50_ns = (double)lateness_quantile_ns(lateness, 0.5);
    double p99_ns = (double)lateness_quantile_ns(lateness, 0.99);
    fprintf(file, "\"lateness\":{\"count\":%" PRIu64 ",\"mean_us\":%.1f,", lateness->count,
            mean_ns / 1e3);
    fprintf(file, "\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f}", p50_ns / 1e3, p99_ns / 1e3,
            (double)lateness->max_ns / 1e3);
}

static void write_counters(FILE *file, const struct counters *counters)
{
    const struct {
        const char *name;
        uint64_t value;
    } members[] = {
        {"frames_in", counters->frames_in},
        {"bytes_in", counters->bytes_in},
        {"frames_out", counters->frames_out},
        {"bytes_out", counters->bytes_out},
        {"lost", counters->lost},
        {"queue_dropped", counters->queue_dropped},
        {"corrupted", counters->corrupted},
        {"duplicated", counters->duplicated},
        {"reordered", counters->reordered},
        {"blackholed", counters->blackholed},
        {"oversize", counters->oversize},
        {"cut", counters->cut},
        {"no_memory", counters->no_memory},
        {"undelivered", counters->undelivered},
    };
    fputs("\"counters\":{", file);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        fprintf(file, "%s\"%s\":%" PRIu64, i ? "," : "", members[i].name, members[i].value);
    fputs("},", file);
}

static void write_direction(FILE *file, const struct direction *direction)
{
    fputs("{\"parameters\":{", file);
    write_settings(file, &direction->impairment);
    fputs("},", file);
    write_counters(file, &direction->counters);
    fprintf(file, "\"queued\":{\"line\":%" PRIu64 ",\"line_bytes\":%" PRIu64 ",",
            direction->line.frames, direction->line.bytes);
    fprintf(file, "\"flight\":%" PRIu64 "},", direction->flight.frames);
    write_lateness(file, &direction->lateness);
    fputc('}', file);
}

/* ---- whole answers ----------------------------------------------------------------------- */

void write_link(FILE *file, struct link *link)
{
    static struct snapshot snapshot;
    snapshot.link = link;
    run_errand(copy_directions, &snapshot);
    fprintf(file, "{\"link\":\"%s\",\"carrier\":\"%s\",\"gone\":%s,\"mtu\":%u,", link->name,
            link->is_up ? "up" : "down", json_bool(snapshot.is_gone), snapshot.directions[0].mtu);
    fprintf(file, "\"super_frames\":{\"ab\":%s,\"ba\":%s},",
            json_bool(link->offloads[0] == SUPER_FRAMES),
            json_bool(link->offloads[1] == SUPER_FRAMES));
    fprintf(file, "\"new\":{\"a\":%s,\"b\":%s},\"ab\":", json_bool(link->devices[0].is_new),
            json_bool(link->devices[1].is_new));
    write_direction(file, &snapshot.directions[0]);
    fputs(",\"ba\":", file);
    write_direction(file, &snapshot.directions[1]);
    fputc('}', file);
}

void write_list(FILE *file)
{
    fputs("{\"links\":[", file);
    for (struct link *link = links; link; link = link->next)
        fprintf(file, "\"%s\"%s", link->name, link->next ? "," : "");
    fputs("]}", file);
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

void write_stats(FILE *file)
{
    struct totals totals;
    struct rusage usage;
    run_errand(copy_totals, &totals);
    getrusage(RUSAGE_SELF, &usage);
    fprintf(file, "{\"pid\":%d,\"links\":%u,\"scheduling\":\"%s\",\"memory_locked\":%s,", getpid(),
            count_links(), loop_facts.is_realtime ? "fifo" : "other", json_bool(is_memory_locked));
    fprintf(file, "\"trim_ns\":%" PRIu64 ",\"wakeups\":%" PRIu64 ",\"queued\":%" PRIu64 ",",
            totals.trim_ns, totals.wakeups, totals.queued);
    fprintf(file, "\"pool_bytes\":%zu,\"user_s\":%.3f,\"system_s\":%.3f,\"peak_kib\":%ld,",
            totals.pool_bytes, seconds_of(usage.ru_utime), seconds_of(usage.ru_stime),
            usage.ru_maxrss);
    write_lateness(file, &totals.lateness);
    fputc('}', file);
}
