"""From an experiment to model files, of passages and windows alike: resume from the last checkpoint, convert.

Everything that can be made again from its seeds is kept in a cache, and every step can be stopped at any moment.
"""

import json
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from drumscribe.errors import DrumscribeError
from drumscribe.finetune.background import place_of as background_place
from drumscribe.network.model_card import ModelInfo
from drumscribe.network.model_file import load_model_info

from .costs import costs_of
from .decisions.passages import training_batches
from .decisions.validation import PassageValidation, WindowValidation
from .experiment import Experiment
from .features.batches import WindowBatches
from .features.strokes import StrokeBook
from .files import open_whole
from .learning.averaging import average_weights
from .learning.checkpoints import CHECKPOINT, load_checkpoint, load_seed, read_recipe, save_checkpoint, save_seed
from .learning.convert import KINDS, Conversion, convert_checked
from .learning.curves import draw_curves
from .learning.fit import build_trainee, fit
from .learning.growth import begin_partly, begin_with
from .learning.resuming import check_data, check_settings, recipe_of
from .measuring import measure_passages, measure_windows
from .networks.formulations import FORMULATIONS
from .places import Places
from .progress import Progress
from .rendering.corpus import render_corpora
from .sound import digest_of, open_book, with_sound

BACKGROUND_CLIPS = 70
"""Rendered to choose the moments from that kits learn from."""
SHIPPED = ("float32", "float16", "dynamic", "int8")
"""The kinds of model file that are shipped; of a model for streams only the last, which is fast enough for them."""


def render(experiment: Experiment, places: Places, jobs: int, report: Callable[[str], None] = print) -> None:
    """Render the missing shards of the training and validation corpora.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    places : Places
        The folders.
    jobs : int
        Number of processes.
    report : Callable[[str], None], optional
        Receives a line per shard.
    """
    if experiment.corpus.source == "sequences":
        with_sound(experiment, places, report)
        return
    for name in ("oneshots", "grooves", "backing"):
        if not (places.data / name).is_dir():
            raise DrumscribeError(f"{places.data}: no folder {name} in it; give the training data with --data")
    plans = (*experiment.training(), *experiment.validation(), *experiment.deciding())
    for path in render_corpora(plans, places.data, places.cache, experiment.spectrogram, jobs):
        report(f"rendered {path.parent.name}/{path.name}")


def train(
    experiment: Experiment, places: Places, report: Callable[[str], None] = print, progress: Progress | None = None
) -> None:
    """Train from the newest checkpoint to the experiment's last step, and keep a compact copy of a network of passages.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    places : Places
        The folders.
    report : Callable[[str], None], optional
        Receives lines.
    progress : Progress, optional
        Receives every step.
    """
    validation: WindowValidation | PassageValidation | None
    folder, seed = places.run(experiment), places.seed(experiment)
    if not experiment.is_passage:
        book = StrokeBook(experiment, places.data, places.cache, report)
        windows = book.training_windows()
        batches = WindowBatches(windows, experiment.augment, experiment.fit.seed, experiment.fit.clips)
        validation = WindowValidation(book, FORMULATIONS[experiment.network.formulation])
        fit(
            experiment,
            batches,
            folder,
            report,
            book.digest,
            validation,
            progress,
            _beginning(experiment, places, report),
        )
        draw_curves(folder)
        return
    experiment = with_sound(experiment, places, report)
    data = digest_of(experiment)
    if experiment.learns_from_samples:
        begin = _beginning(experiment, places, report)
        passages = training_batches(experiment, places.cache)
        fit(experiment, passages, folder, report, data, _validation(experiment, places), progress, begin)
        draw_curves(folder)
        return
    if not (folder / CHECKPOINT).exists() and seed.exists():
        network = build_trainee(experiment)
        save_checkpoint(network, load_seed(network, seed), folder, recipe_of(experiment, data))
        report(f"going on from {seed}")
    elif experiment.fit.start and not (folder / CHECKPOINT).exists():
        start = places.models / f"{experiment.fit.start}.checkpoint.npz"
        network = build_trainee(experiment)
        begin_with(network, start)
        save_checkpoint(network, 0, folder, recipe_of(experiment, data))
        report(f"beginning with the weights of {start}")
    passages, validation = training_batches(experiment, places.cache), _validation(experiment, places)
    network = fit(experiment, passages, folder, report, data, validation, progress)
    save_seed(network, load_checkpoint(network, folder), seed)


def _validation(experiment: Experiment, places: Places) -> PassageValidation | None:
    """Open the held-out passages to measure on in training, if that is asked for."""
    return PassageValidation(experiment, places.cache) if experiment.fit.validate_steps else None


def _beginning(experiment: Experiment, places: Places, report: Callable[[str], None]) -> Callable[[Any], None] | None:
    """Make what loads the weights that training on samples starts from, if there are any."""
    start = experiment.fit.start
    if not start:
        return None
    own = places.cache / "runs" / start / CHECKPOINT
    path = own if own.exists() else places.models / f"{start}.checkpoint.npz"

    def begin(network: Any) -> None:
        taken = begin_partly(network, path)
        report(f"beginning with {taken} of {len(network.variables)} arrays of {path}")

    return begin


def average(
    experiment: Experiment, places: Places, others: Sequence[Path], report: Callable[[str], None] = print
) -> None:
    """Make the newest checkpoint the mean of itself and others; training would resume from there.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    places : Places
        The folders.
    others : Sequence[Path]
        Shipped checkpoints.
    report : Callable[[str], None], optional
        Receives the result.
    """
    network, step = trained(experiment, places)
    newest = places.run(experiment) / CHECKPOINT
    recipe = read_recipe(newest)[1] if newest.exists() else None
    read = begin_with if experiment.fit.start else load_seed
    average_weights(network, build_trainee(experiment), read, others)
    save_checkpoint(network, step, places.run(experiment), recipe)
    save_seed(network, step, places.seed(experiment))
    report(f"the mean of {1 + len(others)} checkpoints is in {places.seed(experiment)}")


def trained(experiment: Experiment, places: Places) -> tuple[Any, int]:
    """Load the network of the newest checkpoint, or else of the shipped one.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    places : Places
        The folders.

    Returns
    -------
    tuple[keras.Model, int]
        The network and its step.

    Raises
    ------
    DrumscribeError
        If there is none, or it was trained with other settings.
    """
    network, seed = build_trainee(experiment), places.seed(experiment)
    check_settings(experiment, places.run(experiment))
    step = load_checkpoint(network, places.run(experiment))
    if step == 0 and not experiment.learns_from_samples and seed.exists():
        return network, load_seed(network, seed)
    if step == 0:
        raise DrumscribeError(f"{places.run(experiment)}: no checkpoint; run drumscribe-train fit")
    return network, step


def convert(
    experiment: Experiment, places: Places, folder: Path, report: Callable[[str], None] = print
) -> tuple[Conversion, ...]:
    """Measure the newest checkpoint and write it as model files of every kind, with a card.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    places : Places
        The folders.
    folder : Path
        The folder to write to.
    report : Callable[[str], None], optional
        Receives progress.

    Returns
    -------
    tuple[Conversion, ...]
        The result of each kind.
    """
    return _convert(experiment, places, folder, KINDS, report)


def release(
    experiment: Experiment,
    places: Places,
    report: Callable[[str], None] = print,
    earlier: Path | None = None,
) -> None:
    """Measure the newest checkpoint and write the model files that are shipped, with their card.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    places : Places
        The folders.
    report : Callable[[str], None], optional
        Receives progress.
    earlier : Path, optional
        A model file whose weights of evidence are averaged with those that are learned.

    Raises
    ------
    DrumscribeError
        If one of them cannot be made.
    """
    if earlier is not None and (not experiment.is_passage or experiment.live.window):
        raise DrumscribeError(f"{experiment.name}: only models of whole recordings are averaged with {earlier}")
    before = load_model_info(earlier) if earlier is not None else None
    kinds = SHIPPED[-1:] if experiment.live.window else SHIPPED
    refused = [c for c in _convert(experiment, places, places.models, kinds, report, before) if c.reason]
    if refused:
        raise DrumscribeError(f"{experiment.name} cannot be released: {refused[0]}")
    if experiment.is_passage:
        background(experiment, places, report)


def background(experiment: Experiment, places: Places, report: Callable[[str], None] = print) -> None:
    """Write moments of other music beside the shipped model, as counterexamples for kits.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    places : Places
        The folders.
    report : Callable[[str], None], optional
        Receives progress.
    """
    from .decisions.background import make_background
    from .rendering.clips import Studio

    model = places.models / f"{experiment.name}.{SHIPPED[-1]}.tflite"
    if not load_model_info(model).embedding:
        report(f"{model}: gives no embedding; kits cannot be made for it")
        return
    studio = Studio(places.data, places.cache, "train")
    clips = min(BACKGROUND_CLIPS, experiment.corpus.clips)
    make_background(model, studio, clips, background_place(model), report)


def _convert(
    experiment: Experiment,
    places: Places,
    folder: Path,
    kinds: tuple[str, ...],
    report: Callable[[str], None],
    earlier: ModelInfo | None = None,
) -> tuple[Conversion, ...]:
    network, step = trained(experiment, places)
    experiment = with_sound(experiment, places, report)
    if experiment.is_passage:
        if experiment.learns_from_samples:
            check_data(places.run(experiment), digest_of(experiment))
        measured = measure_passages(experiment, network, places.cache, report, earlier)
    else:
        measured = measure_windows(experiment, network, open_book(experiment, places, report), report)
    conversions = convert_checked(
        experiment, network, kinds, measured.examples, measured.held_out, measured.write, folder
    )
    for conversion in conversions:
        report(f"mean deviation: {conversion}")
    card = {
        "experiment": asdict(experiment),
        "step": step,
        "costs": asdict(costs_of(experiment)),
        "held_out": measured.results,
        "deviation": {c.kind: c.deviation for c in conversions if not c.reason},
        "refused": {c.kind: c.reason for c in conversions if c.reason},
        "data": measured.data,
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("drumscribe", "numpy", "tensorflow", "keras")},
        "credits": measured.credits,
    }
    if earlier is not None:
        card["weights_of_evidence"] = f"the mean of those learned and those of {earlier.name} {earlier.version}"
    with open_whole(folder / f"{experiment.name}.json") as file:
        file.write((json.dumps(card, indent=1) + "\n").encode())
    return conversions
