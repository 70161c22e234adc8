/* Plays raw mono floats to a JACK client, and prints the notes that come from it: frame from the start, status, note,
 * velocity. Two clients of its own, so that no loop puts a block in between.
 *
 *     cc -o jack_player jack_player.c -ljack && ./jack_player SOUND CLIENT FRAMES_AFTERWARDS
 */
#include <jack/jack.h>
#include <jack/midiport.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST = 1 << 16 };
static jack_port_t *out, *in;
static float *sound;
static long length, after;
static _Atomic long played = -1;
static _Atomic jack_nframes_t start;
static jack_client_t *player, *recorder;
static struct { jack_nframes_t at; unsigned char bytes[3]; } notes[MOST];
static atomic_int count, xruns;

static int play(jack_nframes_t frames, void *unused)
{
    float *to = jack_port_get_buffer(out, frames);
    long at = played;
    (void)unused;
    if (at == 0) start = jack_last_frame_time(player);
    for (jack_nframes_t i = 0; i < frames; i++) to[i] = at >= 0 && at + (long)i < length ? sound[at + i] : 0.0f;
    if (at >= 0) played = at + (long)frames;
    return 0;
}

static int record(jack_nframes_t frames, void *unused)
{
    void *from = jack_port_get_buffer(in, frames);
    jack_midi_event_t event;
    (void)unused;
    for (uint32_t i = 0; i < jack_midi_get_event_count(from) && count < MOST; i++) {
        if (jack_midi_event_get(&event, from, i) || event.size != 3) continue;
        notes[count].at = jack_last_frame_time(recorder) + event.time;
        for (int k = 0; k < 3; k++) notes[count].bytes[k] = event.buffer[k];
        count++;
    }
    return 0;
}

static int count_xrun(void *unused)
{
    (void)unused;
    xruns++;
    return 0;
}

int main(int argc, char **argv)
{
    char name[256];
    FILE *file = argc == 4 ? fopen(argv[1], "rb") : NULL;
    if (!file || !(sound = malloc(sizeof *sound * (1 << 24)))) return 2;
    length = (long)fread(sound, sizeof *sound, 1 << 24, file);
    after = atol(argv[3]);
    player = jack_client_open("test-player", JackNoStartServer, NULL);
    recorder = jack_client_open("test-recorder", JackNoStartServer, NULL);
    if (!player || !recorder) return 3;
    out = jack_port_register(player, "out", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
    in = jack_port_register(recorder, "in", JACK_DEFAULT_MIDI_TYPE, JackPortIsInput, 0);
    jack_set_process_callback(player, play, NULL);
    jack_set_process_callback(recorder, record, NULL);
    jack_set_xrun_callback(player, count_xrun, NULL);
    if (jack_activate(player) || jack_activate(recorder)) return 3;
    snprintf(name, sizeof name, "%s:in_left", argv[2]);
    if (jack_connect(player, "test-player:out", name)) return 4;
    snprintf(name, sizeof name, "%s:in_right", argv[2]);
    if (jack_connect(player, "test-player:out", name)) return 4;
    snprintf(name, sizeof name, "%s:notes", argv[2]);
    if (jack_connect(recorder, name, "test-recorder:in")) return 4;
    played = 0;
    while (played < length + after) usleep(10000);
    jack_deactivate(recorder), jack_deactivate(player);
    for (int i = 0; i < count; i++)
        printf("%ld %d %d %d\n", (long)(notes[i].at - start), notes[i].bytes[0], notes[i].bytes[1], notes[i].bytes[2]);
    fprintf(stderr, "%d xruns\n", (int)xruns);
    return 0;
}
