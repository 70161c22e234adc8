"""A kit from a corrected transcription: the moments of a take, and what a MIDI or label file says is struck at them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..audio import load
from ..drums import ARTICULATION_BY_NAME, ARTICULATION_BY_NOTE
from ..export import read_json
from ..midi.reading import read_note_ons
from .background import Background
from .examples import examples_of, label, with_background
from .head import cross_validate
from .kit import KitError
from .learners import Learner
from .learning import Lesson, Naming, conclude
from .samples import LEAST, Sample, SoundSamples, cut

_FOLDS = 5
_BLOCK = 4.0
"""Seconds of a take that belong to one fold."""
_NEAR = 0.05


def read_labels(path: Path, notes: Mapping[str, int]) -> list[tuple[float, str]]:
    """The times, in seconds, and the sounds of a MIDI or JSON file.

    Parameters
    ----------
    notes : of sounds of the player's own; notes that are neither theirs nor of the vocabulary are left out.

    Raises
    ------
    LabelError : where the file cannot be read.
    KitError : for a file of another kind.
    """
    suffix = path.suffix.lower()
    if suffix == ".json":
        return [(hit.time, hit.articulation) for hit in read_json(path).hits]
    if suffix not in (".mid", ".midi"):
        raise KitError(f"{path}: labels are read from .mid and .json files, as drumscribe transcribe writes them")
    own = {note: name for name, note in notes.items()}
    found = []
    for time, note, _ in read_note_ons(path):
        name = own.get(note) or (ARTICULATION_BY_NOTE[note].name if note in ARTICULATION_BY_NOTE else None)
        if name is not None:
            found.append((time, name))
    return found


def learn_from_take(
    take: Path, labels: Path, learner: Learner, background: Background | None, naming: Naming
) -> Lesson:
    """Learn a kit from a recording and what is struck in it.

    Sounds with fewer strokes than `samples.LEAST` are left to the model.

    Raises
    ------
    AudioError, LabelError : where a file cannot be read.
    KitError : where there are too few strokes, or labels and recording do not belong together.
    """
    rate = learner.info.spectrogram.rate
    hits = read_labels(labels, naming.notes)
    counts = {name: sum(other == name for _, other in hits) for _, name in hits}
    names = [name for name in _in_order(counts) if counts[name] >= LEAST]
    if not names:
        raise KitError(f"{labels}: {LEAST} strokes of a sound are the least to learn from")
    sound = load(take, rate)
    moments = learner.gather(sound)
    times = np.array([time for time, name in hits if name in names])
    which = np.array([names.index(name) for _, name in hits if name in names])
    marked, taken = label(moments, times, which, np.arange(len(times)), len(names), _NEAR)
    found = (taken >= 0).sum()
    if found < 0.5 * len(times):
        raise KitError(
            f"{labels}: only {found} of its {len(times)} strokes have an attack near them in {take.name}: "
            "is it of this recording, and not shifted?"
        )
    rare = {name for name, count in counts.items() if count < LEAST and name in ARTICULATION_BY_NAME}
    samples = tuple(_samples_of(name, i, take, sound, rate, times, which) for i, name in enumerate(names))
    folds = (moments.times / _BLOCK).astype(int) % _FOLDS
    played = examples_of(moments, marked, folds, names, learner.info, background, naming.only)
    examples = with_background(played, background, names, naming.only)
    odds = cross_validate(examples)
    lesson = conclude(examples, odds, played, moments.odds, samples, False, learner.info, background, naming)
    for name in sorted(rare):
        samples[0].refused.append((name, f"fewer than {LEAST} strokes: left to the model"))
    return lesson


def _in_order(names) -> list[str]:
    known = [name for name in ARTICULATION_BY_NAME if name in names]
    return [*known, *sorted(set(names) - set(known))]


def _samples_of(name: str, number: int, take: Path, sound, rate: int, times, which) -> SoundSamples:
    starts = np.rint(times[which == number] * rate).astype(int)
    cuts = ((start, cut(sound, int(start), len(sound))) for start in starts if start < len(sound))
    return SoundSamples(name, [Sample(f"{take.name} at {at / rate:.2f} s", shot) for at, shot in cuts if shot])
