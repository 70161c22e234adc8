"""Transcriptions as Standard MIDI Files, and back.

Files are type 1 with 960 ticks per quarter at 120 BPM: one tick is 0.52 ms and every note lies within half a tick of
its hit. Notes are General MIDI percussion on channel 10 (9, counted from zero). Times are in seconds from the start
of the file, which is the first sample of the recording.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

from .drums import ARTICULATION_BY_NOTE
from .errors import LabelError
from .hits import Hit, Transcription

TICKS_PER_QUARTER = 960
TEMPO_BPM = 120
TICKS_PER_SECOND = TICKS_PER_QUARTER * TEMPO_BPM // 60
NOTE_SECONDS = 0.1
"""How long a note is held: samplers ignore it or want it short."""
DRUM_CHANNEL = 9
TRACK_NAME = "Drums"


@dataclass(frozen=True, slots=True)
class Note:
    """A note of a MIDI file: its first and last tick, General MIDI number and velocity."""

    start: int
    end: int
    number: int
    velocity: int


def to_notes(transcription: Transcription) -> list[Note]:
    """The notes that the hits become, in order of time.

    A note lasts `NOTE_SECONDS` and ends where the next of its number starts. Of several hits that fall on the same
    tick and note, which one MIDI channel cannot hold, the loudest stays.
    """
    loudest: dict[tuple[int, int], int] = {}
    for hit in transcription.hits:
        key = (max(0, round(hit.time * TICKS_PER_SECOND)), hit.note)
        loudest[key] = max(loudest.get(key, 1), min(127, hit.velocity))
    notes, next_start = [], {}
    for (start, number), velocity in sorted(loudest.items(), reverse=True):
        end = min(start + round(NOTE_SECONDS * TICKS_PER_SECOND), next_start.get(number, start + TICKS_PER_SECOND))
        notes.append(Note(start, end, number, velocity))
        next_start[number] = start
    return notes[::-1]


def to_pretty_midi(transcription: Transcription):
    """The transcription as a `pretty_midi.PrettyMIDI` with the very notes of the file that `write_midi` writes."""
    import pretty_midi

    drums = pretty_midi.Instrument(program=0, is_drum=True, name=TRACK_NAME)
    drums.notes = [
        pretty_midi.Note(n.velocity, n.number, n.start / TICKS_PER_SECOND, n.end / TICKS_PER_SECOND)
        for n in to_notes(transcription)
    ]
    midi = pretty_midi.PrettyMIDI(resolution=TICKS_PER_QUARTER, initial_tempo=TEMPO_BPM)
    midi.time_signature_changes.append(pretty_midi.TimeSignature(4, 4, 0.0))
    midi.instruments.append(drums)
    return midi


def write_midi(transcription: Transcription, path: Path) -> None:
    """Write a transcription as a MIDI file as long as the recording.

    The bytes are packed here: pretty_midi leaves out the length and refuses files beyond 87 minutes, and mido holds
    an object of a kilobyte for each note, of which there may be hours.
    """
    notes = to_notes(transcription)
    # At one tick the note that ends comes before the one that starts: its "on" is False, which sorts first.
    events = sorted(
        [(n.start, True, n.number, n.velocity) for n in notes] + [(n.end, False, n.number, 0) for n in notes]
    )
    tempo = b"\0\xff\x51\x03" + (60_000_000 // TEMPO_BPM).to_bytes(3, "big") + b"\0\xff\x58\x04\x04\x02\x18\x08"
    drums = bytearray(b"\0\xff\x03" + bytes([len(TRACK_NAME)]) + TRACK_NAME.encode("ascii"))
    now = 0
    for tick, on, number, velocity in events:
        drums += _variable_length(tick - now) + bytes(((0x90 if on else 0x80) | DRUM_CHANNEL, number, velocity))
        now = tick
    rest = max(0, round(transcription.duration * TICKS_PER_SECOND) - now)
    with open(path, "wb") as file:
        file.write(b"MThd" + struct.pack(">IHHH", 6, 1, 2, TICKS_PER_QUARTER))
        for track, pause in ((tempo, 0), (drums, rest)):
            end = _variable_length(pause) + b"\xff\x2f\0"
            file.write(b"MTrk" + struct.pack(">I", len(track) + len(end)) + track + end)


def _variable_length(value: int) -> bytes:
    """A number in groups of seven bits, all but the last marked (Standard MIDI Files 1.0)."""
    groups = [value & 127]
    while value := value >> 7:
        groups.append(value & 127 | 128)
    return bytes(groups[::-1])


def read_note_ons(path: Path) -> list[tuple[float, int, int]]:
    """The (seconds, note number, velocity) of the notes of channel 10, or of all channels if there are none there.

    All changes of tempo are followed, whichever track they are in.

    Raises
    ------
    LabelError : where the file is not a MIDI file or is broken.
    """
    import mido
    from mido.midifiles.meta import KeySignatureError

    try:
        midi = mido.MidiFile(path)
    except (OSError, EOFError, ValueError, LookupError, KeySignatureError) as error:
        raise LabelError(f"{path}: not a readable MIDI file ({error or 'it ends early'})") from error
    tempos, notes = [], []
    for track in midi.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "set_tempo":
                tempos.append((tick, message.tempo))
            elif message.type == "note_on" and message.velocity > 0:
                notes.append((tick, message.channel, message.note, message.velocity))
    if any(channel == DRUM_CHANNEL for _, channel, _, _ in notes):
        notes = [note for note in notes if note[1] == DRUM_CHANNEL]
    notes.sort()
    seconds = _seconds([tick for tick, *_ in notes], tempos, midi.ticks_per_beat)
    return [(time, number, velocity) for time, (_, _, number, velocity) in zip(seconds, notes, strict=True)]


def read_midi(path: Path) -> list[Hit]:
    """The hits of a MIDI file, in order of time; notes outside the vocabulary are left out.

    Raises
    ------
    LabelError : where the file is not a MIDI file or is broken.
    """
    return [
        Hit(time, ARTICULATION_BY_NOTE[number].name, velocity)
        for time, number, velocity in read_note_ons(path)
        if number in ARTICULATION_BY_NOTE
    ]


def _seconds(ticks: list[int], tempos: list[tuple[int, int]], division: int) -> list[float]:
    """Seconds of ascending ticks, given (tick, microseconds per quarter) tempo changes and the file's division."""
    if division < 0:  # SMPTE: minus the frames per second in the high byte, ticks per frame in the low one
        frames = -(division >> 8)
        rate = (30000 / 1001 if frames == 29 else frames) * (division & 255)
        return [tick / rate for tick in ticks]
    changes = sorted(tempos, key=lambda change: change[0])  # stable: of two at one tick the later one holds
    out, start, origin, tempo = [], 0, 0.0, 500_000
    for tick in ticks:
        while changes and changes[0][0] <= tick:
            at, following = changes.pop(0)
            origin += (at - start) * tempo / 1e6 / division
            start, tempo = at, following
        out.append(origin + (tick - start) * tempo / 1e6 / division)
    return out
