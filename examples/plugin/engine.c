/* See engine.h. */
#define _DEFAULT_SOURCE
#include "engine.h"

#include "drumscribe_client.h"
#include "ring.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum {
    SOUND_FRAMES = 1 << 19, /* of the ring: 10.9 s at 48 kHz */
    NOTES = 1 << 10,
    GAPS = 1 << 6,
    TRANSPORTS = 1 << 6,
    MESSAGE_FRAMES = 256, /* with its header less than PIPE_BUF: a pipe that is ready takes it whole, without waiting */
    COMMAND_BYTES = 8192
};
static const double FIRST_RETRY_S = 0.5, LONGEST_RETRY_S = 10.0, OFFLINE_PATIENCE_S = 60.0;
static const double STALLED_S = 8.0; /* of sound that waits: then the engine is started again */

static const char *const PARAMETERS[ENGINE_PARAMETERS] = {
    "sensitivity_kick", "sensitivity_snare", "sensitivity_side_stick", "sensitivity_hihat", "sensitivity_tom",
    "sensitivity_cymbal", "retrigger", "look_ahead", "bypass", NULL};

typedef struct {
    float left, right;
} frame;
typedef struct {
    uint64_t at, frames; /* before the frame that is number `at` of those written, so many were lost */
} gap;
typedef struct {
    engine_setting setting;
    char text[ENGINE_TEXT];
} choice;

struct engine {
    double rate;
    char command_text[COMMAND_BYTES];
    const char *command[DRUMSCRIBE_MOST_ARGUMENTS / 2];
    engine_log log;
    void *log_to;
    pthread_t thread;
    bool started;
    /* Between run() and the thread */
    ring sound, notes, gaps, choices, transports;
    _Atomic float wanted[ENGINE_PARAMETERS];
    atomic_bool offline, quit;
    atomic_int status;
    _Atomic uint32_t latency;
    _Atomic uint64_t lost, heard, position; /* frames; `position`: of the next that is written */
    uint64_t gap_frames;                    /* of run() alone: lost since the last that was written */
    /* Of the thread alone, but for `settings`, which the lock guards */
    pthread_mutex_t lock;
    char settings[ENGINE_SETTINGS][ENGINE_TEXT];
    atomic_bool settings_changed;
    drumscribe_client client;
    bool open, ready;
    engine_transport transport; /* the last that came, and whether the engine knows it */
    bool follows;
    float sent[ENGINE_PARAMETERS];
    bool known[ENGINE_PARAMETERS]; /* a kit may have sounds of its own only */
    int64_t origin;     /* the frame that is number 0 for the engine */
    uint64_t next;      /* the frame that it is sent next */
    uint64_t synced;    /* up to here it was asked */
    double retry, wait;
};

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

static void say(engine *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    self->log(self->log_to, format, arguments);
    va_end(arguments);
}

/* The command: the lines of the bundle's file, or `drumscribe`; DRUMSCRIBE_ENGINE, a program, goes before both. */
static void read_command(engine *self, const char *bundle)
{
    char path[4096];
    size_t count = 0, size = 0;
    const char *own = getenv("DRUMSCRIBE_ENGINE");
    snprintf(path, sizeof path, "%s/engine", bundle);
    FILE *file = own ? NULL : fopen(path, "r");
    if (file) size = fread(self->command_text, 1, sizeof self->command_text - 1, file), fclose(file);
    else snprintf(self->command_text, sizeof self->command_text, "%s", own ? own : ""), size = strlen(self->command_text);
    self->command_text[size] = '\0';
    for (char *word = strtok(self->command_text, "\n"); word && count + 1 < DRUMSCRIBE_MOST_ARGUMENTS / 2;
         word = strtok(NULL, "\n"))
        self->command[count++] = word;
    if (!count) self->command[count++] = "drumscribe";
    self->command[count] = NULL;
}

engine *engine_new(double rate, const char *bundle, engine_log log, void *to)
{
    engine *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->rate = rate, self->log = log, self->log_to = to;
    for (int i = 0; i < ENGINE_PARAMETERS; i++) atomic_init(&self->wanted[i], NAN);
    atomic_init(&self->status, ENGINE_STARTING);
    pthread_mutex_init(&self->lock, NULL);
    read_command(self, bundle);
    if (ring_make(&self->sound, sizeof(frame), SOUND_FRAMES) && ring_make(&self->notes, sizeof(engine_note), NOTES) &&
        ring_make(&self->gaps, sizeof(gap), GAPS) && ring_make(&self->choices, sizeof(choice), 8) &&
        ring_make(&self->transports, sizeof(engine_transport), TRANSPORTS))
        return self;
    engine_free(self);
    return NULL;
}

/* From run() */

void engine_write(engine *self, const float *left, const float *right, uint32_t frames)
{
    uint64_t at = atomic_load_explicit(&self->sound.written, memory_order_relaxed);
    gap before = {at, self->gap_frames};
    bool full = ring_room(&self->sound) < frames || (self->gap_frames && !ring_put(&self->gaps, &before));
    if (full) {
        self->gap_frames += frames;
        atomic_fetch_add(&self->lost, frames);
    } else {
        self->gap_frames = 0;
        for (uint32_t i = 0; i < frames; i++) *(frame *)ring_item(&self->sound, at + i) = (frame){left[i], right[i]};
        atomic_store_explicit(&self->sound.written, at + frames, memory_order_release);
    }
    atomic_fetch_add(&self->position, frames);
}

bool engine_read(engine *self, engine_note *note) { return ring_take(&self->notes, note); }

void engine_set(engine *self, engine_parameter parameter, float value)
{
    atomic_store_explicit(&self->wanted[parameter], value, memory_order_relaxed);
}

void engine_set_offline(engine *self, bool offline) { atomic_store(&self->offline, offline); }

void engine_wait(engine *self)
{
    double until = now() + OFFLINE_PATIENCE_S;
    while (atomic_load(&self->heard) < atomic_load(&self->position) && now() < until) {
        int status = atomic_load(&self->status);
        if (status == ENGINE_MISSING || status == ENGINE_REFUSED) return;
        usleep(200);
    }
}

void engine_follow(engine *self, const engine_transport *transport) { ring_put(&self->transports, transport); }

bool engine_choose(engine *self, engine_setting setting, const char *text)
{
    choice wish = {.setting = setting};
    size_t length = strlen(text);
    if (length >= ENGINE_TEXT) return false;
    memcpy(wish.text, text, length);
    return ring_put(&self->choices, &wish);
}

engine_status engine_state(const engine *self) { return (engine_status)atomic_load(&self->status); }
uint32_t engine_latency(const engine *self) { return atomic_load(&self->latency); }
uint64_t engine_lost(const engine *self) { return atomic_load(&self->lost); }

/* Settings */

void engine_setting_text(engine *self, engine_setting setting, char text[ENGINE_TEXT])
{
    pthread_mutex_lock(&self->lock);
    memcpy(text, self->settings[setting], ENGINE_TEXT);
    pthread_mutex_unlock(&self->lock);
}

void engine_restore(engine *self, engine_setting setting, const char *text)
{
    pthread_mutex_lock(&self->lock);
    if (strcmp(self->settings[setting], text)) {
        snprintf(self->settings[setting], ENGINE_TEXT, "%s", text);
        atomic_store(&self->settings_changed, true);
    }
    pthread_mutex_unlock(&self->lock);
}

/* The thread */

static uint64_t waiting(const engine *self) { return atomic_load(&self->position) - self->next; }

/* Forget sound that waits; it counts as lost. */
static void discard(engine *self)
{
    gap skipped;
    uint64_t written = atomic_load_explicit(&self->sound.written, memory_order_acquire);
    while (ring_take(&self->gaps, &skipped)) self->next += skipped.frames;
    uint64_t count = written - atomic_load(&self->sound.read);
    atomic_store_explicit(&self->sound.read, written, memory_order_release);
    atomic_fetch_add(&self->lost, count);
    self->next += count;
}

static void stop(engine *self)
{
    if (!self->open) return;
    drumscribe_close(&self->client);
    self->open = self->ready = false;
}

static void open_engine(engine *self)
{
    const char *more[5] = {NULL};
    char kit[ENGINE_TEXT], model[ENGINE_TEXT];
    size_t count = 0;
    atomic_store(&self->settings_changed, false);
    engine_setting_text(self, ENGINE_KIT, kit);
    engine_setting_text(self, ENGINE_MODEL, model);
    if (*kit) more[count++] = "--kit", more[count++] = kit;
    if (*model) more[count++] = "--model", more[count++] = model;
    for (int i = 0; i < ENGINE_PARAMETERS; i++) self->sent[i] = NAN;
    self->open = !drumscribe_start(&self->client, self->command, (int)lround(self->rate), 2, more);
    if (self->open) return;
    say(self, "the engine cannot be started: %s\n", strerror(errno));
    self->retry = now() + LONGEST_RETRY_S;
}

/* The engine is gone: say so, once for each reason, and try again later. */
static void lose(engine *self)
{
    bool was_ready = self->ready;
    self->open = self->ready = false;
    int code = drumscribe_close(&self->client);
    engine_status status = was_ready ? ENGINE_LOST : code == 127 ? ENGINE_MISSING : ENGINE_REFUSED;
    self->wait = was_ready ? FIRST_RETRY_S : fmin(fmax(2.0 * self->wait, FIRST_RETRY_S), LONGEST_RETRY_S);
    self->retry = now() + self->wait;
    if (atomic_exchange(&self->status, (int)status) == (int)status) return;
    if (status == ENGINE_MISSING)
        say(self, "no engine: %s cannot be run; install it with: pip install drumscribe\n", self->command[0]);
    else if (status == ENGINE_REFUSED)
        say(self, "the engine ends at once (code %d): see drumscribe info, and whether kit and model are there\n", code);
    else
        say(self, "the engine has ended, and is started again\n");
}

static uint8_t instrument_of(const char *name)
{
    for (uint8_t i = 0; i < ENGINE_INSTRUMENTS - 1; i++)
        if (!strcmp(PARAMETERS[i] + strlen("sensitivity_"), name)) return i;
    return ENGINE_INSTRUMENTS - 1;
}

static void take_event(engine *self, const drumscribe_event *event)
{
    char model[128];
    const char *beat = drumscribe_value(event->line, "beat");
    engine_note note = {self->origin + event->sample, (uint8_t)event->note, (uint8_t)event->velocity,
        instrument_of(event->instrument), event->kind == DRUMSCRIBE_HIT, beat ? strtod(beat, NULL) : NAN};
    switch (event->kind) {
    case DRUMSCRIBE_READY:
        if (!atomic_load(&self->offline)) discard(self);
        self->origin = (int64_t)self->next, self->synced = self->next, self->follows = false;
        for (int i = 0; i < ENGINE_PARAMETERS; i++)
            self->known[i] = !PARAMETERS[i] || strstr(event->line, PARAMETERS[i]);
        self->ready = true, self->wait = 0.0;
        atomic_store(&self->latency, (uint32_t)event->latency);
        atomic_store(&self->status, ENGINE_READY);
        drumscribe_text(event->line, "model", model, sizeof model);
        say(self, "listening, with the model %s\n", model);
        break;
    case DRUMSCRIBE_PARAMETERS: atomic_store(&self->latency, (uint32_t)event->latency); break;
    case DRUMSCRIBE_HIT:
    case DRUMSCRIBE_NOTE_OFF: ring_put(&self->notes, &note); break;
    case DRUMSCRIBE_SYNC: atomic_store(&self->heard, (uint64_t)(self->origin + event->sample)); break;
    case DRUMSCRIBE_ERROR: say(self, "%s\n", event->message); break;
    default: break;
    }
}

/* Whether a small message would be taken without waiting. */
static bool writable(engine *self)
{
    struct pollfd out = {.fd = self->client.out, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && out.revents & POLLOUT;
}

/* Tell what has changed; false where the engine is gone. */
static bool send_parameters(engine *self)
{
    char json[160];
    for (int i = 0; i < ENGINE_PARAMETERS; i++) {
        float value = atomic_load_explicit(&self->wanted[i], memory_order_relaxed);
        if (!isfinite(value) || value == self->sent[i] || !self->known[i]) continue;
        if (!writable(self)) return true;
        /* Thousandths, without what a locale makes of the point */
        long parts = lroundf(fmaxf(value, 0.0f) * 1000.0f);
        if (PARAMETERS[i])
            snprintf(json, sizeof json, "{\"command\": \"set\", \"parameters\": {\"%s\": %lde-3}}", PARAMETERS[i], parts);
        else
            snprintf(json, sizeof json, "{\"command\": \"notes\", \"seconds\": %lde-6}", parts);
        if (drumscribe_send_command(&self->client, json)) return false;
        self->sent[i] = value;
    }
    return true;
}

/* Tell where the host's song is, before the frame from which on it is there; false where the engine is gone. */
static bool send_transport(engine *self)
{
    char json[160];
    while (ring_count(&self->transports)) {
        engine_transport *first = ring_item(&self->transports, atomic_load(&self->transports.read));
        if (first->at > self->next) break;
        ring_take(&self->transports, &self->transport);
        self->follows = false;
    }
    const engine_transport *now = &self->transport;
    if (self->follows || now->tempo <= 0.0 || !writable(self)) return true;
    double since = now->playing ? (double)(self->next - now->at) / self->rate * now->tempo / 60.0 : 0.0;
    snprintf(json, sizeof json,
        "{\"command\": \"transport\", \"tempo\": %lldE-6, \"beat\": %lldE-6, \"playing\": %s}",
        llround(now->tempo * 1e6), llround((now->beat + since) * 1e6), now->playing ? "true" : "false");
    self->follows = true;
    return !drumscribe_send_command(&self->client, json);
}

/* So many frames may be sent until the host's song is elsewhere. */
static uint64_t until_transport(const engine *self, uint64_t count)
{
    if (!ring_count(&self->transports)) return count;
    const engine_transport *first = ring_item(&self->transports, atomic_load(&self->transports.read));
    return first->at > self->next && first->at - self->next < count ? first->at - self->next : count;
}

/* Send some of the sound that waits, a gap as silence; false where the engine is gone. */
static bool send_sound(engine *self)
{
    static const frame silence[MESSAGE_FRAMES];
    frame block[MESSAGE_FRAMES];
    while (writable(self)) {
        if (!send_transport(self)) return false;
        if (!writable(self)) break;
        uint64_t at = atomic_load(&self->sound.read), count = ring_count(&self->sound);
        gap *first = ring_count(&self->gaps) ? ring_item(&self->gaps, atomic_load(&self->gaps.read)) : NULL;
        bool missing = first && first->at == at;
        if (first && !missing && first->at - at < count) count = first->at - at;
        if (missing) count = first->frames;
        if (count > MESSAGE_FRAMES) count = MESSAGE_FRAMES;
        if (!count) break;
        count = until_transport(self, count);
        for (uint64_t i = 0; i < count && !missing; i++) block[i] = *(frame *)ring_item(&self->sound, at + i);
        if (drumscribe_send_sound(&self->client, (const float *)(missing ? silence : block), count)) return false;
        self->next += count;
        if (!missing) atomic_store_explicit(&self->sound.read, at + count, memory_order_release);
        else if (!(first->frames -= count)) atomic_fetch_add(&self->gaps.read, 1);
    }
    if (atomic_load(&self->offline) && self->synced < self->next && writable(self)) {
        self->synced = self->next;
        return !drumscribe_send_command(&self->client, "{\"command\": \"sync\", \"id\": 0}");
    }
    return true;
}

/* One round of talk; false where the engine is gone. */
static bool talk(engine *self)
{
    drumscribe_event event;
    int found = drumscribe_read(&self->client, &event, 1);
    for (; found > 0; found = drumscribe_read(&self->client, &event, 0)) take_event(self, &event);
    if (found < 0) return false;
    if (!self->ready) return true;
    if (!atomic_load(&self->offline) && (double)waiting(self) > STALLED_S * self->rate) {
        kill(self->client.server, SIGKILL);
        return false;
    }
    return send_parameters(self) && send_sound(self);
}

static void *live(void *of)
{
    engine *self = of;
    choice wish;
    sigset_t pipes; /* an engine that dies must not end the host */
    sigemptyset(&pipes), sigaddset(&pipes, SIGPIPE), pthread_sigmask(SIG_BLOCK, &pipes, NULL);
    while (!atomic_load(&self->quit)) {
        while (ring_take(&self->choices, &wish)) engine_restore(self, wish.setting, wish.text);
        if (atomic_load(&self->settings_changed)) {
            stop(self);
            self->retry = 0.0;
            atomic_store(&self->status, ENGINE_STARTING);
        }
        if (!self->open && now() >= self->retry) open_engine(self);
        if (!self->open) usleep(5000);
        else if (!talk(self)) lose(self);
    }
    stop(self);
    return NULL;
}

bool engine_start(engine *self)
{
    self->started = !pthread_create(&self->thread, NULL, live, self);
    return self->started;
}

void engine_free(engine *self)
{
    if (!self) return;
    atomic_store(&self->quit, true);
    if (self->started) pthread_join(self->thread, NULL);
    pthread_mutex_destroy(&self->lock);
    free(self->sound.items), free(self->notes.items), free(self->gaps.items), free(self->choices.items), free(self->transports.items);
    free(self);
}
