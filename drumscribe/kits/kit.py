"""A kit: what was learned of a player's sounds, in one small file that is safe to open whoever made it.

The file is a zip archive of two entries: ``kit.json``, which says all there is to say in words, and ``numbers.f32``,
little-endian float32. Nothing in it is ever run, and what does not fit together is refused.
"""

import json
import re
import zipfile
import zlib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np

from ..classifier import ModelInfo
from ..drums import ARTICULATION_BY_NAME
from ..errors import DrumscribeError
from ..files import written_whole
from .features import Layout

SUFFIX = ".kit"
FORMAT = 1
LARGEST = 1_000_000
"""Bytes that the file of a kit may have, and each of its entries once it is unpacked four times as many."""
MOST_SOUNDS = 64
_CARD, _NUMBERS = "kit.json", "numbers.f32"
_NAME = re.compile(r"\w[\w .+&#-]{0,39}")


class KitError(DrumscribeError):
    """A kit that cannot be made, found or used."""


@dataclass(frozen=True)
class Sound:
    """Something that a kit hears.

    Attributes
    ----------
    name : an articulation of the vocabulary, or a name of the player's own.
    note : the MIDI note.
    samples : how many it was learned from.
    precision, recall : as cross-validation expects them.
    mistaken_for : instruments that the model takes it for.
    """

    name: str
    note: int
    samples: int
    precision: float
    recall: float
    mistaken_for: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether the model knows it, too."""
        return self.name in ARTICULATION_BY_NAME

    @property
    def instrument(self) -> str:
        """The instrument that it belongs to: itself, if it is the player's own."""
        return ARTICULATION_BY_NAME[self.name].instrument if self.known else self.name


@dataclass(frozen=True)
class Kit:
    """A head on the embedding of one model.

    Attributes
    ----------
    name : what the player calls it.
    only : whether the drums that the model knows by itself are left out.
    made : the date, as ISO 8601 has it, and with which version of this program.
    source : what it was learned from.
    model, fingerprint : of the model whose embedding it weighs.
    sounds : what it hears.
    mean, scale : ``(features,) float32``: features are shifted and scaled by these before they are weighed.
    weights : ``(sounds, features + 2) float32`` of `head.log_odds_of`; from 0 on a sound is heard.
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

    def check_model(self, info: ModelInfo) -> None:
        """See that it was made for a model.

        Raises
        ------
        KitError : where it was not, with the way out.
        """
        if self.fingerprint != info.fingerprint or len(self.mean) != Layout.of(info).size:
            way = "drumscribe finetune --live" if info.look_aheads else "drumscribe finetune"
            raise KitError(
                f"the kit {self.name} was made for the model {self.model} ({self.fingerprint}), not for {info.name} "
                f"{info.version} ({info.fingerprint}): make it anew with {way}, or give its model with --model"
            )


def check_name(name: str) -> str:
    """A name of a kit or a sound, if it can be one.

    Raises
    ------
    KitError : where it is too long, or has characters that are neither letters, digits, spaces nor ``.+&#_-``.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name != name.strip(" ."):
        raise KitError(f"{str(name)[:60]!r} cannot be a name: use letters, digits, spaces and .+&#_-, 40 at most")
    return name


def write_kit(kit: Kit, path: Path) -> None:
    """Write a kit, whole or not at all.

    Raises
    ------
    KitError : where it cannot be written.
    """
    card = {"format": FORMAT, "features": len(kit.mean)} | {
        f.name: getattr(kit, f.name) for f in fields(Kit) if f.name not in ("mean", "scale", "weights", "sounds")
    }
    card["sounds"] = [asdict(sound) for sound in kit.sounds]
    numbers = np.concatenate([kit.mean, kit.scale, kit.weights.ravel()]).astype("<f4")
    try:
        with written_whole(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_CARD, json.dumps(card, indent=1, ensure_ascii=False))
            archive.writestr(_NUMBERS, numbers.tobytes())
    except OSError as error:
        raise KitError(f"{path}: cannot be written: {error.strerror or error}") from error


def read_kit(path: Path) -> Kit:
    """Read a kit, from whomever it comes.

    Raises
    ------
    KitError : where there is none, or it is damaged, made to harm, or of another version of this program.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise KitError(f"{path}: there is no such kit ({error.strerror or error})") from None
    if size > LARGEST:
        raise KitError(f"{path}: is no kit of drumscribe: it is larger than {LARGEST // 1_000_000} MB")
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
        raise KitError(
            f"{path}: is no kit of drumscribe, or is damaged: make it anew with drumscribe finetune"
        ) from None
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError, MemoryError):
        raise KitError(f"{path}: is damaged: make it anew with drumscribe finetune") from None


def _entry(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        content = file.read(4 * LARGEST + 1)
    if len(content) > 4 * LARGEST:
        raise KitError(f"is no kit of drumscribe: its {name} is larger than any kit's")
    return content


def _kit_of(card: dict, numbers: np.ndarray) -> Kit:
    """A kit of what its file says; whatever cannot be raises a ValueError, KeyError, TypeError or KitError."""
    sounds = tuple(_sound_of(sound) for sound in card["sounds"])
    features = card["features"]
    if type(features) is not int or type(card["only"]) is not bool or not 1 <= len(sounds) <= MOST_SOUNDS:
        raise ValueError("features, only or sounds")
    if len({sound.name for sound in sounds}) < len(sounds):
        raise ValueError("two sounds of one name")
    if not 0 < features < LARGEST or len(numbers) != 2 * features + len(sounds) * (features + 2):
        raise ValueError("numbers")
    if not np.isfinite(numbers).all() or np.abs(numbers).max() > 1e6 or numbers[features : 2 * features].min() <= 0:
        raise ValueError("numbers")
    texts = {key: card[key] for key in ("made", "source", "model", "fingerprint")}
    if not all(isinstance(text, str) and len(text) < 500 and text.isprintable() for text in texts.values()):
        raise ValueError("texts")
    mean, scale, weights = np.split(numbers, [features, 2 * features])
    weights = weights.reshape(len(sounds), features + 2)
    return Kit(check_name(card["name"]), card["only"], **texts, sounds=sounds, mean=mean, scale=scale, weights=weights)


def _sound_of(card: dict) -> Sound:
    sound = Sound(**{**card, "mistaken_for": tuple(card["mistaken_for"])})
    check_name(sound.name)
    whole = type(sound.note) is int and type(sound.samples) is int
    if not whole or not 0 <= sound.note <= 127 or not 0 <= sound.samples < 1_000_000:
        raise ValueError("note or samples")
    if not all(isinstance(x, (int, float)) and 0 <= x <= 1 for x in (sound.precision, sound.recall)):
        raise ValueError("precision or recall")
    if not all(isinstance(name, str) for name in sound.mistaken_for):
        raise ValueError("mistaken_for")
    return sound
