"""Sources of training sound: one-shots, grooves and backing, read into memory.

The data folder holds ``oneshots/`` (with ``manifest.csv``), ``grooves/`` (with ``info.csv``) and ``backing/``; sound
that `rendering.instruments` renders from SoundFonts is cached beside the corpus.
"""

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile as sf

from drumscribe.errors import DrumscribeError
from drumscribe.music.drums import ARTICULATION_BY_NAME, read_label
from drumscribe.synthesis.one_shots import OneShot

RATE = 44100
"""Samples per second of all training sound."""

PERCUSSION = "percussion"
"""The role of sounds that a kit plays and that no transcription names: claps, tambourines, cowbells, shakers."""

_LONGEST = 3 * RATE

_ROLE_OF = {
    ("kick", "*"): "kick",
    ("snare", "*"): "snare",
    ("snare", "rimshot"): "rimshot",
    ("snare", "hit_wires_off"): None,  # sounds as a timbale does: neither label would be right
    ("sidestick", "*"): "side_stick",
    ("hh_closed", "*"): "hihat_closed",
    ("hh_open", "*"): "hihat_open",
    ("hh_pedal", "*"): "hihat_pedal",
    ("hh_pedal", "foot_splash"): None,
    ("tom", "*"): "tom",
    ("crash", "*"): "crash",
    ("crash", "bell"): None,
    ("ride", "*"): "ride",
    ("ride", "bell"): "ride_bell",
    ("clap", "*"): "clap",
    ("perc", "*"): PERCUSSION,
}


def role_of(instrument: str, articulation: str) -> str | None:
    """Return the role of a row in the manifest.

    Parameters
    ----------
    instrument, articulation : str
        As in the manifest.

    Returns
    -------
    str | None
        An articulation, ``tom``, ``clap`` or ``percussion``; None if no label would be right.

    Raises
    ------
    KeyError
        If the instrument is unknown.
    """
    exact = instrument, articulation
    return _ROLE_OF[exact] if exact in _ROLE_OF else _ROLE_OF[instrument, "*"]


@dataclass(frozen=True)
class Piece:
    """A drum or cymbal of one recorded kit, played one way, in layers of loudness.

    Attributes
    ----------
    role : str
        An articulation, or ``tom`` (of any pitch), ``clap`` or ``percussion``.
    family : str
        Shared by pieces of the same origin, as in the manifest.
    kit : str
        The recorded kit, as in the manifest.
    electronic : bool
        Whether it is of a drum machine.
    layers : np.ndarray
        Loudness order of each stroke, 0 to 1, ``(strokes,)``.
    strokes : tuple[OneShot, ...]
        The recordings, in the same order.
    pitch : float, default 0.0
        The strongest frequency below 500 Hz, in Hz (of toms; else 0).
    """

    role: str
    family: str
    kit: str
    electronic: bool
    layers: np.ndarray
    strokes: tuple[OneShot, ...] = field(repr=False)
    pitch: float = 0.0


@dataclass(frozen=True)
class Groove:
    """A human performance in bars.

    Attributes
    ----------
    name : str
        Name of the performance.
    session : str
        Player and day.
    style : str
        Style of the music.
    fill : bool
        Whether it is a fill.
    tempo : float
        Beats per minute at which it was played.
    beats_per_bar : float
        Quarter notes per bar.
    bars : int
        Number of whole bars.
    beats : np.ndarray
        ``(hits,) float64``, beats (quarter notes) from the first bar line.
    articulations : tuple[str, ...]
        The articulation of each hit.
    velocities : np.ndarray
        ``(hits,) int``, 1 to 127.
    """

    name: str
    session: str
    style: str
    fill: bool
    tempo: float
    beats_per_bar: float
    bars: int
    beats: np.ndarray
    articulations: tuple[str, ...]
    velocities: np.ndarray


def _read_mono(path: Path) -> np.ndarray:
    samples, rate = sf.read(path, dtype="float32", always_2d=True)
    if rate != RATE:
        raise DrumscribeError(f"{path}: {rate} Hz, but training sound has {RATE} Hz; resample it")
    return samples.mean(axis=1)


def find_pitch(samples: np.ndarray) -> float:
    """Find the strongest frequency of half a second, between 45 and 545 Hz."""
    spectrum = np.abs(np.fft.rfft(samples[: RATE // 2] * np.hanning(len(samples[: RATE // 2])), RATE))
    return float(45 + np.argmax(spectrum[45:500]))


def read_pieces(folder: Path, split: str) -> list[Piece]:
    """Read the pieces of one split of the one-shots.

    Parameters
    ----------
    folder : Path
        The folder of one-shots, with ``manifest.csv``.
    split : str
        ``train`` or ``validation``.

    Returns
    -------
    list[Piece]
        The pieces.
    """
    groups: dict[tuple[str, ...], list[tuple[float, OneShot]]] = defaultdict(list)
    with open(folder / "manifest.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            role = role_of(row["instrument"], row["articulation"])
            if row["split"] != split or role is None:
                continue
            samples = _read_mono(folder / row["file"])[:_LONGEST]
            shot = OneShot(samples, round(float(row["onset_s"]) * RATE))
            key = (role, row["family"], row["kit"], row["kind"], row["articulation"])
            groups[key].append((float(row["layer"] or 1.0), shot))
    pieces = []
    for (role, family, kit, kind, _), strokes in groups.items():
        by_pitch: dict[int, list[tuple[float, OneShot]]] = defaultdict(list)
        for stroke in strokes:  # toms of several sizes are several pieces, everything else is one
            by_pitch[round(4 * np.log2(find_pitch(stroke[1].samples))) if role == "tom" else 0].append(stroke)
        for same in by_pitch.values():
            same.sort(key=lambda stroke: stroke[0])
            pitch = float(np.median([find_pitch(shot.samples) for _, shot in same])) if role == "tom" else 0.0
            layers = np.array([layer for layer, _ in same])
            strokes_of = tuple(shot for _, shot in same)
            pieces.append(Piece(role, family, kit, kind == "electronic", layers, strokes_of, pitch))
    return pieces


def _read_groove(path: Path, row: dict[str, str]) -> Groove | None:
    import pretty_midi

    midi = pretty_midi.PrettyMIDI(str(path))
    tempo = float(midi.get_tempo_changes()[1][0])
    upper, lower = (int(part) for part in row["time_signature"].split("-"))
    hits = []
    for note in (note for instrument in midi.instruments for note in instrument.notes):
        articulation = read_label(str(note.pitch))
        if articulation is not None and note.velocity >= 4:
            hits.append((note.start * tempo / 60.0, articulation.name, note.velocity))
    if len(hits) < 4:
        return None
    hits.sort()
    beats = np.array([beat for beat, _, _ in hits])
    per_bar = upper * 4.0 / lower
    return Groove(
        path.stem,
        path.parent.relative_to(path.parents[2]).as_posix(),
        row["style"].split("/")[0],
        row["beat_type"] == "fill",
        tempo,
        per_bar,
        max(1, round((beats[-1] + 0.25) / per_bar)),
        beats,
        tuple(name for _, name, _ in hits),
        np.array([velocity for _, _, velocity in hits]),
    )


def read_grooves(folder: Path, split: str) -> list[Groove]:
    """Read the performances of one split of the Groove MIDI Dataset.

    Parameters
    ----------
    folder : Path
        The folder of grooves, with ``info.csv``.
    split : str
        ``train``, ``validation`` or ``test``.

    Returns
    -------
    list[Groove]
        The performances.
    """
    with open(folder / "info.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split]
    grooves = [_read_groove(folder / row["midi_filename"], row) for row in rows]
    return [groove for groove in grooves if groove is not None]


def check_roles(pieces: list[Piece]) -> None:
    """Check that every articulation can be played.

    Raises
    ------
    DrumscribeError
        If articulations have no sample; the message names them.
    """
    have = {piece.role for piece in pieces}
    lacking = [name for name in ARTICULATION_BY_NAME if name not in have and not name.startswith("tom_")]
    if "tom" not in have:
        lacking.append("tom")
    if lacking:
        raise DrumscribeError(f"no one-shots for {', '.join(lacking)}; see the manifest")
