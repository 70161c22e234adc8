"""Production: from drums and accompaniment to a recording, by mix, room, bus, noise, codec and level."""

import numpy as np
from scipy.signal import fftconvolve

from drumscribe.synthesis.effects import (
    band_limits,
    coloured_noise,
    compress,
    compress_lossy,
    equalise,
    random_curve,
    reverberate,
    rms,
    saturate,
)

from ..data.sources import RATE


def produce_drums(drums: np.ndarray, rng: np.random.Generator, room: np.ndarray | None = None) -> np.ndarray:
    """Process the drum bus: tone, a room (recorded, if its response is given), compression, saturation, bandwidth.

    Parameters
    ----------
    drums : np.ndarray
        ``(samples,) float32``.
    rng : np.random.Generator
        Source of randomness.
    room : np.ndarray, optional
        Impulse response.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    drums = equalise(drums, RATE, *random_curve(rng, rng.choice([1.5, 4.0])))
    if room is not None:
        drums = drums + in_room(drums, room) * np.float32(10.0 ** (rng.uniform(-18.0, 0.0) / 20.0))
    elif rng.random() < 0.75:
        seconds = float(np.exp(rng.uniform(np.log(0.12), np.log(1.6))))
        drums = reverberate(drums, RATE, rng, seconds, rng.uniform(-30.0, -4.0), rng.uniform(0.15, 0.9))
    if rng.random() < 0.5:
        attack, release = (
            np.exp(rng.uniform(np.log(0.001), np.log(0.03))),
            np.exp(rng.uniform(np.log(0.03), np.log(0.3))),
        )
        drums = compress(drums, RATE, rng.uniform(-30.0, -6.0), rng.choice([2.0, 4.0, 10.0]), attack, release)
    if rng.random() < 0.25:
        drums = saturate(drums, float(np.exp(rng.uniform(0.0, np.log(6.0)))))
    if rng.random() < 0.1:
        drums = cut_off(drums, rng)
    return drums


def cut_off(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Remove all above a frequency of 5 to 16 kHz, as low sampling rates and lossy formats do.

    Parameters
    ----------
    sound : np.ndarray
        ``(samples,) float32``.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    return equalise(sound, RATE, *band_limits(1.0, np.exp(rng.uniform(*np.log([5000.0, 16000.0]))), 300.0))


def in_room(sound: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Return the reverberation of a sound, at the RMS level of the sound itself.

    Parameters
    ----------
    sound : np.ndarray
        ``(samples,) float32``.
    response : np.ndarray
        Impulse response of the room.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    answer = fftconvolve(sound, response)[: len(sound)].astype(np.float32)
    loudness = rms(answer)
    return answer * np.float32(rms(sound) / loudness) if loudness > 0.0 else answer


def mix(drums: np.ndarray, backing: np.ndarray, backing_db: float) -> np.ndarray:
    """Mix drums and accompaniment.

    Parameters
    ----------
    drums, backing : np.ndarray
        ``(samples,) float32``.
    backing_db : float
        RMS level of the accompaniment relative to the drums, in dB.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    loudness = rms(backing)
    if loudness == 0.0:
        return drums
    return drums + backing * np.float32((rms(drums) or 0.1) * 10.0 ** (backing_db / 20.0) / loudness)


def master(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Process the whole recording: room, tone, limiting, bandwidth, noise, crackle, codec, level, resolution.

    Parameters
    ----------
    sound : np.ndarray
        ``(samples,) float32``.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    if rng.random() < 0.06:  # a microphone far off
        sound = reverberate(sound, RATE, rng, rng.uniform(0.3, 1.3), rng.uniform(-14.0, -3.0), rng.uniform(0.2, 0.9))
    if rng.random() < 0.5:
        sound = equalise(sound, RATE, *random_curve(rng, 2.5))
    if rng.random() < 0.35:
        sound = compress(sound, RATE, rng.uniform(-20.0, -4.0), rng.choice([3.0, 20.0]), 0.002, rng.uniform(0.03, 0.2))
    if rng.random() < 0.15:
        sound = saturate(sound, float(np.exp(rng.uniform(0.0, np.log(4.0)))))
    draw = rng.random()
    if draw < 0.18:
        sound = equalise(
            sound, RATE, *band_limits(rng.uniform(20, 60), np.exp(rng.uniform(*np.log([4000.0, 14000.0]))), 18)
        )
    elif draw < 0.24:
        sound = cut_off(sound, rng)
    elif draw < 0.28:  # a phone
        sound = equalise(sound, RATE, *band_limits(rng.uniform(80, 300), rng.uniform(3200, 3900), 40))
    elif draw < 0.34:  # the loudspeaker or the microphone of something small
        low = np.exp(rng.uniform(*np.log([100.0, 600.0])))
        sound = equalise(sound, RATE, *band_limits(low, 20000.0, rng.choice([12.0, 24.0])))
    peak = np.max(np.abs(sound), initial=0.0)
    if rng.random() < 0.5 or peak == 0.0:
        noise = coloured_noise(rng, len(sound), float(rng.choice([0.0, 1.5, 3.0, 4.5])))
        sound = sound + noise * np.float32((peak or 0.01) * 10.0 ** (rng.uniform(-75.0, -32.0) / 20.0))
    if rng.random() < 0.04:
        sound = sound + crackle(rng, len(sound)) * np.float32(
            (peak or 0.01) * 10.0 ** (rng.uniform(-30.0, -3.0) / 20.0)
        )
    level_db = rng.uniform(-40.0, -20.0) if rng.random() < 0.1 else rng.uniform(-18.0, 0.0)
    sound = sound * np.float32(10.0 ** (level_db / 20.0) / max(np.max(np.abs(sound)), 1e-6))
    if rng.random() < 0.06:
        sound = compress_lossy(sound, RATE, float(rng.uniform(0.3, 0.95)))
    if rng.random() < 0.03:  # eight bits or fewer, without dither
        steps = 2.0 ** rng.integers(6, 9) / 2.0
        sound = (np.round(sound * steps) / steps).astype(np.float32)
    return sound


def crackle(rng: np.random.Generator, length: int) -> np.ndarray:
    """Make the clicks of a worn record, 1 to 30 per second.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.
    length : int
        Samples.

    Returns
    -------
    np.ndarray
        ``(length,) float32``, peak 1.
    """
    out = np.zeros(length, np.float32)
    count = max(1, rng.poisson(length / RATE * np.exp(rng.uniform(0.0, np.log(30.0)))))
    out[rng.integers(0, length, count)] = rng.choice([-1.0, 1.0], count) * rng.random(count) ** 2
    low, high = rng.uniform(300.0, 2000.0), rng.uniform(4000.0, 14000.0)
    out = equalise(out, RATE, *band_limits(low, high, 12.0))
    return out / max(1e-6, float(np.max(np.abs(out))))
