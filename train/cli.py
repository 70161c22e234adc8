"""``drumscribe-train``: the commands that make the models."""

import logging
import os
from pathlib import Path

import click

from drumscribe.errors import DrumscribeError

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
@_with_places
def release(experiment: Path, data: Path, cache: Path, models: Path) -> None:
    """Calibrate the newest checkpoint and write the model files."""
    from . import make

    make.release(_read(experiment), _places(data, cache, models), click.echo)


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
