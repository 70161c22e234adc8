"""Moments of other music, shipped beside a model as counterexamples when kits are learnt.

A third are of accompaniment without drums, the others of drums of many kits, alone and in mixes, with their labels.
They are embedded by the shipped model file, and are of no use with any other.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from drumscribe.finetune.background import Background, write_background
from drumscribe.finetune.learners import open_learner
from drumscribe.hearing.decisions import nearest
from drumscribe.hearing.passages import Moments
from drumscribe.music.drums import ARTICULATION_BY_NAME

from ..rendering.clips import ROLES, Clip, Studio

MOMENTS = 2000
_SILENT_SHARE = 0.3
_SEED = 77
_NEAR = 0.025
_LEAST_VELOCITY = 0.25
"""Minimum velocity, 0 to 1: softer strokes may be inaudible, so such moments are left out (by hand)."""


def make_background(model: Path, studio: Studio, clips: int, path: Path, report: Callable[[str], None] = print) -> None:
    """Gather moments of rendered clips, and write a selection of them.

    Parameters
    ----------
    model : Path
        The shipped model file.
    studio : Studio
        Renders clips.
    clips : int
        Number of clips.
    path : Path
        The file to write.
    report : Callable[[str], None], optional
        Receives progress.
    """
    learner = open_learner(model)
    parts: list[tuple[Moments, np.ndarray]] = []
    for index in range(clips):
        clip = studio.clip(_SEED, index)
        moments = learner.gather(clip.sound)
        if len(moments):
            parts.append((moments, _struck(clip, moments.times)))
        if (index + 1) % 20 == 0:
            report(f"{index + 1} of {clips} clips")
    struck = np.concatenate([s for _, s in parts])
    moments = Moments.concat([m for m, _ in parts])
    chosen = _choose(struck)
    write_background(Background.of(learner.info, moments, struck)[chosen], path)
    report(f"{path}: {len(chosen)} moments, {path.stat().st_size} bytes")


def _struck(clip: Clip, times: np.ndarray) -> np.ndarray:
    """Label moments, ``(moments, articulations) int8``: 1 if struck, 0 if not, -1 if unknown."""
    out = np.zeros((len(times), len(ARTICULATION_BY_NAME)), np.int8)
    names = list(ARTICULATION_BY_NAME)
    for time, role, velocity in zip(clip.times, clip.roles, clip.velocities, strict=True):
        if ROLES[role] not in ARTICULATION_BY_NAME:
            continue
        column = names.index(ROLES[role])
        near = np.flatnonzero(np.abs(times - time) < 2 * _NEAR)
        out[near, column] = np.where(out[near, column] == 1, 1, -1)
        moment = int(nearest(times, np.array([time]))[0])
        if abs(times[moment] - time) < _NEAR and velocity >= _LEAST_VELOCITY:
            out[moment, column] = 1
    return out


def _choose(struck: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(_SEED)
    silent = np.flatnonzero((struck == 0).all(axis=1))
    drums = np.flatnonzero((struck == 1).any(axis=1))
    rarity = (struck[drums] == 1) @ (1.0 / np.maximum(1, (struck == 1).sum(axis=0)))
    count = min(len(silent), round(MOMENTS * _SILENT_SHARE))
    most = min(len(drums), MOMENTS - count)
    chance = np.sqrt(rarity) / np.sqrt(rarity).sum()
    return np.sort(
        np.concatenate([rng.choice(silent, count, replace=False), rng.choice(drums, most, replace=False, p=chance)])
    )
