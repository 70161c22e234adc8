"""An experiment: one small TOML file, checked."""

from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path

from drumscribe.augmentation import AUGMENTATIONS, AugmentSettings
from drumscribe.classifier import Columns
from drumscribe.drums import ARTICULATIONS, FIVE_CLASSES, INSTRUMENTS
from drumscribe.errors import DrumscribeError
from drumscribe.evidence import REACH
from drumscribe.spectrogram import SpectrogramSettings

from .networks.families import FAMILIES, NetworkSettings
from .networks.formulations import FORMULATIONS
from .rendering.corpus import CorpusPlan

COLUMNS = Columns(INSTRUMENTS, tuple(a.name for a in ARTICULATIONS if a.name != a.instrument))
"""What the models of passages answer."""

FEATURES = {
    "mel": SpectrogramSettings(),
    "stft": SpectrogramSettings(bands=1024, fmin=0.0, fmax=1025 * 44100 / 2048, scale="linear"),
    "log-frequency": SpectrogramSettings(bands=96, fmin=30.0, fmax=16000.0, scale="log"),
}
"""Spectrograms by name: ``spectrogram = "stft"`` in an experiment; or a table ``[spectrogram]`` of one's own."""

AUGMENTS = {"full": AugmentSettings(), "none": AugmentSettings().without(*AUGMENTATIONS)}
"""Augmentations by name, as above: ``augment = "none"``."""

_DECIDING_SECONDS = 36.0
"""Decisions are learned from longer clips than those trained on: what recurs, and what sounds alike, needs time."""
_NAMED = {SpectrogramSettings: FEATURES, AugmentSettings: AUGMENTS}


@dataclass(frozen=True)
class InputSettings:
    """What a network sees at once.

    Attributes
    ----------
    kind : ``passage``, with answers for each frame, or ``window``, with one answer to the frames around an onset.
    before_ms, after_ms : of a window: its frames are centred from so long before the onset to so long after it, and
        the last of them hears half a window of the spectrogram more.
    """

    kind: str = "passage"
    before_ms: float = 50.0
    after_ms: float = 250.0


@dataclass(frozen=True)
class SampleSettings:
    """Which one-shots windows are made of, and how.

    Attributes
    ----------
    classes : the instruments to tell apart.
    per_class : one-shots of each to train on, at most.
    held_out_per_class : one-shots of each to validate on, at most.
    variants : windows to train on that are made of each one-shot, each varied in its own way.
    sounds : of different classes at once in a window, at most, where the formulation takes several.
    held_out : share of the families that are held out, where the one-shots are not split by their manifest.
    seed : of the choice and of all variation.
    """

    classes: tuple[str, ...] = FIVE_CLASSES
    per_class: int = 160
    held_out_per_class: int = 80
    variants: int = 8
    sounds: int = 3
    held_out: float = 0.25
    seed: int = 1


@dataclass(frozen=True)
class CorpusSettings:
    """How much is rendered, and from which seeds.

    Attributes
    ----------
    clips : of training, 12 s each, produced.
    dry_clips : of training beside them: drums alone, as they were recorded.
    validation_clips : of each kind of validation sound.
    seed : of the clips.
    """

    clips: int = 8000
    dry_clips: int = 0
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
    clips : passages or windows in a batch.
    frames : of a passage.
    counted : frames at the end of a passage that are learned from; 0 for all of it.
    hit_weight : how much more a frame of a passage with a hit weighs than one without.
    half : whether to compute in bfloat16.
    seed : of weights and batches.
    checkpoint_seconds : from one checkpoint to the next; the result does not depend on it.
    start : the experiment whose shipped checkpoint training begins with, of the same layers, none wider; "" for random
        weights.
    """

    steps: int = 12000
    cooldown: int = 3000
    warmup: int = 300
    rate: float = 2e-3
    decay: float = 1e-3
    clips: int = 16
    frames: int = 600
    counted: int = 0
    hit_weight: float = 2.0
    half: bool = True
    seed: int = 1
    checkpoint_seconds: float = 180.0
    start: str = ""


@dataclass(frozen=True)
class LiveSettings:
    """How a model is made for streams that are heard as they come, by a window of frames that ends now.

    Attributes
    ----------
    window : frames of it; 0 for a model of recordings.
    look_aheads : frames that may follow the one decided on, each with weights and thresholds of its own.
    clips : of each corpus to learn those from.
    """

    window: int = 0
    look_aheads: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 21)
    clips: int = 64


@dataclass(frozen=True)
class Experiment:
    """What a model is made of; `name` is the file's.

    `corpus` is what passages are cut from, `samples` and `augment` are what windows are made of.
    """

    name: str
    description: str = ""
    version: str = "0.1.0"
    corpus: CorpusSettings = field(default_factory=CorpusSettings)
    samples: SampleSettings = field(default_factory=SampleSettings)
    spectrogram: SpectrogramSettings = field(default_factory=SpectrogramSettings)
    input: InputSettings = field(default_factory=InputSettings)
    augment: AugmentSettings = field(default_factory=AugmentSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    fit: FitSettings = field(default_factory=FitSettings)
    live: LiveSettings = field(default_factory=LiveSettings)

    def __post_init__(self) -> None:
        self._check_choices()
        if self.is_passage and not FAMILIES[self.network.family].per_frame:
            per_frame = ", ".join(name for name, family in FAMILIES.items() if family.per_frame)
            raise DrumscribeError(
                f"the family {self.network.family} has no answer for each frame of a passage; {per_frame} have"
            )
        if self.is_passage and not FORMULATIONS[self.network.formulation].simultaneous:
            raise DrumscribeError(
                f"drums sound at once in passages, which {self.network.formulation} cannot say; multi-label can"
            )
        if not self.is_passage and self.window_frames < 1:
            raise DrumscribeError("a window from before_ms to after_ms holds no frame")
        ahead = self.live.look_aheads
        if (self.live.window and not 0 <= ahead[0] <= ahead[-1] < self.live.window - REACH) or sorted(ahead) != [
            *ahead
        ]:
            raise DrumscribeError(f"live.look_aheads must rise, and be less than live.window - {REACH}")
        if len(set(self.samples.classes)) < 2:
            raise DrumscribeError("samples.classes needs two different instruments or more to tell apart")

    def _check_choices(self) -> None:
        for key, value, known in (
            ("input.kind", self.input.kind, ("passage", "window")),
            ("network.family", self.network.family, FAMILIES),
            ("network.formulation", self.network.formulation, FORMULATIONS),
            *(("samples.classes", name, INSTRUMENTS) for name in self.samples.classes),
        ):
            if value not in known:
                raise DrumscribeError(f"unknown {key} {value!r}; known are {', '.join(known)}")

    @property
    def is_passage(self) -> bool:
        """Whether the network answers for each frame of a passage."""
        return self.input.kind == "passage"

    @property
    def frames_before(self) -> int:
        """Frames of a window before that of the onset."""
        return round(self.input.before_ms / 1000 * self.spectrogram.frame_rate)

    @property
    def window_frames(self) -> int:
        """Frames of a window."""
        return self.frames_before + 1 + round(self.input.after_ms / 1000 * self.spectrogram.frame_rate)

    def training(self) -> tuple[CorpusPlan, ...]:
        """What to train on: produced recordings, and drums alone, dry, where there are any."""
        shares = {"produced": self.corpus.clips, "dry": self.corpus.dry_clips}
        return tuple(CorpusPlan(kind, "train", self.corpus.seed, clips) for kind, clips in shares.items() if clips)

    def deciding(self) -> CorpusPlan:
        """Sound of the training kits and grooves that the network is not trained on: to learn decisions from."""
        clips, seed = self.corpus.validation_clips, self.corpus.seed + 1
        return CorpusPlan("produced", "train", seed, clips, _DECIDING_SECONDS)

    def validation(self) -> tuple[CorpusPlan, CorpusPlan]:
        """Held-out kits and grooves: produced recordings, and drums alone, dry."""
        clips, seed = self.corpus.validation_clips, self.corpus.seed
        return CorpusPlan("produced", "validation", seed, clips), CorpusPlan("dry", "validation", seed, clips)


def _filled(default, values: object, path: Path, section: str):
    """The default with values in it, each of which must be known and of the kind of the default's own."""
    named = _NAMED.get(type(default), {})
    if isinstance(values, str) and values in named:
        return named[values]
    if not isinstance(values, dict):
        choices = "".join(f" or {name!r}" for name in named)
        raise DrumscribeError(f"{path}: {section[:-1]} is {values!r}, but should be a table: [{section[:-1]}]{choices}")
    known = [f.name for f in fields(default)]
    filled = {}
    for key, value in values.items():
        if key not in known:
            raise DrumscribeError(f"{path}: unknown key {section}{key}; known are {', '.join(known)}")
        expected = getattr(default, key)
        if is_dataclass(expected):
            filled[key] = _filled(expected, value, path, f"{section}{key}.")
            continue
        if isinstance(expected, tuple) and isinstance(value, list):
            value = tuple(value)
        elif isinstance(expected, float) and type(value) is int:
            value = float(value)
        if type(value) is not type(expected) or (
            isinstance(value, tuple) and not all(type(v) is type(expected[0]) for v in value)
        ):
            raise DrumscribeError(f"{path}: {section}{key} is {value!r}, but should be like {expected!r}")
        filled[key] = value
    try:
        return replace(default, **filled)
    except DrumscribeError as error:
        raise DrumscribeError(f"{path}: {error}") from None


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
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DrumscribeError(f"{path}: not valid TOML: {error}") from None
    return experiment_of({"name": path.stem} | values, path)


def experiment_of(values: dict, path: Path) -> Experiment:
    """Check what a file says an experiment is; see `read_experiment`."""
    return _filled(Experiment(path.stem), values, path, "")
