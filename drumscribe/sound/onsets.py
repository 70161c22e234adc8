"""Onset detection in a stream of samples: onsets of any instrument, timed to the physical attack.

Two clocks work together. On the frames of the shared spectrogram, SuperFlux (S. Böck and G. Widmer, "Maximum filter
vibrato suppression for onset detection", DAFx 2013) detects that something began; peaks are picked against their
immediate neighbourhood only (S. Böck, F. Krebs and M. Schedl, "Evaluating the online capabilities of onset detection
methods", ISMIR 2012), so that loud sound a second earlier does not matter. On the energies of five bands every 1.1 ms,
the attack is the moment at which the signal is best described as one stationary sound before and another, louder one
after: the arrival picker of seismology (N. Maeda, "A method for reading and checking phase times in auto-processing
system of seismic wave data", Zisin 38, 1985), summed over bands.

Conventions
-----------
Times are float64 seconds from the first sample. The strength of an onset is the rise of the spectrum at it, in dB,
averaged over the bands. The stream may come in blocks of any size; the result is the same to the bit.
"""

import math
from dataclasses import dataclass

import numpy as np

from ..tables import Table
from .onset_kernels import band_energies, compute_novelty, find_attacks, find_novelty_peaks

# Chosen on performances rendered from the validation split of the one-shots and grooves.
_FLOOR_DB = 80.0
"""Distance below full scale at which the novelty function fades into silence."""
_KNEE_DB = 12.0
"""Width of that fade."""
_THRESHOLD_DB = 0.3
"""Minimum excess of an onset's novelty over the local mean."""
_PEAK_BEFORE = _PEAK_AFTER = 2
"""Frames on each side among which an onset's novelty is the maximum."""
_MEAN_BEFORE = _MEAN_AFTER = 5
"""Frames on each side that enter the mean, with the frame itself; none counts for more than that frame."""
_CUT_FRAMES = 3
"""Last frames of a stream, which see its end as a click: no onset is picked there."""
_QUIET_FRAMES = 10
"""First frames of a stream; in each band, the quietest of them stands for the frame before the first."""

_DB_PER_UNIT = 100.0
"""The scale of the spectrogram's values, whose 1 is full scale."""

_STEPS_PER_SECOND = 900
_CROSSOVERS_HZ = (100.0, 400.0, 1600.0, 6400.0)
_REACH_S = 0.020
"""Maximum distance in seconds between the supposed and the true attack."""
_LAG_S = 0.005
"""Median time in seconds from the centre of the frame with the greatest rise to the attack."""
_PULL = 0.02
"""Cost of a step away from the supposed attack: log-likelihood lost per step squared."""
_ENERGY_FLOOR = 1e-9
"""Mean square added to every band: -90 dB re full scale."""
_MIN_GAP_S = 0.015
"""Minimum distance of two onsets in seconds."""


@dataclass(frozen=True, eq=False)
class Onsets(Table):
    """Onsets in order of time.

    Attributes
    ----------
    times : np.ndarray
        ``(onsets,) float64``, the physical attacks in seconds from the first sample.
    strengths : np.ndarray
        ``(onsets,) float32``, the rise of the spectrum in dB, averaged over the bands.
    """

    times: np.ndarray
    strengths: np.ndarray


class OnsetDetector:
    """Detect onsets in a stream of samples and their frames, timed to the attack.

    An onset is reported `latency` frames after its own frame; at the very start, after ten frames. A stream that begins
    with sound begins with an onset; in the last 30 ms of a stream none is reported.

    Parameters
    ----------
    rate : int, default 44100
        Samples per second.
    hop : int, default 441
        Samples from one frame to the next.
    bands : int, default 80
        Bands of a frame.
    memory : float, default 30.0
        Seconds of sound that `refine` can look back on, and that frames may lag behind their samples.

    Examples
    --------
    >>> from drumscribe.sound.spectrogram import Spectrogram, SpectrogramSettings
    >>> samples = np.zeros(44100, np.float32)
    >>> samples[22050:] = np.random.default_rng(0).normal(0.0, 0.1, 22050)
    >>> spectrogram, detector = Spectrogram(SpectrogramSettings()), OnsetDetector()
    >>> len(detector.push(samples, spectrogram.push(samples)))
    1
    >>> len(detector.push(samples[:0], spectrogram.flush())), len(detector.flush())
    (0, 0)
    """

    latency = max(_PEAK_AFTER, _MEAN_AFTER)

    def __init__(self, rate: int = 44100, hop: int = 441, bands: int = 80, memory: float = 30.0) -> None:
        self._rate, self._hop, self._bands = rate, hop, bands
        self._step = round(rate / _STEPS_PER_SECOND)
        self._reach = round(_REACH_S * rate / self._step)
        self._coefficients = (1.0 - np.exp(-2.0 * np.pi * np.array(_CROSSOVERS_HZ) / rate)).astype(np.float32)
        self._kept_steps = math.ceil(memory * rate / self._step) + 2 * self._reach
        # Twice the memory, so that it is rarely moved to the front
        self._energies = np.empty((2 * self._kept_steps + rate // self._step + 1, len(_CROSSOVERS_HZ) + 1), np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget the stream and prepare for another."""
        self._ended = False
        self._pending_samples = np.zeros(0, np.float32)
        self._filter_state = np.zeros((len(_CROSSOVERS_HZ), 2), np.float32)
        self._first_step = self._steps = 0  # number of the first step in memory, and of all steps so far
        self._early_frames = np.zeros((0, self._bands), np.float32)
        self._previous_frame: np.ndarray | None = None
        self._novelty = np.zeros(_MEAN_BEFORE, np.float32)
        self._next_frame = 0
        self._candidates: list[tuple[int, float]] = []
        self._last_attack = -self._rate

    @property
    def known_until(self) -> float:
        """Time in seconds up to which all onsets have been reported and `refine` can answer."""
        if self._ended:
            return self.refinable
        return min(self.refinable, self._next_frame * self._hop / self._rate + _LAG_S - _REACH_S)

    @property
    def refinable(self) -> float:
        """Time in seconds up to which `refine` can answer."""
        return (self._steps - (0 if self._ended else self._reach)) * self._step / self._rate

    def push(self, samples: np.ndarray, frames: np.ndarray) -> Onsets:
        """Take samples and frames, either of any length, and return the onsets detected.

        Parameters
        ----------
        samples : np.ndarray
            ``(samples,) float32``.
        frames : np.ndarray
            ``(frames, bands) float32``, the spectrogram of these or earlier samples.

        Returns
        -------
        Onsets
            The new onsets.

        Raises
        ------
        ValueError
            If samples or frames have another shape, or frames lag behind by more than `memory`.
        """
        samples = np.ascontiguousarray(samples, np.float32)
        frames = np.ascontiguousarray(frames, np.float32)
        if samples.ndim != 1:
            raise ValueError(f"samples must have one dimension, not {samples.ndim}")
        if frames.ndim != 2 or frames.shape[1] != self._bands:
            raise ValueError(f"frames must be (frames, {self._bands}), not {frames.shape}")
        if self._ended:
            self.reset()
        self._take_frames(frames)
        found = []
        for start in range(0, max(1, len(samples)), self._rate):
            self._take_samples(samples[start : start + self._rate])
            found += self._time_candidates()
        return _collect(found)

    def flush(self) -> Onsets:
        """End the stream and return its last onsets; the next push starts a new one.

        Until then `refine` still answers.
        """
        if self._ended:
            return _collect([])
        self._ended = True
        if self._previous_frame is None and len(self._early_frames):
            self._begin()
        self._novelty[-_CUT_FRAMES:] = 0.0
        self._pick(np.zeros(_MEAN_AFTER, np.float32))
        return _collect(self._time_candidates())

    def refine(self, times: np.ndarray) -> np.ndarray:
        """Return the attack nearest to each approximate time, ``(times,) float64`` seconds that are within 20 ms of it.

        A time without an attack nearby stays as it is, to 0.6 ms.

        Raises
        ------
        ValueError
            If a time is later than `refinable`, or earlier than the memory reaches.
        """
        steps = np.rint(np.asarray(times, np.float64) * self._rate / self._step).astype(np.int64)
        if len(steps) and np.max(times) > self.refinable:
            raise ValueError(f"{np.max(times):.3f} s cannot be refined yet, only up to {self.refinable:.3f} s")
        return self._attacks(steps) * self._step / self._rate

    def _take_samples(self, samples: np.ndarray) -> None:
        pending = np.concatenate([self._pending_samples, samples])
        new = len(pending) // self._step
        start = self._steps - self._first_step
        if start + new > len(self._energies):
            self._energies[: self._kept_steps] = self._energies[start - self._kept_steps : start]
            self._first_step = self._steps - self._kept_steps
            start = self._kept_steps
        energies = self._energies[start : start + new]
        band_energies(pending, self._step, self._coefficients, self._filter_state, energies)
        self._steps += new
        self._pending_samples = pending[new * self._step :]

    def _take_frames(self, frames: np.ndarray) -> None:
        if self._previous_frame is None:
            self._early_frames = np.concatenate([self._early_frames, frames])
            if len(self._early_frames) >= _QUIET_FRAMES:
                self._begin()
        elif len(frames):
            self._pick(self._compute_novelty(frames))

    def _begin(self) -> None:
        frames, self._early_frames = self._early_frames, self._early_frames[:0]
        self._previous_frame = frames[:_QUIET_FRAMES].min(axis=0)
        self._pick(self._compute_novelty(frames))

    def _compute_novelty(self, frames: np.ndarray) -> np.ndarray:
        novelty = np.empty(len(frames), np.float32)
        floor, knee = 1.0 - _FLOOR_DB / _DB_PER_UNIT, _KNEE_DB / _DB_PER_UNIT
        assert self._previous_frame is not None
        compute_novelty(frames, floor, knee, self._previous_frame, novelty)
        novelty *= np.float32(_DB_PER_UNIT)
        return novelty

    def _pick(self, novelty: np.ndarray) -> None:
        novelty = np.concatenate([self._novelty, novelty])
        peaks = np.empty(len(novelty), np.int64)
        count = find_novelty_peaks(novelty, _PEAK_BEFORE, _PEAK_AFTER, _MEAN_BEFORE, _MEAN_AFTER, _THRESHOLD_DB, peaks)
        self._candidates += [(self._next_frame + int(i) - _MEAN_BEFORE, float(novelty[i])) for i in peaks[:count]]
        decided = max(0, len(novelty) - _MEAN_BEFORE - _MEAN_AFTER)
        self._next_frame += decided
        self._novelty = novelty[decided:]

    def _time_candidates(self) -> list[tuple[float, float]]:
        supposed = [round((frame * self._hop + _LAG_S * self._rate) / self._step) for frame, _ in self._candidates]
        ready = len(supposed) if self._ended else sum(step + self._reach <= self._steps for step in supposed)
        timed, self._candidates = self._candidates[:ready], self._candidates[ready:]
        found = []
        for attack, (_, strength) in zip(self._attacks(np.array(supposed[:ready], np.int64)), timed, strict=True):
            if (attack - self._last_attack) * self._step > _MIN_GAP_S * self._rate:
                self._last_attack = int(attack)
                found.append((int(attack) * self._step / self._rate, strength))
        return found

    def _attacks(self, supposed: np.ndarray) -> np.ndarray:
        """Return the attacks near some steps, all counted from the start of the stream."""
        if len(supposed) and (earliest := int(supposed.min())) - self._reach < self._first_step and self._first_step:
            raise ValueError(f"{earliest * self._step / self._rate:.3f} s is no longer in memory")
        energies = self._energies[: self._steps - self._first_step]
        near = np.minimum(supposed - self._first_step, len(energies))
        attacks, work = np.empty(len(near), np.int64), np.empty((3, energies.shape[1]))
        find_attacks(energies, near, self._reach, _PULL, _ENERGY_FLOOR, work, attacks)
        return self._first_step + attacks


def _collect(found: list[tuple[float, float]]) -> Onsets:
    return Onsets(np.array([t for t, _ in found], np.float64), np.array([s for _, s in found], np.float32))
