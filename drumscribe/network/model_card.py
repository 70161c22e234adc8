"""What the card of a model says: what the network takes and answers, and how hits are decided from its answers."""

from dataclasses import dataclass

from ..errors import ModelError
from ..sound.spectrogram import SpectrogramSettings


@dataclass(frozen=True)
class Columns:
    """The columns of a network's first output, in order.

    Attributes
    ----------
    instruments : tuple of str
        An activation each, first; and a velocity (0 to 1) each, last.
    articulations : tuple of str
        An activation each, in between: of the articulations that do not share their instrument's name.
    """

    instruments: tuple[str, ...]
    articulations: tuple[str, ...]

    def __len__(self) -> int:
        return 2 * len(self.instruments) + len(self.articulations)


@dataclass(frozen=True)
class LookAhead:
    """How a model decides when only some of the frames that follow have been heard.

    Attributes
    ----------
    frames : int
        The number of frames that follow the one decided on.
    weights : tuple of tuples of float
        As in `ModelInfo`.
    thresholds : tuple of float
        As in `ModelInfo`.
    """

    frames: int
    weights: tuple[tuple[float, ...], ...]
    thresholds: tuple[float, ...]


@dataclass(frozen=True)
class Window:
    """How a model of windows is used, which answers for the frames around an onset, not for every frame.

    Attributes
    ----------
    before : int
        Frames of the window before that of the onset.
    level : float
        Each window is shifted so that its loudest value is this.
    notes : tuple of (str, int)
        MIDI notes of classes that are not in the vocabulary.
    """

    before: int
    level: float
    notes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class ModelInfo:
    """The card of a model file.

    Attributes
    ----------
    name, version, description, licence, credits : str
        For people.
    spectrogram : SpectrogramSettings
        The frames that it was trained on.
    columns : Columns
        What it answers.
    weights : tuple of tuples of float
        Per instrument, a constant and the weight of each number of its `evidence`.
    thresholds : tuple of float
        Per-instrument detection threshold (probability).
    context : int
        Frames on each side that an answer depends on.
    chunk : int
        Frames that the network takes at once.
    embedding : int
        Numbers of the embedding of each frame; 0 if the model gives none.
    fingerprint : str
        Of the trained weights, whatever they are quantised to: a kit that learned from the embedding of one model is of
        no use with another.
    quantisation : str
        ``float32``, ``float16``, ``dynamic`` (8 bits, their ranges taken from each input anew) or ``int8`` (8 bits,
        their ranges fixed).
    dynamics : tuple of tuples of float
        Per instrument, the weights of `velocities.compare_strokes`; none if velocities are the network's.
    percussion : float
        Threshold on the activation of percussion outside the vocabulary; 0 if the model does not detect it.
    look_aheads : tuple of LookAhead
        Of a model for live streams, in rising order; `weights` and `thresholds` are then those of the last. Others have
        none.
    window : Window or None
        Of a model of windows, which takes `chunk` frames, `context` of them after the onset; it serves streams, too.
    """

    name: str
    version: str
    description: str
    licence: str
    credits: str
    spectrogram: SpectrogramSettings
    columns: Columns
    weights: tuple[tuple[float, ...], ...]
    thresholds: tuple[float, ...]
    context: int
    chunk: int
    embedding: int
    fingerprint: str
    quantisation: str
    dynamics: tuple[tuple[float, ...], ...] = ()
    percussion: float = 0.0
    look_aheads: tuple[LookAhead, ...] = ()
    window: Window | None = None

    @property
    def own_notes(self) -> dict[str, int]:
        """MIDI notes of classes that are not in the vocabulary, by name."""
        return dict(self.window.notes) if self.window is not None else {}

    def check_percussion(self) -> None:
        """Check that it detects percussion outside the vocabulary.

        Raises
        ------
        ModelError
            If it does not.
        """
        if not self.percussion:
            raise ModelError(
                f"the model {self.name} {self.version} does not detect percussion outside its vocabulary; use another"
            )
