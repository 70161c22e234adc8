"""Writing of Standard MIDI Files.

Notes are percussion on channel 10 (9, counted from zero), each within half a tick of its hit; there are 960 ticks per
quarter, or a multiple of that if the music is very slow. Tempi and meters are those of the transcription; without them,
and in free time, the file is at 120 BPM. It begins with the first sample of the recording, unless it begins with a bar
(see `timeline`), and is as long as the recording.

Text events are a marker at the first bar line, one wherever the meter changes, or the tempo by more than 4 % since the
last marker, and the time in the recording at which the file begins, unless that is the first sample.
"""

import struct
from pathlib import Path

import numpy as np

from ...music.tempo_map import Meter, TempoMap
from ...music.transcription import Transcription
from .notes import MidiOptions, Note, tracks_of
from .timeline import FREE_TEMPO, Timeline

DRUM_CHANNEL = 9
"""Channel 10 of General MIDI, counted from 0."""
LEAD_IN = "lead-in"
START_TEXT = "drumscribe: this file begins at {:.6f} s of the recording"
FREE_TEXT = f"drumscribe: free time, {FREE_TEMPO:g} BPM is nominal"
_NOTABLE_CHANGE = 0.04  # relative change of tempo that gets a marker, as in the field's Accuracy1
_TEXT, _TRACK_NAME, _MARKER, _END, _TEMPO, _METER = 0x01, 0x03, 0x06, 0x2F, 0x51, 0x58


def write_midi(transcription: Transcription, path: Path, options: MidiOptions | None = None) -> None:
    """Write a transcription as a MIDI file as long as the recording.

    The bytes are packed here, because pretty_midi omits the length and refuses files beyond 87 minutes, and mido needs
    an object of a kilobyte for each note of a recording, which may last hours.

    Parameters
    ----------
    transcription : Transcription
        The transcription to write.
    path : Path
        The file to write.
    options : MidiOptions, optional
        Options of the file.
    """
    options = options or MidiOptions()
    timeline = options.lay_out(transcription)
    conductor = _conductor_events(transcription, timeline)
    tracks = [_note_events(name, notes) for name, notes in tracks_of(transcription, timeline, options)]
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
    """Return tempi, meters and texts, as ticks and bytes in order of time."""
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


def _clocks(meter: Meter) -> int:
    """Return the MIDI clocks, 24 per quarter, from one click of the metronome to the next."""
    return max(1, round(24 * meter.beat_quarters))


def markers(timeline: Timeline, tempo_map: TempoMap) -> list[tuple[int, str]]:
    """List the markers: at the first bar line, and wherever the tempo or the meter differs from the last marker.

    The tempi are those of the music: the first beat of the file may have another one (see `timeline`).

    Parameters
    ----------
    timeline : Timeline
        Ticks and meters of the file.
    tempo_map : TempoMap
        Tempi of the music.

    Returns
    -------
    list[tuple[int, str]]
        Ticks and texts.
    """
    meters = dict(timeline.meters)
    found, marked = [], 0.0  # quarters per minute on the last marker
    if timeline.first_bar:
        found.append((0, LEAD_IN))
    for tick in sorted({timeline.first_bar, *timeline.ticks.tolist(), *meters}):
        if tick < timeline.first_bar:
            continue
        after = tempo_map.seconds_at(tick / timeline.division - timeline.shift + np.array([0.01, 0.02]))
        tempo = 60.0 * 0.01 / float(np.diff(after)[0])
        meter = [m for at, m in timeline.meters if at <= tick][-1]
        if tick in meters or not marked or abs(tempo / marked - 1) > _NOTABLE_CHANGE:
            found.append((tick, f"{tempo:.4g} BPM, {meter}"))
            marked = tempo
    return found


def _note_events(name: str, notes: list[Note]) -> list[tuple[int, bytes]]:
    """Return the name of the track, and note-on and note-off events."""
    # At one tick, the note that ends precedes the one that starts: its "on" is False, which sorts first.
    events = sorted(
        [(n.start, True, n.number, n.velocity) for n in notes] + [(n.end, False, n.number, 0) for n in notes]
    )
    packed = (
        (tick, bytes(((0x90 if on else 0x80) | DRUM_CHANNEL, number, velocity)))
        for tick, on, number, velocity in events
    )
    return [(0, _meta(_TRACK_NAME, name.encode())), *packed]


def _pack(events: list[tuple[int, bytes]], length: int) -> bytes:
    """Pack events as a track of at least this many ticks."""
    track, now = bytearray(), 0
    for tick, content in events:
        track += _variable_length(tick - now) + content
        now = tick
    return bytes(track + _variable_length(max(0, length - now)) + _meta(_END, b""))


def _meta(kind: int, content: bytes) -> bytes:
    return bytes((0xFF, kind)) + _variable_length(len(content)) + content


def _variable_length(value: int) -> bytes:
    """Return a number in groups of seven bits, all but the last marked (Standard MIDI Files 1.0)."""
    groups = [value & 127]
    while value := value >> 7:
        groups.append(value & 127 | 128)
    return bytes(groups[::-1])
