"""Decide which candidates are hits, and when each was struck. Recordings and live streams share this step."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..music.transcription import Hit
from ..network.model_card import Columns
from ..sound.onsets import OnsetDetector
from .candidates import CandidatePicker, Candidates
from .evidence import RECORDING, log_odds, probability, threshold_shift, weigh
from .passages import Passage

LEAD = 5
"""Frames of silence put before a stream, so that a stroke on its first sample has an onset, too."""
SNAP_S = 0.008
"""Maximum distance (s) between an activation peak and the onset or attack whose time its hit takes; an onset farther
away belongs to another drum. Chosen on rendered performances of held-out kits and grooves."""


def move_thresholds(thresholds: Sequence[float], sensitivities: Sequence[float]) -> np.ndarray:
    """Move thresholds in log odds, by up to 4 either way.

    Parameters
    ----------
    thresholds : sequence of float
        Per instrument, the model's own detection threshold (probability).
    sensitivities : sequence of float
        Per instrument, 0 to 1; 0.5 leaves the threshold unchanged.

    Returns
    -------
    np.ndarray
        ``(instruments,) float32``, probabilities.
    """
    calibrated = np.clip(np.array(thresholds), 1e-3, 1.0 - 1e-3)
    odds = np.log(calibrated / (1.0 - calibrated)) + threshold_shift(np.array(sensitivities))
    return probability(odds).astype(np.float32)


class Judge:
    """Weighs the evidence of candidates, and decides which are hits.

    Parameters
    ----------
    weights : sequence of sequences of float
        Per instrument, a constant and the weight of each number of evidence; the last `RECORDING` weights are for the
        evidence of the whole recording.
    thresholds : np.ndarray
        ``(instruments,)``, the lowest probability of a hit.
    """

    def __init__(self, weights: Sequence[Sequence[float]], thresholds: np.ndarray) -> None:
        table = np.array(weights)
        self._constants, self._local, self._whole = table[:, 0], table[:, 1:-RECORDING], table[:, -RECORDING:]
        self._needed = np.log(thresholds / (1.0 - thresholds))
        self._most = np.abs(self._whole).sum(axis=1) * log_odds(np.asarray(1.0, np.float32))

    def weigh_locally(self, evidence: np.ndarray, instruments: np.ndarray) -> np.ndarray:
        """Weigh the local evidence of candidates.

        Parameters
        ----------
        evidence : np.ndarray
            ``(candidates, numbers)``, the local evidence.
        instruments : np.ndarray
            ``(candidates,) int``.

        Returns
        -------
        np.ndarray
            ``(candidates,) float64``, log odds of a hit.
        """
        return self._constants[instruments] + weigh(evidence, instruments, self._local)

    def is_open(self, odds: np.ndarray, instruments: np.ndarray) -> np.ndarray:
        """Tell which candidates can still become hits, given the strongest evidence of a whole recording.

        Parameters
        ----------
        odds : np.ndarray
            ``(candidates,)``, log odds by the local evidence.
        instruments : np.ndarray
            ``(candidates,) int``.

        Returns
        -------
        np.ndarray
            ``(candidates,) bool``.
        """
        return odds + self._most[instruments] >= self._needed[instruments]

    def finalise(self, candidates: Candidates, recording: np.ndarray) -> Candidates:
        """Add the evidence of the whole recording.

        Parameters
        ----------
        candidates : Candidates
            Candidates whose odds are of the local evidence.
        recording : np.ndarray
            ``(candidates, RECORDING) float32``.

        Returns
        -------
        Candidates
            The same candidates, with final odds.
        """
        return replace(candidates, odds=candidates.odds + weigh(recording, candidates.instruments, self._whole))

    def excess(self, candidates: Candidates) -> np.ndarray:
        """Return how far the log odds of candidates exceed the threshold of a hit.

        Parameters
        ----------
        candidates : Candidates
            With final odds.

        Returns
        -------
        np.ndarray
            ``(candidates,)``, 0 and more for hits.
        """
        return candidates.odds - self._needed[candidates.instruments]


class CandidateFinder:
    """Combines answers and onsets into candidates: the instrument, its log odds, and the exact time.

    Parameters
    ----------
    columns : Columns
        What the model answers.
    frame_rate : float
        Frames per second.
    detector : OnsetDetector
        Refines times; it has already been given the sound and its frames.
    """

    context = CandidatePicker.context
    """Frames around a passage that decide on its candidates."""

    def __init__(self, columns: Columns, frame_rate: float, detector: OnsetDetector) -> None:
        self._picker = CandidatePicker(columns, frame_rate)
        self._rate, self._detector = frame_rate, detector

    @property
    def known_until(self) -> int:
        """The frame up to which all onsets are known."""
        return int((self._detector.known_until - SNAP_S) * self._rate)

    def find(self, passage: Passage, judge: Judge) -> Candidates:
        """Find the candidates of a passage that may still become hits.

        Parameters
        ----------
        passage : Passage
            With `context` frames around it where there are any.
        judge : Judge
            Weighs local evidence.

        Returns
        -------
        Candidates
            The candidates; frames and attacks count from the stream's first frame.
        """
        origin = passage.origin
        at = np.rint(passage.onsets * self._rate).astype(int) - origin
        picked, evidence = self._picker.pick(passage.answers, at, passage.first - origin, passage.last - origin)
        odds = judge.weigh_locally(evidence, picked.instruments)
        open_ = np.flatnonzero(judge.is_open(odds, picked.instruments))
        found = picked[open_]
        frames = found.frames + origin
        return replace(found, frames=frames, odds=odds[open_], attacks=self._attacks(frames, passage.onsets))

    def _attacks(self, frames: np.ndarray, onsets: np.ndarray) -> np.ndarray:
        """Return the onset or attack beside each fractional frame, or else the time of the frame, in seconds."""
        times = np.minimum(frames / self._rate, self._detector.refinable)
        attacks = onsets[nearest(onsets, times)] if len(onsets) else np.full(len(times), np.inf)
        alone = np.abs(attacks - times) > SNAP_S
        attacks[alone] = self._detector.refine(times[alone])
        return np.where(np.abs(attacks - times) <= SNAP_S, attacks, times)


class HitMaker:
    """Turns chosen candidates, which come in order, into hits.

    If two hits of a drum are near one attack, the first takes the attack's time, and the other keeps its own.

    Parameters
    ----------
    frame_rate : float
        Frames per second.
    notes : mapping of str to int, optional
        MIDI notes of articulations that are not in the vocabulary.
    """

    def __init__(self, frame_rate: float, notes: Mapping[str, int] | None = None) -> None:
        self._rate, self._notes = frame_rate, notes or {}
        self._claimed: dict[int, float] = {}

    def make(self, chosen: Candidates) -> list[Hit]:
        """Make the next hits.

        Parameters
        ----------
        chosen : Candidates
            The candidates that are hits.

        Returns
        -------
        list of Hit
            The hits; times count from the first sample after the silence of `LEAD` frames.
        """
        velocities = np.clip(np.rint(chosen.velocities * 127.0), 1, 127).astype(int)
        heard = chosen.frames / self._rate
        columns = (
            *(chosen.attacks, heard, chosen.instruments),
            *(chosen.articulations, velocities, probability(chosen.odds)),
        )
        hits = []
        for attack, time, instrument, name, velocity, confidence in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            time = time if self._claimed.get(instrument) == attack else attack
            self._claimed[instrument] = attack
            moment = max(time - LEAD / self._rate, 0.0)
            hits.append(Hit(moment, name, velocity, confidence, self._notes.get(name)))
        return hits


def nearest(times: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Find the time nearest to each wanted time; of two at the same distance, the earlier.

    Parameters
    ----------
    times : np.ndarray
        ``(times,)``, ascending, at least one.
    wanted : np.ndarray
        ``(wanted,)``, in any order.

    Returns
    -------
    np.ndarray
        ``(wanted,) int``, indices into `times`.
    """
    after = np.searchsorted(times, wanted)
    left, right = np.maximum(after - 1, 0), np.minimum(after, len(times) - 1)
    return np.where(np.abs(times[left] - wanted) <= np.abs(times[right] - wanted), left, right)
