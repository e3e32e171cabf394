#define _GNU_SOURCE
#include "follow.h"
#include "drain.h"
#include "fail.h"
#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A block that the kernel still fills is handed over within RETIRE_MS; this is twice that. */
enum { REST_MS = 100 };

/* Whether a message of the kernel's says that an interface is no longer in its namespace. What was
 * said while nobody listened counts as that: the look at the path decides. */
static bool tells_of_leaving(int news)
{
    char buffer[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
    bool is_told = false;
    ssize_t length;
    while ((length = recv(news, buffer, sizeof buffer, 0)) > 0) {
        const struct nlmsghdr *message = (const void *)buffer;
        for (; NLMSG_OK(message, length); message = NLMSG_NEXT(message, length))
            is_told |= message->nlmsg_type == RTM_DELLINK;
    }
    return is_told || errno == ENOBUFS;
}

/* Open what is at the tap's path: -1 where that is no namespace, as for a moment while one is
 * exchanged for another. */
static int open_present(const struct tap *tap, const struct stat *known, struct stat *present)
{
    int netns = open(tap->netns, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (netns >= 0 && fstat(netns, present) == 0 && present->st_dev == known->st_dev)
        return netns;
    if (netns >= 0)
        close(netns);
    return -1;
}

bool has_moved(struct tap *tap)
{
    struct stat known, present;
    tap->has_left |= tells_of_leaving(tap->news);
    if (!tap->has_left || fstat(tap->netns_fd, &known) != 0)
        return false;
    int netns = open_present(tap, &known, &present);
    if (netns < 0)
        return false;
    tap->has_left = false;
    bool is_another = present.st_ino != known.st_ino;
    close(is_another ? tap->netns_fd : netns);
    if (is_another)
        tap->netns_fd = netns;
    return is_another;
}

/* Frames of the old ring come before those of the new one. */
static void drain_rest(struct tap *tap, struct ring *ring)
{
    stop_ring(tap, ring);
    drain(tap, ring);
    struct pollfd handed_over = {.fd = ring->fd, .events = POLLIN};
    if (undelivered(ring) > 0 && poll(&handed_over, 1, REST_MS) > 0)
        drain(tap, ring);
    count_drops(tap, ring);
    release_ring(ring);
}

/* Who enters a namespace must be a thread of its own: the main one stays at home. */
void follow(struct tap *tap)
{
    struct ring old = tap->ring;
    pthread_t thread;
    close(tap->news);
    if (pthread_create(&thread, NULL, open_ring_again, tap) != 0)
        fail("%s: cannot start a thread", tap->node);
    pthread_join(thread, NULL);
    start_ring(tap);
    drain_rest(tap, &old);
}
