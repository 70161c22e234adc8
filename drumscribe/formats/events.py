"""Events: strokes in text files of annotators, editors and other programs.

The reader recognises each layout by its content:

- lines of `time label`, separated by blanks, tabs, commas or semicolons; the rest of a line is ignored, `#` starts a
  comment, and a line of only a time is an onset of no known drum;
- a table whose first line names the columns: `time`, any of `class`, `label`, `instrument`, `articulation`, `note`
  (from broad to fine), and `velocity`;
- Audacity's labels: start, end and label, separated by tabs;
- Reaper's markers: a table under `#,Name,Start,End,Length`, without its regions.

Labels are names or General MIDI notes (see `drums.read_label`). Times are in seconds, velocities 1 to 127. An empty
file is a recording in which nothing is played.
"""

import csv
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import LabelError, damage_told
from ..music.drums import ARTICULATION_BY_NAME, Articulation, is_broad, read_label
from .bounds import LONGEST_S

LARGEST = 64_000_000
"""Bytes of the largest text file that is read: about a million hits (by hand)."""
LABEL_COLUMNS = ("class", "label", "instrument", "articulation", "note")
"""Columns that say what was hit, from the broadest to the finest."""
GHOST_LABELS = ("sdg",)
GHOST_VELOCITY = 40
"""Snare hits softer than this are ghost notes, where velocities are known."""
_WHOLE_TIME = re.compile(r"\s*-?\d+,(\d+)(.*)")
"""A line that begins with digits, a comma, and digits."""
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Event:
    """A stroke in a file.

    Attributes
    ----------
    time : float
        Time in seconds.
    articulation : str, optional
        A name of `music.drums.ARTICULATIONS`; None for a sound outside the vocabulary, or without a name.
    exact : bool, default True
        Whether the file names the articulation, and not only the instrument.
    velocity : int, optional
        MIDI velocity, 1 to 127, if the file has it.
    ghost : bool, default False
        Whether it is a ghost note of the snare.
    """

    time: float
    articulation: str | None
    exact: bool = True
    velocity: int | None = None
    ghost: bool = False

    @property
    def instrument(self) -> str | None:
        """The instrument of the articulation, None outside the vocabulary."""
        return ARTICULATION_BY_NAME[self.articulation].instrument if self.articulation else None


def event_of(
    time: float,
    articulation: Articulation | None,
    velocity: int | None = None,
    exact: bool = True,
    ghost: bool = False,
) -> Event:
    """Build an event; soft snares are ghost notes.

    Parameters
    ----------
    time : float
        Time in seconds.
    articulation : Articulation | None
        The articulation; None for a sound outside the vocabulary.
    velocity : int, optional
        MIDI velocity, if known.
    exact : bool, default True
        Whether the articulation is known, and not only the instrument.
    ghost : bool, default False
        Whether it is a ghost note, whatever its velocity.

    Returns
    -------
    Event
        The event.
    """
    soft = articulation is not None and articulation.instrument == "snare" and (velocity or 127) < GHOST_VELOCITY
    return Event(time, None if articulation is None else articulation.name, exact, velocity, ghost or soft)


def read_text(path: Path) -> list[Event]:
    """Read the events of a text file, in its order.

    Raises
    ------
    LabelError
        If the file cannot be read; it names the line.
    """
    with damage_told(path, LabelError, "text file", LARGEST):
        lines = read_lines(path)
        read = _reader_of(lines)
        events: list[Event] = []
        for number, line in enumerate(lines, 1):
            try:
                events += read(line)
            except (ValueError, ArithmeticError, csv.Error) as error:
                raise LabelError(f"{path}, line {number}: {error}") from error
        return events


def read_lines(path: Path) -> list[str]:
    """Read the lines of a text file.

    Raises
    ------
    LabelError
        If it cannot be read, or is not text.
    """
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise LabelError(f"{path}: not a text file") from error
    except OSError as error:
        raise LabelError(f"{path}: cannot be read ({error.strerror})") from error


def _reader_of(lines: Sequence[str]) -> Callable[[str], Iterator[Event]]:
    """Choose the reader of a file's lines by the first line."""
    first = lines[0] if lines else ""
    if first.lower().replace(" ", "").startswith("#,name,start"):
        return _markers(next(csv.reader([first])))
    fields = _fields(first)
    if not fields or fields[0].startswith("#") or is_number(fields[0]) or first.startswith("\\"):
        return _plain
    separator = next((s for s in ",;\t" if s in first), None)
    names = [name.strip().lower() for name in first.split(separator)]
    return _table(names, separator) if "time" in names else _skipping(first)


def _skipping(first: str) -> Callable[[str], Iterator[Event]]:
    """Return a reader of plain lines under a title."""

    def read(line: str) -> Iterator[Event]:
        if line is not first:
            yield from _plain(line)

    return read


def _fields(line: str) -> list[str]:
    return [field for field in re.split(r"[\s,;]+", line.strip()) if field]


def _plain(line: str) -> Iterator[Event]:
    """Read `time label`, or a label of Audacity, whose second line, with frequencies, begins with a backslash."""
    fields = _fields(line)
    if not fields or fields[0].startswith(("#", "\\")):
        return
    _refuse_decimal_comma(line, _has_decimal_comma(line))
    cells = line.rstrip("\r\n").split("\t")
    if len(cells) > 2 and is_number(cells[0]) and is_number(cells[1]) and _is_label(cells):
        label = cells[2].strip().replace(" ", "_")
        yield _labelled(_read_time(cells[0]), [label] if label else [])
    else:
        yield _labelled(_read_time(fields[0]), fields[1:2])


def _has_decimal_comma(line: str) -> bool:
    """Return whether a line seems to begin with a time such as 0,5: what follows its comma is no note of a drum, or the
    label comes after another separator."""
    found = _WHOLE_TIME.match(line)
    if found is None:
        return False
    number, rest = found.groups()
    is_note = number == str(int(number)) and 10 <= int(number) <= 127
    return not is_note or re.match(r"[\s;]+[^\s#]", rest) is not None


def _refuse_decimal_comma(line: str, has_one: bool) -> None:
    if has_one:
        raise ValueError(f"{line.strip()!r} may have a decimal comma: write times with a point, as 0.5 or 1.0")


def _is_label(cells: Sequence[str]) -> bool:
    """Return whether a line that begins with two numbers is start, end and label, not time, note and velocity."""
    return float(cells[1]) >= float(cells[0]) and ("." in cells[1] or not is_number(cells[2]))


def _table(names: Sequence[str], separator: str | None) -> Callable[[str], Iterator[Event]]:
    """Return a reader of lines with named columns; the first line has the names."""

    def read(line: str) -> Iterator[Event]:
        cells = [cell.strip() for cell in line.split(separator)]
        if not _fields(line) or cells[0].startswith("#") or [cell.lower() for cell in cells] == names:
            return
        at = names.index("time")
        longer = separator == "," and len(cells) > len(names) and cells[len(names)]
        _refuse_decimal_comma(line, bool(longer) and all(cell.isdecimal() for cell in cells[at : at + 2]))
        row = dict(zip(names, cells, strict=False))
        velocity = row.get("velocity")
        labels = [row[column] for column in LABEL_COLUMNS if row.get(column)]
        if "note" in row and row.get("instrument") == row.get("articulation") and not _is_known(labels[0]):
            labels = []  # a sound of a kit's own
        yield _labelled(_read_time(row["time"]), labels, _read_velocity(velocity) if velocity else None)

    return read


def _is_known(label: str) -> bool:
    try:
        read_label(label)
    except ValueError:
        return False
    return True


def _markers(names: Sequence[str]) -> Callable[[str], Iterator[Event]]:
    """Return a reader of Reaper's markers."""

    def read(line: str) -> Iterator[Event]:
        cells = next(csv.reader([line]), [])
        row = dict(zip(names, cells, strict=False))
        if row.get("#", "").startswith("M"):
            yield _labelled(_read_clock(row.get("Start", "")), [row.get("Name", "")])

    return read


def _read_clock(text: str) -> float:
    """Read seconds, or hours, minutes and seconds."""
    match = _CLOCK.fullmatch(text.strip())
    if match:
        return _read_time(str(3600 * int(match[1] or 0) + 60 * int(match[2]) + float(match[3])))
    if text.count(".") > 1:
        raise ValueError(f"{text!r} is a bar and a beat: let Reaper's ruler show minutes or seconds, and export again")
    return _read_time(text)


def is_number(text: str) -> bool:
    """Return whether a text is a finite number."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _read_velocity(text: str) -> int:
    velocity = round(float(text)) if is_number(text) else -1
    if not 0 <= velocity <= 127:
        raise ValueError(f"{text!r} is not a velocity from 1 to 127")
    return velocity


def _read_time(text: str) -> float:
    _refuse_decimal_comma(text, _WHOLE_TIME.fullmatch(text) is not None)
    if not is_number(text):
        raise ValueError(f"{text!r} is not a time in seconds")
    time = float(text)
    if abs(time) > LONGEST_S:
        raise ValueError(f"a time of {time:g} s is outside any recording")
    return time


def _labelled(time: float, labels: Sequence[str], velocity: int | None = None) -> Event:
    """Build an event from labels, broad to fine: the first label decides the instrument, and the last one that agrees
    with it decides the articulation."""
    labels = [label for label in labels if label.lower() != "onset"]
    if not labels:
        return event_of(time, None, velocity)
    articulation, exact = read_label(labels[0]), not is_broad(labels[0])
    for label in labels[1:]:
        finer = read_label(label)
        if articulation and finer and finer.instrument == articulation.instrument and not is_broad(label):
            articulation, exact = finer, True
    return event_of(time, articulation, velocity, exact, any(label.lower() in GHOST_LABELS for label in labels))
