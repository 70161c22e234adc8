"""Samples of a player's sounds: found in a folder, named, cut out of recordings, and checked.

A folder holds the samples of one sound, or a folder for each sound. A file is one stroke, or a recording of strokes of
one sound with rests between them, which is cut at its onsets.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import DrumscribeError
from ..files import near_miss
from ..kits.kit import KitError, check_name
from ..music.drums import OUTSIDE_NAMES, read_label
from ..sound.audio import SUFFIXES
from ..sound.spectrogram import SpectrogramSettings
from .strokes import Sample, cut_strokes

# By hand.
MIN_SAMPLES = 3
"""Minimum number of samples of a sound."""
MAX_SAMPLES = 60
"""Maximum number of samples of a sound; of more, so many are taken evenly."""
_COMPARED_S, _SHIFT_S, _SAME_CORRELATION = 0.0907, 0.00018, 0.9995
"""Copies have so high a correlation over this long, one of them shifted by up to so much."""


@dataclass
class SoundSamples:
    """The samples of one sound.

    Attributes
    ----------
    name : str
        An articulation, or a name of the player's own.
    kept : list of Sample
        Those to learn from.
    refused : list of (str, str)
        Pairs of an origin and a reason.
    """

    name: str
    kept: list[Sample] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def read_name(text: str) -> str | None:
    """Read the name of a folder or file.

    Parameters
    ----------
    text : str
        The name, without a suffix.

    Returns
    -------
    str or None
        The articulation, or known sound outside the vocabulary, that it names; None if it names none.
    """
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
    """Find the files of each sound in a folder: by its subfolders, or by the names of its files or its own.

    Parameters
    ----------
    folder : Path
        The folder.
    named : str or None
        The name of the sound that all of it is.

    Returns
    -------
    dict of str to list of Path
        The files, by the name of their sound.

    Raises
    ------
    KitError
        If there is nothing to learn from.
    """
    folder = Path(folder)
    if not folder.exists():
        raise KitError(f"{folder}: no such folder{near_miss(folder)}")
    if not folder.is_dir():
        raise KitError(f"{folder}: a file, not a folder of samples")
    inside = {sub: _recordings(sub.rglob("*")) for sub in sorted(folder.iterdir()) if sub.is_dir()}
    own = _recordings(folder.iterdir())
    found: dict[str, list[Path]] = {}
    if named is not None:
        found[sound_name(named)] = own + [path for paths in inside.values() for path in paths]
    elif any(inside.values()):
        for sub, paths in inside.items():
            if paths:
                found.setdefault(sound_name(sub.name), []).extend(paths)
    else:
        names = {path: read_name(path.stem) for path in own}
        whole = read_name(folder.name)
        if None in names.values() or whole is not None:
            found[whole or sound_name(folder.resolve().name)] = own
        else:
            for path, name in names.items():
                found.setdefault(str(name), []).append(path)
    if not any(found.values()):
        raise KitError(f"{folder}: holds no recordings to learn from ({', '.join(sorted(SUFFIXES))})")
    return found


def read_samples(name: str, paths: Iterable[Path], settings: SpectrogramSettings) -> SoundSamples:
    """Read, cut and check the samples of one sound.

    Parameters
    ----------
    name : str
        The sound.
    paths : iterable of Path
        Its files.
    settings : SpectrogramSettings
        The frames of the model that is to learn from them.

    Returns
    -------
    SoundSamples
        Those that can be used, and why others cannot.
    """
    out = SoundSamples(name)
    found: list[Sample] = []
    for path in paths:
        try:
            strokes = cut_strokes(path, settings)
        except DrumscribeError as error:
            out.refused.append((path.name, str(error).removeprefix(f"{path}: ")))
            continue
        found += strokes
    clipped = sum(sample.clipped for sample in found)
    for sample, original in zip(found, originals_of(found, settings.rate), strict=True):
        if original is not sample:
            out.refused.append((sample.origin, f"a copy of {original.origin}"))
        elif sample.clipped and clipped <= len(found) / 2:  # if most are, it is how they sound
            out.refused.append((sample.origin, "clipped: record it at a lower level"))
        else:
            out.kept.append(sample)
    if len(out.kept) > MAX_SAMPLES:
        out.kept = [out.kept[i] for i in np.linspace(0, len(out.kept) - 1, MAX_SAMPLES).round().astype(int)]
    return out


def originals_of(samples: Sequence[Sample], rate: int) -> list[Sample]:
    """For each sample, find the first that is the same, whatever their levels.

    Parameters
    ----------
    samples : sequence of Sample
        Those of one sound.
    rate : int
        Samples per second.

    Returns
    -------
    list of Sample
        Each sample itself, if it is none's copy.
    """
    compared, most = round(_COMPARED_S * rate), round(_SHIFT_S * rate)
    starts = np.zeros((len(samples), compared + 2 * most), np.float32)
    for row, sample in zip(starts, samples, strict=True):
        from_onset = sample.shot.samples[max(0, sample.shot.onset - most) :][: len(row)]
        row[: len(from_onset)] = from_onset
    middle = starts[:, most:-most]
    middle = middle / np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), 1e-9)
    alike = np.zeros((len(samples), len(samples)), np.float32)
    for shift in range(2 * most + 1):  # onsets are found to a millisecond
        moved = starts[:, shift : shift + compared]
        moved = moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
        np.maximum(alike, middle @ moved.T, out=alike)
    same = np.maximum(alike, alike.T) > _SAME_CORRELATION
    return [samples[int(np.argmax(row[: i + 1] | (np.arange(i + 1) == i)))] for i, row in enumerate(same)]


def check_enough(sounds: Sequence[SoundSamples]) -> None:
    """Check that there are enough samples of each sound.

    Parameters
    ----------
    sounds : sequence of SoundSamples
        All of them.

    Raises
    ------
    KitError
        Names the first sound that has too few, and why.
    """
    for sound in sounds:
        if len(sound.kept) < MIN_SAMPLES:
            total = len(sound.kept) + len(sound.refused)
            reasons = "; ".join(f"{origin}: {reason}" for origin, reason in sound.refused[:3])
            raise KitError(
                f"{sound.name}: at least {MIN_SAMPLES} samples are needed, and {len(sound.kept)} of {total} can be used"
                + (f" ({reasons})" if reasons else "")
            )


def _recordings(paths: Iterable[Path]) -> list[Path]:
    return sorted(p for p in paths if p.suffix.lower() in SUFFIXES and p.is_file() and not p.name.startswith("."))


def sound_name(text: str) -> str:
    """Return the name of a sound: that of the drum that a text names, or else the text.

    Parameters
    ----------
    text : str
        A player's word for the sound.

    Returns
    -------
    str
        The name.

    Raises
    ------
    KitError
        If it is none that a sound can have.
    """
    return read_name(text) or check_name(text.strip().lower())
