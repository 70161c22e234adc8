"""Random augmentation of sound and of frames.

Fine-tuning uses it, so it works without the training extra. Sound is mono ``(samples,) float32``, frames are
``(frames, bands) float32`` as `drumscribe.sound.spectrogram` makes them. All randomness comes from the given generator,
and every kind of augmentation has its own random stream: leaving one out does not change the others.

Examples
--------
>>> rng = np.random.default_rng(1)
>>> click = np.zeros(4410, np.float32)
>>> click[100] = 1.0
>>> augment_sound(click, 44100, rng, AugmentSettings().without("room", "noise")).shape
(4410,)
"""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike

from .effects import (
    band_limits,
    change_pitch,
    coloured_noise,
    compress,
    compress_lossy,
    equalise,
    random_curve,
    reverberate,
    rms,
    saturate,
)
from .masking import mask_bands, mask_time, warp_time
from .one_shots import OneShot

_STEEPNESS_DB = 24.0  # per octave, of high-pass and low-pass


@dataclass(frozen=True)
class Range:
    """The probability of an augmentation, and the range of its strength.

    Attributes
    ----------
    probability : float
        From 0 to 1.
    low, high : float
        Limits of the strength; `AugmentSettings` gives quantity and unit.
    """

    probability: float
    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        """Draw a strength, uniform over the range."""
        return float(rng.uniform(self.low, self.high))

    def draw_ratio(self, rng: np.random.Generator) -> float:
        """Draw a strength, uniform over the logarithm of the range: for frequencies, times and factors."""
        return float(np.exp(rng.uniform(np.log(self.low), np.log(self.high))))


@dataclass(frozen=True)
class AugmentSettings:
    """All augmentations, by name. Their ranges are set by hand.

    Attributes
    ----------
    pitch : Range, optional
        Semitones, by resampling, so that a higher sound is also shorter (one-shots only).
    equalise : Range, optional
        Standard deviation in dB of a frequency response with six random points.
    high_pass, low_pass : Range, optional
        Corner frequency in Hz; 24 dB per octave.
    saturate : Range, optional
        Gain into tanh at the peak, linear.
    compress : Range, optional
        Threshold in dB relative to the peak.
    room : Range, optional
        Level of the reverberation in dB relative to the direct sound.
    noise : Range, optional
        Signal-to-noise ratio in dB.
    gain : Range, optional
        Gain in dB.
    codec : Range, optional
        Compression level of an mp3 round trip, from 0 (best) to 1.
    mask_time : Range, optional
        Share of the frames to mask, in one stretch.
    mask_bands : Range, optional
        Share of the bands to mask, in one stretch.
    warp : Range, optional
        Shift of the middle of a passage, as a share of its frames.
    """

    pitch: Range = Range(0.5, -2.0, 2.0)
    equalise: Range = Range(0.6, 1.0, 4.0)
    high_pass: Range = Range(0.15, 30.0, 250.0)
    low_pass: Range = Range(0.15, 3500.0, 14000.0)
    saturate: Range = Range(0.2, 1.0, 5.0)
    compress: Range = Range(0.3, -30.0, -6.0)
    room: Range = Range(0.4, -30.0, -6.0)
    noise: Range = Range(0.4, 10.0, 60.0)
    gain: Range = Range(1.0, -20.0, 0.0)
    codec: Range = Range(0.06, 0.3, 0.95)
    mask_time: Range = Range(0.3, 0.02, 0.12)
    mask_bands: Range = Range(0.4, 0.02, 0.15)
    warp: Range = Range(0.3, 0.0, 0.05)

    def without(self, *names: str) -> "AugmentSettings":
        """Return the same settings without the named augmentations.

        Raises
        ------
        ValueError
            If a name is unknown.
        """
        unknown = [name for name in names if name not in AUGMENTATIONS]
        if unknown:
            raise ValueError(f"no augmentation {unknown[0]!r}: use {', '.join(AUGMENTATIONS)}")
        return replace(self, **{name: replace(getattr(self, name), probability=0.0) for name in names})


AUGMENTATIONS = tuple(field.name for field in fields(AugmentSettings))
"""The names of all augmentations."""

_ON_SOUND = ("equalise", "high_pass", "low_pass", "saturate", "compress", "room", "noise", "gain", "codec")
"""Augmentations of sound, in the order in which they are applied."""


def change_gain(samples: np.ndarray, gain_db: float) -> np.ndarray:
    """Change the level of the samples.

    Parameters
    ----------
    samples : np.ndarray
        ``(samples,) float32``.
    gain_db : float
        Gain in dB.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    return (samples * np.float32(10.0 ** (gain_db / 20.0))).astype(np.float32)


def pass_low(samples: np.ndarray, rate: int, corner_hz: float) -> np.ndarray:
    """Attenuate everything above a frequency, by 24 dB per octave, without delay.

    Parameters
    ----------
    samples : np.ndarray
        ``(samples,) float32``.
    rate : int
        Samples per second.
    corner_hz : float
        Corner frequency in Hz.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    return equalise(samples, rate, *band_limits(1.0, corner_hz, _STEEPNESS_DB))


def pass_high(samples: np.ndarray, rate: int, corner_hz: float) -> np.ndarray:
    """Attenuate everything below a frequency, by 24 dB per octave, without delay.

    Parameters
    ----------
    samples : np.ndarray
        ``(samples,) float32``.
    rate : int
        Samples per second.
    corner_hz : float
        Corner frequency in Hz.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    return equalise(samples, rate, *band_limits(corner_hz, float(rate), _STEEPNESS_DB))


def add_noise(samples: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    """Add noise at a signal-to-noise ratio; silence stays silence.

    Parameters
    ----------
    samples : np.ndarray
        ``(samples,) float32``.
    noise : np.ndarray
        ``(samples,) float32``, of the same length.
    snr_db : float
        RMS of the samples over that of the noise, in dB.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    level = rms(samples) * 10.0 ** (-snr_db / 20.0) / (rms(noise) or 1.0)
    return (samples + noise * np.float32(level)).astype(np.float32)


def augment_sound(samples: np.ndarray, rate: int, rng: np.random.Generator, settings: AugmentSettings) -> np.ndarray:
    """Apply all augmentations that keep the length of a sound and the times in it.

    Parameters
    ----------
    samples : np.ndarray
        ``(samples,) float32``.
    rate : int
        Samples per second.
    rng : np.random.Generator
        Source of randomness.
    settings : AugmentSettings
        Probabilities and ranges.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    streams = _streams(rng, _ON_SOUND)
    for name in _ON_SOUND:
        chance, stream = getattr(settings, name), streams[name]
        if stream.random() < chance.probability:
            samples = _apply(name, samples, rate, stream, chance)
    return samples


def _apply(name: str, samples: np.ndarray, rate: int, rng: np.random.Generator, chance: Range) -> np.ndarray:
    match name:
        case "equalise":
            return equalise(samples, rate, *random_curve(rng, chance.draw(rng)))
        case "high_pass":
            return pass_high(samples, rate, chance.draw_ratio(rng))
        case "low_pass":
            return pass_low(samples, rate, chance.draw_ratio(rng))
        case "saturate":
            return saturate(samples, chance.draw_ratio(rng))
        case "compress":
            attack, release = np.exp(rng.uniform(np.log([0.001, 0.03]), np.log([0.03, 0.3])))
            return compress(samples, rate, chance.draw(rng), float(rng.choice([2.0, 4.0, 10.0])), attack, release)
        case "room":
            seconds = float(np.exp(rng.uniform(np.log(0.12), np.log(1.5))))
            return reverberate(samples, rate, rng, seconds, chance.draw(rng), rng.uniform(0.15, 0.9))
        case "noise":
            noise = coloured_noise(rng, len(samples), float(rng.choice([0.0, 1.5, 3.0, 4.5])))
            return add_noise(samples, noise, chance.draw(rng))
        case "gain":
            return change_gain(samples, chance.draw(rng))
        case "codec":
            return compress_lossy(samples, rate, chance.draw(rng))
    raise ValueError(f"{name!r} is not an augmentation of sound")


def augment_shot(shot: OneShot, rate: int, rng: np.random.Generator, settings: AugmentSettings) -> OneShot:
    """Apply all augmentations, pitch included, to a stroke; its peak need not be 1 afterwards.

    Parameters
    ----------
    shot : OneShot
        The stroke.
    rate : int
        Samples per second.
    rng : np.random.Generator
        Source of randomness.
    settings : AugmentSettings
        Probabilities and ranges.

    Returns
    -------
    OneShot
        The augmented stroke, with its onset where it is now.
    """
    stream = _streams(rng, ("pitch",))["pitch"]
    if stream.random() < settings.pitch.probability:
        ratio = 2.0 ** (settings.pitch.draw(stream) / 12.0)
        shot = OneShot(change_pitch(shot.samples, ratio), round(shot.onset / ratio))
    return OneShot(augment_sound(shot.samples, rate, rng, settings), shot.onset)


def augment_frames(
    frames: np.ndarray, rng: np.random.Generator, settings: AugmentSettings, positions: ArrayLike = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Mask and warp frames.

    Parameters
    ----------
    frames : np.ndarray
        ``(frames, bands) float32``.
    rng : np.random.Generator
        Source of randomness.
    settings : AugmentSettings
        Probabilities and ranges.
    positions : ArrayLike, optional
        ``(labels,)`` in frames.

    Returns
    -------
    tuple[np.ndarray, np.ndarray]
        The frames, of the same shape, and the positions in them.
    """
    positions = np.asarray(positions, np.float64)
    streams = _streams(rng, ("warp", "mask_time", "mask_bands"))
    count, bands = frames.shape
    stream, chance = streams["warp"], settings.warp
    if stream.random() < chance.probability and count > 2:
        shift = chance.draw(stream) * count * stream.choice([-1.0, 1.0])
        frames, positions = warp_time(frames, positions, stream.uniform(0.25, 0.75) * (count - 1), shift)
    for name, mask, length in (("mask_time", mask_time, count), ("mask_bands", mask_bands, bands)):
        stream, chance = streams[name], getattr(settings, name)
        if stream.random() < chance.probability:
            width = round(chance.draw(stream) * length)
            frames = mask(frames, int(stream.integers(length - width + 1)), width)
    return frames, positions


def _streams(rng: np.random.Generator, names: tuple[str, ...]) -> dict[str, np.random.Generator]:
    """Make a generator for each name, so that the draws of one do not change those of another."""
    seeds = rng.integers(1 << 62, size=len(names))
    return {name: np.random.default_rng(seed) for name, seed in zip(names, seeds, strict=True)}
