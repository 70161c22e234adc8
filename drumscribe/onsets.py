"""Where something is struck: onsets of any instrument in a stream, timed to the physical attack.

Two clocks work together. On the frames of the shared spectrogram, SuperFlux (S. Böck and G. Widmer, "Maximum filter
vibrato suppression for onset detection", DAFx 2013) says that something began; peaks are picked against their near
neighbourhood only (S. Böck, F. Krebs and M. Schedl, "Evaluating the online capabilities of onset detection methods",
ISMIR 2012), so that what was loud a second ago does not matter. On the energies of five bands every 1.1 ms, the
moment is found where the signal is best described as one stationary sound before and another, louder one after: the
arrival picker of seismology (N. Maeda, "A method for reading and checking phase times in auto-processing system of
seismic wave data", Zisin 38, 1985), summed over bands.

Conventions
-----------
Times are float64 seconds from the first sample. The strength of an onset is the rise of the spectrum at it, in dB,
mean over the bands. The stream may come in blocks of any size, with the same result to the bit.
"""

import math
from dataclasses import dataclass

import numpy as np

from .onset_kernels import band_energies, compute_novelty, find_attack, find_peaks

# Chosen on performances rendered from the validation split of the one-shots and grooves.
_FLOOR_DB = 80.0
"""What lies more than this below full scale fades into silence for the novelty function ..."""
_KNEE_DB = 12.0
"""... as softly as this."""
_THRESHOLD_DB = 0.3
"""How far the novelty at an onset exceeds its mean nearby."""
_PEAK_BEFORE = _PEAK_AFTER = 2
"""An onset's novelty is the greatest among so many frames on each side."""
_MEAN_BEFORE = _MEAN_AFTER = 5
"""The mean is taken over so many frames on each side, and the frame itself; none counts for more than that frame."""
_CUT_FRAMES = 3
"""The last frames of a stream see its end as a click: no onset is picked there."""
_QUIET_FRAMES = 10
"""Before its first frame a stream is taken to have been as quiet as the quietest of so many frames, band by band."""

_DB_PER_UNIT = 100.0
"""The scale of the spectrogram's values, whose 1 is full scale."""

_STEPS_PER_SECOND = 900
_CROSSOVERS_HZ = (100.0, 400.0, 1600.0, 6400.0)
_REACH = 0.020
"""The attack is sought this far (seconds) from where it is supposed."""
_LAG = 0.005
"""An attack lies this much (seconds) after the centre of the frame with the greatest rise, in the median."""
_PULL = 0.02
"""Price of a step away from where the attack is supposed, as the log-likelihood lost per step squared."""
_ENERGY_FLOOR = 1e-9
_GAP = 0.015
"""Two onsets closer than this (seconds) are one."""


@dataclass(frozen=True)
class Onsets:
    """Onsets in order of time.

    Attributes
    ----------
    times : ``(onsets,) float64``, the physical attacks in seconds from the first sample.
    strengths : ``(onsets,) float32``, the rise of the spectrum in dB, mean over the bands.
    """

    times: np.ndarray
    strengths: np.ndarray

    def __len__(self) -> int:
        return len(self.times)


class OnsetDetector:
    """Samples and the frames computed from them in; onsets, timed to the attack, out.

    An onset is known once the frame `latency` frames after it is; at the very start, once ten frames are. A stream
    that begins in mid-sound begins with an onset; what begins in its last 30 ms is not one.

    Parameters
    ----------
    rate : samples per second.
    hop : samples from one frame to the next.
    bands : bands of a frame.
    memory : seconds of sound that `refine` can look back on, and that frames may lag behind their samples.

    Examples
    --------
    >>> from drumscribe.spectrogram import Spectrogram, SpectrogramSettings
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
        self._reach = round(_REACH * rate / self._step)
        self._coefficients = (1.0 - np.exp(-2.0 * np.pi * np.array(_CROSSOVERS_HZ) / rate)).astype(np.float32)
        self._kept_steps = math.ceil(memory * rate / self._step) + 2 * self._reach
        # Twice what must be kept, so that moving it to the front is rare
        self._energies = np.empty((2 * self._kept_steps + rate // self._step + 1, len(_CROSSOVERS_HZ) + 1), np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget the stream and be ready for another."""
        self._ended = False
        self._pending_samples = np.zeros(0, np.float32)
        self._filter_state = np.zeros((len(_CROSSOVERS_HZ), 2), np.float32)
        self._first_step = self._steps = 0  # of the steps in memory, and of all
        self._early_frames = np.zeros((0, self._bands), np.float32)
        self._previous_frame: np.ndarray | None = None
        self._novelty = np.zeros(_MEAN_BEFORE, np.float32)
        self._next_frame = 0
        self._candidates: list[tuple[int, float]] = []
        self._last_attack = -self._rate

    @property
    def settled(self) -> float:
        """Seconds up to which all onsets have been given and `refine` can answer."""
        if self._ended:
            return self.refinable
        return min(self.refinable, self._next_frame * self._hop / self._rate + _LAG - _REACH)

    @property
    def refinable(self) -> float:
        """Seconds up to which `refine` can answer."""
        return (self._steps - (0 if self._ended else self._reach)) * self._step / self._rate

    def push(self, samples: np.ndarray, frames: np.ndarray) -> Onsets:
        """Take ``(samples,) float32`` and ``(frames, bands) float32``, either of any length, give the onsets found.

        Raises
        ------
        ValueError : where samples or frames are not of that shape, or frames lag further behind than `memory`.
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
        """End the stream: the onsets that were still waiting for what follows; then start anew with the next push.

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
        """The attack nearest to each of some approximate times, ``(times,) float64`` seconds; good to +-20 ms.

        A time with no attack near it stays, to 0.6 ms.

        Raises
        ------
        ValueError : for a time later than `refinable`, or too long ago to be remembered.
        """
        steps = np.rint(np.asarray(times, np.float64) * self._rate / self._step).astype(np.int64)
        if len(steps) and np.max(times) > self.refinable:
            raise ValueError(f"{np.max(times):.3f} s cannot be refined yet, only up to {self.refinable:.3f} s")
        return np.array([self._attack(step) for step in steps], np.float64) * self._step / self._rate

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
        floor, knee = np.float32(1.0 - _FLOOR_DB / _DB_PER_UNIT), np.float32(_KNEE_DB / _DB_PER_UNIT)
        compute_novelty(frames, floor, knee, self._previous_frame, novelty)
        novelty *= np.float32(_DB_PER_UNIT)
        return novelty

    def _pick(self, novelty: np.ndarray) -> None:
        novelty = np.concatenate([self._novelty, novelty])
        peaks = np.empty(len(novelty), np.int64)
        count = find_peaks(novelty, _PEAK_BEFORE, _PEAK_AFTER, _MEAN_BEFORE, _MEAN_AFTER, _THRESHOLD_DB, peaks)
        self._candidates += [(self._next_frame + int(i) - _MEAN_BEFORE, float(novelty[i])) for i in peaks[:count]]
        decided = max(0, len(novelty) - _MEAN_BEFORE - _MEAN_AFTER)
        self._next_frame += decided
        self._novelty = novelty[decided:]

    def _time_candidates(self) -> list[tuple[float, float]]:
        found = []
        while self._candidates:
            frame, strength = self._candidates[0]
            supposed = round((frame * self._hop + _LAG * self._rate) / self._step)
            if not self._ended and supposed + self._reach > self._steps:
                break
            del self._candidates[0]
            attack = self._attack(supposed)
            if (attack - self._last_attack) * self._step > _GAP * self._rate:
                self._last_attack = attack
                found.append((attack * self._step / self._rate, strength))
        return found

    def _attack(self, supposed: int) -> int:
        """The attack near a step, both counted from the start of the stream."""
        if supposed - self._reach < self._first_step and self._first_step:
            raise ValueError(f"{supposed * self._step / self._rate:.3f} s is too long ago to be remembered")
        energies = self._energies[: self._steps - self._first_step]
        supposed = min(supposed - self._first_step, len(energies))
        return self._first_step + find_attack(energies, supposed, self._reach, _PULL, _ENERGY_FLOOR)


def _collect(found: list[tuple[float, float]]) -> Onsets:
    return Onsets(np.array([t for t, _ in found], np.float64), np.array([s for _, s in found], np.float32))
