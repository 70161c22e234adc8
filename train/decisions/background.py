"""Moments of other music, shipped beside a model, against which kits learn to hold a player's sounds.

A third are of accompaniment without drums, the others of drums of many kits, alone and in mixes, with what is struck in
them. They are embedded by the very model file that is shipped, and are of no use with any other.
"""

from pathlib import Path

import numpy as np

from drumscribe.drums import ARTICULATION_BY_NAME
from drumscribe.kits.background import Background, write_background
from drumscribe.kits.learners import open_learner
from drumscribe.kits.moments import Moments, nearest

from ..rendering.corpus import ROLES, Clip, Studio

MOMENTS = 2000
_SILENT_SHARE = 0.3
_SEED = 77
_NEAR = 0.025
_LEAST_VELOCITY = 0.25
"""What is struck more softly may not be heard: such moments are left out."""


def make_background(model: Path, studio: Studio, clips: int, path: Path, report=print) -> None:
    """Gather moments of rendered clips and write a selection of them."""
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
    numbers, odds = (np.concatenate([getattr(m, name) for m, _ in parts]) for name in ("numbers", "odds"))
    chosen = _choose(struck)
    write_background(Background.of(learner.info, numbers, odds, struck)[chosen], path)
    report(f"{path}: {len(chosen)} moments, {path.stat().st_size} bytes")


def _struck(clip: Clip, times: np.ndarray) -> np.ndarray:
    """``(moments, articulations) int8``: 1 where struck, 0 where not, -1 where one cannot tell."""
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
