/* One direction of a link: frames come in at one TAP device and leave at the other.
 *
 *     admit → blackhole? → MTU → lost? twice? corrupt? → line → flight → depart
 *
 * The line is the queue before the rate shaper. Its head is being sent, bit by bit; when its last
 * bit is out the frame is in flight, for the delay. Both are events in the schedule. A direction
 * without rate and delay hands frames on at once.
 */
#pragma once
#include "frame.h"
#include "impairment.h"
#include "lateness.h"
#include "schedule.h"
#include <time.h>

/* Taken off every delay, for what a frame loses on its way by our waking up: when it comes, and
 * when it is due. Kept up to date by note_waking(). */
extern uint64_t trim_ns;

struct counters {
    uint64_t frames_in, bytes_in, frames_out, bytes_out;
    uint64_t lost, queue_dropped, corrupted, duplicated, reordered, blackholed;
    uint64_t oversize;    /* longer than the MTU allows */
    uint64_t cut;         /* in flight, or sent, while the carrier was down */
    uint64_t no_memory;   /* the pool's budget was used up */
    uint64_t undelivered; /* refused by the receiving interface, which is down */
};

struct direction {
    struct impairment impairment;
    struct chance chance;
    struct counters counters;
    struct lateness lateness;
    int out; /* the TAP device its frames leave at */
    unsigned mtu;
    bool is_cut;
    struct queue line, flight;
    uint64_t line_free_ns;  /* when the last bit of the line's head is out */
    uint64_t latest_due_ns; /* of all frames in flight, so that order is kept */
    struct slot slot;
};

extern struct lateness all_lateness;

/* The direction that a place in the schedule is part of. */
static inline struct direction *direction_of(struct slot *slot)
{
    return (struct direction *)((char *)slot - offsetof(struct direction, slot));
}

static inline uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Learn how long after its timer the loop ran. */
void note_waking(uint64_t late_ns);
/* A frame has come; the direction owns it from here. */
void admit(struct direction *direction, struct frame *frame, uint64_t now);
/* Send on some of what is due, and schedule the next departure, which may be due too. */
void depart(struct direction *direction, uint64_t now);
/* Put other impairments in force. Queued frames stay; what is left of the line's head is sent at
 * the new rate, and frames in flight arrive no later than the new delay allows. */
void change_impairment(struct direction *direction, const struct impairment *changed, uint64_t now);
/* Cut: drop what is on its way and what comes. */
void cut(struct direction *direction, bool is_cut);
