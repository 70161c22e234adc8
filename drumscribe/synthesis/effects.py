"""Effects as in recordings: equalisation, reverberation, compression, saturation, noise, mp3.

Only numpy, scipy and soundfile are needed, so that fine-tuning works without the training extra. Every function takes
and returns mono ``(samples,) float32``; random ones take a `numpy.random.Generator` and depend on nothing else.
"""

import io

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import maximum_filter1d
from scipy.signal import lfilter


def change_pitch(samples: np.ndarray, ratio: float) -> np.ndarray:
    """Play the samples `ratio` times as fast, and thus as high.

    Parameters
    ----------
    samples : np.ndarray
        ``(samples,) float32``.
    ratio : float
        Factor of speed and frequency.

    Returns
    -------
    np.ndarray
        ``(samples / ratio,) float32``.
    """
    import soxr

    return soxr.resample(samples, 1000.0 * ratio, 1000.0, quality="MQ").astype(np.float32)


def shorten(samples: np.ndarray, decay: float, onset: int = 0) -> np.ndarray:
    """Damp the samples exponentially after the onset, in addition to their own decay, and cut off the silent rest.

    Parameters
    ----------
    samples : np.ndarray
        ``(samples,) float32``.
    decay : float
        Samples in which the damping reaches 60 dB.
    onset : int, default 0
        The sample at which the damping begins.

    Returns
    -------
    np.ndarray
        At most ``onset + 1.2 * decay`` samples.
    """
    envelope = np.exp(-6.9 * np.maximum(0, np.arange(len(samples)) - onset) / decay).astype(np.float32)
    return (samples * envelope)[: int(onset + decay * 1.2)]


def equalise(samples: np.ndarray, rate: int, frequencies: np.ndarray, gains_db: np.ndarray) -> np.ndarray:
    """Filter with a frequency response that joins the given points, without delay.

    Parameters
    ----------
    samples : np.ndarray
        ``(samples,) float32``.
    rate : int
        Samples per second.
    frequencies : np.ndarray
        ``(points,)`` in Hz, ascending.
    gains_db : np.ndarray
        ``(points,)`` in dB; between the points linear over log frequency.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    size = next_fast_len(len(samples) + 2048, real=True)
    bins = np.log(np.maximum(np.arange(size // 2 + 1) * rate / size, 1.0))
    gains = 10.0 ** (np.interp(bins, np.log(frequencies), gains_db) / 20.0)
    return irfft(rfft(samples, size) * gains.astype(np.float32), size)[: len(samples)].astype(np.float32)


def random_curve(rng: np.random.Generator, spread_db: float, points: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Draw a smooth random response between 40 Hz and 16 kHz for `equalise`.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.
    spread_db : float
        Standard deviation of the gains, in dB.
    points : int, default 6
        Number of points.

    Returns
    -------
    tuple[np.ndarray, np.ndarray]
        Frequencies in Hz and gains in dB, ``(points,)`` each.
    """
    frequencies = np.geomspace(40.0, 16000.0, points) * np.exp(rng.uniform(-0.3, 0.3, points))
    return np.sort(frequencies), rng.normal(0.0, spread_db, points)


def band_limits(low_hz: float, high_hz: float, order_db: float = 24.0) -> tuple[np.ndarray, np.ndarray]:
    """Make a response for `equalise` that falls below one frequency and above another.

    Parameters
    ----------
    low_hz, high_hz : float
        Corner frequencies in Hz.
    order_db : float, default 24.0
        Slope in dB per octave.

    Returns
    -------
    tuple[np.ndarray, np.ndarray]
        Frequencies in Hz and gains in dB, ``(4,)`` each.
    """
    frequencies = np.array([low_hz / 16, low_hz, high_hz, high_hz * 16])
    return frequencies, np.array([-4 * order_db, 0.0, 0.0, -4 * order_db])


def reverberate(
    samples: np.ndarray, rate: int, rng: np.random.Generator, seconds: float, wet_db: float, brightness: float
) -> np.ndarray:
    """Add a room of exponentially decaying noise (Moorer, "About this reverberation business", 1979).

    Parameters
    ----------
    samples : np.ndarray
        ``(samples,) float32``.
    rate : int
        Samples per second.
    rng : np.random.Generator
        Source of randomness.
    seconds : float
        Time in which the low frequencies decay by 60 dB.
    wet_db : float
        Level of the reverberation relative to the direct sound, in dB.
    brightness : float
        Decay time of the highest relative to the lowest frequencies, 0 to 1.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    length = int(seconds * rate)
    time = np.arange(length) / rate
    dark = lfilter([0.08], [1.0, -0.92], rng.standard_normal(length))
    bright = rng.standard_normal(length)
    impulse = dark * np.exp(-6.9 * time / seconds) * 3.0 + bright * np.exp(-6.9 * time / (seconds * brightness))
    delay = int(rng.uniform(0.0005, 0.02) * rate)
    impulse = np.concatenate([np.zeros(delay), impulse / np.sqrt(np.sum(np.square(impulse)))])
    size = next_fast_len(len(samples) + len(impulse), real=True)
    room = irfft(rfft(samples, size) * rfft(impulse.astype(np.float32), size), size)[: len(samples)]
    return (samples + room * 10.0 ** (wet_db / 20.0)).astype(np.float32)


def compress(
    samples: np.ndarray, rate: int, threshold_db: float, ratio: float, attack: float, release: float
) -> np.ndarray:
    """Apply a feed-forward peak compressor (Giannoulis, Massberg & Reiss, JAES 2012) with a control rate of 1 ms.

    Parameters
    ----------
    samples : np.ndarray
        ``(samples,) float32``.
    rate : int
        Samples per second.
    threshold_db : float
        Threshold in dB relative to the peak of the samples.
    ratio : float
        Input over output above the threshold.
    attack, release : float
        Time constants in seconds.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    step = max(1, rate // 1000)
    steps = -(-len(samples) // step)
    padded = np.zeros(steps * step, np.float32)
    padded[: len(samples)] = np.abs(samples)
    peaks = padded.reshape(steps, step).max(axis=1)
    top = peaks.max(initial=0.0)
    if top == 0.0:
        return samples
    over = np.maximum(0.0, 20.0 * np.log10(np.maximum(peaks / top, 1e-6)) - threshold_db)
    # The release is a decay from recent peaks, the attack a lag behind them.
    held = maximum_filter1d(over, max(1, int(release * 200)), origin=max(0, int(release * 100) - 1))
    slow, fast = np.exp(-1.0 / (release * 1000.0)), np.exp(-1.0 / max(attack * 1000.0, 0.1))
    smooth = np.maximum(over, lfilter([1 - slow], [1, -slow], held))
    reduction = lfilter([1 - fast], [1, -fast], smooth) * (1.0 - 1.0 / ratio)
    gain = 10.0 ** (-np.interp(np.arange(len(samples)) / step, np.arange(steps), reduction) / 20.0)
    return samples * gain.astype(np.float32)


def saturate(samples: np.ndarray, drive: float) -> np.ndarray:
    """Distort the samples by tanh, keeping their peak.

    Parameters
    ----------
    samples : np.ndarray
        ``(samples,) float32``.
    drive : float
        Gain into tanh for a peak of 1.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    peak = np.max(np.abs(samples), initial=0.0)
    if peak == 0.0:
        return samples
    return (np.tanh(samples * (drive / peak)) * (peak / np.tanh(drive))).astype(np.float32)


def compress_lossy(samples: np.ndarray, rate: int, level: float) -> np.ndarray:
    """Encode and decode as mp3, without the codec's delay.

    Parameters
    ----------
    samples : np.ndarray
        ``(samples,) float32``.
    rate : int
        Samples per second.
    level : float
        Compression level of libsndfile, from 0 (best sound) to 1.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    import soundfile as sf

    memory = io.BytesIO()
    with sf.SoundFile(memory, "w", rate, 1, format="MP3", subtype="MPEG_LAYER_III", compression_level=level) as file:
        file.write(samples)
    memory.seek(0)
    decoded, _ = sf.read(memory, dtype="float32")
    out = np.zeros_like(samples)
    length = min(len(samples), len(decoded))
    out[:length] = decoded[:length]
    return out


def coloured_noise(rng: np.random.Generator, length: int, slope_db: float) -> np.ndarray:
    """Make noise with an RMS of 1 and a falling spectrum.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.
    length : int
        Samples.
    slope_db : float
        Fall of the spectrum in dB per octave: 0 white, 3 pink, 6 brown.

    Returns
    -------
    np.ndarray
        ``(length,) float32``.
    """
    size = next_fast_len(length, real=True)
    shape = np.maximum(np.arange(size // 2 + 1), 8.0) ** (-slope_db / 6.02)
    noise = irfft(rfft(rng.standard_normal(size).astype(np.float32)) * shape.astype(np.float32), size)[:length]
    return (noise / np.sqrt(np.mean(np.square(noise)))).astype(np.float32)


def rms(samples: np.ndarray) -> float:
    """Return the root mean square; 0 for no samples."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0
