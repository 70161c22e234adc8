"""The level of a recording: a quiet one is raised before it is heard.

Spectrogram and onset detector have floors that belong to recordings of common level; what lies far below them would
vanish.
"""

from collections.abc import Iterable

import numpy as np

QUIET = 10.0 ** (-30.0 / 20.0)
"""Peak (full scale 1.0) below which a recording is raised; down to about -40 dB it would be heard as it is."""
_RAISED_PEAK = 10.0 ** (-12.0 / 20.0)
"""The peak that a quiet recording is raised to: a common one; by hand."""
_NOISE = 10.0 ** (-75.0 / 20.0)
"""Peak below which there is only the noise of a converter of 16 bits or less, which stays as it is; by hand."""


def peak_until_loud(blocks: Iterable[np.ndarray]) -> float:
    """Find the peak of sound, as far as it tells whether that is quiet.

    Parameters
    ----------
    blocks : iterable of np.ndarray
        ``(samples,) float32`` each.

    Returns
    -------
    float
        The peak; that of the first blocks alone if those are loud enough already.
    """
    peak = 0.0
    for block in blocks:
        peak = max(peak, float(np.max(np.abs(block), initial=0.0)))
        if peak >= QUIET:
            break
    return peak


def gain_for(peak: float) -> float:
    """Choose the gain that a recording is heard with.

    Parameters
    ----------
    peak : float
        Its peak, full scale 1.0.

    Returns
    -------
    float
        1.0 unless it is quiet, and more than noise.
    """
    return _RAISED_PEAK / peak if _NOISE <= peak < QUIET else 1.0


def raise_quiet(sound: np.ndarray) -> np.ndarray:
    """Raise a recording that is quiet.

    Parameters
    ----------
    sound : np.ndarray
        ``(samples,) float32``, the whole recording.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``, as loud as `gain_for` has it; the same array if that changes nothing.
    """
    gain = gain_for(peak_until_loud([sound]))
    return sound if gain == 1.0 else sound * np.float32(gain)
