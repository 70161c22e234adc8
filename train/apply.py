"""A model put to use, from the checkpoint of its experiment or from its file: predictions, and how right it is."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import asdict
from io import StringIO
from pathlib import Path

from drumscribe.classifier import read_card
from drumscribe.errors import DrumscribeError

from .decisions.evaluation import Evaluation
from .decisions.passages import calibrate, predict_passage
from .decisions.predictors import Prediction, WindowPredictor, is_window_card, predict_recording, read_window_model
from .experiment import read_experiment
from .features.strokes import StrokeBook
from .files import written_whole
from .make import Places, evaluate_windows, trained

Predict = Callable[[Path], list[Prediction]]


def open_predictor(model: Path, places: Places, every_onset: bool) -> Predict:
    """A function that says what is struck in a recording.

    Parameters
    ----------
    model : an experiment, whose newest checkpoint is used, or a model file.
    every_onset : whether a model of windows answers at every onset, and not only at the attack of a recorded stroke;
        a model of passages always does.
    """
    if model.suffix != ".toml" and not is_window_card(read_card(model)):
        return _transcribing(model)
    if model.suffix == ".toml" and (experiment := read_experiment(model)).is_passage:
        network, _ = trained(experiment, places)
        return lambda path: predict_passage(network, experiment, path)
    predictor = _open_window_predictor(model, places)
    return lambda path: predict_recording(predictor, path, every_onset)


def _open_window_predictor(model: Path, places: Places) -> WindowPredictor:
    if model.suffix != ".toml":
        return read_window_model(model)
    experiment = read_experiment(model)
    return WindowPredictor(experiment, trained(experiment, places)[0])


def _transcribing(model: Path) -> Predict:
    from drumscribe.drums import ARTICULATION_BY_NAME
    from drumscribe.transcriber import Transcriber

    transcriber = Transcriber(model)
    return lambda path: [
        Prediction(path, hit.time, ARTICULATION_BY_NAME[hit.articulation].instrument, hit.confidence)
        for hit in transcriber.transcribe_file(path).hits
    ]


def evaluate_model(model: Path, places: Places, report=print) -> dict[str, Evaluation] | dict[str, dict[str, float]]:
    """How right a model is on each kind of held-out sound; of passages, F of each instrument at the best thresholds.

    Raises
    ------
    DrumscribeError : for the file of a model of passages, which ``drumscribe evaluate`` is for.
    """
    if model.suffix == ".toml" and (experiment := read_experiment(model)).is_passage:
        return calibrate(trained(experiment, places)[0], experiment, places.cache)[1]
    if model.suffix != ".toml" and not is_window_card(read_card(model)):
        raise DrumscribeError(
            f"{model}: a model of passages; give its experiment, or score what it transcribes with drumscribe evaluate"
        )
    predictor = _open_window_predictor(model, places)
    return evaluate_windows(predictor, StrokeBook(predictor.experiment, places.data, places.cache, report))


def as_lines(measured: dict) -> list[str]:
    """What was measured, for people to read."""
    lines = []
    for name, result in measured.items():
        if isinstance(result, Evaluation):
            first, *rest = result.lines()
            lines += [f"{name}: {first}", *rest]
        else:
            lines.append(f"{name}: " + ", ".join(f"{instrument} {f:.3f}" for instrument, f in result.items()))
    return lines


def as_json(measured: dict) -> dict:
    """What was measured, for programs."""
    return {name: asdict(r) if isinstance(r, Evaluation) else r for name, r in measured.items()}


def write_predictions(predictions: Iterable[Prediction], path: Path | None) -> None:
    """Write predictions as CSV, to a file or to standard output."""
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "time", "class", "probability"])
    writer.writerows([str(p.path), f"{p.time:.4f}", p.label, f"{p.probability:.4f}"] for p in predictions)
    if path is None:
        print(text.getvalue(), end="")
        return
    with written_whole(path) as file:
        file.write(text.getvalue().encode())
