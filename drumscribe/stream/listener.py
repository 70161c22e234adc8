"""The causal path: sound at the model's rate to hits, frame by frame, each decided when enough has followed it.

    hops -> `Spectrogram` -> network, on a window that ends now -> `CandidateFinder` -> `Judge` -> hits
                        `-> `OnsetDetector` -----------------------^                       `-> `KitHearing` -> hits

It is what `transcriber` does, stage by stage, but for those that need a whole recording: `evidence.Recurrence` and
`likeness.Likeness`, in whose place stands what is not known, and `rhythm.analyse_rhythm`. Velocities are compared with
those of strokes before (`dynamics.StreamDynamics`). What follows a frame by more
than its look-ahead is not there, for the network as for the evidence: both treat it as what lies beyond the end of a
recording.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..candidates import LEAD, CandidateFinder, HitMaker, Judge
from ..classifier import LookAhead, ModelInfo, load_model_info, open_network
from ..dynamics import StreamDynamics, attack_levels
from ..errors import ModelError
from ..evidence import CANDIDATE, unknown_recording
from ..hits import Hit
from ..onsets import OnsetDetector
from ..picking import HitPicker, Picks
from ..spectrogram import Spectrogram

if TYPE_CHECKING:
    from ..kits.hearing import KitHearing, Levels

SECOND_LOOK = 1
"""Frames before the one decided on that are looked at once more: answers change while what follows becomes known, and
what is no peak yet may be one then. Chosen on sound rendered from held-out kits and grooves."""
RETRIGGER = 0.03
"""Seconds within which an instrument does not sound again unless asked to: there, a peak may have moved by frames."""
_PIECE = 4
"""Frames that are decided on together with a kit: what is struck at once may be seen at different ones of them."""


@dataclass(frozen=True)
class Attention:
    """How a stream is listened to.

    Attributes
    ----------
    look_ahead : frames that must have followed before one is decided on.
    judge : of candidates.
    retrigger : seconds within which an instrument does not sound again.
    bypass : whether to hear nothing, at little cost.
    hearing : of a player's kit, or None.
    """

    look_ahead: int
    judge: Judge
    retrigger: float = 0.0
    bypass: bool = False
    hearing: "KitHearing | None" = None


def look_aheads_of(info: ModelInfo) -> tuple[LookAhead, ...]:
    """Those that a model was trained for; of a model for recordings, all that an answer and its evidence depend on."""
    return info.look_aheads or (LookAhead(info.context + HitPicker.context, info.weights, info.thresholds),)


def look_ahead_near(info: ModelInfo, frames: float) -> LookAhead:
    """The nearest to so many frames."""
    return min(look_aheads_of(info), key=lambda at: abs(at.frames - frames))


class Listener:
    """A stream of samples to a stream of hits, any block size giving the same hits to the bit.

    Parameters
    ----------
    model : path of a model file.

    Raises
    ------
    ModelError : where the model cannot be used.
    """

    def __init__(self, model: Path) -> None:
        self.info = info = load_model_info(model)
        settings = info.spectrogram
        self._network = open_network(model, info)
        if look_aheads_of(info)[-1].frames + HitPicker.context >= info.chunk:
            raise ModelError(f"{model}: takes too few frames at once to look ahead; take another model")
        self._spectrogram = Spectrogram(settings, group=1)
        memory = info.chunk / settings.frame_rate + 1.0
        self._detector = OnsetDetector(settings.rate, settings.hop, settings.bands, memory)
        self._finder = CandidateFinder(info.columns, settings.frame_rate, self._detector)
        self._window = np.zeros((info.chunk, settings.bands), np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget the stream and be ready for another."""
        settings = self.info.spectrogram
        self._spectrogram.reset()
        self._detector.reset()
        self._maker = HitMaker(settings.frame_rate)
        self._window[:] = 0.0
        self._frames = 0  # in all, that of the present being the last of them
        self._done = 0  # the frame up to which candidates are decided on
        self._onsets = np.zeros(0)
        self._last: dict[int | str, float] = {}  # the frame of each instrument's last hit
        self._levels: Levels = {}
        self._dynamics = StreamDynamics(np.array(self.info.dynamics))
        # A frame is complete at the end of each of the pieces that follow this one
        self._pending = [np.zeros(LEAD * settings.hop, np.float32)]
        self._missing = settings.window // 2 % settings.hop or settings.hop

    def push(self, samples: np.ndarray, attention: Attention) -> list[Hit]:
        """Take ``(samples,) float32`` of any length, give the hits that can now be decided on.

        Their times are seconds from the stream's first sample.
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
        """End the stream: the hits that were still waiting for what follows; then start anew."""
        hits = self._hear(np.concatenate(self._pending), attention)
        frames = self._spectrogram.flush()
        self._add_onsets(np.zeros(0, np.float32), frames)
        for frame in frames:
            hits += self._see(frame, attention)
        count = self._frames
        self._onsets = np.concatenate([self._onsets, self._detector.flush().times])
        while self._done < count and not attention.bypass:
            hits += self._see(np.zeros_like(self._window[0]), attention, count)
        self.reset()
        return hits

    def _hear(self, samples: np.ndarray, attention: Attention) -> list[Hit]:
        frames = self._spectrogram.push(samples)
        self._add_onsets(samples, frames)
        return [hit for frame in frames for hit in self._see(frame, attention)]

    def _add_onsets(self, samples: np.ndarray, frames: np.ndarray) -> None:
        onsets = self._detector.push(samples, frames).times
        if len(onsets):
            forgotten = (self._frames - len(self._window)) / self.info.spectrogram.frame_rate - 0.1
            self._onsets = np.concatenate([self._onsets[self._onsets > forgotten], onsets])

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
        if attention.hearing is not None:
            return self._recognise(last, attention)
        answers = self._network.run(self._window)
        origin = max(0, first - self._finder.context, self._frames - len(answers))
        rows = answers[len(answers) - (self._frames - origin) :]
        if rows[first - origin : last - origin, : len(self.info.columns.instruments)].max() < CANDIDATE:
            return []
        found = self._finder.find(rows, origin, first, last, self._onsets, attention.judge)
        if not len(found):
            return []
        chosen = attention.judge.choose(found, unknown_recording(found.picks.activations))
        news = chosen[self._are_news(chosen.picks, attention.retrigger)]
        if len(news) and self.info.dynamics:
            at = np.rint(news.picks.frames).astype(int) - (self._frames - len(self._window))
            velocities = self._dynamics.compare(news.picks, attack_levels(self._window, at))
            news = replace(news, picks=replace(news.picks, velocities=velocities))
        return self._maker.make(news)

    def _recognise(self, last: int, attention: Attention) -> list[Hit]:
        """What a kit makes of the frames before `last`."""
        hearing, rate = attention.hearing, self.info.spectrogram.frame_rate
        first = max(0, last - _PIECE)
        onsets = self._onsets[(self._onsets >= first / rate) & (self._onsets < last / rate)]
        if not hearing.is_due(onsets):
            return []
        answers = self._network.run(self._window)
        collector = hearing.make_collector()
        origin = max(0, first - max(self._finder.context, collector.context), self._frames - len(answers))
        kept = slice(len(answers) - (self._frames - origin), None)
        found = self._finder.find(answers[kept], origin, first, last, self._onsets, attention.judge)
        if not len(found) and not len(onsets):
            return []
        rows = np.hstack([answers[kept], self._network.output(1)[kept], self._window[kept]])
        collector.hear(rows, origin / rate, onsets, found.attacks)
        settled = attention.judge.settle(found, unknown_recording(found.picks.activations))
        news = []
        for hit in hearing.decide((settled, attention.judge.excess(settled)), collector, self._levels):
            since = hit.time - self._last.get(hit.instrument, -math.inf)
            if since > max(attention.retrigger, _PIECE / rate):
                self._last[hit.instrument] = hit.time
                news.append(hit)
        return news

    def _are_news(self, picks: Picks, retrigger: float) -> np.ndarray:
        """Which hits, in order, were not reported at the look before, and are not the same stroke once more."""
        news = np.zeros(len(picks.frames), bool)
        for i, (frame, instrument) in enumerate(zip(picks.frames.tolist(), picks.instruments.tolist(), strict=True)):
            since = frame - self._last.get(instrument, -math.inf)
            news[i] = since > 0.0 and since >= retrigger * self.info.spectrogram.frame_rate
            if news[i]:
                self._last[instrument] = frame
        return np.flatnonzero(news)
