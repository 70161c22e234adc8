"""Logarithmic band spectrograms of a stream of samples; the same code trains the models and runs them.

Conventions
-----------
Frame ``i`` is centred on sample ``i * hop``; the stream is silent before its first and after its last sample, so that
``n`` samples give ``1 + n // hop`` frames. A full-scale sine in the middle of a band is 0 dB; a value is
``(dB + 100) / 100``, clipped at 0: digital silence is 0.0, full scale about 1.0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..errors import DrumscribeError
from ..fourier import rfft

_GROUP = 32
"""Frames computed at a time, always, so that their last bit does not depend on the block size."""

_ROWS = 4
"""Frames that are weighed by the filters at once: few enough that OpenBLAS, which gives a thread to each 262144
multiplications (its SMP_THRESHOLD_MIN times GEMM_MULTITHREAD_THRESHOLD), takes one. Waiting for each other, more
threads took five times the processor time on short recordings."""

_FLOOR_DB = 100.0
"""Level of the value 0 below full scale."""


@dataclass(frozen=True)
class SpectrogramSettings:
    """Settings of a spectrogram; they travel in the model file.

    Attributes
    ----------
    rate : int, default 44100
        Samples per second (Hz).
    hop : int, default 441
        Samples from one frame to the next.
    window : int, default 2048
        Samples in the (periodic) Hann window and the Fourier transform.
    bands : int, default 80
        Number of frequency bands.
    fmin, fmax : float, default 20.0
        Lower edge of the first and upper edge of the last band, in Hz.
    scale : str, default "mel"
        Scale on which the bands are equally wide, one of `SCALES`.

    Raises
    ------
    DrumscribeError
        If the scale is unknown.
    """

    rate: int = 44100
    hop: int = 441
    window: int = 2048
    bands: int = 80
    fmin: float = 20.0
    fmax: float = 16000.0
    scale: str = "mel"

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise DrumscribeError(f"unknown spectrogram scale {self.scale!r}: use {', '.join(SCALES)}")

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.rate / self.hop


SCALES: dict[str, tuple[Callable, Callable]] = {
    "mel": (lambda hz: 2595.0 * np.log10(1.0 + hz / 700.0), lambda mel: 700.0 * (10.0 ** (mel / 2595.0) - 1.0)),
    "log": (np.log2, np.exp2),
    "linear": (lambda hz: hz, lambda hz: hz),
}
"""Frequency scales: from Hz, and back. Mel is O'Shaughnessy's ("Speech Communication", 1987; "HTK")."""


@lru_cache(maxsize=8)
def band_filters(settings: SpectrogramSettings) -> np.ndarray:
    """Build triangular filters with a peak of 1, each reaching at least one bin to either side.

    On a linear scale with one band per bin they are the bins themselves; on a logarithmic scale they have constant Q as
    far as the transform resolves it (Brown, "Calculation of a constant Q spectral transform", JASA 1991).

    Parameters
    ----------
    settings : SpectrogramSettings
        Settings of the spectrogram.

    Returns
    -------
    np.ndarray
        ``(window // 2 + 1, bands) float32``, read-only.
    """
    from_hz, to_hz = SCALES[settings.scale]
    edges = to_hz(np.linspace(from_hz(settings.fmin), from_hz(settings.fmax), settings.bands + 2))
    bins = np.arange(settings.window // 2 + 1)[:, None] * settings.rate / settings.window
    widths = np.maximum(np.diff(edges), settings.rate / settings.window)
    rising = (bins - edges[1:-1]) / widths[:-1] + 1.0
    falling = (edges[1:-1] - bins) / widths[1:] + 1.0
    filters = np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
    filters.flags.writeable = False  # shared by all spectrograms of these settings
    return filters


class Spectrogram:
    """Turn a stream of samples into a stream of frames; any block size gives the same frames to the bit.

    Parameters
    ----------
    settings : SpectrogramSettings
        Settings of the frames.
    group : int, optional
        Frames that are computed, and returned, together: 1 for the lowest latency. Another group size may change the
        last bit.

    Examples
    --------
    >>> spectrogram = Spectrogram(SpectrogramSettings())
    >>> spectrogram.push(np.zeros(44100, np.float32)).shape
    (96, 80)
    >>> spectrogram.flush().shape
    (5, 80)
    """

    def __init__(self, settings: SpectrogramSettings, group: int = _GROUP) -> None:
        self.settings = settings
        self._group = group
        hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(settings.window) / settings.window)
        self._window = (hann * 2.0 / hann.sum()).astype(np.float32)
        self._filters = band_filters(settings)
        self._windowed = np.empty((group, settings.window), np.float32)
        self._spectrum = np.empty((group, len(self._filters)), np.complex64)
        self._power = np.empty(self._spectrum.shape, np.float32)
        self._span = (self._group - 1) * settings.hop + settings.window
        self.reset()

    def reset(self) -> None:
        """Forget the stream and prepare for another."""
        self._pending = np.zeros(self.settings.window // 2, np.float32)
        self._samples = self._frames = 0

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Take ``(samples,) float32`` of any length and return the ``(frames, bands) float32`` that they complete."""
        pending = np.concatenate([self._pending, np.asarray(samples, np.float32)])
        groups = max(0, (len(pending) - self._span) // (self._group * self.settings.hop) + 1)
        self._samples += len(samples)
        self._frames += groups * self._group
        self._pending = pending[groups * self._group * self.settings.hop :]
        return self._analyse(pending, groups)

    def flush(self) -> np.ndarray:
        """End the stream and return its last frames, which reach beyond its end; the next push starts a new one."""
        missing = 1 + self._samples // self.settings.hop - self._frames
        groups = -(-missing // self._group)
        pending = np.zeros((groups - 1) * self._group * self.settings.hop + self._span, np.float32)
        pending[: len(self._pending)] = self._pending
        frames = self._analyse(pending, groups)[:missing]
        self.reset()
        return frames

    def _analyse(self, samples: np.ndarray, groups: int) -> np.ndarray:
        hop, size = self.settings.hop, self.settings.window
        out = np.empty((groups * self._group, self.settings.bands), np.float32)
        if not groups:
            return out
        frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop]
        for start in range(0, len(out), self._group):
            np.multiply(frames[start : start + self._group], self._window, out=self._windowed)
            parts = rfft(self._windowed, 1, self._spectrum).view(np.float32)
            np.square(parts, out=parts)
            power = np.add(parts[:, ::2], parts[:, 1::2], out=self._power)
            for row in range(0, self._group, _ROWS):
                rows = slice(start + row, start + min(row + _ROWS, self._group))
                np.matmul(power[row : row + _ROWS], self._filters, out=out[rows])
        np.log10(np.maximum(out, 10.0 ** (-_FLOOR_DB / 10.0), out=out), out=out)
        out *= 10.0 / _FLOOR_DB
        out += 1.0
        return np.maximum(out, 0.0, out=out)


def compute_spectrogram(samples: np.ndarray, settings: SpectrogramSettings) -> np.ndarray:
    """Compute the frames of a whole recording.

    Parameters
    ----------
    samples : np.ndarray
        ``(samples,) float32`` at the rate of the settings.
    settings : SpectrogramSettings
        Settings of the spectrogram.

    Returns
    -------
    np.ndarray
        ``(1 + samples // hop, bands) float32``.
    """
    spectrogram = Spectrogram(settings)
    return np.concatenate([spectrogram.push(samples), spectrogram.flush()])
