"""What is known of a moment at which something may have been struck: numbers that a kit's head weighs.

A moment is described by the model's embedding around it and before it, by the shape of the spectrum at the attack,
while it decays, and before it, and by what the model itself makes of it. Levels are taken out of the shapes, so that a
soft stroke is described as a loud one is. In a stream, which does not wait for it, the decay is left out.
"""

from dataclasses import dataclass

import numpy as np

from ..classifier import ModelInfo
from ..evidence import log_odds

BEFORE, AFTER, AFTER_LIVE = 6, 25, 5
"""Frames around a moment that its features look at: of what comes after it, less in a stream."""
_ATTACK, _BODY, _TAIL, _PAST = slice(0, 5), slice(5, 12), slice(12, AFTER), slice(-BEFORE, -1)
"""Stretches of frames, counted from the moment."""
_MOMENT = slice(-3, 4)
_FLOOR = 0.4
"""Shapes do not look further down than this, in units of the spectrogram (100 dB), below the loudest band."""
_POOL = 4
"""Bands that are taken together where the shape is looked at coarsely."""


@dataclass(frozen=True)
class Layout:
    """How the rows that a classifier gives with embedding are laid out, and how many features they make."""

    columns: int
    velocities: int
    embedding: int
    bands: int
    live: bool

    @classmethod
    def of(cls, info: ModelInfo) -> "Layout":
        """The layout of a model's rows."""
        sizes = len(info.columns), len(info.columns.instruments), info.embedding, info.spectrogram.bands
        return cls(*sizes, live=bool(info.look_aheads))

    @property
    def after(self) -> int:
        """Frames after a moment that its features look at."""
        return AFTER_LIVE if self.live else AFTER

    @property
    def size(self) -> int:
        """How many features there are."""
        decay = 0 if self.live else self.embedding + 2 * (self.bands // _POOL)
        attack = 2 * self.embedding + self.bands + self.bands // _POOL
        return attack + decay + self.columns - self.velocities + 2


def describe(rows: np.ndarray, frames: np.ndarray, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """The features of moments, and how loud they are.

    Parameters
    ----------
    rows : ``(frames, columns + embedding + bands) float32``, as a classifier gives them with its embedding.
    frames : ``(moments,) int``, indices into the rows; what lies outside is silence.

    Returns
    -------
    ``(moments, layout.size) float32``, and ``(moments,) float32`` in dB.
    """
    padded = np.pad(rows, ((BEFORE, layout.after), (0, 0)))
    around = padded[frames[:, None] + np.arange(BEFORE + layout.after)]
    answers, embedding, bands = np.split(around, np.cumsum([layout.columns, layout.embedding]), axis=2)

    def stretch(values: np.ndarray, part: slice) -> np.ndarray:
        return values[:, BEFORE + part.start : BEFORE + part.stop]

    attack, past = stretch(embedding, _ATTACK), stretch(embedding, _PAST).mean(axis=1)
    spectrum = stretch(bands, _ATTACK).max(axis=1)
    loudest = spectrum.max(axis=1, keepdims=True)
    level = 100.0 * loudest[:, 0] - 100.0

    def shape(values: np.ndarray) -> np.ndarray:
        return np.maximum(values - loudest, -_FLOOR)

    def coarse(part: slice) -> np.ndarray:
        mean = stretch(bands, part).mean(axis=1)
        whole = layout.bands // _POOL * _POOL
        return shape(mean)[:, :whole].reshape(len(frames), layout.bands // _POOL, _POOL).mean(axis=2)

    heard = stretch(answers, _MOMENT)[:, :, : layout.columns - layout.velocities].max(axis=1)
    features = [
        attack.mean(axis=1),
        attack.max(axis=1) - past,
        *([] if layout.live else [stretch(embedding, _BODY).mean(axis=1)]),
        shape(spectrum),
        *([] if layout.live else [coarse(_BODY), coarse(_TAIL)]),
        coarse(_PAST),
        0.1 * log_odds(heard),
        shape(stretch(bands, _PAST).max(axis=(1, 2))[:, None]),
        loudest,
    ]
    return np.hstack(features).astype(np.float32), level
