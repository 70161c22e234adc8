"""The card of a model: the input and output of the network, and how its answers become hits."""

from dataclasses import dataclass

from ..errors import ModelError
from ..sound.spectrogram import SpectrogramSettings


@dataclass(frozen=True)
class Columns:
    """The columns of a network's first output, in order.

    Attributes
    ----------
    instruments : tuple of str
        Each has an activation, in the first columns, and a velocity (0 to 1), in the last.
    articulations : tuple of str
        Articulations whose names differ from their instrument's; each has an activation, in the columns between.
    """

    instruments: tuple[str, ...]
    articulations: tuple[str, ...]

    def __len__(self) -> int:
        return 2 * len(self.instruments) + len(self.articulations)


@dataclass(frozen=True)
class LookAhead:
    """How a model decides after only some of the following frames.

    Attributes
    ----------
    frames : int
        Number of frames after the one decided on.
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
    """How to use a model of windows, which answers for the frames around an onset instead of every frame.

    Attributes
    ----------
    before : int
        Frames of the window before the onset's.
    level : float
        Level to which the loudest value of each window is shifted.
    notes : tuple of (str, int)
        MIDI notes of classes outside the vocabulary.
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
        Texts for people.
    spectrogram : SpectrogramSettings
        The settings of the frames that the model was trained on.
    columns : Columns
        The columns of the network's output.
    weights : tuple of tuples of float
        Per instrument, a constant and the weight of each number of `evidence`.
    thresholds : tuple of float
        Per-instrument detection threshold (probability).
    context : int
        Number of frames on each side on which an answer depends.
    chunk : int
        Number of frames that the network takes at once.
    embedding : int
        Length of the embedding of a frame; 0 if the model has none.
    fingerprint : str
        Digest of the trained weights, the same for each quantisation: a kit that learned from one model's embedding
        cannot be used with another model.
    quantisation : str
        ``float32``, ``float16``, ``dynamic`` (8 bits, with ranges computed for each input) or ``int8`` (8 bits, with
        fixed ranges).
    dynamics : tuple of tuples of float
        Per instrument, the weights of `velocities.compare_strokes`; empty if velocities are the network's.
    percussion : float
        Threshold on the activation of percussion outside the vocabulary; 0 if the model does not detect it.
    look_aheads : tuple of LookAhead
        Settings of a model for live streams, by ascending number of frames; `weights` and `thresholds` are those of the
        last. Empty for other models.
    window : Window or None
        Settings of a model of windows, which takes `chunk` frames, `context` of them after the onset, and can also run
        on streams; None for other models.
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
        """MIDI notes of classes outside the vocabulary, by name."""
        return dict(self.window.notes) if self.window is not None else {}

    def check_percussion(self) -> None:
        """Check that the model detects percussion outside the vocabulary.

        Raises
        ------
        ModelError
            If it does not.
        """
        if not self.percussion:
            raise ModelError(
                f"the model {self.name} {self.version} does not detect percussion outside its vocabulary; use another"
            )
