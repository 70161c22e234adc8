"""From the host's rate to the model's, in a stream, with less than 2 ms of delay.

A windowed sinc (J. O. Smith and P. Gossett, "A flexible sampling-rate conversion method", ICASSP 1984) that is only as
steep as needed: what aliases above 16 kHz no band of a model hears, so that some 20 samples are enough at 48 kHz, where
a resampler for listening waits for 20 ms. Its phase is linear, and its delay is taken out: output ``m`` is the sound
at ``m / target_rate`` seconds.
"""

import math

import numpy as np

from ..compiling import compiled

RATES = (22050, 192000)
"""The lowest and the highest sample rate of a host, in Hz."""
_HEARD_HZ = 16000.0
"""The pass band reaches up to here, where the bands of models end, or to nine tenths of the lower rate's half."""
_REJECTION_DB = 80.0
"""Rejection of the stop band; by hand, below the floor of the spectrogram's bands in music."""
_PHASES = 256
"""Kernels between two samples; between those, linear interpolation. By hand."""


class Resampler:
    """A stream of samples at one rate to a stream at another, any block size giving the same samples to the bit.

    Parameters
    ----------
    source_rate, target_rate : int
        Samples per second.

    Attributes
    ----------
    delay : int
        Samples of the source after the moment of an output that must be known before it.
    """

    def __init__(self, source_rate: int, target_rate: int) -> None:
        self._source, self._target = source_rate, target_rate
        self._kernels = _make_kernels(source_rate, target_rate)
        self.delay = 0 if source_rate == target_rate else self._kernels.shape[1] // 2
        self.reset()

    def reset(self) -> None:
        """Forget the stream and be ready for another."""
        self._pending = np.zeros(max(0, self.delay - 1), np.float32)
        self._first = -len(self._pending)  # the sample of the source that is the first of those
        self._given = 0

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Take the next samples.

        Parameters
        ----------
        samples : np.ndarray
            ``(samples,) float32``, at the source's rate.

        Returns
        -------
        np.ndarray
            ``(samples,) float32``, those at the target's rate that they complete.
        """
        if self._source == self._target:
            return samples
        pending = np.concatenate([self._pending, samples])
        # The last that is known as far as `delay` after it
        until = -(-(self._first + len(pending) - self.delay) * self._target // self._source)
        out = np.empty(max(0, until - self._given), np.float32)
        if len(out):
            _interpolate(pending, self._first, self._given, self._source, self._target, self._kernels, out)
            self._given += len(out)
        keep = max(0, self._given * self._source // self._target - self.delay + 1 - self._first)
        self._pending = pending[keep:]
        self._first += keep
        return out

    def flush(self) -> np.ndarray:
        """End the stream, and start anew.

        Returns
        -------
        np.ndarray
            ``(samples,) float32``, its last samples, as if silence followed.
        """
        if self._source == self._target:
            return np.zeros(0, np.float32)
        rest = self.push(np.zeros(self.delay, np.float32))
        self.reset()
        return rest


def _make_kernels(source: int, target: int) -> np.ndarray:
    """``(_PHASES + 1, taps) float32``, low-pass kernels for moments from a sample to the next."""
    lower = min(source, target)
    heard = min(_HEARD_HZ, 0.45 * lower)
    rejected = lower - heard
    taps = (_REJECTION_DB - 7.95) / (2.285 * 2.0 * math.pi * (rejected - heard) / source)
    half = math.ceil(taps / 2) + 1
    at = np.arange(1 - half, half + 1) - np.linspace(0.0, 1.0, _PHASES + 1)[:, None]
    beta = 0.1102 * (_REJECTION_DB - 8.7)  # Kaiser's window
    window = np.i0(beta * np.sqrt(np.maximum(0.0, 1.0 - (at / half) ** 2))) / np.i0(beta)
    kernels = np.sinc(at * (heard + rejected) / source) * window
    return (kernels / kernels.sum(axis=1, keepdims=True)).astype(np.float32)


@compiled("f4[:], i8, i8, i8, i8, f4[:,:], f4[:]")
def _interpolate(
    samples: np.ndarray,
    first: int,
    given: int,
    source: int,
    target: int,
    kernels: np.ndarray,
    out: np.ndarray,
) -> None:
    """Outputs from number ``given`` on, of samples that begin with sample ``first`` of the source."""
    phases, taps = len(kernels) - 1, kernels.shape[1]
    for m in range(len(out)):
        at = (given + m) * source
        place = at % target * phases
        phase, between = place // target, np.float32(place % target / target)
        start = at // target - first - taps // 2 + 1
        total = np.float32(0.0)
        for k in range(taps):
            kernel = kernels[phase, k] + between * (kernels[phase + 1, k] - kernels[phase, k])
            total += kernel * samples[start + k]
        out[m] = total
