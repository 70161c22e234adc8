"""The corpus: clips of sound with exact labels, stored as spectrogram frames in shards."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from drumscribe.sound.spectrogram import SpectrogramSettings, compute_spectrogram

from .clips import CLIP_SECONDS, Clip, Studio

CLIPS_PER_SHARD = 64


@dataclass(frozen=True)
class CorpusPlan:
    """The clips of a corpus.

    Attributes
    ----------
    kind : str
        ``produced``, ``mixes`` or ``dry``; or ``sequences`` and ``recordings``, which `rendering.passages` makes.
    split : str
        Split of kits and grooves.
    seed : int
        Seed of every clip, together with its index.
    clips : int
        Number of clips.
    seconds : float, optional
        Length of each.
    sound : str, default ""
        Digest of what sequences are made of.
    """

    kind: str
    split: str
    seed: int
    clips: int
    seconds: float = CLIP_SECONDS
    sound: str = ""

    def folder(self, cache: Path) -> Path:
        """Return the folder of its shards."""
        name = f"{self.kind}-{self.split}-{self.seed}"
        return cache / (f"{name}-{self.sound[:16]}" if self.sound else name)


@lru_cache(maxsize=2)
def _studio(data: Path, cache: Path, split: str) -> Studio:
    """Open the studio of a split, once in each process that renders."""
    return Studio(data, cache, split)


def _render_shard(
    plan: CorpusPlan, shard: int, target: Path, data: Path, cache: Path, settings: SpectrogramSettings
) -> Path:
    studio = _studio(data, cache, plan.split)
    make = {"produced": studio.clip, "mixes": studio.mix_clip, "dry": studio.dry_clip}[plan.kind]
    indices = range(shard * CLIPS_PER_SHARD, min(plan.clips, (shard + 1) * CLIPS_PER_SHARD))
    return write_shard((make(plan.seed, index, plan.seconds) for index in indices), target, settings)


def write_shard(clips: Iterable[Clip], target: Path, settings: SpectrogramSettings) -> Path:
    """Write the frames and labels of some clips of equal length, atomically.

    Parameters
    ----------
    clips : Iterable[Clip]
        The clips.
    target : Path
        The file.
    settings : SpectrogramSettings
        Settings of the frames.

    Returns
    -------
    Path
        The file.
    """
    frames, times, roles, velocities, counts = [], [], [], [], []
    for clip in clips:
        frames.append(compute_spectrogram(clip.sound, settings).astype(np.float16))
        times.append(clip.times)
        roles.append(clip.roles)
        velocities.append(clip.velocities)
        counts.append(len(clip.times))
    temporary = target.with_suffix(f".{os.getpid()}.tmp")
    with open(temporary, "wb") as file:
        np.savez(
            file,
            frames=np.stack(frames),
            times=np.concatenate(times),
            roles=np.concatenate(roles),
            velocities=np.concatenate(velocities),
            counts=np.array(counts),
        )
    temporary.replace(target)
    return target


def shard_paths(plan: CorpusPlan, cache: Path) -> list[Path]:
    """List the shards of a corpus in order, rendered or not.

    Parameters
    ----------
    plan : CorpusPlan
        The corpus.
    cache : Path
        The folder of all corpora.

    Returns
    -------
    list[Path]
        The shards.
    """
    return [plan.folder(cache) / f"{i:05d}.npz" for i in range(-(-plan.clips // CLIPS_PER_SHARD))]


def render_corpora(
    plans: Sequence[CorpusPlan], data: Path, cache: Path, settings: SpectrogramSettings, jobs: int = 1
) -> Iterator[Path]:
    """Render the shards that are missing from some corpora.

    The corpora of one split advance together, so that training can begin with the first shards of each.

    Parameters
    ----------
    plans : Sequence[CorpusPlan]
        The corpora.
    data : Path
        The folder of sources.
    cache : Path
        The folder of all corpora.
    settings : SpectrogramSettings
        Settings of the frames.
    jobs : int, default 1
        Number of processes.

    Yields
    ------
    Path
        Each shard when it is done.
    """
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    missing = []
    for plan in plans:
        plan.folder(cache).mkdir(parents=True, exist_ok=True)
        paths = shard_paths(plan, cache)
        place = ("train", "validation").index(plan.split)
        missing += [(place, i / len(paths), plan, i, path) for i, path in enumerate(paths) if not path.exists()]
    missing.sort(key=lambda shard: shard[:2])
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        tasks = [pool.submit(_render_shard, plan, i, path, data, cache, settings) for *_, plan, i, path in missing]
        for task in as_completed(tasks):
            yield task.result()
