"""The causal path: sound at the model's rate to hits, frame by frame, each decided when enough has followed it.

    hops -> `Conductor` -> frames -> network, on a window that ends now -> candidates -> `Judge` -> hits
                   `-> onsets -----------------------------------------^            `-> `Recogniser` -> hits

A model of windows is asked once about each onset, as soon as its window is complete.

It takes the stages of `hearing.conductor` as `hearing.recording` does, except those that need a whole recording:
`RunningLikeness` stands in for `Likeness`, and knows what was before; `unknown_recording` stands in for `Recurrence`;
there is no `analyse_rhythm`. Velocities are compared with those of earlier strokes (`velocities.StreamDynamics`). What
follows a frame by more than its look-ahead is missing for the network as for the evidence: both treat it as what lies
beyond the end of a recording.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..errors import ModelError
from ..hearing.candidates import CandidatePicker, Candidates
from ..hearing.conductor import Conductor
from ..hearing.decisions import HitMaker, Judge
from ..hearing.evidence import CANDIDATE, unknown_recording
from ..hearing.onset_answers import RememberedAnswers
from ..hearing.passages import Levels, Passage, Recogniser
from ..hearing.similarity import RunningLikeness
from ..hearing.velocities import StreamDynamics, attack_levels
from ..music.transcription import Hit
from ..network.classifier import Network
from ..network.model_card import LookAhead, ModelInfo
from ..network.model_file import load_model_info
from ..network.window import WindowFile

SECOND_LOOK = 1
"""Frames before the one decided on that are looked at once more: answers change while what follows becomes known, and a
frame that is no peak yet may be one then. Chosen on sound rendered from held-out kits and grooves."""
RETRIGGER = 0.03
"""Seconds within which an instrument does not sound again by default: there, a peak may have moved by frames. By
hand."""
KIT_FRAMES = 4
"""Frames that are decided on together with a kit: strokes at one time may be seen in different ones of them. By
hand."""
_MEMORY_S = 1.0
"""Seconds of sound that are remembered beyond the window of the network; by hand."""


@dataclass(frozen=True)
class Attention:
    """How a stream is listened to.

    Attributes
    ----------
    look_ahead : int
        Frames that must have followed before one is decided on.
    judge : Judge
        Decides on candidates.
    retrigger : float
        Seconds within which an instrument does not sound again.
    bypass : bool
        Whether to report nothing, at little cost.
    recogniser : Recogniser or None
        What recognises a kit's sounds, if there is a kit.
    """

    look_ahead: int
    judge: Judge
    retrigger: float = 0.0
    bypass: bool = False
    recogniser: Recogniser | None = None


def look_aheads_of(info: ModelInfo) -> tuple[LookAhead, ...]:
    """Give the look-aheads that a model can be used with.

    Parameters
    ----------
    info : ModelInfo
        The model.

    Returns
    -------
    tuple of LookAhead
        Those that it was trained for; of a model for recordings, one: all that an answer and its evidence depend on.
    """
    whole = LookAhead(info.context + CandidatePicker.context, info.weights, info.thresholds)
    return info.look_aheads or (whole,)


def look_ahead_near(info: ModelInfo, frames: float) -> LookAhead:
    """Find the look-ahead of a model that is nearest to some number of frames.

    Parameters
    ----------
    info : ModelInfo
        The model.
    frames : float
        The number of frames.

    Returns
    -------
    LookAhead
        One of `look_aheads_of`.
    """
    return min(look_aheads_of(info), key=lambda at: abs(at.frames - frames))


class Listener:
    """A stream of samples to a stream of hits, any block size giving the same hits to the bit.

    Parameters
    ----------
    model : Path
        Path to a model file.

    Raises
    ------
    ModelError
        If the model cannot be used.
    """

    def __init__(self, model: Path) -> None:
        self.info = info = load_model_info(model)
        self._network: Network | RememberedAnswers
        if info.window is None:
            self._network, length = Network(model, info), info.chunk
        else:
            self._network = RememberedAnswers(WindowFile(model, info), info)
            length = self._network.length
        if look_aheads_of(info)[-1].frames + CandidatePicker.context >= length:
            raise ModelError(f"{model}: takes too few frames at once to look ahead; use another model")
        self._conductor = Conductor(info, length / info.spectrogram.frame_rate + _MEMORY_S, group=1)
        self._window = np.zeros((length, info.spectrogram.bands), np.float32)
        self._likeness = RunningLikeness()
        self.reset()

    def reset(self) -> None:
        """Forget the stream, and be ready for another."""
        settings = self.info.spectrogram
        self._conductor.reset()
        self._maker = HitMaker(settings.frame_rate, self.info.own_notes)
        if isinstance(self._network, RememberedAnswers):
            self._network.reset()
        self._window[:] = 0.0
        self._likeness.reset()
        self._frames = 0  # in all, that of the present being the last of them
        self._done = 0  # the frame up to which candidates are decided on
        self._last: dict[int | str, float] = {}  # the frame, or the time, of each instrument's last hit
        self._levels: Levels = {}
        self._dynamics = StreamDynamics(np.array(self.info.dynamics))
        # A frame is complete at the end of each of the pieces that follow this one
        self._pending = [np.zeros(0, np.float32)]
        self._missing = settings.window // 2 % settings.hop or settings.hop

    def push(self, samples: np.ndarray, attention: Attention) -> list[Hit]:
        """Take the next samples.

        Parameters
        ----------
        samples : np.ndarray
            ``(samples,) float32``, mono, at the model's rate.
        attention : Attention
            How to listen to them.

        Returns
        -------
        list of Hit
            Those that can now be decided on; their times are seconds from the stream's first sample.
        """
        hits = []
        while self._missing <= len(samples):
            piece = np.concatenate([*self._pending, samples[: self._missing]])
            samples = samples[self._missing :]
            self._pending, self._missing = [], self.info.spectrogram.hop
            hits += self._hear(piece, attention)
        self._pending.append(samples)
        self._missing -= len(samples)
        return hits

    def flush(self, attention: Attention) -> list[Hit]:
        """End the stream, and start anew.

        Parameters
        ----------
        attention : Attention
            How to listen to what is left.

        Returns
        -------
        list of Hit
            Those that were still waiting for what follows.
        """
        hits = self._hear(np.concatenate(self._pending), attention)
        for frame in self._conductor.flush_frames():
            hits += self._see(frame, attention)
        count = self._frames
        self._conductor.flush_onsets()
        while self._done < count and not attention.bypass:
            hits += self._see(np.zeros_like(self._window[0]), attention, count)
        self.reset()
        return hits

    def _hear(self, samples: np.ndarray, attention: Attention) -> list[Hit]:
        """Take some samples, and decide on the frames that they complete."""
        frames = self._conductor.push(samples)
        self._conductor.forget_before(self._frames - len(self._window))
        return [hit for frame in frames for hit in self._see(frame, attention)]

    def _see(self, frame: np.ndarray, attention: Attention, end: int | None = None) -> list[Hit]:
        """Take a frame, and decide on those of which enough has followed, but none from frame `end` on."""
        self._window[:-1] = self._window[1:]
        self._window[-1] = frame
        self._frames += 1
        last = self._frames - attention.look_ahead
        last = last if end is None else min(last, end)
        if last <= self._done:
            return []
        first, self._done = max(0, self._done - SECOND_LOOK), last
        if attention.bypass:
            return []
        if attention.recogniser is not None:
            return self._recognise(last, attention, attention.recogniser)
        return self._decide(first, last, attention)

    def _passage(self, first: int, last: int, recogniser: Recogniser | None) -> Passage:
        """Run the network, and cut a passage out of the window with what is known around it."""
        context, length = self._conductor.context(recogniser), len(self._window)
        if isinstance(self._network, RememberedAnswers):
            begin = self._frames - length
            answers = self._network.answer(self._window, begin, self._conductor.onsets(begin, self._frames))
        else:
            answers = self._network.answer(self._window, embedding=bool(self.info.embedding))
        origin = max(0, first - context, self._frames - length)
        kept = slice(length - (self._frames - origin), None)
        return self._conductor.passage(answers[kept], self._window[kept], origin, first, last)

    def _decide(self, first: int, last: int, attention: Attention) -> list[Hit]:
        """What the model makes of some frames."""
        passage = self._passage(first, last, None)
        own = slice(first - passage.origin, last - passage.origin)
        if passage.answers.activations[own].max() < CANDIDATE:
            return []
        found, _ = self._conductor.hear(passage, attention.judge)
        recording = self._compare(passage, found)
        if not len(found):
            return []
        judged = attention.judge.finalise(found, recording)
        chosen = judged[np.flatnonzero(attention.judge.excess(judged) >= 0.0)]
        news = chosen[self._are_news(chosen, attention.retrigger)]
        if len(news) and self.info.dynamics:
            levels = attack_levels(passage.frames, passage.rows_at(news.frames))
            news = replace(news, velocities=self._dynamics.compare(news, levels))
        return self._maker.make(news)

    def _compare(self, passage: Passage, found: Candidates) -> np.ndarray:
        """What the stream so far says of candidates: ``(candidates, RECORDING) float32``; remember their moments."""
        recording = unknown_recording(found.activations)
        if passage.answers.embedding is not None:
            place = passage.answers, passage.rows_at(found.frames), found.instruments, passage.origin
            recording[:, -1:] = self._likeness.evidence(*place)
            self._likeness.remember(passage.answers, passage.first, passage.last, passage.origin)
        return recording

    def _recognise(self, last: int, attention: Attention, recogniser: Recogniser) -> list[Hit]:
        """What a kit makes of the frames before `last`."""
        first = max(0, last - KIT_FRAMES)
        onsets = self._conductor.onsets(first, last)
        if not recogniser.is_due(onsets):
            return []
        found, moments = self._conductor.hear(self._passage(first, last, recogniser), attention.judge, recogniser)
        if moments is None or not len(moments):
            return []
        judged = attention.judge.finalise(found, unknown_recording(found.activations))
        news = []
        for hit in recogniser.decide(moments, judged, attention.judge.excess(judged), self._levels):
            since = hit.time - self._last.get(hit.instrument, -math.inf)
            if since > max(attention.retrigger, KIT_FRAMES / self._conductor.frame_rate):
                self._last[hit.instrument] = hit.time
                news.append(hit)
        return news

    def _are_news(self, candidates: Candidates, retrigger: float) -> np.ndarray:
        """Which hits, in order, were not reported at the look before, and are not the same stroke once more."""
        news = np.zeros(len(candidates), bool)
        for i, (frame, instrument) in enumerate(
            zip(candidates.frames.tolist(), candidates.instruments.tolist(), strict=True)
        ):
            since = frame - self._last.get(instrument, -math.inf)
            news[i] = since > 0.0 and since >= retrigger * self.info.spectrogram.frame_rate
            if news[i]:
                self._last[instrument] = frame
        return np.flatnonzero(news)
