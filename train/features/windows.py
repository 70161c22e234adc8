"""Windows: the frames around an onset, made from one-shots, alone or several at once."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from drumscribe.network.window import levelled
from drumscribe.sound.spectrogram import compute_spectrogram
from drumscribe.synthesis.augmentation import augment_shot, augment_sound
from drumscribe.synthesis.one_shots import OneShot, place

from ..data.recordings import Recording
from ..experiment import AUGMENTS, Experiment
from ..files import open_whole
from ..networks.formulations import FORMULATIONS
from ..progress import tracked

LEVEL = 0.9
"""Each window is shifted so that its loudest value is this; it travels in the model file."""
_JITTER = 0.005
"""Seconds by which the onset may lie elsewhere in a varied window, as detected onsets do."""
_ON_FRAMES = ("mask_time", "mask_bands", "warp")
"""Augmentations that wait until windows are put in batches."""
_APART, _LONGEST_AGO = 0.06, 0.6
"""Shortest time from the onset to other strokes, and the longest to earlier ones, in seconds; by hand."""
_COMPANY_DB = (-18.0, 3.0)
"""Levels of other strokes against the loudest at the onset; by hand."""
_MANY = 500
"""Windows that take seconds to make; by hand."""
_QUIETEST_DB = -12.0
"""Level of the softest of several sounds against the loudest."""


@dataclass(frozen=True)
class Windows:
    """Labelled windows.

    Attributes
    ----------
    frames : np.ndarray
        ``(windows, frames, bands) float16``.
    labels : np.ndarray
        ``(windows, classes) bool``.
    classes : tuple[str, ...]
        Names of the classes.
    digest : str
        SHA-256 of everything that they were made from.
    """

    frames: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    digest: str

    def __len__(self) -> int:
        return len(self.frames)

    def with_more(self, others: "Windows | None") -> "Windows":
        """Return these and others."""
        if others is None:
            return self
        digest = hashlib.sha256(f"{self.digest} {others.digest}".encode()).hexdigest()
        frames, labels = (np.concatenate(pair) for pair in ((self.frames, others.frames), (self.labels, others.labels)))
        return Windows(frames, labels, self.classes, digest)


def cut_window(samples: np.ndarray, onset: int, experiment: Experiment) -> np.ndarray:
    """Compute the frames around an onset; beyond the ends of the sound there is silence.

    Parameters
    ----------
    samples : np.ndarray
        ``(samples,) float32`` at the spectrogram's rate.
    onset : int
        The sample.
    experiment : Experiment
        Window and spectrogram.

    Returns
    -------
    np.ndarray
        ``(window_frames, bands) float32``.
    """
    settings = experiment.spectrogram
    margin = -(-settings.window // (2 * settings.hop))  # frames on each side that reach into the part cut off
    count = experiment.window_frames + 2 * margin
    first = onset - (experiment.frames_before + margin) * settings.hop
    sound = np.zeros((count - 1) * settings.hop + 1, np.float32)
    start, stop = max(0, first), min(len(samples), first + len(sound))
    if start < stop:
        sound[start - first : stop - first] = samples[start:stop]
    frames = compute_spectrogram(sound, settings)[margin : margin + experiment.window_frames]
    return levelled(frames, LEVEL)


class WindowMaker:
    """Makes windows from one-shots: window `index` depends only on the experiment's seed and the index.

    Parameters
    ----------
    samples : Sequence
        `data.samples.Sample` objects of the experiment's classes.
    experiment : Experiment
        The experiment.
    counts : tuple[int, ...]
        Numbers of sounds at once, drawn evenly.
    varied : bool
        Whether to augment.
    """

    def __init__(self, samples: Sequence, experiment: Experiment, counts: tuple[int, ...], varied: bool) -> None:
        self._samples, self._experiment, self._counts = samples, experiment, counts
        self._varied = varied and experiment.augment != AUGMENTS["none"]
        self._class = np.array([experiment.samples.classes.index(sample.instrument) for sample in samples])

    def make(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Make the frames of a window, and its ``(classes,) bool`` labels."""
        rng = np.random.default_rng([self._experiment.samples.seed, self._varied, index])
        chosen = self._choose(index % len(self._samples), rng)
        labels = np.zeros(len(self._experiment.samples.classes), bool)
        labels[self._class[chosen]] = True
        return self._render(chosen, rng), labels

    def digest(self, count: int) -> str:
        """Return the SHA-256 of everything that the first `count` windows depend on."""
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
        if self._experiment.samples.company and rng.random() < self._experiment.samples.company:
            self._add_company(sound, before, rng)
        sound = augment_sound(sound, rate, rng, self._experiment.augment)
        return cut_window(sound, before + round(rng.uniform(-_JITTER, _JITTER) * rate), self._experiment)

    def _add_company(self, sound: np.ndarray, onset: int, rng: np.random.Generator) -> None:
        """Add strokes before the onset, which ring on, and after it, as in music."""
        rate, after = self._experiment.spectrogram.rate, self._experiment.input.after_ms / 1000
        earlier = -rng.uniform(_APART, _LONGEST_AGO, int(rng.integers(0, 3)))
        later = rng.uniform(_APART, max(2 * _APART, after), int(rng.integers(0, 3)))
        for distance in (*earlier, *later):
            of_class = np.flatnonzero(self._class == rng.choice(np.unique(self._class)))
            shot = self._samples[int(rng.choice(of_class))].sound
            peak = float(np.max(np.abs(shot.samples), initial=1e-6))
            gain = 10.0 ** (rng.uniform(*_COMPANY_DB) / 20.0) / peak
            place(sound, shot, onset + round(distance * rate), gain)


def recorded_windows(recordings: Sequence[Recording], experiment: Experiment) -> Windows | None:
    """Cut a window at each annotated stroke of recordings, as it was recorded.

    Parameters
    ----------
    recordings : Sequence[Recording]
        The recordings.
    experiment : Experiment
        The experiment; moments of several classes are left out if its formulation allows one.

    Returns
    -------
    Windows | None
        The windows, in order; None if there are none.
    """
    classes, rate = experiment.samples.classes, experiment.spectrogram.rate
    several = FORMULATIONS[experiment.network.formulation].simultaneous
    frames, labels = [], []
    for recording in recordings:
        for time, of in recording.moments(classes):
            if several or len(of) == 1:
                frames.append(cut_window(recording.sound, round(time * rate), experiment))
                labels.append(np.isin(np.arange(len(classes)), list(of)))
    if not frames:
        return None
    text = json.dumps([recording.sha256 for recording in recordings])
    return Windows(
        np.stack(frames).astype(np.float16), np.stack(labels), classes, hashlib.sha256(text.encode()).hexdigest()
    )


def make_windows(
    maker: WindowMaker,
    count: int,
    classes: tuple[str, ...],
    cache: Path,
    report: Callable[[str], None] = lambda line: None,
) -> Windows:
    """Make the first windows, or read them from the cache.

    Parameters
    ----------
    maker : WindowMaker
        Makes windows.
    count : int
        Number of windows.
    classes : tuple[str, ...]
        Names of the classes.
    cache : Path
        The folder of windows.
    report : Callable[[str], None], optional
        Receives a line if many have to be made.

    Returns
    -------
    Windows
        The windows.
    """
    digest = maker.digest(count)
    path = cache / f"{digest[:20]}.npz"
    if not path.exists():
        if count >= _MANY:
            report(f"making {count} windows")
        made = (maker.make(i) for i in range(count))
        frames, labels = zip(*tracked(made, count, "making windows"), strict=True)
        with open_whole(path) as file:
            np.savez(file, frames=np.stack(frames).astype(np.float16), labels=np.stack(labels))
    with np.load(path) as arrays:
        return Windows(arrays["frames"], arrays["labels"], classes, digest)


def counts_of(experiment: Experiment) -> tuple[int, ...]:
    """Return how many sounds training windows may hold."""
    several = FORMULATIONS[experiment.network.formulation].simultaneous
    return tuple(range(1, experiment.samples.sounds + 1)) if several else (1,)
