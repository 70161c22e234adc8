"""Describe moments at which something may have been struck by features, which a kit's head weighs.

The features of a moment are the model's embedding around and before it; the shape of the spectrum at the attack, during
the decay and before the attack; and the model's answers. Shapes are relative to the level, so soft and loud strokes
look alike. Streams do not wait for the decay, and leave it out.
"""

import numpy as np

from ..hearing.evidence import log_odds
from ..network.answers import Answers
from ..network.model_card import ModelInfo

# By hand; kits and the bundled background are made with these values.
BEFORE, AFTER, AFTER_LIVE = 6, 25, 5
"""Frames before and after a moment that its features use; in a stream, fewer after it."""
_ATTACK, _BODY, _TAIL, _PAST = slice(0, 5), slice(5, 12), slice(12, AFTER), slice(-BEFORE, -1)
"""Ranges of frames, relative to the moment."""
_MOMENT = slice(-3, 4)
"""Frames over which the maximum of each answer is taken."""
_FLOOR = 0.4
"""Maximum distance of a shape below the loudest band, in units of the spectrogram (100 dB)."""
_POOL = 4
"""Number of bands that are averaged for a coarse shape."""
_DB_PER_UNIT = 100.0
"""The scale of the spectrogram's values; full scale is 1."""


def frames_after(info: ModelInfo) -> int:
    """Return the number of frames after a moment that its features use.

    Parameters
    ----------
    info : ModelInfo
        The model.

    Returns
    -------
    int
        Fewer for a model for streams.
    """
    return AFTER_LIVE if info.look_aheads else AFTER


def feature_count(info: ModelInfo) -> int:
    """Return the number of features of a moment.

    Parameters
    ----------
    info : ModelInfo
        The model.

    Returns
    -------
    int
        The number of columns of `describe`.
    """
    embedding, bands, coarse = info.embedding, info.spectrogram.bands, info.spectrogram.bands // _POOL
    decay = 0 if info.look_aheads else embedding + 2 * coarse
    answers = len(info.columns.instruments) + len(info.columns.articulations)
    return 2 * embedding + bands + coarse + decay + answers + 2


def describe(answers: Answers, frames: np.ndarray, at: np.ndarray, info: ModelInfo) -> tuple[np.ndarray, np.ndarray]:
    """Describe moments.

    Parameters
    ----------
    answers : Answers
        The answers, with the embedding.
    frames : np.ndarray
        ``(frames, bands) float32``, the frames of these answers.
    at : np.ndarray
        ``(moments,) int``, rows of both; rows beyond the ends are silence.
    info : ModelInfo
        The model that answered.

    Returns
    -------
    np.ndarray
        ``(moments, feature_count) float32``, the features.
    np.ndarray
        ``(moments,) float32``, levels in dB.
    """
    after, live = frames_after(info), bool(info.look_aheads)
    rows = at[:, None] + np.arange(BEFORE + after)

    def around(values: np.ndarray) -> np.ndarray:
        return np.pad(values, ((BEFORE, after), (0, 0)))[rows]

    def stretch(values: np.ndarray, part: slice) -> np.ndarray:
        return values[:, BEFORE + part.start : BEFORE + part.stop]

    if answers.embedding is None:
        raise ValueError("moments are described by the embedding, which these answers lack")
    embedding, bands = around(answers.embedding), around(frames)
    attack, past = stretch(embedding, _ATTACK), stretch(embedding, _PAST).mean(axis=1)
    spectrum = stretch(bands, _ATTACK).max(axis=1)
    loudest = spectrum.max(axis=1, keepdims=True)

    def shape(values: np.ndarray) -> np.ndarray:
        return np.maximum(values - loudest, -_FLOOR)

    def coarse(part: slice) -> np.ndarray:
        mean = stretch(bands, part).mean(axis=1)
        pools = bands.shape[2] // _POOL
        return shape(mean)[:, : pools * _POOL].reshape(len(at), pools, _POOL).mean(axis=2)

    likely = around(np.hstack([answers.activations, answers.articulations]))
    features = [
        attack.mean(axis=1),
        attack.max(axis=1) - past,
        *([] if live else [stretch(embedding, _BODY).mean(axis=1)]),
        shape(spectrum),
        *([] if live else [coarse(_BODY), coarse(_TAIL)]),
        coarse(_PAST),
        0.1 * log_odds(stretch(likely, _MOMENT).max(axis=1)),
        shape(stretch(bands, _PAST).max(axis=(1, 2))[:, None]),
        loudest,
    ]
    return np.hstack(features).astype(np.float32), _DB_PER_UNIT * loudest[:, 0] - _DB_PER_UNIT
