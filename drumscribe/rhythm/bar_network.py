"""A small network that scores how much a bar of 4/4, with a given downbeat, resembles the bars of drummers.

Its input is a whole recording folded into one bar: for each twelfth of a quarter, the number of hits of each class, and
how much louder than average they are. A first layer sees each quarter by itself, a second all four.
``train/rhythm/network.py`` trains it together with the other weights of readings.
"""

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class BarNetwork:
    """Weights of two hidden layers.

    Attributes
    ----------
    quarter, quarter_offsets : np.ndarray
        ``(inputs, features)`` and ``(features,)``, the same for each quarter.
    bar, bar_offsets : np.ndarray
        ``(4 * features, hidden)`` and ``(hidden,)``.
    out : np.ndarray
        ``(hidden,)``.
    """

    quarter: np.ndarray
    quarter_offsets: np.ndarray
    bar: np.ndarray
    bar_offsets: np.ndarray
    out: np.ndarray

    def score(self, bars: np.ndarray) -> np.ndarray:
        """Return the log odds, ``(bars,)``, that each of ``(bars, 4, inputs)`` begins on a downbeat."""
        quarters = np.maximum(bars @ self.quarter + self.quarter_offsets, 0.0)
        return np.maximum(quarters.reshape(len(bars), -1) @ self.bar + self.bar_offsets, 0.0) @ self.out

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all layers in half precision, under the names that `of` reads."""
        return {f"network_{field.name}": getattr(self, field.name).astype(np.float16) for field in fields(self)}

    @classmethod
    def of(cls, arrays: dict[str, np.ndarray]) -> "BarNetwork":
        """Unpack the network of a table file; an empty one if the file has none yet."""
        names = (f"network_{field.name}" for field in fields(cls))
        return cls(*(arrays.get(name, np.zeros(0)).astype(np.float32) for name in names))


def describe_bars(rates: np.ndarray, accents: np.ndarray) -> np.ndarray:
    """Compute the input of the network.

    Parameters
    ----------
    rates : np.ndarray
        ``(bars, classes, cells)``, hits per repetition of the bar.
    accents : np.ndarray
        ``(bars, classes, cells)``, sums of accents (`patterns.measure_accents`) per repetition.

    Returns
    -------
    np.ndarray
        ``(bars, 4, inputs) float32``.
    """
    blurred = (x[..., ::2] + 0.5 * (x[..., 1::2] + np.roll(x[..., 1::2], 1, axis=-1)) for x in (rates, accents))
    rates, accents = blurred
    both = np.concatenate([np.sqrt(rates), accents], axis=1)  # roots, so that rare strokes, such as crashes, count
    quarters = both.reshape(len(both), both.shape[1], 4, -1).transpose(0, 2, 1, 3)
    return quarters.reshape(len(both), 4, -1).astype(np.float32)
