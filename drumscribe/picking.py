"""Answers and onsets to candidates for hits: where an instrument may sound, how it is played, how hard.

Two witnesses propose candidates: peaks of an instrument's activation, and onsets of the signal at which the activation
is high though it has no peak of its own. `evidence` says how likely each of them is a hit.
"""

from dataclasses import dataclass

import numpy as np

from .classifier import Columns
from .drums import articulations_of
from .evidence import CANDIDATE, REACH, local_evidence

_NEIGHBOURS = 2
"""A peak is the greatest activation among so many frames on each side."""
_ONSET_GAP = 4
"""An onset proposes a candidate only where no peak of the instrument is so near, in frames."""
_VARIANT = 0.5
"""Share of its instrument's activation that an articulation needs where the instrument has a plain one (a rimshot)."""


@dataclass(frozen=True)
class Picks:
    """Candidates for hits.

    Attributes
    ----------
    frames : ``(picks,) float64``, fractional frames, in order.
    instruments : ``(picks,) int``, indices into the columns' instruments.
    activations : ``(picks,) float32``.
    velocities : ``(picks,) float32``, 0 to 1.
    articulations : ``(picks,) object``, the name of each one's articulation.
    evidence : ``(picks, evidence_size - RECORDING) float32``, of `local_evidence`.
    """

    frames: np.ndarray
    instruments: np.ndarray
    activations: np.ndarray
    velocities: np.ndarray
    articulations: np.ndarray
    evidence: np.ndarray


def find_peaks(activations: np.ndarray, threshold: float = CANDIDATE) -> tuple[np.ndarray, np.ndarray]:
    """Frames and columns of the local maxima of ``(frames, columns)`` activations that reach the threshold."""
    length = len(activations)
    padded = np.pad(activations, ((_NEIGHBOURS, _NEIGHBOURS), (0, 0)), constant_values=-1.0)
    is_peak = activations >= threshold
    for offset in range(1, _NEIGHBOURS + 1):
        is_peak &= activations > padded[_NEIGHBOURS - offset : _NEIGHBOURS - offset + length]
        is_peak &= activations >= padded[_NEIGHBOURS + offset : _NEIGHBOURS + offset + length]
    return np.nonzero(is_peak)


class HitPicker:
    """Picks candidates from answers: see `pick`.

    Parameters
    ----------
    columns : what the answers mean.
    """

    context = max(_ONSET_GAP + _NEIGHBOURS, REACH)
    """Frames around a passage that decide on what is in it."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._choices = []
        for i, instrument in enumerate(columns.instruments):
            names = [a.name for a in articulations_of(instrument)]
            at = [
                len(columns.instruments) + columns.articulations.index(n) for n in names if n in columns.articulations
            ]
            plain = instrument if instrument in names or not at else None
            self._choices.append((i, plain, at))

    def pick(self, answers: np.ndarray, onset_frames: np.ndarray, first: int, last: int) -> Picks:
        """The candidates of one passage.

        Parameters
        ----------
        answers : ``(frames, columns) float32``, the passage with `context` frames around it where there are any.
        onset_frames : ``(onsets,) int``, frames of `answers` at which the signal has an onset.
        first, last : the passage: frames from `first` up to `last`, not included.
        """
        count = len(self._columns.instruments)
        activations = answers[:, :count]
        frames, instruments = find_peaks(activations)
        frames, instruments = self._add_onsets(activations, frames, instruments, onset_frames)
        inside = (frames >= first) & (frames < last)
        frames, instruments = frames[inside], instruments[inside]
        order = np.lexsort((instruments, frames))
        frames, instruments = frames[order], instruments[order]
        return Picks(
            frames + _fraction(activations, frames, instruments),
            instruments,
            activations[frames, instruments],
            answers[frames, answers.shape[1] - count + instruments],
            np.array([self._name(answers, f, i) for f, i in zip(frames, instruments, strict=True)], dtype=object),
            local_evidence(answers, frames, instruments, self._columns),
        )

    def _add_onsets(self, activations, frames, instruments, onset_frames):
        candidates = onset_frames[(onset_frames >= 0) & (onset_frames < len(activations))]
        more_frames, more_instruments = [frames], [instruments]
        for i in range(activations.shape[1]):
            loud = candidates[activations[candidates, i] >= CANDIDATE]
            peaks = frames[instruments == i]
            if len(loud) and len(peaks):
                loud = loud[np.abs(loud[:, None] - peaks[None, :]).min(axis=1) > _ONSET_GAP]
            more_frames.append(loud)
            more_instruments.append(np.full(len(loud), i))
        return np.concatenate(more_frames), np.concatenate(more_instruments)

    def _name(self, answers: np.ndarray, frame: int, instrument: int) -> str:
        _, plain, at = self._choices[instrument]
        if not at:
            return str(plain)
        best = max(at, key=lambda column: answers[frame, column])
        if plain is not None and answers[frame, best] < _VARIANT * answers[frame, instrument]:
            return plain
        return self._columns.articulations[best - len(self._columns.instruments)]


def _fraction(activations: np.ndarray, frames: np.ndarray, instruments: np.ndarray) -> np.ndarray:
    """Where between frames a peak lies, -0.5 to 0.5: the top of the parabola through it and its neighbours."""
    here = activations[frames, instruments]
    last = len(activations) - 1
    before = activations[np.minimum(np.abs(frames - 1), last), instruments]  # mirrored at both ends
    after = activations[np.maximum(last - np.abs(last - frames - 1), 0), instruments]
    bend = before - 2.0 * here + after
    return np.where(bend < -1e-6, np.clip(0.5 * (before - after) / np.where(bend < -1e-6, bend, -1.0), -0.5, 0.5), 0.0)
