"""Application of a trained model, from a checkpoint or a model file: predictions, and their accuracy."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import asdict
from io import StringIO
from pathlib import Path

from drumscribe.errors import DrumscribeError
from drumscribe.network.model_file import read_card
from drumscribe.sound.audio import probe

from .decisions.evaluation import Evaluation
from .decisions.passages import calibrate, predict_passage
from .decisions.predictors import Prediction, WindowPredictor, is_window_card, predict_recording, read_window_model
from .experiment import read_experiment
from .features.strokes import StrokeBook
from .files import open_whole
from .make import trained
from .measuring import FileAnswer, answer_files, evaluate_windows
from .places import Places
from .sound import open_book, with_sound

_LONG_SECONDS = 4.0
"""A recording that lasts longer holds more than a stroke, most likely; by hand."""
Predict = Callable[[Path], list[Prediction]]


def open_predictor(model: Path, places: Places, every_onset: bool, report: Callable[[str], None] = print) -> Predict:
    """Make a function that predicts the strokes of a recording.

    Parameters
    ----------
    model : Path
        An experiment, whose newest checkpoint is used, or a model file.
    places : Places
        Folders of checkpoints.
    every_onset : bool
        Whether a model of windows answers at every onset, not only at the attack of a recorded stroke; a model of
        passages always does.
    report : Callable[[str], None], optional
        Receives a line for a recording that is longer than a stroke.

    Returns
    -------
    Predict
        From a recording to its predictions.
    """
    if model.suffix != ".toml" and not is_window_card(read_card(model)):
        return _transcribing(model)
    if model.suffix == ".toml" and (experiment := read_experiment(model)).is_passage:
        network, _ = trained(experiment, places)
        return lambda path: predict_passage(network, experiment, path)
    predictor = _open_window_predictor(model, places)

    def predict_one(path: Path) -> list[Prediction]:
        seconds = probe(path).duration
        if not every_onset and seconds > _LONG_SECONDS:
            report(f"{path}: lasts {seconds:.0f} s, and one stroke is predicted; --every-onset predicts all of them")
        return predict_recording(predictor, path, every_onset)

    return predict_one


def _open_window_predictor(model: Path, places: Places) -> WindowPredictor:
    if model.suffix != ".toml":
        return read_window_model(model)
    experiment = read_experiment(model)
    return WindowPredictor(experiment, trained(experiment, places)[0])


def _transcribing(model: Path) -> Predict:
    from drumscribe.music.drums import ARTICULATION_BY_NAME
    from drumscribe.transcriber import Transcriber

    transcriber = Transcriber(model)
    return lambda path: [
        Prediction(path, hit.time, ARTICULATION_BY_NAME[hit.articulation].instrument, hit.confidence)
        for hit in transcriber.transcribe_file(path).hits
    ]


def evaluate_model(
    model: Path, places: Places, report: Callable[[str], None] = print
) -> dict[str, Evaluation] | dict[str, dict[str, float]]:
    """Measure a model on each kind of held-out sound.

    Parameters
    ----------
    model : Path
        An experiment, whose newest checkpoint is used, or a model file.
    places : Places
        Folders of data, cache and models.
    report : Callable[[str], None], optional
        Receives lines on the data.

    Returns
    -------
    dict[str, Evaluation] | dict[str, dict[str, float]]
        By kind of sound, an evaluation of a model of windows; or F of each instrument at the best thresholds.

    Raises
    ------
    DrumscribeError
        If `model` is the file of a model of passages: use ``drumscribe evaluate``.
    """
    if model.suffix == ".toml" and (experiment := read_experiment(model)).is_passage:
        network = trained(experiment, places)[0]
        return calibrate(network, with_sound(experiment, places, report), places.cache)[1]
    if model.suffix != ".toml" and not is_window_card(read_card(model)):
        raise DrumscribeError(
            f"{model}: a model of passages; give its experiment, or score what it transcribes with drumscribe evaluate"
        )
    return evaluate_windows(*_with_book(model, places, report))


def evaluate_files(model: Path, places: Places, report: Callable[[str], None] = print) -> list[FileAnswer]:
    """Predict each held-out one-shot with a model of windows.

    Parameters
    ----------
    model : Path
        An experiment, whose newest checkpoint is used, or a model file.
    places : Places
        Folders of data, cache and models.
    report : Callable[[str], None], optional
        Receives lines on the data.

    Returns
    -------
    list[FileAnswer]
        The answers, the worst first.

    Raises
    ------
    DrumscribeError
        If it is a model of passages.
    """
    of_passages = read_experiment(model).is_passage if model.suffix == ".toml" else not is_window_card(read_card(model))
    if of_passages:
        raise DrumscribeError(f"{model}: a model of passages, which is not measured file by file")
    return answer_files(*_with_book(model, places, report))


def _with_book(model: Path, places: Places, report: Callable[[str], None]) -> tuple[WindowPredictor, StrokeBook]:
    """Open a model of windows, and the one-shots to measure it on."""
    predictor = _open_window_predictor(model, places)
    if model.suffix == ".toml":
        return predictor, open_book(predictor.experiment, places, report)
    return predictor, StrokeBook(predictor.experiment, places.data, places.cache, report)


def write_files(answers: Iterable[FileAnswer]) -> None:
    """Print the answer to each file as CSV."""
    print("probability,class,answer,file")
    for each in answers:
        print(f"{each.probability:.4f},{each.label},{each.answer},{each.path}")


def as_lines(measured: dict) -> list[str]:
    """Format measurements for people."""
    lines = []
    for name, result in measured.items():
        if isinstance(result, Evaluation):
            first, *rest = result.lines()
            lines += [f"{name}: {first}", *rest]
        else:
            lines.append(f"{name}: " + ", ".join(f"{instrument} {f:.3f}" for instrument, f in result.items()))
    return lines


def as_json(measured: dict) -> dict:
    """Convert measurements to plain data."""
    return {name: asdict(r) if isinstance(r, Evaluation) else r for name, r in measured.items()}


def write_predictions(predictions: Iterable[Prediction], path: Path | None) -> None:
    """Write predictions as CSV.

    Parameters
    ----------
    predictions : Iterable[Prediction]
        The predictions.
    path : Path | None
        The file; None for standard output.
    """
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "time", "class", "probability"])
    writer.writerows([str(p.path), f"{p.time:.4f}", p.label, f"{p.probability:.4f}"] for p in predictions)
    if path is None:
        print(text.getvalue(), end="")
        return
    with open_whole(path) as file:
        file.write(text.getvalue().encode())
