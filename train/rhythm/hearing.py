"""Simulated transcriptions of performances, with missed, mistaken and false hits, and their truth."""

from dataclasses import dataclass

import numpy as np

from drumscribe.music.tempo_map import Meter
from drumscribe.rhythm.patterns import CLASSES, classify, measure_accents

from ..data.sources import Groove

_TEMPI = (50.0, 220.0)
_MISHEARD = {
    "hihat_closed": ("hihat_open", "ride", "hihat_pedal"),
    "hihat_open": ("crash", "hihat_closed"),
    "hihat_pedal": ("hihat_closed",),
    "ride": ("crash", "hihat_closed"),
    "kick": ("tom_low",),
    "snare": ("rimshot", "tom_mid"),
}


@dataclass(frozen=True)
class Heard:
    """A simulated transcription and its truth.

    Attributes
    ----------
    seconds, classes, accents : np.ndarray
        Of the hits, as in `drumscribe.rhythm.patterns.Strokes`.
    meter : Meter
        As played.
    tempo : float
        As played, in quarters per minute.
    bars : np.ndarray
        Bar lines in seconds.
    """

    seconds: np.ndarray
    classes: np.ndarray
    accents: np.ndarray
    meter: Meter
    tempo: float
    bars: np.ndarray


def hear(groove: Groove, rng: np.random.Generator, bend: float = 0.0) -> Heard | None:
    """Simulate the transcription of 20 to 30 s of a groove.

    Parameters
    ----------
    groove : Groove
        The performance.
    rng : np.random.Generator
        Source of randomness.
    bend : float, default 0.0
        Standard deviation of the change of tempo, as a logarithm, from beat to beat.

    Returns
    -------
    Heard | None
        The transcription; None if hardly anything is played.
    """
    meter = Meter.parse(groove.name.split("_")[-1].replace("-", "/"))
    tempo = float(np.exp(rng.uniform(*np.log(_TEMPI))))
    length = rng.uniform(20.0, 30.0) * tempo / 60.0
    start = rng.uniform(0.0, max(0.0, groove.beats[-1] - length))
    held = np.flatnonzero((groove.beats >= start) & (groove.beats < start + length))
    held = held[rng.random(len(held)) > np.where(groove.velocities[held] < 40, 0.35, 0.06)]
    if len(held) < 12:
        return None
    walk = np.concatenate([[0.0], np.cumsum(rng.normal(0.0, bend, int(length) + 1))])
    walk -= np.linspace(0.0, walk[-1], len(walk))
    at_beat = np.concatenate([[0.0], np.cumsum(60.0 / tempo * np.exp(walk))])
    seconds = np.interp(groove.beats[held] - start, np.arange(len(at_beat)), at_beat)
    articulations = [groove.articulations[i] for i in held]
    for i in np.flatnonzero(rng.random(len(held)) < 0.08):
        articulations[i] = str(rng.choice(_MISHEARD.get(articulations[i], (articulations[i],))))
    false = rng.integers(0, len(held), rng.poisson(0.05 * len(held)))
    astray = np.where(rng.random(len(false)) < 0.6, 0.0, rng.uniform(-0.3, 0.3, len(false)))
    seconds = np.concatenate([seconds, seconds[false] + astray])
    articulations += [str(a) for a in rng.choice(["tom_low", "hihat_closed", "snare", "crash"], len(false))]
    velocities = np.concatenate([groove.velocities[held], rng.integers(20, 90, len(false))])
    order = np.argsort(seconds)
    velocities = np.clip(velocities[order] * np.exp(rng.normal(0.0, 0.15, len(order))), 1.0, 127.0)
    classes = classify([articulations[i] for i in order], velocities)
    bars = np.arange(np.ceil(start / meter.bar_quarters), (start + length) / meter.bar_quarters) * meter.bar_quarters
    heard = seconds[order] + rng.normal(0.0, 0.003, len(order)) + 1.0
    accents = measure_accents(classes, velocities)
    return Heard(np.sort(heard), classes, accents, meter, tempo, (bars - start) * 60.0 / tempo + 1.0)


def hear_anything(rng: np.random.Generator) -> Heard:
    """Draw hits at random."""
    seconds = np.exp(rng.uniform(*np.log((12.0, 90.0))))
    count = max(20, rng.poisson(seconds * np.exp(rng.uniform(*np.log((2.0, 14.0))))))
    classes = rng.choice(len(CLASSES), count, p=rng.dirichlet([1.6, 1.6, 0.8, 1.6, 0.4, 0.4, 0.8, 0.2, 0.6]))
    accents = np.clip(rng.normal(0.0, 0.3, count), -1.0, 1.0)
    return Heard(np.sort(rng.uniform(0.0, seconds, count)), classes, accents, Meter(), 100.0, np.zeros(0))
