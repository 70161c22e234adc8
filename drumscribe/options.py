"""Turn plain values from a user into the options of each stage.

A value that can differ between instruments is either one value for all, or a mapping from instruments to values, in
which ``"all"`` stands for every other instrument.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import inf
from numbers import Real
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .errors import DrumscribeError, RhythmError
from .music.drums import INSTRUMENTS, PERCUSSION

if TYPE_CHECKING:
    from .music.tempo_map import Meter
    from .quantisation.settings import OrnamentPolicy, QuantiseOptions, QuantiseSettings
    from .rhythm import Beats, RhythmOptions
    from .transcribe_options import TranscribeOptions

ALL = "all"
OFF = "off"
"""Given instead of a grid to leave an instrument as it was played."""
QUANTISED = (*INSTRUMENTS, PERCUSSION)
"""Instruments that can have quantisation settings of their own."""

Value = TypeVar("Value", float, str)
Numbers = float | Mapping[str, float]
Texts = str | Mapping[str, str]


def transcribe_options(
    sensitivity: Numbers | None = None, percussion: bool = False, rhythm: "RhythmOptions | None" = None
) -> "TranscribeOptions":
    """Make the options of a transcriber.

    Parameters
    ----------
    sensitivity : float or mapping of str to float, optional
        From 0 to 1, for all instruments or each.
    percussion : bool
        Whether percussion outside the vocabulary is also reported.
    rhythm : RhythmOptions, optional
        What is known of tempo, beats and meter.

    Returns
    -------
    TranscribeOptions
        The options.

    Raises
    ------
    DrumscribeError
        For an invalid sensitivity.
    """
    from .rhythm import RhythmOptions
    from .transcribe_options import TranscribeOptions

    own = _by_instrument(sensitivity)
    overall = own.pop(ALL, TranscribeOptions().sensitivity)
    return TranscribeOptions(overall, tuple(own.items()), percussion, rhythm or RhythmOptions())


def rhythm_options(
    tempo: float | str | None = None,
    tempo_range: str | tuple[float, float] | None = None,
    meter: "str | Meter | None" = None,
    beats: "str | Path | Sequence[float] | Beats | None" = None,
    fixed_tempo: bool = False,
    reading: int = 1,
    shift_bar: int = 0,
) -> "RhythmOptions":
    """Make the options of rhythm analysis.

    Parameters
    ----------
    tempo : float or str, optional
        Approximate tempo in quarters per minute; or a multiple of the detected tempo, as ``"x2"`` or ``"/2"``.
    tempo_range : tuple of float or str, optional
        Slowest and fastest tempo, as ``(70, 140)`` or ``"70-140"``.
    meter : str or Meter, optional
        The time signature, such as ``"6/8"``.
    beats : str, Path, sequence of float or Beats, optional
        A file of beats, or their times in seconds.
    fixed_tempo : bool
        Whether the recording has one tempo throughout.
    reading : int
        Number of the reading, counted from 1.
    shift_bar : int
        Number of beats by which the bars begin later.

    Returns
    -------
    RhythmOptions
        The options.

    Raises
    ------
    RhythmError
        For invalid values, or a file of beats that cannot be read.
    """
    from .music.tempo_map import Meter
    from .rhythm import RhythmChoice, RhythmOptions

    try:
        meter = meter if meter is None or isinstance(meter, Meter) else Meter.parse(str(meter))
    except ValueError as error:
        raise RhythmError(f"meter: {error}") from error
    known, factor = _tempo(tempo)
    choice = RhythmChoice(_whole("reading", reading), factor, _whole("shift_bar", shift_bar))
    return RhythmOptions(known, _range(tempo_range), meter, _beats(beats), fixed_tempo, choice)


def _whole(name: str, given: int) -> int:
    try:
        return index(given)
    except TypeError:
        raise RhythmError(f"{name}: {given!r} is not a whole number") from None


def _tempo(given: float | str | None) -> tuple[float | None, float]:
    """Return the tempo, if one is given, and the factor of the detected tempo."""
    if given is None or isinstance(given, Real):
        return given, 1.0
    text = str(given).strip().lower()
    try:
        if text[:1] in ("x", "/") and (number := float(text[1:])) > 0:
            return None, number if text[0] == "x" else 1.0 / number
        return float(text), 1.0
    except ValueError:
        raise RhythmError(
            f"tempo: {given!r} is neither a number, such as 92, nor a multiple of what is found, such as x2 or /2"
        ) from None


def _range(given: str | tuple[float, float] | None) -> tuple[float, float] | None:
    if given is None:
        return None
    try:
        slowest, fastest = (float(part) for part in (given.split("-") if isinstance(given, str) else given))
    except (TypeError, ValueError):
        raise RhythmError(f"tempo range: {given!r} is not a range: write it like 70-140") from None
    return slowest, fastest


def _beats(given: "str | Path | Sequence[float] | Beats | None") -> "Beats | None":
    from .rhythm import Beats, read_beats

    if given is None or isinstance(given, Beats):
        return given
    if isinstance(given, (str, Path)):
        return read_beats(given)
    try:
        times = tuple(float(time) for time in given)
    except (TypeError, ValueError):
        times = ()
    if len(times) < 2 or not all(earlier < later for earlier, later in pairwise((*times, inf))):
        raise RhythmError("beats must be at least two times in seconds, each after the one before")
    return Beats(times)


def quantise_options(
    grid: Texts | None = None,
    swing: Numbers | None = None,
    strength: Numbers | None = None,
    window: Numbers | None = None,
    smoothing: Numbers | None = None,
    ornaments: "OrnamentPolicy" = "keep",
) -> "QuantiseOptions | None":
    """Make the options of quantisation.

    Parameters
    ----------
    grid : str or mapping of str to str, optional
        Such as ``"1/16"``, ``"1/8t"`` or ``"1/16+1/8t"``; ``"off"`` leaves hits where they are.
    swing : float or mapping of str to float, optional
        The first note's share of each pair, in percent.
    strength : float or mapping of str to float, optional
        How far hits are moved, in percent.
    window : float or mapping of str to float, optional
        Distance from the grid, in ms, beyond which hits stay.
    smoothing : float or mapping of str to float, optional
        How far velocities at the same place of each bar are evened out, in percent.
    ornaments : {"keep", "grid", "drop"}
        Whether flams, rolls and doubled hits stay beside their strokes, go to the grid, or are left out.

    Returns
    -------
    QuantiseOptions or None
        None if no grid is given.

    Raises
    ------
    DrumscribeError
        For invalid values, an unknown instrument, or settings without a grid.
    """
    from .quantisation.settings import QuantiseOptions

    grids = _by_instrument(grid, QUANTISED)
    numbers = [_by_instrument(each, QUANTISED) for each in (swing, strength, window, smoothing)]
    if not grids:
        if any(numbers) or ornaments != "keep":
            raise RhythmError(
                "swing, strength, window, smoothing of velocities and ornaments need a grid to quantise to"
            )
        return None

    def settings(name: str) -> "QuantiseSettings":
        return _settings(grids.get(name, grids.get(ALL)), *(each.get(name, each.get(ALL)) for each in numbers))

    named = [name for name in QUANTISED if name in grids or any(name in each for each in numbers)]
    return QuantiseOptions(settings(ALL), tuple((name, settings(name)) for name in named), ornaments)


def _settings(
    grid: str | None, swing: float | None, strength: float | None, window: float | None, smoothing: float | None
) -> "QuantiseSettings":
    """Make the settings of one instrument; None for values that are not given."""
    from .quantisation.grid import Grid
    from .quantisation.settings import QuantiseSettings

    return QuantiseSettings(
        None if grid in (None, OFF) else Grid.parse(grid),
        None if swing is None else swing / 100,
        1.0 if strength is None else strength / 100,
        None if window is None else window / 1000,
        (smoothing or 0.0) / 100,
    )


def _by_instrument(
    given: Value | Mapping[str, Value] | None, instruments: Sequence[str] | None = None
) -> dict[str, Value]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        return {ALL: given}
    if instruments is not None:
        unknown = [name for name in given if name != ALL and name not in instruments]
        if unknown:
            raise DrumscribeError(f"unknown instrument {unknown[0]!r}; known are {', '.join(instruments)}")
    return dict(given)
