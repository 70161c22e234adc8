"""Recordings with annotations, which a model learns from beside one-shots.

A new dataset is a function and a line in `READERS`: from a folder to its recordings. ``samples.recordings`` of an
experiment names it. The usual one reads ``recordings.csv`` in the folder of samples, if there is one, with columns
``file`` and ``annotations``, and optionally ``family`` and ``split``; annotations are any file that
``drumscribe evaluate`` reads.
"""

import csv
import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from drumscribe.errors import DrumscribeError
from drumscribe.evaluate.annotations import read_events
from drumscribe.formats.events import Event
from drumscribe.sound.audio import load

from .sources import RATE

MANIFEST = "recordings.csv"
TRAIN, HELD_OUT = "train", "validation"
_TOGETHER_SECONDS = 0.02
"""Strokes within this are at once; by hand."""


@dataclass(frozen=True)
class Recording:
    """A recording and what is played in it.

    Attributes
    ----------
    path : Path
        A sound file.
    events : tuple[Event, ...]
        The strokes, in order of time.
    family : str
        Shared with what has the same origin; never trained on if it is held out.
    split : str, default "train"
        ``train``, ``validation``, or another, which is not used.
    """

    path: Path
    events: tuple[Event, ...]
    family: str
    split: str = TRAIN

    @cached_property
    def sound(self) -> np.ndarray:
        """``(samples,) float32``, mono at 44,100 Hz."""
        return load(self.path, RATE)

    @cached_property
    def sha256(self) -> str:
        """Digest of the file and the strokes."""
        return hashlib.sha256(self.path.read_bytes() + repr(self.events).encode()).hexdigest()

    def moments(self, classes: Sequence[str]) -> list[tuple[float, set[int]]]:
        """List the strokes of some classes, those at once together.

        Parameters
        ----------
        classes : Sequence[str]
            Instruments or articulations of the vocabulary.

        Returns
        -------
        list[tuple[float, set[int]]]
            Time in seconds, and indices of the classes that sound.
        """
        found: list[tuple[float, set[int]]] = []
        for event in self.events:
            names = [name for name in (event.articulation, event.instrument) if name in classes]
            if not names:
                continue
            if not found or event.time - found[-1][0] > _TOGETHER_SECONDS:
                found.append((event.time, set()))
            found[-1][1].add(classes.index(names[0]))
        return found


def read_manifest(folder: Path) -> list[Recording]:
    """Read the recordings that ``recordings.csv`` lists.

    Parameters
    ----------
    folder : Path
        The folder of samples.

    Returns
    -------
    list[Recording]
        The recordings; none without that file.

    Raises
    ------
    DrumscribeError
        If a column, a file or its annotations are missing or wrong.
    """
    path = folder / MANIFEST
    if not path.exists():
        return []
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        if not {"file", "annotations"} <= {*(reader.fieldnames or ())}:
            raise DrumscribeError(f"{path}: a manifest of recordings needs the columns file and annotations")
        rows = list(reader)
    found = []
    for number, row in enumerate(rows, 2):
        sound, annotations = (folder / (row[name] or "") for name in ("file", "annotations"))
        for each in (sound, annotations):
            if not each.is_file():
                raise DrumscribeError(f"{path}: line {number}: {each}: no such file")
        found.append(
            Recording(sound, read_events(annotations), row.get("family") or sound.stem, row.get("split") or TRAIN)
        )
    return found


READERS: dict[str, Callable[[Path], list[Recording]]] = {"manifest": read_manifest}
"""Datasets of recordings by name."""


def read_recordings(
    name: str, folder: Path, trained: Collection[str], held_out: Collection[str]
) -> tuple[tuple[Recording, ...], tuple[Recording, ...]]:
    """Read a dataset, and check that none of its origins is both trained and measured on.

    Parameters
    ----------
    name : str
        One of `READERS`.
    folder : Path
        The folder of samples.
    trained, held_out : Collection[str]
        Families of the one-shots.

    Returns
    -------
    tuple[tuple[Recording, ...], tuple[Recording, ...]]
        Those to train on, and those to measure on.

    Raises
    ------
    DrumscribeError
        If a family is on both sides.
    """
    found = READERS[name](folder)
    train, measure = (tuple(each for each in found if each.split == split) for split in (TRAIN, HELD_OUT))
    both = {each.family for each in train} & {*held_out, *(each.family for each in measure)}
    both |= {each.family for each in measure} & {*trained}
    if both:
        raise DrumscribeError(f"{folder}: the family {min(both)} is in training and in validation")
    return train, measure
