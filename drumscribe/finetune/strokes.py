"""Strokes of a player's sounds, cut out of recordings and checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..kits.kit import KitError
from ..sound.audio import load, probe
from ..sound.onsets import OnsetDetector, Onsets
from ..sound.spectrogram import SpectrogramSettings, compute_spectrogram
from ..synthesis.one_shots import OneShot

# By hand, on samples as players record them.
_MAX_FILE_S = 900.0
"""Maximum duration of a recording of samples."""
_STROKE_S = 2.0
"""Maximum duration of a stroke; the rest is cut off."""
_LEAD_S = 0.01
"""Duration that is kept before the onset of a stroke."""
_FADE_S = 0.00907
"""Duration of the fade at the end of a stroke."""
_SILENT_PEAK = 1e-3
"""Full scale is 1: a file below this peak is silent."""
_MIN_PEAK = 1e-5
"""A stroke below this peak is nothing."""
_RISE_DB = 12.0
"""Minimum rise in level from before a stroke to the stroke."""
_CLEAR_SHARE = 0.75
"""Minimum share of the strokes of a file that rise so much."""
_MIN_DISTANCE_S = 0.25
"""Minimum distance between the two strokes of a file that are two samples."""
_MIN_GAP_S = 0.09
"""Onsets closer than this are one stroke: a clap, a flam."""
WEAK_DB = 18.0
"""Strokes so much softer than the loudest of their file are left out."""
_VARIED_DB, _MIN_STROKES = 6.5, 10
"""At least so many strokes that differ more than this from their median are of several drums: a song."""
_FULL, _RUN, _RUNS = 0.997, 4, 6
"""Clipped: at least `_RUNS` runs of `_RUN` consecutive samples above `_FULL` of full scale."""


@dataclass(frozen=True)
class Sample:
    """One stroke.

    Attributes
    ----------
    origin : str
        The file, and the place in it.
    shot : OneShot
        The sound, its peak at 1.
    clipped : bool
        Whether its peaks are cut off.
    """

    origin: str
    shot: OneShot
    clipped: bool = False


def cut_strokes(path: Path, settings: SpectrogramSettings) -> list[Sample]:
    """Cut out the strokes of a file.

    Parameters
    ----------
    path : Path
        A recording of one stroke, or of strokes of one sound with rests between them.
    settings : SpectrogramSettings
        The frames of the model that is to learn from them.

    Returns
    -------
    list of Sample
        The strokes, at the rate of the frames.

    Raises
    ------
    KitError
        For a file that is silent, holds two strokes that run into each other, or is a song.
    """
    seconds = probe(path).duration
    if seconds > _MAX_FILE_S:
        raise KitError(f"{path}: lasts {seconds / 60:.0f} minutes: a whole recording, not samples of one sound")
    rate = settings.rate
    sound = load(path, rate)
    peak = float(np.max(np.abs(sound), initial=0.0))
    if peak < _SILENT_PEAK:
        raise KitError(f"{path}: is silent")
    starts = _clear_strokes(path, sound, find_strokes(sound / peak, settings), settings)
    starts = starts or [int(np.argmax(np.abs(sound) > 0.1 * peak))]
    clipped = _is_clipped(sound, peak)
    return [
        Sample(path.name if len(starts) == 1 else f"{path.name} at {start / rate:.2f} s", shot, clipped)
        for start, end in zip(starts, [*starts[1:], len(sound)], strict=True)
        if (shot := cut(sound, rate, start, end)) is not None
    ]


def cut(sound: np.ndarray, rate: int, start: int, end: int) -> OneShot | None:
    """Cut out one stroke.

    Parameters
    ----------
    sound : np.ndarray
        ``(samples,) float32``.
    rate : int
        Samples per second.
    start, end : int
        The samples that the stroke begins at, and that the next one begins at.

    Returns
    -------
    OneShot or None
        The stroke, with a peak of 1; None where there is nothing.
    """
    lead = round(_LEAD_S * rate)
    first, last = max(0, start - lead), min(end - lead if end < len(sound) else end, start + round(_STROKE_S * rate))
    samples = sound[first:last].astype(np.float32)
    peak = float(np.max(np.abs(samples), initial=0.0))
    if peak < _MIN_PEAK:
        return None
    ending = min(len(samples), round(_FADE_S * rate))
    samples[len(samples) - ending :] *= np.linspace(1.0, 0.0, ending, dtype=np.float32)
    return OneShot(samples / np.float32(peak), start - first)


def find_strokes(sound: np.ndarray, settings: SpectrogramSettings) -> list[int]:
    """Find the onsets that are not much softer than the loudest.

    Parameters
    ----------
    sound : np.ndarray
        ``(samples,) float32`` with a peak of 1.
    settings : SpectrogramSettings
        The frames that onsets are found in.

    Returns
    -------
    list of int
        The samples that strokes begin at.
    """
    rate = settings.rate
    rest = np.zeros(rate // 4, np.float32)
    padded = np.concatenate([rest, sound, rest])
    detector = OnsetDetector(settings.rate, settings.hop, settings.bands)
    found = Onsets.concat([detector.push(padded, compute_spectrogram(padded, settings)), detector.flush()])
    at = np.clip(np.rint(found.times * rate).astype(int) - len(rest), 0, max(0, len(sound) - 1))
    levels = np.array([np.max(np.abs(sound[i : i + round(0.05 * rate)]), initial=1e-9) for i in at])
    sharp = found.strengths > 0.25 * np.max(found.strengths, initial=0.0)
    strokes: list[int] = []
    for start in at[(20.0 * np.log10(levels) > -WEAK_DB) & sharp].tolist():
        if not strokes or start - strokes[-1] > _MIN_GAP_S * rate:
            strokes.append(start)
    return strokes


def _clear_strokes(path: Path, sound: np.ndarray, starts: list[int], settings: SpectrogramSettings) -> list[int]:
    """The strokes that stand out, or else the first; refuses a file whose strokes cannot be cut apart."""
    clear = [start for start in starts if rise_db(sound, settings.rate, start) >= _RISE_DB]
    if len(starts) > 2 and len(clear) < _CLEAR_SHARE * len(starts):
        raise KitError(f"{path}: holds sounds that run into each other: a song? Record one sound, with rests between")
    close = len(clear) == 2 and clear[1] - clear[0] < _MIN_DISTANCE_S * settings.rate
    if close or (len(starts) == 2 and len(clear) < 2):
        raise KitError(f"{path}: holds two hits in one: cut them apart, or leave a rest between them")
    if len(clear) >= _MIN_STROKES and _variety_db(sound, clear, settings) > _VARIED_DB:
        raise KitError(f"{path}: its strokes differ as those of several drums: a song? Give each sound a recording")
    return clear or starts[:1]


def rise_db(sound: np.ndarray, rate: int, start: int) -> float:
    """Measure how far the level after a sample exceeds that before it.

    Parameters
    ----------
    sound : np.ndarray
        ``(samples,) float32``.
    rate : int
        Samples per second.
    start : int
        The sample.

    Returns
    -------
    float
        In dB; of the 60 ms after it, above those before it except the last 10.
    """
    before = sound[max(0, start - round(0.06 * rate)) : max(0, start - round(0.01 * rate))]
    after = sound[start : start + round(0.06 * rate)]
    quiet = float(np.sqrt(np.mean(np.square(before)))) if len(before) else 0.0
    loud = float(np.sqrt(np.mean(np.square(after)))) if len(after) else 0.0
    return 20.0 * np.log10((loud + 1e-9) / (quiet + 1e-9))


def _variety_db(sound: np.ndarray, starts: Sequence[int], settings: SpectrogramSettings) -> float:
    """How far the spectra of most attacks, whatever their levels, are from the median one: dB, mean over the bands."""
    frames = compute_spectrogram(sound, settings)
    attacks = np.array([frames[(at := round(start / settings.hop)) : at + 5].max(axis=0) for start in starts])
    shapes = np.maximum(100.0 * (attacks - attacks.max(axis=1, keepdims=True)), -40.0)
    return float(np.percentile(np.abs(shapes - np.median(shapes, axis=0)).mean(axis=1), 85))


def _is_clipped(sound: np.ndarray, peak: float) -> bool:
    """Whether many peaks are flat, at full scale."""
    if peak < _FULL:
        return False
    flat = np.abs(sound) >= _FULL * peak
    edges = np.diff(np.concatenate([[0], flat.astype(np.int8), [0]]))
    lengths = np.flatnonzero(edges < 0) - np.flatnonzero(edges > 0)
    return int((lengths >= _RUN).sum()) >= _RUNS
