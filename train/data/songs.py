"""Songs that lack their drums: recordings with known bars, and arrangements for a whole band as MIDI.

The data folder holds ``songs/NAME/`` (``song.toml``, ``instruments.ogg``, ``vocals.ogg``) and ``arrangements/*.mid``.
Songs and composers are held out whole: none is in both splits.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..files import read_toml
from .sources import PERCUSSION

HELD_OUT_SONGS = frozenset({"hydrogen"})
"""Recorded songs of the validation split; the others train."""

HELD_OUT_ARRANGEMENTS = frozenset(
    ("d_e1m3", "d_e1m4", "d_e1m8", "d_map14", "d_map18", "d_map27", "d_map32", "d_dm22", "d_dm27", "d_dm31")
)
"""Arrangements of the validation split: all by one composer (Kevin Martins)."""

MIN_DRUM_NOTES = 50
"""An arrangement with fewer notes for drums is not used."""

# What General MIDI's percussion notes are played as; those absent here are left out.
_GENERAL_MIDI = {
    **dict.fromkeys((35, 36), "kick"),
    **dict.fromkeys((38, 40), "snare"),
    37: "side_stick",
    39: "clap",
    42: "hihat_closed",
    44: "hihat_pedal",
    46: "hihat_open",
    **dict.fromkeys((41, 43), "tom_low"),
    **dict.fromkeys((45, 47), "tom_mid"),
    **dict.fromkeys((48, 50), "tom_high"),
    **dict.fromkeys((49, 52, 55, 57), "crash"),
    **dict.fromkeys((51, 59), "ride"),
    53: "ride_bell",
    **dict.fromkeys((54, 56, 58, *range(60, 88)), PERCUSSION),
}
_SAME_STROKE_S = 0.012
"""Notes of one role closer than this are one stroke: two kick notes at once, say."""


@dataclass(frozen=True)
class RecordedSong:
    """A recording of a song's singing and instruments, without its drums.

    Attributes
    ----------
    name : str
        Str.
    instruments, vocals : Path
        Mono recordings that begin together.
    beat : float
        Seconds per quarter note; the tempo is constant.
    beats_per_bar : float
        Quarter notes in a bar.
    first_downbeat : float
        Seconds from the start of the recordings.
    seconds : float
        Length.
    """

    name: str
    instruments: Path
    vocals: Path
    beat: float
    beats_per_bar: float
    first_downbeat: float
    seconds: float


@dataclass(frozen=True)
class Arrangement:
    """A piece for a whole band, with its drum part.

    Attributes
    ----------
    name : str
        Str.
    path : Path
        The MIDI file, from whose other parts accompaniment is rendered.
    times : np.ndarray
        ``(strokes,)`` seconds of the drum part.
    roles : tuple[str, ...]
        An articulation, ``clap`` or ``percussion`` each.
    velocities : np.ndarray
        ``(strokes,)``, 0 to 1.
    beat : float
        Seconds per quarter note at the start.
    beats_per_bar : float
        Quarter notes in a bar at the start.
    seconds : float
        Length.
    """

    name: str
    path: Path
    times: np.ndarray = field(repr=False)
    roles: tuple[str, ...] = field(repr=False)
    velocities: np.ndarray = field(repr=False)
    beat: float
    beats_per_bar: float
    seconds: float


def read_songs(folder: Path, split: str) -> list[RecordedSong]:
    """Read the songs of one split.

    Parameters
    ----------
    folder : Path
        The folder of songs; may be missing.
    split : str
        ``train`` or ``validation``.

    Returns
    -------
    list[RecordedSong]
        The songs.
    """
    songs = []
    for path in sorted(folder.glob("*/song.toml")):
        if (path.parent.name in HELD_OUT_SONGS) != (split == "validation"):
            continue
        values = read_toml(path)
        songs.append(
            RecordedSong(
                path.parent.name,
                path.parent / "instruments.ogg",
                path.parent / "vocals.ogg",
                60.0 / values["bpm"],
                float(values["beats_per_bar"]),
                values["first_downbeat"],
                values["seconds"],
            )
        )
    return songs


def read_arrangements(folder: Path, split: str) -> list[Arrangement]:
    """Read the arrangements of one split that have a drum part.

    Parameters
    ----------
    folder : Path
        The folder of arrangements; may be missing.
    split : str
        ``train`` or ``validation``.

    Returns
    -------
    list[Arrangement]
        The arrangements.
    """
    held_out = split == "validation"
    paths = [path for path in sorted(folder.glob("*.mid")) if (path.stem in HELD_OUT_ARRANGEMENTS) == held_out]
    return [piece for piece in map(_read_arrangement, paths) if len(piece.times) >= MIN_DRUM_NOTES]


def _read_arrangement(path: Path) -> Arrangement:
    import mido

    beat, per_bar, now = 0.5, 4.0, 0.0
    tempo_known = meter_known = False
    strokes: dict[str, list[tuple[float, float]]] = {}
    for message in mido.MidiFile(path):
        now += message.time
        if message.type == "set_tempo" and not tempo_known:
            beat, tempo_known = message.tempo / 1e6, True
        elif message.type == "time_signature" and not meter_known:
            per_bar, meter_known = message.numerator * 4.0 / message.denominator, True
        elif message.type == "note_on" and message.channel == 9 and message.velocity > 0:
            role = _GENERAL_MIDI.get(message.note)
            if role is None:
                continue
            of_role = strokes.setdefault(role, [])
            if not of_role or now - of_role[-1][0] > _SAME_STROKE_S:
                of_role.append((now, message.velocity / 127.0))
    hits = sorted((time, role, velocity) for role, of_role in strokes.items() for time, velocity in of_role)
    return Arrangement(
        path.stem,
        path,
        np.array([time for time, _, _ in hits]),
        tuple(role for _, role, _ in hits),
        np.array([velocity for _, _, velocity in hits]),
        beat,
        per_bar,
        now,
    )
