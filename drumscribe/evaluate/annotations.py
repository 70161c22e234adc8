"""Annotation files: references, and transcriptions by other programs.

The extension decides how a file is read:

- `.txt`, `.csv`: one event per line, in any of the layouts of `formats.events`.
- `.mid`, `.midi`: the notes of channel 10, or of all channels if that has none.
- `.json`: files written by `drumscribe.formats.export`.

Labels are names or General MIDI notes (see `drums.read_label`). Times are in seconds, velocities 1 to 127. An empty
file is a recording in which nothing is played.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import LabelError
from ..formats.events import Event, event_of, read_text
from ..formats.json_file import read_json
from ..formats.midi import read_note_ons
from ..music.drums import ARTICULATION_BY_NAME, ARTICULATION_BY_NOTE

SUFFIXES = (".txt", ".csv", ".mid", ".midi", ".json")


@dataclass(frozen=True, slots=True)
class Track:
    """The reference and the estimate of one recording.

    Attributes
    ----------
    name : str
        Name of the recording.
    reference, estimate : tuple[Event, ...]
        Events in order of time.
    """

    name: str
    reference: tuple[Event, ...]
    estimate: tuple[Event, ...]


def read_events(path: Path) -> tuple[Event, ...]:
    """Read the events of a file, in order of time.

    Raises
    ------
    LabelError
        If the file cannot be read; the message names it, and the line if there is one.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in (".mid", ".midi"):
        events = [
            event_of(time, ARTICULATION_BY_NOTE.get(note), velocity) for time, note, velocity in read_note_ons(path)
        ]
    elif suffix == ".json":
        events = [
            event_of(hit.time, ARTICULATION_BY_NAME.get(hit.articulation), hit.velocity) for hit in read_json(path).hits
        ]
    elif suffix in SUFFIXES:
        events = read_text(path)
    else:
        raise LabelError(f"{path}: not an annotation file: give {', '.join(SUFFIXES)}")
    return tuple(sorted(events, key=lambda event: event.time))


def pair_tracks(estimates: Path, references: Path, missing_is_empty: bool = False) -> tuple[list[Track], list[Path]]:
    """Read the references, and the estimate of each.

    Two files are a pair whatever their names. In folders (searched recursively), a track is a reference's path in its
    folder without extension and without `_class` or `_subclass`; its estimate has the same path, or one that continues
    with `_` or `.`.

    Parameters
    ----------
    estimates, references : Path
        Two files, or two folders.
    missing_is_empty : bool, default False
        Whether to read a missing estimate as an empty one instead of raising an error.

    Returns
    -------
    tuple[list[Track], list[Path]]
        The tracks in the order of their references' names, and the estimates without a reference.

    Raises
    ------
    LabelError
        If a file cannot be read, a reference has no estimate or several, or a folder has no references.
    """
    estimates, references = Path(estimates), Path(references)
    for path in (estimates, references):
        if not path.exists():
            raise LabelError(f"{path}: no such file or folder")
    if estimates.is_file() and references.is_file():
        return [Track(references.stem, read_events(references), read_events(estimates))], []
    named = _files(references)
    tracks: dict[str, Path] = {}
    for stem, path in named:
        name = re.sub(r"_(class|subclass)$", "", stem)
        if name in tracks:
            raise LabelError(f"{path}: a second reference for {name}, besides {tracks[name].name}: keep one")
        tracks[name] = path
    if not tracks:
        raise LabelError(f"{references}: no annotation files here ({', '.join(SUFFIXES)})")
    owner: dict[str, list[Path]] = {name: [] for name in tracks}
    strays = []
    for stem, path in _files(estimates):
        # The longest name wins: "take_2.mid" belongs to "take_2" if there is one, else to "take".
        names = [name for name in tracks if stem == name or stem.startswith((name + "_", name + "."))]
        if names:
            owner[max(names, key=len)].append(path)
        else:
            strays.append(path)
    for name, found in owner.items():
        if len(found) > 1:
            raise LabelError(f"{estimates}: several estimates for {name}: {', '.join(p.name for p in found)}")
    absent = [name for name, found in owner.items() if not found]
    if absent and not missing_is_empty:
        raise LabelError(f"{estimates}: no estimate for {', '.join(absent)}")
    return [
        Track(name, read_events(tracks[name]), read_events(found[0]) if found else ()) for name, found in owner.items()
    ], strays


def _files(place: Path) -> list[tuple[str, Path]]:
    """List the annotation files of a folder, or the one file, with their paths in it without extensions."""
    if place.is_file():
        return [(place.stem, place)]
    found = sorted(p for p in place.rglob("*") if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
    return [(p.relative_to(place).with_suffix("").as_posix(), p) for p in found if p.is_file()]
