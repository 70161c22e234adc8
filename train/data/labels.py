"""What each sound file below a folder is said to be: by the names of folders and files, or by a manifest.

A manifest is ``manifest.csv`` in the folder, with columns ``file`` and ``instrument`` (or ``label``), and, where it has
them, ``articulation``, ``family``, ``split`` and ``onset_s``. Without one, folders tell the family: those above the one
that names the drum, and the first below it (``808/kick/x.wav`` and ``kick/808/x.wav`` are of the family ``808``); where
no folder tells, every file is a family of its own. A family is never split between training and validation.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from drumscribe.audio import FOREIGN_SUFFIXES, SUFFIXES
from drumscribe.errors import DrumscribeError

from .names import ROLES_READ, Reading, read_name
from .sources import role_of

_MANIFEST = "manifest.csv"


@dataclass(frozen=True)
class Entry:
    """One file, and what is said of it.

    Attributes
    ----------
    path : the file.
    reading : the drum in it.
    family : what it shares with files of the same origin.
    split : ``train``, ``validation`` or another; "" where none is told.
    onset_seconds : where its attack is, where that is told.
    """

    path: Path
    reading: Reading
    family: str
    split: str = ""
    onset_seconds: float | None = None


def read_entries(folder: Path) -> list[Entry]:
    """The sound files of a folder.

    Raises
    ------
    DrumscribeError : for a folder that is not there, or a manifest that cannot be read.
    """
    if not folder.is_dir():
        raise DrumscribeError(f"{folder}: no such folder of samples")
    manifest = folder / _MANIFEST
    return list(_read_manifest(manifest) if manifest.exists() else _read_names(folder))


def find_empty_classes(folder: Path) -> list[Path]:
    """Folders that are named after a drum and hold no sound; none where a manifest says what is there."""
    if (folder / _MANIFEST).exists():
        return []
    named = (path for path in sorted(folder.rglob("*")) if path.is_dir() and read_name(path.name).role)
    return [path for path in named if not any(file.suffix.lower() in SUFFIXES for file in path.rglob("*"))]


def _read_names(folder: Path) -> Iterator[Entry]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in SUFFIXES | FOREIGN_SUFFIXES or path.name.startswith(".") or path.is_dir():
            continue
        inside = path.relative_to(folder)
        parts = inside.parts[:-1]
        named = next((i for i, part in enumerate(parts) if read_name(part).role), len(parts))
        family = "/".join((*parts[:named], *parts[named + 1 : named + 2])) or inside.as_posix()
        yield Entry(path, read_name(inside.with_suffix("").as_posix()), family)


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
            yield Entry(path.parent / row["file"], reading, family, row.get("split") or "", seconds)


def _read_labels(instrument: str, articulation: str) -> Reading:
    if articulation in ROLES_READ:
        return Reading(articulation)
    try:
        role = role_of(instrument, articulation)
    except KeyError:
        return read_name(f"{instrument} {articulation}")
    return Reading(role, "" if role else f"{articulation.replace('_', ' ')} of a {instrument}: no label would be right")
