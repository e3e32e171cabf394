#include "loop.h"
#include "stop.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
    EVENTS_AT_ONCE = 64,
    FRAMES_AT_ONCE = 64,
    DEPARTING_AT_ONCE = 64,
    /* Above every ordinary process, below the kernel's interrupt threads, which have 50. */
    REALTIME_PRIORITY = 10,
    STACK_BYTES = 256 << 10,
};

struct loop_facts loop_facts;

static int epoll, timer, kick;
static uint64_t armed_ns;
static sem_t errand_done;
static void (*errand_to_run)(void *);
static void *errand_argument;

/* ---- errands ----------------------------------------------------------------------------- */

void run_errand(void (*errand)(void *), void *argument)
{
    errand_to_run = errand;
    errand_argument = argument;
    eventfd_write(kick, 1);
    while (sem_wait(&errand_done) != 0)
        ; /* a signal came first */
}

static void watch(int fd, uint32_t events, void *what)
{
    struct epoll_event event = {.events = events, .data.ptr = what};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        stop("cannot watch a descriptor: %m");
}

bool watch_end(struct end *end)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = end};
    end->is_watched = epoll_ctl(epoll, EPOLL_CTL_ADD, end->tap, &event) == 0;
    return end->is_watched;
}

void unwatch_end(struct end *end)
{
    if (end->is_watched)
        epoll_ctl(epoll, EPOLL_CTL_DEL, end->tap, NULL);
    end->is_watched = false;
}

/* ---- frames ------------------------------------------------------------------------------ */

static void send_due(void)
{
    uint64_t now = now_ns();
    for (int i = 0; i < DEPARTING_AT_ONCE && next_deadline_ns() <= now; i++) {
        depart(direction_of(first_scheduled()), now);
        now = now_ns();
    }
}

/* A frame's time is that of its reading. What is due goes out between any two frames that come:
 * to hand on sixty super-frames takes a millisecond. */
static void take_in(struct end *end)
{
    for (int i = 0; i < FRAMES_AT_ONCE; i++) {
        struct frame *frame;
        enum read_status status = read_frame(end->tap, &frame);
        if (status == READ_NOTHING)
            return;
        if (status == READ_FAILED) {
            end->is_gone = true;
            unwatch_end(end);
            return;
        }
        uint64_t now = now_ns();
        if (status == READ_NO_MEMORY)
            end->outbound->counters.no_memory++;
        else
            admit(end->outbound, frame, now);
        if (next_deadline_ns() <= now)
            send_due();
    }
}

/* ---- the loop ---------------------------------------------------------------------------- */

/* A timer in absolute time has no slack, other than the timeout of epoll_wait. True if there is
 * something due already. */
static bool arm_timer(void)
{
    uint64_t next_ns = next_deadline_ns();
    if (next_ns == NEVER || next_ns == armed_ns)
        return false;
    if (next_ns <= now_ns())
        return true;
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)(next_ns / 1000000000),
                                           .tv_nsec = (long)(next_ns % 1000000000)}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
    armed_ns = next_ns;
    return false;
}

/* Errands come last: one may remove an end that an earlier event of the batch is about. */
static void handle(const struct epoll_event *events, int count)
{
    bool has_errand = false;
    for (int i = 0; i < count; i++) {
        void *what = events[i].data.ptr;
        if (what == &kick)
            has_errand = true;
        else if (what == &timer)
            note_waking(now_ns() - armed_ns);
        else
            take_in(what);
    }
    send_due();
    if (has_errand) {
        eventfd_read(kick, &(eventfd_t){0});
        errand_to_run(errand_argument);
        sem_post(&errand_done);
    }
}

static void *serve(void *unused)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS_AT_ONCE, arm_timer() ? 0 : -1);
        loop_facts.wakeups++;
        if (count < 0 && errno != EINTR)
            stop("cannot wait for frames: %m");
        handle(events, count);
    }
    return unused;
}

static int create_thread(bool is_realtime)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    if (is_realtime) {
        struct sched_param parameters = {.sched_priority = REALTIME_PRIORITY};
        pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
        pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
        pthread_attr_setschedparam(&attributes, &parameters);
    }
    int failed = pthread_create(&thread, &attributes, serve, NULL);
    pthread_attr_destroy(&attributes);
    return failed;
}

void start_loop(void)
{
    epoll = epoll_create1(EPOLL_CLOEXEC);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    kick = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (epoll < 0 || timer < 0 || kick < 0)
        stop("cannot make the loop: %m");
    sem_init(&errand_done, 0, 0);
    watch(timer, EPOLLIN | EPOLLET, &timer); /* by edge: so it need not be read */
    watch(kick, EPOLLIN, &kick);
    /* Without realtime, four busy processes make the slowest delays 8 ms too long. */
    loop_facts.is_realtime = create_thread(true) == 0;
    if (!loop_facts.is_realtime && create_thread(false) != 0)
        stop("cannot start the thread that moves frames");
}
