#define _GNU_SOURCE
#include "ring.h"
#include "drain.h"
#include "fail.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS_AT_ONCE = 128, RETIRE_MS = 50 };

/* What it says first of all is kept until it is read, so nothing that moves is missed. */
static void open_news(struct tap *tap)
{
    struct sockaddr_nl links = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    tap->news = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (tap->news < 0 || bind(tap->news, (struct sockaddr *)&links, sizeof links) != 0)
        fail("%s: cannot hear of its interfaces: %m", tap->node);
}

static void open_socket(struct tap *tap)
{
    if (setns(tap->netns_fd, CLONE_NEWNET) != 0)
        fail("%s: cannot enter namespace %s: %m", tap->node, tap->netns);
    open_news(tap);
    /* Protocol 0 hears nothing: the capture starts with bind, when every ring is there. */
    tap->ring.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (tap->ring.fd < 0)
        fail("%s: cannot open a packet socket: %m", tap->node);
}

static void find_interface(const struct tap *tap, struct interface *interface)
{
    struct ifreq request = {0};
    strcpy(request.ifr_name, interface->name);
    if (ioctl(tap->ring.fd, SIOCGIFINDEX, &request) != 0)
        fail("%s: %s: %m", tap->node, interface->name);
    interface->index = request.ifr_ifindex;
    if (ioctl(tap->ring.fd, SIOCGIFHWADDR, &request) != 0)
        fail("%s: %s: %m", tap->node, interface->name);
    int type = request.ifr_hwaddr.sa_family;
    if (type != ARPHRD_ETHER && type != ARPHRD_LOOPBACK)
        fail("%s: %s: not an Ethernet interface", tap->node, interface->name);
}

static void create_ring(struct tap *tap)
{
    int version = TPACKET_V3;
    if (setsockopt(tap->ring.fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0)
        fail("%s: the kernel has no TPACKET_V3: %m", tap->node);
    /* Version 3 packs frames of any length; the kernel still checks that frames fill blocks. */
    struct tpacket_req3 request = {
        .tp_block_size = BLOCK_BYTES,
        .tp_block_nr = settings.ring_blocks,
        .tp_frame_size = BLOCK_BYTES,
        .tp_frame_nr = settings.ring_blocks,
        .tp_retire_blk_tov = RETIRE_MS,
    };
    if (setsockopt(tap->ring.fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) != 0)
        fail("%s: cannot create a ring of %u blocks: %m", tap->node, settings.ring_blocks);
    size_t size = (size_t)settings.ring_blocks * BLOCK_BYTES;
    tap->ring.memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, tap->ring.fd, 0);
    if (tap->ring.memory == MAP_FAILED)
        fail("%s: cannot map the ring: %m", tap->node);
    tap->ring.next_block = 0;
}

static void attach_filter(const struct tap *tap, const struct ring *ring, struct sock_fprog filter,
                          const char *purpose)
{
    if (setsockopt(ring->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0)
        fail("%s: cannot %s: %m", tap->node, purpose);
}

void *open_ring_again(void *argument)
{
    struct tap *tap = argument;
    open_socket(tap);
    if (settings.filter.len > 0)
        attach_filter(tap, &tap->ring, settings.filter, "filter");
    create_ring(tap);
    return NULL;
}

void *open_ring(void *argument)
{
    struct tap *tap = argument;
    tap->netns_fd = open(tap->netns, O_RDONLY | O_CLOEXEC);
    if (tap->netns_fd < 0)
        fail("%s: cannot open namespace %s: %m", tap->node, tap->netns);
    open_ring_again(tap);
    for (unsigned i = 0; i < tap->interface_count; i++)
        find_interface(tap, &tap->interfaces[i]);
    return NULL;
}

void release_ring(struct ring *ring)
{
    munmap(ring->memory, (size_t)settings.ring_blocks * BLOCK_BYTES);
    close(ring->fd);
}

void *close_ring(void *argument)
{
    struct tap *tap = argument;
    release_ring(&tap->ring);
    close(tap->news);
    close(tap->netns_fd);
    return NULL;
}

void start_ring(const struct tap *tap)
{
    struct sockaddr_ll everything = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    if (bind(tap->ring.fd, (struct sockaddr *)&everything, sizeof everything) != 0)
        fail("%s: cannot start the capture: %m", tap->node);
}

void stop_ring(const struct tap *tap, const struct ring *ring)
{
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    attach_filter(tap, ring, (struct sock_fprog){.len = 1, .filter = &nothing}, "stop the capture");
}

void on_every_tap(void *(*step)(void *))
{
    pthread_t threads[THREADS_AT_ONCE];
    for (unsigned first = 0; first < tap_count; first += THREADS_AT_ONCE) {
        unsigned count = tap_count - first;
        if (count > THREADS_AT_ONCE)
            count = THREADS_AT_ONCE;
        for (unsigned i = 0; i < count; i++)
            if (pthread_create(&threads[i], NULL, step, &taps[first + i]) != 0)
                fail("%s: cannot start a thread", taps[first + i].node);
        for (unsigned i = 0; i < count; i++)
            pthread_join(threads[i], NULL);
    }
}

void count_drops(struct tap *tap, const struct ring *ring)
{
    struct tpacket_stats_v3 statistics;
    socklen_t size = sizeof statistics;
    if (getsockopt(ring->fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) != 0)
        fail("%s: cannot read the count of drops: %m", tap->node);
    tap->drops += statistics.tp_drops + undelivered(ring);
}
