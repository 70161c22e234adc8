"""Reading of MIDI files: hits and tempo map."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import LabelError, damage_told
from ...music.drums import ARTICULATION_BY_NOTE
from ...music.tempo_map import Meter, MeterChange, TempoMap
from ...music.transcription import Hit, Rhythm, Transcription
from ..bounds import check_bounds
from ..drum_maps import GENERAL_MIDI, DrumMap
from .writing import DRUM_CHANNEL, FREE_TEXT, LEAD_IN, START_TEXT

if TYPE_CHECKING:
    from mido import MidiFile

_START = re.compile(re.escape(START_TEXT).replace(re.escape("{:.6f}"), r"(-?\d+\.\d+)"))


_LARGEST = 64_000_000
"""Bytes of the largest MIDI file that is read: a hundred times a night of drumming (by hand)."""


def read_note_ons(path: Path) -> list[tuple[float, int, int]]:
    """Read the notes of channel 10, or of all channels if that has none.

    Changes of tempo in any track count. Seconds count from the beginning of the file. If the file says at which time of
    a recording it begins, as files of `write_midi` do, they count from the beginning of the recording.

    Parameters
    ----------
    path : Path
        A MIDI file.

    Returns
    -------
    list[tuple[float, int, int]]
        Seconds, note number and velocity of each note, in order of time.

    Raises
    ------
    LabelError
        If the file is not a MIDI file, or broken.
    """
    with damage_told(path, LabelError, "MIDI file", _LARGEST):
        return _File(path).note_ons()


def read_midi(path: Path) -> list[Hit]:
    """Read the hits of a MIDI file, in order of time, without notes outside the vocabulary.

    Raises
    ------
    LabelError
        If the file is not a MIDI file, or broken.
    """
    with damage_told(path, LabelError, "MIDI file", _LARGEST):
        return _File(path).hits()


def read_transcription(path: Path, drum_map: DrumMap = GENERAL_MIDI) -> Transcription:
    """Read the hits of a MIDI file, its length, tempi and meters; bars begin with the first meter of full length.

    Parameters
    ----------
    path : Path
        A MIDI file.
    drum_map : DrumMap, optional
        The meaning of the notes; notes outside the map are left out.

    Returns
    -------
    Transcription
        The hits in order of time, and the rhythm.

    Raises
    ------
    LabelError
        If the file is not a MIDI file, or broken.
    """
    with damage_told(path, LabelError, "MIDI file", _LARGEST):
        file = _File(path)
        found = [drum_map.hit(time, number, velocity) for time, number, velocity in file.note_ons()]
        rhythm = file.rhythm()
        check_bounds(file.duration, rhythm)
        return Transcription(tuple(hit for hit in found if hit is not None), file.duration, "", rhythm)


class _File:
    """Tempi, meters, notes and texts of a MIDI file."""

    def __init__(self, path: Path) -> None:
        midi = _open(path)
        self._division = midi.ticks_per_beat
        self._tempos: list[tuple[int, int]] = []
        self._meters: list[tuple[int, int, int]] = []
        self._notes: list[tuple[int, int, int, int]] = []
        self._start, self._free, self._lead_in, self._ticks = 0.0, False, False, 0
        for track in midi.tracks:
            tick = 0
            for message in track:
                tick += message.time
                if message.type == "set_tempo":
                    self._tempos.append((tick, message.tempo))
                elif message.type == "time_signature":
                    self._meters.append((tick, message.numerator, message.denominator))
                elif message.type == "note_on" and message.velocity > 0:
                    self._notes.append((tick, message.channel, message.note, message.velocity))
                elif message.type == "marker":
                    self._lead_in |= message.text == LEAD_IN
                elif message.type == "text":
                    self._free |= message.text == FREE_TEXT
                    if begins := _START.fullmatch(message.text):
                        self._start = float(begins[1])
            self._ticks = max(self._ticks, tick)
        self._tempos.sort(key=lambda change: change[0])  # stable: of two at one tick the later one applies

    @property
    def duration(self) -> float:
        """Time in seconds from the beginning of the recording to the end of the file."""
        return self._seconds([self._ticks])[0]

    def note_ons(self) -> list[tuple[float, int, int]]:
        notes = sorted(self._notes)
        if any(channel == DRUM_CHANNEL for _, channel, _, _ in notes):
            notes = [note for note in notes if note[1] == DRUM_CHANNEL]
        seconds = self._seconds([tick for tick, *_ in notes])
        return [(time, number, velocity) for time, (_, _, number, velocity) in zip(seconds, notes, strict=True)]

    def hits(self) -> list[Hit]:
        return [
            Hit(time, ARTICULATION_BY_NOTE[number].name, velocity)
            for time, number, velocity in self.note_ons()
            if number in ARTICULATION_BY_NOTE
        ]

    def rhythm(self) -> Rhythm:
        if self._free or self._division < 0:  # SMPTE frames have no quarters
            return Rhythm(None, 0.0, False)
        meters = sorted({0: Meter(), **{tick: Meter(*meter) for tick, *meter in self._meters}}.items())
        first = self._first_bar(meters)
        held = [meter for tick, meter in meters if tick <= first][-1]
        later = [MeterChange((tick - first) / self._division, meter) for tick, meter in meters if tick > first]
        ticks = sorted({0, self._ticks + self._division, *(tick for tick, _ in self._tempos)})
        if self._lead_in and len(ticks) > 2:
            del ticks[0]  # a lead-in has its own tempo, which is not that of the music
        quarters = ((np.array(ticks) - first) / self._division).tolist()
        tempo_map = TempoMap(tuple(self._seconds(ticks)), tuple(quarters), (MeterChange(0.0, held), *later))
        return Rhythm(tempo_map, 1.0, tempo_map.tempo is not None)

    def _first_bar(self, meters: list[tuple[int, Meter]]) -> int:
        """Return the tick of the first bar line; if the first bar has a meter of its own, as the lead-in of our files,
        of the second one."""
        if len(meters) == 1 or meters[1][0] != round(meters[0][1].bar_quarters * self._division):
            return 0
        return meters[1][0]

    def _seconds(self, ticks: list[int]) -> list[float]:
        """Convert ascending ticks to seconds."""
        if self._division < 0:  # SMPTE: minus the frames per second in the high byte, ticks per frame in the low one
            frames = -(self._division >> 8)
            rate = (30000 / 1001 if frames == 29 else frames) * (self._division & 255)
            if not rate:
                raise ValueError("its frames have no ticks")
            return [self._start + tick / rate for tick in ticks]
        at = np.array([0, *(tick for tick, _ in self._tempos)], np.int64)
        tempos = np.array([500_000, *(tempo for _, tempo in self._tempos)], np.int64)
        origins = np.concatenate([[0], np.cumsum(np.diff(at) * tempos[:-1])])  # whole numbers, until the division
        wanted = np.array(ticks, np.int64)
        i = np.searchsorted(at, wanted, side="right") - 1
        micro = origins[i] + (wanted - at[i]) * tempos[i]
        return (self._start + micro / (1e6 * self._division)).tolist()


def _open(path: Path) -> "MidiFile":
    import mido
    from mido.midifiles.meta import KeySignatureError

    try:
        return mido.MidiFile(path)
    except (OSError, EOFError, ValueError, LookupError, KeySignatureError) as error:
        if isinstance(error, OSError) and error.strerror:  # mido raises some without, for the contents of the file
            raise LabelError(f"{path}: cannot be read: {error.strerror}") from error
        raise LabelError(f"{path}: not a readable MIDI file ({str(error) or 'it ends early'})") from error
