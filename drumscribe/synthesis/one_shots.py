"""One-shot samples of strokes, placed in time."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class OneShot:
    """A recorded stroke.

    Attributes
    ----------
    samples : np.ndarray
        ``(samples,) float32`` with a peak of 1.
    onset : int
        The sample at which its attack begins.
    """

    samples: np.ndarray
    onset: int


def place(out: np.ndarray, shot: OneShot, time: int, gain: float, stop: int | None = None, fade: int = 1300) -> None:
    """Add a one-shot to `out` so that its attack falls on sample `time`.

    Parameters
    ----------
    out : np.ndarray
        ``(samples,) float32``, changed in place.
    shot : OneShot
        The stroke.
    time : int
        Sample of `out` for the attack.
    gain : float
        Linear gain.
    stop : int, optional
        Sample at which the stroke is choked, or None.
    fade : int, default 1300
        Samples that the choking takes.
    """
    start = time - shot.onset
    samples = shot.samples
    if stop is not None and stop + fade - start < len(samples):
        samples = samples[: max(0, stop + fade - start)].copy()
        ramp = np.linspace(1.0, 0.0, min(fade, len(samples)), dtype=np.float32)
        samples[len(samples) - len(ramp) :] *= ramp
    first, last = max(0, -start), min(len(samples), len(out) - start)
    if first < last:
        out[start + first : start + last] += samples[first:last] * np.float32(gain)
