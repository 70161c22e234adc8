"""Evidence that a candidate is a hit, besides the peak of its activation.

A logistic regression for each instrument gives the probability that a candidate is a hit. It weighs the model's answers
for all instruments and articulations at that moment, its answers for the same instrument shortly before and after,
whether the stroke recurs (the same instrument, some beats before or after; see `recurrence`), and its answers at
moments that sound alike (see `similarity`). The weights are learned on rendered sound, and are in the model file.

The ranges of frames below were chosen by hand. A model's weights are learned with them: if you change one, learn the
weights of all models again (``drumscribe-train release``).
"""

import numpy as np

from ..network.answers import Answers
from ..network.model_card import Columns

_MOMENT_FRAMES = 3
"""Frames on each side within which an answer belongs to the same moment."""
_NEIGHBOUR_FRAMES = range(5, 15)
"""Distances in frames at which another stroke of the same instrument, or an echo of this one, may be."""
_WIDTH_FRAMES = 2
"""Frames on each side whose sum tells a broad peak from a sharp one."""
_RESOLUTION = 1 / 256
"""Smallest difference between activations that counts: models answer in 8 bits."""
_LOG_ODDS_PER_SENSITIVITY = 8.0
"""A sensitivity from 0 to 1 moves a threshold by this much in log odds, half of it to either side; by hand."""

CANDIDATE = 0.08
"""Lowest activation of a candidate; by hand, below any threshold of a bundled model."""

RECORDING = 3
"""How many numbers of evidence come from the whole recording, after the local ones: two of recurrence, one of
similarity."""

REACH = max(_NEIGHBOUR_FRAMES)
"""Frames on each side of a candidate from which local evidence is taken."""


def evidence_size(columns: Columns) -> int:
    """Count the numbers of evidence that each candidate has.

    Parameters
    ----------
    columns : Columns
        The columns of the model's answers.

    Returns
    -------
    int
        The numbers of `local_evidence`, and `RECORDING` more.
    """
    return len(columns.instruments) + len(columns.articulations) + 4 + RECORDING


def log_odds(activations: np.ndarray) -> np.ndarray:
    """Turn activations into log odds, finite at both ends.

    Parameters
    ----------
    activations : np.ndarray
        Any shape, 0 to 1.

    Returns
    -------
    np.ndarray
        The same shape.
    """
    return np.log((activations + _RESOLUTION) / (1.0 - activations + _RESOLUTION))


def probability(odds: np.ndarray) -> np.ndarray:
    """Turn log odds into probabilities: the logistic function.

    Parameters
    ----------
    odds : np.ndarray
        Any shape.

    Returns
    -------
    np.ndarray
        The same shape, 0 to 1.
    """
    return 1.0 / (1.0 + np.exp(-odds))


def threshold_shift(sensitivities: np.ndarray) -> np.ndarray:
    """Return how far sensitivities move thresholds: by up to 4 either way, not at all at 0.5.

    Parameters
    ----------
    sensitivities : np.ndarray
        Any shape, 0 to 1.

    Returns
    -------
    np.ndarray
        The same shape, in log odds; negative values lower the threshold, and find more.
    """
    return _LOG_ODDS_PER_SENSITIVITY * (0.5 - sensitivities)


def local_evidence(answers: Answers, frames: np.ndarray, instruments: np.ndarray) -> np.ndarray:
    """Gather the local evidence: the answers at each candidate, and shortly before and after it.

    Parameters
    ----------
    answers : Answers
        Answers with `REACH` frames around the candidates where there are any.
    frames, instruments : np.ndarray
        ``(candidates,) int`` each, the frame and the instrument of each candidate.

    Returns
    -------
    np.ndarray
        ``(candidates, evidence_size - RECORDING) float32``.
    """
    own = np.pad(answers.activations, ((REACH, REACH), (0, 0)))
    nearby = {offset: own[frames + REACH + offset, instruments] for offset in range(-REACH, REACH + 1)}
    return np.column_stack(
        [
            log_odds(loudest_of_moment(answers.activations)[frames]),
            log_odds(answers.articulations[frames]),
            answers.velocities[frames, instruments],
            np.max([nearby[-offset] for offset in _NEIGHBOUR_FRAMES], axis=0),
            np.max([nearby[offset] for offset in _NEIGHBOUR_FRAMES], axis=0),
            np.sum([nearby[offset] for offset in range(-_WIDTH_FRAMES, _WIDTH_FRAMES + 1)], axis=0),
        ]
    ).astype(np.float32)


def unknown_recording(activations: np.ndarray) -> np.ndarray:
    """Return neutral evidence of a whole recording, for a stream, which has none.

    Each candidate counts as if it recurred with its own activation, and as if all moments that sound alike had it, too.

    Parameters
    ----------
    activations : np.ndarray
        ``(candidates,)``.

    Returns
    -------
    np.ndarray
        ``(candidates, RECORDING) float32``.
    """
    return np.repeat(log_odds(activations.astype(np.float32))[:, None], RECORDING, axis=1)


def weigh(evidence: np.ndarray, instruments: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum up the evidence of each candidate with the weights of its instrument.

    Parameters
    ----------
    evidence : np.ndarray
        ``(candidates, numbers)``.
    instruments : np.ndarray
        ``(candidates,) int``.
    weights : np.ndarray
        ``(instruments, numbers)``.

    Returns
    -------
    np.ndarray
        ``(candidates,)`` log odds.
    """
    return np.einsum("ij,ij->i", evidence, weights[instruments])


def loudest_of_moment(activations: np.ndarray) -> np.ndarray:
    """Find the greatest activation of each instrument within 3 frames of each frame.

    Parameters
    ----------
    activations : np.ndarray
        ``(frames, instruments)``.

    Returns
    -------
    np.ndarray
        The same shape and type.
    """
    out = activations.copy()
    for offset in range(1, _MOMENT_FRAMES + 1):
        np.maximum(out[offset:], activations[:-offset], out=out[offset:])
        np.maximum(out[:-offset], activations[offset:], out=out[:-offset])
    return out
