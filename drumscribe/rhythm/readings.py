"""Readings of pulses in quarters and bars: all are scored, and the likeliest is chosen.

A reading has the number of pulses in a quarter, the meter, and where bars begin. It folds the hits into one bar, and
has two kinds of evidence. The first is the likelihood of the hits under known patterns (a mixture of Poisson models).
The second is the likelihood of a bar that repeats itself, even with an unknown pattern: the rate of each class in each
cell of the bar has a Gamma prior around the closest pattern, and is integrated out. In 4/4, for which there is enough
training material, a small network scores the bar as well. All weights, and those of tempo and meter, are learnt
together, as those of a conditional logit model.

References
----------
F. Krebs, S. Böck, G. Widmer: Rhythmic pattern modeling for beat and downbeat tracking in musical audio. ISMIR 2013. D.
McFadden: Conditional logit analysis of qualitative choice behavior. 1974.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import numpy as np

from ..music.tempo_map import Meter
from .bar_network import describe_bars
from .folding import Patterns, fold
from .patterns import CELLS, CLASSES, METERS, Tables

RATIOS = (1 / 3, 3 / 8, 1 / 2, 2 / 3, 3 / 4, 1.0, 4 / 3, 3 / 2, 2.0, 8 / 3, 3.0, 4.0)
"""Pulses per quarter."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One interpretation of the pulses.

    Attributes
    ----------
    pulses_per_quarter : float
        One of `RATIOS`.
    meter : Meter
        The meter of all bars.
    downbeat : float
        Position of a bar line, in pulses.
    repetition : float
        Log likelihood, in nats per hit, of a bar that repeats itself relative to hits anywhere.
    """

    pulses_per_quarter: float
    meter: Meter
    downbeat: float
    repetition: float


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings of the same pulses.

    Attributes
    ----------
    ratios : np.ndarray
        ``(readings,)`` pulses per quarter, from `RATIOS`.
    meters : tuple of Meter
        The meter of each.
    downbeats : np.ndarray
        ``(readings,)`` positions of a bar line, in pulses.
    features : np.ndarray
        ``(readings, features)`` evidence: the log likelihood of each class under the closest known pattern, and under
        repetition, both relative to hits anywhere and in nats per hit of all classes; the tempo; the meter.
    bars : np.ndarray
        ``(readings in 4/4, 4, inputs)``, the input of the network for the first ones, which are those in 4/4.
    """

    ratios: np.ndarray
    meters: tuple[Meter, ...]
    downbeats: np.ndarray
    features: np.ndarray
    bars: np.ndarray

    def __len__(self) -> int:
        return len(self.meters)

    def __getitem__(self, i: int) -> Reading:
        return Reading(float(self.ratios[i]), self.meters[i], float(self.downbeats[i]), float(self.repetitions[i]))

    def __iter__(self) -> Iterator[Reading]:
        return (self[i] for i in range(len(self)))

    @property
    def repetitions(self) -> np.ndarray:
        """Return ``(readings,)`` log likelihoods in nats per hit of a bar that repeats itself, see `Reading`."""
        return self.features[:, len(CLASSES) : 2 * len(CLASSES)].sum(axis=1)


def list_readings(
    pulses: np.ndarray,
    classes: np.ndarray,
    accents: np.ndarray,
    pulse_tempo: float,
    tables: Tables,
    tempo_range: tuple[float, float],
    meters: tuple[Meter, ...] = METERS,
) -> Readings:
    """List all possible readings.

    Parameters
    ----------
    pulses : np.ndarray
        ``(hits,)`` positions of the hits in pulses, ascending.
    classes : np.ndarray
        ``(hits,)`` indices into `patterns.CLASSES`.
    accents : np.ndarray
        ``(hits,)``, see `patterns.measure_accents`.
    pulse_tempo : float
        Pulses per minute.
    tables : Tables
        Drum patterns.
    tempo_range : tuple[float, float]
        Slowest and fastest tempo, in quarters per minute.
    meters : tuple[Meter, ...], optional
        Meters to consider.

    Returns
    -------
    Readings
        The readings, those in 4/4 first; none if no tempo is in the range.
    """
    possible = [ratio for ratio in RATIOS if tempo_range[0] <= pulse_tempo / ratio <= tempo_range[1]]
    cells = {ratio: np.rint(pulses / ratio * CELLS).astype(np.int64) for ratio in possible}
    ordered = sorted(meters, key=lambda meter: meter != METERS[0])
    folded = [
        (meter, ratio, fold(cells[ratio], classes, _patterns_of(tables, meter)))
        for meter in ordered
        for ratio in possible
    ]
    if not folded:
        return Readings(np.zeros(0), (), np.zeros(0), np.zeros((0, 1)), np.zeros((0, 4, 1)))
    counts = [len(found) for *_, (found, *_) in folded]
    downbeats, *fits = (np.concatenate(parts) for parts in zip(*(fit for *_, fit in folded), strict=True))
    ratios = np.repeat([ratio for _, ratio, _ in folded], counts)
    of_meters = tuple(chain.from_iterable([meter] * count for (meter, _, _), count in zip(folded, counts, strict=True)))
    shares = np.bincount(classes, minlength=len(CLASSES)) / len(classes)
    density = len(classes) / max(pulses[-1] - pulses[0], 1.0)
    anywhere = shares * (np.log(np.maximum(shares, 1e-9) * density) - 1.0)
    # Likelihoods are of cells, whose length depends on the reading.
    relative = shares * np.log(CELLS / ratios)[:, None] - anywhere
    octaves = np.log2(pulse_tempo / ratios / 100.0)[:, None]
    is_meter = np.repeat([[float(meter == other) for other in METERS[1:]] for meter, _, _ in folded], counts, axis=0)
    features = np.hstack([*(fit / len(classes) + relative for fit in fits), octaves, octaves**2, octaves**3, is_meter])
    bars = [
        _describe(cells[ratio], classes, accents, found) for meter, ratio, (found, *_) in folded if meter == METERS[0]
    ]
    return Readings(
        ratios, of_meters, downbeats / CELLS * ratios, features, np.concatenate(bars) if bars else np.zeros((0, 4, 1))
    )


def score_readings(readings: Readings, tables: Tables) -> np.ndarray:
    """Score readings.

    Parameters
    ----------
    readings : Readings
        At least one.
    tables : Tables
        The weights.

    Returns
    -------
    np.ndarray
        ``(readings,)`` log odds, up to a common constant.
    """
    scores = readings.features @ tables.reading_weights
    if len(readings.bars):
        scores[: len(readings.bars)] += tables.network.score(readings.bars)
    return scores / tables.temperature


@lru_cache(maxsize=16)
def _patterns_of(tables: Tables, meter: Meter) -> Patterns:
    """Prepare the patterns of a meter once."""
    return Patterns.of(tables, meter)


def _describe(cells: np.ndarray, classes: np.ndarray, accents: np.ndarray, downbeats: np.ndarray) -> np.ndarray:
    """Compute the input of the network for each downbeat of bars of 4/4."""
    per_bar = 4 * CELLS
    at = classes * per_bar + cells % per_bar
    shape = len(CLASSES), per_bar
    counts, sums = (np.bincount(at, weights, len(CLASSES) * per_bar).reshape(shape) for weights in (None, accents))
    times = np.maximum(np.bincount(np.arange(cells[0], cells[-1] + 1) % per_bar, minlength=per_bar), 1)
    turns = (downbeats[:, None] + np.arange(per_bar)) % per_bar
    return describe_bars(*((x / times)[:, turns].transpose(1, 0, 2) for x in (counts, sums)))
