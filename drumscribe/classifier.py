"""Frames to activations: the TFLite model, run as a window that slides over the stream.

A model file is a ``.tflite`` flatbuffer with a zip archive appended (as TensorFlow Lite Metadata does for associated
files): ``drumscribe.json`` in it says all that is needed to run the model, so that the file alone is enough.
"""

import json
import zipfile
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from .errors import ModelError
from .spectrogram import SpectrogramSettings
from .tflite import TfliteNetwork, eight_bit_kinds

_CARD = "drumscribe.json"
_FORMAT = 4


@dataclass(frozen=True)
class Columns:
    """What the columns of a model's answer mean, in order.

    Attributes
    ----------
    instruments : an activation each, first; and a velocity (0 to 1) each, last.
    articulations : an activation each, in between: of the articulations that do not share their instrument's name.
    """

    instruments: tuple[str, ...]
    articulations: tuple[str, ...]

    def __len__(self) -> int:
        return 2 * len(self.instruments) + len(self.articulations)


@dataclass(frozen=True)
class LookAhead:
    """How a model decides when only so much of what follows a frame has been heard.

    Attributes
    ----------
    frames : that follow the one decided on.
    weights, thresholds : as of `ModelInfo`.
    """

    frames: int
    weights: tuple[tuple[float, ...], ...]
    thresholds: tuple[float, ...]


@dataclass(frozen=True)
class ModelInfo:
    """What a model file says of itself.

    Attributes
    ----------
    name, version, description, licence, credits : for people.
    spectrogram : the frames that it was trained on.
    columns : what it answers.
    weights : per instrument, a constant and how much each number of its `evidence` counts.
    thresholds : per instrument, the probability from which on a hit is reported.
    context : frames on each side that an answer depends on.
    chunk : frames that the network takes at once.
    embedding : numbers of the embedding of each frame; 0 where the model gives none.
    fingerprint : of the trained weights, whatever they are quantised to: what learned from the embedding of one
        model is of no use with that of another.
    quantisation : ``float32``, ``float16``, ``dynamic`` (8 bits, their ranges taken from each input anew) or ``int8``
        (8 bits, their ranges fixed).
    dynamics : per instrument, the weights of `dynamics.compare_strokes`; none where velocities are the network's.
    percussion : the activation from which on percussion outside the vocabulary is reported, where it is asked for; 0
        where the model does not tell it.
    look_aheads : of a model for streams that are heard as they come, in rising order; `weights` and `thresholds` are
        then those of the last. Others have none.
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

    def check_percussion(self) -> None:
        """See that it tells percussion outside the vocabulary.

        Raises
        ------
        ModelError : where it does not.
        """
        if not self.percussion:
            raise ModelError(
                f"the model {self.name} {self.version} does not tell percussion outside its vocabulary; take another"
            )


DEFAULT, DEFAULT_LIVE = "base", "live"
"""The models that are used where none is named: for recordings, and for streams."""


def model_file(model: str | Path | None = None) -> Path:
    """The file of a model: itself, or that of the name of one that comes along (``tiny``, ``base.float32``).

    A name alone means the most exact file in 8 bits that can be run here, and None the model for recordings that is
    used where none is named.
    """
    path = Path(DEFAULT if model is None else model)
    if len(path.parts) == 1 and not path.exists():
        folder = Path(str(resources.files("drumscribe.models")))
        for name in (*(f"{path}.{kind}" for kind in eight_bit_kinds()), path):
            if (file := folder / f"{name}.tflite").exists():
                return file
    return path


def shipped_models() -> list[str]:
    """The names of the models that come along."""
    folder = Path(str(resources.files("drumscribe.models")))
    return sorted(file.name.split(".")[0] for file in folder.glob("*.int8.tflite"))


def read_card(path: Path) -> object:
    """What is written in a model file, of whatever format.

    Raises
    ------
    ModelError : where it is not a model file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(_CARD))
    except FileNotFoundError:
        known = ", ".join(shipped_models())
        raise ModelError(f"{path}: no such model file, nor one that comes along ({known})") from None
    except (zipfile.BadZipFile, KeyError, ValueError, OSError):
        raise ModelError(f"{path}: not a drumscribe model (a .tflite file with {_CARD} inside)") from None


def write_card(flatbuffer: bytes, card: dict, path: Path) -> None:
    """Write a model file: the network, and what it says of itself."""
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(flatbuffer)
    with zipfile.ZipFile(temporary, "a", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(_CARD)  # a fixed date: the same model is the same file
        archive.writestr(entry, json.dumps(card, indent=1))
    temporary.replace(path)


def load_model_info(model: str | Path | None = None) -> ModelInfo:
    """Read what a model file, or one that comes along, says of itself.

    Raises
    ------
    ModelError : where it is not a model of this program, or one that this version cannot run.
    """
    path = model_file(model)
    card = read_card(path)
    if not isinstance(card, dict) or card.get("format") != _FORMAT:
        raise ModelError(
            f"{path}: model format {_format_of(card)} needs another version of drumscribe (this reads {_FORMAT})"
        )
    try:
        columns = Columns(tuple(card["columns"]["instruments"]), tuple(card["columns"]["articulations"]))
        composed = ("columns", "spectrogram", "weights", "thresholds", "dynamics", "look_aheads")
        facts = {key: card[key] for key in ModelInfo.__dataclass_fields__ if key in card and key not in composed}
        return ModelInfo(
            columns=columns,
            spectrogram=SpectrogramSettings(**card["spectrogram"]),
            **_decision_of(card),
            dynamics=_table_of(card.get("dynamics", ())),
            look_aheads=tuple(LookAhead(int(at["frames"]), **_decision_of(at)) for at in card.get("look_aheads", ())),
            **facts,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path}: its {_CARD} is damaged ({error!r}); get the model anew") from None


def _decision_of(values: dict) -> dict[str, tuple]:
    return {"weights": _table_of(values["weights"]), "thresholds": tuple(float(v) for v in values["thresholds"])}


def _table_of(rows) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(value) for value in row) for row in rows)


def _format_of(card: object) -> object:
    return card.get("format") if isinstance(card, dict) else None


def write_model(flatbuffer: bytes, info: ModelInfo, path: Path) -> None:
    """Write a model file that transcribes."""
    write_card(flatbuffer, {"format": _FORMAT, **asdict(info)}, path)


def open_network(path: Path, info: ModelInfo) -> TfliteNetwork:
    """The network of a model file.

    Raises
    ------
    ModelError : where it cannot be run, or is not what the file says.
    """
    network = TfliteNetwork(path)
    widths = [info.spectrogram.bands, len(info.columns), *([info.embedding] if info.embedding else [])]
    widths += [1] if info.percussion else []
    expected = tuple((1, info.chunk, width) for width in widths)
    if network.shapes != expected:
        raise ModelError(f"{path}: takes and gives arrays of shape {network.shapes}, but its card says {expected}")
    return network


class Classifier:
    """A stream of frames to a stream of answers, delayed by the model's context.

    Chunks of a fixed size slide over the frames and overlap by the context on both sides, so that each answer has
    seen all the frames that it depends on; before and after the stream there is silence.

    Parameters
    ----------
    model : see `model_file`.
    with_embedding, with_frames, with_percussion : whether to give the embedding of each frame, the frame itself, and
        the activation of percussion outside the vocabulary, after the answers.

    Raises
    ------
    ModelError : where the model cannot be used, or does not give what is wanted.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        with_embedding: bool = False,
        with_frames: bool = False,
        with_percussion: bool = False,
    ) -> None:
        path = model_file(model)
        self.info = load_model_info(path)
        if with_embedding and not self.info.embedding:
            raise ModelError(f"{path}: gives no embedding, which sounds are learned from; take another model")
        if with_percussion:
            self.info.check_percussion()
        if self.info.look_aheads:
            raise ModelError(f"{path}: is for streams that are heard as they come; for recordings take another model")
        self._network = open_network(path, self.info)
        self._with_embedding = with_embedding
        self._with_frames, self._with_percussion = with_frames, with_percussion
        extra = (self.info.embedding if with_embedding else 0) + (self.info.spectrogram.bands if with_frames else 0)
        self._width = len(self.info.columns) + extra + with_percussion
        self.reset()

    def reset(self) -> None:
        """Forget the stream and be ready for another."""
        context = self.info.context
        self._pending = np.zeros((context, self.info.spectrogram.bands), np.float32)

    def push(self, frames: np.ndarray) -> np.ndarray:
        """Take ``(frames, bands) float32``, give the ``(frames, columns) float32`` answers that they complete.

        What was asked for is appended: ``(frames, columns + embedding + bands + 1)``.
        """
        pending = np.concatenate([self._pending, frames])
        step = self.info.chunk - 2 * self.info.context
        answers = []
        while len(pending) >= self.info.chunk:
            answers.append(self._run(pending[: self.info.chunk])[self.info.context : self.info.context + step])
            pending = pending[step:]
        self._pending = pending
        return np.concatenate(answers) if answers else np.zeros((0, self._width), np.float32)

    def _run(self, frames: np.ndarray) -> np.ndarray:
        answers = self._network.run(frames)
        embedding = [self._network.output(1)] if self._with_embedding else []
        percussion = [self._network.output(2 if self.info.embedding else 1)] if self._with_percussion else []
        return np.hstack([answers, *embedding, *([frames] if self._with_frames else []), *percussion])

    def flush(self) -> np.ndarray:
        """End the stream: the answers for its last frames; then start anew."""
        missing = len(self._pending) - self.info.context
        step = self.info.chunk - 2 * self.info.context
        padded = -(-missing // step) * step + self.info.context
        answers = self.push(np.zeros((padded - missing, self.info.spectrogram.bands), np.float32))[:missing]
        self.reset()
        return answers
