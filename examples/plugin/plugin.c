/* The LV2 side of the plug-in: sound in and through, notes out. The engine is in engine.c.
 *
 * The host is told a latency: that of the engine, a block, and a margin for the time that listening takes. The sound
 * that goes through is delayed by it, and every note sounds exactly so long after its attack, so that both stay
 * together, and the host can put them where they belong. A note that is known too late for that sounds at once, and is
 * counted.
 */
#include "engine.h"

#include <lv2/atom/forge.h>
#include <lv2/atom/util.h>
#include <lv2/buf-size/buf-size.h>
#include <lv2/core/lv2.h>
#include <lv2/core/lv2_util.h>
#include <lv2/log/logger.h>
#include <lv2/midi/midi.h>
#include <lv2/options/options.h>
#include <lv2/patch/patch.h>
#include <lv2/state/state.h>
#include <lv2/time/time.h>
#include <lv2/urid/urid.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URI "urn:drumscribe:lv2"

enum {
    PENDING = 1024,
    DRUM_CHANNEL = 9,
    FLOOR_DB = -90,
    HIT_DECAY_MS = 200 /* of the hit meters, to a third */
};
static const float MOST_LATENCY_S = 2.0f;

/* In the order of drumscribe.ttl */
typedef enum {
    IN_LEFT, IN_RIGHT, OUT_LEFT, OUT_RIGHT, CONTROL, NOTES, ENABLED, FREEWHEEL,
    SENSITIVITIES, RETRIGGER = SENSITIVITIES + 6, LOOK_AHEAD, NOTE_LENGTH, MARGIN,
    LATENCY, LEVEL, HITS, STATUS = HITS + ENGINE_INSTRUMENTS, LATE, LOST, BEAT, PORTS
} port;

typedef struct {
    LV2_URID path, string, urid, midi, get, set, property, value, properties[ENGINE_SETTINGS + 1], max_block, integer, real,
        number, whole, position, speed, tempo, unit, beat, bar, bar_beat, bar_beats;
} urids;
enum { STATUS_TEXT = ENGINE_SETTINGS };
static const char *const PROPERTIES[] = {URI "#kit", URI "#model", URI "#status"};
static const char *const STATUSES[] = {
    "starting", "listening", "the engine has ended, and is started again",
    "no engine: install drumscribe (pip install drumscribe)", "the engine ends at once: see the kit and the model"};

typedef struct {
    engine *engine;
    float *ports[PORTS];
    urids urids;
    LV2_URID_Map *map;
    LV2_Log_Logger logger;
    LV2_Atom_Forge forge;
    double rate;
    uint32_t block; /* the longest so far */
    int64_t position;
    float *delay; /* left and right in turn */
    uint32_t delay_frames;
    engine_note pending[PENDING]; /* by frame */
    uint32_t count;
    uint32_t sounding[128];
    float meters[ENGINE_INSTRUMENTS];
    uint64_t late;
    engine_transport transport;
    float beat; /* of the last note, in the host's song */
    int status;
    char settings[ENGINE_SETTINGS][ENGINE_TEXT];
} plugin;

static void log_to_host(void *to, const char *format, va_list arguments)
{
    plugin *self = to;
    char text[512];
    vsnprintf(text, sizeof text, format, arguments);
    lv2_log_note(&self->logger, "drumscribe: %s", text);
}

static void map_all(plugin *self)
{
    LV2_URID_Map *map = self->map;
    urids *u = &self->urids;
    struct { LV2_URID *urid; const char *uri; } const wanted[] = {
        {&u->path, LV2_ATOM__Path}, {&u->string, LV2_ATOM__String}, {&u->urid, LV2_ATOM__URID},
        {&u->midi, LV2_MIDI__MidiEvent}, {&u->get, LV2_PATCH__Get}, {&u->set, LV2_PATCH__Set},
        {&u->property, LV2_PATCH__property}, {&u->value, LV2_PATCH__value}, {&u->integer, LV2_ATOM__Int},
        {&u->max_block, LV2_BUF_SIZE__maxBlockLength}, {&u->properties[0], PROPERTIES[0]},
        {&u->properties[1], PROPERTIES[1]}, {&u->properties[2], PROPERTIES[2]}, {&u->real, LV2_ATOM__Float},
        {&u->number, LV2_ATOM__Double}, {&u->whole, LV2_ATOM__Long}, {&u->position, LV2_TIME__Position},
        {&u->speed, LV2_TIME__speed}, {&u->tempo, LV2_TIME__beatsPerMinute}, {&u->unit, LV2_TIME__beatUnit},
        {&u->beat, LV2_TIME__beat}, {&u->bar, LV2_TIME__bar}, {&u->bar_beat, LV2_TIME__barBeat},
        {&u->bar_beats, LV2_TIME__beatsPerBar}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) *wanted[i].urid = map->map(map->handle, wanted[i].uri);
}

static LV2_Handle instantiate(
    const LV2_Descriptor *descriptor, double rate, const char *bundle, const LV2_Feature *const *features)
{
    (void)descriptor;
    plugin *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    const LV2_Options_Option *options = NULL;
    lv2_features_query(features, LV2_LOG__log, &self->logger.log, false, LV2_URID__map, &self->map, true,
        LV2_OPTIONS__options, &options, false, NULL);
    if (!self->map) return free(self), NULL;
    lv2_log_logger_set_map(&self->logger, self->map);
    map_all(self);
    lv2_atom_forge_init(&self->forge, self->map);
    self->rate = rate, self->status = -1, self->beat = -1.0f;
    for (; options && options->key; options++)
        if (options->key == self->urids.max_block && options->type == self->urids.integer)
            self->block = (uint32_t) * (const int32_t *)options->value;
    self->delay_frames = (uint32_t)(MOST_LATENCY_S * rate) + 1;
    self->delay = calloc(2 * self->delay_frames, sizeof *self->delay);
    self->engine = engine_new(rate, bundle, log_to_host, self);
    if (self->delay && self->engine && engine_start(self->engine)) return self;
    engine_free(self->engine), free(self->delay), free(self);
    return NULL;
}

static void connect_port(LV2_Handle handle, uint32_t number, void *data)
{
    if (number < PORTS) ((plugin *)handle)->ports[number] = data;
}

static void cleanup(LV2_Handle handle)
{
    plugin *self = handle;
    engine_free(self->engine), free(self->delay), free(self);
}

static float control(const plugin *self, port number, float lowest, float highest)
{
    float value = self->ports[number] ? *self->ports[number] : lowest;
    return value >= lowest ? fminf(value, highest) : lowest; /* what is no number is the lowest */
}

static void show(plugin *self, port number, float value)
{
    if (self->ports[number]) *self->ports[number] = value;
}

static void read_controls(plugin *self)
{
    for (int i = ENGINE_KICK; i <= ENGINE_CYMBAL; i++)
        engine_set(self->engine, (engine_parameter)i, control(self, (port)(SENSITIVITIES + i), 0.0f, 1.0f));
    engine_set(self->engine, ENGINE_RETRIGGER, control(self, RETRIGGER, 20.0f, 500.0f));
    engine_set(self->engine, ENGINE_LOOK_AHEAD, control(self, LOOK_AHEAD, 0.0f, 210.0f));
    engine_set(self->engine, ENGINE_NOTE_LENGTH, control(self, NOTE_LENGTH, 1.0f, 1000.0f));
    engine_set(self->engine, ENGINE_BYPASS, control(self, ENABLED, 0.0f, 1.0f) > 0.0f ? 0.0f : 1.0f);
    engine_set_offline(self->engine, control(self, FREEWHEEL, 0.0f, 1.0f) > 0.0f);
}

static uint32_t latency(const plugin *self)
{
    float margin = control(self, MARGIN, 0.0f, 1000.0f) / 1000.0f;
    uint32_t all = engine_latency(self->engine) + self->block + (uint32_t)lround(margin * self->rate);
    return all < self->delay_frames ? all : self->delay_frames - 1;
}

/* Sound through, delayed; and its peak in dB. */
static void pass_sound(plugin *self, uint32_t frames, uint32_t latency)
{
    float peak = 0.0f;
    for (uint32_t i = 0; i < frames; i++) {
        uint64_t at = (uint64_t)self->position + i;
        float *now = self->delay + 2 * (at % self->delay_frames);
        const float *then = self->delay + 2 * ((at + self->delay_frames - latency) % self->delay_frames);
        now[0] = self->ports[IN_LEFT][i], now[1] = self->ports[IN_RIGHT][i];
        peak = fmaxf(peak, fmaxf(fabsf(now[0]), fabsf(now[1])));
        self->ports[OUT_LEFT][i] = then[0], self->ports[OUT_RIGHT][i] = then[1];
    }
    show(self, LEVEL, fmaxf(20.0f * log10f(fmaxf(peak, 1e-9f)), (float)FLOOR_DB));
}

/* Keep what the engine has found, in order. */
static void take_notes(plugin *self)
{
    engine_note note;
    while (self->count < PENDING && engine_read(self->engine, &note)) {
        uint32_t at = self->count++;
        for (; at && self->pending[at - 1].frame > note.frame; at--) self->pending[at] = self->pending[at - 1];
        self->pending[at] = note;
    }
}

static void write_midi(plugin *self, uint32_t frame, uint8_t status, uint8_t note, uint8_t velocity)
{
    uint8_t message[] = {(uint8_t)(status | DRUM_CHANNEL), note, velocity};
    lv2_atom_forge_frame_time(&self->forge, frame);
    lv2_atom_forge_atom(&self->forge, sizeof message, self->urids.midi);
    lv2_atom_forge_write(&self->forge, message, sizeof message);
}

static void play(plugin *self, const engine_note *note, uint32_t frame)
{
    uint8_t number = note->note & 127;
    if (note->on) {
        self->meters[note->instrument] = note->velocity;
        self->beat = isfinite(note->beat) ? (float)note->beat : -1.0f;
        self->sounding[number]++;
        write_midi(self, frame, LV2_MIDI_MSG_NOTE_ON, number, note->velocity & 127);
    } else if (self->sounding[number]) {
        self->sounding[number] = 0;
        write_midi(self, frame, LV2_MIDI_MSG_NOTE_OFF, number, 0);
    }
}

/* End what sounds: an engine that is gone does not. */
static void end_notes(plugin *self)
{
    for (uint8_t number = 0; number < 128; number++)
        if (self->sounding[number]) play(self, &(engine_note){.note = number}, 0);
}

/* Play the notes whose time has come. */
static void play_notes(plugin *self, uint32_t frames, uint32_t latency)
{
    uint32_t done = 0;
    for (; done < self->count; done++) {
        int64_t at = self->pending[done].frame + latency - self->position;
        if (at >= (int64_t)frames) break;
        if (at < 0 && self->pending[done].on) self->late++;
        play(self, &self->pending[done], at < 0 ? 0 : (uint32_t)at);
    }
    self->count -= done;
    memmove(self->pending, self->pending + done, self->count * sizeof *self->pending);
}

static void write_property(plugin *self, uint32_t frame, int number, const char *text)
{
    LV2_Atom_Forge_Frame object;
    bool is_path = number != STATUS_TEXT;
    lv2_atom_forge_frame_time(&self->forge, frame);
    lv2_atom_forge_object(&self->forge, &object, 0, self->urids.set);
    lv2_atom_forge_key(&self->forge, self->urids.property);
    lv2_atom_forge_urid(&self->forge, self->urids.properties[number]);
    lv2_atom_forge_key(&self->forge, self->urids.value);
    if (is_path) lv2_atom_forge_path(&self->forge, text, (uint32_t)strlen(text));
    else lv2_atom_forge_string(&self->forge, text, (uint32_t)strlen(text));
    lv2_atom_forge_pop(&self->forge, &object);
}

static void tell_all(plugin *self, uint32_t frame)
{
    for (int i = 0; i < ENGINE_SETTINGS; i++) write_property(self, frame, i, self->settings[i]);
    write_property(self, frame, STATUS_TEXT, STATUSES[engine_state(self->engine)]);
}

/* Take a kit or a model from the host. */
static void choose(plugin *self, const LV2_Atom_Object *object)
{
    const LV2_Atom *property = NULL, *value = NULL;
    lv2_atom_object_get(object, self->urids.property, &property, self->urids.value, &value, 0);
    if (!property || !value || property->type != self->urids.urid) return;
    if (value->type != self->urids.path && value->type != self->urids.string) return;
    const char *text = (const char *)(value + 1);
    for (int i = 0; i < ENGINE_SETTINGS; i++)
        if (((const LV2_Atom_URID *)property)->body == self->urids.properties[i] && value->size <= ENGINE_TEXT &&
            memchr(text, '\0', value->size) && engine_choose(self->engine, (engine_setting)i, text))
            memcpy(self->settings[i], text, strlen(text) + 1);
}

/* A number of any kind; `otherwise` where there is none. */
static double number_of(const plugin *self, const LV2_Atom *atom, double otherwise)
{
    if (!atom) return otherwise;
    if (atom->type == self->urids.real) return ((const LV2_Atom_Float *)atom)->body;
    if (atom->type == self->urids.number) return ((const LV2_Atom_Double *)atom)->body;
    if (atom->type == self->urids.integer) return ((const LV2_Atom_Int *)atom)->body;
    if (atom->type == self->urids.whole) return (double)((const LV2_Atom_Long *)atom)->body;
    return otherwise;
}

/* Tell the engine where the host's song is, in quarters; hosts send what has changed, and count beats of their own unit. */
static void follow(plugin *self, const LV2_Atom_Object *object, int64_t frame)
{
    const LV2_Atom *speed = NULL, *tempo = NULL, *unit = NULL, *beat = NULL, *bar = NULL, *within = NULL, *beats = NULL;
    const urids *u = &self->urids;
    lv2_atom_object_get(object, u->speed, &speed, u->tempo, &tempo, u->unit, &unit, u->beat, &beat, u->bar, &bar,
        u->bar_beat, &within, u->bar_beats, &beats, 0);
    engine_transport *now = &self->transport;
    double quarters = 4.0 / fmax(number_of(self, unit, 4.0), 1.0), since = 0.0;
    if (now->playing) since = (double)((uint64_t)frame - now->at) / self->rate * now->tempo / 60.0;
    now->beat += since, now->at = (uint64_t)frame;
    now->playing = number_of(self, speed, now->playing ? 1.0 : 0.0) > 0.0;
    if (tempo) now->tempo = quarters * number_of(self, tempo, 0.0);
    if (beat) now->beat = quarters * number_of(self, beat, 0.0);
    else if (bar && within)
        now->beat = quarters * (number_of(self, bar, 0.0) * number_of(self, beats, 4.0) + number_of(self, within, 0.0));
    if (now->tempo > 0.0 && isfinite(now->beat)) engine_follow(self->engine, now);
}

static void take_messages(plugin *self)
{
    const LV2_Atom_Sequence *sequence = (const LV2_Atom_Sequence *)self->ports[CONTROL];
    if (!sequence) return;
    LV2_ATOM_SEQUENCE_FOREACH(sequence, event)
    {
        const LV2_Atom_Object *object = (const LV2_Atom_Object *)&event->body;
        if (!lv2_atom_forge_is_object_type(&self->forge, event->body.type)) continue;
        if (object->body.otype == self->urids.get) tell_all(self, 0);
        if (object->body.otype == self->urids.set) choose(self, object);
        if (object->body.otype == self->urids.position) follow(self, object, self->position + event->time.frames);
    }
}

static void show_all(plugin *self, uint32_t frames, uint32_t latency)
{
    float fall = expf(-1000.0f * (float)frames / (float)(HIT_DECAY_MS * self->rate));
    for (int i = 0; i < ENGINE_INSTRUMENTS; i++) {
        show(self, (port)(HITS + i), roundf(self->meters[i]));
        self->meters[i] *= fall;
    }
    show(self, LATENCY, (float)latency);
    show(self, STATUS, (float)engine_state(self->engine));
    show(self, LATE, (float)self->late);
    show(self, BEAT, self->beat);
    show(self, LOST, (float)((double)engine_lost(self->engine) / self->rate));
}

static void run(LV2_Handle handle, uint32_t frames)
{
    plugin *self = handle;
    LV2_Atom_Sequence *notes = (LV2_Atom_Sequence *)self->ports[NOTES];
    LV2_Atom_Forge_Frame sequence;
    if (frames > self->block) self->block = frames;
    lv2_atom_forge_set_buffer(&self->forge, (uint8_t *)notes, notes->atom.size);
    lv2_atom_forge_sequence_head(&self->forge, &sequence, 0);
    read_controls(self);
    take_messages(self);
    if ((int)engine_state(self->engine) != self->status) {
        self->status = engine_state(self->engine);
        write_property(self, 0, STATUS_TEXT, STATUSES[self->status]);
        end_notes(self);
    }
    engine_write(self->engine, self->ports[IN_LEFT], self->ports[IN_RIGHT], frames);
    if (control(self, FREEWHEEL, 0.0f, 1.0f) > 0.0f) engine_wait(self->engine);
    uint32_t delay = latency(self);
    pass_sound(self, frames, delay);
    take_notes(self);
    play_notes(self, frames, delay);
    lv2_atom_forge_pop(&self->forge, &sequence);
    self->position += frames;
    show_all(self, frames, delay);
}

static LV2_State_Status save(LV2_Handle handle, LV2_State_Store_Function store, LV2_State_Handle state, uint32_t flags,
    const LV2_Feature *const *features)
{
    plugin *self = handle;
    LV2_State_Map_Path *paths = lv2_features_data(features, LV2_STATE__mapPath);
    (void)flags;
    for (int i = 0; i < ENGINE_SETTINGS; i++) {
        char text[ENGINE_TEXT];
        engine_setting_text(self->engine, (engine_setting)i, text);
        char *path = *text == '/' && paths ? paths->abstract_path(paths->handle, text) : NULL;
        const char *kept = path ? path : text;
        store(state, self->urids.properties[i], kept, strlen(kept) + 1, path ? self->urids.path : self->urids.string,
            LV2_STATE_IS_POD | (path ? 0 : LV2_STATE_IS_PORTABLE));
        free(path);
    }
    return LV2_STATE_SUCCESS;
}

static LV2_State_Status restore(LV2_Handle handle, LV2_State_Retrieve_Function retrieve, LV2_State_Handle state,
    uint32_t flags, const LV2_Feature *const *features)
{
    plugin *self = handle;
    LV2_State_Map_Path *paths = lv2_features_data(features, LV2_STATE__mapPath);
    (void)flags;
    for (int i = 0; i < ENGINE_SETTINGS; i++) {
        size_t size;
        uint32_t type, kind;
        const char *text = retrieve(state, self->urids.properties[i], &size, &type, &kind);
        if (!text || !memchr(text, '\0', size)) continue;
        char *path = type == self->urids.path && paths ? paths->absolute_path(paths->handle, text) : NULL;
        engine_restore(self->engine, (engine_setting)i, path ? path : text);
        engine_setting_text(self->engine, (engine_setting)i, self->settings[i]);
        free(path);
    }
    return LV2_STATE_SUCCESS;
}

static const void *extension_data(const char *uri)
{
    static const LV2_State_Interface state = {save, restore};
    return strcmp(uri, LV2_STATE__interface) ? NULL : &state;
}

LV2_SYMBOL_EXPORT const LV2_Descriptor *lv2_descriptor(uint32_t index)
{
    static const LV2_Descriptor descriptor = {
        URI, instantiate, connect_port, NULL, run, NULL, cleanup, extension_data};
    return index ? NULL : &descriptor;
}
