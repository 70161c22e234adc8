/* The engine of the plug-in: `drumscribe serve` in a process of its own, and the thread that talks to it.
 *
 * run() takes no lock, allocates nothing and never waits: it puts sound into a ring, takes notes out of another, and
 * leaves wishes where the thread finds them. Only offline (freewheeling) may it wait: `engine_wait`.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum { ENGINE_TEXT = 1024 }; /* longest name of a kit or model */

typedef enum { ENGINE_STARTING, ENGINE_READY, ENGINE_LOST, ENGINE_MISSING, ENGINE_REFUSED } engine_status;
typedef enum { ENGINE_KIT, ENGINE_MODEL, ENGINE_SETTINGS } engine_setting;

/* What can be changed while it listens, in the order of `engine_parameter_names`. */
typedef enum {
    ENGINE_KICK,
    ENGINE_SNARE,
    ENGINE_SIDE_STICK,
    ENGINE_HIHAT,
    ENGINE_TOM,
    ENGINE_CYMBAL,
    ENGINE_RETRIGGER, /* ms */
    ENGINE_LOOK_AHEAD, /* ms */
    ENGINE_BYPASS,
    ENGINE_NOTE_LENGTH, /* ms */
    ENGINE_PARAMETERS
} engine_parameter;
enum { ENGINE_INSTRUMENTS = ENGINE_RETRIGGER + 1 }; /* the last for a player's own sounds */

typedef struct {
    int64_t frame; /* of the attack, or the note's end; counted from the first that was written */
    uint8_t note, velocity, instrument;
    bool on;
    double beat; /* of the host's song, in quarters; no number where that is not known */
} engine_note;

/* Where the host's song is: from the frame `at` on, counted from the first that was written. */
typedef struct {
    uint64_t at;
    double tempo, beat; /* quarters a minute; quarters from the song's start */
    bool playing;
} engine_transport;

typedef struct engine engine;
typedef void (*engine_log)(void *to, const char *format, va_list arguments);

/* `bundle` is the folder that may hold a file `engine`, the words of the command, one a line. NULL without memory. */
engine *engine_new(double rate, const char *bundle, engine_log log, void *to);
bool engine_start(engine *self);
void engine_free(engine *self);

/* From run() */
void engine_write(engine *self, const float *left, const float *right, uint32_t frames);
bool engine_read(engine *self, engine_note *note);
void engine_set(engine *self, engine_parameter parameter, float value);
void engine_set_offline(engine *self, bool offline);
void engine_wait(engine *self); /* offline: until all that was written is heard, or cannot be */
void engine_follow(engine *self, const engine_transport *transport);
bool engine_choose(engine *self, engine_setting setting, const char *text);
engine_status engine_state(const engine *self);
uint32_t engine_latency(const engine *self); /* frames from an attack to its note, at most, but for the time it takes */
uint64_t engine_lost(const engine *self);    /* frames that were not listened to */

/* From any thread but run()'s */
void engine_setting_text(engine *self, engine_setting setting, char text[ENGINE_TEXT]);
void engine_restore(engine *self, engine_setting setting, const char *text);

#endif
