"""Moments of other music, bundled with a model: what a player's sounds are not.

They are embedded by that model, in a byte for each number, and of no use with another, which its fingerprint tells.
``drumscribe-train background`` makes the file.
"""

import json
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..files import written_whole
from ..hearing.passages import Moments
from ..kits.features import feature_count
from ..kits.scoring import FEATURE_STEP, standardised
from ..music.drums import ARTICULATION_BY_NAME
from ..network.model_card import ModelInfo
from ..tables import Rows, Table

_ODDS_STEP = 1 / 8
"""Resolution of log odds in the file, which reach up to 127 of it to either side; by hand."""
_SMALLEST_SPREAD = 0.02
"""Added to the standard deviation of features, so that those that hardly vary do not count for much; by hand."""


@dataclass(frozen=True, eq=False)
class OtherMoments(Table):
    """Moments of drums of other kits, and of sounds that are no drum.

    Attributes
    ----------
    features : np.ndarray
        ``(moments, features) float32``, standardised.
    odds : np.ndarray
        ``(moments, instruments) float32`` of the model, as in `Moments`.
    struck : np.ndarray
        ``(moments, articulations) int8``, in the vocabulary's order: 1 where one is struck, 0 where not, -1 where that
        is not known.
    """

    features: np.ndarray
    odds: np.ndarray
    struck: np.ndarray


@dataclass(frozen=True, eq=False)
class Background:
    """Moments of other music, as one model embeds them.

    Attributes
    ----------
    fingerprint : str
        Of the model.
    mean, scale : np.ndarray
        ``(features,) float32`` each: how features are standardised.
    moments : OtherMoments
        The moments.
    """

    fingerprint: str
    mean: np.ndarray
    scale: np.ndarray
    moments: OtherMoments

    @classmethod
    def of(cls, info: ModelInfo, moments: Moments, struck: np.ndarray) -> "Background":
        """Standardise moments.

        Parameters
        ----------
        info : ModelInfo
            The model that answered.
        moments : Moments
            With features as they are.
        struck : np.ndarray
            ``(moments, articulations) int8``, as in `OtherMoments`.

        Returns
        -------
        Background
            All of them.
        """
        mean, scale = moments.numbers.mean(axis=0), moments.numbers.std(axis=0) + _SMALLEST_SPREAD
        features = standardised(moments.numbers, mean, scale)
        return cls(info.fingerprint, mean, scale, OtherMoments(features, moments.odds, struck))

    def __getitem__(self, rows: Rows) -> "Background":
        """Some of the moments, standardised as all are."""
        return replace(self, moments=self.moments[rows])


def place_of(model: Path) -> Path:
    """Name the file of the moments that are bundled with a model.

    Parameters
    ----------
    model : Path
        A model file.

    Returns
    -------
    Path
        One beside it, shared by all kinds of quantisation.
    """
    return model.with_name(f"{model.name.split('.')[0]}.background.npz")


def write_background(background: Background, path: Path) -> None:
    """Write the file, the same for the same moments.

    Parameters
    ----------
    background : Background
        What to write.
    path : Path
        Where to.
    """
    articulations = json.dumps(list(ARTICULATION_BY_NAME)).encode()
    moments = background.moments
    with written_whole(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(
            file,
            fingerprint=np.frombuffer(background.fingerprint.encode(), np.uint8),
            articulations=np.frombuffer(articulations, np.uint8),
            mean=background.mean.astype(np.float32),
            scale=background.scale.astype(np.float32),
            features=np.rint(moments.features / FEATURE_STEP).astype(np.int8),
            odds=np.rint(np.clip(moments.odds / _ODDS_STEP, -127, 127)).astype(np.int8),
            struck=moments.struck.astype(np.int8),
        )


def load_background(model: Path, info: ModelInfo) -> Background | None:
    """Read the moments that are bundled with a model.

    Parameters
    ----------
    model : Path
        The model file.
    info : ModelInfo
        Its card.

    Returns
    -------
    Background or None
        None if there is no file, or it was made for another model.
    """
    try:
        with np.load(place_of(model), allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        features = found["features"].astype(np.float32) * np.float32(FEATURE_STEP)
        odds = found["odds"].astype(np.float32) * np.float32(_ODDS_STEP)
        moments = OtherMoments(features, odds, found["struck"])
        background = Background(bytes(found["fingerprint"]).decode(), found["mean"], found["scale"], moments)
        articulations = json.loads(bytes(found["articulations"]))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    fits = features.shape[1] == feature_count(info) and articulations == list(ARTICULATION_BY_NAME)
    return background if fits and background.fingerprint == info.fingerprint else None
