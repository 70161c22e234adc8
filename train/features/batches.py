"""Batches of labelled frames, drawn from shards and varied, the same for the same seed and step."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drumscribe.synthesis.augmentation import AugmentSettings, augment_frames

from .targets import Batch, TargetMaker
from .windows import Windows

_POLL_S = 5.0


@dataclass(frozen=True)
class Library:
    """Clips in memory.

    Attributes
    ----------
    frames : np.ndarray
        ``(clips, frames, bands) float16``.
    times : tuple[np.ndarray, ...]
        For each clip ``(hits,)`` seconds.
    roles : tuple[np.ndarray, ...]
        For each clip ``(hits,)`` indices into `rendering.clips.ROLES`.
    velocities : tuple[np.ndarray, ...]
        For each clip ``(hits,)``, 0 to 1.
    """

    frames: np.ndarray
    times: tuple[np.ndarray, ...]
    roles: tuple[np.ndarray, ...]
    velocities: tuple[np.ndarray, ...]

    def __len__(self) -> int:
        return len(self.frames)


def read_library(paths: list[Path]) -> Library:
    """Read all the clips of some shards."""
    labels: dict[str, list[np.ndarray]]
    frames, labels = [], {"times": [], "roles": [], "velocities": []}
    for path in paths:
        with np.load(path) as shard:
            frames.append(shard["frames"])
            ends = np.cumsum(shard["counts"])[:-1]
            for name, parts in labels.items():
                parts.extend(np.split(shard[name], ends))
    return Library(np.concatenate(frames), *(tuple(parts) for parts in labels.values()))


class SlidingLibrary:
    """A part of each corpus, which moves on from its first shards to its last as training goes on.

    So a corpus may be larger than memory, and be rendered while it is trained on: shards that do not exist yet are
    waited for. Which shards a step draws from depends on the step alone.

    Parameters
    ----------
    corpora : Sequence[Sequence[Path]]
        The shards of each corpus, in order.
    share : float
        Part of each corpus that is in memory at once, above 0 and at most 1.
    first, last : int
        The steps of training at which the first and the last shards are drawn from.
    """

    def __init__(self, corpora: Sequence[Sequence[Path]], share: float, first: int, last: int) -> None:
        self._corpora, self._share, self._first, self._last = corpora, share, first, last
        self._shards: dict[Path, Library] = {}

    def at(self, step: int) -> list[Library]:
        """Return the shards that a step draws from."""
        done = min(1.0, max(0.0, (step - self._first) / max(1, self._last - self._first)))
        paths = [path for corpus in self._corpora for path in self._window(corpus, done)]
        for path in self._shards.keys() - set(paths):
            del self._shards[path]
        for path in paths:
            if path not in self._shards:
                _wait_for(path)
                self._shards[path] = read_library([path])
        return [self._shards[path] for path in paths]

    def _window(self, corpus: Sequence[Path], done: float) -> Sequence[Path]:
        held = max(1, round(self._share * len(corpus)))
        first = round(done * (len(corpus) - held))
        return corpus[first : first + held]


def _wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(_POLL_S)


class Batches:
    """Random passages of random clips: batch `step` depends only on the seed and the step.

    Parameters
    ----------
    library : Library | SlidingLibrary
        The clips.
    targets : TargetMaker
        Makes the answers.
    seed : int
        Seed of all batches.
    clips : int
        Passages per batch.
    frames : int
        Frames per passage.
    """

    def __init__(
        self, library: Library | SlidingLibrary, targets: TargetMaker, seed: int, clips: int, frames: int
    ) -> None:
        self._source, self._targets = library, targets
        self._seed, self._clips, self._frames = seed, clips, frames

    def batch(self, step: int) -> Batch:
        """Make the batch of one step of training, with variations of level, tone and mixture."""
        rng = np.random.default_rng([self._seed, step])
        self._libraries = [self._source] if isinstance(self._source, Library) else self._source.at(step)
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
        clip = int(rng.integers(sum(map(len, self._libraries))))
        for library in self._libraries:
            if clip < len(library):
                break
            clip -= len(library)
        first = int(rng.integers(library.frames.shape[1] - self._frames + 1))
        frames = library.frames[clip, first : first + self._frames].astype(np.float32)
        labels = library.times[clip], library.roles[clip], library.velocities[clip]
        return frames, self._targets.make(*labels, first, self._frames)


class WindowBatches:
    """Random windows, every class equally often: batch `step` depends only on the seed and the step.

    Parameters
    ----------
    windows : Windows
        The windows.
    augment : AugmentSettings
        Augmentation of frames.
    seed : int
        Seed of all batches.
    count : int
        Windows per batch.
    """

    def __init__(self, windows: Windows, augment: AugmentSettings, seed: int, count: int) -> None:
        self._windows, self._augment, self._seed, self._count = windows, augment, seed, count
        self._of_class = [np.flatnonzero(column) for column in windows.labels.T]

    def batch(self, step: int) -> Batch:
        """Make the batch of one step of training, masked and warped."""
        rng = np.random.default_rng([self._seed, step])
        classes = rng.permutation(np.arange(self._count) % len(self._of_class))
        chosen = np.array([rng.choice(self._of_class[c]) for c in classes])
        frames = self._windows.frames[chosen].astype(np.float32)
        varied = [augment_frames(window, rng, self._augment)[0] for window in frames]
        return Batch(np.stack(varied), self._windows.labels[chosen].astype(np.float32))
