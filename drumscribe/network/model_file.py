"""Model files, each with its card, and the bundled ones.

A model file is a ``.tflite`` flatbuffer with a zip archive appended (as TensorFlow Lite Metadata appends associated
files). The card in it, ``drumscribe.json``, holds all that is needed to run the model, so one file is enough.
"""

import json
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from ..errors import ModelError, reason_of
from ..files import written_whole
from ..sound.spectrogram import SpectrogramSettings
from . import trial
from .bundled import bundled_models, models_folder
from .card_checks import check_card
from .model_card import Columns, LookAhead, ModelInfo, Window
from .tflite import eight_bit_kinds

_CARD = "drumscribe.json"
_LARGEST_CARD = 4_000_000
"""Maximum size of a card in bytes: seventy times the card of a model for streams (by hand)."""
_FORMAT, _FORMAT_OF_WINDOWS = 4, 5
_ODD = (EOFError, NotImplementedError, RuntimeError, RecursionError, MemoryError, OverflowError)
"""Exceptions that damaged archives and endlessly nested cards raise, besides those that one expects."""

DEFAULT, DEFAULT_LIVE = "base", "live"
"""The default models: for recordings, and for streams."""


def model_file(model: str | Path | None = None) -> Path:
    """Find the file of a model.

    Parameters
    ----------
    model : str, Path or None
        Path to a model file, the name of a bundled model (``"tiny"``, ``"base.float32"``), or None for the default for
        recordings. A name without a format means the most exact 8-bit file that can be run here.

    Returns
    -------
    Path
        The file, which may not exist.
    """
    path = Path(DEFAULT if model is None else model)
    if len(path.parts) == 1 and (model is None or not path.is_file()):
        folder = models_folder()
        for name in (*(f"{path}.{kind}" for kind in eight_bit_kinds()), path):
            if (file := folder / f"{name}.tflite").exists():
                return file
    return path


def read_card(path: Path) -> object:
    """Read the card of a model file in any format.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    object
        The parsed JSON.

    Raises
    ------
    ModelError
        If it is not a model file.
    """
    try:
        if path.exists() and not path.is_file():
            raise ModelError(f"{path}: not a drumscribe model, but a folder or a device")
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo(_CARD)
            plain = entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
            if not plain or entry.file_size > _LARGEST_CARD:  # other compression methods unpack a file as a whole
                raise ModelError(f"{path}: not a drumscribe model: its card is packed as none is, or too large")
            with archive.open(entry) as file:
                return json.loads(file.read(_LARGEST_CARD))
    except FileNotFoundError:
        known = ", ".join(bundled_models())
        raise ModelError(f"{path}: no such model file, and no bundled model of that name ({known})") from None
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, OSError, *_ODD):
        raise ModelError(f"{path}: not a drumscribe model (a .tflite file with {_CARD} inside)") from None


def write_card(flatbuffer: bytes, card: dict, path: Path) -> None:
    """Write a model file. An existing file stays whole if writing fails.

    Parameters
    ----------
    flatbuffer : bytes
        The network.
    card : dict
        The card, as JSON takes it.
    path : Path
        The file.
    """
    with written_whole(path) as temporary:
        temporary.write_bytes(flatbuffer)
        with zipfile.ZipFile(temporary, "a", zipfile.ZIP_DEFLATED) as archive:
            entry = zipfile.ZipInfo(_CARD)  # a fixed date, so that equal models are equal files
            archive.writestr(entry, json.dumps(card, indent=1))
    trial.trust(path)


def load_model_info(model: str | Path | None = None) -> ModelInfo:
    """Read the card of a model.

    Parameters
    ----------
    model : str, Path or None
        As `model_file` takes it.

    Returns
    -------
    ModelInfo
        The card, with every value checked.

    Raises
    ------
    ModelError
        If the file is no model of drumscribe, or one that this version cannot run.
    """
    path = model_file(model)
    card = read_card(path)
    if not isinstance(card, dict) or card.get("format") not in (_FORMAT, _FORMAT_OF_WINDOWS):
        raise ModelError(
            f"{path}: model format {_format_of(card)} needs another version of drumscribe (this reads {_FORMAT} and "
            f"{_FORMAT_OF_WINDOWS})"
        )
    try:
        columns = Columns(tuple(card["columns"]["instruments"]), tuple(card["columns"]["articulations"]))
        composed = ("columns", "spectrogram", "weights", "thresholds", "dynamics", "look_aheads", "window")
        facts = {key: card[key] for key in ModelInfo.__dataclass_fields__ if key in card and key not in composed}
        info = ModelInfo(
            columns=columns,
            spectrogram=SpectrogramSettings(**card["spectrogram"]),
            weights=_table_of(card["weights"]),
            thresholds=_row_of(card["thresholds"]),
            dynamics=_table_of(card.get("dynamics", ())),
            look_aheads=tuple(_look_ahead_of(at) for at in card.get("look_aheads", ())),
            window=None if card.get("window") is None else _window_of(card["window"]),
            **facts,
        )
        check_card(info)
        return info
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ModelError(f"{path}: its {_CARD} is damaged ({reason_of(error)}); get the model again") from None


def _window_of(values: dict) -> Window:
    notes = tuple((str(name), int(note)) for name, note in values["notes"])
    return Window(int(values["before"]), float(values["level"]), notes)


def _look_ahead_of(values: dict) -> LookAhead:
    return LookAhead(int(values["frames"]), _table_of(values["weights"]), _row_of(values["thresholds"]))


def _table_of(rows: Iterable[Iterable[float]]) -> tuple[tuple[float, ...], ...]:
    return tuple(_row_of(row) for row in rows)


def _row_of(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _format_of(card: object) -> object:
    return card.get("format") if isinstance(card, dict) else None


def write_model(flatbuffer: bytes, info: ModelInfo, path: Path, more: dict | None = None) -> None:
    """Write a model file that transcribes.

    Parameters
    ----------
    flatbuffer : bytes
        The network.
    info : ModelInfo
        The card.
    path : Path
        The file.
    more : dict, optional
        Further fields of the card, as JSON takes them.
    """
    card = {key: value for key, value in asdict(info).items() if key != "window" or value is not None}
    number = _FORMAT if info.window is None else _FORMAT_OF_WINDOWS
    write_card(flatbuffer, {"format": number, **card, **(more or {})}, path)
