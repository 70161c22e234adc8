"""The corpus: clips of sound with exact labels, made from seeds, stored as spectrogram frames in shards.

A clip depends on its seed and index alone: the same to the bit whichever process renders it.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drumscribe.drums import ARTICULATIONS
from drumscribe.spectrogram import SpectrogramSettings, compute_spectrogram
from drumscribe.synthesis import coloured_noise

from ..data.sources import PERCUSSION, check_roles, read_grooves, read_pieces
from .accompaniment import Band
from .kits import Drum, KitMaker
from .performances import render_drums, snare_wires
from .production import master, mix, produce_drums
from .scores import GrooveBook, Score, electronic_pattern, vary

CLIP_SECONDS = 12.0
CLIPS_PER_SHARD = 64
ROLES = (*(a.name for a in ARTICULATIONS), PERCUSSION)
"""What the labels of a clip name; ``clap`` is stored as percussion."""

PERCUSSION_ROLE = len(ROLES) - 1
ROLE_INDEX = {role: i for i, role in enumerate(ROLES)} | {"clap": PERCUSSION_ROLE}


@dataclass(frozen=True)
class Clip:
    """Sound with labels.

    Attributes
    ----------
    sound : ``(samples,) float32`` at `RATE`.
    times : ``(hits,) float32``, seconds of the physical attacks.
    roles : ``(hits,) uint8``, indices into `ROLES`.
    velocities : ``(hits,) float32``, 0 to 1.
    """

    sound: np.ndarray
    times: np.ndarray
    roles: np.ndarray
    velocities: np.ndarray


class Studio:
    """Makes clips: the sources of one split, held in memory. Its ingredients are methods, to be overridden in studies.

    Parameters
    ----------
    data : the folder with ``oneshots``, ``grooves`` and ``backing``.
    cache : where rendered instruments are kept.
    split : ``train`` or ``validation``: of kits and of grooves alike.
    """

    def __init__(self, data: Path, cache: Path, split: str) -> None:
        self.split = split
        pieces = read_pieces(data / "oneshots", split)
        check_roles(pieces)
        self._kits = KitMaker(pieces)
        self._grooves = GrooveBook(read_grooves(data / "grooves", split))
        self._band = Band(data / "backing", cache / "instruments")

    def clip(self, seed: int, index: int, seconds: float = CLIP_SECONDS) -> Clip:
        """A produced recording: drums alone, with bleed of other instruments, a full mix, or now and then no drums."""
        rng = np.random.default_rng([seed, index])
        score = electronic_pattern(rng, seconds) if rng.random() < 0.12 else self._grooves.draw(rng, seconds)
        score = self.varied(score, rng, seconds)
        kind = rng.choice(["drums", "bleed", "mix", "backing"], p=[0.33, 0.08, 0.53, 0.06])
        if kind == "backing":
            score = self.silenced(score)
        sound = render_drums(score, self.kit(score, rng), rng, seconds)
        if not score.electronic and rng.random() < 0.25:
            sound += snare_wires(sound, rng)
        sound = self.produced(sound, rng)
        if kind != "drums":
            level = rng.uniform(-45.0, -20.0) if kind == "bleed" else rng.normal(0.5, 5.5)
            sound = self.accompanied(sound, score, float(np.clip(level, -45.0, 10.0)), rng, seconds)
        return _labelled(self.mastered(sound, rng), score)

    def varied(self, score: Score, rng: np.random.Generator, seconds: float) -> Score:
        """What is played, with percussion."""
        return vary(score, rng, seconds)

    def silenced(self, score: Score) -> Score:
        """What is played where no drums are."""
        return Score(np.zeros(0), (), np.zeros(0), score.beat, score.beats_per_bar)

    def kit(self, score: Score, rng: np.random.Generator) -> dict[str, Drum]:
        """What it is played on."""
        return self._kits.make(rng, score.electronic)

    def produced(self, drums: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The drum bus."""
        return produce_drums(drums, rng)

    def accompanied(
        self, drums: np.ndarray, score: Score, level_db: float, rng: np.random.Generator, seconds: float
    ) -> np.ndarray:
        """Drums with a band so much louder than they are."""
        return mix(drums, self._band.play(score, rng, seconds), level_db)

    def mastered(self, sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The whole recording."""
        return master(sound, rng)

    def dry_clip(self, seed: int, index: int, seconds: float = CLIP_SECONDS) -> Clip:
        """A groove as it was played, on a kit as it was recorded, over nothing but faint noise."""
        rng = np.random.default_rng([seed, index])
        score = self._grooves.draw(rng, seconds, (0.95, 1.05))
        kit = self._kits.make(rng, bool(rng.random() < 0.4), plain=True)
        sound = render_drums(score, kit, rng, seconds)
        sound *= 0.5 / max(float(np.max(np.abs(sound))), 1e-6)
        return _labelled(sound + 1e-5 * coloured_noise(rng, len(sound), 0.0), score)


def _labelled(sound: np.ndarray, score: Score) -> Clip:
    return Clip(
        sound,
        score.times.astype(np.float32),
        np.array([ROLE_INDEX[role] for role in score.roles], np.uint8),
        score.velocities.astype(np.float32),
    )


@dataclass(frozen=True)
class CorpusPlan:
    """Which clips a corpus holds.

    Attributes
    ----------
    kind : ``produced`` or ``dry``.
    split : of kits and grooves.
    seed : of every clip, with its index.
    clips : how many.
    seconds : that each lasts.
    """

    kind: str
    split: str
    seed: int
    clips: int
    seconds: float = CLIP_SECONDS

    def folder(self, cache: Path) -> Path:
        """Where its shards are kept."""
        return cache / f"{self.kind}-{self.split}-{self.seed}"


_studio: Studio | None = None


def _open_studio(data: Path, cache: Path, split: str) -> None:
    global _studio
    _studio = Studio(data, cache, split)


def _render_shard(plan: CorpusPlan, shard: int, target: Path, settings: SpectrogramSettings) -> Path:
    if _studio is None:
        raise RuntimeError("a shard is rendered in a process that has opened its studio")
    make = _studio.clip if plan.kind == "produced" else _studio.dry_clip
    indices = range(shard * CLIPS_PER_SHARD, min(plan.clips, (shard + 1) * CLIPS_PER_SHARD))
    return write_shard((make(plan.seed, index, plan.seconds) for index in indices), target, settings)


def write_shard(clips: Iterable[Clip], target: Path, settings: SpectrogramSettings) -> Path:
    """Write the frames and labels of some clips of equal length, whole or not at all."""
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
    """The shards of a corpus in order, rendered or not."""
    return [plan.folder(cache) / f"{i:05d}.npz" for i in range(-(-plan.clips // CLIPS_PER_SHARD))]


def render_corpus(plan: CorpusPlan, data: Path, cache: Path, settings: SpectrogramSettings, jobs: int = 1):
    """Render the shards of a corpus that are missing, and yield each as it is done."""
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    plan.folder(cache).mkdir(parents=True, exist_ok=True)
    missing = [(i, path) for i, path in enumerate(shard_paths(plan, cache)) if not path.exists()]
    if not missing:
        return
    with ProcessPoolExecutor(jobs, get_context("spawn"), _open_studio, (data, cache, plan.split)) as pool:
        tasks = [pool.submit(_render_shard, plan, i, path, settings) for i, path in missing]
        for task in as_completed(tasks):
            yield task.result()
