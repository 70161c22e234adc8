/* A client of `drumscribe serve` in one header: version 2 of the protocol, over pipes or a socket.
 *
 *     drumscribe_client client;
 *     const char *const command[] = {"drumscribe", NULL};
 *     if (drumscribe_start(&client, command, 48000, 2, NULL)) ...      or drumscribe_connect_tcp, _unix
 *     drumscribe_send_sound(&client, frames, count);                   interleaved floats
 *     drumscribe_send_command(&client, "{\"command\": \"latency\", \"milliseconds\": 60}");
 *     drumscribe_event event;
 *     while (drumscribe_read(&client, &event, 10) > 0) ...             waits up to 10 ms
 *     drumscribe_end(&client); ...read on until DRUMSCRIBE_END...; drumscribe_close(&client);
 *
 * Nothing here allocates memory, but sending and reading wait: call them from a thread that may, never from an audio
 * callback. POSIX. Machines that are not little-endian must swap the samples.
 */
#ifndef DRUMSCRIBE_CLIENT_H
#define DRUMSCRIBE_CLIENT_H

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DRUMSCRIBE_LINE = 16384, DRUMSCRIBE_SMALL = 4096, DRUMSCRIBE_MOST_ARGUMENTS = 32 };

typedef enum {
    DRUMSCRIBE_OTHER, /* of a kind that this header does not know */
    DRUMSCRIBE_READY,
    DRUMSCRIBE_HIT,
    DRUMSCRIBE_NOTE_OFF,
    DRUMSCRIBE_PARAMETERS,
    DRUMSCRIBE_SYNC,
    DRUMSCRIBE_RESET,
    DRUMSCRIBE_FLUSH,
    DRUMSCRIBE_WARNING,
    DRUMSCRIBE_ERROR,
    DRUMSCRIBE_END
} drumscribe_kind;

typedef struct {
    drumscribe_kind kind;
    int64_t sample; /* of a hit, a note's end, a sync */
    long latency;   /* frames: of ready and parameters */
    int note, velocity;
    double confidence;
    char instrument[64];
    char message[256];
    const char *line; /* all of it, until the next one is read */
} drumscribe_event;

typedef struct {
    int in, out; /* events come from `in`, sound goes to `out` */
    pid_t server; /* 0 for a socket */
    int channels;
    size_t filled, taken;
    char line[DRUMSCRIBE_LINE];
} drumscribe_client;

static inline void drumscribe_begin(drumscribe_client *client, int in, int out, pid_t server, int channels)
{
    client->in = in, client->out = out, client->server = server, client->channels = channels;
    client->filled = client->taken = 0;
}

/* Write all, without a signal where nobody reads: 0, or -1. */
static inline int drumscribe_write(drumscribe_client *client, const void *data, size_t size)
{
    const char *rest = data;
    while (size) {
        ssize_t done = client->server ? write(client->out, rest, size) : send(client->out, rest, size, MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return -1;
        rest += done, size -= (size_t)done;
    }
    return 0;
}

/* A message; a small one in one piece, which a pipe that is ready for writing takes without waiting. */
static inline int drumscribe_send(drumscribe_client *client, const char *kind, const void *data, uint32_t size)
{
    unsigned char message[DRUMSCRIBE_SMALL] = {0};
    uint32_t first = size < sizeof message - 8 ? size : (uint32_t)(sizeof message - 8);
    memcpy(message, kind, 4);
    for (int i = 0; i < 4; i++) message[4 + i] = (unsigned char)(size >> 8 * i);
    memcpy(message + 8, data, first);
    if (drumscribe_write(client, message, 8 + first)) return -1;
    return drumscribe_write(client, (const char *)data + first, size - first);
}

/* Frames of interleaved floats: 0, or -1 where the server is gone. */
static inline int drumscribe_send_sound(drumscribe_client *client, const float *frames, size_t count)
{
    size_t most = (1u << 20) / (sizeof *frames * (size_t)client->channels);
    while (count) {
        size_t now = count < most ? count : most;
        if (drumscribe_send(client, "snd ", frames, (uint32_t)(now * (size_t)client->channels * sizeof *frames))) return -1;
        frames += now * (size_t)client->channels, count -= now;
    }
    return 0;
}

/* A command as JSON: 0, or -1 where the server is gone. */
static inline int drumscribe_send_command(drumscribe_client *client, const char *json)
{
    return drumscribe_send(client, "cmd ", json, (uint32_t)strlen(json));
}

/* Say that no more sound comes; the rest of the events follow. */
static inline int drumscribe_end(drumscribe_client *client)
{
    return drumscribe_send_command(client, "{\"command\": \"end\"}");
}

/* Start a server of one's own: `command` and, after it, the arguments "serve --stdio ..." and `more`, both ended by
 * NULL; `more` may be NULL. 0, or -1. If the command cannot be run, the server's exit code is 127. Broken pipes are
 * errors and no signal only if the program ignores SIGPIPE. */
static inline int drumscribe_start(
    drumscribe_client *client, const char *const *command, int rate, int channels, const char *const *more)
{
    int sound[2], events[2];
    char rates[16], channel_count[16];
    const char *arguments[DRUMSCRIBE_MOST_ARGUMENTS];
    size_t count = 0;
    snprintf(rates, sizeof rates, "%d", rate);
    snprintf(channel_count, sizeof channel_count, "%d", channels);
    const char *const own[] = {"serve", "--stdio", "--protocol", "2", "--rate", rates, "--channels", channel_count, NULL};
    const char *const *const parts[] = {command, own, more};
    for (size_t part = 0; part < 3; part++)
        for (const char *const *word = parts[part]; word && *word; word++) {
            if (count + 1 >= DRUMSCRIBE_MOST_ARGUMENTS) return -1;
            arguments[count++] = *word;
        }
    arguments[count] = NULL;
    if (pipe(sound)) return -1;
    if (pipe(events)) return close(sound[0]), close(sound[1]), -1;
    pid_t server = fork();
    if (server == 0) {
        setpgid(0, 0); /* a Ctrl-C in the terminal is for the host */
        sigset_t none;
        sigemptyset(&none), sigprocmask(SIG_SETMASK, &none, NULL), signal(SIGPIPE, SIG_DFL);
        dup2(sound[0], STDIN_FILENO), dup2(events[1], STDOUT_FILENO);
        for (int other = 3; other < 1024; other++) close(other); /* of the host, and of other servers */
        execvp(arguments[0], (char *const *)arguments);
        _exit(127);
    }
    close(sound[0]), close(events[1]);
    if (server < 0) return close(sound[1]), close(events[0]), -1;
    drumscribe_begin(client, events[0], sound[1], server, channels);
    return 0;
}

static inline int drumscribe_greet(drumscribe_client *client, int socket, int rate, int channels, const char *token)
{
    char greeting[256];
    drumscribe_begin(client, socket, socket, 0, channels);
    int size = snprintf(greeting, sizeof greeting,
        "{\"protocol\": 2, \"rate\": %d, \"channels\": %d, \"token\": \"%s\"}\n", rate, channels, token ? token : "");
    return size < (int)sizeof greeting && !drumscribe_write(client, greeting, (size_t)size) ? 0 : (close(socket), -1);
}

/* Connect to a server at a socket of the file system: 0, or -1. */
static inline int drumscribe_connect_unix(drumscribe_client *client, const char *path, int rate, int channels)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) return -1;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0) return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) return close(fd), -1;
    return drumscribe_greet(client, fd, rate, channels, NULL);
}

/* Connect to a server by TCP; `token` may be NULL: 0, or -1. */
static inline int drumscribe_connect_tcp(
    drumscribe_client *client, const char *host, const char *port, int rate, int channels, const char *token)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(host, port, &hints, &found)) return -1;
    int fd = -1;
    for (struct addrinfo *at = found; at && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen)) close(fd), fd = -1;
    }
    freeaddrinfo(found);
    return fd < 0 ? -1 : drumscribe_greet(client, fd, rate, channels, token);
}

/* Where the value of a key begins; in strings, quotes are escaped, so that no value looks like a key. */
static inline const char *drumscribe_value(const char *line, const char *key)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\"%s\": ", key);
    const char *at = strstr(line, wanted);
    return at ? at + strlen(wanted) : NULL;
}

static inline double drumscribe_number(const char *line, const char *key)
{
    const char *at = drumscribe_value(line, key);
    return at ? strtod(at, NULL) : 0.0;
}

static inline void drumscribe_text(const char *line, const char *key, char *text, size_t size)
{
    const char *at = drumscribe_value(line, key);
    size_t count = 0;
    if (at && *at == '"')
        for (at++; *at && *at != '"' && count + 1 < size; at++) {
            if (*at == '\\' && at[1]) at++;
            text[count++] = *at;
        }
    text[count] = '\0';
}

/* What a line says. */
static inline void drumscribe_parse(const char *line, drumscribe_event *event)
{
    static const char *const kinds[] = {
        "", "ready", "hit", "note_off", "parameters", "sync", "reset", "flush", "warning", "error", "end"};
    char kind[32];
    drumscribe_text(line, "event", kind, sizeof kind);
    memset(event, 0, sizeof *event);
    for (int i = DRUMSCRIBE_READY; i <= DRUMSCRIBE_END; i++)
        if (!strcmp(kind, kinds[i])) event->kind = (drumscribe_kind)i;
    event->line = line;
    event->sample = (int64_t)drumscribe_number(line, "sample");
    event->latency = (long)drumscribe_number(line, "latency");
    if (event->kind == DRUMSCRIBE_HIT || event->kind == DRUMSCRIBE_NOTE_OFF) {
        event->note = (int)drumscribe_number(line, "note");
        event->velocity = (int)drumscribe_number(line, "velocity");
        event->confidence = drumscribe_number(line, "confidence");
        drumscribe_text(line, "instrument", event->instrument, sizeof event->instrument);
    }
    drumscribe_text(line, "message", event->message, sizeof event->message);
}

/* The next event: 1, or 0 where none comes within so many milliseconds (-1: wait as long as it takes), or -1 where the
 * server is gone. */
static inline int drumscribe_read(drumscribe_client *client, drumscribe_event *event, int milliseconds)
{
    for (;;) {
        char *start = client->line + client->taken, *end = memchr(start, '\n', client->filled - client->taken);
        if (end) {
            *end = '\0';
            client->taken = (size_t)(end + 1 - client->line);
            drumscribe_parse(start, event);
            return 1;
        }
        memmove(client->line, start, client->filled - client->taken);
        client->filled -= client->taken, client->taken = 0;
        if (client->filled == sizeof client->line) return -1; /* no line is so long */
        struct pollfd waiting = {.fd = client->in, .events = POLLIN};
        int ready = poll(&waiting, 1, milliseconds);
        if (ready == 0) return 0;
        if (ready < 0 && errno == EINTR) continue;
        ssize_t count = ready < 0 ? -1 : read(client->in, client->line + client->filled, sizeof client->line - client->filled);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return -1;
        client->filled += (size_t)count;
    }
}

/* Close, and wait for a server of one's own to end: its exit code, or -1. */
static inline int drumscribe_close(drumscribe_client *client)
{
    int status = 0;
    close(client->out);
    if (client->in != client->out) close(client->in);
    if (!client->server) return 0;
    for (int tries = 0; tries < 200; tries++) { /* 2 s, then it is stopped */
        pid_t ended = waitpid(client->server, &status, WNOHANG);
        if (ended == client->server) return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        if (ended < 0) return -1;
        usleep(10000);
    }
    kill(client->server, SIGKILL);
    return waitpid(client->server, &status, 0) == client->server && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
