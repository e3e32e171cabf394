/* The thread that moves frames, and owns every direction. Other threads change a direction only by
 * an errand, which runs between two frames; so frames meet no lock, and no frame waits while a
 * control message is read or the kernel is busy with another namespace. */
#pragma once
#include "direction.h"

/* One end of a link: frames that the node sends are read here. */
struct end {
    int tap;
    bool is_watched, is_gone; /* gone: its device was removed by somebody else */
    struct direction *outbound;
};

struct loop_facts {
    bool is_realtime;
    uint64_t wakeups;
};

extern struct loop_facts loop_facts;

void start_loop(void);
/* Run a function on the loop's thread, and return when it has run. */
void run_errand(void (*errand)(void *), void *argument);

/* In errands only. False, with errno set, if the end cannot be watched. */
bool watch_end(struct end *end);
void unwatch_end(struct end *end);
