"""From samples to a kit: sequences are made of them, heard by the model, and a head is learned and tried on its own.

What is expected of a kit is found by cross-validation over samples: each sequence holds samples of one fold, and is
judged by a head that has learned from the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from .. import __version__
from ..classifier import ModelInfo
from ..drums import ARTICULATION_BY_NAME, ARTICULATIONS
from .background import Background
from .examples import examples_of, join_examples, label, with_background
from .head import Examples, best_threshold, cross_validate, fit
from .kit import MOST_SOUNDS, Kit, KitError, Sound
from .learners import Learner
from .samples import SoundSamples
from .sequences import Sequencer

_FOLDS = 5
_SEQUENCES = 20
"""How many sequences are made of the samples, in all folds together."""
_SECONDS = 8.0
_MISTAKEN = 0.15
"""A sound is mistaken for an instrument if the model hears that at such a share of its strokes."""
_CONFUSED = 0.2
"""Two sounds can hardly be told apart if one is heard at such a share of the other's strokes."""
_FREE_NOTES = (*range(60, 128), *range(1, 27))
_USUAL_NOTES = {"clap": 39, "tambourine": 54, "cowbell": 56, "shaker": 70}


@dataclass(frozen=True)
class Lesson:
    """A kit, and what was learned on the way.

    Attributes
    ----------
    kit : as it would be written.
    samples : of each sound, used and refused.
    misplaced : whether samples were left out that sound like another sound than their own.
    confused : pairs of sounds that can hardly be told apart.
    expected, model_alone : micro F in cross-validation: of the kit, and of the model without it.
    """

    kit: Kit
    samples: tuple[SoundSamples, ...]
    misplaced: bool
    confused: tuple[tuple[str, str], ...]
    expected: float
    model_alone: float

    @property
    def worthwhile(self) -> bool:
        """Whether it is expected to be better than none, each sound of its own more often right than wrong."""
        own = [sound for sound in self.kit.sounds if not sound.known or self.kit.only]
        return self.expected > self.model_alone and all(sound.precision >= 0.5 for sound in own)


@dataclass(frozen=True)
class Naming:
    """What a kit and its sounds are to be called.

    Attributes
    ----------
    name : of the kit.
    source : what it is learned from, in a few words.
    notes : MIDI notes of sounds, by name.
    only : whether nothing but its sounds is to be heard.
    """

    name: str
    source: str
    notes: dict[str, int]
    only: bool = False

    def note_of(self, names: Sequence[str]) -> dict[str, int]:
        """The note of each sound: as asked for, its own in General MIDI, or a free one.

        Raises
        ------
        KitError : where a note is asked for of a sound that there is not.
        """
        unknown = [name for name in self.notes if name not in names]
        if unknown:
            raise KitError(f"--note {unknown[0]}: there is no such sound among the samples, only {', '.join(names)}")
        found = dict(self.notes)
        free = iter(note for note in _FREE_NOTES if note not in found.values())
        for name in names:
            if name not in found:
                known = ARTICULATION_BY_NAME[name].note if name in ARTICULATION_BY_NAME else _USUAL_NOTES.get(name)
                found[name] = known if known is not None else next(free)
        return found


def learn(samples: Sequence[SoundSamples], learner: Learner, background: Background | None, naming: Naming) -> Lesson:
    """Learn a kit from samples.

    Parameters
    ----------
    learner : for the model that the kit is for.
    background : what comes beside that model.

    Raises
    ------
    KitError : where nothing is heard in the samples.
    """
    samples = tuple(samples)
    if len(samples) > MOST_SOUNDS:
        raise KitError(f"{len(samples)} sounds are too many for a kit: {MOST_SOUNDS} are the most")
    names, info = [sound.name for sound in samples], learner.info
    heard, parts, which = [], [], []
    for fold, moments, labels, taken in _sequences(samples, learner, naming.only):
        heard.append(moments.odds)
        parts.append(examples_of(moments, labels, np.full(len(moments), fold), names, info, background, naming.only))
        which.append(taken)
    played, taken, by_model = join_examples(parts), np.concatenate(which), np.concatenate(heard)
    examples = with_background(played, background, names, naming.only)
    odds = cross_validate(examples)
    misplaced = _find_misplaced(samples, played, odds[: len(played)], taken)
    if misplaced:
        wrong = np.any([taken[:, sound] == sample for sound, sample, _ in misplaced], axis=0)
        examples = examples[np.flatnonzero(~np.append(wrong, np.zeros(len(examples) - len(wrong), bool)))]
        played, by_model = played[~wrong], by_model[~wrong]
        odds = cross_validate(examples)
    left = tuple(
        _without(sound, {sample: names[other] for own, sample, other in misplaced if own == i})
        for i, sound in enumerate(samples)
    )
    return conclude(examples, odds, played, by_model, left, bool(misplaced), info, background, naming)


def _without(sound: SoundSamples, misplaced: dict[int, str]) -> SoundSamples:
    """The samples of a sound but for those, by number, that sound like another."""
    refused = [(sound.kept[i].origin, f"sounds like {other}") for i, other in misplaced.items()]
    kept = [sample for i, sample in enumerate(sound.kept) if i not in misplaced]
    return SoundSamples(sound.name, kept, [*sound.refused, *refused])


def conclude(
    examples: Examples,
    odds: np.ndarray,
    played: Examples,
    heard: np.ndarray,
    samples: tuple[SoundSamples, ...],
    misplaced: bool,
    info: ModelInfo,
    background: Background | None,
    naming: Naming,
) -> Lesson:
    """Fit the head, choose thresholds, and say what is to be expected.

    Parameters
    ----------
    examples, odds : all moments, the player's first, and their log odds in cross-validation.
    played, heard : the player's moments, and the model's log odds of its instruments at them.
    """
    names = [sound.name for sound in samples]
    thresholds = np.array(
        [best_threshold(odds[:, i], examples.labels[:, i], examples.weights) for i in range(len(names))]
    )
    weights = fit(examples)
    weights[:, -2] -= thresholds
    chosen = odds[: len(played)] >= thresholds
    struck, silent = played.labels == 1.0, played.labels == 0.0
    hits, false, missed = (chosen & struck).sum(axis=0), (chosen & silent).sum(axis=0), (~chosen & struck).sum(axis=0)
    notes = naming.note_of(names)
    covered = {ARTICULATION_BY_NAME[name].instrument for name in names if name in ARTICULATION_BY_NAME}
    sounds = []
    for i, sound in enumerate(samples):
        alone = struck[:, i] & (struck.sum(axis=1) == 1)
        shares = (heard[alone] >= 0.0).mean(axis=0) if alone.any() else np.zeros(heard.shape[1])
        mistaken = tuple(
            name
            for name, share in zip(info.columns.instruments, shares, strict=True)
            if share >= _MISTAKEN and name not in covered
        )
        precision, recall = hits[i] / max(1, hits[i] + false[i]), hits[i] / max(1, hits[i] + missed[i])
        figures = round(float(precision), 3), round(float(recall), 3)
        sounds.append(Sound(sound.name, notes[sound.name], len(sound.kept), *figures, mistaken))
    size = examples.features.shape[1]
    mean = background.mean if background is not None else np.zeros(size, np.float32)
    scale = background.scale if background is not None else np.ones(size, np.float32)
    kit = Kit(
        naming.name,
        naming.only,
        f"{date.today().isoformat()} with drumscribe {__version__}",
        naming.source,
        f"{info.name} {info.version}",
        info.fingerprint,
        tuple(sounds),
        mean,
        scale,
        weights,
    )
    by_model = played.prior >= 0.0
    known = np.array([name in ARTICULATION_BY_NAME and not naming.only for name in names])
    alone_hits, alone_false = (by_model & struck)[:, known].sum(), (by_model & silent)[:, known].sum()
    total = struck.sum()
    expected = 2 * hits.sum() / max(1, hits.sum() + false.sum() + total)
    model_alone = 2 * alone_hits / max(1, alone_hits + alone_false + total)
    return Lesson(kit, samples, misplaced, _confused(names, chosen, struck), float(expected), float(model_alone))


def _sequences(samples: tuple[SoundSamples, ...], learner: Learner, only: bool):
    """The fold, the moments, the labels and the samples struck of each sequence."""
    rng = np.random.default_rng(1)
    names = [sound.name for sound in samples]
    groups = {ARTICULATION_BY_NAME[name].instrument for name in names if name in ARTICULATION_BY_NAME}
    others = () if only else tuple(a.name for a in ARTICULATIONS if a.instrument not in groups)
    shots = [[sample.shot for sample in sound.kept] for sound in samples]
    sequencer = Sequencer(shots, names, others, learner.info.spectrogram.rate, rng)
    folds = max(2, min(_FOLDS, *(len(own) for own in shots)))
    orders = [rng.permutation(len(own)) for own in shots]
    drums = not only and any(name in ARTICULATION_BY_NAME for name in names)
    for number in range(_SEQUENCES):
        fold, kind = number % folds, number // folds % 4
        allowed = [order[fold::folds] if len(order) >= folds else order for order in orders]
        sequence = sequencer.make(allowed, _SECONDS, kind > 0, drums and kind < 3, not drums and kind < 3)
        moments = learner.gather(sequence.sound)
        labels, taken = label(moments, sequence.times, sequence.sounds, sequence.samples, len(names))
        yield fold, moments, labels, taken


def _find_misplaced(
    samples: Sequence[SoundSamples], played: Examples, odds: np.ndarray, taken: np.ndarray
) -> list[tuple[int, int, int]]:
    """Samples that sound like another sound than their own: its number, the sample's, the other sound's."""
    if len(samples) < 2:
        return []
    found = []
    for i, sound in enumerate(samples):
        for k in range(len(sound.kept)):
            rows = np.flatnonzero((taken[:, i] == k) & (np.nansum(played.labels, axis=1) == 1))
            if len(rows) < 3:
                continue
            typical = np.median(odds[rows], axis=0)
            other = int(np.argmax(np.where(np.arange(len(samples)) == i, -np.inf, typical)))
            if typical[other] > 1.0 and typical[i] < -1.0:
                found.append((i, k, other))
    limit = {i: len(sound.kept) / 3 for i, sound in enumerate(samples)}
    return [f for f in found if sum(other[0] == f[0] for other in found) <= limit[f[0]]]  # else it is the whole sound


def _confused(names: Sequence[str], chosen: np.ndarray, struck: np.ndarray) -> tuple[tuple[str, str], ...]:
    pairs = []
    for i in range(len(names)):
        for j in range(i + 1, len(names)):
            either = [
                (chosen[rows, b]).mean()
                for a, b in ((i, j), (j, i))
                if (rows := struck[:, a] & (struck.sum(axis=1) == 1)).any()
            ]
            if either and max(either) > _CONFUSED:
                pairs.append((names[i], names[j]))
    return tuple(pairs)
