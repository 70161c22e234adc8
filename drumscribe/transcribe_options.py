"""Options that decide which hits are reported, and how their rhythm is analysed."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from .errors import DrumscribeError, did_you_mean
from .hearing.decisions import move_thresholds
from .music.drums import INSTRUMENTS, instrument_of
from .network.model_card import ModelInfo
from .rhythm import RhythmOptions


def check_sensitivities(names: Iterable[str], own: Iterable[str]) -> None:
    """Check that instruments are known.

    Parameters
    ----------
    names : iterable of str
        Instruments that have a sensitivity.
    own : iterable of str
        Instruments of a model and a kit, in addition to the vocabulary.

    Raises
    ------
    DrumscribeError
        For an unknown instrument.
    """
    known = tuple(dict.fromkeys((*INSTRUMENTS, *own)))
    for name in names:
        if name not in known:
            choices = f"it is one of {', '.join(known)}{did_you_mean(name, known)}"
            raise DrumscribeError(f"{name!r} is not an instrument: {choices}")


@dataclass(frozen=True)
class TranscribeOptions:
    """Detection sensitivity and rhythm options.

    Attributes
    ----------
    sensitivity : float
        From 0 (only certain hits) to 1 (all possible hits); 0.5 keeps the model's thresholds.
    instrument_sensitivity : tuple of (str, float)
        Pairs of an instrument and its own sensitivity.
    percussion : bool
        Whether percussion outside the vocabulary is also reported.
    rhythm : RhythmOptions
        What is known of tempo, beats and meter beforehand.

    Raises
    ------
    DrumscribeError
        For a sensitivity outside 0 to 1.
    """

    sensitivity: float = 0.5
    instrument_sensitivity: tuple[tuple[str, float], ...] = ()
    percussion: bool = False
    rhythm: RhythmOptions = field(default_factory=RhythmOptions)

    def __post_init__(self) -> None:
        for name, value in (("sensitivity", self.sensitivity), *self.instrument_sensitivity):
            if not 0.0 <= value <= 1.0:
                raise DrumscribeError(f"{name} {value:g} is outside 0 to 1")

    def check_instruments(self, own: Iterable[str]) -> None:
        """Check that every instrument with a sensitivity of its own can be detected.

        Parameters
        ----------
        own : iterable of str
            Instruments of the model and the kit, in addition to the vocabulary.

        Raises
        ------
        DrumscribeError
            For an unknown instrument.
        """
        check_sensitivities((name for name, _ in self.instrument_sensitivity), own)

    def sensitivities(self, instruments: Iterable[str]) -> list[float]:
        """Return the sensitivity of each instrument.

        Parameters
        ----------
        instruments : iterable of str
            Instruments of the vocabulary or a player's own sounds; an articulation has the sensitivity of its
            instrument.

        Returns
        -------
        list of float
            Each one's own sensitivity, or else the common one.
        """
        own = dict(self.instrument_sensitivity)
        return [own.get(name, own.get(instrument_of(name), self.sensitivity)) for name in instruments]

    def thresholds(self, info: ModelInfo) -> np.ndarray:
        """Return the thresholds of a model, adjusted for the sensitivities.

        Parameters
        ----------
        info : ModelInfo
            The model.

        Returns
        -------
        np.ndarray
            ``(instruments,) float32``, probabilities.
        """
        return move_thresholds(info.thresholds, self.sensitivities(info.columns.instruments))
