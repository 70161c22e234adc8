"""Readings of simulated transcriptions (see `drumscribe.rhythm.readings`), and how much of each is right."""

from dataclasses import dataclass

import numpy as np

from drumscribe.rhythm.finding import PULSE_RANGE, TEMPO_RANGE, unevenness
from drumscribe.rhythm.patterns import CLASSES, Tables
from drumscribe.rhythm.pulses import track_pulses
from drumscribe.rhythm.readings import Reading, list_readings

from ..data.sources import Groove
from .hearing import Heard, hear, hear_anything
from .patterns import Typed
from .playing import combine, is_ternary, revoice, type_groove

_LIKELY = 80
"""Readings of a transcription that are learnt from, those that the patterns and repetition speak for."""
_RIGHT = 6
"""Readings of each degree of agreement that are, at least."""
_LONG = 10.0
"""Seconds that a groove lasts at least."""


@dataclass(frozen=True)
class Scene:
    """The likelier readings of a simulated transcription.

    Attributes
    ----------
    features : np.ndarray
        ``(readings, features)``.
    bars : np.ndarray
        ``(readings in 4/4, 4, inputs) float16``, see `Readings.bars`; they come first.
    agreement : np.ndarray
        ``(readings,)``, see `agree`.
    repetitions : np.ndarray
        ``(readings,)``, see `Reading.repetition`.
    unevenness : float
        Unevenness of the pulses.
    metrical : bool
        Whether it was played in time.
    """

    features: np.ndarray
    bars: np.ndarray
    agreement: np.ndarray
    repetitions: np.ndarray
    unevenness: float
    metrical: bool


def read(heard: Heard, tables: Tables, metrical: bool) -> Scene:
    """List the readings of a transcription.

    Parameters
    ----------
    heard : Heard
        The transcription.
    tables : Tables
        Drum patterns.
    metrical : bool
        Whether it was played in time.

    Returns
    -------
    Scene
        The readings.
    """
    starts = track_pulses(heard.seconds, heard.classes, tables.phases, 60.0 / PULSE_RANGE[1], 60.0 / PULSE_RANGE[0])
    pulses = np.interp(heard.seconds, starts, np.arange(len(starts)))
    pulse_tempo = 60.0 / float(np.median(np.diff(starts)))
    readings = list_readings(pulses, heard.classes, heard.accents, pulse_tempo, tables, TEMPO_RANGE)
    agreement = np.array([agree(reading, starts, heard) if metrical else 0 for reading in readings])
    likely = np.argsort(-readings.features[:, : 2 * len(CLASSES)].sum(axis=1))
    kept = set(likely[:_LIKELY].tolist())
    for degree in (1, 2, 3):
        kept |= set(likely[agreement[likely] >= degree][:_RIGHT].tolist())
    chosen = np.array(sorted(kept))  # those in 4/4 come first still
    return Scene(
        readings.features[chosen].astype(np.float32),
        readings.bars[chosen[chosen < len(readings.bars)]].astype(np.float16),
        agreement[chosen],
        readings.repetitions[chosen],
        unevenness(starts),
        metrical,
    )


def agree(reading: Reading, starts: np.ndarray, heard: Heard) -> int:
    """Rate how much of a reading is right.

    Parameters
    ----------
    reading : Reading
        The reading.
    starts : np.ndarray
        ``(pulses,)`` start times in seconds.
    heard : Heard
        The truth.

    Returns
    -------
    int
        0 nothing, 1 the tempo, 2 also most beats, 3 also the meter and most bars.
    """
    length = (starts[-1] - starts[0]) / (len(starts) - 1)
    tempo = 60.0 / length / reading.pulses_per_quarter
    if abs(tempo / heard.tempo - 1.0) > 0.04:
        return 0
    bar, beat = heard.meter.bar_quarters, heard.meter.beat_quarters
    quarters = (heard.bars[0] - 1.0) * heard.tempo / 60.0 if len(heard.bars) else 0.0
    length = (starts[-1] - 1.0) * heard.tempo / 60.0
    if reading.meter.beat_quarters != beat or not _meet(reading, starts, heard, beat, quarters % beat, length):
        return 1
    return 3 if reading.meter == heard.meter and _meet(reading, starts, heard, bar, quarters % bar, length) else 2


def _meet(reading: Reading, starts: np.ndarray, heard: Heard, step: float, first: float, length: float) -> bool:
    """Return whether a reading has most of the lines `step` quarters apart from quarter `first` until `length`."""
    true = np.arange(first, length, step) * 60.0 / heard.tempo + 1.0
    true = true[(true > starts[0]) & (true < starts[-1])]
    pulses = reading.pulses_per_quarter * step
    lines = np.arange(np.ceil(-reading.downbeat / pulses), (len(starts) - 1 - reading.downbeat) / pulses)
    found = np.interp(lines * pulses + reading.downbeat, np.arange(len(starts)), starts)
    near = np.abs(found[:, None] - true).min(axis=0, initial=np.inf) < 0.07
    return bool(len(true) and near.mean() > 0.7)


def simulate(grooves: list[Groove], typed: Typed, tables: Tables, count: int, rng: np.random.Generator) -> list[Scene]:
    """Simulate transcriptions of playing in time, and two fifths as many of playing in free time.

    Grooves are played as they are, with other voices, or combined from two, and so are typed patterns.

    Parameters
    ----------
    grooves : list[Groove]
        Performances.
    typed : Typed
        Typed patterns.
    tables : Tables
        Drum patterns.
    count : int
        Number of transcriptions in time.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    list[Scene]
        Their readings.
    """
    long = [groove for groove in grooves if groove.beats[-1] * 60.0 / groove.tempo >= _LONG]
    common = [groove for groove in long if groove.beats_per_bar == 4.0 and groove.bars >= 8]
    ternary = [is_ternary(groove) for groove in common]
    heard: list[tuple[Heard, bool]] = []
    groove: Groove | None
    while len(heard) < count:
        source, groove = rng.random(), long[rng.integers(len(long))]
        if source < 0.25:
            groove = type_groove(rng, typed)
        elif source < 0.5:
            first = int(rng.integers(len(common)))
            alike = [other for other, kind in zip(common, ternary, strict=True) if kind == ternary[first]]
            groove = combine(common[first], alike[rng.integers(len(alike))], rng)
        if groove is not None and source > 0.25 and rng.random() < 0.5:
            groove = revoice(groove, rng)
        if groove is not None and (one := hear(groove, rng)) is not None:
            heard.append((one, True))
    for _ in range(count // 5):
        heard.append((hear_anything(rng), False))
        if (one := hear(long[rng.integers(len(long))], rng, bend=0.12)) is not None:
            heard.append((one, False))
    return [read(one, tables, metrical) for one, metrical in heard]
