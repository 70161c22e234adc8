"""Conduct the stages that recordings and streams share: from sound to frames and onsets, from answers to candidates.

    samples -> `Spectrogram` -> frames -> answers -> `Passage` -> `CandidateFinder` -> candidates
          `-> `OnsetDetector` -> onsets ---------------^

`hearing.recording.Recording` and `stream.listener.Listener` run the network and decide when.
"""

import numpy as np

from ..network.answers import Answers
from ..network.model_card import ModelInfo
from ..sound.onsets import OnsetDetector
from ..sound.spectrogram import Spectrogram, SpectrogramSettings
from .candidates import Candidates
from .decisions import LEAD, CandidateFinder, Judge
from .passages import Moments, Passage, Recogniser

_KEPT_S = 0.1
"""Onsets up to this time (s) before a passage's first frame are kept: longer than any candidate is from its onset."""


class Conductor:
    """Conducts one stream at a time from samples to candidates.

    The conductor puts `LEAD` frames of silence before the samples of each stream.

    Parameters
    ----------
    info : ModelInfo
        The model that answers.
    memory : float
        Seconds of sound that passages may lag behind the samples.
    group : int or None
        Frames that are computed together; None for the spectrogram's own choice.
    """

    def __init__(self, info: ModelInfo, memory: float, group: int | None = None) -> None:
        settings = info.spectrogram
        self._spectrogram = Spectrogram(settings) if group is None else Spectrogram(settings, group=group)
        seen = SpectrogramSettings() if info.window is not None else settings
        self._sight = None if seen == settings else Spectrogram(seen)  # what onsets are seen in, if not the frames
        self._detector = OnsetDetector(seen.rate, seen.hop, seen.bands, memory)
        self._finder = CandidateFinder(info.columns, settings.frame_rate, self._detector)
        self._lead = np.zeros(LEAD * settings.hop, np.float32)
        self.frame_rate = settings.frame_rate
        self.reset()

    def reset(self) -> None:
        """Forget the stream, and prepare for another."""
        self._spectrogram.reset()
        if self._sight is not None:
            self._sight.reset()
        self._detector.reset()
        self._pending = self._lead
        self._onsets = np.zeros(0)

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Take the next samples.

        Parameters
        ----------
        samples : np.ndarray
            ``(samples,) float32``, mono, at the model's rate.

        Returns
        -------
        np.ndarray
            ``(frames, bands) float32``, the frames that these samples complete.
        """
        if len(self._pending):
            samples, self._pending = np.concatenate([self._pending, samples]), self._pending[:0]
        frames = self._spectrogram.push(samples)
        self._detect(samples, frames if self._sight is None else self._sight.push(samples))
        return frames

    def flush_frames(self) -> np.ndarray:
        """End the samples.

        Returns
        -------
        np.ndarray
            ``(frames, bands) float32``, the last frames of the stream.
        """
        pushed, last = self.push(self._pending[:0]), self._spectrogram.flush()
        seen = last if self._sight is None else self._sight.flush()
        self._detect(self._lead[:0], seen)
        return np.concatenate([pushed, last])

    def flush_onsets(self) -> None:
        """Detect the last onsets, after the last frames."""
        self._onsets = np.concatenate([self._onsets, self._detector.flush().times])

    @property
    def known_until(self) -> int:
        """The frame of the stream up to which all onsets are known."""
        return self._finder.known_until

    def context(self, recogniser: Recogniser | None = None) -> int:
        """Count the frames around a passage on which its hits depend.

        Parameters
        ----------
        recogniser : Recogniser or None
            The recogniser of a kit's sounds, if there is a kit.

        Returns
        -------
        int
            Frames on each side.
        """
        return max(self._finder.context, recogniser.context if recogniser is not None else 0)

    def onsets(self, first: float, last: float) -> np.ndarray:
        """Return the known onsets in some frames of the stream.

        Parameters
        ----------
        first, last : float
            Frames from `first` up to `last`, not included.

        Returns
        -------
        np.ndarray
            ``(onsets,) float64``, seconds from the stream's first frame.
        """
        start, end = first / self.frame_rate, last / self.frame_rate
        return self._onsets[(self._onsets >= start) & (self._onsets < end)]

    def passage(self, answers: Answers, frames: np.ndarray, origin: int, first: int, last: int) -> Passage:
        """Combine answers and frames with the onsets around them.

        Parameters
        ----------
        answers : Answers
            The answers to the passage, with some frames around it where there are any.
        frames : np.ndarray
            ``(frames, bands) float32``, the frames of these answers.
        origin : int
            The frame of the stream with which both begin.
        first, last : int
            The passage, in frames of the stream: from `first` up to `last`, not included.

        Returns
        -------
        Passage
            The passage, with all onsets that are still in memory.
        """
        return Passage(answers, frames, self._onsets, origin, first, last, self.frame_rate)

    def hear(
        self, passage: Passage, judge: Judge, recogniser: Recogniser | None = None
    ) -> tuple[Candidates, Moments | None]:
        """Find the candidates of a passage, and the moments for a kit.

        Parameters
        ----------
        passage : Passage
            With `context` frames around it where there are any.
        judge : Judge
            Weighs local evidence.
        recogniser : Recogniser or None
            The recogniser of a kit's sounds, if there is a kit.

        Returns
        -------
        Candidates
            The candidates that may still become hits.
        Moments or None
            The moments on which the recogniser decides.
        """
        found = self._finder.find(passage, judge)
        return found, None if recogniser is None else recogniser.describe(passage, found.attacks)

    def forget_before(self, frame: int) -> None:
        """Drop the onsets that no later passage needs.

        Parameters
        ----------
        frame : int
            The first frame of the stream with which a later passage may begin.
        """
        forgotten = frame / self.frame_rate - _KEPT_S
        if len(self._onsets) and self._onsets[0] <= forgotten:
            self._onsets = self._onsets[self._onsets > forgotten]

    def _detect(self, samples: np.ndarray, frames: np.ndarray) -> None:
        found = self._detector.push(samples, frames).times
        if len(found):
            self._onsets = np.concatenate([self._onsets, found])
