"""Kits: what was learned of a player's sounds, in one small file that is safe to open, whoever made it.

The file is a zip archive of two entries: ``kit.json``, which describes the kit, and ``numbers.f32``, little-endian
float32. Reading it runs no code, and a file with inconsistent entries is refused.
"""

import json
import re
import zipfile
import zlib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np

from ..errors import DrumscribeError
from ..files import written_whole
from ..music.drums import ARTICULATION_BY_NAME
from ..network.model_card import ModelInfo
from .features import feature_count

SUFFIX = ".kit"
FORMAT = 1
MAX_BYTES = 1_000_000
"""Maximum size of a kit file in bytes; each entry may unpack to four times this size. By hand: ten times the size of a
common kit."""
MAX_SOUNDS = 64
"""Maximum number of sounds in a kit; by hand."""
_CARD, _NUMBERS = "kit.json", "numbers.f32"
_ELSEWHERE = ("mean", "scale", "weights", "sounds", "close")
"""Fields of a kit that its card does not hold as plain values."""
_NAME = re.compile(r"\w[\w .+&#-]{0,39}")


class KitError(DrumscribeError):
    """A kit that cannot be made, found or used."""


@dataclass(frozen=True)
class Sound:
    """A sound of a kit.

    Attributes
    ----------
    name : str
        An articulation of the vocabulary, or a player's own name.
    note : int
        The MIDI note.
    samples : int
        Number of samples from which it was learned.
    precision, recall : float
        Estimates by cross-validation, 0 to 1.
    mistaken_for : tuple of str
        Instruments that the model reports for this sound.
    """

    name: str
    note: int
    samples: int
    precision: float
    recall: float
    mistaken_for: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether the model knows the sound, too."""
        return self.name in ARTICULATION_BY_NAME

    @property
    def instrument(self) -> str:
        """The instrument of the sound; a player's own sound is an instrument by itself."""
        return ARTICULATION_BY_NAME[self.name].instrument if self.known else self.name


@dataclass(frozen=True)
class Closeness:
    """How often one sound is mistaken for another.

    Attributes
    ----------
    sound, other : str
        The sound that is struck, and the one that is detected.
    share : float
        Share of the strokes at which this happens, 0 to 1, estimated by cross-validation.
    """

    sound: str
    other: str
    share: float


@dataclass(frozen=True)
class Kit:
    """A head on the embedding of one model.

    Attributes
    ----------
    name : str
        The player's name for the kit.
    only : bool
        Whether the drums that the model knows are left out.
    made : str
        The date, in ISO 8601, and the version of drumscribe.
    source : str
        The recordings from which it was learned.
    model, fingerprint : str
        Name and fingerprint of the model whose embedding the kit uses.
    sounds : tuple of Sound
        The sounds that it recognises.
    mean, scale : np.ndarray
        ``(features,) float32`` each, which shift and scale the features before they are weighted.
    weights : np.ndarray
        ``(sounds, features + 2) float32``, see `scoring.log_odds_of`; a sound is reported if its log odds are at least
        0.
    promised : float or None
        The micro F expected on recordings like the samples; None in kits of older versions.
    close : tuple of Closeness
        Pairs of sounds that are mistaken for each other, the most frequent first.
    """

    name: str
    only: bool
    made: str
    source: str
    model: str
    fingerprint: str
    sounds: tuple[Sound, ...]
    mean: np.ndarray = field(repr=False, compare=False)
    scale: np.ndarray = field(repr=False, compare=False)
    weights: np.ndarray = field(repr=False, compare=False)
    promised: float | None = None
    close: tuple[Closeness, ...] = ()

    @property
    def instruments(self) -> tuple[str, ...]:
        """The instruments of the sounds, including the player's own."""
        return tuple(dict.fromkeys(sound.instrument for sound in self.sounds))

    def check_model(self, info: ModelInfo) -> None:
        """Check that the kit was made for a model.

        Parameters
        ----------
        info : ModelInfo
            The model.

        Raises
        ------
        KitError
            If it was made for another model; the message says what to do.
        """
        if self.fingerprint != info.fingerprint or len(self.mean) != feature_count(info):
            way = "drumscribe finetune --live" if info.look_aheads else "drumscribe finetune"
            raise KitError(
                f"the kit {self.name} was made for the model {self.model} ({self.fingerprint}), not for {info.name} "
                f"{info.version} ({info.fingerprint}): recreate it with {way}, or give its model with --model"
            )


def check_name(name: str) -> str:
    """Check the name of a kit or a sound.

    Parameters
    ----------
    name : str
        The name.

    Returns
    -------
    str
        The same.

    Raises
    ------
    KitError
        If it is too long, or has characters that are neither letters, digits, spaces nor ``.+&#_-``.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name != name.strip(" ."):
        raise KitError(f"{str(name)[:60]!r} cannot be a name: use at most 40 letters, digits, spaces and .+&#_-")
    return name


def write_kit(kit: Kit, path: Path) -> None:
    """Write a kit. An existing file stays whole if writing fails.

    Parameters
    ----------
    kit : Kit
        The kit.
    path : Path
        Its file.

    Raises
    ------
    KitError
        If it cannot be written.
    """
    card = {"format": FORMAT, "features": len(kit.mean)} | {
        f.name: getattr(kit, f.name) for f in fields(Kit) if f.name not in _ELSEWHERE
    }
    card["sounds"] = [asdict(sound) for sound in kit.sounds]
    card["close"] = [asdict(pair) for pair in kit.close]
    numbers = np.concatenate([kit.mean, kit.scale, kit.weights.ravel()]).astype("<f4")
    try:
        with written_whole(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_CARD, json.dumps(card, indent=1, ensure_ascii=False))
            archive.writestr(_NUMBERS, numbers.tobytes())
    except OSError as error:
        raise KitError(f"{path}: cannot be written: {error.strerror or error}") from error


def read_kit(path: Path) -> Kit:
    """Read a kit, which anyone may have made.

    Parameters
    ----------
    path : Path
        Its file.

    Returns
    -------
    Kit
        The kit.

    Raises
    ------
    KitError
        If the file is missing, damaged, hostile, or of another version of the format.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise KitError(f"{path}: no such kit ({error.strerror or error})") from None
    if size > MAX_BYTES:
        raise KitError(f"{path}: not a drumscribe kit: larger than {MAX_BYTES // 1_000_000} MB")
    try:
        with zipfile.ZipFile(path) as archive:
            card = json.loads(_entry(archive, _CARD))
            numbers = np.frombuffer(_entry(archive, _NUMBERS), "<f4").astype(np.float32)
        if not isinstance(card, dict) or card.get("format") != FORMAT:
            found = card.get("format") if isinstance(card, dict) else None
            raise KitError(
                f"{path}: kit format {str(found)[:20]} needs another version of drumscribe (this reads {FORMAT})"
            )
        return _kit_of(card, numbers)
    except KitError as error:
        raise KitError(str(error) if str(path) in str(error) else f"{path}: {error}") from None
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError):
        raise KitError(f"{path}: not a drumscribe kit, or damaged: recreate it with drumscribe finetune") from None
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError, MemoryError):
        raise KitError(f"{path}: damaged: recreate it with drumscribe finetune") from None


def _entry(archive: zipfile.ZipFile, name: str) -> bytes:
    entry = archive.getinfo(name)
    # Other compression methods unpack an entry as a whole, even if little of it is read.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.file_size > 4 * MAX_BYTES:
        raise KitError(f"not a drumscribe kit: its {name} is packed as no kit is, or larger than any kit's")
    with archive.open(name) as file:
        content = file.read(4 * MAX_BYTES + 1)
    if len(content) > 4 * MAX_BYTES:
        raise KitError(f"not a drumscribe kit: its {name} is larger than any kit's")
    return content


def _kit_of(card: dict, numbers: np.ndarray) -> Kit:
    """Make a kit from the content of its file; impossible values raise a ValueError, KeyError, TypeError or
    KitError."""
    sounds = tuple(_sound_of(sound) for sound in card["sounds"])
    features = card["features"]
    if type(features) is not int or type(card["only"]) is not bool or not 1 <= len(sounds) <= MAX_SOUNDS:
        raise ValueError("features, only or sounds")
    if len({sound.name for sound in sounds}) < len(sounds):
        raise ValueError("two sounds of one name")
    if not 0 < features < MAX_BYTES or len(numbers) != 2 * features + len(sounds) * (features + 2):
        raise ValueError("numbers")
    if not np.isfinite(numbers).all() or np.abs(numbers).max() > 1e6 or numbers[features : 2 * features].min() <= 0:
        raise ValueError("numbers")
    texts = {key: card[key] for key in ("made", "source", "model", "fingerprint")}
    if not all(isinstance(text, str) and len(text) < 500 and text.isprintable() for text in texts.values()):
        raise ValueError("texts")
    promised, close = card.get("promised"), tuple(Closeness(**pair) for pair in card.get("close", ()))
    if promised is not None and not _is_share(promised):
        raise ValueError("promised")
    names = [sound.name for sound in sounds]
    if not all(pair.sound in names and pair.other in names and _is_share(pair.share) for pair in close):
        raise ValueError("close")
    mean, scale, weights = np.split(numbers, [features, 2 * features])
    weights = weights.reshape(len(sounds), features + 2)
    return Kit(
        check_name(card["name"]),
        card["only"],
        **texts,
        sounds=sounds,
        mean=mean,
        scale=scale,
        weights=weights,
        promised=promised,
        close=close,
    )


def _is_share(x: object) -> bool:
    return isinstance(x, (int, float)) and 0 <= x <= 1


def _sound_of(card: dict) -> Sound:
    sound = Sound(**{**card, "mistaken_for": tuple(card["mistaken_for"])})
    check_name(sound.name)
    whole = type(sound.note) is int and type(sound.samples) is int
    if not whole or not 0 <= sound.note <= 127 or not 0 <= sound.samples < 1_000_000:
        raise ValueError("note or samples")
    if not all(_is_share(x) for x in (sound.precision, sound.recall)):
        raise ValueError("precision or recall")
    if not all(isinstance(name, str) for name in sound.mistaken_for):
        raise ValueError("mistaken_for")
    return sound
