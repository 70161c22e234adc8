"""Measurements on held-out sound while a network is trained: when to stop early, and which weights are the best."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..experiment import FitSettings
from .checkpoints import load_checkpoint, save_checkpoint
from .logs import LINES, Log

BEST = "checkpoint.best.npz"
CONFUSIONS, WORST = "confusions", "worst errors"
"""Names of a picture and of sounds in TensorBoard."""


@dataclass(frozen=True)
class Measurement:
    """What a network makes of held-out sound.

    Attributes
    ----------
    values : dict[str, float]
        ``val_loss`` and other values by name.
    confusions : bytes, default b""
        A picture of them, a PNG file; empty if there is none.
    worst : Mapping[str, np.ndarray], optional
        The worst errors: the sounds, ``(samples,) float32``, by what they are and what they were taken for.
    rate : int, default 44100
        Samples per second of these.
    """

    values: dict[str, float]
    confusions: bytes = b""
    worst: Mapping[str, np.ndarray] = field(default_factory=dict)
    rate: int = 44100

    def write(self, log: Log, step: int) -> None:
        """Write the picture and the sounds to a log.

        Parameters
        ----------
        log : Log
            The log.
        step : int
            Number of the step.
        """
        if self.confusions:
            log.show(step, CONFUSIONS, self.confusions)
        log.play(step, WORST, self.worst, self.rate)


class Validation(Protocol):
    """Measures a network on sound that it is not trained on."""

    def measure(self, network: Any) -> Measurement:
        """Measure the network as it is."""
        ...


class Course:
    """The measurements of a run so far, and the best of them.

    Parameters
    ----------
    settings : FitSettings
        When to measure, and when to stop.
    folder : Path
        The folder of checkpoint and logs, with those of the run before it was stopped.
    validation : Validation | None
        Measures; None for no measurement.
    """

    def __init__(self, settings: FitSettings, folder: Path, validation: Validation | None) -> None:
        self._settings, self._folder = settings, folder
        self._validation = validation if settings.validate_steps else None
        log = folder / LINES
        rows = map(json.loads, log.read_text(encoding="utf-8").splitlines()) if log.exists() else ()
        self._losses = [row["val_loss"] for row in rows if "val_loss" in row]

    def is_due(self, step: int) -> bool:
        """Tell whether to measure after a number of steps."""
        ends = step == self._settings.steps
        return self._validation is not None and (step % self._settings.validate_steps == 0 or ends)

    def measure(self, network: Any, step: int, recipe: dict[str, Any], log: Log) -> dict[str, float]:
        """Measure a network after a number of steps, and keep it if it is the best so far and that is asked for.

        Parameters
        ----------
        network : keras.Model
            The network.
        step : int
            Number of the next step.
        recipe : dict[str, Any]
            What its weights depend on.
        log : Log
            Takes pictures and sounds.

        Returns
        -------
        dict[str, float]
            Values by name.
        """
        if self._validation is None:
            return {}
        measurement = self._validation.measure(network)
        measurement.write(log, step)
        measured = measurement.values
        if measured["val_loss"] < min(self._losses, default=np.inf) and self._settings.keep_best:
            save_checkpoint(network, step, self._folder, recipe, BEST)
        self._losses.append(measured["val_loss"])
        return measured

    @property
    def is_spent(self) -> bool:
        """Whether the loss has not fallen for so long that training stops."""
        since = len(self._losses) - 1 - int(np.argmin(self._losses)) if self._losses else 0
        return 0 < self._settings.patience <= since

    def finish(self, network: Any, report: Callable[[str], None]) -> None:
        """Go back to the best weights, if that is asked for.

        Parameters
        ----------
        network : keras.Model
            The network, changed in place.
        report : Callable[[str], None]
            Receives a line.
        """
        if self._settings.keep_best and (self._folder / BEST).exists():
            step = load_checkpoint(network, self._folder, BEST)
            report(f"the best on held-out sound is kept: step {step}, loss {min(self._losses):.4f}")
