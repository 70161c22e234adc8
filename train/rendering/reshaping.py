"""Strokes of one kit: synthetic percussion, clicks, slow attacks, reshaping, layering, softening."""

import numpy as np

from drumscribe.synthesis.effects import change_pitch, coloured_noise, equalise, saturate, shorten
from drumscribe.synthesis.one_shots import OneShot, place

from ..data.sources import RATE


def synthetic_percussion(voice: str, rng: np.random.Generator) -> OneShot:
    """Make a tambourine (noise and ringing jingles), a shaker (a swelling noise) or a noise clap, of random character.

    Parameters
    ----------
    voice : str
        Which of them.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    OneShot
        The stroke.
    """
    ring = float(np.exp(rng.uniform(np.log(0.03), np.log(0.4)))) if voice == "tambourine" else 0.0
    length = int(RATE * (rng.uniform(0.12, 0.35) + 2.5 * ring))
    time = np.arange(length) / RATE
    noise = coloured_noise(rng, length, 0.0)
    if voice == "tambourine":
        partials = rng.uniform(3500, 14000, 12)
        decays = ring * rng.uniform(0.3, 1.0, 12)
        bounces = np.concatenate([[0.0], np.cumsum(rng.exponential(0.02, int(rng.integers(0, 4))))])
        jingles = np.zeros(length)
        for bounce in bounces:  # the jingles strike each other again
            since = time - bounce
            ringing = np.sin(2 * np.pi * partials[:, None] * since + rng.uniform(0, 6, (12, 1)))
            ringing *= np.exp(-np.maximum(0.0, since) / decays[:, None]) * (since >= 0.0)
            jingles += ringing.sum(axis=0) * (1.0 if bounce == 0.0 else rng.uniform(0.2, 0.8))
        sound = jingles / 4 + noise * np.exp(-time / rng.uniform(0.01, 0.05)) * rng.uniform(0.3, 1.5)
        low, high, attack = rng.uniform(2500, 6000), 16000.0, 0.0005
    elif voice == "shaker":
        attack = rng.uniform(0.004, 0.05)
        sound = noise * np.exp(-np.maximum(0.0, time - attack) / rng.uniform(0.01, 0.05))
        low, high = rng.uniform(1500, 6000), rng.uniform(9000, 16000)
    else:
        bursts = sum(np.exp(-np.maximum(0.0, time - at) / 0.004) * (time >= at) for at in (0.0, 0.011, 0.021))
        tail = 0.6 * np.exp(-np.maximum(0.0, time - 0.025) / rng.uniform(0.02, 0.08)) * (time >= 0.025)
        sound, attack = noise * (bursts + tail), 0.0005
        low, high = rng.uniform(500, 1200), rng.uniform(2500, 8000)
    sound = sound * np.minimum(1.0, time / attack)
    sound = equalise(
        sound.astype(np.float32), RATE, np.array([low / 4, low, high, high * 4]), np.array([-40, 0, 0, -40.0])
    )
    return OneShot(sound / np.max(np.abs(sound)), 0)


def add_click(shot: OneShot, rng: np.random.Generator) -> OneShot:
    """Add the snap of a beater to the attack of a stroke: a few milliseconds of bright noise.

    Parameters
    ----------
    shot : OneShot
        The stroke.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    OneShot
        The changed stroke.
    """
    length = int(RATE * rng.uniform(0.002, 0.012))
    click = np.diff(rng.standard_normal(length + 1)) * np.exp(-np.arange(length) / (0.3 * length))
    samples = shot.samples.copy()
    room = samples[shot.onset : shot.onset + length]
    room += (click[: len(room)] * 10.0 ** (rng.uniform(-26.0, -6.0) / 20.0)).astype(np.float32)
    return OneShot(samples / np.max(np.abs(samples)), shot.onset)


def slow_down(shot: OneShot, rise: float) -> OneShot:
    """Let a stroke rise slowly.

    Parameters
    ----------
    shot : OneShot
        The stroke.
    rise : float
        Seconds from its onset to its full level.

    Returns
    -------
    OneShot
        The changed stroke, with the same onset.
    """
    time = (np.arange(len(shot.samples)) - shot.onset) / RATE
    samples = shot.samples * np.clip(time / rise, 0.0, 1.0).astype(np.float32)
    return OneShot(samples / np.max(np.abs(samples), initial=1e-9), shot.onset)


def reshape(
    shot: OneShot, ratio: float, decay: float | None, curve: tuple[np.ndarray, np.ndarray] | None, drive: float
) -> OneShot:
    """Change the pitch, the decay, the tone and the saturation of a stroke.

    Parameters
    ----------
    shot : OneShot
        The stroke.
    ratio : float
        Factor of the pitch.
    decay : float | None
        Seconds in which it is damped; None to leave its own decay.
    curve : tuple[np.ndarray, np.ndarray] | None
        A frequency response for `equalise`; None to leave its tone.
    drive : float
        Gain into saturation; 1 for none.

    Returns
    -------
    OneShot
        The changed stroke.
    """
    samples, onset = shot.samples, shot.onset
    if abs(ratio - 1.0) > 0.01:
        samples, onset = change_pitch(samples, ratio), round(onset / ratio)
    if decay is not None:
        samples = shorten(samples, decay * RATE, onset)
    if curve is not None:
        samples = equalise(samples, RATE, *curve)
    if drive > 1.0:
        samples = saturate(samples, drive)
    peak = np.max(np.abs(samples), initial=1e-9)
    return OneShot((samples / peak).astype(np.float32), onset)


def layered(shot: OneShot, other: OneShot, gain: float) -> OneShot:
    """Combine two simultaneous strokes.

    Parameters
    ----------
    shot, other : OneShot
        The strokes.
    gain : float
        Linear gain of the second one.

    Returns
    -------
    OneShot
        Both as one.
    """
    samples = np.zeros(max(len(shot.samples), shot.onset + len(other.samples) - other.onset), np.float32)
    samples[: len(shot.samples)] = shot.samples
    place(samples, other, shot.onset, gain)
    return OneShot(samples / np.max(np.abs(samples), initial=1e-9), shot.onset)


def soften(shot: OneShot) -> tuple[OneShot, OneShot, OneShot]:
    """Make soft, medium and hard versions of a stroke."""
    frequencies = np.array([200.0, 1500.0, 6000.0, 14000.0])
    soft = equalise(shot.samples, RATE, frequencies, np.array([0.0, -3.0, -9.0, -14.0]))
    medium = equalise(shot.samples, RATE, frequencies, np.array([0.0, -1.0, -3.5, -5.0]))
    versions = [samples / np.max(np.abs(samples), initial=1e-9) for samples in (soft, medium)]
    return OneShot(versions[0], shot.onset), OneShot(versions[1], shot.onset), shot
