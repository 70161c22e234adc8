"""Clips of either kind as a `tf.data.Dataset`, and in a cache of shards.

Two kinds of sources make clips: `rendering.sequences.SequenceSource`, one hit at a time, and `PerformanceSource`,
grooves on whole kits with accompaniment. A clip depends only on the source, the seed and its index: a stream is the
same to the bit however many processes make it. Shards have the format of the corpus: `batches.read_library` reads them.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from drumscribe.errors import DrumscribeError
from drumscribe.sound.spectrogram import SpectrogramSettings, compute_spectrogram

from ..data.sources import RATE
from ..rendering.clips import CLIP_SECONDS, Clip, Studio
from ..rendering.corpus import CLIPS_PER_SHARD, write_shard
from .targets import TargetMaker

if TYPE_CHECKING:
    import tensorflow as tf


class ClipMaker(Protocol):
    """Makes clips, each from a seed and an index."""

    def clip(self, seed: int, index: int, seconds: float) -> Clip:
        """Make a clip.

        Parameters
        ----------
        seed, index : int
            Together decide everything that is random.
        seconds : float
            Length.

        Returns
        -------
        Clip
            The clip.
        """
        ...


class ClipSource(Protocol):
    """A description of a maker of clips, which any process can open."""

    def open(self) -> ClipMaker:
        """Read the sources into memory."""
        ...

    def __hash__(self) -> int:
        """Equal descriptions share one maker."""
        ...


@dataclass(frozen=True)
class PerformanceSource:
    """Grooves, kits and accompaniment: see `rendering.clips.Studio`.

    Attributes
    ----------
    data : Path
        The folder with ``oneshots``, ``grooves`` and ``backing``.
    cache : Path
        The folder of rendered instruments.
    split : str, default "train"
        ``train`` or ``validation``.
    """

    data: Path
    cache: Path
    split: str = "train"

    def open(self) -> Studio:
        """Read the sources into memory."""
        missing = [name for name in ("oneshots", "grooves", "backing") if not (self.data / name).is_dir()]
        if missing:
            raise DrumscribeError(f"{self.data}: no folder {missing[0]} in it; give the training data with --data")
        return Studio(self.data, self.cache, self.split)


@dataclass(frozen=True)
class ClipPlan:
    """A set of clips.

    Attributes
    ----------
    source : ClipSource
        The sounds and scores to make them from.
    seed : int
        Seed of every clip, together with its index.
    clips : int
        Number of clips.
    seconds : float, optional
        Length of each.
    """

    source: ClipSource
    seed: int
    clips: int
    seconds: float = CLIP_SECONDS


@lru_cache(maxsize=1)
def _maker(source: ClipSource) -> ClipMaker:
    """Open the maker of a source, once in each process that makes clips."""
    return source.open()


def _clip(plan: ClipPlan, index: int) -> Clip:
    return _maker(plan.source).clip(plan.seed, index, plan.seconds)


def _shard(plan: ClipPlan, shard: int, target: Path, settings: SpectrogramSettings) -> Path:
    indices = range(shard * CLIPS_PER_SHARD, min(plan.clips, (shard + 1) * CLIPS_PER_SHARD))
    return write_shard((_clip(plan, index) for index in indices), target, settings)


def _run(jobs: int, work: Callable, arguments: Iterable[tuple]) -> Iterator:
    """Yield the results of `work`, in the order of its arguments, from this process or ahead of need from others."""
    if jobs == 1:
        yield from (work(*each) for each in arguments)
        return
    arguments = iter(arguments)
    pool = ProcessPoolExecutor(jobs, get_context("spawn"))
    try:
        tasks = deque(pool.submit(work, *each) for each in islice(arguments, 2 * jobs))
        while tasks:
            yield tasks.popleft().result()
            tasks.extend(pool.submit(work, *each) for each in islice(arguments, 1))
    finally:
        pool.shutdown(cancel_futures=True)


def make_clips(plan: ClipPlan, jobs: int = 1) -> Iterator[Clip]:
    """Make the clips of a plan, in order.

    Parameters
    ----------
    plan : ClipPlan
        The clips.
    jobs : int, default 1
        Number of processes.

    Returns
    -------
    Iterator[Clip]
        The clips.
    """
    return _run(jobs, _clip, ((plan, index) for index in range(plan.clips)))


def stream_sound(plan: ClipPlan, jobs: int = 1) -> "tf.data.Dataset":
    """Stream sound with labels, ``(sound, times, roles, velocities)``.

    ``sound`` is ``(samples,) float32`` at 44,100 Hz, ``times`` ``(hits,) float32`` in seconds, ``roles``
    ``(hits,) uint8``, indices into `rendering.clips.ROLES`, ``velocities`` ``(hits,) float32``, 0 to 1. Hits differ in
    number: use `padded_batch`.

    Parameters
    ----------
    plan : ClipPlan
        The clips.
    jobs : int, default 1
        Number of processes.

    Returns
    -------
    tf.data.Dataset
        One element per clip.
    """
    import tensorflow as tf

    shapes = (int(plan.seconds * RATE), None, None, None)
    kinds = (tf.float32, tf.float32, tf.uint8, tf.float32)
    signature = tuple(tf.TensorSpec((shape,), kind) for shape, kind in zip(shapes, kinds, strict=True))
    return tf.data.Dataset.from_generator(
        lambda: ((clip.sound, clip.times, clip.roles, clip.velocities) for clip in make_clips(plan, jobs)),
        output_signature=signature,
    )


def stream_frames(
    plan: ClipPlan, settings: SpectrogramSettings, targets: TargetMaker, jobs: int = 1
) -> "tf.data.Dataset":
    """Stream frames with answers, ``(frames, bands) float32`` and ``(frames, width) float32``.

    Parameters
    ----------
    plan : ClipPlan
        The clips.
    settings : SpectrogramSettings
        Settings of the frames.
    targets : TargetMaker
        Makes the answers.
    jobs : int, default 1
        Number of processes.

    Returns
    -------
    tf.data.Dataset
        One element per clip.
    """
    import tensorflow as tf

    def examples() -> Iterable[tuple[np.ndarray, np.ndarray]]:
        for clip in make_clips(plan, jobs):
            frames = compute_spectrogram(clip.sound, settings)
            yield frames, targets.make(clip.times, clip.roles, clip.velocities, 0, len(frames))

    nothing = np.zeros(0), np.zeros(0, np.uint8), np.zeros(0)
    count = 1 + int(plan.seconds * RATE) // settings.hop
    signature = (
        tf.TensorSpec((count, settings.bands), tf.float32),
        tf.TensorSpec((count, targets.make(*nothing, 0, 0).shape[1]), tf.float32),
    )
    return tf.data.Dataset.from_generator(examples, output_signature=signature)


def write_cache(plan: ClipPlan, folder: Path, settings: SpectrogramSettings, jobs: int = 1) -> list[Path]:
    """Write the missing shards of a plan, in the format of `batches.read_library`.

    A folder is for one plan and one kind of spectrogram. Shards are written atomically, so that a stopped run can
    resume.

    Parameters
    ----------
    plan : ClipPlan
        The clips.
    folder : Path
        The folder of the shards.
    settings : SpectrogramSettings
        Settings of the frames.
    jobs : int, default 1
        Number of processes.

    Returns
    -------
    list[Path]
        All shards, in order.

    Raises
    ------
    DrumscribeError
        If the folder cannot be written to, or the source cannot be used.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / f"{i:05d}.npz" for i in range(-(-plan.clips // CLIPS_PER_SHARD))]
        missing = ((plan, i, path, settings) for i, path in enumerate(paths) if not path.exists())
        for _ in _run(jobs, _shard, missing):
            pass
    except OSError as error:
        raise DrumscribeError(f"{folder}: cannot be written: {error.strerror or error}") from error
    return paths
