"""Files of beats: a time in seconds on each line, and after it, if known, the number of the beat in its bar.

This is how MDB Drums, SMC and GTZAN-Rhythm write theirs. Columns are parted by blanks, tabs, commas or semicolons;
empty lines and those that begin with ``#`` do not count. Bars are counted from 1 and may have any number of beats; the
first line may be any beat of one. Labels of Audacity (start, end and text, parted by tabs) are read, too: the start is
the time, and a text that is a number is that of the beat; the frequencies below them, which a backslash begins, do not
count. Nor does a first line that names the columns.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from ..errors import RhythmError
from .tempo_map import TEMPO_LIMITS, Meter

_LONGEST_BAR = 64
"""Beats, of which no meter has more."""
_NAMES = re.compile(r"\s*[A-Za-z\"][^0-9]*")
"""What names columns."""
_TWICE = (1.7, 2.3)
"""Times the usual distance of beats between which one was skipped."""


@dataclass(frozen=True, slots=True)
class Beats:
    """Where the beats of a recording are.

    Attributes
    ----------
    times : in seconds, ascending.
    downbeats : the times of those that begin a bar; none where that is not known.
    highest : the highest number of one in its bar, even if that is not whole; 0 where not all have numbers.
    name : what messages call them.
    """

    times: tuple[float, ...]
    downbeats: tuple[float, ...] = ()
    highest: int = field(default=0, compare=False)
    name: str = field(default="the beats", compare=False)

    def bar_lengths(self) -> list[int]:
        """How many of them each whole bar has."""
        return np.diff(np.searchsorted(self.times, self.downbeats)).tolist()

    def per_bar(self, meter: Meter) -> int | None:
        """How many of them a bar of a meter has: its beats, or else its eighths in 6/8; None if neither is so."""
        lengths = set(self.bar_lengths())
        for count in (meter.beats_per_bar, meter.numerator):
            if lengths <= {count} and self.highest <= count:
                return count
        return None


@dataclass(frozen=True, slots=True)
class _Beat:
    """The number of a line, and what it says: a time in seconds, and the number of the beat in its bar, if any."""

    line: int
    time: float
    in_bar: int | None


def read_beats(path: str | Path) -> Beats:
    """Read a file of beats.

    Where two beats are about twice as far apart as those around them, and are not numbered one after the other, the one
    between them was skipped, and is put in; before a 1, if that makes a bar as long as most are.

    Raises
    ------
    RhythmError : where it cannot be read, does not ascend, has fewer than two beats, or beats slower or faster than
        `TEMPO_LIMITS`, or its numbers do not count from 1 upwards in each bar.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RhythmError(f"{path}: the beats cannot be read ({getattr(error, 'strerror', None) or error})") from error
    written = {i: line for i, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith(("#", "\\"))}
    if written and _NAMES.fullmatch(written[first := min(written)]):
        del written[first]
    labels = all(_is_label(line) for line in written.values())
    points = any("." in line for line in written.values())
    beats: list[_Beat] = []
    for number, line in written.items():
        with _in_line(path, number):
            if not points and re.match(r"\s*\d+,\d", line):
                raise ValueError(f"{line.strip()!r} may be a decimal comma: write times with a point, as 0.5 or 1.0")
            time, in_bar = _parse(line, labels)
            if beats and time <= beats[-1].time:
                raise ValueError(f"{time:g} s is not after the beat before it, at {beats[-1].time:g} s")
        beats.append(_Beat(number, time, in_bar))
    if len(beats) < 2:
        raise RhythmError(f"{path}: two beats or more are needed, and there {'is one' if beats else 'are none'}")
    beats = _with_skipped(beats)
    for before, beat in pairwise(beats):
        with _in_line(path, beat.line):
            _check(before, beat)
    times = tuple(beat.time for beat in beats)
    downbeats = tuple(beat.time for beat in beats if beat.in_bar == 1)
    numbers = [beat.in_bar for beat in beats]
    read = Beats(times, downbeats, 0 if None in numbers or not downbeats else max(numbers), str(path))
    longest = max(read.highest, *read.bar_lengths(), 0)
    if longest > _LONGEST_BAR:
        raise RhythmError(f"{path}: no bar has {longest} beats: give the first beat of every bar the number 1")
    return read


@contextmanager
def _in_line(path: str | Path, number: int) -> Iterator[None]:
    """Say where what is wrong is."""
    try:
        yield
    except ValueError as error:
        raise RhythmError(f"{path}, line {number}: {error}") from None


def _is_label(line: str) -> bool:
    """Whether a line is start, end and text; in other files of three columns, the second soon is less than the time."""
    try:
        start, end, _ = line.split("\t")
        return float(start) <= float(end)
    except ValueError:
        return False


def _parse(line: str, label: bool) -> tuple[float, int | None]:
    """The time in a line, and the number of the beat in its bar, if any."""
    if label:
        start, _, text = line.split("\t")
        columns = [start, text] if text.strip().isdecimal() else [start]
    else:
        columns = line.replace(",", " ").replace(";", " ").split()
    try:
        time, *in_bar = (float(column) for column in columns[:2])
    except ValueError:
        raise ValueError(f"{line.strip()!r} is not a time in seconds and a number in the bar") from None
    if not 0.0 <= time < float("inf"):
        raise ValueError(f"{columns[0]} is not a time within a recording")
    if not in_bar:
        return time, None
    if not (in_bar[0] >= 1.0 and in_bar[0].is_integer()):
        raise ValueError(f"{columns[1]} is not the number of a beat in its bar: bars are counted from 1")
    return time, int(in_bar[0])


def _with_skipped(beats: list[_Beat]) -> list[_Beat]:
    """The beats, and those between them that were skipped."""
    gaps = np.diff([beat.time for beat in beats])
    ends = Counter(before.in_bar for before, beat in pairwise(beats) if before.in_bar and beat.in_bar == 1)
    length = max(ends, key=lambda end: (ends[end], end), default=None)
    found = beats[:1]
    for i, (before, beat) in enumerate(pairwise(beats)):
        usual = np.median(gaps[max(0, i - 2) : i + 3])
        in_bar = 1 if beat.in_bar == 2 else before.in_bar and before.in_bar + 1
        between = _Beat(beat.line, (before.time + beat.time) / 2, in_bar)
        counted = None not in (before.in_bar, beat.in_bar) and _counts_on(before, beat)
        counted = counted and not (beat.in_bar == 1 and in_bar == length)
        if _TWICE[0] < gaps[i] / usual < _TWICE[1] and not counted and _counts_on(between, beat):
            found.append(between)
        found.append(beat)
    return found


def _counts_on(before: _Beat, beat: _Beat) -> bool:
    """Whether one number may come after the other, as far as they are known."""
    return None in (before.in_bar, beat.in_bar) or beat.in_bar in (1, before.in_bar + 1)


def _check(before: _Beat, beat: _Beat) -> None:
    """Refuse two beats in a row that no music has."""
    lowest, highest = TEMPO_LIMITS
    tempo = round(60.0 / (beat.time - before.time), 3)
    if not lowest <= tempo <= highest:
        raise ValueError(
            f"{beat.time - before.time:.4g} s after the beat before it makes a tempo of {tempo:.4g}, outside "
            f"{lowest:g} to {highest:g} beats per minute: give every beat, and only once"
        )
    if not _counts_on(before, beat):
        raise ValueError(
            f"beat {beat.in_bar} after beat {before.in_bar}: number the beats of each bar 1, 2, 3 and so on, up to the "
            "next 1"
        )
