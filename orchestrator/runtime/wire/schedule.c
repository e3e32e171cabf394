#include "schedule.h"
#include "direction.h"
#include <stdlib.h>

static struct direction **heap; /* from 1 */
static uint32_t count, reserved;

static uint64_t deadline_at(uint32_t position)
{
    return heap[position]->slot.deadline_ns;
}

static void put(uint32_t position, struct direction *direction)
{
    heap[position] = direction;
    direction->slot.position = position;
}

static void sift_up(uint32_t position)
{
    struct direction *moving = heap[position];
    for (; position > 1 && deadline_at(position / 2) > moving->slot.deadline_ns; position /= 2)
        put(position, heap[position / 2]);
    put(position, moving);
}

static void sift_down(uint32_t position)
{
    struct direction *moving = heap[position];
    for (uint32_t child; (child = position * 2) <= count; position = child) {
        if (child < count && deadline_at(child + 1) < deadline_at(child))
            child++;
        if (deadline_at(child) >= moving->slot.deadline_ns)
            break;
        put(position, heap[child]);
    }
    put(position, moving);
}

static void take_out(struct direction *direction)
{
    uint32_t position = direction->slot.position;
    struct direction *last = heap[count--];
    direction->slot.position = 0;
    if (last == direction)
        return;
    put(position, last);
    sift_up(position);
    sift_down(last->slot.position);
}

void schedule(struct direction *direction, uint64_t deadline_ns)
{
    struct slot *slot = &direction->slot;
    if (deadline_ns == NEVER) {
        if (slot->position)
            take_out(direction);
        return;
    }
    if (slot->position && slot->deadline_ns == deadline_ns)
        return;
    slot->deadline_ns = deadline_ns;
    if (!slot->position)
        put(++count, direction);
    sift_up(slot->position);
    sift_down(slot->position);
}

int reserve_schedule(uint32_t directions)
{
    if (directions <= reserved)
        return 1;
    uint32_t wanted = directions * 2 + 64;
    struct direction **grown = realloc(heap, (wanted + 1) * sizeof *heap);
    if (!grown)
        return 0;
    heap = grown;
    reserved = wanted;
    return 1;
}

struct direction *first_scheduled(void)
{
    return count ? heap[1] : NULL;
}

uint64_t next_deadline_ns(void)
{
    return count ? deadline_at(1) : NEVER;
}
