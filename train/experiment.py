"""An experiment: one small TOML file, checked."""

from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from pathlib import Path

from drumscribe.classifier import Columns
from drumscribe.drums import ARTICULATIONS, INSTRUMENTS
from drumscribe.errors import DrumscribeError
from drumscribe.spectrogram import SpectrogramSettings

from .corpus import CorpusPlan
from .networks import NetworkSettings

COLUMNS = Columns(INSTRUMENTS, tuple(a.name for a in ARTICULATIONS if a.name != a.instrument))
"""What the models made here answer."""


@dataclass(frozen=True)
class CorpusSettings:
    """How much is rendered, and from which seeds.

    Attributes
    ----------
    clips : of training, 12 s each.
    validation_clips : of each kind of validation sound.
    seed : of the clips.
    """

    clips: int = 8000
    validation_clips: int = 256
    seed: int = 1


@dataclass(frozen=True)
class FitSettings:
    """How a network is trained.

    Attributes
    ----------
    steps : batches in all.
    cooldown : of those at the end, with a learning rate that falls to nothing.
    warmup : at the start, with one that rises.
    rate : the learning rate between them.
    decay : of the weights (AdamW).
    clips, frames : of a batch.
    hit_weight : how much more a frame with a hit weighs than one without.
    half : whether to compute in bfloat16.
    seed : of weights and batches.
    checkpoint_seconds : from one checkpoint to the next; the result does not depend on it.
    """

    steps: int = 12000
    cooldown: int = 3000
    warmup: int = 300
    rate: float = 2e-3
    decay: float = 1e-3
    clips: int = 16
    frames: int = 600
    hit_weight: float = 2.0
    half: bool = True
    seed: int = 1
    checkpoint_seconds: float = 180.0


@dataclass(frozen=True)
class Experiment:
    """What a model is made of; `name` is the file's."""

    name: str
    description: str = ""
    version: str = "0.1.0"
    corpus: CorpusSettings = field(default_factory=CorpusSettings)
    spectrogram: SpectrogramSettings = field(default_factory=SpectrogramSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    fit: FitSettings = field(default_factory=FitSettings)

    def training(self) -> CorpusPlan:
        """The corpus to train on."""
        return CorpusPlan("produced", "train", self.corpus.seed, self.corpus.clips)

    def validation(self) -> tuple[CorpusPlan, CorpusPlan]:
        """Held-out kits and grooves: produced recordings, and drums alone, dry."""
        clips, seed = self.corpus.validation_clips, self.corpus.seed
        return CorpusPlan("produced", "validation", seed, clips), CorpusPlan("dry", "validation", seed, clips)


def _filled(kind: type, values: dict, path: Path, section: str):
    if not isinstance(values, dict):
        raise DrumscribeError(f"{path}: {section[:-1]} is {values!r}, but should be a table: [{section[:-1]}]")
    known = {f.name: f for f in fields(kind)}
    unknown = [key for key in values if key not in known]
    if unknown:
        raise DrumscribeError(f"{path}: unknown key {section}{unknown[0]}; known are {', '.join(known)}")
    filled = {}
    for key, value in values.items():
        default = known[key].default_factory() if callable(known[key].default_factory) else known[key].default
        if is_dataclass(default):
            value = _filled(type(default), value, path, f"{key}.")
        elif isinstance(default, tuple) and isinstance(value, list):
            value = tuple(value)
        elif isinstance(default, float) and isinstance(value, int):
            value = float(value)
        expected = "" if default is MISSING else default  # only the name has no default
        if type(value) is not type(expected) or (isinstance(value, tuple) and not all(type(v) is int for v in value)):
            raise DrumscribeError(f"{path}: {section}{key} is {value!r}, but should be like {expected!r}")
        filled[key] = value
    return kind(**filled)


def read_experiment(path: Path) -> Experiment:
    """Read and check an experiment.

    Raises
    ------
    DrumscribeError : naming the file and the key that is wrong.
    """
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib

    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DrumscribeError(f"{path}: no such experiment") from None
    except tomllib.TOMLDecodeError as error:
        raise DrumscribeError(f"{path}: not valid TOML: {error}") from None
    return _filled(Experiment, {"name": path.stem, **values}, path, "")
