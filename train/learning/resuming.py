"""What a checkpoint was made of, and what follows for another run: nothing to do, go on, or start anew.

A checkpoint holds the settings that its weights depend on, and a digest of the sound. A model of samples is trained in
minutes: if either has changed, it starts anew, and the old checkpoint is set aside. A network of rendered passages,
which takes days, goes on, and what has changed is reported.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, is_dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any, cast

from drumscribe.errors import DrumscribeError

from ..experiment import Experiment
from .checkpoints import CHECKPOINT, load_checkpoint, read_recipe
from .curves import CURVES
from .logs import LINES, TENSORBOARD
from .validation import BEST

DATA = "data"
"""Key of the digest of the sound."""
BEFORE = "checkpoint.before.npz"
"""A checkpoint that was set aside."""

_SECTIONS = ("spectrogram", "network", "fit")
_OF_WINDOWS = ("samples", "input", "augment")
_OF_PASSAGES, _OF_SEQUENCES = ("corpus",), ("corpus", "samples", "sequences", "augment")
_WITHOUT_EFFECT = frozenset(
    {"fit.steps", "fit.checkpoint_seconds", "samples.held_out_per_class", "samples.notes", "corpus.sound"}
    | {"corpus.recorded", "corpus.validation_clips"}
)
"""Settings that may change without a new start: the weights of a step do not depend on them."""
_DEFAULTS = {name: asdict(cast(Any, table)) for name, table in vars(Experiment("")).items() if is_dataclass(table)}
_NAMED = 3
"""So many changes are named."""


def recipe_of(experiment: Experiment, data: str) -> dict[str, Any]:
    """Collect what the weights of a step depend on.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    data : str
        Digest of the sound.

    Returns
    -------
    dict[str, Any]
        Values by name, such as ``fit.seed``, as JSON gives them back; the digest is `DATA`.
    """
    settings = asdict(experiment)
    of_passages = _OF_SEQUENCES if experiment.learns_from_samples else _OF_PASSAGES
    sections = (*_SECTIONS, *(of_passages if experiment.is_passage else _OF_WINDOWS))
    flat = {f"{name}.{key}": value for name in sections for key, value in settings[name].items()}
    kept = {key: value for key, value in flat.items() if key not in _WITHOUT_EFFECT}
    return json.loads(json.dumps(kept | {"input.kind": experiment.input.kind, DATA: data}))


def changes(before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Yield what differs between two recipes, in words; a setting that was not known before had its default.

    Parameters
    ----------
    before, now : dict[str, Any]
        The recipes, see `recipe_of`.

    Yields
    ------
    str
        A setting and its values, or that samples differ.
    """
    defaults = {f"{name}.{key}": value for name, table in _DEFAULTS.items() for key, value in table.items()}
    before = json.loads(json.dumps(defaults)) | before
    for key in sorted(now.keys(), key=lambda key: (key != DATA, key)):
        old, new = before.get(key), now.get(key)
        if old != new:
            yield "the samples" if key == DATA else f"{key} (was {old}, is {new})"


def resume(network: Any, experiment: Experiment, folder: Path, data: str, report: Callable[[str], None]) -> int:
    """Load the newest checkpoint if it is of this experiment and this sound; report what is done, and why.

    Parameters
    ----------
    network : keras.Model
        The network, changed in place.
    experiment : Experiment
        The experiment.
    folder : Path
        Folder of the checkpoint.
    data : str
        Digest of the sound.
    report : Callable[[str], None]
        Receives a line.

    Returns
    -------
    int
        Number of the next step.

    Raises
    ------
    DrumscribeError
        If the checkpoint is damaged, or of another network of passages.
    """
    steps, path = experiment.fit.steps, folder / CHECKPOINT
    if not path.exists():
        report(f"{experiment.name}: training from the start, {steps} steps")
        return 0
    done, known = read_recipe(path)
    differing = list(changes(known, recipe_of(experiment, data))) if known else []
    if experiment.learns_from_samples and (differing or done > steps):
        _set_aside(folder)
        reason = _listed(differing) if differing else f"fit.steps (it has {done} steps)"
        report(f"{experiment.name}: starting anew, {steps} steps; changed since: {reason}. The old one is {BEFORE}")
        return 0
    step = load_checkpoint(network, folder)
    but = f", although changed since: {_listed(differing)}" if differing else ""
    if step >= steps:
        report(f"{experiment.name}: nothing to do: {path} has {step} of {steps} steps{but}")
    else:
        report(f"{experiment.name}: going on from step {step} of {steps}{but}")
    return step


def check_settings(experiment: Experiment, folder: Path) -> None:
    """Check that a checkpoint of samples was trained with the settings of an experiment.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    folder : Path
        Folder of the checkpoint.

    Raises
    ------
    DrumscribeError
        If it was not.
    """
    path = folder / CHECKPOINT
    if not experiment.learns_from_samples or not path.exists():
        return
    _, known = read_recipe(path)
    differing = list(changes(known, recipe_of(experiment, known[DATA]))) if known else []
    if differing:
        raise DrumscribeError(
            f"{path}: trained with other settings: {_listed(differing)}; run drumscribe-train fit, or give the "
            "experiment another name"
        )


def check_data(folder: Path, data: str) -> None:
    """Check that a checkpoint was trained on these samples, so that none of those held out was trained on.

    Parameters
    ----------
    folder : Path
        Folder of the checkpoint.
    data : str
        Digest of the sound.

    Raises
    ------
    DrumscribeError
        If it was trained on others.
    """
    path = folder / CHECKPOINT
    _, known = read_recipe(path)
    if known and DATA in known and known[DATA] != data:
        raise DrumscribeError(f"{path}: trained on other samples than these; run drumscribe-train fit")


def _listed(differing: list[str]) -> str:
    more = f" and {len(differing) - _NAMED} more" if len(differing) > _NAMED else ""
    return ", ".join(differing[:_NAMED]) + more


def _set_aside(folder: Path) -> None:
    (folder / CHECKPOINT).replace(folder / BEFORE)
    for name in (LINES, BEST, CURVES):
        (folder / name).unlink(missing_ok=True)
    rmtree(folder / TENSORBOARD, ignore_errors=True)
