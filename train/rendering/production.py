"""What happens to drums and accompaniment on the way to a recording: mix, room, bus, noise, codec, level."""

import numpy as np

from drumscribe.synthesis import (
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


def produce_drums(drums: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The drum bus: tone, a room, compression, saturation."""
    drums = equalise(drums, RATE, *random_curve(rng, rng.choice([1.5, 4.0])))
    if rng.random() < 0.75:
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
    return drums


def mix(drums: np.ndarray, backing: np.ndarray, backing_db: float) -> np.ndarray:
    """Drums and accompaniment, the RMS of the latter `backing_db` above that of the former."""
    loudness = rms(backing)
    if loudness == 0.0:
        return drums
    return drums + backing * np.float32((rms(drums) or 0.1) * 10.0 ** (backing_db / 20.0) / loudness)


def master(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The whole recording: tone, limiting, bandwidth, noise, codec, level."""
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
    elif draw < 0.22:  # a phone
        sound = equalise(sound, RATE, *band_limits(rng.uniform(80, 300), rng.uniform(3200, 3900), 40))
    peak = np.max(np.abs(sound), initial=0.0)
    if rng.random() < 0.5 or peak == 0.0:
        noise = coloured_noise(rng, len(sound), float(rng.choice([0.0, 1.5, 3.0, 4.5])))
        sound = sound + noise * np.float32((peak or 0.01) * 10.0 ** (rng.uniform(-75.0, -32.0) / 20.0))
    level_db = rng.uniform(-40.0, -20.0) if rng.random() < 0.1 else rng.uniform(-18.0, 0.0)
    sound = sound * np.float32(10.0 ** (level_db / 20.0) / max(np.max(np.abs(sound)), 1e-6))
    if rng.random() < 0.06:
        sound = compress_lossy(sound, RATE, float(rng.uniform(0.3, 0.95)))
    return sound
