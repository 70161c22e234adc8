"""Teaching: learn a kit from samples, or from a recording with a corrected draft, and report the result."""

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..formats import export
from ..music.drums import ARTICULATION_BY_NAME
from .documents import transcription_of

if TYPE_CHECKING:
    from ..finetune.background import Background
    from ..finetune.conclusion import Lesson
    from ..finetune.learners import Learner
    from ..finetune.naming import Naming
    from ..kits.kit import Sound as KitSound


@dataclass(frozen=True, slots=True)
class Subject:
    """The kit to learn.

    Attributes
    ----------
    name : str
        Name of the kit.
    draft : int or None
        Number of the draft from which to learn; None for samples.
    sounds : list of str
        Sounds to learn, of the draft or the samples; all if empty.
    only : bool
        Whether the kit detects only its own sounds.
    """

    name: str
    draft: int | None = None
    sounds: list[str] = field(default_factory=list)
    only: bool = False


@dataclass(frozen=True, slots=True)
class Sound:
    """How well a sound was learned.

    Attributes
    ----------
    name : str
        Name of the sound.
    note : int
        MIDI note.
    samples : int
        Number of strokes from which it was learned.
    precision, recall : float
        In cross-validation, 0 to 1.
    mistaken_for : list of str
        Instruments that the model alone reports for it.
    """

    name: str
    note: int
    samples: int
    precision: float
    recall: float
    mistaken_for: list[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a lesson.

    Attributes
    ----------
    kit : str or None
        Name of the kit; None if it was not worth writing.
    sounds : list of Sound
        The sounds that it detects.
    confused : list of list of str
        Pairs of sounds that it can hardly distinguish.
    expected, alone : float
        Micro F of the kit, and of the model without it, in cross-validation.
    notes : list of str
        Notes for the player, one line each.
    """

    kit: str | None
    sounds: list[Sound]
    confused: list[list[str]]
    expected: float
    alone: float
    notes: list[str]


def teach(subject: Subject, samples: Path, kits: Path, take: dict | None) -> Outcome:
    """Learn a kit, and write it if it is better than the model alone.

    Parameters
    ----------
    subject : Subject
        The kit to learn.
    samples, kits : Path
        The folder of all kits' samples, and the folder of kits.
    take : dict or None
        The recording, draft and edits to learn from, instead of samples.

    Returns
    -------
    Outcome
        The result.

    Raises
    ------
    DrumscribeError
        If there is too little to learn from.
    """
    from ..finetune.background import load_background
    from ..finetune.learners import open_learner
    from ..finetune.naming import Naming
    from ..finetune.report import notes_of, verdict_of
    from ..kits.kit import check_name, write_kit
    from ..network.model_file import model_file
    from ..runtime import native_chatter_dropped

    check_name(subject.name)
    with native_chatter_dropped():
        model = model_file(None)
        learner = open_learner(model)
        background = load_background(model, learner.info)
        if take is None:
            naming = Naming(subject.name, "samples", {}, subject.only)
            lesson = _from_samples(subject, samples / subject.name, learner, background, naming)
        else:
            lesson = _from_take(subject, take, learner, background)
    notes = list(notes_of(lesson))
    if lesson.worthwhile:
        write_kit(lesson.kit, kits / f"{subject.name}.kit")
    else:
        notes.insert(0, verdict_of(lesson))
    return Outcome(
        subject.name if lesson.worthwhile else None,
        [sound_of(sound) for sound in lesson.kit.sounds],
        [list(pair) for pair in lesson.confused],
        float(lesson.expected),
        float(lesson.model_alone),
        notes,
    )


def _from_samples(
    subject: Subject, folder: Path, learner: "Learner", background: "Background | None", naming: "Naming"
) -> "Lesson":
    from ..finetune.lesson import learn
    from ..finetune.samples import check_enough, find_samples, read_samples

    found = find_samples(folder)
    wanted = {name: paths for name, paths in found.items() if not subject.sounds or name in subject.sounds}
    sounds = [read_samples(name, paths, learner.info.spectrogram) for name, paths in wanted.items()]
    check_enough(sounds)
    return learn(sounds, learner, background, naming)


def _from_take(subject: Subject, take: dict, learner: "Learner", background: "Background | None") -> "Lesson":
    """Return strokes of a recording; its corrected draft gives their sounds."""
    from ..finetune.naming import Naming
    from ..finetune.takes import learn_from_take, read_take

    heard = transcription_of(take["draft"], take["edits"])
    hits = tuple(hit for hit in heard.hits if not subject.sounds or hit.articulation in subject.sounds)
    recording = Path(take["recording"])
    naming = Naming(subject.name, "a corrected song", own_notes(hits), subject.only)
    with tempfile.TemporaryDirectory() as folder:
        labels = Path(folder) / "draft.json"
        export.write(replace(heard, hits=hits), labels, "json")
        return learn_from_take(read_take(recording, labels, learner, naming.notes), learner, background, naming)


def own_notes(hits: Sequence) -> dict[str, int]:
    """Return the notes of a player's own sounds, by name."""
    return {hit.articulation: hit.note for hit in hits if hit.articulation not in ARTICULATION_BY_NAME}


def read_card(path: Path) -> dict:
    """Return the content of a kit's card.

    Raises
    ------
    KitError
        If it cannot be read.
    """
    from ..kits.kit import read_kit

    kit = read_kit(path)
    card = {"name": path.stem, "made": kit.made, "source": kit.source, "model": kit.model, "only": kit.only}
    return card | {"sounds": [asdict(sound_of(sound)) for sound in kit.sounds]}


def sound_of(sound: "KitSound") -> Sound:
    """Return how well a sound of a kit was learned."""
    figures = float(sound.precision), float(sound.recall)
    return Sound(sound.name, sound.note, sound.samples, *figures, list(sound.mistaken_for))
