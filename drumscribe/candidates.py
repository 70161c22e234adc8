"""Candidates to hits: how likely each is, when its drum was struck. Whole recordings and live streams share this step.

A stream is heard from `LEAD` frames of silence on, which are put before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from .classifier import Columns
from .evidence import RECORDING, log_odds, probability, weigh
from .hits import Hit
from .onsets import OnsetDetector
from .picking import HitPicker, Picks

LEAD = 5
"""Frames of silence put before a stream, so that a stroke on its first sample is seen to begin, too."""
NEAR = 0.008
"""A hit takes the time of an onset, or else of an attack, that is so near (seconds) to where its activation peaks: what
is farther away belongs to another drum. Chosen on rendered performances of held-out kits and grooves."""


def move_thresholds(thresholds: Sequence[float], sensitivities: Sequence[float]) -> np.ndarray:
    """``(instruments,) float32``: thresholds moved in log odds by up to 4 either way, not at all at sensitivity 0.5."""
    calibrated = np.clip(np.array(thresholds), 1e-3, 1.0 - 1e-3)
    odds = np.log(calibrated / (1.0 - calibrated)) + 8.0 * (0.5 - np.array(sensitivities))
    return (1.0 / (1.0 + np.exp(-odds))).astype(np.float32)


@dataclass(frozen=True)
class Candidates:
    """Picks that may be hits, weighed by what is around them, and timed.

    Attributes
    ----------
    picks : of them, without their evidence; frames count from the stream's first.
    odds : ``(candidates,) float64``, log odds, all evidence counted but recurrence and likeness.
    attacks : ``(candidates,) float64``, seconds from the stream's first frame.
    """

    picks: Picks
    odds: np.ndarray
    attacks: np.ndarray

    def __len__(self) -> int:
        return len(self.odds)

    def __getitem__(self, chosen: np.ndarray) -> "Candidates":
        return Candidates(_taken(self.picks, chosen), self.odds[chosen], self.attacks[chosen])


def join_candidates(parts: Sequence[Candidates]) -> Candidates:
    """Several in a row, at least one, as one."""
    picks = Picks(*(np.concatenate([getattr(part.picks, f.name) for part in parts]) for f in fields(Picks)))
    return Candidates(picks, *(np.concatenate([getattr(p, name) for p in parts]) for name in ("odds", "attacks")))


class Judge:
    """Weighs evidence and says from where on it is enough.

    Parameters
    ----------
    weights : per instrument, a constant and how much each number of its evidence counts; the last are of the
        whole recording.
    thresholds : ``(instruments,)``, the probability from which on a candidate is a hit.
    """

    def __init__(self, weights: Sequence[Sequence[float]], thresholds: np.ndarray) -> None:
        table = np.array(weights)
        self._constants, self._locally, self._again = table[:, 0], table[:, 1:-RECORDING], table[:, -RECORDING:]
        self._needed = np.log(thresholds / (1.0 - thresholds))
        self._most = np.abs(self._again).sum(axis=1) * log_odds(np.float32(1.0))

    def weigh_locally(self, picks: Picks) -> np.ndarray:
        """The log odds of candidates by all that is around them."""
        return self._constants[picks.instruments] + weigh(picks.evidence, picks.instruments, self._locally)

    def is_open(self, odds: np.ndarray, instruments: np.ndarray) -> np.ndarray:
        """Which candidates may yet be hits, whatever the whole recording brings."""
        return odds + self._most[instruments] >= self._needed[instruments]

    def settle(self, candidates: Candidates, recording: np.ndarray) -> Candidates:
        """The candidates with their final odds.

        Parameters
        ----------
        recording : its evidence, ``(candidates, RECORDING) float32``.
        """
        return replace(candidates, odds=candidates.odds + weigh(recording, candidates.picks.instruments, self._again))

    def excess(self, settled: Candidates) -> np.ndarray:
        """How far the log odds of candidates exceed what they need to be hits, ``(candidates,)``."""
        return settled.odds - self._needed[settled.picks.instruments]

    def choose(self, candidates: Candidates, recording: np.ndarray) -> Candidates:
        """The candidates that are hits, with their final odds; `recording` is that of `settle`."""
        settled = self.settle(candidates, recording)
        return settled[np.flatnonzero(self.excess(settled) >= 0.0)]


class CandidateFinder:
    """Brings answers and onsets together: where a drum may have been struck, how likely, and exactly when.

    Parameters
    ----------
    columns : what the answers mean.
    frame_rate : frames per second.
    detector : has been given the sound and its frames; refines times.
    """

    def __init__(self, columns: Columns, frame_rate: float, detector: OnsetDetector) -> None:
        self._picker = HitPicker(columns)
        self._rate, self._detector = frame_rate, detector
        self.context = self._picker.context

    @property
    def settled(self) -> int:
        """The frame up to which all onsets are known."""
        return int((self._detector.settled - NEAR) * self._rate)

    def find(
        self, answers: np.ndarray, origin: int, first: int, last: int, onsets: np.ndarray, judge: Judge
    ) -> Candidates:
        """The candidates of one passage that may yet be hits.

        Parameters
        ----------
        answers : ``(frames, columns) float32``, with `context` frames around the passage where there are any.
        origin : the frame of the stream that they begin with.
        first, last : the passage, in frames of the stream: from `first` up to `last`, not included.
        onsets : ``(onsets,) float64`` in order, those around the passage, in seconds from the stream's first frame.
        """
        at = np.rint(onsets * self._rate).astype(int) - origin
        picks = self._picker.pick(answers, at, first - origin, last - origin)
        odds = judge.weigh_locally(picks)
        open_ = np.flatnonzero(judge.is_open(odds, picks.instruments))
        picks = _taken(picks, open_)
        picks = replace(picks, frames=picks.frames + origin, evidence=picks.evidence[:, :0])
        times = np.minimum(picks.frames / self._rate, self._detector.refinable)
        attacks = _nearest(onsets, times)
        alone = np.abs(attacks - times) > NEAR
        attacks[alone] = self._detector.refine(times[alone])
        return Candidates(picks, odds[open_], np.where(np.abs(attacks - times) <= NEAR, attacks, times))


class HitMaker:
    """Makes hits of chosen candidates, which come in order.

    Of two hits of a drum beside one attack the first is it, and the other stays where it was heard.
    """

    def __init__(self, frame_rate: float) -> None:
        self._rate = frame_rate
        self._claimed: dict[int, float] = {}

    def make(self, chosen: Candidates) -> list[Hit]:
        """The hits, their times in seconds from the first sample after the silence of `LEAD` frames."""
        picks = chosen.picks
        velocities = np.clip(np.rint(picks.velocities * 127.0), 1, 127).astype(int)
        heard = picks.frames / self._rate
        columns = (chosen.attacks, heard, picks.instruments, picks.articulations, velocities, probability(chosen.odds))
        hits = []
        for attack, time, instrument, *rest in zip(*(column.tolist() for column in columns), strict=True):
            time = time if self._claimed.get(instrument) == attack else attack
            self._claimed[instrument] = attack
            hits.append(Hit(max(time - LEAD / self._rate, 0.0), *rest))
        return hits


def _taken(picks: Picks, chosen: np.ndarray) -> Picks:
    return Picks(*(getattr(picks, f.name)[chosen] for f in fields(Picks)))


def _nearest(onsets: np.ndarray, times: np.ndarray) -> np.ndarray:
    if not len(onsets):
        return np.full(len(times), np.inf)
    after = np.searchsorted(onsets, times)
    left = onsets[np.maximum(after - 1, 0)]
    right = onsets[np.minimum(after, len(onsets) - 1)]
    return np.where(np.abs(left - times) <= np.abs(right - times), left, right)
