"""Transcriptions out, as Standard MIDI Files.

Notes are percussion on channel 10 (9, counted from zero), each within half a tick of its hit; there are 960 ticks to a
quarter, or a multiple of that where music is very slow. Tempi and meters are the transcription's own; without them, and
in free time, the file is at 120 BPM. It begins with the recording's first sample, if it is not to begin with a bar
(see `timeline`), and lasts as long as the recording.

Among its texts are a marker at the first bar line, and wherever the tempo has changed by more than 4 % since the last
one, or the meter; and a text that says at which time of the recording the file begins, if that is not its first sample.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..drum_maps import GENERAL_MIDI, DrumMap
from ..drums import INSTRUMENTS
from ..errors import DrumscribeError
from ..hits import Hit, Transcription
from ..rhythm.tempo_map import TempoMap
from .timeline import FREE_TEMPO, Timeline, lay_out

NOTE_SECONDS = 0.1
"""How long a note is held: samplers ignore it or want it short."""
DRUM_CHANNEL = 9
TRACK_NAME = "Drums"
LEAD_IN = "lead-in"
START_TEXT = "drumscribe: this file begins at {:.6f} s of the recording"
FREE_TEXT = f"drumscribe: free time, {FREE_TEMPO:g} BPM is nominal"
_NOTABLE = 0.04  # relative change of tempo that gets a marker: where beat trackers are held to be wrong
_TEXT, _TRACK_NAME, _MARKER, _END, _TEMPO, _METER = 0x01, 0x03, 0x06, 0x2F, 0x51, 0x58


@dataclass(frozen=True, slots=True)
class MidiOptions:
    """How a transcription becomes MIDI.

    Attributes
    ----------
    drum_map : the notes to write.
    start_at_bar : begin with the bar of the first hit, not with the recording.
    split_tracks : a track for each instrument.
    file_type : 1, tracks side by side, or 0, all in one.

    Raises
    ------
    DrumscribeError : for split tracks in one track.
    """

    drum_map: DrumMap = GENERAL_MIDI
    start_at_bar: bool = False
    split_tracks: bool = False
    file_type: int = 1

    def __post_init__(self) -> None:
        if self.file_type not in (0, 1):
            raise ValueError(f"file_type must be 0 or 1, not {self.file_type}")
        if self.split_tracks and self.file_type == 0:
            raise DrumscribeError("a MIDI file of type 0 has one track: split tracks need type 1")


@dataclass(frozen=True, slots=True)
class Note:
    """A note of a MIDI file: its first and last tick, number and velocity."""

    start: int
    end: int
    number: int
    velocity: int


def to_notes(hits: Iterable[Hit], timeline: Timeline, drum_map: DrumMap = GENERAL_MIDI) -> list[Note]:
    """The notes that hits become, in order of time.

    Quantised hits are at the ticks of their positions, whatever the tempo of the file's first beat. A note lasts
    `NOTE_SECONDS` and ends where the next of its number starts, or the recording ends. Of several hits that fall on the
    same tick and note, which one MIDI channel cannot hold, the loudest stays.
    """
    hits = list(hits)
    starts = timeline.ticks_at(np.array([hit.time for hit in hits]))
    quantised = np.array([hit.quarter is not None for hit in hits], bool)
    starts[quantised] = timeline.ticks_of([hit.quarter for hit in hits if hit.quarter is not None])
    loudest: dict[tuple[int, int], int] = {}
    for hit, start in zip(hits, starts.tolist(), strict=True):
        key = (start, drum_map.note_for(hit))
        loudest[key] = max(loudest.get(key, 1), min(127, hit.velocity))
    keys = sorted(loudest, reverse=True)
    begun = timeline.seconds_at(np.array([start for start, _ in keys], np.int64))
    ends = timeline.ticks_at(begun + timeline.start + NOTE_SECONDS).tolist()
    notes, next_start = [], {}
    for (start, number), end in zip(keys, ends, strict=True):
        last = max(start + 1, min(end, timeline.end, next_start.get(number, end)))
        notes.append(Note(start, last, number, loudest[start, number]))
        next_start[number] = start
    return notes[::-1]


def _tracks(transcription: Transcription, timeline: Timeline, options: MidiOptions) -> list[tuple[str, list[Note]]]:
    """The names and notes of the tracks with drums."""
    if not options.split_tracks:
        return [(TRACK_NAME, to_notes(transcription.hits, timeline, options.drum_map))]
    heard = {hit.instrument for hit in transcription.hits}
    played = [*(name for name in INSTRUMENTS if name in heard), *sorted(heard - set(INSTRUMENTS))]
    return [
        (
            name.replace("_", " ").capitalize(),
            to_notes((hit for hit in transcription.hits if hit.instrument == name), timeline, options.drum_map),
        )
        for name in played
    ]


def count_merged(transcription: Transcription, options: MidiOptions) -> int:
    """How many hits are not in the file, as a louder one has their tick and note."""
    timeline = lay_out(transcription, options.start_at_bar)
    return len(transcription.hits) - sum(len(notes) for _, notes in _tracks(transcription, timeline, options))


def to_pretty_midi(transcription: Transcription, options: MidiOptions | None = None):
    """The transcription as a `pretty_midi.PrettyMIDI` with tempi, meters and notes of the file of `write_midi`."""
    import pretty_midi

    options = options or MidiOptions()
    timeline = lay_out(transcription, options.start_at_bar)
    midi = pretty_midi.PrettyMIDI(resolution=timeline.division, initial_tempo=60e6 / float(timeline.tempos[0]))
    # There is no other way to give it changes of tempo than to have it read a file, of which it refuses long ones.
    midi._tick_scales = [
        (tick, tempo / 1e6 / timeline.division)
        for tick, tempo in zip(timeline.ticks.tolist(), timeline.tempos.tolist(), strict=True)
    ]
    midi._update_tick_to_time(int(timeline.ticks[-1]) + 1)

    def seconds(ticks: list[int]) -> list[float]:
        return timeline.seconds_at(np.array(ticks, np.int64)).tolist()

    times = seconds([tick for tick, _ in timeline.meters])
    midi.time_signature_changes = [
        pretty_midi.TimeSignature(meter.numerator, meter.denominator, time)
        for time, (_, meter) in zip(times, timeline.meters, strict=True)
    ]
    for name, notes in _tracks(transcription, timeline, options):
        drums = pretty_midi.Instrument(program=0, is_drum=True, name=name)
        spans = zip(notes, seconds([n.start for n in notes]), seconds([n.end for n in notes]), strict=True)
        drums.notes = [pretty_midi.Note(note.velocity, note.number, start, end) for note, start, end in spans]
        midi.instruments.append(drums)
    return midi


def write_midi(transcription: Transcription, path: Path, options: MidiOptions | None = None) -> None:
    """Write a transcription as a MIDI file as long as the recording.

    The bytes are packed here: pretty_midi leaves out the length and refuses files beyond 87 minutes, and mido holds
    an object of a kilobyte for each note, of which there may be hours.
    """
    options = options or MidiOptions()
    timeline = lay_out(transcription, options.start_at_bar)
    conductor = _conductor_events(transcription, timeline)
    tracks = [_note_events(name, notes) for name, notes in _tracks(transcription, timeline, options)]
    if options.file_type == 0:
        name, *rest = tracks[0]
        chunks = [[name, *sorted([*conductor, *rest], key=lambda event: event[0])]]
    else:
        chunks = [conductor, *tracks]
    with open(path, "wb") as file:
        file.write(b"MThd" + struct.pack(">IHHH", 6, options.file_type, len(chunks), timeline.division))
        for events in chunks:
            track = _pack(events, timeline.end)
            file.write(b"MTrk" + struct.pack(">I", len(track)) + track)


def _conductor_events(transcription: Transcription, timeline: Timeline) -> list[tuple[int, bytes]]:
    """Tempi, meters and texts, as ticks and bytes in order of time."""
    texts = [(0, _meta(_TEXT, START_TEXT.format(timeline.start).encode()))] if timeline.start else []
    rhythm = transcription.rhythm
    if rhythm is not None:
        if rhythm.tempo_map is None:
            texts.append((0, _meta(_TEXT, FREE_TEXT.encode())))
        else:
            texts += [(tick, _meta(_MARKER, text.encode())) for tick, text in markers(timeline, rhythm.tempo_map)]
    tempos = zip(timeline.ticks.tolist(), timeline.tempos.tolist(), strict=True)
    meters = [
        (tick, _meta(_METER, bytes((meter.numerator, meter.denominator.bit_length() - 1, _clocks(meter), 8))))
        for tick, meter in timeline.meters
    ]
    changes = [(tick, _meta(_TEMPO, tempo.to_bytes(3, "big"))) for tick, tempo in tempos]
    return sorted([*changes, *meters, *texts], key=lambda event: event[0])


def _clocks(meter) -> int:
    """MIDI clocks, 24 to a quarter, from one click of the metronome to the next."""
    return max(1, round(24 * meter.beat_quarters))


def markers(timeline: Timeline, tempo_map: TempoMap) -> list[tuple[int, str]]:
    """Ticks and texts of the first bar line, and of where tempo or meter are no longer what the last marker says.

    The tempi are those of the music: the file's first beat may have another one (see `timeline`).
    """
    meters = dict(timeline.meters)
    found, told = [], 0.0
    if timeline.first_bar:
        found.append((0, LEAD_IN))
    for tick in sorted({timeline.first_bar, *timeline.ticks.tolist(), *meters}):
        if tick < timeline.first_bar:
            continue
        after = tempo_map.seconds_at(tick / timeline.division - timeline.shift + np.array([0.01, 0.02]))
        tempo = 60.0 * 0.01 / float(np.diff(after)[0])
        meter = [m for at, m in timeline.meters if at <= tick][-1]
        if tick in meters or not told or abs(tempo / told - 1) > _NOTABLE:
            found.append((tick, f"{tempo:.4g} BPM, {meter}"))
            told = tempo
    return found


def _note_events(name: str, notes: list[Note]) -> list[tuple[int, bytes]]:
    """The track's name, and notes on and off."""
    # At one tick the note that ends comes before the one that starts: its "on" is False, which sorts first.
    events = sorted(
        [(n.start, True, n.number, n.velocity) for n in notes] + [(n.end, False, n.number, 0) for n in notes]
    )
    packed = (
        (tick, bytes(((0x90 if on else 0x80) | DRUM_CHANNEL, number, velocity)))
        for tick, on, number, velocity in events
    )
    return [(0, _meta(_TRACK_NAME, name.encode())), *packed]


def _pack(events: list[tuple[int, bytes]], length: int) -> bytes:
    """Events as a track of so many ticks, or more if they take more."""
    track, now = bytearray(), 0
    for tick, content in events:
        track += _variable_length(tick - now) + content
        now = tick
    return bytes(track + _variable_length(max(0, length - now)) + _meta(_END, b""))


def _meta(kind: int, content: bytes) -> bytes:
    return bytes((0xFF, kind)) + _variable_length(len(content)) + content


def _variable_length(value: int) -> bytes:
    """A number in groups of seven bits, all but the last marked (Standard MIDI Files 1.0)."""
    groups = [value & 127]
    while value := value >> 7:
        groups.append(value & 127 | 128)
    return bytes(groups[::-1])
