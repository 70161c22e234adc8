"""From a trial to a kit: the head is fitted, thresholds are chosen, and an estimate is made of how well it will do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from ..kits.kit import Closeness, Kit, Sound
from ..kits.scoring import prior_of
from ..music.drums import ARTICULATION_BY_NAME
from ..version import VERSION
from .regression import best_threshold, fit
from .samples import SoundSamples
from .trial import Task, Trial

# By hand.
_MISTAKEN_SHARE = 0.15
"""A sound is mistaken for an instrument if the model hears that at such a share of its strokes."""
_CONFUSED_SHARE = 0.2
"""Two sounds can hardly be told apart if one is heard at such a share of the other's strokes."""
_LEAST_PRECISION = 0.55
"""The precision that a sound of its own must have: two sounds that are the same come to about a half by chance."""
_CLOSE_SHARE = 0.02
"""Sounds are close if one is heard at such a share of the other's strokes."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """A kit, and what was learned on the way.

    Attributes
    ----------
    kit : Kit
        As it would be written.
    samples : tuple of SoundSamples
        Those of each sound, used and refused.
    confused : tuple of (str, str)
        Pairs of sounds that can hardly be told apart.
    expected, model_alone : float
        Micro F on moments like those of the samples, in cross-validation: of the kit, and of the model without it.
    misplaced : bool
        Whether samples were left out that sound like another sound than their own.
    doubted : tuple of (str, str, str)
        Samples that sound so and were kept, since there are few: their sound, their origin, and the other sound.
    """

    kit: Kit
    samples: tuple[SoundSamples, ...]
    confused: tuple[tuple[str, str], ...]
    expected: float
    model_alone: float
    misplaced: bool = False
    doubted: tuple[tuple[str, str, str], ...] = ()

    @property
    def worthwhile(self) -> bool:
        """Whether it is expected to be better than none, each sound of its own clearly more often right than wrong."""
        own = [sound for sound in self.kit.sounds if not sound.known]
        return self.expected > self.model_alone and all(sound.precision >= _LEAST_PRECISION for sound in own)


@dataclass(frozen=True, eq=False)
class _Outcome:
    """Which sounds are struck and chosen at the player's moments, in cross-validation: ``(moments, sounds) bool``."""

    chosen: np.ndarray
    struck: np.ndarray
    silent: np.ndarray

    @classmethod
    def of(cls, trial: Trial, thresholds: np.ndarray) -> "_Outcome":
        played = trial.played
        return cls(trial.odds[: len(played)] >= thresholds, played.labels == 1.0, played.labels == 0.0)

    def alone(self, sound: int) -> np.ndarray:
        """``(moments,) bool``, those at which nothing but a sound is struck."""
        return self.struck[:, sound] & (self.struck.sum(axis=1) == 1)

    def counts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Hits, false ones, and strokes of each sound."""
        hits, false = (self.chosen & self.struck).sum(axis=0), (self.chosen & self.silent).sum(axis=0)
        return hits, false, self.struck.sum(axis=0)


def conclude(trial: Trial, samples: tuple[SoundSamples, ...], task: Task) -> Lesson:
    """Fit the head, choose thresholds, and estimate how well the kit will do.

    Parameters
    ----------
    trial : Trial
        Moments with labels, and their odds in cross-validation.
    samples : tuple of SoundSamples
        Those of each sound.
    task : Task
        The kit that is to be made.

    Returns
    -------
    Lesson
        The kit, and how well it will do.
    """
    names, only = [sound.name for sound in samples], task.naming.only
    # What is played alone is heard elsewhere later: thresholds that suit these moments best would not hold there.
    thresholds = np.zeros(len(names)) if only else choose_thresholds(trial)
    outcome = _Outcome.of(trial, thresholds)
    kit = _assemble(trial, thresholds, _measure(outcome, trial.by_model, samples, task), task)
    by_model = prior_of(trial.by_model, names, task.info.columns.instruments, only=False) >= 0.0
    expected, model_alone = _micro_f(outcome, by_model, names)
    kit = replace(kit, promised=float(expected), close=_close(names, outcome))
    return Lesson(kit, samples, _confused(kit), expected, model_alone)


def choose_thresholds(trial: Trial) -> np.ndarray:
    """Choose the log odds that each sound needs.

    Parameters
    ----------
    trial : Trial
        Moments with labels, and their odds in cross-validation.

    Returns
    -------
    np.ndarray
        ``(sounds,)``, those with the best F-measure.
    """
    labels, weights = trial.examples.labels, trial.examples.weights
    return np.array([best_threshold(trial.odds[:, i], labels[:, i], weights) for i in range(labels.shape[1])])


def _measure(
    outcome: _Outcome, by_model: np.ndarray, samples: tuple[SoundSamples, ...], task: Task
) -> tuple[Sound, ...]:
    """The sounds of the kit: how often each is right and found, and what the model takes it for."""
    notes = task.naming.note_of([sound.name for sound in samples])
    covered = {ARTICULATION_BY_NAME[sound.name].instrument for sound in samples if sound.name in ARTICULATION_BY_NAME}
    sounds = []
    for i, (sound, hits, false, strokes) in enumerate(zip(samples, *outcome.counts(), strict=True)):
        alone = outcome.alone(i)
        shares = (by_model[alone] >= 0.0).mean(axis=0) if alone.any() else np.zeros(by_model.shape[1])
        mistaken = tuple(
            name
            for name, share in zip(task.info.columns.instruments, shares, strict=True)
            if share >= _MISTAKEN_SHARE and name not in covered
        )
        precision, recall = round(float(hits / max(1, hits + false)), 3), round(float(hits / max(1, strokes)), 3)
        sounds.append(Sound(sound.name, notes[sound.name], len(sound.kept), precision, recall, mistaken))
    return tuple(sounds)


def _assemble(trial: Trial, thresholds: np.ndarray, sounds: tuple[Sound, ...], task: Task) -> Kit:
    """The kit, its head fitted to all the moments."""
    weights = fit(trial.examples)
    weights[:, -2] -= thresholds
    size, background, info = trial.examples.features.shape[1], task.background, task.info
    return Kit(
        name=task.naming.name,
        only=task.naming.only,
        made=f"{date.today().isoformat()} with drumscribe {VERSION}",
        source=task.naming.source,
        model=f"{info.name} {info.version}",
        fingerprint=info.fingerprint,
        sounds=sounds,
        mean=background.mean if background is not None else np.zeros(size, np.float32),
        scale=background.scale if background is not None else np.ones(size, np.float32),
        weights=weights,
    )


def _micro_f(outcome: _Outcome, by_model: np.ndarray, names: Sequence[str]) -> tuple[float, float]:
    """Micro F of the kit, and of the model alone, which knows some of the sounds."""
    known = np.array([name in ARTICULATION_BY_NAME for name in names])
    total = outcome.struck.sum()
    found = []
    for chosen, sounds in ((outcome.chosen, slice(None)), (by_model, known)):
        hits, false = (chosen & outcome.struck)[:, sounds].sum(), (chosen & outcome.silent)[:, sounds].sum()
        found.append(float(2 * hits / max(1, hits + false + total)))
    return found[0], found[1]


def _close(names: Sequence[str], outcome: _Outcome) -> tuple[Closeness, ...]:
    """Sounds that are taken for others, the closest first."""
    pairs = []
    for i, name in enumerate(names):
        alone = outcome.alone(i)
        shares = outcome.chosen[alone].mean(axis=0) if alone.any() else np.zeros(len(names))
        pairs += [Closeness(name, other, round(float(shares[j]), 3)) for j, other in enumerate(names) if j != i]
    return tuple(sorted((pair for pair in pairs if pair.share > _CLOSE_SHARE), key=lambda pair: -pair.share))


def _confused(kit: Kit) -> tuple[tuple[str, str], ...]:
    """Pairs of sounds that can hardly be told apart."""
    order = [sound.name for sound in kit.sounds]
    pairs = {tuple(sorted((p.sound, p.other), key=order.index)) for p in kit.close if p.share > _CONFUSED_SHARE}
    return tuple(sorted((one, other) for one, other in pairs))
