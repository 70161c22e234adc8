"""A second look at every candidate: what speaks for a hit beside the activation that it is a peak of.

A logistic regression for each instrument gives the probability that a candidate is a hit. It weighs what the model
answers for all instruments and articulations at that moment, what it answered for the same instrument shortly before
and after, whether the stroke recurs: the same instrument, beats away; and what was answered where the recording sounds
alike (see `likeness`). The weights are learned on rendered sound and travel with the model.
"""

import numpy as np

from .classifier import Columns

_MOMENT = 3
"""Frames on each side within which an answer belongs to the same moment."""
_AROUND = range(5, 15)
"""Frames away at which another stroke of the same instrument, or an echo of this one, may be."""
_SPREAD = 2
"""Frames on each side whose sum tells a broad peak from a sharp one."""
_RESOLUTION = 1 / 256
"""Activations are known no better than this: models answer in 8 bits."""
_BEAT = (0.28, 1.1)
"""Seconds within which the period of the beat is looked for."""
_BEATS = (-4, -3, -2, -1, 1, 2, 3, 4)
"""Beats away at which a stroke may recur."""
_DOUBT = 2
"""Beats that a candidate counts as if it recurred on them."""
_STRETCH = 2000
"""Frames that share one estimate of the period, made from as many again around them."""

CANDIDATE = 0.08
"""The activation from which on a peak is looked at twice."""

RECORDING = 3
"""Numbers of evidence that only a whole recording gives, after the local ones: two of recurrence, one of likeness."""

REACH = max(_AROUND)
"""Frames on each side that local evidence looks at."""


def evidence_size(columns: Columns) -> int:
    """How many numbers speak for or against a candidate."""
    return len(columns.instruments) + len(columns.articulations) + 4 + RECORDING


def log_odds(activations: np.ndarray) -> np.ndarray:
    """The log odds of activations between 0 and 1, finite at both ends."""
    return np.log((activations + _RESOLUTION) / (1.0 - activations + _RESOLUTION))


def local_evidence(answers: np.ndarray, frames: np.ndarray, instruments: np.ndarray, columns: Columns) -> np.ndarray:
    """What the answers around candidates say of them.

    Parameters
    ----------
    answers : ``(frames, columns) float32``, with `REACH` frames around the candidates where there are any.
    frames, instruments : ``(candidates,) int`` each, where and of which instrument the candidates are.

    Returns
    -------
    ``(candidates, evidence_size - RECORDING) float32``.
    """
    count = len(columns.instruments)
    velocities = answers.shape[1] - count
    activations = answers[:, :count]
    own = np.pad(activations, ((REACH, REACH), (0, 0)))
    nearby = {offset: own[frames + REACH + offset, instruments] for offset in range(-REACH, REACH + 1)}
    return np.column_stack(
        [
            log_odds(loudest_of_moment(activations)[frames]),
            log_odds(answers[frames, count:velocities]),
            answers[frames, velocities + instruments],
            np.max([nearby[-offset] for offset in _AROUND], axis=0),
            np.max([nearby[offset] for offset in _AROUND], axis=0),
            np.sum([nearby[offset] for offset in range(-_SPREAD, _SPREAD + 1)], axis=0),
        ]
    ).astype(np.float32)


class Recurrence:
    """Remembers activations as they come, in a byte each, and finds what recurs in them.

    Parameters
    ----------
    frame_rate : frames per second.
    """

    def __init__(self, frame_rate: float) -> None:
        self._shortest, self._longest = (round(seconds * frame_rate) for seconds in _BEAT)
        self._passages: list[np.ndarray] = []

    def push(self, activations: np.ndarray) -> None:
        """Remember the next ``(frames, instruments) float32``, 0 to 1."""
        self._passages.append(np.rint(activations * 255.0).astype(np.uint8))

    def evidence(self, frames: np.ndarray, instruments: np.ndarray) -> np.ndarray:
        """How strongly each candidate recurs some beats away: ``(candidates, 2) float32``."""
        self._passages = [np.concatenate(self._passages)] if self._passages else [np.zeros((0, 1), np.uint8)]
        remembered = self._passages[0]
        moments = loudest_of_moment(remembered)
        out = np.zeros((len(frames), 2), np.float32)
        for first in range(0, len(remembered), _STRETCH):
            here = np.flatnonzero((frames >= first) & (frames < first + _STRETCH))
            if not len(here):
                continue
            around = remembered[max(0, first - _STRETCH // 2) : first + 3 * _STRETCH // 2]
            period = _period(around, self._shortest, self._longest)
            out[here] = _recurring(moments, frames[here], instruments[here], period)
        return log_odds(out)


def unknown_recording(activations: np.ndarray) -> np.ndarray:
    """What stands for the evidence of a whole recording where there is none: ``(candidates, RECORDING) float32``.

    Candidates count as if they recurred as they are, and as if all that sounds alike were heard alike.
    """
    return np.repeat(log_odds(activations.astype(np.float32))[:, None], RECORDING, axis=1)


def weigh(evidence: np.ndarray, instruments: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The log odds that numbers of evidence bring to each candidate, ``(candidates,)``.

    Parameters
    ----------
    evidence : ``(candidates, numbers)``.
    weights : ``(instruments, numbers)``.
    """
    return np.einsum("ij,ij->i", evidence, weights[instruments])


def probability(odds: np.ndarray) -> np.ndarray:
    """The probability at log odds."""
    return 1.0 / (1.0 + np.exp(-odds))


def loudest_of_moment(activations: np.ndarray) -> np.ndarray:
    """The greatest activation of each instrument within `_MOMENT` frames of each frame."""
    out = activations.copy()
    for offset in range(1, _MOMENT + 1):
        np.maximum(out[offset:], activations[:-offset], out=out[offset:])
        np.maximum(out[:-offset], activations[offset:], out=out[:-offset])
    return out


def _period(activations: np.ndarray, shortest: int, longest: int) -> float:
    """The lag, in frames, at which activations resemble themselves most: a peak of their autocorrelation."""
    from scipy.fft import irfft, next_fast_len, rfft

    size = next_fast_len(len(activations) + longest + 2, real=True)
    spectrum = rfft((activations - activations.mean(axis=0)).astype(np.float32), size, axis=0)
    similarity = irfft(np.square(np.abs(spectrum)).sum(axis=1), size)[: longest + 2]
    similarity /= np.maximum(len(activations) - np.arange(longest + 2), 1)
    lag = shortest + int(np.argmax(similarity[shortest : longest + 1]))
    before, here, after = similarity[lag - 1 : lag + 2]
    bend = before - 2.0 * here + after
    return lag + (0.5 * (before - after) / bend if bend < 0.0 else 0.0)


def _recurring(moments: np.ndarray, frames: np.ndarray, instruments: np.ndarray, period: float) -> np.ndarray:
    """The mean and the greatest activation some beats before and after each candidate: ``(candidates, 2)``.

    Both are drawn towards its own, as if it were heard on `_DOUBT` beats more: a short recording proves little.
    """
    own = moments[frames, instruments] / 255.0
    at = np.rint(frames[:, None] + period * np.array(_BEATS)).astype(int)
    inside = (at >= 0) & (at < len(moments))
    values = moments[np.clip(at, 0, len(moments) - 1), instruments[:, None]] / 255.0 * inside
    known = inside.sum(axis=1)
    seen = np.column_stack([values.sum(axis=1), values.max(axis=1) * known])
    return (seen + _DOUBT * own[:, None]) / (known + _DOUBT)[:, None]
