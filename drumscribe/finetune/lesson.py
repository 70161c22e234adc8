"""From samples to a kit: sequences are made of them, the model hears these, and a head is learned and tried out.

How well a kit will do is estimated by cross-validation over samples: each sequence holds samples of one fold, and is
judged by a head that has learned from the others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..hearing.passages import Moments
from ..kits.kit import MAX_SOUNDS, KitError
from ..music.drums import ARTICULATION_BY_NAME, ARTICULATIONS
from .background import Background
from .conclusion import Lesson, conclude
from .examples import examples_of, join_examples, label
from .learners import Learner
from .naming import Naming
from .samples import SoundSamples
from .sequences import Sequencer
from .trial import Task, Trial

# By hand.
_FOLDS = 5
_SEQUENCES = 20
"""Sequences that are made of the samples, in all folds together."""
_SEQUENCE_S = 8.0
"""Duration of each."""
_MISPLACED_ODDS = 1.0
"""A sample is misplaced if the median log odds of its moments are beyond this for another sound, and against its
own."""
_MIN_MOMENTS = 3
"""Minimum number of moments that show whether a sample is misplaced."""
_MIN_TO_LEAVE_OUT = 6
"""Of fewer samples of a sound none is left out: one of four may be one of several ways to make it."""


def learn(samples: Sequence[SoundSamples], learner: Learner, background: Background | None, naming: Naming) -> Lesson:
    """Learn a kit from samples.

    Parameters
    ----------
    samples : sequence of SoundSamples
        Those of each sound.
    learner : Learner
        Hears for the model that the kit is for.
    background : Background or None
        The moments that are bundled with that model.
    naming : Naming
        The names of the kit and its sounds.

    Returns
    -------
    Lesson
        The kit, and how well it will do.

    Raises
    ------
    KitError
        If there are too many sounds, or nothing is heard in the samples.
    """
    if len(samples) > MAX_SOUNDS:
        raise KitError(f"{len(samples)} sounds are too many for a kit: give at most {MAX_SOUNDS}")
    names, task = [sound.name for sound in samples], Task(naming, learner.info, background)
    parts, heard, which = [], [], []
    for fold, moments, labels, taken in _sequences(samples, learner, naming.only):
        folds = np.full(len(moments), fold)
        parts.append(examples_of(moments, labels, folds, names, task.info, background, naming.only))
        heard.append(moments.odds)
        which.append(taken)
    trial, taken = Trial.of(join_examples(parts), np.concatenate(heard), names, task), np.concatenate(which)
    found = _find_misplaced(samples, trial, taken)
    misplaced = [f for f in found if len(samples[f[0]].kept) >= _MIN_TO_LEAVE_OUT]
    doubted = [
        (names[i], samples[i].kept[k].origin, names[other]) for i, k, other in found if (i, k, other) not in misplaced
    ]
    if misplaced:
        trial = trial.without(np.any([taken[:, sound] == sample for sound, sample, _ in misplaced], axis=0))
    left = tuple(
        _without(sound, {sample: names[other] for own, sample, other in misplaced if own == i})
        for i, sound in enumerate(samples)
    )
    return replace(conclude(trial, left, task), misplaced=bool(misplaced), doubted=tuple(doubted))


def _sequences(
    samples: Sequence[SoundSamples], learner: Learner, only: bool
) -> Iterator[tuple[int, Moments, np.ndarray, np.ndarray]]:
    """The fold, the moments, the labels and the samples struck of each sequence."""
    rng = np.random.default_rng(1)
    names = [sound.name for sound in samples]
    groups = {ARTICULATION_BY_NAME[name].instrument for name in names if name in ARTICULATION_BY_NAME}
    others = () if only else tuple(a.name for a in ARTICULATIONS if a.instrument not in groups)
    shots = [[sample.shot for sample in sound.kept] for sound in samples]
    sequencer = Sequencer(shots, names, others, learner.info.spectrogram.rate, rng, free=only)
    folds = max(2, min(_FOLDS, *(len(own) for own in shots)))
    orders = [rng.permutation(len(own)) for own in shots]
    drums = not only and any(name in ARTICULATION_BY_NAME for name in names)
    for number in range(_SEQUENCES):
        fold, kind = number % folds, number // folds % 4
        allowed = [order[fold::folds] if len(order) >= folds else order for order in orders]
        sequence = sequencer.make(allowed, _SEQUENCE_S, kind > 0, drums and kind < 3, not drums and kind < 3)
        moments = learner.gather(sequence.sound)
        labels, taken = label(moments, sequence.times, sequence.sounds, sequence.samples, len(names))
        yield fold, moments, labels, taken


def _find_misplaced(samples: Sequence[SoundSamples], trial: Trial, taken: np.ndarray) -> list[tuple[int, int, int]]:
    """Samples that sound like another sound than their own: its number, the sample's, the other sound's."""
    if len(samples) < 2:
        return []
    single, found = np.nansum(trial.played.labels, axis=1) == 1, []
    for i, sound in enumerate(samples):
        for k in range(len(sound.kept)):
            rows = np.flatnonzero((taken[:, i] == k) & single)
            if len(rows) < _MIN_MOMENTS:
                continue
            typical = np.median(trial.odds[rows], axis=0)
            other = int(np.argmax(np.where(np.arange(len(samples)) == i, -np.inf, typical)))
            if typical[other] > _MISPLACED_ODDS and typical[i] < -_MISPLACED_ODDS:
                found.append((i, k, other))
    limit = {i: len(sound.kept) / 3 for i, sound in enumerate(samples)}
    return [f for f in found if sum(other[0] == f[0] for other in found) <= limit[f[0]]]  # else it is the whole sound


def _without(sound: SoundSamples, misplaced: dict[int, str]) -> SoundSamples:
    """The samples of a sound except those, by number, that sound like another."""
    refused = [(sound.kept[i].origin, f"sounds like {other}") for i, other in misplaced.items()]
    kept = [sample for i, sample in enumerate(sound.kept) if i not in misplaced]
    return replace(sound, kept=kept, refused=[*sound.refused, *refused])
