/*
 * wire: one process is every impaired link of a lab, on kernels without netem.
 *
 *     wire CONTROL_SOCKET [--lifeline]
 *
 * A link is a pair of TAP devices, each in the namespace of a node. Frames that one node sends are
 * read, kept for as long as the link's delay and rate want it, maybe lost or changed, and written
 * to the other node. commands.h lists what the control socket understands; errors and the reason
 * for ending go to standard error.
 *
 * Theory of operation
 *
 * - Two threads. The loop moves frames: one epoll for all devices, one timer, one heap of
 *   directions by their next deadline (loop.c, schedule.c, direction.c). It runs with realtime
 *   priority where that is allowed, and memory is locked, because a delay is only as exact as
 *   waking up is. The other thread reads control messages and does what may wait for the kernel:
 *   to make, remove or configure a device takes its global lock, which others hold for tens of
 *   milliseconds. It changes what the loop owns by errands that the loop runs for it.
 * - Super-frames of up to 64 KiB pass whole, with their checksums undone, while nothing acts per
 *   packet in their direction. Otherwise the sending kernel is told to cut them first.
 * - Devices are persistent: if the process dies they stay, without carrier, and keep addresses and
 *   routes. `add` with the same words attaches to them and the link goes on, unimpaired.
 * - An open device keeps its namespace alive. `del` the links of a node that is gone.
 * - The process ends by itself when the control socket's path is removed or replaced, so none is
 *   left behind when the lab's folder is; with --lifeline also when standard input is closed.
 */
#define _GNU_SOURCE
#include "control.h"
#include "impairment.h"
#include "loop.h"
#include "report.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

/* Signals of the terminal and of `kill` are read from a descriptor, by one thread. */
static int catch_signals(void)
{
    sigset_t caught;
    sigemptyset(&caught);
    sigaddset(&caught, SIGINT);
    sigaddset(&caught, SIGTERM);
    sigaddset(&caught, SIGHUP);
    sigprocmask(SIG_BLOCK, &caught, NULL);
    return signalfd(-1, &caught, SFD_CLOEXEC);
}

/* A link takes four descriptors. */
static void raise_limits(void)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

int main(int count, char *arguments[])
{
    bool has_lifeline = count == 3 && strcmp(arguments[2], "--lifeline") == 0;
    if (count != 2 && !has_lifeline) {
        fputs("usage: wire CONTROL_SOCKET [--lifeline]\n", stderr);
        return 2;
    }
    raise_limits();
    int signals = catch_signals();
    prepare_distributions();
    is_memory_locked = mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
    open_control(arguments[1]);
    start_loop();
    fprintf(stderr, "wire: %s\n", serve_control(signals, has_lifeline));
    close_control();
    /* Not exit(): the loop still runs, and may use what that would take down. */
    fflush(stderr);
#ifdef __SANITIZE_ADDRESS__
    __lsan_do_leak_check(); /* which exit() would have done */
#endif
    _Exit(0);
}
