"""Sequences: one-shots one after the other, with silences of random length between them, over faint noise.

A clip depends only on the samples, its seed and its index.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drumscribe.errors import DrumscribeError
from drumscribe.music.drums import FIVE_CLASSES
from drumscribe.synthesis.augmentation import AugmentSettings, augment_shot, change_gain
from drumscribe.synthesis.effects import coloured_noise, rms
from drumscribe.synthesis.one_shots import OneShot, place

from ..data.names import TOM
from ..data.samples import Sample, group_by, read_samples
from ..data.sources import RATE, find_pitch
from .clips import CLIP_SECONDS, ROLE_INDEX, Clip
from .stretching import StretchSettings, stretch_shot

RECORDED_NOISE = Path("/usr/share/sonic-pi/samples")
"""Where Debian's package sonic-pi-samples has its sounds."""

_RECORDINGS = ("ambi_*.flac", "vinyl_*.flac")
_FADE, _LONG_FADE = RATE // 100, RATE // 4  # of a stroke that ends by itself, and of one that is cut off
_TOM_LIMITS = (100.0, 142.0)  # Hz, between low, middle and high


@dataclass(frozen=True)
class SequenceSettings:
    """Settings of sequences.

    Attributes
    ----------
    silence : tuple[float, float], optional
        Shortest and longest silence between two strokes, in seconds.
    longest : float, default 1.0
        Seconds after which a stroke is faded out.
    velocity : tuple[float, float], optional
        Lowest and highest velocity, 0 to 1; the range from 0 to 1 is 30 dB.
    noise_db : tuple[float, float], optional
        Lowest and highest level of the noise relative to full scale, RMS.
    noisy : float, default 0.8
        Share of clips with noise.
    recorded : float, default 0.5
        Share of those with recorded noise, if there are recordings.
    augment : AugmentSettings, optional
        Augmentation of strokes; none if None.
    stretch : StretchSettings, optional
        Stretching and shifting of strokes before that; none if None.
    interval : tuple[float, float], optional
        Shortest and longest time from one stroke to the next, in seconds, whether or not the first has ended; zeros for
        silences in between.
    together : float, default 0.0
        Share of the strokes with another drum at once, and of these with a third.
    """

    silence: tuple[float, float] = (0.05, 1.0)
    longest: float = 1.0
    velocity: tuple[float, float] = (0.2, 1.0)
    noise_db: tuple[float, float] = (-80.0, -45.0)
    noisy: float = 0.8
    recorded: float = 0.5
    augment: AugmentSettings | None = None
    stretch: StretchSettings | None = None
    interval: tuple[float, float] = (0.0, 0.0)
    together: float = 0.0


def read_backgrounds(
    folder: Path = RECORDED_NOISE, report: Callable[[str], None] = warnings.warn
) -> tuple[np.ndarray, ...]:
    """Read recorded ambience and vinyl noise; if there is none, report that.

    Parameters
    ----------
    folder : Path, optional
        The folder of recordings.
    report : Callable[[str], None], optional
        Receives a line if they are missing.

    Returns
    -------
    tuple[np.ndarray, ...]
        ``(samples,) float32`` each, with an RMS of 1.
    """
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
    samples : Sequence[Sample]
        Of instruments in the vocabulary, or percussion outside it.
    backgrounds : Sequence[np.ndarray], optional
        Recorded noise with an RMS of 1, see `read_backgrounds`.
    settings : SequenceSettings, optional
        Settings; the defaults if None.
    classes : Sequence[str], optional
        Roles of clips are indices into these; into `rendering.corpus.ROLES` if None.

    Raises
    ------
    DrumscribeError
        If there is no sample.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        backgrounds: Sequence[np.ndarray] = (),
        settings: SequenceSettings | None = None,
        classes: Sequence[str] | None = None,
    ) -> None:
        if not samples:
            raise DrumscribeError("no samples to make sequences of")
        self._settings = settings or SequenceSettings()
        self._backgrounds = tuple(backgrounds)
        self._drawers = [
            list(group_by(of_one, lambda sample: sample.family).values())
            for of_one in group_by(samples, lambda sample: sample.instrument).values()
        ]
        self._roles = {
            sample.sha256: ROLE_INDEX[_role(sample)] if classes is None else classes.index(sample.instrument)
            for sample in samples
        }

    def clip(self, seed: int, index: int, seconds: float = CLIP_SECONDS) -> Clip:
        """Make a clip of single hits, beginning with a silence.

        Parameters
        ----------
        seed, index : int
            Together decide everything that is random.
        seconds : float, optional
            Length.

        Returns
        -------
        Clip
            The clip; strokes at once are in no order.
        """
        rng = np.random.default_rng([seed, index])
        settings = self._settings
        sound = np.zeros(int(seconds * RATE), np.float32)
        times, roles, velocities = [], [], []
        at = round(rng.uniform(*settings.silence) * RATE)
        while True:
            chosen = self._draw_together(rng)
            shots = [self._vary(sample.sound, rng) for sample in chosen]
            onset = at + shots[0].onset
            if onset + _FADE >= len(sound):
                break
            for sample, shot in zip(chosen, shots, strict=True):
                velocity = rng.uniform(*settings.velocity)
                place(sound, shot, onset, 10.0 ** (1.5 * (velocity - 1.0)))
                times.append(onset / RATE)
                roles.append(self._roles[sample.sha256])
                velocities.append(velocity)
            if settings.interval[1] > 0.0:
                at = onset + round(rng.uniform(*settings.interval) * RATE)
            else:
                at += max(len(shot.samples) for shot in shots) + round(rng.uniform(*settings.silence) * RATE)
        sound += self._noise(rng, len(sound))
        sound *= np.float32(min(1.0, 1.0 / max(1e-9, float(np.max(np.abs(sound))))))
        return Clip(sound, np.array(times, np.float32), np.array(roles, np.uint8), np.array(velocities, np.float32))

    def _draw_together(self, rng: np.random.Generator) -> list[Sample]:
        """Draw samples of different instruments that are struck at once."""
        first = int(rng.integers(len(self._drawers)))
        order = [first]
        while self._settings.together and len(order) < min(3, len(self._drawers)):
            if rng.random() >= self._settings.together:
                break
            order.append(int(rng.choice(np.setdiff1d(np.arange(len(self._drawers)), order))))
        return [self._draw(rng, of) for of in order]

    def _draw(self, rng: np.random.Generator, of: int) -> Sample:
        families = self._drawers[of]
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
    """A description of sequences, which any process can open.

    Attributes
    ----------
    samples : Path
        A folder, see `drumscribe.training.data.samples`.
    split : str, optional
        Split of its manifest; all if None.
    labels : tuple[str, ...], optional
        The instruments.
    settings : SequenceSettings, optional
        Settings of the sequences.
    noise : Path, optional
        A folder with recorded noise; without any, all noise is artificial.
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
