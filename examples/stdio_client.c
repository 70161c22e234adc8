/* Sends a test tone burst to `drumscribe serve --stdio`, and prints what it answers: the least that a host needs.
 *
 *     cc -o stdio_client stdio_client.c -lm && ./stdio_client
 *
 * POSIX. A real host writes from a thread of its own, not from the audio callback: a pipe can be full.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RATE = 48000, SECONDS = 2 };

int main(void)
{
    int sound[2], hits[2];
    if (pipe(sound) || pipe(hits)) return 1;
    pid_t server = fork();
    if (server < 0) return 1;
    if (server == 0) {
        dup2(sound[0], STDIN_FILENO);
        dup2(hits[1], STDOUT_FILENO);
        close(sound[0]), close(sound[1]), close(hits[0]), close(hits[1]);
        execlp("drumscribe", "drumscribe", "serve", "--stdio", "--rate", "48000", "--channels", "1", (char *)NULL);
        perror("drumscribe");
        _exit(127);
    }
    close(sound[0]), close(hits[1]);
    FILE *out = fdopen(sound[1], "wb"), *in = fdopen(hits[0], "r");
    char line[1024];
    if (!fgets(line, sizeof line, in)) return 1; /* {"event": "ready", ...} */
    fputs(line, stdout);
    for (int i = 0; i < RATE * SECONDS; i++) { /* a falling sine every half second: something of a kick */
        double t = (double)(i % (RATE / 2)) / RATE;
        float sample = (float)(0.8 * sin(6.283185307 * (50 * t + 6 * (1 - exp(-30 * t)))) * exp(-12 * t));
        fwrite(&sample, sizeof sample, 1, out); /* little-endian, as all that plug-ins run on today */
    }
    fclose(out);                                  /* the end of the stream */
    while (fgets(line, sizeof line, in)) fputs(line, stdout);
    int status;
    waitpid(server, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
