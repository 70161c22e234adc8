"""Teaching: a kit learned from samples, or from a recording whose draft was corrected, and what it has learned."""

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
    """What is to be learned.

    Attributes
    ----------
    name : str
        What the kit is called.
    draft : int or None
        Number of the draft that it is learned from; None for samples.
    sounds : list of str
        Of the draft, or of the samples, those to learn; all if empty.
    only : bool
        Whether the kit hears nothing but its sounds.
    """

    name: str
    draft: int | None = None
    sounds: list[str] = field(default_factory=list)
    only: bool = False


@dataclass(frozen=True, slots=True)
class Sound:
    """How well a sound was learned: precision and recall are of cross-validation, 0 to 1.

    Attributes
    ----------
    name : str
        The sound's.
    note : int
        MIDI note.
    samples : int
        Strokes that it was learned from.
    precision, recall : float
        In cross-validation, 0 to 1.
    mistaken_for : list of str
        Instruments that the model alone takes it for.
    """

    name: str
    note: int
    samples: int
    precision: float
    recall: float
    mistaken_for: list[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a lesson.

    Attributes
    ----------
    kit : str or None
        The kit's name; None where it was not worth writing.
    sounds : list of Sound
        What it hears.
    confused : list of list of str
        Pairs of sounds that it can hardly tell apart.
    expected, alone : float
        Micro F of the kit, and of the model without it, in cross-validation.
    notes : list of str
        What the player should know, a line each.
    """

    kit: str | None
    sounds: list[Sound]
    confused: list[list[str]]
    expected: float
    alone: float
    notes: list[str]


def teach(subject: Subject, samples: Path, kits: Path, take: dict | None) -> Outcome:
    """Learn a kit, and write it where it is better than none.

    Parameters
    ----------
    subject : Subject
        What is to be learned.
    samples, kits : Path
        The folder that holds the samples of each kit, and the one to write to.
    take : dict or None
        The recording, draft and edits to learn from, instead of samples.

    Returns
    -------
    Outcome
        What came of it.

    Raises
    ------
    DrumscribeError
        Where there is too little to learn from.
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
    """From a recording; its draft, as corrected, says what is struck."""
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
    """The notes of sounds that are a player's own, by name."""
    return {hit.articulation: hit.note for hit in hits if hit.articulation not in ARTICULATION_BY_NAME}


def read_card(path: Path) -> dict:
    """What a kit's file says of it.

    Raises
    ------
    KitError
        Where it cannot be read.
    """
    from ..kits.kit import read_kit

    kit = read_kit(path)
    card = {"name": path.stem, "made": kit.made, "source": kit.source, "model": kit.model, "only": kit.only}
    return card | {"sounds": [asdict(sound_of(sound)) for sound in kit.sounds]}


def sound_of(sound: "KitSound") -> Sound:
    """How well a sound of a kit was learned."""
    figures = float(sound.precision), float(sound.recall)
    return Sound(sound.name, sound.note, sound.samples, *figures, list(sound.mistaken_for))
