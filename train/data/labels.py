"""Labels of sound files, from the names of folders and files, or from a manifest.

A manifest is ``manifest.csv`` in the folder, with columns ``file`` and ``instrument`` (or ``label``), and optionally
``articulation``, ``family``, ``split`` and ``onset_s``. Without one, folders give the family: those above the one that
names the drum, and the first below it (``808/kick/x.wav`` and ``kick/808/x.wav`` are of the family ``808``); without
such folders, every file is its own family. A family is never split between training and validation.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from drumscribe.errors import DrumscribeError
from drumscribe.sound.audio import FOREIGN_SUFFIXES, SUFFIXES

from .names import ROLES_READ, Reading, read_name
from .recordings import read_manifest
from .sources import role_of

_MANIFEST = "manifest.csv"


@dataclass(frozen=True)
class Entry:
    """A file and its label.

    Attributes
    ----------
    path : Path
        The file.
    reading : Reading
        The drum in it.
    family : str
        Shared by files of the same origin.
    split : str, default ""
        ``train``, ``validation`` or another; "" if not given.
    onset_seconds : float, optional
        Time of the attack, if given.
    names : tuple[str, ...], optional
        Names of its folders and its own, or labels of a manifest, as classes are written: ``foot_stomp``.
    """

    path: Path
    reading: Reading
    family: str
    split: str = ""
    onset_seconds: float | None = None
    names: tuple[str, ...] = ()


def read_entries(folder: Path, own: Sequence[str] = ()) -> list[Entry]:
    """List the sound files of a folder with their labels.

    Parameters
    ----------
    folder : Path
        The folder.
    own : Sequence[str], optional
        Names of classes that are not in the vocabulary, which folders may have, too.

    Returns
    -------
    list[Entry]
        The files.

    Raises
    ------
    DrumscribeError
        If the folder is missing, or its manifest cannot be read.
    """
    if not folder.is_dir():
        raise DrumscribeError(f"{folder}: no such folder of samples")
    manifest = folder / _MANIFEST
    return list(_read_manifest(manifest) if manifest.exists() else _read_names(folder, own))


def find_empty_classes(folder: Path) -> list[Path]:
    """List folders that are named after a drum and hold no sound; none if there is a manifest."""
    if (folder / _MANIFEST).exists():
        return []
    named = (path for path in sorted(folder.rglob("*")) if path.is_dir() and read_name(path.name).role)
    return [path for path in named if not any(file.suffix.lower() in SUFFIXES for file in path.rglob("*"))]


def _read_names(folder: Path, own: Sequence[str]) -> Iterator[Entry]:
    recorded = {recording.path for recording in read_manifest(folder)}
    for path in sorted(folder.rglob("*")):
        if path in recorded:
            continue
        if path.suffix.lower() not in SUFFIXES | FOREIGN_SUFFIXES or path.name.startswith(".") or path.is_dir():
            continue
        inside = path.relative_to(folder)
        parts = inside.parts[:-1]
        drums = (i for i, part in enumerate(parts) if read_name(part).role or {*_as_classes(part)} & {*own})
        named = next(drums, len(parts))
        family = "/".join((*parts[:named], *parts[named + 1 : named + 2])) or inside.as_posix()
        names = tuple(name for part in (*parts, inside.stem) for name in _as_classes(part))
        yield Entry(path, read_name(inside.with_suffix("").as_posix()), family, names=names)


def _as_classes(name: str) -> tuple[str, ...]:
    """Write a name as classes are written, with and without a number at its end: ``Foot stomp 02`` is `foot_stomp`."""
    return tuple(re.sub(r"[\W_]+", "_", each.lower()).strip("_") for each in (name, re.sub(r"[\W_\d]+$", "", name)))


def _read_manifest(path: Path) -> Iterator[Entry]:
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        columns = reader.fieldnames or []
        label = next((name for name in ("instrument", "label") if name in columns), None)
        if label is None or "file" not in columns:
            raise DrumscribeError(f"{path}: a manifest needs the columns file and instrument (or label)")
        for row in reader:
            onset = row.get("onset_s") or None
            try:
                seconds = None if onset is None else float(onset)
            except ValueError:
                raise DrumscribeError(f"{path}: line {reader.line_num}: onset_s is {onset!r}") from None
            family = row.get("family") or row.get("kit") or row["file"]
            reading = _read_labels(row[label] or "", row.get("articulation") or "")
            names = tuple(name for key in (label, "articulation") for name in _as_classes(row.get(key) or ""))
            yield Entry(path.parent / row["file"], reading, family, row.get("split") or "", seconds, names)


def _read_labels(instrument: str, articulation: str) -> Reading:
    if articulation in ROLES_READ:
        return Reading(articulation)
    try:
        role = role_of(instrument, articulation)
    except KeyError:
        return read_name(f"{instrument} {articulation}")
    return Reading(role, "" if role else f"{articulation.replace('_', ' ')} of a {instrument}: no label would be right")
