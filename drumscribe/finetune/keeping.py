"""Samples kept beside a kit, on request, so that it can be learned anew: with more of them, or for a new model."""

import json
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from ..files import written_whole
from ..kits.kit import KitError, check_name
from ..kits.library import samples_of
from ..synthesis.one_shots import OneShot
from .samples import MAX_SAMPLES, SoundSamples, originals_of
from .strokes import Sample

_FULL = 32767
"""Samples are kept in 16 bits."""
_MAX_BYTES = 200_000_000
"""Maximum size of the numbers of one file; by hand: that of 20 sounds of 60 samples of 2 s, in 16 bits."""


def keep_samples(sounds: Sequence[SoundSamples], rate: int, kit: Path) -> Path:
    """Write the samples of a kit beside it, whole or not at all.

    Parameters
    ----------
    sounds : sequence of SoundSamples
        Those of each sound; refused ones are not kept.
    rate : int
        Samples per second.
    kit : Path
        The file of the kit.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    KitError
        If it cannot be written.
    """
    kept = [(sound.name, sample) for sound in sounds for sample in sound.kept]
    card = {
        "rate": rate,
        "samples": [
            {"sound": name, "origin": sample.origin, "onset": sample.shot.onset, "length": len(sample.shot.samples)}
            for name, sample in kept
        ],
    }
    numbers = np.concatenate([sample.shot.samples for _, sample in kept])
    path = samples_of(kit)
    try:
        with written_whole(path) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(
                file,
                card=np.frombuffer(json.dumps(card).encode(), np.uint8),
                numbers=np.rint(np.clip(numbers, -1.0, 1.0) * _FULL).astype("<i2"),
            )
    except OSError as error:
        raise KitError(f"{path}: cannot be written: {error.strerror or error}") from error
    return path


def kept_samples(kit: Path, rate: int) -> list[SoundSamples]:
    """Read the samples that were kept of a kit.

    Parameters
    ----------
    kit : Path
        The file of the kit.
    rate : int
        Samples per second of the model that is to learn from them.

    Returns
    -------
    list of SoundSamples
        Those of each sound.

    Raises
    ------
    KitError
        If none were kept, or they cannot be read.
    """
    path = samples_of(kit)
    if not path.exists():
        raise KitError(f"{kit}: its samples were not kept: make it with drumscribe finetune --keep-samples")
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MAX_BYTES:
                raise KitError(f"{path}: not the samples of a kit: too large")
        with np.load(path, allow_pickle=False) as arrays:
            card, numbers = json.loads(bytes(arrays["card"])), arrays["numbers"].astype(np.float32) / _FULL
        return _sounds_of(card, numbers, rate)
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError, RecursionError):
        raise KitError(f"{path}: damaged: recreate the kit with drumscribe finetune --keep-samples") from None


def _sounds_of(card: dict, numbers: np.ndarray, rate: int) -> list[SoundSamples]:
    if card["rate"] != rate:
        raise KitError(f"its samples have {card['rate']} Hz, and the model needs {rate} Hz: recreate the kit")
    found: dict[str, SoundSamples] = {}
    at = 0
    for entry in card["samples"]:
        length, onset = int(entry["length"]), int(entry["onset"])
        if not 0 <= onset < length <= len(numbers) - at:
            raise ValueError("samples")
        sound = found.setdefault(check_name(entry["sound"]), SoundSamples(entry["sound"]))
        sound.kept.append(Sample(str(entry["origin"]), OneShot(numbers[at : at + length], onset)))
        at += length
    return list(found.values())


def joined(parts: Iterable[Sequence[SoundSamples]], rate: int) -> list[SoundSamples]:
    """Join samples of the same sounds.

    Parameters
    ----------
    parts : iterable of sequences of SoundSamples
        Of each part those of each sound.
    rate : int
        Samples per second.

    Returns
    -------
    list of SoundSamples
        Those of all parts, copies refused; of more than `samples.MAX_SAMPLES` of a sound, so many, taken evenly.
    """
    found: dict[str, SoundSamples] = {}
    for sounds in parts:
        for sound in sounds:
            own = found.setdefault(sound.name, SoundSamples(sound.name))
            own.kept += sound.kept
            own.refused += sound.refused
    for sound in found.values():
        pairs = list(zip(sound.kept, originals_of(sound.kept, rate), strict=True))
        sound.kept = [sample for sample, original in pairs if original is sample]
        sound.refused += [(s.origin, f"a copy of {original.origin}") for s, original in pairs if original is not s]
        if len(sound.kept) > MAX_SAMPLES:
            chosen = np.linspace(0, len(sound.kept) - 1, MAX_SAMPLES).round().astype(int)
            sound.kept = [sound.kept[i] for i in chosen]
    return list(found.values())
