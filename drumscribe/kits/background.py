"""Moments of other music that come beside a model: what a player's sounds are not.

They are embedded by that model, in a byte for each number, and without use for another, which is told by its
fingerprint. ``drumscribe-train background`` makes the file.
"""

import json
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..classifier import ModelInfo
from ..drums import ARTICULATION_BY_NAME
from ..files import written_whole
from .features import Layout

_STEP = 1 / 24
"""Resolution of the standardised features, which reach up to 127 of it to either side."""
_ODDS_STEP = 1 / 8


@dataclass(frozen=True)
class Background:
    """Moments of drums of other kits, and of what is no drum.

    Attributes
    ----------
    fingerprint : of the model.
    mean, scale : ``(features,) float32``: how features are standardised.
    features : ``(moments, features) float32``, standardised.
    odds : ``(moments, instruments) float32`` of the model, as in `Moments`.
    struck : ``(moments, articulations) int8``, in the vocabulary's order: 1 where one is struck, 0 where not, -1 where
        that is not known.
    """

    fingerprint: str
    mean: np.ndarray
    scale: np.ndarray
    features: np.ndarray
    odds: np.ndarray
    struck: np.ndarray

    @classmethod
    def of(cls, info: ModelInfo, numbers: np.ndarray, odds: np.ndarray, struck: np.ndarray) -> "Background":
        """Of ``(moments, features)`` as they are."""
        mean, scale = numbers.mean(axis=0), numbers.std(axis=0) + 0.02
        return cls(info.fingerprint, mean, scale, standardised(numbers, mean, scale), odds, struck)

    def __getitem__(self, chosen: np.ndarray) -> "Background":
        return replace(self, features=self.features[chosen], odds=self.odds[chosen], struck=self.struck[chosen])


def standardised(numbers: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Features shifted and scaled, within what a byte holds."""
    return np.clip((numbers - mean) / scale, -127 * _STEP, 127 * _STEP).astype(np.float32)


def place_of(model: Path) -> Path:
    """The file that comes beside a model file, shared by all that it is quantised to."""
    return model.with_name(f"{model.name.split('.')[0]}.background.npz")


def write_background(background: Background, path: Path) -> None:
    """Write the file, the same for the same moments."""
    articulations = json.dumps(list(ARTICULATION_BY_NAME)).encode()
    arrays = {
        "fingerprint": np.frombuffer(background.fingerprint.encode(), np.uint8),
        "articulations": np.frombuffer(articulations, np.uint8),
        "mean": background.mean.astype(np.float32),
        "scale": background.scale.astype(np.float32),
        "features": np.rint(background.features / _STEP).astype(np.int8),
        "odds": np.rint(np.clip(background.odds / _ODDS_STEP, -127, 127)).astype(np.int8),
        "struck": background.struck.astype(np.int8),
    }
    with written_whole(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)


def load_background(model: Path, info: ModelInfo) -> Background | None:
    """What comes beside a model file, or None: where there is nothing, or it was made for another model."""
    try:
        with np.load(place_of(model), allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        features = found["features"].astype(np.float32) * np.float32(_STEP)
        background = Background(
            bytes(found["fingerprint"]).decode(),
            found["mean"],
            found["scale"],
            features,
            found["odds"].astype(np.float32) * np.float32(_ODDS_STEP),
            found["struck"],
        )
        articulations = json.loads(bytes(found["articulations"]))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    fits = features.shape[1] == Layout.of(info).size and articulations == list(ARTICULATION_BY_NAME)
    return background if fits and background.fingerprint == info.fingerprint else None
