"""Sequences made of samples, so that a kit learns from sound like that which it will hear.

A sequence repeats bars at some tempo: drums are struck when drummers strike them, other sounds on any step; softly and
loudly, ringing into each other or damped, several at once, with synthetic drums for those that the kit lacks. Then it
goes through rooms, tone, compression and noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..music.drums import ARTICULATION_BY_NAME
from ..music.tempo_map import Meter
from ..rhythm.patterns import CLASSES, class_of, load_tables
from ..synthesis.augmentation import AUGMENTATIONS, AugmentSettings, Range, augment_shot, augment_sound
from ..synthesis.effects import band_limits, coloured_noise, equalise
from ..synthesis.one_shots import OneShot, place
from ..synthesis.synthetic_drums import make_drums

# By hand.
_METER = Meter(4, 4)
_STEPS = 16
"""Steps of a bar where anything goes."""
_TEMPI = (75.0, 150.0)
"""Slowest and fastest tempo, in quarters per minute."""
_LEVEL_SPREAD_DB = 3.0
"""How far the levels of sounds differ from one sequence to the next (standard deviation)."""
_DAMPED_SHARE, _ALTERED_SHARE = 0.3, 0.1
"""Shares of the sequences whose strokes are damped, and of the strokes that differ from bar to bar."""
_JITTER_S = 0.006
"""How far strokes are from the grid (standard deviation)."""
_BEGIN_S, _END_S = 0.15, 0.3
"""Silence before the first bar, and time that the last stroke has to sound."""
_SOFT = 0.6
"""Softness, 0 to 1, beyond which a stroke is darker."""
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
_FREE_STROKE = replace(_STROKE, pitch=Range(0.8, -1.5, 1.5), equalise=Range(0.8, 0.5, 4.0))
_FREE_RECORDING = replace(
    _RECORDING,
    equalise=Range(0.8, 0.5, 5.0),
    low_pass=Range(0.3, 4000.0, 14000.0),
    room=Range(0.6, -30.0, -8.0),
    noise=Range(0.8, 20.0, 60.0),
)
"""The same of somebody who beatboxes or taps, wherever that may be. Chosen on simulated beatboxers."""
_SOFTEST_DB = -20.0
"""Level of the softest stroke against the hardest."""
_SOFT_HZ, _SOFT_DB = np.array([200.0, 1500.0, 6000.0, 14000.0]), np.array([0.0, -3.0, -9.0, -14.0])
"""Gain of the softest stroke, dB at each frequency; softer strokes are darker."""
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
"""Peaks of drums, or else of their instruments, against a kick's in a common mix; 0 dB for the rest. Kits are made with
these, which are rounder than the vocabulary's."""

_BREATHS, _BREATH_DB = (0.0, 0.4), (-25.0, -5.0)
"""Breaths and rustles for each step of a bar, fewest and most, and their levels against a kick's: between the strokes
of somebody who beatboxes or taps there are sounds that are none."""


@dataclass(frozen=True)
class SoundSequence:
    """Sound with the strokes in it.

    Attributes
    ----------
    sound : np.ndarray
        ``(samples,) float32``.
    times : np.ndarray
        ``(strokes,) float64``, seconds, in order.
    sounds : np.ndarray
        ``(strokes,) int``, the sound; -1 for another drum.
    samples : np.ndarray
        ``(strokes,) int``, its sample.
    """

    sound: np.ndarray
    times: np.ndarray
    sounds: np.ndarray
    samples: np.ndarray


class Sequencer:
    """Makes sequences of samples.

    Parameters
    ----------
    shots : sequence of sequences of OneShot
        The samples of each sound.
    names : sequence of str
        The sounds.
    others : sequence of str
        Articulations of the drums that are played beside them.
    rate : int
        Of all sound, Hz.
    rng : np.random.Generator
        Draws all that varies.
    free : bool
        Whether this is no drum kit: strokes and recordings differ more, and there are breaths and rustles between them.
    """

    def __init__(
        self,
        shots: Sequence[Sequence[OneShot]],
        names: Sequence[str],
        others: Sequence[str],
        rate: int,
        rng: np.random.Generator,
        free: bool = False,
    ) -> None:
        self._rate, self._rng, self._own, self._free = rate, rng, len(names), free
        self._names = [*names, *others]
        self._groups = [ARTICULATION_BY_NAME[n].instrument if n in ARTICULATION_BY_NAME else n for n in self._names]
        levels = [_LEVELS_DB.get(n, _LEVELS_DB.get(g, 0.0)) for n, g in zip(self._names, self._groups, strict=True)]
        self._levels = np.array(levels)
        drums = make_drums(rate)
        self._variants = [[self._varied(shot) for shot in own] for own in shots]
        self._variants += [[[OneShot(drums[name], 0)] * 3] for name in others]

    def _varied(self, shot: OneShot) -> list[OneShot]:
        """A sample as it is, a little different, and soft."""
        settings = _FREE_STROKE if self._free else _STROKE
        first, second = (augment_shot(shot, self._rate, self._rng, settings) for _ in range(2))
        soft = equalise(second.samples, self._rate, _SOFT_HZ, _SOFT_DB * self._rng.uniform(0.2, 1.0))
        return [shot, first, OneShot(soft / max(float(np.abs(soft).max()), 1e-6), second.onset)]

    def make(
        self, allowed: Sequence[np.ndarray], seconds: float, produced: bool, grooving: bool, alone: bool
    ) -> SoundSequence:
        """Make a sequence.

        Parameters
        ----------
        allowed : sequence of np.ndarray
            ``(samples,) int`` of each sound, the samples to use.
        seconds : float
            Its duration.
        produced : bool
            Whether it goes through a room and so on; else it is as dry as the samples.
        grooving : bool
            Whether drums are struck when drummers strike them; else anything goes.
        alone : bool
            Whether one sound is struck at a time.

        Returns
        -------
        SoundSequence
            The sound, and its strokes.
        """
        rng = self._rng
        beat = 60.0 / rng.uniform(*_TEMPI)
        rates = self._groove() if grooving else self._steps(alone)
        bars = rng.random((2, *rates.shape)) < rates
        levels = self._levels + rng.normal(0.0, _LEVEL_SPREAD_DB, len(self._levels))
        fade = round(0.5 * beat * self._rate) if rng.random() < _DAMPED_SHARE else None
        out = np.zeros(int(seconds * self._rate), np.float32)
        strokes: list[tuple[float, int, int]] = []
        for number in range(int(seconds / (4.0 * beat)) + 1):
            bar = self._altered(bars[number % 2], rates)
            for cell in np.flatnonzero(bar.any(axis=0)):
                at = _BEGIN_S + (number + cell / rates.shape[1]) * 4.0 * beat
                for sound in self._one_of_each_group(np.flatnonzero(bar[:, cell])):
                    strokes += self._strike(out, at, seconds - _END_S, sound, allowed, levels[sound], fade)
        if self._free:
            self._breathe(out, beat / 4.0, fade)
        if produced:
            out = augment_sound(out, self._rate, rng, _FREE_RECORDING if self._free else _RECORDING)
        columns = np.array(sorted(strokes)).reshape(-1, 3).T
        return SoundSequence(out, columns[0], columns[1].astype(int), columns[2].astype(int))

    def _altered(self, bar: np.ndarray, rates: np.ndarray) -> np.ndarray:
        """A bar, ``(sounds, cells) bool``, with some strokes left out, and others put in."""
        left_out, put_in = self._rng.random((2, *rates.shape)) < _ALTERED_SHARE
        return (bar & ~left_out) | (put_in & (self._rng.random(rates.shape) < rates))

    def _strike(
        self,
        out: np.ndarray,
        at: float,
        latest: float,
        sound: int,
        allowed: Sequence[np.ndarray],
        level: float,
        fade: int | None,
    ) -> list[tuple[float, int, int]]:
        """Add a stroke at about a time to the sound; its time, sound and sample, or nothing if it came too late."""
        rng = self._rng
        time = at + float(rng.normal(0.0, _JITTER_S))
        softness = float(rng.random() ** 2)
        sample = int(rng.choice(allowed[sound])) if sound < self._own else 0
        if time > latest:
            return []
        shot = self._variants[sound][sample][2 if softness > _SOFT else int(rng.integers(2))]
        gain = 0.5 * 10.0 ** ((level + _SOFTEST_DB * softness) / 20.0)
        first = round(time * self._rate)
        place(out, shot, first, gain, None if fade is None else first + fade)
        return [(time, sound if sound < self._own else -1, sample)]

    def _breathe(self, out: np.ndarray, step: float, fade: int | None) -> None:
        """Add breaths and rustles to the sound, so many for each step (seconds)."""
        rng = self._rng
        for _ in range(rng.poisson(rng.uniform(*_BREATHS) * len(out) / self._rate / step)):
            length = round(np.exp(rng.uniform(np.log(0.03), np.log(0.4))) * self._rate)
            limits = rng.uniform(200.0, 1500.0), rng.uniform(2000.0, 12000.0)
            noise = equalise(coloured_noise(rng, length, rng.uniform(0.0, 6.0)), self._rate, *band_limits(*limits))
            rise = round(np.exp(rng.uniform(np.log(0.001), np.log(0.06))) * self._rate)
            at = np.arange(length)
            noise *= np.minimum(1.0, at / rise) * np.exp(-4.0 * at / length)
            level = 0.5 * 10.0 ** (rng.uniform(*_BREATH_DB) / 20.0) / max(float(np.abs(noise).max()), 1e-6)
            place(out, OneShot(noise, 0), int(rng.integers(len(out))), level, None)

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
