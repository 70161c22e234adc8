"""The simple setting: one-shots one after the other, with silences of random length between them, over faint noise.

A clip depends on the samples, its seed and its index alone.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drumscribe.augmentation import AugmentSettings, augment_shot, change_gain
from drumscribe.drums import FIVE_CLASSES
from drumscribe.errors import DrumscribeError
from drumscribe.synthesis import OneShot, coloured_noise, place, rms

from ..data.names import TOM
from ..data.samples import Sample, group_by, read_samples
from ..data.sources import RATE, find_pitch
from .corpus import CLIP_SECONDS, ROLE_INDEX, Clip
from .stretching import StretchSettings, stretch_shot

RECORDED_NOISE = Path("/usr/share/sonic-pi/samples")
"""Where Debian's package sonic-pi-samples has its sounds."""

_RECORDINGS = ("ambi_*.flac", "vinyl_*.flac")
_FADE, _LONG_FADE = RATE // 100, RATE // 4  # of a stroke that ends by itself, and of one that is cut off
_TOM_LIMITS = (100.0, 142.0)  # Hz, between low, middle and high


@dataclass(frozen=True)
class SequenceSettings:
    """What sequences are like.

    Attributes
    ----------
    silence : shortest and longest silence between two strokes, in seconds.
    longest : seconds after which a stroke is faded out.
    velocity : lowest and highest, 0 to 1; 30 dB lie between 0 and 1.
    noise_db : lowest and highest level of the noise against full scale, RMS.
    noisy : share of clips with noise.
    recorded : share of those whose noise is recorded, where there are recordings.
    augment : how strokes are varied; not at all if None.
    stretch : how they are stretched and shifted before that; not at all if None.
    """

    silence: tuple[float, float] = (0.05, 1.0)
    longest: float = 1.0
    velocity: tuple[float, float] = (0.2, 1.0)
    noise_db: tuple[float, float] = (-80.0, -45.0)
    noisy: float = 0.8
    recorded: float = 0.5
    augment: AugmentSettings | None = None
    stretch: StretchSettings | None = None


def read_backgrounds(folder: Path = RECORDED_NOISE, report: Callable[[str], None] = warnings.warn):
    """Recorded ambience and vinyl noise, each ``(samples,) float32`` with an RMS of 1; none, and a word, if absent."""
    import librosa

    paths = sorted(path for pattern in _RECORDINGS for path in folder.glob(pattern))
    if not paths:
        report(f"{folder}: no recorded noise, so it is all artificial; Debian has it as sonic-pi-samples")
    sounds = (librosa.load(path, sr=RATE, mono=True)[0].astype(np.float32) for path in paths)
    return tuple(sound / np.float32(rms(sound)) for sound in sounds)


class SequenceMaker:
    """Makes clips out of samples: instruments are drawn evenly, then a family, then a file.

    Parameters
    ----------
    samples : of instruments in the vocabulary, or percussion outside it.
    backgrounds : recorded noise with an RMS of 1, see `read_backgrounds`.

    Raises
    ------
    DrumscribeError : where there is no sample.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        backgrounds: Sequence[np.ndarray] = (),
        settings: SequenceSettings | None = None,
    ) -> None:
        if not samples:
            raise DrumscribeError("no samples to make sequences of")
        self._settings = settings or SequenceSettings()
        self._backgrounds = tuple(backgrounds)
        self._drawers = [
            list(group_by(of_one, lambda sample: sample.family).values())
            for of_one in group_by(samples, lambda sample: sample.instrument).values()
        ]
        self._roles = {sample.sha256: ROLE_INDEX[_role(sample)] for sample in samples}

    def clip(self, seed: int, index: int, seconds: float = CLIP_SECONDS) -> Clip:
        """One hit at a time, from a first silence to the end of the clip."""
        rng = np.random.default_rng([seed, index])
        settings = self._settings
        sound = np.zeros(int(seconds * RATE), np.float32)
        times, roles, velocities = [], [], []
        at = round(rng.uniform(*settings.silence) * RATE)
        while True:
            sample = self._draw(rng)
            shot = self._vary(sample.sound, rng)
            onset = at + shot.onset
            if onset + _FADE >= len(sound):
                break
            velocity = rng.uniform(*settings.velocity)
            place(sound, shot, onset, 10.0 ** (1.5 * (velocity - 1.0)))
            times.append(onset / RATE)
            roles.append(self._roles[sample.sha256])
            velocities.append(velocity)
            at += len(shot.samples) + round(rng.uniform(*settings.silence) * RATE)
        sound += self._noise(rng, len(sound))
        sound *= np.float32(min(1.0, 1.0 / max(1e-9, float(np.max(np.abs(sound))))))
        return Clip(sound, np.array(times, np.float32), np.array(roles, np.uint8), np.array(velocities, np.float32))

    def _draw(self, rng: np.random.Generator) -> Sample:
        families = self._drawers[rng.integers(len(self._drawers))]
        family = families[rng.integers(len(families))]
        return family[rng.integers(len(family))]

    def _vary(self, shot: OneShot, rng: np.random.Generator) -> OneShot:
        if self._settings.stretch is not None:
            shot = stretch_shot(shot, RATE, rng, self._settings.stretch)
        if self._settings.augment is not None:
            shot = augment_shot(shot, RATE, rng, self._settings.augment)
        samples = shot.samples[: shot.onset + round(self._settings.longest * RATE)].copy()
        cut = len(samples) < len(shot.samples)
        fade = min(_LONG_FADE if cut else _FADE, len(samples) - shot.onset)
        samples[len(samples) - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
        return OneShot(samples, shot.onset)

    def _noise(self, rng: np.random.Generator, length: int) -> np.ndarray:
        if rng.random() >= self._settings.noisy:
            return np.zeros(length, np.float32)
        if self._backgrounds and rng.random() < self._settings.recorded:
            recording = self._backgrounds[rng.integers(len(self._backgrounds))]
            noise = np.resize(np.roll(recording, -int(rng.integers(len(recording)))), length)
        else:
            noise = coloured_noise(rng, length, float(rng.uniform(0.0, 5.0)))
        return change_gain(noise, rng.uniform(*self._settings.noise_db))


def _role(sample: Sample) -> str:
    if sample.articulation != TOM:
        return sample.articulation
    low, mid = _TOM_LIMITS
    pitch = find_pitch(sample.sound.samples)
    return "tom_low" if pitch < low else "tom_mid" if pitch < mid else "tom_high"


@dataclass(frozen=True)
class SequenceSource:
    """What sequences are made of, told in a way that any process can open.

    Attributes
    ----------
    samples : a folder, see `drumscribe.training.data.samples`.
    split : of its manifest; all if None.
    labels : the instruments.
    noise : a folder with recorded noise; without any, all noise is artificial.
    """

    samples: Path
    split: str | None = None
    labels: tuple[str, ...] = FIVE_CLASSES
    settings: SequenceSettings = SequenceSettings()
    noise: Path = RECORDED_NOISE

    def open(self) -> SequenceMaker:
        """Read samples and noise."""
        samples = read_samples(self.samples, self.split, self.labels).samples
        return SequenceMaker(samples, read_backgrounds(self.noise), self.settings)
