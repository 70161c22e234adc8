"""Random variations of sound and of frames, so that a model hears more than was recorded.

Needs no training extra, so that fine-tuning can use it. Sound is mono ``(samples,) float32``, frames are
``(frames, bands) float32`` as `drumscribe.spectrogram` makes them. What is random comes from the generator given, and
every kind of variation has a stream of its own: leaving one out changes nothing about the others.

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

from .synthesis import (
    OneShot,
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

_STEEPNESS_DB = 24.0  # per octave, of high-pass and low-pass


@dataclass(frozen=True)
class Range:
    """How often something is done, and between which limits its strength is drawn.

    Attributes
    ----------
    probability : 0 to 1.
    low, high : limits of the strength; `AugmentSettings` says of what, and in which unit.
    """

    probability: float
    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        """A strength, even over the range."""
        return float(rng.uniform(self.low, self.high))

    def draw_ratio(self, rng: np.random.Generator) -> float:
        """A strength, even over the logarithm of the range: for frequencies, times and factors."""
        return float(np.exp(rng.uniform(np.log(self.low), np.log(self.high))))


@dataclass(frozen=True)
class AugmentSettings:
    """Every variation, by name.

    Attributes
    ----------
    pitch : semitones, by resampling, so that a higher sound is shorter too (one-shots only).
    equalise : standard deviation in dB of a response with six random points.
    high_pass, low_pass : corner frequency in Hz; 24 dB per octave.
    saturate : gain into tanh for the peak, linear.
    compress : threshold in dB against the peak.
    room : level of the room in dB against the direct sound.
    noise : signal-to-noise ratio in dB.
    gain : dB.
    codec : quality of an mp3 round trip, 0 (best) to 1.
    mask_time : share of the frames that is masked, in one stretch.
    mask_bands : share of the bands that is masked, in one stretch.
    warp : how far the middle of a passage is moved, as a share of its frames.
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
        """The same, but for the variations named.

        Raises
        ------
        ValueError : for a name that is none of theirs.
        """
        unknown = [name for name in names if name not in AUGMENTATIONS]
        if unknown:
            raise ValueError(f"no augmentation {unknown[0]!r}; there are {', '.join(AUGMENTATIONS)}")
        return replace(self, **{name: replace(getattr(self, name), probability=0.0) for name in names})


AUGMENTATIONS = tuple(field.name for field in fields(AugmentSettings))
"""The names of all variations."""

_ON_SOUND = ("equalise", "high_pass", "low_pass", "saturate", "compress", "room", "noise", "gain", "codec")
"""In the order in which they are done."""


def change_gain(samples: np.ndarray, gain_db: float) -> np.ndarray:
    """The samples, so many dB louder."""
    return (samples * np.float32(10.0 ** (gain_db / 20.0))).astype(np.float32)


def pass_low(samples: np.ndarray, rate: int, corner_hz: float) -> np.ndarray:
    """Attenuate what lies above a frequency, by 24 dB per octave, without delay."""
    return equalise(samples, rate, *band_limits(1.0, corner_hz, _STEEPNESS_DB))


def pass_high(samples: np.ndarray, rate: int, corner_hz: float) -> np.ndarray:
    """Attenuate what lies below a frequency, by 24 dB per octave, without delay."""
    return equalise(samples, rate, *band_limits(corner_hz, float(rate), _STEEPNESS_DB))


def add_noise(samples: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    """Add noise of the same length, its RMS so many dB below that of the samples; silence stays silence."""
    level = rms(samples) * 10.0 ** (-snr_db / 20.0) / (rms(noise) or 1.0)
    return (samples + noise * np.float32(level)).astype(np.float32)


def mask_time(frames: np.ndarray, start: int, count: int) -> np.ndarray:
    """Silence `count` frames from `start` on (SpecAugment: Park et al., Interspeech 2019)."""
    masked = frames.copy()
    masked[start : start + count] = 0.0
    return masked


def mask_bands(frames: np.ndarray, start: int, count: int) -> np.ndarray:
    """Silence `count` bands from `start` on (SpecAugment: Park et al., Interspeech 2019)."""
    masked = frames.copy()
    masked[:, start : start + count] = 0.0
    return masked


def warp_time(frames: np.ndarray, positions: np.ndarray, centre: float, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Move what is at frame `centre` by `shift` frames, stretching one side and squeezing the other.

    First and last frame stay (SpecAugment: Park et al., Interspeech 2019).

    Parameters
    ----------
    frames : ``(frames, bands) float32``.
    positions : labels, in frames, ``(labels,)``; they are moved along.

    Returns
    -------
    The warped frames, of the same shape, and the positions in them.
    """
    last = len(frames) - 1
    before, after = np.array([0.0, centre, last]), np.array([0.0, centre + shift, last])
    sources = np.interp(np.arange(len(frames)), after, before)
    lower = np.minimum(sources.astype(int), max(0, last - 1))
    share = (sources - lower)[:, None].astype(np.float32)
    warped = frames[lower] * (1 - share) + frames[np.minimum(lower + 1, last)] * share
    return warped.astype(np.float32), np.interp(positions, before, after)


def augment_sound(samples: np.ndarray, rate: int, rng: np.random.Generator, settings: AugmentSettings) -> np.ndarray:
    """Vary a sound in every way that leaves its length and the times in it as they are."""
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
    raise ValueError(f"no augmentation of sound is called {name!r}")


def augment_shot(shot: OneShot, rate: int, rng: np.random.Generator, settings: AugmentSettings) -> OneShot:
    """Vary a stroke in every way, pitch included; its peak need not be 1 any more."""
    stream = _streams(rng, ("pitch",))["pitch"]
    if stream.random() < settings.pitch.probability:
        ratio = 2.0 ** (settings.pitch.draw(stream) / 12.0)
        shot = OneShot(change_pitch(shot.samples, ratio), round(shot.onset / ratio))
    return OneShot(augment_sound(shot.samples, rate, rng, settings), shot.onset)


def augment_frames(
    frames: np.ndarray, rng: np.random.Generator, settings: AugmentSettings, positions: ArrayLike = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Mask and warp ``(frames, bands)``; give them back with the positions of labels, in frames, that came along."""
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
    """A generator for each name, so that what one draws does not change what another does."""
    seeds = rng.integers(1 << 62, size=len(names))
    return {name: np.random.default_rng(seed) for name, seed in zip(names, seeds, strict=True)}
