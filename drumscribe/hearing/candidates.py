"""Turn answers and onsets into candidates for hits: instrument, frame, articulation and velocity.

A candidate is a peak of an instrument's activation, or an onset of the signal at which the activation is high but has
no peak of its own. `evidence` gives the probability that a candidate is a hit.
"""

from dataclasses import dataclass

import numpy as np

from ..music.drums import articulations_of, plain_articulation
from ..network.answers import Answers
from ..network.model_card import Columns
from ..tables import Table
from .evidence import CANDIDATE, REACH, local_evidence, log_odds

# By hand; models are calibrated with them.
_PEAK_FRAMES = 2
"""A peak is the greatest activation among this many frames on each side."""
_ONSET_FRAMES = 4
"""An onset proposes a candidate only if its instrument has no peak within this many frames."""
_VARIANT_SHARE = 0.5
"""An articulation such as the rimshot, whose instrument also has a plain one, needs this share of the instrument's
activation."""


@dataclass(frozen=True, eq=False)
class Candidates(Table):
    """Candidates for hits.

    Attributes
    ----------
    frames : np.ndarray
        ``(candidates,) float64``, fractional frames from the stream's first, in order.
    instruments : np.ndarray
        ``(candidates,) int``, indices into the model's instruments.
    activations : np.ndarray
        ``(candidates,) float32``, 0 to 1.
    velocities : np.ndarray
        ``(candidates,) float32``, 0 to 1.
    articulations : np.ndarray
        ``(candidates,) object``, names of articulations.
    odds : np.ndarray
        ``(candidates,) float64``, log odds of a hit by all evidence weighed so far.
    attacks : np.ndarray
        ``(candidates,) float64``, seconds from the stream's first frame.
    """

    frames: np.ndarray
    instruments: np.ndarray
    activations: np.ndarray
    velocities: np.ndarray
    articulations: np.ndarray
    odds: np.ndarray
    attacks: np.ndarray


def find_peaks(activations: np.ndarray, threshold: float = CANDIDATE) -> tuple[np.ndarray, np.ndarray]:
    """Find the local maxima of activations.

    Parameters
    ----------
    activations : np.ndarray
        ``(frames, columns)``.
    threshold : float
        Lowest activation of a peak.

    Returns
    -------
    tuple of np.ndarray
        ``(peaks,) int`` each: their frames, in order, and their columns.
    """
    length = len(activations)
    padded = np.pad(activations, ((_PEAK_FRAMES, _PEAK_FRAMES), (0, 0)), constant_values=-1.0)
    is_peak = activations >= threshold
    for offset in range(1, _PEAK_FRAMES + 1):
        is_peak &= activations > padded[_PEAK_FRAMES - offset : _PEAK_FRAMES - offset + length]
        is_peak &= activations >= padded[_PEAK_FRAMES + offset : _PEAK_FRAMES + offset + length]
    frames, columns = np.nonzero(is_peak)
    return frames, columns


class CandidatePicker:
    """Picks candidates from answers.

    Parameters
    ----------
    columns : Columns
        The columns of the model's answers.
    frame_rate : float
        Frames per second.
    """

    context = max(_ONSET_FRAMES + _PEAK_FRAMES, REACH)
    """Frames around a passage that decide on its candidates."""

    def __init__(self, columns: Columns, frame_rate: float) -> None:
        self._names, self._rate = columns.articulations, frame_rate
        self._choices: list[tuple[str | None, list[int]]] = []
        for instrument in columns.instruments:
            names = [a.name for a in articulations_of(instrument)]
            at = [columns.articulations.index(name) for name in names if name in columns.articulations]
            plain = instrument if instrument in names else None if at else plain_articulation(instrument)
            self._choices.append((plain, at))

    def pick(self, answers: Answers, onsets: np.ndarray, first: int, last: int) -> tuple[Candidates, np.ndarray]:
        """Pick the candidates of one passage.

        Parameters
        ----------
        answers : Answers
            The answers to the passage, with `context` frames around it where there are any.
        onsets : np.ndarray
            ``(onsets,) int``, rows of `answers` at which the signal has an onset.
        first, last : int
            The passage: rows from `first` up to `last`, not included.

        Returns
        -------
        Candidates
            The candidates. Frames count from the first row. Odds are those of the activations, and attacks the peaks of
            the activations, until the next stages refine both.
        np.ndarray
            ``(candidates, evidence_size - RECORDING) float32``, the `local_evidence` of the candidates.
        """
        activations = answers.activations
        frames, instruments = self._add_onsets(activations, *find_peaks(activations), onsets)
        inside = (frames >= first) & (frames < last)
        frames, instruments = frames[inside], instruments[inside]
        order = np.lexsort((instruments, frames))
        frames, instruments = frames[order], instruments[order]
        peaks = frames + _fraction(activations, frames, instruments)
        own = activations[frames, instruments]
        picked = Candidates(
            peaks,
            instruments,
            own,
            answers.velocities[frames, instruments],
            np.array([self._name(answers, f, i) for f, i in zip(frames, instruments, strict=True)], dtype=object),
            log_odds(own),
            peaks / self._rate,
        )
        return picked, local_evidence(answers, frames, instruments)

    def _add_onsets(
        self, activations: np.ndarray, frames: np.ndarray, instruments: np.ndarray, onsets: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return frames and instruments of the peaks, then those of onsets without a peak near them."""
        inside = onsets[(onsets >= 0) & (onsets < len(activations))]
        more_frames, more_instruments = [frames], [instruments]
        for i in range(activations.shape[1]):
            loud = inside[activations[inside, i] >= CANDIDATE]
            peaks = frames[instruments == i]
            if len(loud) and len(peaks):
                loud = loud[np.abs(loud[:, None] - peaks[None, :]).min(axis=1) > _ONSET_FRAMES]
            more_frames.append(loud)
            more_instruments.append(np.full(len(loud), i))
        return np.concatenate(more_frames), np.concatenate(more_instruments)

    def _name(self, answers: Answers, frame: int, instrument: int) -> str:
        """Return the likeliest articulation of an instrument in a frame."""
        plain, at = self._choices[instrument]
        if not at:
            return str(plain)
        likely = answers.articulations[frame]
        best = max(at, key=lambda column: likely[column])
        if plain is not None and likely[best] < _VARIANT_SHARE * answers.activations[frame, instrument]:
            return plain
        return self._names[best]


def _fraction(activations: np.ndarray, frames: np.ndarray, instruments: np.ndarray) -> np.ndarray:
    """Interpolate a peak, -0.5 to 0.5 frames: the top of the parabola through it and its neighbours."""
    here = activations[frames, instruments]
    last = len(activations) - 1
    before = activations[np.minimum(np.abs(frames - 1), last), instruments]  # mirrored at both ends
    after = activations[np.maximum(last - np.abs(last - frames - 1), 0), instruments]
    bend = before - 2.0 * here + after
    return np.where(bend < -1e-6, np.clip(0.5 * (before - after) / np.where(bend < -1e-6, bend, -1.0), -0.5, 0.5), 0.0)
