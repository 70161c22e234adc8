/* Sends a test tone to drumscribe, and prints what it answers: the least that a host needs.
 *
 *     cc -o stdio_client -Iplugin stdio_client.c -lm
 *     ./stdio_client                          by a server of its own, over pipes
 *     ./stdio_client HOST PORT [TOKEN]        by one that was started with --tcp
 *     ./stdio_client PATH                     by one that was started with --unix
 *
 * POSIX. A real host writes from a thread of its own, not from the audio callback: a pipe can be full.
 */
#define _DEFAULT_SOURCE
#include "drumscribe_client.h"

#include <math.h>

enum { RATE = 48000, SECONDS = 2, BLOCK = 480 };

static int connect_as_told(drumscribe_client *client, int count, char **words)
{
    const char *const command[] = {"drumscribe", NULL};
    if (count >= 3) return drumscribe_connect_tcp(client, words[1], words[2], RATE, 1, count > 3 ? words[3] : NULL);
    if (count == 2) return drumscribe_connect_unix(client, words[1], RATE, 1);
    return drumscribe_start(client, command, RATE, 1, NULL);
}

int main(int count, char **words)
{
    static drumscribe_client client;
    drumscribe_event event;
    signal(SIGPIPE, SIG_IGN);
    if (connect_as_told(&client, count, words) || drumscribe_read(&client, &event, -1) <= 0) {
        fputs("drumscribe cannot be reached\n", stderr);
        return 1;
    }
    puts(event.line); /* {"event": "ready", ...} */
    drumscribe_send_command(&client, "{\"command\": \"notes\", \"seconds\": 0.05}");
    for (int i = 0; i < RATE * SECONDS; i += BLOCK) { /* a falling sine every half second: something of a kick */
        float block[BLOCK];
        for (int k = 0; k < BLOCK; k++) {
            double t = (double)((i + k) % (RATE / 2)) / RATE;
            block[k] = (float)(0.8 * sin(6.283185307 * (50 * t + 6 * (1 - exp(-30 * t)))) * exp(-12 * t));
        }
        if (drumscribe_send_sound(&client, block, BLOCK)) break;
        while (drumscribe_read(&client, &event, 0) > 0) puts(event.line);
    }
    drumscribe_end(&client);
    while (drumscribe_read(&client, &event, -1) > 0 && (puts(event.line), event.kind != DRUMSCRIBE_END)) continue;
    return drumscribe_close(&client);
}
