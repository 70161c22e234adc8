"""``drumscribe-train``: the commands that make the models."""

import json
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from drumscribe.errors import DrumscribeError
from drumscribe.runtime import one_thread

if TYPE_CHECKING:
    from .experiment import Experiment
    from .places import Places


def _bundled(ctx: click.Context, parameter: click.Parameter, path: Path) -> Path:
    """Find the experiment of a name: ``strokes`` is the bundled strokes.toml, if there is no such file here."""
    if path.suffix or len(path.parts) > 1 or path.exists():
        return path
    bundled = Path(__file__).with_name(f"{path}.toml")
    if not bundled.exists():
        names = ", ".join(sorted(file.stem for file in Path(__file__).parent.glob("*.toml")))
        raise click.UsageError(f"{path}: no such file, and no bundled experiment of that name ({names})")
    return bundled


_FILE = click.Path(path_type=Path, dir_okay=False)
_MODEL = click.argument("model", type=_FILE, callback=_bundled)
_EXPERIMENT = click.argument("experiment", type=_FILE, callback=_bundled)


class _Reporting(click.Group):
    """A group whose commands report a user's mistake in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DrumscribeError as error:
            raise click.ClickException(str(error)) from None
        except ImportError as error:
            hint = 'training needs more packages; pip install "drumscribe[train]"'
            raise click.ClickException(f"{error.name} is not installed: {hint}") from None


def _places(data: Path, cache: Path, models: Path) -> "Places":
    from .places import Places

    return Places(data, cache, models)


def _with_places(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--models", type=click.Path(path_type=Path), default="models", show_default=True, help="shipped models"
        ),
        click.option("--cache", type=click.Path(path_type=Path), required=True, help="files that can be made again"),
        click.option(
            *("--data", "--samples", "data"),
            type=click.Path(path_type=Path),
            required=True,
            help="one-shots, grooves and backing, or a folder of samples",
        ),
    ):
        command = option(command)
    return command


def _to_stderr(line: str) -> None:
    click.echo(line, err=True)


def _read(path: Path) -> "Experiment":
    from .experiment import read_experiment

    return read_experiment(path)


@click.group(cls=_Reporting)
@click.pass_context
def main(context: click.Context) -> None:
    """Make drumscribe's models: render a corpus, train a network, convert it.

    EXPERIMENT is a TOML file, or the name of a bundled one, such as strokes or base.
    """
    context.with_resource(one_thread())  # of BLAS and the like; TensorFlow has threads of its own
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("absl").setLevel(logging.ERROR)


@main.command()
@_EXPERIMENT
@_with_places
@click.option("--jobs", default=1, show_default=True, help="processes")
def render(experiment: Path, data: Path, cache: Path, models: Path, jobs: int) -> None:
    """Render the missing part of the sound to train on."""
    from . import make

    make.render(_read(experiment), _places(data, cache, models), jobs, click.echo)


@main.command()
@_EXPERIMENT
@_with_places
@click.option("--steps", type=click.IntRange(min=1), help="end after so many  [default: as the experiment says]")
def fit(experiment: Path, data: Path, cache: Path, models: Path, steps: int | None) -> None:
    """Train from the newest checkpoint to the experiment's last step; a stopped run can be called again."""
    from . import make
    from .progress import shown

    settings = _read(experiment)
    if steps is not None:
        settings = replace(settings, fit=replace(settings.fit, steps=steps))
    with shown(settings.fit.steps) as progress:
        make.train(settings, _places(data, cache, models), click.echo, progress)


@main.command()
@_EXPERIMENT
@click.argument("checkpoints", type=click.Path(path_type=Path, dir_okay=False), nargs=-1, required=True)
@_with_places
def average(experiment: Path, checkpoints: tuple[Path, ...], data: Path, cache: Path, models: Path) -> None:
    """Make the newest checkpoint the mean of itself and earlier CHECKPOINTS (NAME.checkpoint.npz).

    They are of its run, or of the narrower network that it started from.
    """
    from . import make

    make.average(_read(experiment), _places(data, cache, models), checkpoints, click.echo)


@main.command()
@_EXPERIMENT
@_with_places
@click.option(
    "--mean-with",
    type=click.Path(path_type=Path, dir_okay=False),
    help="an earlier model file, whose weights of evidence are averaged with those learned now",
)
def release(experiment: Path, data: Path, cache: Path, models: Path, mean_with: Path | None) -> None:
    """Calibrate the newest checkpoint and write the model files."""
    from . import make

    make.release(_read(experiment), _places(data, cache, models), click.echo, mean_with)


@main.command()
@_EXPERIMENT
@_with_places
def background(experiment: Path, data: Path, cache: Path, models: Path) -> None:
    """Write the counterexamples for kits beside the model files; release does so, too."""
    from . import make

    make.background(_read(experiment), _places(data, cache, models), click.echo)


@main.command()
@_EXPERIMENT
@_with_places
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="a folder  [default: in the cache]")
def convert(experiment: Path, data: Path, cache: Path, models: Path, out: Path | None) -> None:
    """Write the newest checkpoint as model files of every kind, which drumscribe transcribe --model takes."""
    from . import make

    settings, places = _read(experiment), _places(data, cache, models)
    folder = out or places.run(settings)
    make.convert(settings, places, folder, click.echo)
    click.echo(f"in {folder}; drumscribe transcribe song.wav --model {folder / settings.name}.int8.tflite")


@main.command()
@_MODEL
@_with_places
@click.option("--json", "as_json", is_flag=True, help="for programs")
@click.option("--by-file", is_flag=True, help="the answer to each held-out file, the worst first, as CSV")
def evaluate(model: Path, data: Path, cache: Path, models: Path, as_json: bool, by_file: bool) -> None:
    """Measure a model on held-out sound: accuracy, F, calibration, confusions.

    MODEL is an experiment, whose newest checkpoint is used, or a model file.
    """
    from . import apply

    if by_file:
        apply.write_files(apply.evaluate_files(model, _places(data, cache, models), _to_stderr))
        return
    measured = apply.evaluate_model(model, _places(data, cache, models), _to_stderr)
    click.echo(json.dumps(apply.as_json(measured), indent=1) if as_json else "\n".join(apply.as_lines(measured)))


@main.command()
@_MODEL
@click.argument("recordings", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--cache", type=click.Path(path_type=Path), default=".", help="where the checkpoint of an experiment is")
@click.option("--every-onset", is_flag=True, help="a window at every onset, not only at the attack of one stroke")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="a file to write, instead of the output")
def predict(model: Path, recordings: tuple[Path, ...], cache: Path, every_onset: bool, out: Path | None) -> None:
    """Predict the strokes in RECORDINGS, files or folders: a table of file, time, class and probability.

    MODEL is an experiment, whose newest checkpoint is used, or a model file.
    """
    from . import apply
    from .decisions.predictors import recordings_in

    predict_one = apply.open_predictor(model, _places(Path(), cache, Path()), every_onset, _to_stderr)
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
    """Compare the costs of each family of networks in an experiment."""
    from .costs import compare_families

    for line in compare_families(_read(experiment)):
        click.echo(line)


@main.command(name="all")
@_EXPERIMENT
@_with_places
@click.option("--jobs", default=1, show_default=True, help="processes that render")
def everything(experiment: Path, data: Path, cache: Path, models: Path, jobs: int) -> None:
    """Render, train and release; a stopped run can be called again."""
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
    """Check training data, and list its public sources.

    One-shots are labelled by the names of folders and files (kick/, Snare_03.wav, CH 2.wav), or by a manifest. Names
    with several meanings, or none, are listed, as are files that cannot be used. Ends with an error if nothing can be
    trained on this data.
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
def synth(
    kind: str,
    samples: Path | None,
    data: Path | None,
    cache: Path | None,
    out: Path,
    split: str | None,
    clips: int,
    seconds: float,
    seed: int,
) -> None:
    """Write labelled clips to listen to: a wav file each, and a CSV file of the strokes.

    Sequences are one-shots one after the other, with silences between them; performances are grooves played on whole
    kits, with accompaniment, as models are trained on.
    """
    from .features.streams import ClipPlan, PerformanceSource
    from .listening import write_clips
    from .rendering.sequences import SequenceSource

    source: SequenceSource | PerformanceSource
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
@click.option("--sizes", "plan", flag_value="sizes", help="the number of one-shots only, up to 640 of each class")
@click.option("--reduced", "plan", flag_value="reduced", help="a little of everything, to see that it runs")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(min=1), help="processes")
def study(data: Path, cache: Path, out: Path, bench: Path | None, plan: str | None, jobs: int) -> None:
    """Compare formulations, families, augmentations and windows; train/study/README.md has the results.

    A stopped run can be called again: measured cells are not measured again.
    """
    from .study.cells import full_plan, reduced_plan, sizes_plan
    from .study.conduct import conduct
    from .study.training import Laboratory

    chosen = {"sizes": sizes_plan, "reduced": reduced_plan}.get(plan or "", full_plan)()
    conduct(chosen, Laboratory(chosen.base, data, cache), bench, out, jobs, click.echo)
