"""Samples of a player's sounds: found in a folder, named, cut out of recordings, and checked.

A folder holds the samples of one sound, or a folder for each sound. A file is one stroke, or a recording of strokes of
one sound with rests between them, which is cut at its onsets.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..audio import SUFFIXES, load, probe
from ..drums import OUTSIDE_NAMES, read_label
from ..errors import DrumscribeError
from ..onsets import OnsetDetector
from ..spectrogram import SpectrogramSettings, compute_spectrogram
from ..synthesis import OneShot
from .kit import KitError, check_name

RATE = 44100
LEAST = 3
"""Samples of a sound that can be learned from."""
MOST = 60
"""Samples of a sound that are learned from; of more, so many are taken evenly."""
_LONGEST = 900.0
"""A file that lasts longer (seconds) is no recording of samples."""
_STROKE = 2.0
"""Seconds of a stroke that are kept."""
_LEAD = 0.01
_SILENT = 1e-3
_RISE_DB = 12.0
"""A stroke of a recording stands out by so much from what is before it."""
_ALONE = 0.09
"""Onsets closer than this (seconds) are one stroke: a clap, a flam."""
_WEAK_DB = 18.0
"""What is so much softer than the loudest stroke of its file is no second one."""
_COMPARED, _SHIFT, _SAME = 4000, 8, 0.9995
"""Copies have so high a correlation over so many values, one of them shifted a little."""
_VARIED_DB, _MANY = 6.5, 10
"""Where so many strokes differ more than this from their median, they are of several drums: a song."""
_FULL, _RUN, _RUNS = 0.997, 4, 6
"""A sample is clipped where so many times so many values in a row are that near to full scale."""


@dataclass(frozen=True)
class Sample:
    """One stroke.

    Attributes
    ----------
    origin : the file, and where in it.
    shot : the sound, its peak at 1.
    clipped : whether its peaks are cut off.
    """

    origin: str
    shot: OneShot
    clipped: bool = False


@dataclass
class SoundSamples:
    """The samples of one sound.

    Attributes
    ----------
    name : an articulation, or a name of the player's own.
    kept : those to learn from.
    refused : pairs of an origin and a reason.
    """

    name: str
    kept: list[Sample] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def read_name(text: str) -> str | None:
    """What a name of a folder or file says: an articulation, a known sound outside the vocabulary, or None."""
    words = [word for word in re.split(r"[^a-z]+", text.lower()) if word]
    spans = ["_".join(words[i:j]) for j in range(len(words), 0, -1) for i in range(j)]
    for span in sorted(spans, key=len, reverse=True):
        for name in (span, span.removesuffix("s")):
            try:
                articulation = read_label(name)
            except ValueError:
                continue
            if articulation is not None:
                return articulation.name
            return name if name in OUTSIDE_NAMES and len(name) > 3 else None
    return None


def find_samples(folder: Path, named: str | None = None) -> dict[str, list[Path]]:
    """The files of each sound in a folder: by its subfolders, or by the names of its files or its own.

    Parameters
    ----------
    named : what all of it is.

    Raises
    ------
    KitError : where there is nothing to learn from.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise KitError(f"{folder}: is no folder of samples")
    inside = {sub: _recordings(sub.rglob("*")) for sub in sorted(folder.iterdir()) if sub.is_dir()}
    own = _recordings(folder.iterdir())
    found: dict[str, list[Path]] = {}
    if named is not None:
        found[_sound_name(named)] = own + [path for paths in inside.values() for path in paths]
    elif any(inside.values()):
        for sub, paths in inside.items():
            if paths:
                found.setdefault(_sound_name(sub.name), []).extend(paths)
    else:
        names = {path: read_name(path.stem) for path in own}
        whole = read_name(folder.name)
        if None in names.values() or whole is not None:
            found[whole or _sound_name(folder.resolve().name)] = own
        else:
            for path, name in names.items():
                found.setdefault(name, []).append(path)
    if not any(found.values()):
        raise KitError(f"{folder}: holds no recordings to learn from ({', '.join(sorted(SUFFIXES))})")
    return found


def read_samples(name: str, paths: Iterable[Path]) -> SoundSamples:
    """Read, cut and check the samples of one sound."""
    out = SoundSamples(name)
    found: list[Sample] = []
    for path in paths:
        try:
            strokes = cut_strokes(path)
        except DrumscribeError as error:
            out.refused.append((path.name, str(error).removeprefix(f"{path}: ")))
            continue
        found += strokes
    clipped = sum(sample.clipped for sample in found)
    for sample, original in zip(found, _originals(found), strict=True):
        if original is not sample:
            out.refused.append((sample.origin, f"a copy of {original.origin}"))
        elif sample.clipped and clipped <= len(found) / 2:  # if most are, it is how they sound
            out.refused.append((sample.origin, "clipped: record it at a lower level"))
        else:
            out.kept.append(sample)
    if len(out.kept) > MOST:
        out.kept = [out.kept[i] for i in np.linspace(0, len(out.kept) - 1, MOST).round().astype(int)]
    return out


def _originals(samples: Sequence[Sample]) -> list[Sample]:
    """For each sample the first that is the same, whatever their levels: itself, if it is none's copy."""
    starts = np.zeros((len(samples), _COMPARED + 2 * _SHIFT), np.float32)
    for row, sample in zip(starts, samples, strict=True):
        from_onset = sample.shot.samples[max(0, sample.shot.onset - _SHIFT) :][: len(row)]
        row[: len(from_onset)] = from_onset
    middle = starts[:, _SHIFT:-_SHIFT]
    middle = middle / np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), 1e-9)
    alike = np.zeros((len(samples), len(samples)), np.float32)
    for shift in range(2 * _SHIFT + 1):  # onsets are found to a millisecond
        moved = starts[:, shift : shift + _COMPARED]
        moved = moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
        np.maximum(alike, middle @ moved.T, out=alike)
    same = np.maximum(alike, alike.T) > _SAME
    return [samples[int(np.argmax(row[: i + 1] | (np.arange(i + 1) == i)))] for i, row in enumerate(same)]


def cut_strokes(path: Path) -> list[Sample]:
    """The strokes of a file.

    Raises
    ------
    KitError : for a file that is silent, holds two strokes that run into each other, or is a song.
    """
    seconds = probe(path).duration
    if seconds > _LONGEST:
        raise KitError(f"{path}: lasts {seconds / 60:.0f} minutes: a whole recording, not samples of one sound")
    sound = load(path, RATE)
    peak = float(np.max(np.abs(sound), initial=0.0))
    if peak < _SILENT:
        raise KitError(f"{path}: is silent")
    clipped = _is_clipped(sound, peak)
    starts = find_strokes(sound / peak)
    clear = [start for start in starts if _rise_db(sound, start) >= _RISE_DB]
    if len(starts) > 1 and len(clear) < 0.75 * len(starts):
        if len(starts) == 2:
            raise KitError(f"{path}: holds two hits in one: cut them apart, or leave a rest between them")
        raise KitError(f"{path}: holds sounds that run into each other: a song? Record one sound, with rests between")
    if len(clear) == 2 and clear[1] - clear[0] < 0.25 * RATE:
        raise KitError(f"{path}: holds two hits in one: cut them apart, or leave a rest between them")
    if len(clear) >= _MANY and _variety_db(sound, clear) > _VARIED_DB:
        raise KitError(f"{path}: its strokes differ as those of several drums: a song? Give each sound a recording")
    clear = clear or starts[:1] or [int(np.argmax(np.abs(sound) > 0.1 * peak))]
    ends = [*clear[1:], len(sound)]
    return [
        Sample(path.name if len(clear) == 1 else f"{path.name} at {start / RATE:.2f} s", shot, clipped)
        for start, end in zip(clear, ends, strict=True)
        if (shot := cut(sound, start, end)) is not None
    ]


def cut(sound: np.ndarray, start: int, end: int) -> OneShot | None:
    """The stroke that begins at a sample and ends before another, with a peak of 1; None where there is nothing."""
    first = max(0, start - round(_LEAD * RATE))
    last = min(end - round(_LEAD * RATE) if end < len(sound) else end, start + round(_STROKE * RATE))
    samples = sound[first:last].astype(np.float32)
    peak = float(np.max(np.abs(samples), initial=0.0))
    if peak < 1e-5:
        return None
    ending = min(len(samples), 400)
    samples[len(samples) - ending :] *= np.linspace(1.0, 0.0, ending, dtype=np.float32)
    return OneShot(samples / np.float32(peak), start - first)


def find_strokes(sound: np.ndarray) -> list[int]:
    """Where strokes begin in sound with a peak of 1, in samples: onsets that are not much softer than the loudest."""
    settings = SpectrogramSettings()
    rest = np.zeros(RATE // 4, np.float32)
    padded = np.concatenate([rest, sound, rest])
    detector = OnsetDetector(settings.rate, settings.hop, settings.bands)
    found = [detector.push(padded, compute_spectrogram(padded, settings)), detector.flush()]
    times = np.concatenate([onsets.times for onsets in found])
    strengths = np.concatenate([onsets.strengths for onsets in found])
    at = np.clip(np.rint(times * RATE).astype(int) - len(rest), 0, max(0, len(sound) - 1))
    levels = np.array([np.max(np.abs(sound[i : i + round(0.05 * RATE)]), initial=1e-9) for i in at])
    strong = (20.0 * np.log10(levels) > -_WEAK_DB) & (strengths > 0.25 * np.max(strengths, initial=0.0))
    strokes: list[int] = []
    for start in at[strong].tolist():
        if not strokes or start - strokes[-1] > _ALONE * RATE:
            strokes.append(start)
    return strokes


def _rise_db(sound: np.ndarray, start: int) -> float:
    """How far what follows a sample exceeds what is before it."""
    before = sound[max(0, start - round(0.06 * RATE)) : max(0, start - round(0.01 * RATE))]
    after = sound[start : start + round(0.06 * RATE)]
    quiet = float(np.sqrt(np.mean(np.square(before)))) if len(before) else 0.0
    loud = float(np.sqrt(np.mean(np.square(after)))) if len(after) else 0.0
    return 20.0 * np.log10((loud + 1e-9) / (quiet + 1e-9))


def _variety_db(sound: np.ndarray, starts: Sequence[int]) -> float:
    """How far the spectra of most attacks, whatever their levels, are from the median one: dB, mean over the bands."""
    settings = SpectrogramSettings()
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


def check_enough(sounds: Sequence[SoundSamples]) -> None:
    """See that there are samples enough of each sound.

    Raises
    ------
    KitError : naming the first sound that has too few, and why.
    """
    for sound in sounds:
        if len(sound.kept) < LEAST:
            total = len(sound.kept) + len(sound.refused)
            reasons = "; ".join(f"{origin}: {reason}" for origin, reason in sound.refused[:3])
            raise KitError(
                f"{sound.name}: {LEAST} samples are the least, and {len(sound.kept)} of {total} can be used"
                + (f" ({reasons})" if reasons else "")
            )


def _recordings(paths: Iterable[Path]) -> list[Path]:
    return sorted(p for p in paths if p.suffix.lower() in SUFFIXES and p.is_file() and not p.name.startswith("."))


def _sound_name(text: str) -> str:
    return read_name(text) or check_name(text.strip().lower())
