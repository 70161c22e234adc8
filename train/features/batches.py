"""Batches of labelled frames, drawn from shards, varied, the same for the same seed and step."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drumscribe.augmentation import AugmentSettings, augment_frames

from .targets import Batch, TargetMaker
from .windows import Windows


@dataclass(frozen=True)
class Library:
    """Clips in memory: ``(clips, frames, bands) float16`` and the labels of each."""

    frames: np.ndarray
    times: tuple[np.ndarray, ...]
    roles: tuple[np.ndarray, ...]
    velocities: tuple[np.ndarray, ...]

    def __len__(self) -> int:
        return len(self.frames)


def read_library(paths: list[Path]) -> Library:
    """All the clips of some shards."""
    frames, labels = [], {"times": [], "roles": [], "velocities": []}
    for path in paths:
        with np.load(path) as shard:
            frames.append(shard["frames"])
            ends = np.cumsum(shard["counts"])[:-1]
            for name, parts in labels.items():
                parts.extend(np.split(shard[name], ends))
    return Library(np.concatenate(frames), *(tuple(parts) for parts in labels.values()))


class Batches:
    """Random passages of random clips: batch `step` depends on the seed and the step alone."""

    def __init__(self, library: Library, targets: TargetMaker, seed: int, clips: int, frames: int) -> None:
        self._library, self._targets = library, targets
        self._seed, self._clips, self._frames = seed, clips, frames

    def batch(self, step: int) -> Batch:
        """The batch of one step of training, with variations of level, tone and mixture."""
        rng = np.random.default_rng([self._seed, step])
        frames, answers = zip(*(self._passage(rng) for _ in range(self._clips)), strict=True)
        return Batch(np.stack(frames), np.stack(answers))

    def _passage(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        frames, answers = self._cut(rng)
        if rng.random() < 0.15:  # two recordings at once: the louder one is heard in each band
            others, other_answers = self._cut(rng)
            frames = np.maximum(frames, np.maximum(others + rng.uniform(-0.2, 0.1), 0.0))
            answers = np.maximum(answers, other_answers)
        bands = frames.shape[1]
        level = rng.uniform(-0.08, 0.05) + rng.normal(0.0, 0.03) * np.linspace(-1.0, 1.0, bands)
        points = np.interp(np.arange(bands), np.linspace(0, bands - 1, 7), rng.normal(0.0, 0.025, 7))
        frames = np.maximum(frames + (level + points).astype(np.float32), 0.0)
        if rng.random() < 0.2:
            low = int(rng.integers(bands - 8))
            frames[:, low : low + int(rng.integers(2, 9))] = 0.0
        return frames, answers

    def _cut(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        clip = int(rng.integers(len(self._library)))
        first = int(rng.integers(self._library.frames.shape[1] - self._frames + 1))
        frames = self._library.frames[clip, first : first + self._frames].astype(np.float32)
        labels = self._library.times[clip], self._library.roles[clip], self._library.velocities[clip]
        return frames, self._targets.make(*labels, first, self._frames)


class WindowBatches:
    """Random windows, every class as often: batch `step` depends on the seed and the step alone."""

    def __init__(self, windows: Windows, augment: AugmentSettings, seed: int, count: int) -> None:
        self._windows, self._augment, self._seed, self._count = windows, augment, seed, count
        self._of_class = [np.flatnonzero(column) for column in windows.labels.T]

    def batch(self, step: int) -> Batch:
        """The batch of one step of training, masked and warped."""
        rng = np.random.default_rng([self._seed, step])
        classes = rng.permutation(np.arange(self._count) % len(self._of_class))
        chosen = np.array([rng.choice(self._of_class[c]) for c in classes])
        frames = self._windows.frames[chosen].astype(np.float32)
        varied = [augment_frames(window, rng, self._augment)[0] for window in frames]
        return Batch(np.stack(varied), self._windows.labels[chosen].astype(np.float32))
