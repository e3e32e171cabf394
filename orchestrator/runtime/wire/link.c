#include "link.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct link *links;

static uint64_t lab_seed;
static bool is_seeded;

struct link *find_link(const char *name)
{
    struct link *link = links;
    while (link && strcmp(link->name, name) != 0)
        link = link->next;
    return link;
}

unsigned count_links(void)
{
    unsigned count = 0;
    for (struct link *link = links; link; link = link->next)
        count++;
    return count;
}

/* ---- chance ------------------------------------------------------------------------------ */

/* Each direction's numbers depend on the seed and the link's name (FNV-1a), not on the order in
 * which links were added. */
static void seed_link(struct link *link)
{
    uint64_t hash = 0xcbf29ce484222325 ^ lab_seed;
    for (const char *letter = link->name; *letter; letter++)
        hash = (hash ^ (uint8_t)*letter) * 0x100000001b3;
    seed_chance(&link->directions[0].chance, hash);
    seed_chance(&link->directions[1].chance, ~hash);
}

static void seed_every_link(void *unused)
{
    for (struct link *link = links; link; link = link->next)
        seed_link(link);
    (void)unused;
}

void seed_links(uint64_t seed)
{
    lab_seed = seed;
    is_seeded = true;
    run_errand(seed_every_link, NULL);
}

static void choose_seed(void)
{
    if (!is_seeded && getrandom(&lab_seed, sizeof lab_seed, 0) < 0)
        lab_seed = now_ns();
    is_seeded = true;
}

/* ---- adding and removing ----------------------------------------------------------------- */

/* On the loop's thread. Clears the link's name if it could not. */
static void start_link(void *argument)
{
    struct link *link = argument;
    bool is_started = reserve_schedule(2 * count_links() + 2);
    is_started = is_started && watch_end(&link->ends[0]) && watch_end(&link->ends[1]);
    if (!is_started)
        link->name[0] = '\0';
}

static void stop_link(void *argument)
{
    struct link *link = argument;
    for (int i = 0; i < 2; i++) {
        unwatch_end(&link->ends[i]);
        cut(&link->directions[i], true);
    }
}

static void release_new(struct device *device)
{
    if (device->is_new)
        remove_device(device);
    else
        release_device(device);
}

static bool open_devices(struct link *link, const struct device_wish wishes[2],
                         struct complaint *complaint)
{
    if (!open_device(&link->devices[0], &wishes[0], complaint))
        return false;
    if (open_device(&link->devices[1], &wishes[1], complaint))
        return true;
    release_new(&link->devices[0]);
    return false;
}

static void connect_ends(struct link *link, const struct device_wish wishes[2])
{
    for (int i = 0; i < 2; i++) {
        struct direction *direction = &link->directions[i];
        direction->impairment = no_impairment;
        direction->out = link->devices[!i].tap;
        direction->mtu = wishes[i].mtu;
        link->ends[i] = (struct end){.tap = link->devices[i].tap, .outbound = direction};
        link->offloads[i] = SUPER_FRAMES;
    }
    link->is_up = true;
    seed_link(link);
}

struct link *add_link(const char *name, const struct device_wish wishes[2],
                      struct complaint *complaint)
{
    struct link *link = calloc(1, sizeof *link);
    if (!link) {
        complain(complaint, "out of memory");
        return NULL;
    }
    if (!open_devices(link, wishes, complaint)) {
        free(link);
        return NULL;
    }
    choose_seed();
    strncpy(link->name, name, LINK_NAME_BYTES - 1);
    connect_ends(link, wishes);
    run_errand(start_link, link);
    if (!link->name[0]) {
        complain(complaint, "cannot watch the link's devices: out of memory or descriptors");
        run_errand(stop_link, link);
        release_new(&link->devices[0]);
        release_new(&link->devices[1]);
        free(link);
        return NULL;
    }
    link->next = links;
    links = link;
    return link;
}

/* To unregister a device takes the kernel some 20 ms; frames of other links do not wait. */
void remove_link(struct link *link)
{
    struct link **place = &links;
    while (*place != link)
        place = &(*place)->next;
    *place = link->next;
    run_errand(stop_link, link);
    remove_device(&link->devices[0]);
    remove_device(&link->devices[1]);
    free(link);
}

/* ---- changing ---------------------------------------------------------------------------- */

static enum offload suitable_offload(const struct impairment *impairment)
{
    if (impairment->offload_off)
        return NOTHING;
    return acts_per_packet(impairment) ? CHECKSUMS : SUPER_FRAMES;
}

static bool offer(struct link *link, int i, enum offload offload, struct complaint *complaint)
{
    if (link->offloads[i] == offload)
        return true;
    if (!offer_offloads(&link->devices[i], offload))
        return complain(complaint, "cannot change the offloads of %s: %m; is its namespace gone?",
                        link->devices[i].name);
    link->offloads[i] = offload;
    return true;
}

struct change {
    struct link *link;
    int which;
    const struct impairment *impairments;
};

static void change_link(void *argument)
{
    const struct change *change = argument;
    uint64_t now = now_ns();
    for (int i = 0; i < 2; i++) {
        if (!(change->which & 1 << i))
            continue;
        struct direction *direction = &change->link->directions[i];
        const struct impairment *wanted = &change->impairments[i];
        if (memcmp(&direction->impairment.loss, &wanted->loss, sizeof wanted->loss) != 0)
            restart_loss(&direction->chance);
        change_impairment(direction, wanted, now);
    }
}

/* A direction that begins to act per packet gives up super-frames before, and one that ends to
 * gets them after, so that none meets an impairment. */
bool impair_link(struct link *link, int which, const struct impairment impairments[2],
                 struct complaint *complaint)
{
    enum offload wanted[2];
    for (int i = 0; i < 2; i++) {
        wanted[i] = (which & 1 << i) ? suitable_offload(&impairments[i]) : link->offloads[i];
        if (wanted[i] < link->offloads[i] && !offer(link, i, wanted[i], complaint))
            return false;
    }
    struct change change = {link, which, impairments};
    run_errand(change_link, &change);
    return offer(link, 0, wanted[0], complaint) && offer(link, 1, wanted[1], complaint);
}

static void cut_link(void *argument)
{
    struct link *link = argument;
    for (int i = 0; i < 2; i++)
        cut(&link->directions[i], !link->is_up);
}

/* Both carriers change before either is announced, so that no end hears of the other's state
 * while it still sends. On the way up the frames may pass first, on the way down last. */
bool switch_carrier(struct link *link, bool is_up, struct complaint *complaint)
{
    bool is_done = true;
    link->is_up = is_up;
    if (is_up)
        run_errand(cut_link, link);
    for (int i = 0; i < 2; i++)
        if (!change_carrier(&link->devices[i], is_up))
            is_done = complain(complaint,
                               "cannot change the carrier of %s: %m; is its namespace gone?",
                               link->devices[i].name);
    if (!is_up)
        run_errand(cut_link, link);
    for (int i = 0; i < 2; i++)
        announce_carrier(&link->devices[i]);
    return is_done;
}
