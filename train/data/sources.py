"""Where training sound comes from: one-shots, grooves and backing, read into memory.

The data folder holds ``oneshots/`` (with ``manifest.csv``), ``grooves/`` (with ``info.csv``) and ``backing/``; sound
that `rendering.instruments` renders from SoundFonts is cached beside the corpus.
"""

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile as sf

from drumscribe.drums import ARTICULATION_BY_NAME, read_label
from drumscribe.errors import DrumscribeError
from drumscribe.synthesis import OneShot

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
    """What a row of the manifest is played as; None where no label would be right.

    Raises
    ------
    KeyError : for an instrument that is none of the manifest's.
    """
    exact = instrument, articulation
    return _ROLE_OF[exact] if exact in _ROLE_OF else _ROLE_OF[instrument, "*"]


@dataclass(frozen=True)
class Piece:
    """One drum or cymbal of one recorded kit, played one way, in layers of loudness.

    Attributes
    ----------
    role : an articulation, or ``tom`` (of any pitch), ``clap`` or ``percussion``.
    layers : loudness order of each stroke, 0 to 1, ``(strokes,)``.
    strokes : the recordings, in the same order.
    pitch : the strongest frequency below 500 Hz, in Hz (of toms; else 0).
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
    """A human performance in bars: times in beats (quarter notes) from the first bar line.

    Attributes
    ----------
    session : who played it, on which day.
    beats : ``(hits,) float64``, beats from the start.
    articulations : the name of each hit's articulation.
    velocities : ``(hits,) int``, 1 to 127.
    tempo : beats per minute at which it was played.
    beats_per_bar : quarter notes in a bar.
    bars : whole bars that it lasts.
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
    """The strongest frequency of half a second between 45 and 545 Hz."""
    spectrum = np.abs(np.fft.rfft(samples[: RATE // 2] * np.hanning(len(samples[: RATE // 2])), RATE))
    return float(45 + np.argmax(spectrum[45:500]))


def read_pieces(folder: Path, split: str) -> list[Piece]:
    """All pieces of one split (``train`` or ``validation``) of the one-shots below `folder`."""
    groups: dict[tuple[str, ...], list[tuple[float, OneShot]]] = defaultdict(list)
    with open(folder / "manifest.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            kind = row["instrument"], row["articulation"]
            role = role_of(*kind)
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
    """All performances of one split of the Groove MIDI Dataset below `folder`."""
    with open(folder / "info.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split]
    grooves = [_read_groove(folder / row["midi_filename"], row) for row in rows]
    return [groove for groove in grooves if groove is not None]


def check_roles(pieces: list[Piece]) -> None:
    """See that every articulation can be played.

    Raises
    ------
    DrumscribeError : naming the articulations without a sample.
    """
    have = {piece.role for piece in pieces}
    lacking = [name for name in ARTICULATION_BY_NAME if name not in have and not name.startswith("tom_")]
    if "tom" not in have:
        lacking.append("tom")
    if lacking:
        raise DrumscribeError(f"no one-shots for {', '.join(lacking)}; see the manifest")
