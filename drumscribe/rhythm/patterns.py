"""Tables of drum patterns: at which phases of a pulse and positions in a bar each class is played.

``train/rhythm`` makes them. Those of 4/4 are learnt from the Groove MIDI Dataset (J. Gillick, A. Roberts, J. Engel, D.
Eck, D. Bamman: Learning to groove with inverse sequence transformations. ICML 2019; CC BY 4.0), those of other meters
are written by hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from ..music.drums import ARTICULATIONS
from ..music.tempo_map import Meter
from ..music.transcription import Transcription
from .bar_network import BarNetwork

CLASSES = ("kick", "snare", "ghost", "closed", "open", "pedal", "ride", "crash", "tom")
"""Classes of strokes; soft strokes on a snare are ghost notes."""
CELLS = 24
"""Cells per quarter: fine enough for thirty-seconds and triplets."""
PHASES = 24
"""Phases per pulse."""
METERS = tuple(Meter.parse(text) for text in ("4/4", "3/4", "6/8", "12/8", "5/4", "7/8"))
"""The meters that rhythm analysis distinguishes."""
MIN_HITS = 8
"""Minimum number of hits for rhythm analysis (by hand)."""

_CLASS_OF = {a.name: a.rhythm_class for a in ARTICULATIONS}
_GHOST_SHARE = 0.55
"""A snare stroke below this share of the velocity of the loud ones is a ghost note (by hand)."""


@dataclass(frozen=True, slots=True)
class Strokes:
    """Hits as the input of rhythm analysis: times, classes and accents.

    Attributes
    ----------
    seconds : np.ndarray
        ``(hits,) float64`` times in seconds, ascending.
    classes : np.ndarray
        ``(hits,) int64`` indices into `CLASSES`.
    accents : np.ndarray
        ``(hits,)``, see `measure_accents`.
    """

    seconds: np.ndarray
    classes: np.ndarray
    accents: np.ndarray

    def repeated(self, times: int, duration: float) -> "Strokes":
        """Play the strokes several times in a row.

        Parameters
        ----------
        times : int
            Number of repetitions, at least 1.
        duration : float
            Length of each in seconds.

        Returns
        -------
        Strokes
            ``times * hits`` strokes.
        """
        starts = duration * np.arange(times)[:, None]
        return Strokes((starts + self.seconds).ravel(), np.tile(self.classes, times), np.tile(self.accents, times))


def class_of(articulation: str) -> str:
    """Return the class of a loud stroke of an articulation."""
    return _CLASS_OF[articulation]


def meter_key(meter: Meter) -> str:
    """Return the name of a meter in the table file."""
    return f"{meter.numerator}_{meter.denominator}"


def classify(articulations: Sequence[str], velocities: np.ndarray) -> np.ndarray:
    """Assign classes to hits.

    Parameters
    ----------
    articulations : Sequence[str]
        Articulation of each hit.
    velocities : np.ndarray
        ``(hits,)`` MIDI velocities.

    Returns
    -------
    np.ndarray
        ``(hits,) int64`` indices into `CLASSES`.
    """
    index = {articulation: CLASSES.index(name) for articulation, name in _CLASS_OF.items()}
    classes = np.array([index[articulation] for articulation in articulations], np.int64)
    snares = classes == CLASSES.index("snare")
    if snares.any():
        loud = np.percentile(velocities[snares], 90)
        classes[snares & (velocities < _GHOST_SHARE * loud)] = CLASSES.index("ghost")
    return classes


def measure_accents(classes: np.ndarray, velocities: np.ndarray) -> np.ndarray:
    """Measure how much louder each hit is than the mean of its class.

    Parameters
    ----------
    classes : np.ndarray
        ``(hits,) int64`` indices into `CLASSES`.
    velocities : np.ndarray
        ``(hits,)`` MIDI velocities.

    Returns
    -------
    np.ndarray
        ``(hits,)`` shares of that mean, from -1 to 1.
    """
    means = np.bincount(classes, velocities, len(CLASSES)) / np.maximum(np.bincount(classes, minlength=len(CLASSES)), 1)
    return np.clip(velocities / np.maximum(means[classes], 1.0) - 1.0, -1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Tables:
    """Drum patterns, and the weights of rhythm analysis.

    Attributes
    ----------
    phases : np.ndarray
        ``(classes, phases) float32``, log odds of a hit at a phase of a pulse.
    rates : dict[Meter, np.ndarray]
        For each meter ``(patterns, classes, cells) float32``, hits per bar.
    shares : dict[Meter, np.ndarray]
        For each meter ``(patterns,)``, how common each pattern is.
    reading_weights : np.ndarray
        Weights of `readings.Readings.features`.
    network : BarNetwork
        Scores `readings.Readings.bars`.
    temperature : float
        Divisor that turns scores into log odds, fitted on held-out grooves.
    metrical_weights : np.ndarray
        Weights of the evidence that the playing has a beat (see `finding`).
    """

    phases: np.ndarray
    rates: dict[Meter, np.ndarray]
    shares: dict[Meter, np.ndarray]
    reading_weights: np.ndarray
    network: BarNetwork
    temperature: float
    metrical_weights: np.ndarray

    def rates_of(self, meter: Meter) -> np.ndarray:
        """Return the rates of a meter; a meter without rates of its own repeats the bars of 6/8 or 4/4."""
        if meter in self.rates:
            return self.rates[meter]
        rates = self.rates[self._kin(meter)]
        return rates[:, :, np.arange(round(meter.bar_quarters * CELLS)) % rates.shape[-1]]

    def shares_of(self, meter: Meter) -> np.ndarray:
        """Return how common each pattern of `rates_of` is."""
        return self.shares[meter if meter in self.rates else self._kin(meter)]

    @staticmethod
    def _kin(meter: Meter) -> Meter:
        return Meter(6, 8) if meter.compound else Meter(4, 4)


@cache
def load_tables() -> Tables:
    """Load the bundled tables."""
    with (files(__package__) / "patterns.npz").open("rb") as file, np.load(file) as arrays:
        return unpack_tables(dict(arrays))


def unpack_tables(arrays: dict[str, np.ndarray]) -> Tables:
    """Unpack the arrays of a table file; the weights may be missing while they are being trained."""
    return Tables(
        arrays["phases"].astype(np.float32),
        {meter: arrays[f"rates_{meter_key(meter)}"].astype(np.float32) for meter in METERS},
        {meter: arrays[f"shares_{meter_key(meter)}"].astype(np.float32) for meter in METERS},
        arrays.get("reading_weights", np.zeros(0)),
        BarNetwork.of(arrays),
        float(arrays.get("temperature", 1.0)),
        arrays.get("metrical_weights", np.zeros(0)),
    )


def strokes_of(transcription: Transcription) -> Strokes:
    """Return the strokes of a transcription."""
    hits = transcription.hits
    velocities = np.array([hit.velocity for hit in hits])
    classes = classify([hit.stand_in for hit in hits], velocities)
    return Strokes(np.array([hit.time for hit in hits]), classes, measure_accents(classes, velocities))
