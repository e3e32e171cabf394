#define _GNU_SOURCE
#include "device.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Debian 12's headers are older than UDP segmentation (Linux 6.2). */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

/* The device's queue towards us. The default, 500 frames, is 5 ms of a gigabit. */
enum { TX_QUEUE_FRAMES = 10000 };

bool complain(struct complaint *complaint, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(complaint->text, sizeof complaint->text, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- namespaces -------------------------------------------------------------------------- */

/* Enter a namespace and return the way home, or -1. Only the calling thread moves. */
static int enter(const char *netns, struct complaint *complaint)
{
    int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    int inside = open(netns, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (home < 0 || inside < 0)
        complain(complaint, "cannot open namespace %s: %m", netns);
    else if (setns(inside, CLONE_NEWNET) != 0)
        complain(complaint, "cannot enter namespace %s: %m", netns);
    else {
        close(inside);
        return home;
    }
    if (inside >= 0)
        close(inside);
    if (home >= 0)
        close(home);
    return -1;
}

/* Coming home cannot fail: the descriptor was opened by us as what it is. */
static void leave(int home)
{
    (void)!setns(home, CLONE_NEWNET);
    close(home);
}

/* ---- making ------------------------------------------------------------------------------ */

static bool ask(const struct device *device, unsigned long what, struct ifreq *request)
{
    memcpy(request->ifr_name, device->name, IFNAMSIZ);
    return ioctl(device->asker, what, request) == 0;
}

/* Only what differs is set, because a change of the MAC forgets every neighbour. */
static bool configure(const struct device *device, const struct device_wish *wish)
{
    struct ifreq request = {0};
    if (!ask(device, SIOCGIFHWADDR, &request))
        return false;
    if (memcmp(request.ifr_hwaddr.sa_data, wish->mac, 6) != 0) {
        request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
        memcpy(request.ifr_hwaddr.sa_data, wish->mac, 6);
        if (!ask(device, SIOCSIFHWADDR, &request))
            return false;
    }
    request.ifr_mtu = (int)wish->mtu;
    if (!ask(device, SIOCSIFMTU, &request))
        return false;
    request.ifr_qlen = TX_QUEUE_FRAMES;
    return ask(device, SIOCSIFTXQLEN, &request);
}

/* A carrier that never changed leaves the interface's operational state unknown (RFC 2863); so it
 * is taken away and given back once. */
static bool finish(struct device *device, const struct device_wish *wish)
{
    if (!offer_offloads(device, SUPER_FRAMES) || !configure(device, wish))
        return false;
    if (device->is_new && !(change_carrier(device, false) && change_carrier(device, true)))
        return false;
    announce_carrier(device);
    return ioctl(device->tap, TUNSETPERSIST, 1) == 0;
}

static bool attach(struct device *device, const struct device_wish *wish,
                   struct complaint *complaint)
{
    struct ifreq request = {0};
    device->is_new = !ask(device, SIOCGIFINDEX, &request);
    if (!device->is_new && request.ifr_ifindex != wish->index)
        return complain(complaint, "%s in %s is interface %d, not %d: remove it first", wish->name,
                        wish->netns, request.ifr_ifindex, wish->index);
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    unsigned index = (unsigned)wish->index;
    if (device->is_new && ioctl(device->tap, TUNSETIFINDEX, &index) != 0)
        return complain(complaint, "cannot ask for interface index %d: %m", wish->index);
    if (ioctl(device->tap, TUNSETIFF, &request) == 0)
        return finish(device, wish) ||
               complain(complaint, "cannot set up %s in %s: %m", wish->name, wish->netns);
    if (errno == EINVAL && !device->is_new)
        return complain(complaint, "%s in %s is another kind of interface: remove it first",
                        wish->name, wish->netns);
    if (errno == EBUSY)
        return complain(complaint,
                        "%s (%d) in %s is taken: another process has the device, or the index "
                        "is another interface's",
                        wish->name, wish->index, wish->netns);
    return complain(complaint, "cannot create %s in %s: %m", wish->name, wish->netns);
}

bool open_device(struct device *device, const struct device_wish *wish, struct complaint *complaint)
{
    *device = (struct device){.tap = -1, .asker = -1};
    strncpy(device->name, wish->name, IFNAMSIZ - 1);
    int home = enter(wish->netns, complaint);
    if (home < 0)
        return false;
    device->asker = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    device->tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    bool is_open = device->tap >= 0 && device->asker >= 0;
    if (!is_open)
        complain(complaint, "cannot open a TAP device: %m");
    leave(home);
    if (is_open && attach(device, wish, complaint))
        return true;
    if (device->is_new)
        remove_device(device);
    else
        release_device(device);
    return false;
}

static int open_asker(const char *netns, struct complaint *complaint)
{
    int home = enter(netns, complaint);
    if (home < 0)
        return -1;
    int asker = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    leave(home);
    if (asker < 0)
        complain(complaint, "cannot open a socket in %s: %m", netns);
    return asker;
}

bool follow_device(struct device *device, const char *netns, struct complaint *complaint)
{
    struct ifreq request = {0};
    struct device moved = *device;
    moved.asker = open_asker(netns, complaint);
    if (moved.asker < 0)
        return false;
    if (!ask(&moved, SIOCGIFINDEX, &request)) {
        complain(complaint, "%s is not in %s: %m", device->name, netns);
        close(moved.asker);
        return false;
    }
    close(device->asker);
    *device = moved;
    return true;
}

void release_device(struct device *device)
{
    if (device->tap >= 0)
        close(device->tap);
    if (device->asker >= 0)
        close(device->asker);
    device->tap = device->asker = -1;
}

void remove_device(struct device *device)
{
    ioctl(device->tap, TUNSETPERSIST, 0);
    release_device(device);
}

/* ---- changing ---------------------------------------------------------------------------- */

bool offer_offloads(const struct device *device, enum offload offload)
{
    unsigned checksums = TUN_F_CSUM;
    unsigned segments = checksums | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
    if (offload == SUPER_FRAMES) {
        unsigned all = segments | TUN_F_USO4 | TUN_F_USO6;
        return ioctl(device->tap, TUNSETOFFLOAD, all) == 0 ||
               ioctl(device->tap, TUNSETOFFLOAD, segments) == 0;
    }
    return ioctl(device->tap, TUNSETOFFLOAD, offload == CHECKSUMS ? checksums : 0) == 0;
}

bool change_carrier(const struct device *device, bool is_up)
{
    int carrier = is_up;
    return ioctl(device->tap, TUNSETCARRIER, &carrier) == 0;
}

bool announce_carrier(const struct device *device)
{
    struct ethtool_value value = {.cmd = ETHTOOL_GLINK};
    struct ifreq request = {.ifr_data = (void *)&value};
    return ask(device, SIOCETHTOOL, &request) && value.data;
}
