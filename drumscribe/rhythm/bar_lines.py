"""Bar lines where the meter changes: a bar of 2/4 among bars of 4/4, or 3/4 that becomes 4/4.

The beats are known. A passage of the playing gives, for each step of each beat of a bar, the share of bars in which
each class is struck there; these shares are shrunk towards those of any beat. A bar pointer then runs through all
beats: it moves on from beat to beat, or jumps at a price. The resulting path is compared with the path that never
jumps, by the likelihood of all strokes folded along each path. The shares are integrated out, so a further meter has to
explain the strokes better to be worth its shares. The first beat of the bars on the path is found as for any reading.
Then the pointer runs again, and may jump only to the beginning of a bar.

References
----------
N. Whiteley, A. T. Cemgil, S. Godsill: Bayesian modelling of temporal structure in musical audio. ISMIR 2006.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..compiling import compiled
from ..music.tempo_map import Meter, MeterChange
from .folded_beats import STEPS, FoldedBeats

_SIMPLE = (Meter(4, 4), Meter(3, 4), Meter(5, 4))
"""The meters that may change."""
_PAIRS = ((Meter(4, 4), Meter(3, 4)), (Meter(4, 4), Meter(5, 4)))
"""Pairs of meters that may follow each other."""
# Log likelihood, in nats, that a jump must be worth: chosen on training grooves, by how many of them are said to change
# and how many changes are found.
_CUT_PRICE = 6.0
"""Price of a jump over half a bar."""
_ODD_PRICE = 12.0
"""Price of a jump over another part of a bar."""
_METER_PRICE = 6.0
"""Price of another meter after the end of a bar."""
_STRICTER = 1.7
"""Factor of these prices when a path is compared with one meter throughout (chosen likewise)."""
_KNOWN_WEIGHT = 4.0
"""Weight of the log odds of a path's bars relative to those of one meter throughout (chosen likewise)."""
# By hand.
_PASSAGE_BARS = 6
"""Maximum length of the passages whose shares are tried; of a short recording, it is a third."""
_PASSAGES = 4
"""Maximum number of these passages."""
_FOLLOWED = 2
"""Number of passages, or pairs of them, that are followed further."""
_TEMPER = 0.2
"""Exponent of a likelihood that becomes a probability: the hits of one player are far from independent."""
_NEVER = 1e9
"""Price of an impossible move."""
_MIN_BARS = 3
"""Minimum number of bars of a second meter."""

Chooser = Callable[[np.ndarray, np.ndarray, Meter], tuple[int, float]]
"""Called with a selection of hits, their positions in quarters and their meter; returns the beat that begins a bar, and
the log odds of that reading."""


@dataclass(frozen=True, slots=True)
class FoundBars:
    """Bars whose meter changes.

    Attributes
    ----------
    meters : tuple of MeterChange
        The meters, in quarters from the first bar line that is not before the first hit.
    first : float
        The position of that bar line, in quarters of the given beats.
    certainty : float
        Probability of the changes, relative to one meter throughout.
    """

    meters: tuple[MeterChange, ...]
    first: float
    certainty: float


def find_changes(quarters: np.ndarray, classes: np.ndarray, meter: Meter, choose: Chooser) -> FoundBars | None:
    """Find where the meter changes, if it does.

    Parameters
    ----------
    quarters : np.ndarray
        ``(hits,)`` positions in quarters, ascending; quarters are beats.
    classes : np.ndarray
        ``(hits,) int64`` indices into `patterns.CLASSES`.
    meter : Meter
        The likeliest meter if it does not change.
    choose : callable
        Chooses the beat that begins a bar.

    Returns
    -------
    FoundBars | None
        The bars; None if the meter does not change.
    """
    if meter not in _SIMPLE:
        return None
    steps = np.rint(quarters * STEPS).astype(np.int64)
    beats = FoldedBeats.of(steps, classes)
    if beats.count < 2 * _PASSAGE_BARS * 2:
        return None
    origin = int(steps[0] // STEPS)
    fits = {each: _fit_passages(beats, each) for each in _SIMPLE}
    best: tuple[float, np.ndarray, tuple[Meter, ...]] | None = None
    tried: tuple[tuple[Meter, ...], ...] = ((meter,), *_PAIRS)
    for meters in tried:
        for path in _follow(beats, meters, [fits[each] for each in meters]):
            gain = _gain(beats, path, meters) - _price(path, meters)
            if gain > 0 and (best is None or gain > best[0]):
                best = gain, path, meters
    if best is None:
        return None
    _, path, meters = best
    chosen = [_choose_first(path, quarters, i, meters, choose) for i in range(len(meters))]
    firsts = [first for first, _ in chosen]
    path, _ = _run(beats.fit(*beats.folded(path, _total(meters))), meters, firsts)
    price = _price(path, meters, firsts)
    gain = _gain(beats, path, meters) - _STRICTER * price
    if len(meters) == 1:  # the bars must look like known bars, too
        gain += _KNOWN_WEIGHT * (chosen[0][1] - choose(np.ones(len(quarters), bool), quarters, meter)[1])
    if price == 0.0 or gain <= 0.0:
        return None
    return _bars_of(path, meters, firsts, origin, float(quarters[0]), float(1.0 / (1.0 + np.exp(-_TEMPER * gain))))


def _total(meters: Sequence[Meter]) -> int:
    return sum(meter.numerator for meter in meters)


def _offsets(meters: Sequence[Meter]) -> list[int]:
    """Return the first position of each meter; positions are numbered through all meters."""
    return [0, *itertools.accumulate(meter.numerator for meter in meters)]


def _gain(beats: FoldedBeats, path: np.ndarray, meters: Sequence[Meter]) -> float:
    """Return by how much a path raises the log likelihood of the hits over one meter throughout.

    A path with a second meter is compared with one meter that has other shares in the same bars.
    """
    numbers, second = np.arange(beats.count), path >= meters[0].numerator
    others = [(numbers % meter.numerator, meter.numerator) for meter in meters]
    if len(meters) > 1:
        others += [(at + length * second, 2 * length) for at, length in others]
    return beats.evidence(path, _total(meters)) - max(beats.evidence(*other) for other in others)


def _fit_passages(beats: FoldedBeats, meter: Meter) -> list[np.ndarray]:
    """Fit all beats with the shares of passages from the whole recording."""
    bars = min(_PASSAGE_BARS, max(2, beats.count // meter.numerator // 3))
    length, numbers = bars * meter.numerator, np.arange(beats.count)
    fits = []
    for start in np.unique(np.linspace(0, max(beats.count - length, 0), _PASSAGES).astype(int)):
        inside = (numbers >= start) & (numbers < start + length)
        positions = np.where(inside, numbers % meter.numerator, -1)
        fits.append(beats.fit(*beats.folded(positions, meter.numerator)))
    return fits


def _follow(beats: FoldedBeats, meters: Sequence[Meter], passages: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
    """Run the bar pointer with the shares of each passage; then twice more from the best passages, with the shares
    along the found paths."""
    total = _total(meters)
    tried = []
    for chosen in itertools.product(*(range(len(fits)) for fits in passages)):
        if len(set(chosen)) == len(chosen):
            fits = np.hstack([of_meter[i] for of_meter, i in zip(passages, chosen, strict=True)])
            path, score = _run(fits, meters, None)
            tried.append((score, path))
    tried.sort(key=lambda pair: -pair[0])
    paths = []
    for _, path in tried[:_FOLLOWED]:
        for _ in range(2):
            path, _ = _run(beats.fit(*beats.folded(path, total)), meters, None)
        if _price(path, meters) > 0.0:
            paths.append(path)
    return paths


def _run(fits: np.ndarray, meters: Sequence[Meter], firsts: Sequence[int] | None) -> tuple[np.ndarray, float]:
    """Return the likeliest path, ``(beats,)`` positions, and its log likelihood.

    With `firsts`, jumps go only to the beginnings of bars.

    After the end of a bar, a bar of another meter may follow.
    """
    path = np.zeros(len(fits), np.int64)
    scores, back = np.zeros((2, fits.shape[1])), np.zeros(fits.shape, np.int8)
    scores[0] = fits[0]
    last = scores[_climb(fits, _prices(meters, firsts), scores, back)]
    path[-1] = np.argmax(last)
    for t in range(len(path) - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path, float(last.max())


def _prices(meters: Sequence[Meter], firsts: Sequence[int] | None) -> np.ndarray:
    """Return the prices of going from one position to another, ``(positions, positions)``."""
    total = _total(meters)
    of = [(i, position) for i, meter in enumerate(meters) for position in range(meter.numerator)]
    prices = np.full((total, total), _NEVER)
    for (here, (i, position)), (there, (j, other)) in itertools.product(enumerate(of), enumerate(of)):
        length = meters[i].numerator
        if i == j and (other - position - 1) % length == 0:
            prices[here, there] = 0.0
        elif firsts is None:
            half = i == j and 2 * ((other - position - 1) % length) == length
            prices[here, there] = _CUT_PRICE if half else _METER_PRICE if i != j else _ODD_PRICE
        elif other == firsts[j]:
            played = (position - firsts[i]) % length + 1
            price = _CUT_PRICE if 2 * played == length else _ODD_PRICE
            if played > 1:
                prices[here, there] = (0.0 if played == length else price) + (_METER_PRICE if i != j else 0.0)
    return prices


def _price(path: np.ndarray, meters: Sequence[Meter], firsts: Sequence[int] | None = None) -> float:
    """Return the price of a path."""
    return float(_prices(meters, firsts)[path[:-1], path[1:]].sum())


@compiled("f8[:,:], f8[:,:], f8[:,:], i1[:,:] -> i8")
def _climb(fits: np.ndarray, prices: np.ndarray, scores: np.ndarray, back: np.ndarray) -> int:
    """Find the likeliest way to each position of each beat, by Viterbi.

    Parameters
    ----------
    fits : np.ndarray
        ``(beats, positions)`` log likelihoods.
    prices : np.ndarray
        ``(positions, positions)`` log odds against going from one position to another.
    scores : np.ndarray
        ``(2, positions)``, scores; the first row begins with those of the first beat, and the rows take turns.
    back : np.ndarray
        ``(beats, positions) int8``, receives the previous position on the best way to each.

    Returns
    -------
    int
        The row of the last beat.
    """
    beats, positions = fits.shape
    row = 0
    for t in range(1, beats):
        for to in range(positions):
            best, chosen = -np.inf, 0
            for origin in range(positions):
                value = scores[row, origin] - prices[origin, to]
                if value > best:
                    best, chosen = value, origin
            scores[1 - row, to] = best + fits[t, to]
            back[t, to] = chosen
        row = 1 - row
    return row


def _choose_first(
    path: np.ndarray, quarters: np.ndarray, index: int, meters: Sequence[Meter], choose: Chooser
) -> tuple[int, float]:
    """Choose the position at which the bars of a meter begin; beats of cut bars are left out.

    Beats without hits, as in a long rest, tell nothing.
    """
    meter, offset = meters[index], _offsets(meters)[index]
    inside = (path >= offset) & (path < offset + meter.numerator)
    slots = np.rint(quarters * STEPS).astype(np.int64) // STEPS
    struck = np.zeros(len(path), bool)
    struck[slots - slots[0]] = True
    if (inside & struck).sum() < _MIN_BARS * meter.numerator:
        return 0, 0.0
    positions = path[inside] - offset
    steps = np.diff(positions, prepend=positions[0] - 1) % meter.numerator
    steps[0] = positions[0] + 1
    aligned = np.zeros(len(path))
    aligned[inside] = np.cumsum(np.where(steps == 0, meter.numerator, steps)) - 1
    hits = inside[slots - slots[0]]
    moved = quarters - slots + aligned[slots - slots[0]]
    first, odds = choose(hits, moved[hits], meter)
    return first % meter.numerator, odds


def _bars_of(
    path: np.ndarray, meters: Sequence[Meter], firsts: Sequence[int], origin: int, first_hit: float, certainty: float
) -> FoundBars | None:
    """Return the meters of the bars on a path; None if all bars are alike."""
    starts = [
        t
        for t, position in enumerate(path.tolist())
        for offset, meter, first in zip(_offsets(meters), meters, firsts, strict=False)
        if position == offset + first
    ]
    of_start = [next(i for i in range(len(meters)) if path[t] < _offsets(meters)[i + 1]) for t in starts]
    starts = [t for t in starts if t + origin > first_hit - 0.15]
    of_start = of_start[len(of_start) - len(starts) :]
    if len(starts) < 2:
        return None
    lengths = [*np.diff(starts).tolist(), meters[of_start[-1]].numerator]
    changes: list[MeterChange] = []
    for start, length in zip(starts, lengths, strict=True):
        if not changes or changes[-1].meter.numerator != length:
            changes.append(MeterChange(float(start - starts[0]), Meter(length, 4)))
    if len(changes) < 2:
        return None
    return FoundBars(tuple(changes), float(starts[0] + origin), certainty)
