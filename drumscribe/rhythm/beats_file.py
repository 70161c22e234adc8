"""Beat files: on each line a time in seconds and, optionally, the number of the beat in its bar.

This is the format of MDB Drums, SMC and GTZAN-Rhythm. Columns are separated by blanks, tabs, commas or semicolons;
empty lines and lines that begin with ``#`` are ignored. The beats of a bar are numbered from 1, and a bar may have any
number of beats; the first line may be any beat of a bar. Audacity labels (start, end and text, separated by tabs) are
read, too: the start is the time, and a text that is a number is the number of the beat; lines of frequencies, which
begin with a backslash, are ignored, as is a first line of column names.
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
from ..music.tempo_map import TEMPO_LIMITS, Meter

_MAX_BEATS_PER_BAR = 64
"""The same as the largest numerator of a `Meter`."""
_HEADER = re.compile(r"\s*[A-Za-z\"][^0-9]*")
"""A line of column names."""
_SKIPPED_RATIO = (1.7, 2.3)
"""Limits of an interval, relative to its neighbours, in which one beat was skipped (by hand)."""


@dataclass(frozen=True, slots=True)
class Beats:
    """The beats of a recording.

    Attributes
    ----------
    times : tuple[float, ...]
        In seconds, ascending.
    downbeats : tuple[float, ...], optional
        The times of the beats that begin a bar; empty if unknown.
    highest : int, default 0
        The highest beat number, even in an incomplete bar; 0 if not all beats have numbers.
    name : str, default "the beats"
        Their name in messages.
    """

    times: tuple[float, ...]
    downbeats: tuple[float, ...] = ()
    highest: int = field(default=0, compare=False)
    name: str = field(default="the beats", compare=False)

    def bar_lengths(self) -> list[int]:
        """Return the number of beats in each complete bar."""
        return np.diff(np.searchsorted(self.times, self.downbeats)).tolist()

    def per_bar(self, meter: Meter) -> int | None:
        """Return how many of these beats a bar of a meter has, as beats or as eighths of 6/8; None if neither fits."""
        lengths = set(self.bar_lengths())
        for count in (meter.beats_per_bar, meter.numerator):
            if lengths <= {count} and self.highest <= count:
                return count
        return None


@dataclass(frozen=True, slots=True)
class _Beat:
    """A line of the file.

    Attributes
    ----------
    line : int
        Number of the line.
    time : float
        In seconds.
    in_bar : int | None
        Number of the beat in its bar, if any.
    """

    line: int
    time: float
    in_bar: int | None


def read_beats(path: str | Path) -> Beats:
    """Read a file of beats.

    If two beats are about twice as far apart as those around them, and their numbers are not consecutive, the skipped
    beat between them is inserted; before a 1, only if the bar then is as long as most bars.

    Parameters
    ----------
    path : str | Path
        A text file.

    Returns
    -------
    Beats
        The beats.

    Raises
    ------
    RhythmError
        If the file cannot be read, has fewer than two beats, does not ascend, has beats slower or faster than
        `TEMPO_LIMITS`, or numbers that do not count from 1 upwards in each bar.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RhythmError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    written = {i: line for i, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith(("#", "\\"))}
    if written and _HEADER.fullmatch(written[first := min(written)]):
        del written[first]
    labels = all(_is_label(line) for line in written.values())
    points = any("." in line for line in written.values())
    beats: list[_Beat] = []
    for number, line in written.items():
        with _in_line(path, number):
            if not points and re.match(r"\s*\d+,\d", line):
                raise ValueError(f"{line.strip()!r} may have a decimal comma: write times with a point, as 0.5 or 1.0")
            time, in_bar = _parse(line, labels)
            if beats and time <= beats[-1].time:
                raise ValueError(f"{time:g} s is not after the beat before it, at {beats[-1].time:g} s")
        beats.append(_Beat(number, time, in_bar))
    if len(beats) < 2:
        raise RhythmError(f"{path}: holds {'one beat' if beats else 'no beats'}: at least two are needed")
    beats = _with_skipped(beats)
    for before, beat in pairwise(beats):
        with _in_line(path, beat.line):
            _check(before, beat)
    times = tuple(beat.time for beat in beats)
    downbeats = tuple(beat.time for beat in beats if beat.in_bar == 1)
    numbers = [beat.in_bar for beat in beats if beat.in_bar is not None]
    highest = max(numbers) if len(numbers) == len(beats) and downbeats else 0
    read = Beats(times, downbeats, highest, str(path))
    longest = max(read.highest, *read.bar_lengths(), 0)
    if longest > _MAX_BEATS_PER_BAR:
        raise RhythmError(f"{path}: a bar of {longest} beats: give the first beat of every bar the number 1")
    return read


@contextmanager
def _in_line(path: str | Path, number: int) -> Iterator[None]:
    """Name the line in which something is wrong."""
    try:
        yield
    except ValueError as error:
        raise RhythmError(f"{path}, line {number}: {error}") from None


def _is_label(line: str) -> bool:
    """Return whether a line is start, end and text; in other files, the second column soon is smaller than the
    first."""
    try:
        start, end, _ = line.split("\t")
        return float(start) <= float(end)
    except ValueError:
        return False


def _parse(line: str, label: bool) -> tuple[float, int | None]:
    """Parse the time in a line, and the number of the beat in its bar, if any."""
    if label:
        start, _, text = line.split("\t")
        columns = [start, text] if text.strip().isdecimal() else [start]
    else:
        columns = line.replace(",", " ").replace(";", " ").split()
    try:
        time, *in_bar = (float(column) for column in columns[:2])
    except ValueError:
        raise ValueError(f"{line.strip()!r} is not a time in seconds and a beat number") from None
    if not 0.0 <= time < float("inf"):
        raise ValueError(f"{columns[0]} is not a time within a recording")
    if not in_bar:
        return time, None
    if not (in_bar[0] >= 1.0 and in_bar[0].is_integer()):
        raise ValueError(f"{columns[1]} is not a beat number: the beats of a bar count from 1")
    return time, int(in_bar[0])


def _with_skipped(beats: list[_Beat]) -> list[_Beat]:
    """Return the beats with skipped ones inserted."""
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
        if _SKIPPED_RATIO[0] < gaps[i] / usual < _SKIPPED_RATIO[1] and not counted and _counts_on(between, beat):
            found.append(between)
        found.append(beat)
    return found


def _counts_on(before: _Beat, beat: _Beat) -> bool:
    """Return whether the number of one beat may follow that of another; unknown numbers may."""
    if before.in_bar is None or beat.in_bar is None:
        return True
    return beat.in_bar in (1, before.in_bar + 1)


def _check(before: _Beat, beat: _Beat) -> None:
    """Refuse two consecutive beats whose tempo is out of range."""
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
