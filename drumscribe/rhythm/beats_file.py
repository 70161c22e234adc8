"""Files of beats: a time in seconds on each line, and after it, if known, the number of the beat in its bar.

This is how MDB Drums, SMC and GTZAN-Rhythm write theirs. Columns are parted by blanks, commas or semicolons; empty
lines and those that begin with ``#`` do not count.
"""

from dataclasses import dataclass
from pathlib import Path

from ..errors import RhythmError


@dataclass(frozen=True, slots=True)
class Beats:
    """Times of beats in seconds, ascending, and those of them that begin a bar: none where that is not known."""

    times: tuple[float, ...]
    downbeats: tuple[float, ...] = ()


def read_beats(path: str | Path) -> Beats:
    """Read a file of beats.

    Raises
    ------
    RhythmError : where it cannot be read, does not ascend, or has fewer than two beats.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RhythmError(f"{path}: the beats cannot be read ({getattr(error, 'strerror', None) or error})") from error
    times: list[float] = []
    downbeats: list[float] = []
    for number, line in enumerate(lines, 1):
        columns = line.replace(",", " ").replace(";", " ").split()
        if not columns or columns[0].startswith("#"):
            continue
        try:
            time, in_bar = float(columns[0]), float(columns[1]) if len(columns) > 1 else 0.0
        except ValueError:
            raise RhythmError(
                f"{path}, line {number}: {line.strip()!r} is not a time in seconds and a number in the bar"
            ) from None
        if not 0.0 <= time < float("inf"):
            raise RhythmError(f"{path}, line {number}: {columns[0]} is not a time within a recording")
        if times and time <= times[-1]:
            raise RhythmError(f"{path}, line {number}: {time:g} s is not after the beat before it, at {times[-1]:g} s")
        times.append(time)
        if in_bar == 1.0:
            downbeats.append(time)
    if len(times) < 2:
        raise RhythmError(f"{path}: two beats or more are needed, and there {'is one' if times else 'are none'}")
    return Beats(tuple(times), tuple(downbeats))
