"""A small network that has read how drummers fill bars of 4/4: what looks like a bar that begins where it is said to.

It sees all of a recording folded into one bar: how often each class of hits is struck at each twelfth of a quarter, and
how much louder than on the average. ``train/rhythm_network.py`` learns it, together with the other weights of readings.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class BarNetwork:
    """One hidden layer: ``(inputs, hidden)`` and ``(hidden,)`` weights and ``(hidden,)`` offsets."""

    into: np.ndarray
    offsets: np.ndarray
    out: np.ndarray

    def score(self, bars: np.ndarray) -> np.ndarray:
        """Log odds that each of ``(bars, inputs)`` is one."""
        return np.maximum(bars @ self.into + self.offsets, 0.0) @ self.out


def describe_bars(rates: np.ndarray, accents: np.ndarray) -> np.ndarray:
    """What the network sees of bars.

    Parameters
    ----------
    rates : ``(bars, classes, cells)`` hits for each bar that was heard.
    accents : likewise, the sum of how much louder they are than the average of their class.

    Returns
    -------
    ``(bars, inputs) float32``.
    """
    blurred = (x[..., ::2] + 0.5 * (x[..., 1::2] + np.roll(x[..., 1::2], 1, axis=-1)) for x in (rates, accents))
    rates, accents = blurred
    both = np.concatenate([np.sqrt(rates), accents], axis=1)  # roots, so that what is rare, as a crash, is seen
    return both.reshape(len(both), -1).astype(np.float32)
