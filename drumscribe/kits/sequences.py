"""Samples put into sequences, so that a kit learns from sound like that which it will hear.

A sequence repeats bars at some tempo: drums are struck when drummers strike them, other sounds on any step; softly and
loudly, ringing into each other or damped, several at once, with synthetic drums for those that the kit lacks. Then it
goes through rooms, tone, compression and noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..augmentation import AUGMENTATIONS, AugmentSettings, Range, augment_shot, augment_sound
from ..drum_sounds import make_drums
from ..drums import ARTICULATION_BY_NAME
from ..rhythm.patterns import CLASSES, class_of, load_tables
from ..rhythm.tempo_map import Meter
from ..synthesis import OneShot, equalise, place

_METER = Meter(4, 4)
_STEPS = 16
_STROKE = AugmentSettings(pitch=Range(0.5, -0.5, 0.5), equalise=Range(0.5, 0.5, 2.5)).without(
    *(name for name in AUGMENTATIONS if name not in ("pitch", "equalise"))
)
"""How one stroke differs from the next."""
_RECORDING = AugmentSettings(
    equalise=Range(0.5, 0.5, 3.0),
    low_pass=Range(0.1, 5000.0, 14000.0),
    saturate=Range(0.15, 1.0, 3.0),
    compress=Range(0.25, -25.0, -6.0),
    room=Range(0.5, -30.0, -8.0),
    noise=Range(0.7, 20.0, 60.0),
    gain=Range(1.0, -18.0, 0.0),
).without("high_pass", "codec")
"""How one recording differs from the next."""
_SOFTEST_DB = -20.0
_SOFT_HZ, _SOFT_DB = np.array([200.0, 1500.0, 6000.0, 14000.0]), np.array([0.0, -3.0, -9.0, -14.0])
"""What softness takes off a sound."""
_LEVELS_DB = {
    "snare": -1.0,
    "rimshot": 0.0,
    "side_stick": -7.0,
    "hihat": -14.0,
    "hihat_open": -11.0,
    "tom": -2.0,
    "cymbal": -14.0,
    "crash": -7.0,
}
"""Peaks of drums and instruments against a kick's, as they are commonly mixed."""


@dataclass(frozen=True)
class SoundSequence:
    """Sound with what is struck in it.

    Attributes
    ----------
    sound : ``(samples,) float32``.
    times : ``(strokes,) float64`` seconds, in order.
    sounds : ``(strokes,) int``, which sound; -1 for another drum.
    samples : ``(strokes,) int``, which of its samples.
    """

    sound: np.ndarray
    times: np.ndarray
    sounds: np.ndarray
    samples: np.ndarray


class Sequencer:
    """Makes sequences of samples.

    Parameters
    ----------
    shots : the samples of each sound.
    names : of the sounds.
    others : articulations of the drums that are played beside them.
    rate : of all sound, Hz.
    """

    def __init__(
        self,
        shots: Sequence[Sequence[OneShot]],
        names: Sequence[str],
        others: Sequence[str],
        rate: int,
        rng: np.random.Generator,
    ) -> None:
        self._rate, self._rng, self._own = rate, rng, len(names)
        self._names = [*names, *others]
        self._groups = [ARTICULATION_BY_NAME[n].instrument if n in ARTICULATION_BY_NAME else n for n in self._names]
        levels = [_LEVELS_DB.get(n, _LEVELS_DB.get(g, 0.0)) for n, g in zip(self._names, self._groups, strict=True)]
        self._levels = np.array(levels)
        drums = make_drums(rate)
        self._variants = [[self._varied(shot) for shot in own] for own in shots]
        self._variants += [[[OneShot(drums[name], 0)] * 3] for name in others]

    def _varied(self, shot: OneShot) -> list[OneShot]:
        """A sample as it is, a little different, and soft."""
        first, second = (augment_shot(shot, self._rate, self._rng, _STROKE) for _ in range(2))
        soft = equalise(second.samples, self._rate, _SOFT_HZ, _SOFT_DB * self._rng.uniform(0.2, 1.0))
        return [shot, first, OneShot(soft / max(float(np.abs(soft).max()), 1e-6), second.onset)]

    def make(
        self, allowed: Sequence[np.ndarray], seconds: float, produced: bool, grooving: bool, alone: bool
    ) -> SoundSequence:
        """A sequence.

        Parameters
        ----------
        allowed : of each sound, the samples to take.
        produced : whether it goes through a room and so on; else it is as dry as the samples.
        grooving : whether drums are struck when drummers strike them; else anything goes.
        alone : whether one sound is struck at a time.
        """
        rng = self._rng
        beat = 60.0 / rng.uniform(75.0, 150.0)
        rates = self._groove() if grooving else self._steps(alone)
        bars = rng.random((2, *rates.shape)) < rates
        levels = self._levels + rng.normal(0.0, 3.0, len(self._levels))
        fade = round(0.5 * beat * self._rate) if rng.random() < 0.3 else None
        out = np.zeros(int(seconds * self._rate), np.float32)
        strokes = []
        for number in range(int(seconds / (4.0 * beat)) + 1):
            left_out, put_in = rng.random((2, *rates.shape)) < 0.1
            bar = (bars[number % 2] & ~left_out) | (put_in & (rng.random(rates.shape) < rates))
            for cell in np.flatnonzero(bar.any(axis=0)):
                at = 0.15 + (number + cell / rates.shape[1]) * 4.0 * beat
                for sound in self._one_of_each_group(np.flatnonzero(bar[:, cell])):
                    time = at + float(rng.normal(0.0, 0.006))
                    softness = float(rng.random() ** 2)
                    sample = int(rng.choice(allowed[sound])) if sound < self._own else 0
                    if time > seconds - 0.3:
                        continue
                    shot = self._variants[sound][sample][2 if softness > 0.6 else int(rng.integers(2))]
                    gain = 0.5 * 10.0 ** ((levels[sound] + _SOFTEST_DB * softness) / 20.0)
                    first = round(time * self._rate)
                    place(out, shot, first, gain, None if fade is None else first + fade)
                    strokes.append((time, sound if sound < self._own else -1, sample))
        if produced:
            out = augment_sound(out, self._rate, rng, _RECORDING)
        columns = np.array(sorted(strokes)).reshape(-1, 3).T
        return SoundSequence(out, columns[0], columns[1].astype(int), columns[2].astype(int))

    def _one_of_each_group(self, sounds: np.ndarray) -> list[int]:
        """What belongs to one instrument is not struck at once."""
        return sorted({self._groups[sound]: int(sound) for sound in self._rng.permutation(sounds)}.values())

    def _groove(self) -> np.ndarray:
        """How often each sound is struck on each cell of a bar: ``(sounds, cells)``, as in a common pattern of 4/4."""
        rng, tables = self._rng, load_tables()
        shares = tables.shares_of(_METER)
        pattern = np.clip(tables.rates_of(_METER)[rng.choice(len(shares), p=shares / shares.sum())], 0.0, 0.95)
        pattern = np.where(pattern > 0.03, pattern, 0.0)
        pattern[CLASSES.index("snare")] += pattern[CLASSES.index("ghost")]
        kinds = [class_of(name) if name in ARTICULATION_BY_NAME else None for name in self._names]
        rates = np.zeros((len(kinds), pattern.shape[1]))
        for row, kind in enumerate(kinds):
            if kind is not None:
                rates[row] = pattern[CLASSES.index(kind)] / kinds.count(kind)
            if rates[row].sum() < 1.0:  # what is hardly played in this pattern comes in, too
                eighths = rng.choice(8, rng.integers(1, 4), replace=False) * (pattern.shape[1] // 8)
                rates[row, eighths] = np.maximum(rates[row, eighths], 0.6)
        return rates * self._present(0.85)

    def _steps(self, alone: bool) -> np.ndarray:
        """The same on sixteen steps, anything going."""
        rng, count = self._rng, len(self._names)
        if not alone:
            struck = rng.random((count, _STEPS)) < rng.choice([0.1, 0.2, 0.4], (count, 1))
            return 0.8 * struck * self._present(0.5)
        rates = np.zeros((count, _STEPS))
        steps = np.flatnonzero(rng.random(_STEPS) < 0.7)
        rates[rng.integers(self._own, size=len(steps)), steps] = 0.9
        return rates

    def _present(self, chance: float) -> np.ndarray:
        """Whether the drums that the kit lacks are there at all: ``(sounds, 1)``."""
        present = np.ones((len(self._names), 1))
        present[self._own :] = self._rng.random() < chance
        return present
