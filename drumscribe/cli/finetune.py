"""`drumscribe finetune`."""

from pathlib import Path

import click

from .group import before_work

_FOLDER = click.Path(path_type=Path)


class _Note(click.ParamType):
    name = "SOUND=NUMBER"

    def convert(self, value, param, ctx) -> tuple[str, int]:
        sound, _, number = str(value).rpartition("=")
        if not sound or not number.isdigit() or int(number) > 127:
            self.fail(f"{value!r}: write it like stomp=35, the number from 0 to 127", param, ctx)
        return sound.strip().lower(), int(number)


@click.command("finetune")
@click.option("--samples", type=_FOLDER, metavar="DIR", help="A folder of samples, or of a folder for each sound.")
@click.option("--as", "named", metavar="SOUND", help="What all the samples are, whatever their names say.")
@click.option("--from-take", "take", type=_FOLDER, metavar="FILE", help="Learn from a recording ...")
@click.option("--labels", type=_FOLDER, metavar="FILE", help="... and its corrected transcription (.mid or .json).")
@click.option("--name", default="mine", show_default=True, help="What the kit is called; or a file that ends in .kit.")
@click.option("--note", "notes", type=_Note(), multiple=True, help="The MIDI note of a sound. Can be repeated.")
@click.option("--only", is_flag=True, help="Hear nothing but these sounds: for tapping, humming, beatboxing.")
@click.option("--live", is_flag=True, help="Learn for live --kit NAME and serve --kit NAME, instead of transcribe.")
@click.option("--model", "-m", type=_FOLDER, metavar="NAME|FILE", help="Another model than the default.")
def command(samples, named, take, labels, name, notes, only, live, model) -> None:
    """Learn a player's own sounds from a handful of samples, for transcribe --kit NAME.

    Samples are single strokes, or recordings of strokes of one sound with rests between them, which are cut. Names of
    folders say what they are: kick/, snare/, hat/, or any names of your own, which become instruments. Without folders
    in it, DIR is one sound, or the files say what they are. 3 samples of each sound are the least, 10 are plenty.

    With --from-take, fix the hits in the MIDI of one recording of a session, and the next will be heard better.

    The exit code is 1, and no kit is written, where it would be worse than none.
    """
    from ..batch.workers import one_thread

    with one_thread():  # before numpy is loaded, which reads this once
        _finetune(samples, named, take, labels, name, dict(notes), only, live, model)


def _finetune(samples, named, take, labels, name, notes, only, live, model) -> None:
    from ..batch.workers import native_chatter_dropped
    from ..classifier import DEFAULT_LIVE, model_file
    from ..kits import library
    from ..kits.background import load_background
    from ..kits.kit import KitError, check_name, write_kit
    from ..kits.learners import open_learner
    from ..kits.learning import Naming, learn
    from ..kits.report import verdict_of
    from ..kits.samples import check_enough, find_samples, read_samples
    from ..kits.takes import learn_from_take

    with before_work():
        if (samples is None) == (take is None) or (take is None) != (labels is None):
            raise KitError("give either --samples, or --from-take and --labels")
        if named is not None and samples is None:
            raise KitError("--as says what --samples are; labels say it themselves")
        if live and model is not None:
            raise KitError("--live takes the model for streams; with --model, that file says what it is for")
        path = library.place_of(name)
        called = check_name(path.stem)
    if samples is not None:
        sounds = [read_samples(sound, paths) for sound, paths in find_samples(samples, named).items()]
        check_enough(sounds)
    with native_chatter_dropped():
        model = model_file(DEFAULT_LIVE if live else model)
        learner = open_learner(model)
        background = load_background(model, learner.info)
        if samples is not None:
            lesson = learn(sounds, learner, background, Naming(called, Path(samples).resolve().name, notes, only))
        else:
            lesson = learn_from_take(take, labels, learner, background, Naming(called, take.name, notes, only))
    _tell(lesson)
    if not lesson.worthwhile:
        raise KitError(verdict_of(lesson))
    write_kit(lesson.kit, path)
    use = "live" if learner.info.look_aheads else "transcribe SONGS"
    click.echo(f"{path}: drumscribe {use} --kit {name}")


def _tell(lesson) -> None:
    from rich.console import Console

    from ..kits.report import notes_of, summary_of
    from .kits import table_of

    console = Console(highlight=False, markup=False)
    console.print(table_of(lesson.kit))
    console.print(summary_of(lesson), soft_wrap=True)
    for note in notes_of(lesson):
        console.print(note, soft_wrap=True)
