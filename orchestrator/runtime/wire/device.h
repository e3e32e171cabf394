/* TAP devices in the namespaces of nodes. */
#pragma once
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct device {
    char name[IFNAMSIZ];
    int tap;
    int asker; /* a socket in the namespace, for ioctls about the interface */
    bool is_new;
};

struct device_wish {
    const char *netns, *name;
    int index;
    uint8_t mac[6];
    unsigned mtu;
};

/* What went wrong last, for the answer to the control message. */
struct complaint {
    char text[512];
};

__attribute__((format(printf, 2, 3))) bool complain(struct complaint *complaint, const char *format,
                                                    ...);

/* Make a device, or attach to the persistent one of that name and keep its addresses. On failure
 * nothing new is left, and the complaint says why. */
bool open_device(struct device *device, const struct device_wish *wish,
                 struct complaint *complaint);
/* The device is in another namespace now. On failure, of which the complaint tells, it is asked
 * where it was. */
bool follow_device(struct device *device, const char *netns, struct complaint *complaint);
/* Let go of a device; it stays where it is. */
void release_device(struct device *device);
/* Remove it for good; fine if it is gone already. */
void remove_device(struct device *device);

/* What the node's kernel may leave undone in a frame it sends: nothing; checksums; the cutting of
 * up to 64 KiB into segments, too. */
enum offload { NOTHING, CHECKSUMS, SUPER_FRAMES };

bool offer_offloads(const struct device *device, enum offload offload);
bool change_carrier(const struct device *device, bool is_up);
/* Have the kernel tell everybody about the carrier now; alone it may take it a second. Whether the
 * interface has a carrier and is up. */
bool announce_carrier(const struct device *device);
