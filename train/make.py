"""From an experiment to model files, of passages and windows alike: train on from the last checkpoint, convert.

Whatever is made again each time from its seeds is kept in a cache, and everything can be stopped at any moment.
"""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from drumscribe.classifier import load_model_info
from drumscribe.errors import DrumscribeError
from drumscribe.kits.background import place_of as background_place

from .decisions.evaluation import Evaluation, evaluate
from .decisions.passages import CREDITS, calibrate, corpus_digests, passage_writer, training_batches
from .decisions.predictors import WindowPredictor, write_window_model
from .experiment import Experiment
from .features.batches import WindowBatches
from .features.strokes import StrokeBook
from .files import written_whole
from .learning.averaging import average_weights
from .learning.checkpoints import CHECKPOINT, load_checkpoint, load_seed, save_checkpoint, save_seed
from .learning.convert import KINDS, Conversion, convert_checked
from .learning.fit import build_trainee, fit
from .learning.growth import begin_with
from .networks.costs import costs_of
from .rendering.corpus import render_corpus

BACKGROUND_CLIPS = 70
"""Rendered to choose the moments from that kits learn from."""
SHIPPED = ("float32", "float16", "dynamic", "int8")
"""The kinds of model file that are shipped; of a model for streams only the last, which is fast enough for them."""
_EXAMPLES = 200
"""Windows that ranges for 8 bits are taken from, and on which model files are held against the network."""


@dataclass(frozen=True)
class Places:
    """Where things are: `data` is read, `cache` holds what can be made again, `models` what is shipped."""

    data: Path
    cache: Path
    models: Path

    def run(self, experiment: Experiment) -> Path:
        """The folder of an experiment's checkpoint, logs and unshipped model files."""
        return self.cache / "runs" / experiment.name

    def seed(self, experiment: Experiment) -> Path:
        """The shipped checkpoint of an experiment, from which training goes on where there is no newer one."""
        return self.models / f"{experiment.name}.checkpoint.npz"


def render(experiment: Experiment, places: Places, jobs: int, report=print) -> None:
    """Render the shards that are missing from the training and validation corpora."""
    for name in ("oneshots", "grooves", "backing"):
        if not (places.data / name).is_dir():
            raise DrumscribeError(f"{places.data}: no folder {name} in it; give the training data with --data")
    for plan in (*experiment.validation(), experiment.deciding(), *experiment.training()):
        for path in render_corpus(plan, places.data, places.cache, experiment.spectrogram, jobs):
            report(f"rendered {path.parent.name}/{path.name}")


def train(experiment: Experiment, places: Places, report=print) -> None:
    """Train from the newest checkpoint to the experiment's last step; keep a compact copy of one of passages."""
    folder, seed = places.run(experiment), places.seed(experiment)
    if not experiment.is_passage:
        book = StrokeBook(experiment, places.data, places.cache, report)
        batches = WindowBatches(book.training_windows(), experiment.augment, experiment.fit.seed, experiment.fit.clips)
        fit(experiment, batches, folder, report)
        return
    if not (folder / CHECKPOINT).exists() and seed.exists():
        network = build_trainee(experiment)
        save_checkpoint(network, load_seed(network, seed), folder)
        report(f"going on from {seed}")
    elif experiment.fit.start and not (folder / CHECKPOINT).exists():
        start = places.models / f"{experiment.fit.start}.checkpoint.npz"
        network = build_trainee(experiment)
        begin_with(network, start)
        save_checkpoint(network, 0, folder)
        report(f"beginning with the weights of {start}")
    network = fit(experiment, training_batches(experiment, places.cache), folder, report)
    save_seed(network, load_checkpoint(network, folder), seed)


def average(experiment: Experiment, places: Places, others: Sequence[Path], report=print) -> None:
    """Make the newest checkpoint the mean of itself and others; training would go on from there."""
    network, step = trained(experiment, places)
    read = begin_with if experiment.fit.start else load_seed
    average_weights(network, build_trainee(experiment), read, others)
    save_checkpoint(network, step, places.run(experiment))
    save_seed(network, step, places.seed(experiment))
    report(f"the mean of {1 + len(others)} checkpoints is in {places.seed(experiment)}")


def trained(experiment: Experiment, places: Places):
    """The network of the newest checkpoint, or of the one that is shipped, and its step.

    Raises
    ------
    DrumscribeError : where there is none.
    """
    network, seed = build_trainee(experiment), places.seed(experiment)
    step = load_checkpoint(network, places.run(experiment))
    if step == 0 and experiment.is_passage and seed.exists():
        return network, load_seed(network, seed)
    if step == 0:
        raise DrumscribeError(f"{places.run(experiment)}: no checkpoint; run drumscribe-train fit")
    return network, step


def evaluate_windows(predictor: WindowPredictor, book: StrokeBook) -> dict[str, Evaluation]:
    """How right a model is on held-out one-shots, single and, where it takes them, several at once."""
    sets = {"single": book.held_out_windows(), "simultaneous": book.held_out_mixtures()}
    return {
        name: evaluate(predictor.predict(windows.frames), windows.labels, windows.classes)
        for name, windows in sets.items()
        if windows is not None
    }


def convert(experiment: Experiment, places: Places, report=print) -> tuple[Conversion, ...]:
    """Measure the newest checkpoint and write it as model files of every kind beside it, and a card."""
    return _convert(experiment, places, places.run(experiment), KINDS, report)


def release(experiment: Experiment, places: Places, report=print) -> None:
    """Measure the newest checkpoint and write the model files that are shipped, and their card.

    Raises
    ------
    DrumscribeError : where one of them cannot be made.
    """
    kinds = SHIPPED[-1:] if experiment.live.window else SHIPPED
    refused = [c for c in _convert(experiment, places, places.models, kinds, report) if c.reason]
    if refused:
        raise DrumscribeError(f"{experiment.name} cannot be released: {refused[0]}")
    if experiment.is_passage:
        background(experiment, places, report)


def background(experiment: Experiment, places: Places, report=print) -> None:
    """Write the moments of other music beside the shipped model, from which kits learn what a sound is not."""
    from .decisions.background import make_background
    from .rendering.corpus import Studio

    model = places.models / f"{experiment.name}.{SHIPPED[-1]}.tflite"
    if not load_model_info(model).embedding:
        report(f"{model}: gives no embedding; kits cannot be made for it")
        return
    studio = Studio(places.data, places.cache, "train")
    clips = min(BACKGROUND_CLIPS, experiment.corpus.clips)
    make_background(model, studio, clips, background_place(model), report)


def _convert(experiment: Experiment, places: Places, folder: Path, kinds: tuple[str, ...], report):
    network, step = trained(experiment, places)
    if experiment.is_passage:
        calibration, measured, (examples, held_out) = calibrate(network, experiment, places.cache)
        held_out = held_out[:8]
        write = passage_writer(experiment, network, calibration)
        data, credits = corpus_digests(experiment), CREDITS
        for kind, row in measured.items():
            report(f"held-out, {kind}: " + ", ".join(f"{name} {f:.3f}" for name, f in row.items()))
    else:
        book = StrokeBook(experiment, places.data, places.cache, report)
        training, validation = book.training_windows(), book.held_out_windows()
        rng = np.random.default_rng(experiment.fit.seed)
        examples, held_out = (
            windows.frames[np.sort(rng.permutation(len(windows))[:_EXAMPLES])].astype(np.float32)
            for windows in (training, validation)
        )
        evaluations = evaluate_windows(WindowPredictor(experiment, network), book)
        measured = {name: asdict(evaluation) for name, evaluation in evaluations.items()}
        data, credits = {"training": training.digest, "held_out": validation.digest}, book.credits

        def write(flatbuffer: bytes, kind: str, path: Path) -> None:
            write_window_model(flatbuffer, experiment, kind, path)

        for name, evaluation in evaluations.items():
            report(f"{name}: accuracy {evaluation.accuracy:.3f}, macro F {evaluation.macro_f:.3f}")
    conversions = convert_checked(experiment, network, kinds, examples, held_out, write, folder)
    for conversion in conversions:
        report(f"mean deviation: {conversion}")
    card = {
        "experiment": asdict(experiment),
        "step": step,
        "costs": asdict(costs_of(experiment)),
        "held_out": measured,
        "deviation": {c.kind: c.deviation for c in conversions if not c.reason},
        "refused": {c.kind: c.reason for c in conversions if c.reason},
        "data": data,
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("drumscribe", "numpy", "tensorflow", "keras")},
        "credits": credits,
    }
    with written_whole(folder / f"{experiment.name}.json") as file:
        file.write((json.dumps(card, indent=1) + "\n").encode())
    return conversions
