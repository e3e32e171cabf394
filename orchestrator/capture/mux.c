/*
 * capmux: one process captures in every network namespace of a lab.
 *
 *     capmux [-r RING_KIB] [-s SNAPLEN] OUTPUT_DIR < taps
 *
 * Each line of standard input is a tap, `<node> <namespace> <interface>[,<interface>...]`; it
 * becomes OUTPUT_DIR/<node>.pcapng. Once every tap captures, "ready" is printed. When told to
 * stop, capmux prints one line of JSON, the count of packets and drops, and exits 0. Any error
 * exits 1 with a message, and removes the files of the run.
 *
 * Theory of operation
 *
 * - A packet socket belongs for ever to the namespace it was made in. A thread per tap enters the
 *   namespace, makes the socket and ends; the main thread stays at home and serves all of them
 *   with epoll. Threads, because giving a socket its ring (and taking it back) waits for an RCU
 *   grace period, some 15 ms: forty in a row are half a second, forty at once are one wait.
 * - Frames come through a TPACKET_V3 ring: memory shared with the kernel, cut into blocks. The
 *   kernel fills a block and hands it over when it is full or RETIRE_MS old; we write its frames
 *   out and give it back. If we are late by a whole ring, the kernel drops frames and counts them.
 * - A ring hears every interface of its namespace, so an interface that is made anew, with the
 *   same name and another number, goes on being captured. Its name is looked up once per block.
 *   Drops are counted per ring: the drops of an interface are known only as "at most so many".
 * - To stop, a filter that accepts nothing is put on every socket. Then the frames already in the
 *   rings are a finite number, and the kernel hands over the last block within RETIRE_MS.
 * - What stops a capture: SIGINT, SIGTERM, SIGHUP, or, if a blank line ended the taps, the closing
 *   of standard input, so that a capture ends with the program that started it, however that
 *   dies. (PR_SET_PDEATHSIG would fire as soon as the starting thread ends.) If end of file ended
 *   the taps, the capture lives on alone.
 * - A socket keeps its namespace alive, and with it the interfaces inside.
 *
 * The files follow draft-ietf-opsawg-pcapng: one interface block per interface, named
 * "node:interface", nanoseconds of CLOCK_REALTIME, the direction of each frame in epb_flags.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum {
    BLOCK_BYTES = 1 << 18, /* also the longest frame a ring can hold, which GSO makes 64 KiB */
    RETIRE_MS = 50,
    DRAIN_MS = 200,
    FILE_BUFFER_BYTES = 1 << 18,
    THREADS_AT_ONCE = 128,
};

struct interface {
    char name[IFNAMSIZ];
    int index;             /* its number in the namespace, which changes if it is made anew */
    uint64_t confirmed_in; /* the block in which name and number were last compared */
    uint64_t packets;
};

struct tap {
    const char *node;
    const char *netns;
    struct interface *interfaces;
    unsigned interface_count;

    int fd;
    uint8_t *ring;
    unsigned next_block;
    uint64_t block_number; /* of the block being read, counted from 1 */
    int ignored_index;     /* an interface nobody listed, as seen in this block; 0 is none */

    char path[PATH_MAX];
    FILE *file;
    uint64_t packets, drops;
};

static struct tap *taps;
static unsigned tap_count;
static unsigned ring_blocks = 8;
static unsigned snaplen = 262144;

/* ---- errors ------------------------------------------------------------------------------ */

/* Tell what went wrong, remove the files of this run, and end. Threads may call it: the lock is
 * never released, so the first failure is the one that is told. */
__attribute__((format(printf, 1, 2), noreturn))
static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    flockfile(stderr);
    fputs("capmux: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    for (unsigned i = 0; i < tap_count; i++)
        if (taps[i].file)
            unlink(taps[i].path);
    _exit(1);
}

/* ---- what to capture --------------------------------------------------------------------- */

/* A node's name becomes a file's name and a JSON string: nothing in it may need quoting. */
static bool is_node_name(const char *text)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return *text != '.' && text[strspn(text, allowed)] == '\0';
}

static void check_node_name(const char *node)
{
    if (!is_node_name(node))
        fail("%s: not a name for a node", node);
    for (unsigned i = 0; i < tap_count; i++)
        if (strcmp(taps[i].node, node) == 0)
            fail("%s: listed twice", node);
}

static void add_interface(struct tap *tap, const char *name)
{
    if (strlen(name) >= IFNAMSIZ)
        fail("%s: %s: longer than an interface's name can be", tap->node, name);
    for (unsigned i = 0; i < tap->interface_count; i++)
        if (strcmp(tap->interfaces[i].name, name) == 0)
            fail("%s: %s: listed twice", tap->node, name);
    size_t size = (tap->interface_count + 1) * sizeof *tap->interfaces;
    tap->interfaces = realloc(tap->interfaces, size);
    if (!tap->interfaces)
        fail("%s: out of memory", tap->node);
    struct interface *added = &tap->interfaces[tap->interface_count++];
    *added = (struct interface){0};
    strcpy(added->name, name);
}

/* The tap points into the line, and keeps it. */
static void add_tap(char *line)
{
    static const char blanks[] = " \t\r\n";
    const char *node = strtok(line, blanks), *netns = strtok(NULL, blanks);
    char *interfaces = strtok(NULL, blanks);
    if (!interfaces || strtok(NULL, blanks))
        fail("%s: want `<node> <namespace> <interface>[,<interface>...]`", node);
    check_node_name(node);
    taps = realloc(taps, (tap_count + 1) * sizeof *taps);
    if (!taps)
        fail("%s: out of memory", node);
    struct tap *tap = &taps[tap_count++];
    *tap = (struct tap){.node = node, .netns = netns};
    for (char *name = strtok(interfaces, ","); name; name = strtok(NULL, ","))
        add_interface(tap, name);
    if (tap->interface_count == 0)
        fail("%s: no interface listed", node);
}

/* Read the taps. True if a blank line ended them, so that standard input is still open. */
static bool read_taps(void)
{
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        if (line[strspn(line, " \t\r\n")] == '\0')
            return true;
        add_tap(line);
        line = NULL;
    }
    return false;
}

/* ---- rings ------------------------------------------------------------------------------- */

static void open_socket(struct tap *tap)
{
    int netns = open(tap->netns, O_RDONLY | O_CLOEXEC);
    if (netns < 0)
        fail("%s: cannot open namespace %s: %m", tap->node, tap->netns);
    if (setns(netns, CLONE_NEWNET) != 0)
        fail("%s: cannot enter namespace %s: %m", tap->node, tap->netns);
    close(netns);
    /* Protocol 0 hears nothing: the capture starts with bind, when every ring is there. */
    tap->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (tap->fd < 0)
        fail("%s: cannot open a packet socket: %m", tap->node);
}

static void find_interface(const struct tap *tap, struct interface *interface)
{
    struct ifreq request = {0};
    strcpy(request.ifr_name, interface->name);
    if (ioctl(tap->fd, SIOCGIFINDEX, &request) != 0)
        fail("%s: %s: %m", tap->node, interface->name);
    interface->index = request.ifr_ifindex;
    if (ioctl(tap->fd, SIOCGIFHWADDR, &request) != 0)
        fail("%s: %s: %m", tap->node, interface->name);
    int type = request.ifr_hwaddr.sa_family;
    if (type != ARPHRD_ETHER && type != ARPHRD_LOOPBACK)
        fail("%s: %s: not an Ethernet interface", tap->node, interface->name);
}

static void create_ring(struct tap *tap)
{
    int version = TPACKET_V3;
    if (setsockopt(tap->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0)
        fail("%s: the kernel has no TPACKET_V3: %m", tap->node);
    /* Version 3 packs frames of any length; the kernel still checks that frames fill blocks. */
    struct tpacket_req3 request = {
        .tp_block_size = BLOCK_BYTES,
        .tp_block_nr = ring_blocks,
        .tp_frame_size = BLOCK_BYTES,
        .tp_frame_nr = ring_blocks,
        .tp_retire_blk_tov = RETIRE_MS,
    };
    if (setsockopt(tap->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) != 0)
        fail("%s: cannot create a ring of %u blocks: %m", tap->node, ring_blocks);
    size_t size = (size_t)ring_blocks * BLOCK_BYTES;
    tap->ring = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, tap->fd, 0);
    if (tap->ring == MAP_FAILED)
        fail("%s: cannot map the ring: %m", tap->node);
}

static void *open_ring(void *argument)
{
    struct tap *tap = argument;
    open_socket(tap);
    for (unsigned i = 0; i < tap->interface_count; i++)
        find_interface(tap, &tap->interfaces[i]);
    create_ring(tap);
    return NULL;
}

static void *close_ring(void *argument)
{
    struct tap *tap = argument;
    munmap(tap->ring, (size_t)ring_blocks * BLOCK_BYTES);
    close(tap->fd);
    return NULL;
}

static void start_ring(const struct tap *tap)
{
    struct sockaddr_ll everything = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    if (bind(tap->fd, (struct sockaddr *)&everything, sizeof everything) != 0)
        fail("%s: cannot start the capture: %m", tap->node);
}

static void stop_ring(const struct tap *tap)
{
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog filter = {.len = 1, .filter = &nothing};
    if (setsockopt(tap->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0)
        fail("%s: cannot stop the capture: %m", tap->node);
}

static void on_every_tap(void *(*step)(void *))
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

/* ---- pcapng ------------------------------------------------------------------------------ */

enum {
    SECTION_HEADER = 0x0A0D0D0A,
    BYTE_ORDER_MAGIC = 0x1A2B3C4D,
    INTERFACE_DESCRIPTION = 1,
    INTERFACE_STATISTICS = 5,
    ENHANCED_PACKET = 6,

    COMMENT = 1,
    SHB_HARDWARE = 2,
    SHB_OS = 3,
    SHB_USERAPPL = 4,
    IF_NAME = 2,
    IF_TSRESOL = 9,
    EPB_FLAGS = 2,
    ISB_STARTTIME = 2,
    ISB_ENDTIME = 3,
    ISB_IFRECV = 4,
    ISB_IFDROP = 5,

    LINKTYPE_ETHERNET = 1,
    INBOUND = 1,
    OUTBOUND = 2,
};

/* The body of a block other than a packet's, put together before it is written. */
struct body {
    uint32_t length;
    uint8_t bytes[1024];
};

struct timestamp {
    uint32_t high, low;
};

static struct timestamp timestamp_of(uint64_t time_ns)
{
    return (struct timestamp){.high = time_ns >> 32, .low = (uint32_t)time_ns};
}

static struct timestamp now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return timestamp_of((uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec);
}

static void write_bytes(struct tap *tap, const void *bytes, size_t size)
{
    if (fwrite(bytes, 1, size, tap->file) != size)
        fail("%s: cannot write %s: %m", tap->node, tap->path);
}

static uint32_t padding(uint32_t size)
{
    return -size & 3;
}

static void add_bytes(struct body *body, const void *bytes, uint32_t size)
{
    static const uint8_t zeros[4];
    if (size + padding(size) > sizeof body->bytes - body->length)
        fail("a pcapng block would be longer than %zu bytes", sizeof body->bytes);
    memcpy(body->bytes + body->length, bytes, size);
    memcpy(body->bytes + body->length + size, zeros, padding(size));
    body->length += size + padding(size);
}

static void add_option(struct body *body, uint16_t code, const void *value, size_t size)
{
    uint16_t head[2] = {code, (uint16_t)size};
    add_bytes(body, head, sizeof head);
    add_bytes(body, value, (uint32_t)size);
}

static void add_text(struct body *body, uint16_t code, const char *text)
{
    add_option(body, code, text, strlen(text));
}

/* End the options and write the block with its length before and after, as the format wants. */
static void write_block(struct tap *tap, uint32_t type, struct body *body)
{
    add_bytes(body, &(uint32_t){0}, 4);
    uint32_t length = body->length + 12;
    write_bytes(tap, &type, 4);
    write_bytes(tap, &length, 4);
    write_bytes(tap, body->bytes, body->length);
    write_bytes(tap, &length, 4);
}

static void write_section_header(struct tap *tap)
{
    struct {
        uint32_t magic;
        uint16_t major, minor;
        uint32_t section_length[2];
    } fixed = {BYTE_ORDER_MAGIC, 1, 0, {UINT32_MAX, UINT32_MAX}}; /* of length not yet known */
    struct utsname system;
    uname(&system);
    char os[sizeof system.sysname + sizeof system.release];
    snprintf(os, sizeof os, "%s %s", system.sysname, system.release);

    struct body body = {0};
    add_bytes(&body, &fixed, sizeof fixed);
    add_text(&body, SHB_HARDWARE, system.machine);
    add_text(&body, SHB_OS, os);
    add_text(&body, SHB_USERAPPL, "Clicklab capmux");
    write_block(tap, SECTION_HEADER, &body);
}

static void write_interface(struct tap *tap, const struct interface *interface)
{
    struct {
        uint16_t linktype, reserved;
        uint32_t snaplen;
    } fixed = {LINKTYPE_ETHERNET, 0, snaplen};
    char name[NAME_MAX + IFNAMSIZ + 1];
    snprintf(name, sizeof name, "%s:%s", tap->node, interface->name);

    struct body body = {0};
    add_bytes(&body, &fixed, sizeof fixed);
    add_text(&body, IF_NAME, name);
    add_option(&body, IF_TSRESOL, &(uint8_t){9}, 1);
    write_block(tap, INTERFACE_DESCRIPTION, &body);
}

static void create_file(struct tap *tap, const char *folder)
{
    int length = snprintf(tap->path, sizeof tap->path, "%s/%s.pcapng", folder, tap->node);
    if (length >= (int)sizeof tap->path)
        fail("%s: the path of its file is too long", tap->node);
    tap->file = fopen(tap->path, "wbe");
    if (!tap->file)
        fail("%s: cannot create %s: %m", tap->node, tap->path);
    setvbuf(tap->file, NULL, _IOFBF, FILE_BUFFER_BYTES);
    write_section_header(tap);
    for (unsigned i = 0; i < tap->interface_count; i++)
        write_interface(tap, &tap->interfaces[i]);
}

/* The direction in bits 0-1, who the frame was for in bits 2-4 (section 4.3.1 of the draft). */
static uint32_t packet_flags(unsigned pkttype)
{
    static const uint32_t reception[] = {
        [PACKET_HOST] = 1, [PACKET_MULTICAST] = 2, [PACKET_BROADCAST] = 3, [PACKET_OTHERHOST] = 4,
    };
    if (pkttype == PACKET_OUTGOING)
        return OUTBOUND;
    uint32_t kind = pkttype < sizeof reception / sizeof *reception ? reception[pkttype] : 0;
    return INBOUND | kind << 2;
}

static void write_packet(struct tap *tap, struct interface *interface,
                         const struct tpacket3_hdr *frame, unsigned pkttype)
{
    static const uint8_t zeros[4];
    uint32_t captured = frame->tp_snaplen < snaplen ? frame->tp_snaplen : snaplen;
    uint32_t length = 28 + captured + padding(captured) + 16;
    struct timestamp time = timestamp_of((uint64_t)frame->tp_sec * 1000000000 + frame->tp_nsec);
    struct {
        uint32_t type, length, interface;
        struct timestamp time;
        uint32_t captured, original;
    } head = {ENHANCED_PACKET, length, (uint32_t)(interface - tap->interfaces), time, captured,
              frame->tp_len};
    struct {
        uint16_t option, size;
        uint32_t flags, end_of_options, length;
    } tail = {EPB_FLAGS, 4, packet_flags(pkttype), 0, length};

    write_bytes(tap, &head, sizeof head);
    write_bytes(tap, (const uint8_t *)frame + frame->tp_mac, captured);
    write_bytes(tap, zeros, padding(captured));
    write_bytes(tap, &tail, sizeof tail);
    interface->packets++;
    tap->packets++;
}

static void write_statistics(struct tap *tap, unsigned id, struct timestamp started,
                             struct timestamp ended)
{
    struct {
        uint32_t interface;
        struct timestamp time;
    } fixed = {id, ended};
    struct body body = {0};
    add_bytes(&body, &fixed, sizeof fixed);
    if (tap->drops > 0 && tap->interface_count > 1)
        add_text(&body, COMMENT, "Drops are those of all the node's interfaces together.");
    add_option(&body, ISB_STARTTIME, &started, sizeof started);
    add_option(&body, ISB_ENDTIME, &ended, sizeof ended);
    add_option(&body, ISB_IFRECV, &tap->interfaces[id].packets, sizeof(uint64_t));
    add_option(&body, ISB_IFDROP, &tap->drops, sizeof tap->drops);
    write_block(tap, INTERFACE_STATISTICS, &body);
}

/* ---- from ring to file ------------------------------------------------------------------- */

static struct tpacket_block_desc *current_block(const struct tap *tap)
{
    return (void *)(tap->ring + (size_t)tap->next_block * BLOCK_BYTES);
}

/* Ask the kernel which interface has this number now. The number of one that is gone keeps its
 * meaning: its last frames may still be in the ring. */
static void confirm_index(struct tap *tap, int index)
{
    struct ifreq request = {.ifr_ifindex = index};
    if (ioctl(tap->fd, SIOCGIFNAME, &request) != 0)
        return;
    for (unsigned i = 0; i < tap->interface_count; i++) {
        struct interface *interface = &tap->interfaces[i];
        if (strcmp(interface->name, request.ifr_name) == 0)
            interface->index = index;
        else if (interface->index == index)
            interface->index = 0;
    }
}

static struct interface *interface_at(struct tap *tap, int index)
{
    for (unsigned i = 0; i < tap->interface_count; i++) {
        struct interface *interface = &tap->interfaces[i];
        if (interface->index == index && interface->confirmed_in == tap->block_number)
            return interface;
    }
    if (index == tap->ignored_index)
        return NULL;
    confirm_index(tap, index);
    for (unsigned i = 0; i < tap->interface_count; i++) {
        struct interface *interface = &tap->interfaces[i];
        if (interface->index == index) {
            interface->confirmed_in = tap->block_number;
            return interface;
        }
    }
    tap->ignored_index = index;
    return NULL;
}

static void copy_block(struct tap *tap, const struct tpacket_block_desc *block)
{
    tap->block_number++;
    tap->ignored_index = 0;
    const uint8_t *at = (const uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;
    for (uint32_t left = block->hdr.bh1.num_pkts; left > 0; left--) {
        const struct tpacket3_hdr *frame = (const void *)at;
        const struct sockaddr_ll *address = (const void *)(at + TPACKET_ALIGN(sizeof *frame));
        struct interface *interface = interface_at(tap, address->sll_ifindex);
        if (interface)
            write_packet(tap, interface, frame, address->sll_pkttype);
        at += frame->tp_next_offset;
    }
}

/* Write out the blocks that are ours, at most once round the ring: others wait for their turn. */
static void drain(struct tap *tap)
{
    for (unsigned i = 0; i < ring_blocks; i++) {
        struct tpacket_block_desc *block = current_block(tap);
        uint32_t *status = &block->hdr.bh1.block_status;
        if (!(__atomic_load_n(status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
            return;
        copy_block(tap, block);
        block->hdr.bh1.num_pkts = 0; /* so that a count in a block of the kernel's is never old */
        __atomic_store_n(status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        tap->next_block = (tap->next_block + 1) % ring_blocks;
    }
}

/* Frames the kernel holds in a block it has not handed over: it counts them there as they come. */
static uint32_t undelivered(const struct tap *tap)
{
    return __atomic_load_n(&current_block(tap)->hdr.bh1.num_pkts, __ATOMIC_ACQUIRE);
}

static int64_t monotonic_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void drain_the_rest(int epoll)
{
    int64_t deadline = monotonic_ms() + DRAIN_MS;
    for (;;) {
        bool waiting = false;
        for (unsigned i = 0; i < tap_count; i++) {
            drain(&taps[i]);
            waiting |= undelivered(&taps[i]) > 0;
        }
        int64_t left_ms = deadline - monotonic_ms();
        if (!waiting || left_ms <= 0)
            return;
        struct epoll_event event;
        epoll_wait(epoll, &event, 1, (int)left_ms);
    }
}

/* ---- the run ----------------------------------------------------------------------------- */

/* From here on the signals that stop a capture wait to be read from the descriptor returned. */
static int open_signals(void)
{
    sigset_t stopping;
    sigemptyset(&stopping);
    sigaddset(&stopping, SIGINT);
    sigaddset(&stopping, SIGTERM);
    sigaddset(&stopping, SIGHUP);
    sigprocmask(SIG_BLOCK, &stopping, NULL);
    signal(SIGPIPE, SIG_IGN); /* whoever reads our output may be gone: the files still matter */
    int signals = signalfd(-1, &stopping, SFD_CLOEXEC);
    if (signals < 0)
        fail("cannot wait for signals: %m");
    return signals;
}

static void watch_taps(int epoll)
{
    for (unsigned i = 0; i < tap_count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &taps[i]};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, taps[i].fd, &event) != 0)
            fail("%s: cannot wait for its ring: %m", taps[i].node);
    }
}

/* Capture until a signal comes, or until standard input hangs up if it is `tied` to us. */
static void capture(int epoll, int signals, bool tied)
{
    struct epoll_event events[64], stop = {.events = EPOLLIN}, hang_up = {.events = 0};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, signals, &stop) != 0)
        fail("cannot wait for signals: %m");
    if (tied)
        epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &hang_up); /* a plain file never hangs up */
    for (bool stopped = false; !stopped;) {
        int count = epoll_wait(epoll, events, sizeof events / sizeof *events, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr)
                drain(events[i].data.ptr);
            else
                stopped = true;
        }
    }
    epoll_ctl(epoll, EPOLL_CTL_DEL, signals, NULL);
    epoll_ctl(epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
}

static void count_drops(struct tap *tap)
{
    struct tpacket_stats_v3 statistics;
    socklen_t size = sizeof statistics;
    if (getsockopt(tap->fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) != 0)
        fail("%s: cannot read the count of drops: %m", tap->node);
    tap->drops = statistics.tp_drops + undelivered(tap);
}

static void finish_file(struct tap *tap, struct timestamp started, struct timestamp ended)
{
    for (unsigned i = 0; i < tap->interface_count; i++)
        write_statistics(tap, i, started, ended);
    if (fclose(tap->file) != 0)
        fail("%s: cannot write %s: %m", tap->node, tap->path);
}

static void print_summary(void)
{
    uint64_t packets = 0, drops = 0;
    for (unsigned i = 0; i < tap_count; i++) {
        packets += taps[i].packets;
        drops += taps[i].drops;
    }
    printf("{\"packets\": %lu, \"drops\": %lu, \"per_node\": {", packets, drops);
    for (unsigned i = 0; i < tap_count; i++)
        printf("%s\"%s\": {\"packets\": %lu, \"drops\": %lu}", i ? ", " : "", taps[i].node,
               taps[i].packets, taps[i].drops);
    puts("}}");
    fflush(stdout);
}

static void run(const char *folder, bool tied)
{
    int signals = open_signals(), epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        fail("cannot wait for frames: %m");
    on_every_tap(open_ring);
    for (unsigned i = 0; i < tap_count; i++)
        create_file(&taps[i], folder);
    watch_taps(epoll);
    struct timestamp started = now();
    for (unsigned i = 0; i < tap_count; i++)
        start_ring(&taps[i]);
    puts("ready");
    fflush(stdout);

    capture(epoll, signals, tied);

    for (unsigned i = 0; i < tap_count; i++)
        stop_ring(&taps[i]);
    struct timestamp ended = now();
    drain_the_rest(epoll);
    for (unsigned i = 0; i < tap_count; i++) {
        count_drops(&taps[i]);
        finish_file(&taps[i], started, ended);
    }
    on_every_tap(close_ring);
    print_summary();
}

static unsigned number_argument(char option, const char *text, unsigned least, unsigned most)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || value < least || value > most)
        fail("-%c %s: want a number from %u to %u", option, text, least, most);
    return (unsigned)value;
}

/* Two descriptors a node, of which a large lab needs more than the usual 1024. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int count, char **arguments)
{
    const unsigned block_kib = BLOCK_BYTES / 1024;
    for (int option; (option = getopt(count, arguments, "r:s:")) != -1;) {
        if (option == 'r')
            ring_blocks = (number_argument('r', optarg, 512, 1 << 20) + block_kib - 1) / block_kib;
        else if (option == 's')
            snaplen = number_argument('s', optarg, 64, 262144);
        else
            return 1;
    }
    if (optind + 1 != count)
        fail("usage: capmux [-r RING_KIB] [-s SNAPLEN] OUTPUT_DIR < taps");
    raise_file_limit();
    bool tied = read_taps();
    if (tap_count == 0)
        fail("no taps on standard input");
    run(arguments[optind], tied);
    return 0;
}
