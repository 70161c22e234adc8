"""Reading what was played or what was heard: reference annotations and transcriptions of other programs.

Files are told apart by their extension:

- `.txt`, `.csv`: one event a line, as `time label`, separated by blanks, tabs, commas or semicolons; what follows is
  ignored, `#` starts a comment, and a line of only a time is an onset of no known drum. If the first line names the
  columns, they are taken by name: `time`, any of `class`, `label`, `instrument`, `articulation`, `note` (the later say
  it more finely), and `velocity`.
- `.mid`, `.midi`: the notes of channel 10, or of all channels if there are none there.
- `.json`: what `drumscribe.export` writes.

Labels are names or General MIDI notes (see `drums.read_label`). Times are in seconds, velocities 1 to 127.
An empty file is a recording in which nothing is played.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path

from ..drums import ARTICULATION_BY_NAME, ARTICULATION_BY_NOTE, is_broad, read_label
from ..errors import LabelError
from ..export import read_json
from ..midi import read_note_ons

SUFFIXES = (".txt", ".csv", ".mid", ".midi", ".json")
LABEL_COLUMNS = ("class", "label", "instrument", "articulation", "note")
"""Columns that say what was hit, from the broadest to the finest."""
GHOST_LABELS = ("sdg",)
GHOST_VELOCITY = 40
"""Snare hits softer than this are ghost notes, where velocities are known."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something struck, as a file tells it.

    Attributes
    ----------
    time : in seconds.
    articulation : a name of `drums.ARTICULATIONS`; None for a sound outside the vocabulary, or not named at all.
    exact : whether the file says the articulation, and not only the instrument.
    velocity : 1 to 127, None where the file does not say.
    ghost : whether it is a ghost note of the snare.
    """

    time: float
    articulation: str | None
    exact: bool = True
    velocity: int | None = None
    ghost: bool = False

    @property
    def instrument(self) -> str | None:
        """The instrument that the articulation belongs to, None outside the vocabulary."""
        return ARTICULATION_BY_NAME[self.articulation].instrument if self.articulation else None


@dataclass(frozen=True, slots=True)
class Track:
    """One recording: what was played and what was heard, each in order of time."""

    name: str
    reference: tuple[Event, ...]
    estimate: tuple[Event, ...]


def read_events(path: Path) -> tuple[Event, ...]:
    """The events of a file, in order of time.

    Raises
    ------
    LabelError : naming the file, and the line where there is one.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in (".mid", ".midi"):
        events = [
            _event(time, ARTICULATION_BY_NOTE.get(note), velocity) for time, note, velocity in read_note_ons(path)
        ]
    elif suffix == ".json":
        events = [
            _event(hit.time, ARTICULATION_BY_NAME.get(hit.articulation), hit.velocity) for hit in read_json(path).hits
        ]
    elif suffix in SUFFIXES:
        events = _read_text(path)
    else:
        raise LabelError(f"{path}: annotations are read from {', '.join(SUFFIXES)} files")
    return tuple(sorted(events, key=lambda event: event.time))


def pair_tracks(estimates: Path, references: Path, missing_is_empty: bool = False) -> tuple[list[Track], list[Path]]:
    """Read the references and the estimate of each.

    Two files are a pair whatever their names. In folders (searched deeply), a track is a reference's path within its
    folder without extension and without `_class` or `_subclass`; its estimate is the file of the same path, or
    of that followed by `_` or `.` and anything.

    Parameters
    ----------
    missing_is_empty : take a reference without an estimate as one where nothing was heard, instead of an error.

    Returns
    -------
    The tracks in the order of their references' names, and the estimates that no reference is for.

    Raises
    ------
    LabelError : for files that cannot be read, a reference with none or several estimates, or an empty folder.
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
            raise LabelError(f"{path}: a second reference for {name}, beside {tracks[name].name}; keep one")
        tracks[name] = path
    if not tracks:
        raise LabelError(f"{references}: no annotations here ({', '.join(SUFFIXES)})")
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
    """The annotation files of a folder, or the one file, with their paths in it without extensions."""
    if place.is_file():
        return [(place.stem, place)]
    found = sorted(p for p in place.rglob("*") if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
    return [(p.relative_to(place).with_suffix("").as_posix(), p) for p in found if p.is_file()]


def _event(time, articulation, velocity=None, exact=True, ghost=False) -> Event:
    """An event; soft snares are ghosts."""
    soft = articulation is not None and articulation.instrument == "snare" and (velocity or 127) < GHOST_VELOCITY
    return Event(time, articulation and articulation.name, exact, velocity, ghost or soft)


def _read_text(path: Path) -> list[Event]:
    """The events of a text file."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise LabelError(f"{path}: not a text file") from error
    except OSError as error:
        raise LabelError(f"{path}: cannot be read ({error.strerror})") from error
    columns, separator = None, ","
    events = []
    for number, line in enumerate(lines, 1):
        fields = [field for field in re.split(r"[\s,;]+", line.strip()) if field]
        if not fields or fields[0].startswith("#"):
            continue
        try:
            if number == 1 and not _is_number(fields[0]):
                separator = next((s for s in ",;\t" if s in line), None)
                names = [name.strip().lower() for name in line.split(separator)]
                columns = names if "time" in names else None
            elif columns:
                events.append(_read_row(dict(zip(columns, (f.strip() for f in line.split(separator)), strict=False))))
            else:
                events.append(_labelled(_read_time(fields[0]), fields[1:2]))
        except ValueError as error:
            raise LabelError(f"{path}, line {number}: {error}") from error
    return events


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _read_time(text: str) -> float:
    if not _is_number(text):
        raise ValueError(f"{text!r} is no time in seconds")
    return float(text)


def _read_row(row: dict[str, str]) -> Event:
    """The event of a line with named columns."""
    velocity = row.get("velocity")
    labels = [row[column] for column in LABEL_COLUMNS if row.get(column)]
    return _labelled(_read_time(row["time"]), labels, round(float(velocity)) if velocity else None)


def _labelled(time: float, labels: list[str], velocity: int | None = None) -> Event:
    """An event from labels of ever finer meaning: the first decides the instrument, the last that agrees the rest."""
    labels = [label for label in labels if label.lower() != "onset"]
    if not labels:
        return _event(time, None, velocity)
    articulation, exact = read_label(labels[0]), not is_broad(labels[0])
    for label in labels[1:]:
        finer = read_label(label)
        if articulation and finer and finer.instrument == articulation.instrument and not is_broad(label):
            articulation, exact = finer, True
    return _event(time, articulation, velocity, exact, any(label.lower() in GHOST_LABELS for label in labels))
