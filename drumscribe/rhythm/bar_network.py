"""A small network that has read how drummers fill bars of 4/4: what looks like a bar that begins where it is said to.

It sees all of a recording folded into one bar: how often each class of hits is struck at each twelfth of a quarter, and
how much louder than on the average; first each quarter by itself, then all four. ``train/rhythm/network.py`` learns it,
together with the other weights of readings.
"""

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class BarNetwork:
    """Two hidden layers.

    Attributes
    ----------
    quarter, quarter_offsets : ``(inputs, features)`` and ``(features,)``, the same for each quarter.
    bar, bar_offsets : ``(4 * features, hidden)`` and ``(hidden,)``.
    out : ``(hidden,)``.
    """

    quarter: np.ndarray
    quarter_offsets: np.ndarray
    bar: np.ndarray
    bar_offsets: np.ndarray
    out: np.ndarray

    def score(self, bars: np.ndarray) -> np.ndarray:
        """Log odds that each of ``(bars, 4, inputs)`` is one."""
        quarters = np.maximum(bars @ self.quarter + self.quarter_offsets, 0.0)
        return np.maximum(quarters.reshape(len(bars), -1) @ self.bar + self.bar_offsets, 0.0) @ self.out

    def arrays(self) -> dict[str, np.ndarray]:
        """All layers in half precision, by the names that `of` finds them by."""
        return {f"network_{field.name}": getattr(self, field.name).astype(np.float16) for field in fields(self)}

    @classmethod
    def of(cls, arrays: dict[str, np.ndarray]) -> "BarNetwork":
        """The network of a table file; an empty one where it holds none yet."""
        names = (f"network_{field.name}" for field in fields(cls))
        return cls(*(arrays.get(name, np.zeros(0)).astype(np.float32) for name in names))


def describe_bars(rates: np.ndarray, accents: np.ndarray) -> np.ndarray:
    """What the network sees of bars.

    Parameters
    ----------
    rates : ``(bars, classes, cells)`` hits for each bar that was heard.
    accents : likewise, the sum of how much louder they are than the average of their class.

    Returns
    -------
    ``(bars, 4, inputs) float32``.
    """
    blurred = (x[..., ::2] + 0.5 * (x[..., 1::2] + np.roll(x[..., 1::2], 1, axis=-1)) for x in (rates, accents))
    rates, accents = blurred
    both = np.concatenate([np.sqrt(rates), accents], axis=1)  # roots, so that what is rare, as a crash, is seen
    quarters = both.reshape(len(both), both.shape[1], 4, -1).transpose(0, 2, 1, 3)
    return quarters.reshape(len(both), 4, -1).astype(np.float32)
