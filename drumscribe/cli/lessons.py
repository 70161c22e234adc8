"""What commands that learn kits share: a lesson is learned, printed, and written."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.table import Table

    from ..finetune.lesson import Lesson
    from ..finetune.naming import Naming
    from ..finetune.samples import SoundSamples
    from ..kits.kit import Kit


def model_of(kit: "Kit") -> Path:
    """Return the file of the model, of the same name as that which a kit was made for.

    Parameters
    ----------
    kit : Kit
        The kit.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    KitError
        If there is none.
    """
    from ..errors import DrumscribeError
    from ..kits.kit import KitError
    from ..network.model_file import model_file

    name = kit.model.split(" ")[0]
    try:
        return model_file(name)
    except DrumscribeError:
        raise KitError(
            f"the kit {kit.name} was made for the model {name}, which is not bundled: recreate it with "
            "drumscribe finetune --model"
        ) from None


def learn_and_write(
    sounds: "Sequence[SoundSamples]",
    naming: "Naming",
    model: Path,
    path: Path,
    called: str,
    keep: bool,
    left: "Sequence[SoundSamples]" = (),
) -> None:
    """Learn a kit from samples, print what was learned, and write it.

    Parameters
    ----------
    sounds : sequence of SoundSamples
        Those of each sound.
    naming : Naming
        The names of the kit and its sounds.
    model : Path
        The model to learn on.
    path : Path
        The file of the kit.
    called : str
        What the kit is called on the command line.
    keep : bool
        Whether to keep the samples beside it.
    left : sequence of SoundSamples, optional
        Further sounds, that are left to the model.

    Raises
    ------
    KitError
        If it would do worse than the model alone, or cannot be written.
    """
    from ..finetune.background import load_background
    from ..finetune.keeping import keep_samples
    from ..finetune.learners import open_learner
    from ..finetune.lesson import learn

    learner = open_learner(model)
    lesson = learn(sounds, learner, load_background(model, learner.info), naming)
    lesson = replace(lesson, samples=(*lesson.samples, *left))
    write_lesson(lesson, path, called, live=bool(learner.info.look_aheads))
    if keep:
        click.echo(f"kept its samples in {keep_samples(sounds, learner.info.spectrogram.rate, path)}")


def write_lesson(lesson: "Lesson", path: Path, called: str, live: bool = False) -> None:
    """Print what was learned, and write the kit.

    Parameters
    ----------
    lesson : Lesson
        What was learned.
    path : Path
        The file of the kit.
    called : str
        What the kit is called on the command line.
    live : bool
        Whether it is for streams.

    Raises
    ------
    KitError
        If it would do worse than the model alone, or cannot be written.
    """
    from ..files import quoted
    from ..finetune.report import verdict_of
    from ..kits.kit import KitError, write_kit

    _print_lesson(lesson)
    if not lesson.worthwhile:
        raise KitError(verdict_of(lesson))
    write_kit(lesson.kit, path)
    use = "live" if live else "transcribe SONGS"
    click.echo(f"wrote {path}\nnext: drumscribe {use} --kit {quoted(called)}")


def _print_lesson(lesson: "Lesson") -> None:
    from rich.console import Console

    from ..finetune.report import notes_of, summary_of

    console = Console(highlight=False, markup=False)
    console.print(table_of(lesson.kit))
    console.print(summary_of(lesson), soft_wrap=True)
    for note in notes_of(lesson):
        console.print(note, soft_wrap=True)


def table_of(kit: "Kit") -> "Table":
    """Return the sounds of a kit as a table for a terminal.

    Parameters
    ----------
    kit : Kit
        The kit.

    Returns
    -------
    Table
        A row for each sound.
    """
    from rich.table import Table

    table = Table("sound", "note")
    for column in ("samples", "precision", "recall"):
        table.add_column(column, justify="right")
    for sound in kit.sounds:
        figures = f"{sound.precision:.2f}", f"{sound.recall:.2f}"
        table.add_row(sound.name, str(sound.note), str(sound.samples), *figures)
    return table
