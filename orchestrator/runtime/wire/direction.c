#include "direction.h"
#include <unistd.h>

enum { DEPARTURES_AT_ONCE = 64, FIRST_WAKING_NS = 30000, MOST_WAKING_NS = 100000 };

struct lateness all_lateness;
uint64_t trim_ns = FIRST_WAKING_NS * 3 / 2;

/* ---- waking up --------------------------------------------------------------------------- */

/* A mean over about the last 64 times. To wake by a frame takes half as long as by a timer, hence
 * 3/2; with that the mean round-trip error is about 0 on an idle machine and on a busy one. A
 * single late time may be the hypervisor's, and should not count for much. */
void note_waking(uint64_t late_ns)
{
    static uint64_t mean_ns_by_64 = FIRST_WAKING_NS * 64;
    mean_ns_by_64 += (late_ns < MOST_WAKING_NS ? late_ns : MOST_WAKING_NS) - mean_ns_by_64 / 64;
    trim_ns = mean_ns_by_64 / 64 * 3 / 2;
}

/* ---- out --------------------------------------------------------------------------------- */

static void deliver(struct direction *direction, struct frame *frame)
{
    if (write(direction->out, frame->bytes, frame->length) < 0) {
        direction->counters.undelivered++;
    } else {
        direction->counters.frames_out++;
        direction->counters.bytes_out += frame_bytes(frame);
    }
    free_frame(frame);
}

static uint64_t serialisation_ns(const struct direction *direction, const struct frame *frame)
{
    uint64_t rate_bps = direction->impairment.rate_bps;
    return rate_bps ? frame_bytes(frame) * 8000000000ull / rate_bps : 0;
}

/* When the frame is due at the far end. Delays are cut short by trim_ns, and jitter keeps order
 * unless reordering is asked for; netem reorders with jitter alone. */
static uint64_t draw_due_ns(struct direction *direction, uint64_t sent_ns)
{
    const struct impairment *impairment = &direction->impairment;
    if (draw_reorder(&direction->chance, impairment)) {
        direction->counters.reordered++;
        return sent_ns;
    }
    uint64_t delay_ns = draw_delay_ns(&direction->chance, impairment);
    uint64_t due_ns = sent_ns + (delay_ns > trim_ns ? delay_ns - trim_ns : 0);
    if (!impairment->reorder_ppb && due_ns < direction->latest_due_ns)
        due_ns = direction->latest_due_ns;
    if (due_ns > direction->latest_due_ns)
        direction->latest_due_ns = due_ns;
    return due_ns;
}

static void launch(struct direction *direction, struct frame *frame, uint64_t sent_ns, uint64_t now)
{
    frame->due_ns = draw_due_ns(direction, sent_ns);
    if (frame->due_ns <= now && !direction->flight.head)
        deliver(direction, frame);
    else
        insert_frame(&direction->flight, frame);
}

/* ---- the line ---------------------------------------------------------------------------- */

/* Launch what the line has finished sending. Frames follow each other without a gap, however late
 * we look, so the rate is exact. */
static void advance_line(struct direction *direction, uint64_t now)
{
    struct queue *line = &direction->line;
    while (line->head && direction->line_free_ns <= now) {
        uint64_t sent_ns = direction->line_free_ns;
        struct frame *frame = pop_frame(line);
        if (line->head)
            direction->line_free_ns += serialisation_ns(direction, line->head);
        launch(direction, frame, sent_ns, now);
    }
}

static bool is_line_full(const struct direction *direction, const struct frame *frame)
{
    const struct impairment *impairment = &direction->impairment;
    if (impairment->limits_bytes)
        return direction->line.bytes + frame_bytes(frame) > impairment->limit;
    return direction->line.frames >= impairment->limit;
}

static void join_line(struct direction *direction, struct frame *frame, uint64_t now)
{
    advance_line(direction, now);
    if (is_line_full(direction, frame)) {
        direction->counters.queue_dropped++;
        free_frame(frame);
        return;
    }
    if (!direction->line.head)
        direction->line_free_ns = now + serialisation_ns(direction, frame);
    push_frame(&direction->line, frame);
}

static void reschedule(struct direction *direction)
{
    uint64_t deadline_ns = NEVER;
    if (direction->flight.head)
        deadline_ns = direction->flight.head->due_ns;
    if (direction->line.head && direction->line_free_ns < deadline_ns)
        deadline_ns = direction->line_free_ns;
    schedule(&direction->slot, deadline_ns);
}

/* ---- in ---------------------------------------------------------------------------------- */

static void send_on(struct direction *direction, struct frame *frame, uint64_t now)
{
    if (direction->impairment.rate_bps)
        join_line(direction, frame, now);
    else
        launch(direction, frame, now, now);
}

/* Count the reason why a frame goes no further. NULL: it goes on. */
static uint64_t *refuse_frame(struct direction *direction, const struct frame *frame)
{
    struct counters *counters = &direction->counters;
    if (direction->is_cut)
        return &counters->cut;
    if (direction->impairment.blackhole)
        return &counters->blackholed;
    return fits_mtu(frame, direction->mtu) ? NULL : &counters->oversize;
}

static void send_twice(struct direction *direction, struct frame *frame, uint64_t now)
{
    struct frame *copy = copy_frame(frame);
    send_on(direction, frame, now);
    if (!copy) {
        direction->counters.no_memory++;
        return;
    }
    direction->counters.duplicated++;
    send_on(direction, copy, now);
}

/* netem's order: loss and duplication are drawn first, and one can undo the other; then the
 * frame may be corrupted; then it queues. */
static void impair(struct direction *direction, struct frame *frame, uint64_t now)
{
    const struct impairment *impairment = &direction->impairment;
    struct chance *chance = &direction->chance;
    bool is_doubled = happens(&chance->dice, impairment->duplicate_ppb);
    if (draw_loss(chance, &impairment->loss)) {
        direction->counters.lost++;
        if (!is_doubled) {
            free_frame(frame);
            return;
        }
        direction->counters.duplicated++;
        is_doubled = false;
    }
    if (happens(&chance->dice, impairment->corrupt_ppb)) {
        direction->counters.corrupted++;
        corrupt_frame(frame, &chance->dice);
    }
    if (is_doubled)
        send_twice(direction, frame, now);
    else
        send_on(direction, frame, now);
}

void admit(struct direction *direction, struct frame *frame, uint64_t now)
{
    direction->counters.frames_in++;
    direction->counters.bytes_in += frame_bytes(frame);
    uint64_t *reason = refuse_frame(direction, frame);
    if (reason) {
        ++*reason;
        free_frame(frame);
        return;
    }
    impair(direction, frame, now);
    reschedule(direction);
}

/* ---- as time goes by --------------------------------------------------------------------- */

void depart(struct direction *direction, uint64_t now)
{
    advance_line(direction, now);
    for (int i = 0; i < DEPARTURES_AT_ONCE; i++) {
        if (!direction->flight.head || direction->flight.head->due_ns > now)
            break;
        struct frame *frame = pop_frame(&direction->flight);
        note_lateness(&direction->lateness, now - frame->due_ns);
        note_lateness(&all_lateness, now - frame->due_ns);
        deliver(direction, frame);
        now = now_ns();
    }
    reschedule(direction);
}

/* Frames in flight keep their order, and take no longer than one that is sent now at most would:
 * a delay that was set too long by mistake is over when it is lowered. */
static void hurry_flight(struct direction *direction, uint64_t now)
{
    uint64_t latest_ns = now + longest_delay_ns(&direction->impairment);
    for (struct frame *frame = direction->flight.head; frame; frame = frame->next)
        if (frame->due_ns > latest_ns)
            frame->due_ns = latest_ns;
    if (direction->latest_due_ns > latest_ns)
        direction->latest_due_ns = latest_ns;
}

void change_impairment(struct direction *direction, const struct impairment *changed, uint64_t now)
{
    advance_line(direction, now);
    uint64_t old_bps = direction->impairment.rate_bps, new_bps = changed->rate_bps;
    if (direction->line.head && old_bps != new_bps) {
        unsigned __int128 left_ns = direction->line_free_ns - now;
        direction->line_free_ns = now + (uint64_t)(new_bps ? left_ns * old_bps / new_bps : 0);
    }
    direction->impairment = *changed;
    hurry_flight(direction, now);
    advance_line(direction, now);
    reschedule(direction);
}

void cut(struct direction *direction, bool is_cut)
{
    direction->is_cut = is_cut;
    if (is_cut) {
        direction->counters.cut += empty_queue(&direction->line) + empty_queue(&direction->flight);
        direction->latest_due_ns = direction->line_free_ns = 0;
        reschedule(direction);
    }
}
