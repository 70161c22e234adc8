"""Measurement of networks while they are trained, see `learning.validation`."""

from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from drumscribe.hearing.candidates import find_peaks
from drumscribe.hearing.evidence import RECORDING, local_evidence

from ..data.sources import RATE
from ..experiment import COLUMNS, Experiment
from ..features.strokes import StrokeBook
from ..features.targets import TargetMaker
from ..learning.fit import make_loss
from ..learning.validation import Measurement
from ..networks.formulations import Formulation
from .evaluation import Evaluation, evaluate
from .passages import read_corpus
from .thresholds import best_thresholds, sweep
from .weights import HeardClip, exact, plain_weights, predict, strokes_of

_BATCH = 64
_SMALLEST = 1e-7
"""Smallest probability that a loss is computed of, as in Keras."""
_WORST, _SECONDS = 4, 1.0
"""Errors that can be listened to, and the longest of each."""


class WindowValidation:
    """Measures a network of windows: its loss, macro F, and F of each class; confusions and errors of single strokes.

    Parameters
    ----------
    book : StrokeBook
        The one-shots, of which those held out are measured on.
    formulation : Formulation
        The task of the network.
    """

    def __init__(self, book: StrokeBook, formulation: Formulation) -> None:
        self._windows, self._single = book.validation_windows(), book.held_out_windows()
        self._samples, self._formulation = book.held_out, formulation

    def measure(self, network: Any) -> Measurement:
        """Measure ``val_loss``, ``val_f``, and ``val_f_CLASS`` of each class."""
        labels, classes = self._windows.labels, self._windows.classes
        answers = np.clip(_predict(network, self._windows.frames), _SMALLEST, 1.0 - _SMALLEST)
        entropy = -np.log(answers[labels]).sum()
        if self._formulation.loss == "binary_crossentropy":
            entropy = (entropy - np.log(1.0 - answers[~labels]).sum()) / labels.shape[1]
        measured = evaluate(self._formulation.decode(answers), labels, classes)
        single = self._formulation.decode(_predict(network, self._single.frames))
        return Measurement(
            _values(float(entropy) / len(labels), measured.macro_f, zip(classes, measured.f_measures, strict=True)),
            draw_confusions(evaluate(single, self._single.labels, classes)),
            dict(self._worst(single)),
            RATE,
        )

    def _worst(self, probabilities: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """Yield the strokes whose class is least likely, of those that are taken for another."""
        classes, truth = self._single.classes, self._single.labels.argmax(axis=1)
        answers = probabilities.argmax(axis=1)
        of_truth = probabilities[np.arange(len(truth)), truth]
        for i in [i for i in np.argsort(of_truth, kind="stable") if answers[i] != truth[i]][:_WORST]:
            sample = self._samples[i]
            told = f"{sample.path.name}: {classes[truth[i]]}, taken for {classes[answers[i]]}"
            yield told, sample.sound.samples[: round(_SECONDS * RATE)]


class PassageValidation:
    """Measures a network of passages: its loss, and F at the best thresholds, of all and of each instrument trained on.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    cache : Path
        The folder with shards of held-out passages.
    """

    def __init__(self, experiment: Experiment, cache: Path) -> None:
        self._library = read_corpus(experiment.validation(), cache)
        self._rate, settings = experiment.spectrogram.frame_rate, experiment.fit
        self._loss = make_loss(settings.hit_weight, settings.counted)
        self._targets = TargetMaker(COLUMNS, self._rate)
        self._audible = {int(i) for *_, of, audible in strokes_of(self._library, COLUMNS) for i in of[audible]}

    def measure(self, network: Any) -> Measurement:
        """Measure ``val_loss``, ``val_f``, and ``val_f_INSTRUMENT`` of each."""
        scores = best_thresholds(sweep(self._hear(network), COLUMNS, plain_weights(COLUMNS)))
        known = [(score.instrument, score.f_measure) for i, score in enumerate(scores) if i in self._audible]
        return Measurement(_values(self._measure_loss(network), float(np.mean([f for _, f in known])), known))

    def _measure_loss(self, network: Any) -> float:
        losses = []
        for i in range(len(self._library)):
            frames = self._library.frames[i : i + 1].astype(np.float32)
            labels = (getattr(self._library, name)[i] for name in ("times", "roles", "velocities"))
            targets = self._targets.make(*[*labels, 0, frames.shape[1]])
            losses.append(float(self._loss(targets[None], np.asarray(network.predict_on_batch(frames), np.float32))))
        return float(np.mean(losses))

    def _hear(self, network: Any) -> Iterator[HeardClip]:
        """Yield candidates with the evidence of their own answers, which is all that counts while training goes on."""
        answers = predict(network, self._library, COLUMNS)
        for clip, strokes in zip(answers, strokes_of(self._library, COLUMNS), strict=True):
            heard = exact(clip)
            frames, found = find_peaks(heard.activations)
            evidence = np.pad(local_evidence(heard, frames, found), ((0, 0), (0, RECORDING)))
            yield HeardClip(frames / self._rate, found, evidence, *strokes)


def draw_confusions(measured: Evaluation) -> bytes:
    """Draw what single strokes are taken for, as a PNG file.

    Parameters
    ----------
    measured : Evaluation
        Of single strokes.

    Returns
    -------
    bytes
        The file.
    """
    from matplotlib.figure import Figure

    counts, classes = np.array(measured.confusion), measured.classes
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    size = 1.6 + 0.5 * len(classes)
    figure = Figure((size, size), dpi=90, layout="constrained")
    axis = figure.subplots()
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (i, j), count in np.ndenumerate(counts):
        if count:
            axis.text(j, i, str(count), ha="center", va="center", color="white" if shares[i, j] > 0.5 else "black")
    axis.set(title=f"accuracy {measured.accuracy:.3f}", xlabel="taken for")
    axis.set_xticks(range(len(classes)), classes, rotation=45, ha="right")
    axis.set_yticks(range(len(classes)), classes)
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _predict(network: Any, frames: np.ndarray) -> np.ndarray:
    batches = (frames[i : i + _BATCH].astype(np.float32) for i in range(0, len(frames), _BATCH))
    return np.concatenate([network.predict_on_batch(batch) for batch in batches])


def _values(loss: float, f: float, of_each: Iterable[tuple[str, float]]) -> dict[str, float]:
    return {"val_loss": loss, "val_f": f} | {f"val_f_{name}": float(value) for name, value in of_each}
