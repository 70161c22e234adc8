"""Beatboxing and tapping: one stroke at a time, and often only one on each beat.

The readings of a rhythm are weighed by what drummers play, who keep time beside the other strokes. A mouth does not: a
stroke on each beat of 120 BPM looks like eighths at 60, the way a drummer would play them. So where strokes hardly ever
sound together, this evidence counts for less, and how fast people count for more.
"""

import numpy as np

from .patterns import Strokes
from .readings import Readings

_TOGETHER_S = 0.035
"""Strokes nearer than this sound together (by hand)."""
_MOST_TOGETHER = 0.05
"""Largest share of strokes that sound together, which false hits may do (by hand)."""
_TRUST = 0.5
"""What the log odds of readings, learned from drummers, count for. Chosen, as the next two, on typed patterns."""
_USUAL_TEMPO = 125.0
"""Middle of the tempi in which people count, in beats per minute (D. Moelants, "Preferred tempo reconsidered", ICMPC
2002)."""
_SPREAD_OCTAVES = 0.35
"""Standard deviation of these tempi in octaves."""


def are_alone(strokes: Strokes) -> bool:
    """Return whether strokes hardly ever sound together.

    Parameters
    ----------
    strokes : Strokes
        The strokes.

    Returns
    -------
    bool
        Whether it is one at a time.
    """
    near = np.diff(strokes.seconds) < _TOGETHER_S
    return bool(near.mean() <= _MOST_TOGETHER)


def weigh_anew(scores: np.ndarray, readings: Readings, pulse_tempo: float) -> np.ndarray:
    """Weigh readings of strokes that come one at a time.

    Parameters
    ----------
    scores : np.ndarray
        ``(readings,)`` log odds, as of drummers.
    readings : Readings
        The readings.
    pulse_tempo : float
        Pulses per minute.

    Returns
    -------
    np.ndarray
        ``(readings,)`` log odds.
    """
    quarters = np.array([meter.beat_quarters for meter in readings.meters])
    octaves = np.log2(pulse_tempo / readings.ratios / quarters / _USUAL_TEMPO)
    return _TRUST * scores - 0.5 * np.square(octaves / _SPREAD_OCTAVES)
