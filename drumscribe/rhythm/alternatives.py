"""Alternatives: the other readings of a rhythm, on the same beats, each with its probability."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from ..music.rhythm import Rhythm
from ..music.tempo_map import Meter, MeterChange, TempoMap
from .bar_lines import FoundBars
from .hypotheses import Hypothesis
from .tempo_fitting import PICKUP_QUARTERS

_MOST = 6
"""Maximum number of alternatives (by hand)."""
_LEAST = 0.01
"""Minimum probability of an alternative (by hand)."""
_RATIO_TOLERANCE = 0.03
"""Maximum relative error of a ratio of tempi (by hand)."""
_STEP = 12
"""A bar line may be at each of this many parts of a quarter."""
_CLOSE_BEATS = 0.1
"""Bar lines at most this far apart, in beats, are the same in words."""
_RATIOS = tuple(Fraction(*pair) for pair in ((1, 1), (2, 1), (1, 2), (3, 2), (2, 3), (4, 3), (3, 4), (3, 1), (1, 3)))
_RATIO_WORDS = {
    Fraction(2): "twice the tempo",
    Fraction(1, 2): "half the tempo",
    Fraction(3): "three times the tempo",
    Fraction(1, 3): "a third of the tempo",
}


def with_alternatives(rhythm: Rhythm, found: Sequence[Hypothesis], first: float, sure: float) -> Rhythm:
    """Add the alternatives to a rhythm.

    Parameters
    ----------
    rhythm : Rhythm
        The likeliest reading.
    found : sequence of Hypothesis
        All hypotheses, beginning with that of `rhythm`.
    first : float
        Time of the first hit in seconds.
    sure : float
        Probability that the playing has a beat.

    Returns
    -------
    Rhythm
        The rhythm; its probability and those of its alternatives sum to 1.
    """
    tempo_map = rhythm.tempo_map
    if tempo_map is None:
        return rhythm
    others: list[Rhythm] = []
    for one in found[1:]:
        if one.probability < _LEAST or len(others) == _MOST:
            break
        ratio = next((r for r in _RATIOS if abs(one.tempo / found[0].tempo / r - 1.0) < _RATIO_TOLERANCE), None)
        if ratio is None:
            continue
        line = round(float(tempo_map.quarters_at(one.line)) * _STEP) / _STEP
        other = _on_same_beats(tempo_map, float(ratio), line, one.reading.meter, first)
        relation = _relation(tempo_map, ratio, line, one.reading.meter)
        others.append(
            Rhythm(other, one.certainty * sure, rhythm.steady, probability=one.probability, relation=relation)
        )
    total = rhythm.probability + sum(other.probability for other in others)
    listed = tuple(replace(other, probability=other.probability / total) for other in others)
    return replace(rhythm, probability=rhythm.probability / total, alternatives=listed)


def with_changes(rhythm: Rhythm, bars: FoundBars) -> Rhythm:
    """Return a rhythm whose meter changes; the one without changes becomes an alternative.

    Parameters
    ----------
    rhythm : Rhythm
        The likeliest reading with one meter, and its alternatives.
    bars : FoundBars
        The bars with changes of meter.

    Returns
    -------
    Rhythm
        The rhythm.
    """
    old = rhythm.tempo_map
    if old is None:
        return rhythm
    tempo_map = TempoMap(old.seconds, tuple(quarter - bars.first for quarter in old.quarters), bars.meters)
    share = rhythm.probability
    plain = replace(
        rhythm, alternatives=(), probability=share * (1.0 - bars.certainty), relation=f"{rhythm.meter} throughout"
    )
    others = sorted((plain, *rhythm.alternatives), key=lambda other: -other.probability)
    return replace(rhythm, tempo_map=tempo_map, probability=share * bars.certainty, alternatives=tuple(others))


def _on_same_beats(tempo_map: TempoMap, ratio: float, line: float, meter: Meter, first: float) -> TempoMap:
    """Return the map with its tempo multiplied and a bar line at a quarter of the old map.

    Quarter 0 is the first bar line that is not before the first hit.
    """
    quarters = (np.array(tempo_map.quarters) - line) * ratio
    start = (float(tempo_map.quarters_at(first)) - line) * ratio
    quarters -= np.ceil((start - PICKUP_QUARTERS) / meter.bar_quarters) * meter.bar_quarters
    return TempoMap(tempo_map.seconds, tuple(quarters.tolist()), (MeterChange(0.0, meter),))


def _relation(tempo_map: TempoMap, ratio: Fraction, line: float, meter: Meter) -> str:
    """Describe in words how a reading differs from the likeliest one, in beats of the likeliest."""
    own = tempo_map.meters[0].meter
    words = [] if ratio == 1 else [_RATIO_WORDS.get(ratio, f"{ratio} of the tempo")]
    if meter != own:
        words.append(str(meter))
    bar = meter.bar_quarters / float(ratio) / own.beat_quarters
    later = line / own.beat_quarters % bar
    beats, where = (later, "later") if later <= bar - later + 2 * _CLOSE_BEATS else (bar - later, "earlier")
    if beats > _CLOSE_BEATS:
        words.append(f"bars {_beats_in_words(beats)} {where}")
    return ", ".join(words) or "the same bars"


def _beats_in_words(beats: float) -> str:
    count = round(beats) if abs(beats - round(beats)) <= _CLOSE_BEATS else Fraction(beats).limit_denominator(_STEP)
    whole, part = divmod(Fraction(count), 1)
    if not part:
        return "a beat" if whole == 1 else f"{whole} beats"
    if not whole:
        return "half a beat" if part == Fraction(1, 2) else f"{part} of a beat"
    return f"{whole} {part} beats"
