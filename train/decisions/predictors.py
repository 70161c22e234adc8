"""Models of windows, as a checkpoint or as a file, and what they say of recordings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from drumscribe.audio import SUFFIXES, load
from drumscribe.classifier import read_card, write_card
from drumscribe.errors import DrumscribeError, ModelError
from drumscribe.onsets import OnsetDetector
from drumscribe.spectrogram import SpectrogramSettings, compute_spectrogram
from drumscribe.tflite import TfliteNetwork

from ..data.shots import find_attack
from ..experiment import Experiment, experiment_of
from ..features.windows import cut_window
from ..networks.formulations import FORMULATIONS

_FORMAT = "window-1"
_BATCH = 64


class WindowPredictor:
    """Frames of windows to the probability of each class.

    Parameters
    ----------
    network : with a method ``predict_on_batch`` (a Keras model, or a file read by `read_model`).
    """

    def __init__(self, experiment: Experiment, network) -> None:
        self.experiment, self._network = experiment, network
        self.formulation = FORMULATIONS[experiment.network.formulation]

    def predict(self, frames: np.ndarray) -> np.ndarray:
        """``(windows, frames, bands)`` to ``(windows, classes) float32``."""
        answers = [
            self._network.predict_on_batch(frames[i : i + _BATCH].astype(np.float32))
            for i in range(0, len(frames), _BATCH)
        ]
        return self.formulation.decode(np.concatenate(answers))


class _File(TfliteNetwork):
    def predict_on_batch(self, frames: np.ndarray) -> np.ndarray:
        return np.stack([self.run(window) for window in frames])


def write_window_model(flatbuffer: bytes, experiment: Experiment, kind: str, path: Path) -> None:
    """Write a model file: the network, and the experiment that it comes from."""
    write_card(flatbuffer, {"format": _FORMAT, "quantisation": kind, "experiment": asdict(experiment)}, path)


def is_window_card(card: object) -> bool:
    """Whether what a model file says is of a model of windows."""
    return isinstance(card, dict) and card.get("format") == _FORMAT


def read_window_model(path: Path) -> WindowPredictor:
    """The predictor of a model file.

    Raises
    ------
    ModelError : where it is not a model of windows.
    """
    card = read_card(path)
    if not is_window_card(card):
        raise ModelError(f"{path}: not a model of windows")
    return WindowPredictor(experiment_of(card["experiment"], path), _File(path))


@dataclass(frozen=True)
class Prediction:
    """What is heard at one time.

    Attributes
    ----------
    path : the recording.
    time : of the attack, in seconds.
    label : a class.
    probability : of it.
    """

    path: Path
    time: float
    label: str
    probability: float


def recordings_in(paths: Iterable[Path]) -> list[Path]:
    """The recordings named, and those in the folders named, to any depth.

    Raises
    ------
    DrumscribeError : where there is none.
    """
    found = []
    for path in paths:
        inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
        if not inside:
            raise DrumscribeError(f"{path}: no recording in it")
        found += inside
    return found


def predict_recording(predictor: WindowPredictor, path: Path, every_onset: bool) -> list[Prediction]:
    """What is struck at the attack of a recorded stroke, or at every onset of a longer recording.

    Several classes at one time are several predictions, the likeliest first.
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
    """Onsets of any instrument in sound at the rate of the standard spectrogram, in samples."""
    settings = SpectrogramSettings()
    detector = OnsetDetector(settings.rate, settings.hop, settings.bands)
    found = [detector.push(samples, compute_spectrogram(samples, settings)), detector.flush()]
    return np.rint(np.concatenate([onsets.times for onsets in found]) * settings.rate).astype(int)
