"""Passages of songs without their drums, from bar line to bar line: what a band plays around a drummer.

Arrangements are rendered once by fluidsynth into a cache, in layers: distorted guitars as the SoundFont has them, the
same parts on a clean guitar (to be driven through an amplifier here), and everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile as sf

from drumscribe.synthesis.effects import (
    change_pitch,
    coloured_noise,
    compress,
    equalise,
    random_curve,
    reverberate,
    rms,
    saturate,
)

from ..data.songs import Arrangement, read_arrangements, read_songs
from ..data.sources import RATE
from .scores import Score, score_of
from .soundfonts import found_soundfonts, render_midi

if TYPE_CHECKING:
    import mido

_DRIVEN = (29, 30)
_CLEAN_GUITAR = 27
_LAYERS = ("driven", "clean", "rest")
_TIMING_S, _VELOCITY = 0.005, 0.15  # standard deviations of how a drummer departs from what is written
_LOUDNESS = 0.1  # RMS of a passage


@dataclass(frozen=True)
class Passage:
    """Some bars of a song, beginning on a bar line.

    Attributes
    ----------
    score : Score
        The drum part that belongs to it; no strokes where the song has none.
    accompany : Callable[[np.random.Generator], np.ndarray]
        From a random generator to the sound of all other parts, ``(samples,) float32``, RMS about 0.1.
    """

    score: Score
    accompany: Callable[[np.random.Generator], np.ndarray]


class Songbook:
    """Draws passages of songs: see `recorded` and `arranged`.

    Parameters
    ----------
    data : Path
        The folder with ``songs`` and ``arrangements``; either may be absent.
    cache : Path
        Where rendered arrangements are kept.
    split : str
        ``train`` or ``validation``.
    """

    def __init__(self, data: Path, cache: Path, split: str) -> None:
        self.songs = read_songs(data / "songs", split)
        self.arrangements = read_arrangements(data / "arrangements", split) if found_soundfonts() else []
        self._cache = cache / "arrangements"
        self._cache.mkdir(parents=True, exist_ok=True)

    def prepare(self) -> None:
        """Render the arrangements that the cache lacks."""
        for piece in self.arrangements:
            self._layers(piece)

    def recorded(self, rng: np.random.Generator, seconds: float) -> Passage:
        """Draw a passage of a recorded song.

        Parameters
        ----------
        rng : np.random.Generator
            Source of randomness.
        seconds : float
            Length.

        Returns
        -------
        Passage
            The passage.
        """
        song = self.songs[rng.integers(len(self.songs))]
        bar = song.beat * song.beats_per_bar
        start = song.first_downbeat + bar * rng.integers(max(1, int((song.seconds - seconds) / bar)))
        parts = str(rng.choice(["both", "instruments", "vocals"], p=[0.55, 0.3, 0.15]))
        names = ("instruments", "vocals") if parts == "both" else (parts,)

        def accompany(rng: np.random.Generator) -> np.ndarray:
            sound = np.zeros(int(seconds * RATE), np.float32)
            for name in names:
                gain = 10.0 ** (rng.normal(0.0, 3.0) / 20.0)
                sound += _cut(getattr(song, name), start, len(sound)) * np.float32(gain)
            return _finished(sound, rng)

        return Passage(score_of([], song.beat, song.beats_per_bar, False, seconds), accompany)

    def arranged(self, rng: np.random.Generator, seconds: float) -> Passage:
        """Draw a passage of an arrangement, its drum part played less evenly than it is written.

        Parameters
        ----------
        rng : np.random.Generator
            Source of randomness.
        seconds : float
            Length.

        Returns
        -------
        Passage
            The passage.
        """
        piece = self.arrangements[rng.integers(len(self.arrangements))]
        bar = piece.beat * piece.beats_per_bar
        start = bar * rng.integers(max(1, int((piece.seconds - seconds) / bar)))
        inside = np.flatnonzero((piece.times >= start - 0.02) & (piece.times < start + seconds))
        times = piece.times[inside] - start + rng.normal(0.0, _TIMING_S, len(inside))
        velocities = piece.velocities[inside] * (1.0 + rng.normal(0.0, _VELOCITY, len(inside)))
        strokes = [
            (max(0.0, float(time)), piece.roles[i], float(np.clip(velocity, 0.05, 1.0)))
            for i, time, velocity in zip(inside, times, velocities, strict=True)
        ]
        score = score_of(strokes, piece.beat, piece.beats_per_bar, bool(rng.random() < 0.25), seconds)

        def accompany(rng: np.random.Generator) -> np.ndarray:
            length = int(seconds * RATE)
            layers = {name: _cut(path, start, length) for name, path in self._layers(piece).items()}
            sound: np.ndarray = layers["rest"] * np.float32(10.0 ** (rng.normal(0.0, 3.0) / 20.0))
            guitars = amplified(layers["clean"], rng) if rng.random() < 0.6 else layers["driven"]
            loudness, beside = rms(guitars), rms(sound)
            if loudness > 0.0:
                level = (beside or _LOUDNESS) * 10.0 ** (rng.normal(1.0, 4.0) / 20.0)
                sound = sound + guitars * np.float32(level / loudness)
            if rng.random() < 0.5:
                sound = saturate(sound, float(np.exp(rng.uniform(np.log(1.5), np.log(6.0)))))
            return _finished(sound, rng)

        return Passage(score, accompany)

    def _layers(self, piece: Arrangement) -> dict[str, Path]:
        paths = {name: self._cache / f"{piece.name}.{name}.flac" for name in _LAYERS}
        if not all(path.exists() for path in paths.values()):
            font = found_soundfonts()[0]
            for name, path in paths.items():
                render_midi(layer_of(piece.path, name), font, path)
        return paths


def amplified(guitar: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Send a clean guitar through a distorting amplifier and loudspeaker, single or double-tracked.

    Records have such guitars up to 10 kHz and above, so the loudspeaker's upper limit is drawn from 4.5 to 15 kHz.

    Parameters
    ----------
    guitar : np.ndarray
        ``(samples,) float32``.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    tracks = 2 if rng.random() < 0.6 else 1
    drive = float(np.exp(rng.uniform(np.log(15.0), np.log(300.0))))
    top = float(np.exp(rng.uniform(np.log(4500.0), np.log(15000.0))))
    bright = rng.uniform(0.0, 9.0)
    out = np.zeros_like(guitar)
    for track in range(tracks):
        sound = guitar
        if track:  # played again: a little later or earlier, a little out of tune
            sound = change_pitch(guitar, 2.0 ** (rng.normal(0.0, 0.06) / 12.0))
            sound = np.roll(np.resize(sound, len(guitar)), int(RATE * rng.uniform(-0.015, 0.025)))
        sound = equalise(sound, RATE, np.array([60.0, 150.0, 900.0, 5000.0]), np.array([-18.0, -4.0, 3.0, 0.0]))
        sound = compress(sound, RATE, -35.0, 4.0, 0.003, 0.1)
        hiss = coloured_noise(rng, len(sound), 1.5) * np.float32(1e-4 * max(1e-6, float(np.max(np.abs(sound)))))
        sound = saturate(sound + hiss, drive * float(np.exp(rng.normal(0.0, 0.2))))
        frequencies = np.array([50.0, 100.0, 1000.0, 3500.0, top, 2 * top])
        gains = np.array([-15.0, 0.0, rng.normal(0.0, 2.0), bright, bright - 3.0, -30.0])
        out += equalise(sound, RATE, frequencies, gains)
    return out


def _finished(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if rng.random() < 0.5:
        sound = equalise(sound, RATE, *random_curve(rng, 2.5))
    if rng.random() < 0.25:
        sound = reverberate(sound, RATE, rng, rng.uniform(0.2, 1.5), rng.uniform(-25.0, -8.0), rng.uniform(0.2, 0.8))
    loudness = rms(sound)
    return sound * np.float32(_LOUDNESS / loudness) if loudness > 1e-6 else np.zeros_like(sound)


def _cut(path: Path, start: float, length: int) -> np.ndarray:
    """Read mono samples from a moment on, with silence after the end of the file."""
    samples = sf.read(path, frames=length, start=round(start * RATE), dtype="float32", fill_value=0.0)[0]
    return samples


def layer_of(path: Path, layer: str) -> mido.MidiFile:
    """Make a MIDI file with the notes of one layer of an arrangement.

    Parameters
    ----------
    path : Path
        The arrangement.
    layer : str
        ``rest``, ``driven`` (distorted guitars), or ``clean`` (the same guitars with a clean sound).

    Returns
    -------
    mido.MidiFile
        Its notes, without drums, in the time of the arrangement.
    """
    import mido

    source = mido.MidiFile(path)
    track = mido.MidiTrack()
    driven = [False] * 16
    since = 0
    for message in mido.merge_tracks(source.tracks):
        since += message.time
        if message.type == "program_change":
            driven[message.channel] = message.program in _DRIVEN
            if layer == "clean" and driven[message.channel]:
                message = message.copy(program=_CLEAN_GUITAR)
        elif (
            message.type == "note_on"
            and (message.channel == 9 or driven[message.channel] != (layer in ("driven", "clean")))
        ) or message.type in ("sysex", "end_of_track"):
            continue
        track.append(message.copy(time=since))
        since = 0
    track.append(mido.MetaMessage("end_of_track", time=since))
    out = mido.MidiFile(ticks_per_beat=source.ticks_per_beat)
    out.tracks.append(track)
    return out
