"""Hits on pulses to quarters and bars: every reading of the pulses is weighed, and the likeliest one holds.

A reading says how many pulses make a quarter, which meter holds and where bars begin. It folds the hits into one bar,
and two things speak for it: the likelihood of the hits under known patterns (a mixture of Poisson models), and that
of a bar which repeats itself, however unknown: there the rate of each instrument in each cell of the bar has a Gamma
prior around the closest pattern and is integrated out. In 4/4, of which there is enough to learn from, a small network
looks at the bar besides. The weights of all this, and those of tempo and meter, are learnt together, as those of a
conditional logit model.

References
----------
F. Krebs, S. Böck, G. Widmer: Rhythmic pattern modeling for beat and downbeat tracking in musical audio. ISMIR 2013.
D. McFadden: Conditional logit analysis of qualitative choice behavior. 1974.
"""

from dataclasses import dataclass

import numpy as np

from .bar_network import describe_bars
from .patterns import CELLS, CLASSES, METERS, Tables
from .tempo_map import Meter

RATIOS = (1 / 3, 3 / 8, 1 / 2, 2 / 3, 3 / 4, 1.0, 4 / 3, 3 / 2, 2.0, 8 / 3, 3.0, 4.0)
"""Pulses in a quarter."""
_FLOOR = 0.0015  # hits per bar in any cell
_CONFIDENCE = 2.0  # what a pattern is worth, in bars heard
_CANDIDATES = 3  # downbeats weighed for each length of bar, beside those that are eighths from the likeliest
_APART = 4  # cells that they are apart at least
_TEMPER = 0.3  # hits of one player are far from independent


@dataclass(frozen=True, slots=True)
class Reading:
    """One way of counting.

    Attributes
    ----------
    pulses_per_quarter : how many.
    meter : that bars have.
    downbeat : a bar begins at this pulse, in pulses.
    features : what speaks for it: the log likelihood of each class of hits under the closest known pattern, and under
        repetition, both against hits anywhere and in nats per hit of all classes; the tempo; the meter.
    bar : what the network sees of it; None but in 4/4.
    """

    pulses_per_quarter: float
    meter: Meter
    downbeat: float
    features: np.ndarray
    bar: np.ndarray | None = None

    @property
    def repetition(self) -> float:
        """How much likelier a hit is in a bar that repeats itself than anywhere, in nats."""
        return float(self.features[len(CLASSES) : 2 * len(CLASSES)].sum())


def list_readings(
    pulses: np.ndarray,
    classes: np.ndarray,
    accents: np.ndarray,
    pulse_tempo: float,
    tables: Tables,
    tempo_range: tuple[float, float],
    meters: tuple[Meter, ...] = METERS,
) -> list[Reading]:
    """All readings that may hold.

    Parameters
    ----------
    pulses : ``(hits,)`` where the hits are, in pulses, ascending.
    classes : ``(hits,)`` indices into `patterns.CLASSES`.
    accents : ``(hits,)``, see `patterns.measure_accents`.
    pulse_tempo : pulses per minute.
    tempo_range : slowest and fastest tempo, in quarters per minute.
    """
    shares = np.bincount(classes, minlength=len(CLASSES)) / len(classes)
    density = len(classes) / max(pulses[-1] - pulses[0], 1.0)
    anywhere = shares * (np.log(np.maximum(shares, 1e-9) * density) - 1.0)
    possible = [ratio for ratio in RATIOS if tempo_range[0] <= pulse_tempo / ratio <= tempo_range[1]]
    readings = []
    for meter in meters:
        patterns = _Patterns.of(tables, meter)
        is_meter = [float(meter == other) for other in METERS[1:]]
        for ratio in possible:
            cells = np.rint(pulses / ratio * CELLS).astype(np.int64)
            finer = shares * np.log(CELLS / ratio)  # likelihoods are of cells, whose length depends on the reading
            octaves = np.log2(pulse_tempo / ratio / 100.0)
            folded = _Folded.of(cells, classes, accents, patterns.means.shape[-1])
            downbeats, closest = _find_downbeats(folded, patterns)
            bars = folded.describe(downbeats) if meter == METERS[0] else [None] * len(downbeats)
            fitted = _fit_bars(folded, downbeats, patterns, closest)
            for downbeat, bar, *fits in zip(downbeats, bars, *fitted, strict=True):
                per_hit = [fit / len(cells) + finer - anywhere for fit in fits]
                features = np.concatenate([*per_hit, [octaves, octaves**2, octaves**3], is_meter])
                readings.append(Reading(ratio, meter, downbeat / CELLS * ratio, features, bar))
    return readings


def score_readings(readings: list[Reading], tables: Tables) -> np.ndarray:
    """``(readings,)``: the log odds of each reading, but for what they have in common."""
    scores = np.array([reading.features for reading in readings]) @ tables.reading_weights
    fours = [i for i, reading in enumerate(readings) if reading.bar is not None]
    if fours:
        scores[fours] += tables.network.score(np.stack([readings[i].bar for i in fours]))
    return scores / tables.temperature


@dataclass(frozen=True, slots=True)
class _Patterns:
    """The patterns of a meter.

    Attributes
    ----------
    means, logarithms : ``(patterns, classes, cells)`` hits per bar.
    spectra : ``(patterns, classes + 1, frequencies)`` of their logarithms and, last, of minus their sum.
    log_shares : ``(patterns,)``.
    """

    means: np.ndarray
    logarithms: np.ndarray
    spectra: np.ndarray
    log_shares: np.ndarray

    @classmethod
    def of(cls, tables: Tables, meter: Meter) -> "_Patterns":
        means = tables.rates_of(meter) + _FLOOR
        logarithms = np.log(means)
        rows = np.concatenate([logarithms, -means.sum(axis=1, keepdims=True)], axis=1)
        return cls(means, logarithms, np.conj(np.fft.rfft(rows)), np.log(tables.shares_of(meter)))


@dataclass(frozen=True, slots=True)
class _Folded:
    """All hits in one bar that begins anywhere.

    Attributes
    ----------
    counts, accents : ``(classes, cells)`` of hits, and the sums of their accents.
    bars : ``(cells,)``, how often each cell was heard.
    """

    counts: np.ndarray
    accents: np.ndarray
    bars: np.ndarray

    @classmethod
    def of(cls, cells: np.ndarray, classes: np.ndarray, accents: np.ndarray, per_bar: int) -> "_Folded":
        shape = len(CLASSES), per_bar
        at = classes * per_bar + cells % per_bar
        sums = (np.bincount(at, weights, len(CLASSES) * per_bar).reshape(shape) for weights in (None, accents))
        return cls(*sums, np.bincount(np.arange(cells[0], cells[-1] + 1) % per_bar, minlength=per_bar))

    def turns(self, downbeats: list[int]) -> np.ndarray:
        """``(downbeats, cells)``: the cells in their order from each downbeat on."""
        return (np.array(downbeats)[:, None] + np.arange(len(self.bars))) % len(self.bars)

    def describe(self, downbeats: list[int]) -> np.ndarray:
        """What the network sees from each downbeat."""
        turns = self.turns(downbeats)
        heard = np.maximum(self.bars, 1)
        return describe_bars(*((x / heard)[:, turns].transpose(1, 0, 2) for x in (self.counts, self.accents)))


def _find_downbeats(folded: _Folded, patterns: _Patterns) -> tuple[list[int], np.ndarray]:
    """The likeliest downbeats, in cells, and the closest pattern to each: those that fit best, and all that are
    eighths away from the best one."""
    per_bar = len(folded.bars)
    spectra = np.fft.rfft(np.concatenate([folded.counts, folded.bars[None]]))
    fits = np.fft.irfft((spectra * patterns.spectra).sum(axis=1), per_bar)  # of all patterns from all downbeats
    tempered = _TEMPER * fits + patterns.log_shares[:, None]
    known = np.exp(tempered - tempered.max()).sum(axis=0)
    order = np.argsort(-known)
    eighths = (order[0] + np.arange(0, per_bar, CELLS // 2)) % per_bar
    downbeats: list[int] = []
    for downbeat in [*eighths.tolist(), *order.tolist()]:
        if all(min((downbeat - d) % per_bar, (d - downbeat) % per_bar) >= _APART for d in downbeats):
            downbeats.append(downbeat)
        if len(downbeats) == len(eighths) + _CANDIDATES:
            break
    return downbeats, np.argmax(tempered[:, downbeats], axis=0)


def _fit_bars(folded: _Folded, downbeats: list[int], patterns: _Patterns, closest: np.ndarray) -> tuple:
    """``(downbeats, classes)`` log likelihoods twice: of the closest pattern, and of a bar that repeats itself."""
    turns, means = folded.turns(downbeats), patterns.means[closest]
    counts, heard = folded.counts[:, turns].transpose(1, 0, 2), folded.bars[turns][:, None]
    pattern = (counts * patterns.logarithms[closest]).sum(axis=2) - (heard * means).sum(axis=2)
    return pattern, _repetition(counts, heard, means)


def _repetition(counts: np.ndarray, bars: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Log likelihood of counts in cells heard in so many bars, their rates integrated out (Gamma-Poisson)."""
    a = _CONFIDENCE * means
    hit = counts > 0
    rises = np.zeros(a.shape)
    rises[hit] = _log_gamma(a[hit] + counts[hit]) - _log_gamma(a[hit])
    return (rises - a * np.log1p(bars / _CONFIDENCE) - counts * np.log(_CONFIDENCE + bars)).sum(axis=-1)


def _log_gamma(x: np.ndarray) -> np.ndarray:
    """To 1e-7 by Stirling's series; scipy's takes longer to load than all of the analysis."""
    y = x + 4.0
    series = (y - 0.5) * np.log(y) - y + 0.5 * np.log(2 * np.pi) + 1 / (12 * y) - 1 / (360 * y**3) + 1 / (1260 * y**5)
    return series - np.log(x * (x + 1.0) * (x + 2.0) * (x + 3.0))
