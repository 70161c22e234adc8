"""Frames of a stream of samples, in bands, logarithmic: the one spectrogram that trains the models and runs them.

Conventions
-----------
Frame ``i`` is centred on sample ``i * hop``; the stream is taken to be silent before its first and after its last
sample, so that ``n`` samples give ``1 + n // hop`` frames. A full-scale sine in the middle of a band is 0 dB; a value
is ``(dB + 100) / 100``, cut off at 0: digital silence is 0.0, full scale about 1.0.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .errors import DrumscribeError

_GROUP = 32
"""Frames are computed in groups of this many, always, so that their last bit does not depend on the block size."""

_FLOOR_DB = 100.0


@dataclass(frozen=True)
class SpectrogramSettings:
    """What a spectrogram is made of; it travels in the model file.

    Attributes
    ----------
    rate : samples per second (Hz).
    hop : samples from one frame to the next.
    window : samples in the (periodic) Hann window and the Fourier transform.
    bands : of frequency.
    fmin, fmax : the lower edge of the first and the upper edge of the last band, in Hz.
    scale : on which the bands are equally wide, one of `SCALES`.

    Raises
    ------
    DrumscribeError : for a scale that is none.
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
            raise DrumscribeError(f"unknown scale {self.scale!r} of a spectrogram; known are {', '.join(SCALES)}")

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.rate / self.hop


SCALES = {
    "mel": (lambda hz: 2595.0 * np.log10(1.0 + hz / 700.0), lambda mel: 700.0 * (10.0 ** (mel / 2595.0) - 1.0)),
    "log": (np.log2, np.exp2),
    "linear": (lambda hz: hz, lambda hz: hz),
}
"""Scales of frequency: from Hz, and back. Mel is O'Shaughnessy's ("Speech Communication", 1987; "HTK")."""


@lru_cache(maxsize=8)
def band_filters(settings: SpectrogramSettings) -> np.ndarray:
    """Triangular filters with a peak of 1, ``(window // 2 + 1, bands) float32``, none narrower than a bin to each side.

    On a linear scale with one band for each bin they are those bins; on a logarithmic one they are of constant Q as
    far as the transform resolves it (Brown, "Calculation of a constant Q spectral transform", JASA 1991).
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
    """A stream of samples to a stream of frames, any block size giving the same frames to the bit.

    Parameters
    ----------
    settings : what the frames are made of.
    group : frames that are computed together, and thus come together: 1 where they are wanted at once. Groups of
        another size may give another last bit.

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
        self._span = (self._group - 1) * settings.hop + settings.window
        self.reset()

    def reset(self) -> None:
        """Forget the stream and be ready for another."""
        self._pending = np.zeros(self.settings.window // 2, np.float32)
        self._samples = self._frames = 0

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Take ``(samples,) float32`` of any length, give the ``(frames, bands) float32`` that they complete."""
        pending = np.concatenate([self._pending, np.asarray(samples, np.float32)])
        groups = max(0, (len(pending) - self._span) // (self._group * self.settings.hop) + 1)
        self._samples += len(samples)
        self._frames += groups * self._group
        self._pending = pending[groups * self._group * self.settings.hop :]
        return self._analyse(pending, groups)

    def flush(self) -> np.ndarray:
        """End the stream: the frames that only silence was still missing to; then start anew."""
        missing = 1 + self._samples // self.settings.hop - self._frames
        groups = -(-missing // self._group)
        pending = np.zeros((groups - 1) * self._group * self.settings.hop + self._span, np.float32)
        pending[: len(self._pending)] = self._pending
        frames = self._analyse(pending, groups)[:missing]
        self.reset()
        return frames

    def _analyse(self, samples: np.ndarray, groups: int) -> np.ndarray:
        from scipy.fft import rfft

        hop, size = self.settings.hop, self.settings.window
        out = np.empty((groups * self._group, self.settings.bands), np.float32)
        if not groups:
            return out
        frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop]
        for start in range(0, len(out), self._group):
            spectrum = rfft(frames[start : start + self._group] * self._window, axis=1)
            power = np.square(spectrum.real) + np.square(spectrum.imag)
            np.matmul(power, self._filters, out=out[start : start + self._group])
        np.log10(np.maximum(out, 10.0 ** (-_FLOOR_DB / 10.0), out=out), out=out)
        out *= 10.0 / _FLOOR_DB
        out += 1.0
        return np.maximum(out, 0.0, out=out)


def compute_spectrogram(samples: np.ndarray, settings: SpectrogramSettings) -> np.ndarray:
    """The frames of a whole recording: ``(samples,) float32`` to ``(1 + samples // hop, bands) float32``."""
    spectrogram = Spectrogram(settings)
    return np.concatenate([spectrogram.push(samples), spectrogram.flush()])
