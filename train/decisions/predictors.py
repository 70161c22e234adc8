"""Models of windows, from a checkpoint or a file, and their predictions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeGuard

import numpy as np

from drumscribe.errors import DrumscribeError, ModelError
from drumscribe.network.model_card import ModelInfo
from drumscribe.network.model_file import read_card, write_model
from drumscribe.network.tflite import TfliteNetwork
from drumscribe.sound.audio import SUFFIXES, load
from drumscribe.sound.onsets import OnsetDetector
from drumscribe.sound.spectrogram import SpectrogramSettings, compute_spectrogram

from ..data.shots import find_attack
from ..experiment import Experiment, experiment_of
from ..features.windows import cut_window
from ..networks.formulations import FORMULATIONS

_BATCH = 64


class Classifier(Protocol):
    """Answers batches of windows: a Keras model, or a file read by `read_window_model`."""

    def predict_on_batch(self, frames: np.ndarray, /) -> np.ndarray:
        """Compute the answers, ``(windows, classes) float32``, to ``(windows, frames, bands) float32``."""
        ...


class WindowPredictor:
    """Predicts the probability of each class from the frames of windows.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    network : Classifier
        The network.
    """

    def __init__(self, experiment: Experiment, network: Classifier) -> None:
        self.experiment, self._network = experiment, network
        self.formulation = FORMULATIONS[experiment.network.formulation]

    def predict(self, frames: np.ndarray) -> np.ndarray:
        """Predict ``(windows, classes) float32`` from ``(windows, frames, bands)``."""
        answers = [
            self._network.predict_on_batch(frames[i : i + _BATCH].astype(np.float32))
            for i in range(0, len(frames), _BATCH)
        ]
        return self.formulation.decode(np.concatenate(answers))


class _File(TfliteNetwork):
    def predict_on_batch(self, frames: np.ndarray) -> np.ndarray:
        return np.stack([self.run(window) for window in frames])


def write_window_model(flatbuffer: bytes, experiment: Experiment, info: ModelInfo, kind: str, path: Path) -> None:
    """Write a model file that transcribes, with its experiment in its card.

    Parameters
    ----------
    flatbuffer : bytes
        The converted network.
    experiment : Experiment
        Its experiment.
    info : ModelInfo
        Its card.
    kind : str
        Kind of conversion.
    path : Path
        The file.
    """
    write_model(flatbuffer, replace(info, quantisation=kind), path, {"experiment": asdict(experiment)})


def is_window_card(card: object) -> TypeGuard[dict[str, Any]]:
    """Return whether the card of a model file describes a model of windows."""
    return isinstance(card, dict) and bool(card.get("window")) and "experiment" in card


def read_window_model(path: Path) -> WindowPredictor:
    """Read the predictor of a model file.

    Raises
    ------
    ModelError
        If it is not a model of windows.
    """
    card = read_card(path)
    if not is_window_card(card):
        raise ModelError(f"{path}: not a model of windows")
    return WindowPredictor(experiment_of(card["experiment"], path), _File(path))


@dataclass(frozen=True)
class Prediction:
    """A stroke predicted.

    Attributes
    ----------
    path : Path
        The recording.
    time : float
        Attack in seconds.
    label : str
        A class.
    probability : float
        Its probability.
    """

    path: Path
    time: float
    label: str
    probability: float


def recordings_in(paths: Iterable[Path]) -> list[Path]:
    """List recordings, and those in folders to any depth.

    Raises
    ------
    DrumscribeError
        If there is none.
    """
    found = []
    for path in paths:
        inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
        if not inside:
            raise DrumscribeError(f"{path}: no recording in it")
        found += inside
    return found


def predict_recording(predictor: WindowPredictor, path: Path, every_onset: bool) -> list[Prediction]:
    """Predict the strokes at the attack of a recorded stroke, or at every onset of a longer recording.

    Several classes at one time are several predictions, the likeliest first.

    Parameters
    ----------
    predictor : WindowPredictor
        The model.
    path : Path
        The recording.
    every_onset : bool
        Whether to predict at every onset.

    Returns
    -------
    list[Prediction]
        The strokes.
    """
    rate = predictor.experiment.spectrogram.rate
    samples = load(path, rate)
    if not np.any(samples):
        return []
    onsets = find_onsets(samples) if every_onset else [find_attack(samples / np.max(np.abs(samples)))]
    if not len(onsets):
        return []
    windows = np.stack([cut_window(samples, int(onset), predictor.experiment) for onset in onsets])
    return [
        Prediction(path, int(onset) / rate, label, probability)
        for onset, row in zip(onsets, predictor.predict(windows), strict=True)
        for label, probability in _named(predictor, row)
    ]


def _named(predictor: WindowPredictor, probabilities: np.ndarray) -> Iterator[tuple[str, float]]:
    decided = predictor.formulation.decide(probabilities[None])[0]
    order = np.argsort(-probabilities, kind="stable")
    for i in [i for i in order if decided[i]] or order[:1]:
        yield predictor.experiment.samples.classes[i], float(probabilities[i])


def find_onsets(samples: np.ndarray) -> Sequence[int]:
    """Return the onsets of any instrument, in samples, of sound at the rate of the standard spectrogram."""
    settings = SpectrogramSettings()
    detector = OnsetDetector(settings.rate, settings.hop, settings.bands)
    found = [detector.push(samples, compute_spectrogram(samples, settings)), detector.flush()]
    return np.rint(np.concatenate([onsets.times for onsets in found]) * settings.rate).astype(int)
