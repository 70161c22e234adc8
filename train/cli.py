"""``drumscribe-train``: the commands that make the models."""

import json
import logging
import os
from pathlib import Path

import click

from drumscribe.errors import DrumscribeError

_MODEL = click.argument("model", type=click.Path(path_type=Path, dir_okay=False))
_EXPERIMENT = click.argument("experiment", type=click.Path(path_type=Path, dir_okay=False))


class _Reporting(click.Group):
    """A group whose commands end a user's mistake with one line."""

    def invoke(self, ctx: click.Context):
        try:
            return super().invoke(ctx)
        except DrumscribeError as error:
            raise click.ClickException(str(error)) from None
        except ImportError as error:
            hint = "training needs more packages; pip install 'drumscribe[train]'"
            raise click.ClickException(f"{error.name} is not installed: {hint}") from None


def _places(data: Path, cache: Path, models: Path):
    from .make import Places

    return Places(data, cache, models)


def _with_places(command):
    for option in (
        click.option(
            "--models", type=click.Path(path_type=Path), default="models", show_default=True, help="what is shipped"
        ),
        click.option("--cache", type=click.Path(path_type=Path), required=True, help="what can be made again"),
        click.option("--data", type=click.Path(path_type=Path), required=True, help="one-shots, grooves and backing"),
    ):
        command = option(command)
    return command


def _to_stderr(line: str) -> None:
    click.echo(line, err=True)


def _read(path: Path):
    from .experiment import read_experiment

    return read_experiment(path)


@click.group(cls=_Reporting)
def main() -> None:
    """Make drumscribe's models: render a corpus, train a network, convert it.

    EXPERIMENT is a TOML file such as train/base.toml.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.getLogger("absl").setLevel(logging.ERROR)


@main.command()
@_EXPERIMENT
@_with_places
@click.option("--jobs", default=1, show_default=True, help="processes")
def render(experiment: Path, data: Path, cache: Path, models: Path, jobs: int) -> None:
    """Render the sound to train on, as far as it is missing."""
    from . import make

    make.render(_read(experiment), _places(data, cache, models), jobs, click.echo)


@main.command()
@_EXPERIMENT
@_with_places
def fit(experiment: Path, data: Path, cache: Path, models: Path) -> None:
    """Train from the newest checkpoint to the experiment's last step; stop it at any moment and call it again."""
    from . import make

    make.train(_read(experiment), _places(data, cache, models), click.echo)


@main.command()
@_EXPERIMENT
@click.argument("checkpoints", type=click.Path(path_type=Path, dir_okay=False), nargs=-1, required=True)
@_with_places
def average(experiment: Path, checkpoints: tuple[Path, ...], data: Path, cache: Path, models: Path) -> None:
    """Make the newest checkpoint the mean of itself and earlier CHECKPOINTS (NAME.checkpoint.npz).

    They are of its run, or of the narrower network that it began with.
    """
    from . import make

    make.average(_read(experiment), _places(data, cache, models), checkpoints, click.echo)


@main.command()
@_EXPERIMENT
@_with_places
def release(experiment: Path, data: Path, cache: Path, models: Path) -> None:
    """Calibrate the newest checkpoint and write the model files."""
    from . import make

    make.release(_read(experiment), _places(data, cache, models), click.echo)


@main.command()
@_EXPERIMENT
@_with_places
def background(experiment: Path, data: Path, cache: Path, models: Path) -> None:
    """Write what kits learn to hold a player's sounds against, beside the model files; release does so, too."""
    from . import make

    make.background(_read(experiment), _places(data, cache, models), click.echo)


@main.command()
@_EXPERIMENT
@_with_places
def convert(experiment: Path, data: Path, cache: Path, models: Path) -> None:
    """Write the newest checkpoint as model files of every kind, in the cache beside it."""
    from . import make

    settings, places = _read(experiment), _places(data, cache, models)
    make.convert(settings, places, click.echo)
    click.echo(f"in {places.run(settings)}")


@main.command()
@_MODEL
@_with_places
@click.option("--json", "as_json", is_flag=True, help="for programs")
def evaluate(model: Path, data: Path, cache: Path, models: Path, as_json: bool) -> None:
    """Measure a model on held-out sound: accuracy, F, calibration, confusions.

    MODEL is an experiment, whose newest checkpoint is taken, or a model file.
    """
    from . import apply

    measured = apply.evaluate_model(model, _places(data, cache, models), _to_stderr)
    click.echo(json.dumps(apply.as_json(measured), indent=1) if as_json else "\n".join(apply.as_lines(measured)))


@main.command()
@_MODEL
@click.argument("recordings", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--cache", type=click.Path(path_type=Path), default=".", help="where the checkpoint of an experiment is")
@click.option("--every-onset", is_flag=True, help="a window at every onset, not only at the attack of one stroke")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="a file to write, instead of the output")
def predict(model: Path, recordings: tuple[Path, ...], cache: Path, every_onset: bool, out: Path | None) -> None:
    """Say what is struck in RECORDINGS, files or folders: a table of file, time, class and probability.

    MODEL is an experiment, whose newest checkpoint is taken, or a model file.
    """
    from . import apply
    from .decisions.predictors import recordings_in

    predict_one = apply.open_predictor(model, _places(Path(), cache, Path()), every_onset)
    rows, failed = [], 0
    for path in recordings_in(recordings):
        try:
            rows += predict_one(path)
        except DrumscribeError as error:
            failed += 1
            _to_stderr(f"Error: {error}")
    apply.write_predictions(rows, out)
    if failed:
        raise DrumscribeError(f"{failed} of {len(recordings_in(recordings))} recordings could not be read")


@main.command()
@_EXPERIMENT
def families(experiment: Path) -> None:
    """Say what each family of networks would cost in an experiment."""
    from .networks.costs import compare_families

    for line in compare_families(_read(experiment)):
        click.echo(line)


@main.command(name="all")
@_EXPERIMENT
@_with_places
@click.option("--jobs", default=1, show_default=True, help="processes that render")
def everything(experiment: Path, data: Path, cache: Path, models: Path, jobs: int) -> None:
    """Render, train and release: call it again after a stop, and it goes on."""
    from . import make

    settings, places = _read(experiment), _places(data, cache, models)
    make.render(settings, places, jobs, click.echo)
    make.train(settings, places, click.echo)
    make.release(settings, places, click.echo)


@main.command()
@click.option("--samples", type=click.Path(path_type=Path), help="a folder of one-shots, named or with a manifest.csv")
@click.option("--data", type=click.Path(path_type=Path), help="a folder with oneshots, grooves and backing")
@click.option("--index", type=click.Path(path_type=Path), help="write each one-shot and its label to this CSV file")
def data(samples: Path | None, data: Path | None, index: Path | None) -> None:
    """Check what there is to train on, and tell where the public gets such.

    One-shots are labelled by the names of folders and files (kick/, Snare_03.wav, CH 2.wav), or by a manifest. Names
    that may mean several drums, or none, are listed, as are files that cannot be used. Ends with an error if nothing
    can be trained on what is there.
    """
    from .data.inventory import inspect

    inspect(samples, data, index)


@main.command()
@click.argument("kind", type=click.Choice(("sequences", "performances")))
@click.option("--samples", type=click.Path(path_type=Path), help="of sequences: a folder of one-shots")
@click.option("--data", type=click.Path(path_type=Path), help="of performances: one-shots, grooves and backing")
@click.option("--cache", type=click.Path(path_type=Path), help="of performances: what can be made again")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="where to write")
@click.option("--split", help="of one-shots and grooves, as the manifest says")
@click.option("--clips", default=5, show_default=True, type=click.IntRange(min=1))
@click.option("--seconds", default=12.0, show_default=True, type=click.FloatRange(min=1.0), help="of each clip")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(min=0))
def synth(kind, samples, data, cache, out, split, clips, seconds, seed) -> None:
    """Write labelled clips to listen to: a wav file each, and a CSV file of what is played.

    Sequences are one-shots one after the other, with silences between them; performances are grooves played on whole
    kits, with accompaniment, as models are trained on.
    """
    from .features.streams import ClipPlan, PerformanceSource
    from .listening import write_clips
    from .rendering.sequences import SequenceSource

    if kind == "sequences":
        if samples is None:
            raise click.UsageError("sequences need --samples")
        source = SequenceSource(samples, split)
    else:
        if data is None or cache is None:
            raise click.UsageError("performances need --data and --cache")
        source = PerformanceSource(data, cache, split or "train")
    write_clips(ClipPlan(source, seed, clips, seconds), out, click.echo)


@main.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="one-shots, or a folder with oneshots")
@click.option("--cache", type=click.Path(path_type=Path), required=True, help="what can be made again")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="records, tables and pictures")
@click.option("--bench", type=click.Path(path_type=Path), help="real recordings to measure on (mdb and egmd)")
@click.option("--reduced", is_flag=True, help="a little of everything, to see that it runs")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(min=1), help="processes")
def study(data: Path, cache: Path, out: Path, bench: Path | None, reduced: bool, jobs: int) -> None:
    """Compare formulations, families, augmentations and windows; train/study/README.md says what came of it.

    Stop it at any moment and call it again: what was measured is not measured again.
    """
    from .study.cells import full_plan, reduced_plan
    from .study.conduct import conduct
    from .study.training import Laboratory

    plan = reduced_plan() if reduced else full_plan()
    conduct(plan, Laboratory(plan.base, data, cache), bench, out, jobs, click.echo)
