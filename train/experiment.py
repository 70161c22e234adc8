"""Experiments: one small TOML file each, checked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from drumscribe.errors import DrumscribeError
from drumscribe.hearing.evidence import REACH
from drumscribe.music.drums import ARTICULATION_BY_NAME, ARTICULATIONS, INSTRUMENTS
from drumscribe.network.model_card import Columns
from drumscribe.sound.spectrogram import SpectrogramSettings
from drumscribe.synthesis.augmentation import AUGMENTATIONS, AugmentSettings

from .data.recordings import READERS
from .files import read_toml
from .networks.families import FAMILIES, NetworkSettings
from .networks.formulations import FORMULATIONS
from .ranges import check_ranges
from .rendering.clips import CLIP_SECONDS
from .rendering.corpus import CorpusPlan
from .rendering.sequences import SequenceSettings
from .settings import CorpusSettings, FitSettings, InputSettings, LiveSettings, SampleSettings

COLUMNS = Columns(INSTRUMENTS, tuple(a.name for a in ARTICULATIONS if a.name != a.instrument))
"""What the models of passages answer."""

FEATURES = {
    "mel": SpectrogramSettings(),
    "stft": SpectrogramSettings(bands=1024, fmin=0.0, fmax=1025 * 44100 / 2048, scale="linear"),
    "log-frequency": SpectrogramSettings(bands=96, fmin=30.0, fmax=16000.0, scale="log"),
}
"""Spectrograms by name: ``spectrogram = "stft"`` in an experiment; a table ``[spectrogram]`` sets its own."""

AUGMENTS = {"full": AugmentSettings(), "none": AugmentSettings().without(*AUGMENTATIONS)}
"""Augmentations by name, as above: ``augment = "none"``."""

_DECIDING_SECONDS = 36.0
"""Decisions are learned from longer clips than those trained on: what recurs, and what sounds alike, needs time."""
_CLASS = re.compile(r"[a-z0-9][a-z0-9_]{0,30}")
_NAMED: Mapping[type, Mapping[str, object]] = {SpectrogramSettings: FEATURES, AugmentSettings: AUGMENTS}
_Settings = TypeVar("_Settings")


def own_classes(classes: Sequence[str]) -> list[str]:
    """List the classes that are neither instruments nor articulations of the vocabulary."""
    return [name for name in classes if name not in INSTRUMENTS and name not in ARTICULATION_BY_NAME]


@dataclass(frozen=True)
class Experiment:
    """The recipe of a model.

    Attributes
    ----------
    name : str
        Name of the file.
    description : str, default ""
        What the model is for, in a line.
    version : str, default "0.1.0"
        Version of the model.
    corpus : CorpusSettings, optional
        The corpus that passages are cut from.
    samples : SampleSettings, optional
        The one-shots that windows or sequences are made of.
    sequences : SequenceSettings, optional
        How sequences are made of them; `augment` says what varies their strokes.
    spectrogram : SpectrogramSettings, optional
        The spectrogram.
    input : InputSettings, optional
        The input of the network.
    augment : AugmentSettings, optional
        Augmentation of windows.
    network : NetworkSettings, optional
        The network.
    fit : FitSettings, optional
        The training.
    live : LiveSettings, optional
        Live streams.

    Raises
    ------
    DrumscribeError
        If settings contradict each other.
    """

    name: str
    description: str = ""
    version: str = "0.1.0"
    corpus: CorpusSettings = field(default_factory=CorpusSettings)
    samples: SampleSettings = field(default_factory=SampleSettings)
    sequences: SequenceSettings = field(default_factory=SequenceSettings)
    spectrogram: SpectrogramSettings = field(default_factory=SpectrogramSettings)
    input: InputSettings = field(default_factory=InputSettings)
    augment: AugmentSettings = field(default_factory=AugmentSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    fit: FitSettings = field(default_factory=FitSettings)
    live: LiveSettings = field(default_factory=LiveSettings)

    def __post_init__(self) -> None:
        self._check_choices()
        check_ranges(asdict(self))
        if self.is_passage and not FAMILIES[self.network.family].per_frame:
            per_frame = ", ".join(name for name, family in FAMILIES.items() if family.per_frame)
            raise DrumscribeError(
                f"the family {self.network.family} has no answer for each frame of a passage; {per_frame} have"
            )
        if self.is_passage and not FORMULATIONS[self.network.formulation].simultaneous:
            raise DrumscribeError(
                f"drums sound at once in passages, which {self.network.formulation} cannot say; multi-label can"
            )
        if self.is_passage and self.corpus.source == "sequences" and not set(self.samples.classes) <= set(INSTRUMENTS):
            own = next(name for name in self.samples.classes if name not in INSTRUMENTS)
            raise DrumscribeError(f"samples.classes: {own}: passages know {', '.join(INSTRUMENTS)}; windows any name")
        if not self.is_passage and self.window_frames < 1:
            raise DrumscribeError("a window from before_ms to after_ms holds no frame")
        ahead = self.live.look_aheads
        if (self.live.window and not 0 <= ahead[0] <= ahead[-1] < self.live.window - REACH) or sorted(ahead) != [
            *ahead
        ]:
            raise DrumscribeError(f"live.look_aheads must rise, and be less than live.window - {REACH}")
        self._check_classes()

    def _check_choices(self) -> None:
        for key, value, known in (
            ("input.kind", self.input.kind, ("passage", "window")),
            ("samples.recordings", self.samples.recordings, READERS),
            ("corpus.source", self.corpus.source, ("performances", "sequences")),
            ("network.family", self.network.family, FAMILIES),
            ("network.formulation", self.network.formulation, FORMULATIONS),
        ):
            if value not in known:
                raise DrumscribeError(f"unknown {key} {value!r}; known are {', '.join(known)}")

    def _check_classes(self) -> None:
        classes, notes = self.samples.classes, self.samples.notes
        if len(set(classes)) < 2 or len(set(classes)) < len(classes):
            raise DrumscribeError("samples.classes needs two different instruments or more to tell apart")
        for name in classes:
            if not _CLASS.fullmatch(name):
                raise DrumscribeError(f"samples.classes: {name!r} is no name: use small letters, digits and _")
        for name, note in notes.items():
            if name not in own_classes(classes):
                raise DrumscribeError(f"samples.notes: {name} is no class of your own in samples.classes")
            if type(note) is not int or not 1 <= note <= 127:
                raise DrumscribeError(f"samples.notes: {name} = {note!r}, but notes are whole numbers from 1 to 127")

    @property
    def is_passage(self) -> bool:
        """Whether the network answers for each frame of a passage."""
        return self.input.kind == "passage"

    @property
    def learns_from_samples(self) -> bool:
        """Whether it learns from a folder of one-shots alone."""
        return not self.is_passage or self.corpus.source == "sequences"

    @property
    def frames_before(self) -> int:
        """Number of frames of a window before that of the onset."""
        return round(self.input.before_ms / 1000 * self.spectrogram.frame_rate)

    @property
    def window_frames(self) -> int:
        """Number of frames of a window."""
        return self.frames_before + 1 + round(self.input.after_ms / 1000 * self.spectrogram.frame_rate)

    def training(self) -> tuple[CorpusPlan, ...]:
        """The corpora to train on: produced recordings, and dry drums alone, if there are any; or sequences.

        With these, the annotated recordings beside the one-shots.
        """
        if self.corpus.source == "sequences":
            recorded = (self._plan("recordings", "train", 0, self.corpus.recorded),) if self.corpus.recorded else ()
            return (self._plan("sequences", "train", 0, self.corpus.clips), *recorded)
        shares = {"produced": self.corpus.clips, "dry": self.corpus.dry_clips}
        return tuple(self._plan(kind, "train", 0, clips) for kind, clips in shares.items() if clips)

    def deciding(self) -> tuple[CorpusPlan, ...]:
        """Sound of the training kits, grooves and songs, or one-shots, unknown to the network, to learn decisions from.

        A third is full mixes of songs, unless it is sequences.
        """
        clips = self.corpus.validation_clips
        shares = {"produced": clips, "mixes": clips // 2}
        if self.corpus.source == "sequences":
            shares = {"sequences": clips}
        return tuple(self._plan(kind, "train", 1, share, _DECIDING_SECONDS) for kind, share in shares.items())

    def validation(self) -> tuple[CorpusPlan, ...]:
        """Held-out kits, grooves and songs: produced recordings, full mixes of songs, and dry drums alone.

        Or sequences of held-out one-shots.
        """
        kinds = ("sequences",) if self.corpus.source == "sequences" else ("produced", "mixes", "dry")
        return tuple(self._plan(kind, "validation", 0, self.corpus.validation_clips) for kind in kinds)

    def _plan(self, kind: str, split: str, more: int, clips: int, seconds: float = CLIP_SECONDS) -> CorpusPlan:
        return CorpusPlan(kind, split, self.corpus.seed + more, clips, seconds, self.corpus.sound)


def _filled(default: _Settings, values: object, path: Path, section: str) -> _Settings:
    """Return the default with values in it, each of which must be known and of the same kind as the default."""
    named = _NAMED.get(type(default), {})
    if isinstance(values, str) and values in named:
        return cast(_Settings, named[values])
    if not isinstance(values, dict):
        choices = "".join(f" or {name!r}" for name in named)
        raise DrumscribeError(f"{path}: {section[:-1]} is {values!r}, but should be a table: [{section[:-1]}]{choices}")
    known = [f.name for f in fields(cast(Any, default))]
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
        return replace(cast(Any, default), **filled)
    except DrumscribeError as error:
        raise DrumscribeError(f"{path}: {error}") from None


def read_experiment(path: Path) -> Experiment:
    """Read and check an experiment.

    Raises
    ------
    DrumscribeError
        If a key is wrong; the message names it and the file.
    """
    if not path.exists():
        raise DrumscribeError(f"{path}: no such experiment")
    return experiment_of({"name": path.stem} | read_toml(path), path)


def experiment_of(values: dict, path: Path) -> Experiment:
    """Make an experiment of the content of a file; see `read_experiment`.

    Parameters
    ----------
    values : dict
        Content of the file.
    path : Path
        The file, for its name.

    Returns
    -------
    Experiment
        The experiment.

    Raises
    ------
    DrumscribeError
        If a key is wrong.
    """
    return _filled(Experiment(path.stem), values, path, "")
