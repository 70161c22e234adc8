"""Windows: the frames around an onset, made from one-shots, alone or several at once."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from drumscribe.augmentation import augment_shot, augment_sound
from drumscribe.spectrogram import compute_spectrogram
from drumscribe.synthesis import OneShot, place

from ..experiment import AUGMENTS, Experiment
from ..files import written_whole
from ..networks.formulations import FORMULATIONS

_LOUDEST = 0.9
"""Each window is shifted so that its loudest value is this: how loud a recording is says nothing of the drum."""
_JITTER = 0.005
"""Seconds by which the onset may lie elsewhere in a varied window, as detected onsets do."""
_ON_FRAMES = ("mask_time", "mask_bands", "warp")
"""Augmentations that wait until windows are put in batches."""
_QUIETEST_DB = -12.0
"""Level of the softest of several sounds against the loudest."""


@dataclass(frozen=True)
class Windows:
    """Labelled windows.

    Attributes
    ----------
    frames : ``(windows, frames, bands) float16``.
    labels : ``(windows, classes) bool``.
    classes : of the labels.
    digest : SHA-256 of all that they were made from.
    """

    frames: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    digest: str

    def __len__(self) -> int:
        return len(self.frames)


def cut_window(samples: np.ndarray, onset: int, experiment: Experiment) -> np.ndarray:
    """The frames around sample `onset` of a sound at the spectrogram's rate: ``(window_frames, bands) float32``.

    Beyond the ends of the sound there is silence.
    """
    settings = experiment.spectrogram
    margin = -(-settings.window // (2 * settings.hop))  # frames on each side that hear what is cut off
    count = experiment.window_frames + 2 * margin
    first = onset - (experiment.frames_before + margin) * settings.hop
    sound = np.zeros((count - 1) * settings.hop + 1, np.float32)
    start, stop = max(0, first), min(len(samples), first + len(sound))
    if start < stop:
        sound[start - first : stop - first] = samples[start:stop]
    frames = compute_spectrogram(sound, settings)[margin : margin + experiment.window_frames]
    return np.maximum(frames + (_LOUDEST - frames.max()), 0.0) if frames.any() else frames


class WindowMaker:
    """Makes windows from one-shots: window `index` depends on the experiment's seed and the index alone.

    Parameters
    ----------
    samples : `data.samples.Sample`, of the classes of the experiment.
    counts : of sounds at once, drawn evenly.
    varied : whether to augment.
    """

    def __init__(self, samples: Sequence, experiment: Experiment, counts: tuple[int, ...], varied: bool) -> None:
        self._samples, self._experiment, self._counts = samples, experiment, counts
        self._varied = varied and experiment.augment != AUGMENTS["none"]
        self._class = np.array([experiment.samples.classes.index(sample.instrument) for sample in samples])

    def make(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """The frames of a window, and its ``(classes,) bool`` labels."""
        rng = np.random.default_rng([self._experiment.samples.seed, self._varied, index])
        chosen = self._choose(index % len(self._samples), rng)
        labels = np.zeros(len(self._experiment.samples.classes), bool)
        labels[self._class[chosen]] = True
        return self._render(chosen, rng), labels

    def digest(self, count: int) -> str:
        """SHA-256 of all that the first `count` windows depend on."""
        settings = self._experiment
        augment = settings.augment.without(*_ON_FRAMES)
        what = [asdict(part) for part in (settings.samples, settings.spectrogram, settings.input, augment)]
        sounds = [sample.sha256 for sample in self._samples]
        text = json.dumps([what, sounds, self._class.tolist(), self._counts, self._varied, count])
        return hashlib.sha256(text.encode()).hexdigest()

    def _choose(self, first: int, rng: np.random.Generator) -> list[int]:
        chosen = [first]
        classes = len(np.unique(self._class))
        for _ in range(min(int(rng.choice(self._counts)), classes) - 1):
            others = np.setdiff1d(np.unique(self._class), self._class[chosen])
            chosen.append(int(rng.choice(np.flatnonzero(self._class == rng.choice(others)))))
        return chosen

    def _render(self, chosen: list[int], rng: np.random.Generator) -> np.ndarray:
        rate, window = self._experiment.spectrogram.rate, self._experiment.input
        before, after = (round((ms / 1000 + 0.05) * rate) for ms in (window.before_ms, window.after_ms))
        sound = np.zeros(before + after, np.float32)
        gains = np.append(0.0, rng.uniform(_QUIETEST_DB, 0.0, len(chosen) - 1))
        for gain, which in zip(rng.permutation(gains), chosen, strict=True):
            shot = self._samples[which].sound
            shot = OneShot(shot.samples[: shot.onset + after + rate // 10], shot.onset)
            if self._varied:
                shot = augment_shot(shot, rate, rng, replace(AUGMENTS["none"], pitch=self._experiment.augment.pitch))
            peak = float(np.max(np.abs(shot.samples), initial=1e-6))
            place(sound, shot, before, 10.0 ** (gain / 20.0) / peak)
        if not self._varied:
            return cut_window(sound, before, self._experiment)
        sound = augment_sound(sound, rate, rng, self._experiment.augment)
        return cut_window(sound, before + round(rng.uniform(-_JITTER, _JITTER) * rate), self._experiment)


def make_windows(maker: WindowMaker, count: int, classes: tuple[str, ...], cache: Path) -> Windows:
    """The first `count` windows, from the cache where they are there."""
    digest = maker.digest(count)
    path = cache / f"{digest[:20]}.npz"
    if not path.exists():
        frames, labels = zip(*(maker.make(i) for i in range(count)), strict=True)
        with written_whole(path) as file:
            np.savez(file, frames=np.stack(frames).astype(np.float16), labels=np.stack(labels))
    with np.load(path) as arrays:
        return Windows(arrays["frames"], arrays["labels"], classes, digest)


def counts_of(experiment: Experiment) -> tuple[int, ...]:
    """How many sounds windows to train on may hold."""
    several = FORMULATIONS[experiment.network.formulation].simultaneous
    return tuple(range(1, experiment.samples.sounds + 1)) if several else (1,)
