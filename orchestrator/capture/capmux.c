/*
 * capmux: one process captures in every network namespace of a lab.
 *
 *     capmux [OPTION]... OUTPUT_DIR < taps
 *
 *     -f FILTER   only packets that match (pcap-filter(7))
 *     -l MIB      keep the newest packets of a node, in a file of at most so much (at least 1)
 *     -c COUNT    stop after so many packets, of all taps together
 *     -t SECONDS  stop after so long
 *     -s BYTES    keep at most so much of a packet
 *     -r KIB      size of a tap's ring
 *
 * Each line of standard input is a tap, `<node> <namespace> <interface>[,<interface>...]`; it
 * becomes OUTPUT_DIR/<node>.pcapng. Once every tap captures, "ready" is printed. When it has
 * stopped, capmux prints one line of JSON, the count of packets and drops, and exits 0. An option
 * that cannot be exits 2, any other error exits 1, with a message, and removes the run's files.
 *
 * Theory of operation
 *
 * - A packet socket belongs for ever to the namespace it was made in. A thread per tap enters the
 *   namespace, makes the socket and ends; the main thread stays at home and serves all of them
 *   with epoll. Threads, because giving a socket its ring (and taking it back) waits for an RCU
 *   grace period, some 15 ms: forty in a row are half a second, forty at once are one wait.
 * - Frames come through a TPACKET_V3 ring: memory shared with the kernel, cut into blocks. The
 *   kernel fills a block and hands it over when it is full or RETIRE_MS old; we write its frames
 *   out and give it back. If we are late by a whole ring, the kernel drops frames and counts them.
 * - A ring hears every interface of its namespace, so an interface that is made anew, with the
 *   same name and another number, goes on being captured. Its name is looked up once per block.
 *   Drops are counted per ring: the drops of an interface are known only as "at most so many".
 * - To stop, a filter that accepts nothing is put on every socket. Then the frames already in the
 *   rings are a finite number, and the kernel hands over the last block within RETIRE_MS.
 * - What stops a capture, beside its limits: SIGINT, SIGTERM, SIGHUP, or, if a blank line ended the
 *   taps, the closing of standard input, so that a capture ends with the program that started it,
 *   however that dies. (PR_SET_PDEATHSIG would fire as soon as the starting thread ends.) If end
 *   of file ended the taps, or another line follows the blank one, the capture lives on alone.
 * - Files are at most FLUSH_MS behind the rings, so that they can be read while they grow, and
 *   little is lost if capmux is killed.
 * - A socket keeps its namespace alive, and with it the interfaces inside. A node that starts again
 *   has another namespace, which is then found at the tap's path, and its interfaces are moved
 *   there: the old one tells of it as each of them goes, and the tap follows (follow.c).
 */
#define _GNU_SOURCE
#include "drain.h"
#include "fail.h"
#include "file.h"
#include "follow.h"
#include "options.h"
#include "parts.h"
#include "ring.h"
#include "taps.h"

#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { DRAIN_MS = 200, FLUSH_MS = 1000 };

/* ---- capturing --------------------------------------------------------------------------- */

static int64_t monotonic_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* From here on the signals that stop a capture wait to be read from the descriptor returned. */
static int open_signals(void)
{
    sigset_t stopping;
    sigemptyset(&stopping);
    sigaddset(&stopping, SIGINT);
    sigaddset(&stopping, SIGTERM);
    sigaddset(&stopping, SIGHUP);
    sigprocmask(SIG_BLOCK, &stopping, NULL);
    signal(SIGPIPE, SIG_IGN); /* whoever reads our output may be gone: the files still matter */
    int signals = signalfd(-1, &stopping, SFD_CLOEXEC);
    if (signals < 0)
        fail("cannot wait for signals: %m");
    return signals;
}

/* What epoll tells of is a tap, or one of these two. */
static const char signal_came, input_came;

static void watch_tap(int epoll, struct tap *tap)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = tap};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, tap->ring.fd, &event) != 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, tap->news, &event) != 0)
        fail("%s: cannot wait for its ring: %m", tap->node);
}

static void watch(int epoll, int signals, bool tied)
{
    for (unsigned i = 0; i < tap_count; i++)
        watch_tap(epoll, &taps[i]);
    struct epoll_event stop = {.events = EPOLLIN, .data.ptr = (void *)&signal_came};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, signals, &stop) != 0)
        fail("cannot wait for signals: %m");
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = (void *)&input_came};
    if (tied)
        epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input); /* a plain file never hangs up */
}

/* Whether standard input hung up; if it says something instead, it no longer matters. */
static bool has_hung_up(int epoll)
{
    char line[64];
    if (read(STDIN_FILENO, line, sizeof line) <= 0)
        return true;
    epoll_ctl(epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
    return false;
}

static void follow_if_moved(int epoll, struct tap *tap)
{
    if (has_moved(tap)) {
        follow(tap);
        watch_tap(epoll, tap);
    }
}

/* Something is in a tap's ring, or happened to its interfaces. */
static void serve_tap(int epoll, struct tap *tap)
{
    drain(tap, &tap->ring);
    follow_if_moved(epoll, tap);
}

/* Write out what the rings have, until `until_ms` at most. Whether the capture is to stop. */
static bool serve(int epoll, int64_t until_ms)
{
    struct epoll_event events[64];
    int64_t wait_ms = until_ms - monotonic_ms();
    int room = sizeof events / sizeof *events;
    int count = epoll_wait(epoll, events, room, wait_ms > 0 ? (int)wait_ms : 0);
    bool stopped = false;
    for (int i = 0; i < count; i++) {
        const void *source = events[i].data.ptr;
        if (source == &signal_came)
            stopped = true;
        else if (source == &input_came)
            stopped |= has_hung_up(epoll);
        else
            serve_tap(epoll, events[i].data.ptr);
    }
    return stopped || has_enough();
}

static void capture(int epoll)
{
    int64_t end_ms = settings.most_ms ? monotonic_ms() + settings.most_ms : INT64_MAX;
    int64_t flush_ms = monotonic_ms() + FLUSH_MS;
    while (!serve(epoll, flush_ms < end_ms ? flush_ms : end_ms)) {
        int64_t now_ms = monotonic_ms();
        if (now_ms >= end_ms)
            return;
        if (now_ms < flush_ms)
            continue;
        for (unsigned i = 0; i < tap_count; i++) {
            flush_file(&taps[i]);
            follow_if_moved(epoll, &taps[i]);
        }
        flush_ms = now_ms + FLUSH_MS;
    }
}

static void drain_the_rest(int epoll, int signals)
{
    epoll_ctl(epoll, EPOLL_CTL_DEL, signals, NULL);
    epoll_ctl(epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
    for (unsigned i = 0; i < tap_count; i++)
        epoll_ctl(epoll, EPOLL_CTL_DEL, taps[i].news, NULL);
    int64_t deadline = monotonic_ms() + DRAIN_MS;
    for (;;) {
        bool waiting = false;
        for (unsigned i = 0; i < tap_count; i++) {
            drain(&taps[i], &taps[i].ring);
            waiting |= undelivered(&taps[i].ring) > 0;
        }
        int64_t left_ms = deadline - monotonic_ms();
        if (!waiting || left_ms <= 0)
            return;
        struct epoll_event event;
        epoll_wait(epoll, &event, 1, (int)left_ms);
    }
}

/* ---- the run ----------------------------------------------------------------------------- */

static void print_counts(uint64_t packets, uint64_t drops, uint64_t discarded)
{
    printf("\"packets\": %lu, \"drops\": %lu, \"discarded\": %lu", packets, drops, discarded);
}

static void print_summary(void)
{
    uint64_t packets = 0, drops = 0, discarded = 0;
    for (unsigned i = 0; i < tap_count; i++) {
        packets += taps[i].packets;
        drops += taps[i].drops;
        discarded += taps[i].discarded;
    }
    putchar('{');
    print_counts(packets, drops, discarded);
    printf(", \"per_node\": {");
    for (unsigned i = 0; i < tap_count; i++) {
        printf("%s\"%s\": {", i ? ", " : "", taps[i].node);
        print_counts(taps[i].packets, taps[i].drops, taps[i].discarded);
        putchar('}');
    }
    puts("}}");
    fflush(stdout);
}

/* What waits in the rings is lost after 0.4 s, and routers weigh 16 times as much as all that is in
 * no control group: it is read before anybody computes, where that is allowed. */
static void go_first(bool first)
{
    int policy = first ? SCHED_RR : SCHED_OTHER;
    struct sched_param lowest = {.sched_priority = sched_get_priority_min(policy)};
    sched_setscheduler(0, policy, &lowest);
}

static void run(const char *folder, bool tied)
{
    int signals = open_signals(), epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        fail("cannot wait for frames: %m");
    on_every_tap(open_ring);
    for (unsigned i = 0; i < tap_count; i++)
        create_file(&taps[i], folder);
    watch(epoll, signals, tied);
    struct timestamp started = now();
    go_first(true);
    for (unsigned i = 0; i < tap_count; i++)
        start_ring(&taps[i]);
    puts("ready");
    fflush(stdout);

    capture(epoll);

    for (unsigned i = 0; i < tap_count; i++)
        stop_ring(&taps[i], &taps[i].ring);
    struct timestamp ended = now();
    drain_the_rest(epoll, signals);
    go_first(false);
    for (unsigned i = 0; i < tap_count; i++) {
        count_drops(&taps[i], &taps[i].ring);
        finish_file(&taps[i], started, ended);
    }
    on_every_tap(close_ring);
    print_summary();
}

/* Four descriptors a node, of which a large lab needs more than the usual 1024. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void remove_files(void)
{
    for (unsigned i = 0; i < tap_count; i++)
        remove_file(&taps[i]);
}

int main(int count, char **arguments)
{
    const char *folder = read_options(count, arguments);
    before_failing = remove_files;
    raise_file_limit();
    bool tied = read_taps();
    if (tap_count == 0)
        fail("no taps on standard input");
    run(folder, tied);
    return 0;
}
