/* A wall clock that is off: loaded before a program's own libraries (ld.so(8), /etc/ld.so.preload)
 * by every program that a node with the fault clock-skew starts.
 *
 * The first line of /lab/clock-offset is how many seconds the clock is ahead; without it, it is
 * right. It is read once, as the program starts: sandboxes forbid it later. Only CLOCK_REALTIME is
 * off: what measures time (CLOCK_MONOTONIC) and the files' times stay true, and so is the clock of
 * a program with TRUE_CLOCK in its environment.
 *
 * It is linked without a libc (-nostdlib), to fit to the one of the image and not of the host.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static time_t offset_s;

__attribute__((constructor)) static void read_offset(void)
{
    char text[24] = "";
    int file = getenv("TRUE_CLOCK") ? -1 : open("/lab/clock-offset", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    if (read(file, text, sizeof text - 1) > 0)
        offset_s = strtoll(text, NULL, 10);
    close(file);
}

static int is_wall_clock(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (!failed && is_wall_clock(clock))
        now->tv_sec += offset_s;
    return failed;
}

EXPORT int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec exact;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &exact))
        return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

EXPORT time_t time(time_t *where)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (where)
        *where = now.tv_sec;
    return now.tv_sec;
}

EXPORT int timespec_get(struct timespec *now, int base)
{
    return base == TIME_UTC && !clock_gettime(CLOCK_REALTIME, now) ? base : 0;
}
