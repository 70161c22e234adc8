"""A whole recording: candidates are found passage by passage, and decided on at the end."""

from dataclasses import replace

import numpy as np

from ..music.transcription import Hit
from ..network.answers import Answers
from ..network.model_card import ModelInfo
from .candidates import Candidates
from .conductor import Conductor
from .decisions import HitMaker, Judge
from .passages import Moments, Passage, Recogniser
from .recurrence import Recurrence
from .similarity import Likeness
from .velocities import attack_levels, compare_strokes

PASSAGE = 1000
"""Candidates are found in passages of this many frames, so that hits do not depend on block sizes."""


class Recording:
    """Takes the frames of a recording and the answers to them, and returns the hits at the end.

    Parameters
    ----------
    info : ModelInfo
        The card of the model.
    conductor : Conductor
        Finds candidates; it has already been given the samples.
    judge : Judge
        Weighs evidence.
    recogniser : Recogniser or None
        The recogniser of a kit's sounds, if there is a kit.
    """

    def __init__(
        self, info: ModelInfo, conductor: Conductor, judge: Judge, recogniser: Recogniser | None = None
    ) -> None:
        self._info, self._conductor, self._judge, self._recogniser = info, conductor, judge, recogniser
        self._context = conductor.context(recogniser)
        self._recurrence, self._likeness = Recurrence(conductor.frame_rate), Likeness()
        self._frames: list[np.ndarray] = []
        self._answers: list[Answers] = []
        self._first = self._answered = 0  # the frame that those kept begin with, and that answers end before
        self._done = 0  # the frame up to which candidates are found
        self._found: list[Candidates] = []
        self._moments: list[Moments] = []
        self._levels: list[np.ndarray] = []

    def push(self, frames: np.ndarray, answers: Answers, ended: bool = False) -> None:
        """Take the next frames and answers.

        Parameters
        ----------
        frames : np.ndarray
            ``(frames, bands) float32``.
        answers : Answers
            Answers to the next frames; they may lag behind `frames`.
        ended : bool
            Whether these are the last ones.
        """
        self._recurrence.push(answers.activations)
        self._frames.append(frames)
        self._answers.append(answers)
        self._answered += len(answers)
        last = self._answered
        if not ended:
            last = min(last - self._context, self._conductor.known_until) // PASSAGE * PASSAGE
        if self._done < last:
            self._hear_until(last)

    def _hear_until(self, last: int) -> None:
        """Find candidates in the passages up to a frame, and drop the frames that no later passage needs."""
        answers, frames = Answers.concat(self._answers), np.concatenate(self._frames)
        while self._done < last:
            until = min(last, self._done + PASSAGE)
            self._hear(self._conductor.passage(answers, frames[: len(answers)], self._first, self._done, until))
            self._done = until
        unneeded = max(0, self._done - self._context - self._first)
        self._answers, self._frames = [answers[unneeded:]], [frames[unneeded:]]
        self._first += unneeded
        self._conductor.forget_before(self._first)

    def _hear(self, passage: Passage) -> None:
        found, moments = self._conductor.hear(passage, self._judge, self._recogniser)
        self._found.append(found)
        if moments is not None:
            self._moments.append(moments)
        if self._info.dynamics:
            levels = attack_levels(passage.frames, passage.rows_at(found.frames))
            self._levels.append(levels.astype(np.float16))
        if passage.answers.embedding is not None:
            self._likeness.push(
                passage.answers.activations,
                passage.answers.embedding,
                passage.origin,
                passage.first,
                passage.last,
            )

    def hits(self) -> list[Hit]:
        """Decide on the hits of the recording, after its end.

        Returns
        -------
        list of Hit
            The hits; not in order if there is a kit.
        """
        if not self._found:
            return []
        candidates = Candidates.concat(self._found)
        frames = np.rint(candidates.frames).astype(int)
        stages = self._recurrence, self._likeness
        recording = np.hstack([stage.evidence(frames, candidates.instruments) for stage in stages])
        candidates = self._judge.finalise(candidates, recording)
        excess = self._judge.excess(candidates)
        chosen = np.flatnonzero(excess >= 0.0)
        if self._info.dynamics:
            candidates = self._compared(candidates, chosen)
        if self._recogniser is not None:
            return self._recogniser.decide(Moments.concat(self._moments), candidates, excess, {})
        return HitMaker(self._conductor.frame_rate, self._info.own_notes).make(candidates[chosen])

    def _compared(self, candidates: Candidates, chosen: np.ndarray) -> Candidates:
        """Return the candidates; the velocities of those that are hits are compared with each other."""
        velocities, levels = candidates.velocities.copy(), np.concatenate(self._levels)[chosen]
        velocities[chosen] = compare_strokes(candidates[chosen], levels, np.array(self._info.dynamics))
        return replace(candidates, velocities=velocities)
