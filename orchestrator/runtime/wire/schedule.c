#include "schedule.h"
#include <stdlib.h>

static struct slot **heap; /* from 1 */
static uint32_t count, reserved;

static uint64_t deadline_at(uint32_t position)
{
    return heap[position]->deadline_ns;
}

static void put(uint32_t position, struct slot *slot)
{
    heap[position] = slot;
    slot->position = position;
}

static void sift_up(uint32_t position)
{
    struct slot *moving = heap[position];
    for (; position > 1 && deadline_at(position / 2) > moving->deadline_ns; position /= 2)
        put(position, heap[position / 2]);
    put(position, moving);
}

static void sift_down(uint32_t position)
{
    struct slot *moving = heap[position];
    for (uint32_t child; (child = position * 2) <= count; position = child) {
        if (child < count && deadline_at(child + 1) < deadline_at(child))
            child++;
        if (deadline_at(child) >= moving->deadline_ns)
            break;
        put(position, heap[child]);
    }
    put(position, moving);
}

static void take_out(struct slot *slot)
{
    uint32_t position = slot->position;
    struct slot *last = heap[count--];
    slot->position = 0;
    if (last == slot)
        return;
    put(position, last);
    sift_up(position);
    sift_down(last->position);
}

void schedule(struct slot *slot, uint64_t deadline_ns)
{
    if (deadline_ns == NEVER) {
        if (slot->position)
            take_out(slot);
        return;
    }
    if (slot->position && slot->deadline_ns == deadline_ns)
        return;
    slot->deadline_ns = deadline_ns;
    if (!slot->position)
        put(++count, slot);
    sift_up(slot->position);
    sift_down(slot->position);
}

int reserve_schedule(uint32_t slots)
{
    if (slots <= reserved)
        return 1;
    uint32_t wanted = slots * 2 + 64;
    struct slot **grown = realloc(heap, (wanted + 1) * sizeof *heap);
    if (!grown)
        return 0;
    heap = grown;
    reserved = wanted;
    return 1;
}

struct slot *first_scheduled(void)
{
    return count ? heap[1] : NULL;
}

uint64_t next_deadline_ns(void)
{
    return count ? deadline_at(1) : NEVER;
}
