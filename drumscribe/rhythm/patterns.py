"""Where in a pulse and in a bar drums are struck: tables made by ``train/rhythm``.

Those of 4/4 are learnt from the Groove MIDI Dataset (J. Gillick, A. Roberts, J. Engel, D. Eck, D. Bamman: Learning to
groove with inverse sequence transformations. ICML 2019; CC BY 4.0), those of other meters are typed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from .bar_network import BarNetwork
from .tempo_map import Meter

CLASSES = ("kick", "snare", "ghost", "closed", "open", "pedal", "ride", "crash", "tom")
"""What is told apart; soft strokes on a snare are ghost notes."""
CELLS = 24
"""Cells of a quarter: it holds thirty-seconds and triplets."""
PHASES = 24
"""Parts of a pulse."""
METERS = tuple(Meter.parse(text) for text in ("4/4", "3/4", "6/8", "12/8", "5/4", "7/8"))
"""The meters that are told apart."""

_CLASS_OF = {
    "kick": "kick",
    "snare": "snare",
    "rimshot": "snare",
    "side_stick": "snare",
    "hihat_closed": "closed",
    "hihat_open": "open",
    "hihat_pedal": "pedal",
    "tom_low": "tom",
    "tom_mid": "tom",
    "tom_high": "tom",
    "crash": "crash",
    "ride": "ride",
    "ride_bell": "ride",
}
_GHOST = 0.55
"""A stroke on a snare is a ghost note below this share of the velocity of its loud ones."""


def class_of(articulation: str) -> str:
    """Which of `CLASSES` a loud stroke of an articulation is of."""
    return _CLASS_OF[articulation]


def meter_key(meter: Meter) -> str:
    """What a meter is called in the table file."""
    return f"{meter.numerator}_{meter.denominator}"


def classify(articulations: Sequence[str], velocities: np.ndarray) -> np.ndarray:
    """``(hits,) int64``: the class, an index into `CLASSES`, of each hit."""
    index = {articulation: CLASSES.index(name) for articulation, name in _CLASS_OF.items()}
    classes = np.array([index[articulation] for articulation in articulations], np.int64)
    snares = classes == CLASSES.index("snare")
    if snares.any():
        loud = np.percentile(velocities[snares], 90)
        classes[snares & (velocities < _GHOST * loud)] = CLASSES.index("ghost")
    return classes


def measure_accents(classes: np.ndarray, velocities: np.ndarray) -> np.ndarray:
    """``(hits,)``: how much louder each hit is than the mean of its class, as a share of that, at most 1."""
    means = np.bincount(classes, velocities, len(CLASSES)) / np.maximum(np.bincount(classes, minlength=len(CLASSES)), 1)
    return np.clip(velocities / np.maximum(means[classes], 1.0) - 1.0, -1.0, 1.0)


@dataclass(frozen=True)
class Tables:
    """What drummers play where.

    Attributes
    ----------
    phases : ``(classes, phases) float32``, log odds of a hit at a phase of a pulse.
    rates : for each meter ``(patterns, classes, cells) float32``, hits per bar.
    shares : for each meter ``(patterns,)``, how common each pattern is.
    reading_weights : of `bars.Reading.features`.
    network : what scores `bars.Reading.bar`.
    temperature : what scores are divided by, so that they are log odds on grooves that they were not learnt from.
    metrical_weights : of what tells playing in time from playing in free time (see `analysis`).
    """

    phases: np.ndarray
    rates: dict[Meter, np.ndarray]
    shares: dict[Meter, np.ndarray]
    reading_weights: np.ndarray
    network: BarNetwork
    temperature: float
    metrical_weights: np.ndarray

    def rates_of(self, meter: Meter) -> np.ndarray:
        """The rates of a meter; those of one that has none are what bars of 6/8 or 4/4 have, again and again."""
        if meter in self.rates:
            return self.rates[meter]
        rates = self.rates[self._kin(meter)]
        return rates[:, :, np.arange(round(meter.bar_quarters * CELLS)) % rates.shape[-1]]

    def shares_of(self, meter: Meter) -> np.ndarray:
        """How common each pattern of `rates_of` is."""
        return self.shares[meter if meter in self.rates else self._kin(meter)]

    @staticmethod
    def _kin(meter: Meter) -> Meter:
        return Meter(6, 8) if meter.compound else Meter(4, 4)


@cache
def load_tables() -> Tables:
    """The tables that come with the package."""
    with (files(__package__) / "patterns.npz").open("rb") as file, np.load(file) as arrays:
        return unpack_tables(dict(arrays))


def unpack_tables(arrays: dict[str, np.ndarray]) -> Tables:
    """The tables that the arrays of a table file hold; while they are being made, the weights may be lacking."""
    return Tables(
        arrays["phases"].astype(np.float32),
        {meter: arrays[f"rates_{meter_key(meter)}"].astype(np.float32) for meter in METERS},
        {meter: arrays[f"shares_{meter_key(meter)}"].astype(np.float32) for meter in METERS},
        arrays.get("reading_weights", np.zeros(0)),
        BarNetwork.of(arrays),
        float(arrays.get("temperature", 1.0)),
        arrays.get("metrical_weights", np.zeros(0)),
    )
