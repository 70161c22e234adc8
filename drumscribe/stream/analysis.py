"""Mono samples at the host's rate to hits in the host's time."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..candidates import Judge, move_thresholds
from ..classifier import LookAhead, default_live_model
from ..errors import ModelError
from ..hits import Hit
from .events import StreamHit
from .listener import Attention, Listener
from .parameters import Parameter, parameters_for
from .resampling import Resampler

_LOUDEST = 1e10  # beyond any scale that samples are written in


class Analysis:
    """All that an engine does with sound, whoever calls it: any block size gives the same hits to the bit.

    Parameters
    ----------
    model : path of a model file, or None for the shipped one.

    Raises
    ------
    ModelError : where the model cannot be used.
    """

    def __init__(self, model: str | Path | None = None) -> None:
        path = Path(model) if model is not None else default_live_model()
        self._listener = Listener(path)
        self.info = self._listener.info
        self._look_aheads = self.info.look_aheads
        if not self._look_aheads:
            raise ModelError(f"{path}: is for recordings, and too slow for streams; take one for streams, such as live")
        self._resampler = Resampler(self.info.spectrogram.rate, self.info.spectrogram.rate)
        self._rate = self.info.spectrogram.rate
        self._origin = 0

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What can be changed."""
        return parameters_for(self.info.columns.instruments, self.look_aheads)

    @property
    def look_aheads(self) -> tuple[float, ...]:
        """Those that the model was made for, in ms."""
        return tuple(at.frames * 1000.0 / self.info.spectrogram.frame_rate for at in self._look_aheads)

    def prepare(self, rate: int, values: Mapping[str, float]) -> None:
        """Be ready for a stream at `rate`: everything is compiled and has run once."""
        self._rate = rate
        self._resampler = Resampler(rate, self.info.spectrogram.rate)
        self.restart(0)
        self.set(values)
        attention, self._attention = self._attention, Attention(0, self._attention.judge)
        self.push(np.random.default_rng(0).normal(0.0, 0.1, rate // 2).astype(np.float32))
        self.flush()
        self._attention = attention

    def set(self, values: Mapping[str, float]) -> None:
        """Listen by these values of the parameters from now on; the look-ahead is the nearest that there is."""
        near = self._nearest(values["look_ahead"])
        wanted = [values[f"sensitivity_{name}"] for name in self.info.columns.instruments]
        judge = Judge(near.weights, move_thresholds(near.thresholds, wanted))
        self._attention = Attention(near.frames, judge, values["retrigger"] / 1000.0, values["bypass"] >= 0.5)

    def latency(self, values: Mapping[str, float]) -> int:
        """Samples at the host's rate from an attack to the moment when it is reported, at most.

        They are: what the resampler waits for, half a window, the look-ahead, and the frame that the attack is in.
        """
        settings = self.info.spectrogram
        samples = settings.window / 2 + (self._nearest(values["look_ahead"]).frames + 1) * settings.hop
        return self._resampler.delay + math.ceil(samples * self._rate / settings.rate)

    def look_ahead_within(self, seconds: float) -> float:
        """The longest look-ahead (ms) that lets hits be reported within so many seconds, or the shortest there is."""
        settings = self.info.spectrogram
        frames = (seconds * settings.rate - settings.window / 2) / settings.hop - 1
        fitting = [at.frames for at in self._look_aheads if at.frames <= frames + 0.5]
        return max(fitting, default=self._look_aheads[0].frames) * 1000.0 / settings.frame_rate

    def restart(self, origin: int) -> None:
        """Forget what was heard: the next sample is number `origin` of the host's."""
        self._resampler.reset()
        self._listener.reset()
        self._origin = origin

    def push(self, samples: np.ndarray) -> list[StreamHit]:
        """Take ``(samples,) float32`` of any length, give the hits that are now known.

        Samples that are no sound (NaN, infinite, absurdly large) count as silence.
        """
        samples = np.where(np.abs(samples) < _LOUDEST, samples, np.float32(0.0))
        return self._located(self._listener.push(self._resampler.push(samples), self._attention))

    def flush(self) -> list[StreamHit]:
        """End the stream: the hits that were still waiting for what follows; then start anew."""
        hits = self._listener.push(self._resampler.flush(), self._attention)
        return self._located([*hits, *self._listener.flush(self._attention)])

    def _nearest(self, milliseconds: float) -> LookAhead:
        frames = milliseconds / 1000.0 * self.info.spectrogram.frame_rate
        return min(self._look_aheads, key=lambda at: abs(at.frames - frames))

    def _located(self, hits: list[Hit]) -> list[StreamHit]:
        return [
            StreamHit(self._origin + round(hit.time * self._rate), hit.articulation, hit.velocity, hit.confidence)
            for hit in hits
        ]
