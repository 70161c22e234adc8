"""What is heard in rendered sound, and the weights of evidence that are learned from it.

The weights are learnt on sound made of the training kits and grooves that the network has not seen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

import numpy as np

from drumscribe.hearing.candidates import find_peaks
from drumscribe.hearing.evidence import evidence_size, local_evidence
from drumscribe.hearing.recurrence import Recurrence
from drumscribe.hearing.similarity import Likeness
from drumscribe.music.drums import ARTICULATION_BY_NAME
from drumscribe.network.answers import Answers
from drumscribe.network.model_card import Columns

from ..features.batches import Library
from ..networks.families import find_embedding
from ..rendering.clips import ROLES

TOLERANCE = 0.05
AUDIBLE = 20 / 127
"""Strokes of a velocity below this may be missed; finding them is no mistake either."""
_RIDGE = 1.0
"""How much the squares of the weights of standardised evidence cost, against the loss of one candidate."""


def predict(network: Any, library: Library, columns: Columns) -> list[Answers]:
    """Compute the answers to every clip.

    Parameters
    ----------
    network : keras.Model
        A Keras model of passages.
    library : Library
        The clips.
    columns : Columns
        Columns of the answers.

    Returns
    -------
    list[Answers]
        The answers to each clip, in half precision.
    """
    import keras

    embedding = find_embedding(network)
    outputs = [network.output] if embedding is None else [network.output, embedding]
    listener = keras.Model(network.input, outputs)
    heard = []
    for i in range(0, len(library), 16):
        answers, *rest = listener.predict_on_batch(library.frames[i : i + 16].astype(np.float32))
        parts = [np.asarray(part, np.float32).astype(np.float16) for part in (answers[..., : len(columns)], *rest)]
        heard += [Answers.of_output(values, columns, *embedded) for values, *embedded in zip(*parts, strict=True)]
    return heard


def exact(answers: Answers) -> Answers:
    """Answers in float32, as the stages of hearing take them."""
    columns = (getattr(answers, field.name) for field in fields(answers))
    converted = (None if column is None else column.astype(np.float32) for column in columns)
    return Answers(*cast(Iterator[Any], converted))


def count_matches(references: np.ndarray, estimates: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """Find which events a largest one-to-one matching uses.

    Parameters
    ----------
    references, estimates : np.ndarray
        ``(events,)`` seconds, ascending.
    tolerance : float
        Maximum distance in seconds.

    Returns
    -------
    tuple[np.ndarray, np.ndarray]
        ``(references,) bool`` and ``(estimates,) bool``.
    """
    found, used = np.zeros(len(references), bool), np.zeros(len(estimates), bool)
    e = 0
    for r, reference in enumerate(references):
        while e < len(estimates) and estimates[e] < reference - tolerance:
            e += 1
        if e < len(estimates) and estimates[e] <= reference + tolerance:
            found[r] = used[e] = True
            e += 1
    return found, used


@dataclass(frozen=True)
class HeardClip:
    """Candidates and strokes of a clip.

    Attributes
    ----------
    times : np.ndarray
        ``(candidates,)`` seconds.
    of : np.ndarray
        ``(candidates,)`` indices of instruments.
    evidence : np.ndarray
        ``(candidates, evidence)``.
    stroke_times : np.ndarray
        ``(strokes,)`` seconds.
    stroke_of : np.ndarray
        ``(strokes,)`` indices of instruments, -1 for percussion.
    audible : np.ndarray
        ``(strokes,) bool``, whether a stroke must be found.
    """

    times: np.ndarray
    of: np.ndarray
    evidence: np.ndarray
    stroke_times: np.ndarray
    stroke_of: np.ndarray
    audible: np.ndarray


def strokes_of(library: Library, columns: Columns) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield the strokes of each clip, as the last three attributes of a `HeardClip`.

    Parameters
    ----------
    library : Library
        The clips.
    columns : Columns
        Columns of the answers.

    Yields
    ------
    tuple[np.ndarray, np.ndarray, np.ndarray]
        Times, instruments, and whether they are audible.
    """
    instruments = [ARTICULATION_BY_NAME[role].instrument if role in ARTICULATION_BY_NAME else "" for role in ROLES]
    of_role = np.array([columns.instruments.index(name) if name else -1 for name in instruments])
    for times, roles, velocities in zip(library.times, library.roles, library.velocities, strict=True):
        yield times, of_role[roles], velocities >= AUDIBLE


def hear_clips(
    answers: Sequence[Answers], library: Library, columns: Columns, frame_rate: float
) -> Iterator[HeardClip]:
    """Yield the candidates of each clip, with all of their evidence.

    Parameters
    ----------
    answers : Sequence[Answers]
        The answers to each clip, see `predict`.
    library : Library
        The clips.
    columns : Columns
        Columns of the answers.
    frame_rate : float
        Frames per second.

    Yields
    ------
    HeardClip
        The candidates and strokes of a clip.
    """
    for clip, strokes in zip(answers, strokes_of(library, columns), strict=True):
        heard = exact(clip)
        activations = heard.activations
        frames, found = find_peaks(activations)
        recurrence, likeness = Recurrence(frame_rate), Likeness()
        recurrence.push(activations)
        if heard.embedding is not None:
            likeness.push(activations, heard.embedding, 0, 0, len(activations))
        local = local_evidence(heard, frames, found)
        evidence = np.hstack([local, *(stage.evidence(frames, found) for stage in (recurrence, likeness))])
        yield HeardClip(frames / frame_rate, found, evidence, *strokes)


def plain_weights(columns: Columns) -> tuple[tuple[float, ...], ...]:
    """Return weights with which the odds of a candidate are those of its own activation, for each instrument."""
    size = evidence_size(columns)
    return tuple((0.0, *(float(number == i) for number in range(size))) for i in range(len(columns.instruments)))


def learn_weights(
    clips: Sequence[HeardClip], columns: Columns, retrigger: float = 0.0
) -> tuple[tuple[float, ...], ...]:
    """Fit a logistic regression of each instrument's candidates.

    An instrument whose candidates are all right, or all wrong, uses its activation alone.

    Parameters
    ----------
    clips : Sequence[HeardClip]
        The candidates.
    columns : Columns
        Columns of the answers.
    retrigger : float, default 0.0
        Minimum time in seconds between two hits of one instrument. If there is one, a stroke may have several
        candidates, since a stream looks at it more than once, and all that are so close to it are right.

    Returns
    -------
    tuple[tuple[float, ...], ...]
        For each instrument a constant, and a weight for each evidence.
    """
    weights = []
    for i in range(len(columns.instruments)):
        evidence = np.concatenate([clip.evidence[clip.of == i] for clip in clips])
        right = [_right(clip.stroke_times[clip.stroke_of == i], clip.times[clip.of == i], retrigger) for clip in clips]
        if len(set(np.concatenate(right).tolist())) < 2:
            weights.append(plain_weights(columns)[i])
            continue
        weights.append(_regressed(evidence, np.concatenate(right)))
    return tuple(weights)


def _right(strokes: np.ndarray, candidates: np.ndarray, retrigger: float) -> np.ndarray:
    """Find which candidates are right: one for each stroke, or all within `retrigger` of one."""
    if retrigger == 0.0:
        return count_matches(strokes, candidates, TOLERANCE)[1]
    return np.abs(candidates[:, None] - strokes).min(axis=1, initial=np.inf) <= retrigger


def _regressed(evidence: np.ndarray, right: np.ndarray) -> tuple[float, ...]:
    """Fit a logistic regression, regularised by `_RIDGE`; return its constant, and the slope of each evidence."""
    from scipy.optimize import minimize

    mean, spread = evidence.mean(axis=0, dtype=float), evidence.std(axis=0, dtype=float) + 1e-6
    rows = np.column_stack([np.ones(len(evidence)), (evidence - mean) / spread])
    sides = np.where(right, 1.0, -1.0)
    ridge = np.append(0.0, np.full(evidence.shape[1], _RIDGE))

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        margins = sides * (rows @ weights)
        slope = rows.T @ (-sides / (1.0 + np.exp(margins))) + ridge * weights
        return float(np.logaddexp(0.0, -margins).sum() + 0.5 * ridge @ weights**2), slope

    found = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    slopes = found[1:] / spread
    return float(found[0] - slopes @ mean), *(float(slope) for slope in slopes)
