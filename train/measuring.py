"""Measurement of trained networks on held-out sound, before they are converted."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from drumscribe.network.model_card import ModelInfo

from .decisions.evaluation import Evaluation, evaluate
from .decisions.onsets import calibrate_windows
from .decisions.passages import CREDITS, calibrate, corpus_digests, passage_writer
from .decisions.predictors import WindowPredictor, write_window_model
from .experiment import Experiment
from .features.strokes import StrokeBook

_EXAMPLES = 200
"""Windows that ranges for 8 bits are taken from, and on which model files are held against the network."""


@dataclass(frozen=True)
class Measured:
    """A trained network, measured, and what its conversion needs.

    Attributes
    ----------
    examples, held_out : np.ndarray
        ``(inputs, frames, bands) float32``, to take ranges from and to compare on.
    write : Callable[[bytes, str, Path], None]
        Writes a model file, given a flatbuffer, its kind and a path.
    results : dict[str, dict]
        By kind of held-out sound.
    data : dict[str, str]
        Digests of the training and held-out data.
    credits : str
        Credits of the data.
    """

    examples: np.ndarray
    held_out: np.ndarray
    write: Callable[[bytes, str, Path], None]
    results: dict[str, dict]
    data: dict[str, str]
    credits: str


def evaluate_windows(predictor: WindowPredictor, book: StrokeBook) -> dict[str, Evaluation]:
    """Measure a model on held-out one-shots, single and, if its formulation allows it, several at once.

    And on held-out recordings, if there are any.

    Parameters
    ----------
    predictor : WindowPredictor
        The model.
    book : StrokeBook
        The one-shots.

    Returns
    -------
    dict[str, Evaluation]
        By kind of sound.
    """
    sets = {"single": book.held_out_windows(), "simultaneous": book.held_out_mixtures()}
    sets["recordings"] = book.held_out_recordings()
    return {
        name: evaluate(predictor.predict(windows.frames), windows.labels, windows.classes)
        for name, windows in sets.items()
        if windows is not None
    }


@dataclass(frozen=True)
class FileAnswer:
    """What a model makes of one held-out file.

    Attributes
    ----------
    path : Path
        The file.
    label, answer : str
        What it is, and the likeliest class.
    probability : float
        Of what it is.
    """

    path: Path
    label: str
    answer: str
    probability: float


def answer_files(predictor: WindowPredictor, book: StrokeBook) -> list[FileAnswer]:
    """Predict each held-out one-shot.

    Parameters
    ----------
    predictor : WindowPredictor
        The model.
    book : StrokeBook
        The one-shots.

    Returns
    -------
    list[FileAnswer]
        The answers, the worst first.
    """
    windows = book.held_out_windows()
    rows = zip(book.held_out, predictor.predict(windows.frames), strict=True)
    answers = [
        FileAnswer(
            sample.path,
            sample.instrument,
            windows.classes[int(np.argmax(row))],
            float(row[windows.classes.index(sample.instrument)]),
        )
        for sample, row in rows
    ]
    return sorted(answers, key=lambda answer: answer.probability)


def measure_passages(
    experiment: Experiment,
    network: Any,
    cache: Path,
    report: Callable[[str], None],
    earlier: ModelInfo | None = None,
) -> Measured:
    """Calibrate a network of passages on held-out sound.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    network : keras.Model
        The trained network.
    cache : Path
        The folder of files that can be made again.
    report : Callable[[str], None]
        Receives the results.
    earlier : ModelInfo, optional
        A model whose weights of evidence are averaged with those that are learned.

    Returns
    -------
    Measured
        The results.
    """
    calibration, results, (examples, held_out) = calibrate(network, experiment, cache, earlier)
    for kind, row in results.items():
        report(f"held-out, {kind}: " + ", ".join(f"{name} {f:.3f}" for name, f in row.items()))
    write = passage_writer(experiment, network, calibration)
    return Measured(examples, held_out[:8], write, results, corpus_digests(experiment), CREDITS)


def measure_windows(experiment: Experiment, network: Any, book: StrokeBook, report: Callable[[str], None]) -> Measured:
    """Measure a network of windows on held-out one-shots, and calibrate it on sequences of them.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    network : keras.Model
        The trained network.
    book : StrokeBook
        The one-shots.
    report : Callable[[str], None]
        Receives the results.

    Returns
    -------
    Measured
        The results.
    """
    training, validation = book.training_windows(), book.held_out_windows()
    rng = np.random.default_rng(experiment.fit.seed)
    examples, held_out = (
        windows.frames[np.sort(rng.permutation(len(windows))[:_EXAMPLES])].astype(np.float32)
        for windows in (training, validation)
    )
    evaluations = evaluate_windows(WindowPredictor(experiment, network), book)
    for name, evaluation in evaluations.items():
        report(f"{name}: accuracy {evaluation.accuracy:.3f}, macro F {evaluation.macro_f:.3f}")

    calibrated = calibrate_windows(experiment, network, book.held_out, book.credits)
    report("sequences: " + ", ".join(f"{name} {f:.3f}" for name, f in calibrated.results.items()))

    def write(flatbuffer: bytes, kind: str, path: Path) -> None:
        write_window_model(flatbuffer, experiment, calibrated.info, kind, path)

    results = {name: asdict(evaluation) for name, evaluation in evaluations.items()}
    results["sequences"] = calibrated.results
    digests = {"training": training.digest, "held_out": validation.digest}
    return Measured(examples, held_out, write, results, digests, book.credits)
