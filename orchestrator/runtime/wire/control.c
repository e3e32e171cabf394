#define _GNU_SOURCE
#include "control.h"
#include "commands.h"
#include "stop.h"
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CLIENTS = 32, LONGEST_LINE = 4095, LOOK_EVERY_MS = 1000 };

struct client {
    int fd; /* -1: nobody */
    char line[LONGEST_LINE + 1];
    size_t filled;
    bool is_too_long; /* the rest of a line that was refused is still coming */
    char *answer;     /* while it is being sent, no more is read: a slow client has one */
    size_t size, sent;
};

static struct client clients[MOST_CLIENTS];
static int listener;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static struct stat socket_file;

/* ---- the path ---------------------------------------------------------------------------- */

static bool is_served(void)
{
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_answered = connect(probe, (struct sockaddr *)&address, sizeof address) == 0;
    close(probe);
    return is_answered;
}

void open_control(const char *path)
{
    if (strlen(path) >= sizeof address.sun_path)
        stop("%s: a socket's path has up to %zu bytes", path, sizeof address.sun_path - 1);
    strcpy(address.sun_path, path);
    for (int i = 0; i < MOST_CLIENTS; i++)
        clients[i].fd = -1;
    if (is_served())
        stop("%s: another process serves it", path);
    struct stat there;
    if (lstat(path, &there) == 0 && (!S_ISSOCK(there.st_mode) || unlink(path) != 0))
        stop("%s: there is something else, or it cannot be replaced", path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    mode_t before = umask(0177);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, SOMAXCONN) != 0 || stat(path, &socket_file) != 0)
        stop("cannot listen at %s: %m", path);
    umask(before);
}

static bool is_path_ours(void)
{
    struct stat there;
    return lstat(address.sun_path, &there) == 0 && there.st_ino == socket_file.st_ino &&
           there.st_dev == socket_file.st_dev;
}

void close_control(void)
{
    if (is_path_ours())
        unlink(address.sun_path);
}

/* ---- clients ----------------------------------------------------------------------------- */

static void drop_client(struct client *client)
{
    close(client->fd);
    free(client->answer);
    client->answer = NULL;
    client->filled = 0;
    client->is_too_long = false;
    client->fd = -1;
}

static void accept_client(void)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    for (int i = 0; i < MOST_CLIENTS; i++) {
        if (clients[i].fd < 0) {
            clients[i].fd = fd;
            return;
        }
    }
    static const char full[] = "error too many clients; close one of them\n";
    (void)!send(fd, full, sizeof full - 1, MSG_NOSIGNAL);
    close(fd);
}

/* Send what the client takes; what is left waits until it takes more. */
static void send_answer(struct client *client)
{
    ssize_t sent = send(client->fd, client->answer + client->sent, client->size - client->sent,
                        MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        drop_client(client);
        return;
    }
    client->sent += sent > 0 ? (size_t)sent : 0;
    if (client->sent == client->size) {
        free(client->answer);
        client->answer = NULL;
    }
}

static void begin_answer(struct client *client, char *answer, size_t size)
{
    if (!answer) {
        drop_client(client);
        return;
    }
    client->answer = answer;
    client->size = size;
    client->sent = 0;
    send_answer(client);
}

static void take_line(struct client *client, size_t length)
{
    char line[LONGEST_LINE + 1];
    memcpy(line, client->line, length);
    line[length] = '\0';
    client->filled -= length + 1;
    memmove(client->line, client->line + length + 1, client->filled);
    if (client->is_too_long) {
        client->is_too_long = false;
        return;
    }
    size_t size = 0;
    char *answer = answer_line(line, &size);
    begin_answer(client, answer, size);
}

/* The end of the first line that came whole, or NULL. */
static char *find_end(struct client *client)
{
    return memchr(client->line, '\n', client->filled);
}

static void refuse_long_line(struct client *client)
{
    client->filled = 0;
    if (client->is_too_long)
        return;
    client->is_too_long = true;
    char *answer = strdup("error a line has up to 4095 bytes\n");
    begin_answer(client, answer, answer ? strlen(answer) : 0);
}

/* One line at a time, so that a client with a thousand of them shares with the others. */
static void take_first_line(struct client *client)
{
    const char *end = find_end(client);
    if (end)
        take_line(client, (size_t)(end - client->line));
    else if (client->filled > LONGEST_LINE)
        refuse_long_line(client);
}

static void read_client(struct client *client)
{
    ssize_t got = recv(client->fd, client->line + client->filled,
                       sizeof client->line - client->filled, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        drop_client(client);
        return;
    }
    client->filled += got > 0 ? (size_t)got : 0;
    take_first_line(client);
}

/* ---- serving ----------------------------------------------------------------------------- */

enum { LISTENER = MOST_CLIENTS, SIGNALS, LIFELINE, WATCHED };

/* Fill in what to wait for. True if a line that came is waiting for its turn. */
static bool choose_events(struct pollfd watched[WATCHED])
{
    bool is_waiting = false;
    for (int i = 0; i < MOST_CLIENTS; i++) {
        struct client *client = &clients[i];
        watched[i] = (struct pollfd){.fd = client->fd, .events = client->answer ? POLLOUT : POLLIN};
        is_waiting |= client->fd >= 0 && !client->answer && find_end(client);
    }
    return is_waiting;
}

static void serve_client(struct client *client, short events)
{
    if (client->fd < 0)
        return;
    if (client->answer) {
        if (events)
            send_answer(client);
    } else if (find_end(client)) {
        take_first_line(client);
    } else if (events) {
        read_client(client);
    }
}

static bool is_lifeline_cut(const struct pollfd *lifeline)
{
    char ignored[256];
    return lifeline->revents && read(lifeline->fd, ignored, sizeof ignored) <= 0;
}

/* Every second, however busy the clients are. */
static bool is_path_lost(void)
{
    static time_t looked_s;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    if (time.tv_sec == looked_s)
        return false;
    looked_s = time.tv_sec;
    return !is_path_ours();
}

const char *serve_control(int signals, int has_lifeline)
{
    struct pollfd watched[WATCHED] = {
        [LISTENER] = {.fd = listener, .events = POLLIN},
        [SIGNALS] = {.fd = signals, .events = POLLIN},
        [LIFELINE] = {.fd = has_lifeline ? STDIN_FILENO : -1, .events = POLLIN},
    };
    for (;;) {
        bool is_waiting = choose_events(watched);
        if (poll(watched, WATCHED, is_waiting ? 0 : LOOK_EVERY_MS) < 0 && errno != EINTR)
            stop("cannot wait for control messages: %m");
        for (int i = 0; i < MOST_CLIENTS; i++)
            serve_client(&clients[i], watched[i].revents);
        if (watched[LISTENER].revents)
            accept_client();
        if (is_quitting)
            return "told to quit";
        if (watched[SIGNALS].revents)
            return "ended by a signal";
        if (is_lifeline_cut(&watched[LIFELINE]))
            return "standard input was closed";
        if (is_path_lost())
            return "the control socket was removed or replaced";
    }
}
