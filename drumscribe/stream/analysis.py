"""Mono samples at the host's rate to hits in the host's time."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..candidates import Judge, move_thresholds
from ..classifier import DEFAULT_LIVE, LookAhead, model_file
from ..errors import ModelError
from ..hits import Hit
from .events import StreamHit
from .listener import Attention, Listener, look_ahead_near
from .parameters import Parameter, parameters_for
from .resampling import Resampler

if TYPE_CHECKING:
    from ..kits.kit import Kit

_LOUDEST = 1e10  # beyond any scale that samples are written in


class Analysis:
    """All that an engine does with sound, whoever calls it: any block size gives the same hits to the bit.

    Parameters
    ----------
    model : a model file, the name of one that comes along (``live``), or None for the default.
    kit : a player's own sounds to hear, too.

    Raises
    ------
    ModelError : where the model cannot be used.
    KitError : where the kit was made for another model.
    """

    def __init__(self, model: str | Path | None = None, kit: "Kit | None" = None) -> None:
        path = model_file(DEFAULT_LIVE if model is None else model)
        self._listener = Listener(path)
        self.info = self._listener.info
        self._look_aheads = self.info.look_aheads
        if not self._look_aheads:
            raise ModelError(f"{path}: is for recordings, and too slow for streams; take one for streams, such as live")
        self._kit = kit
        if kit is not None:
            from ..kits.features import AFTER_LIVE

            kit.check_model(self.info)
            self._look_aheads = (look_ahead_near(self.info, AFTER_LIVE),)
        self._resampler = Resampler(self.info.spectrogram.rate, self.info.spectrogram.rate)
        self._rate = self.info.spectrogram.rate
        self._origin = 0

    @property
    def instruments(self) -> tuple[str, ...]:
        """What is heard: the model's instruments, and those of the kit; only the latter where it says so."""
        own = dict.fromkeys(sound.instrument for sound in self._kit.sounds) if self._kit is not None else {}
        models = () if self._kit is not None and self._kit.only else self.info.columns.instruments
        return tuple(dict.fromkeys((*models, *own)))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What can be changed."""
        return parameters_for(self.instruments, self.look_aheads)

    @property
    def look_aheads(self) -> tuple[float, ...]:
        """Those that the model, or the kit, was made for, in ms."""
        return tuple(at.frames * 1000.0 / self.info.spectrogram.frame_rate for at in self._look_aheads)

    def prepare(self, rate: int, values: Mapping[str, float]) -> None:
        """Be ready for a stream at `rate`: everything is compiled and has run once."""
        self._rate = rate
        self._resampler = Resampler(rate, self.info.spectrogram.rate)
        self.restart(0)
        self.set(values)
        attention, self._attention = self._attention, replace(self._attention, bypass=False)
        self.push(np.random.default_rng(0).normal(0.0, 0.1, rate // 2).astype(np.float32))
        self.flush()
        self._attention = attention

    def set(self, values: Mapping[str, float]) -> None:
        """Listen by these values of the parameters from now on; the look-ahead is the nearest that there is."""
        near = self._nearest(values["look_ahead"])
        wanted = {name: values[f"sensitivity_{name}"] for name in self.instruments}
        by_model = [wanted.get(name, 0.5) for name in self.info.columns.instruments]
        judge = Judge(near.weights, move_thresholds(near.thresholds, by_model))
        hearing = None
        if self._kit is not None:
            from ..kits.hearing import KitHearing

            hearing = KitHearing(self._kit, self.info, wanted)
        self._attention = Attention(near.frames, judge, values["retrigger"] / 1000.0, values["bypass"] >= 0.5, hearing)

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
            StreamHit(
                self._origin + round(hit.time * self._rate),
                hit.articulation,
                hit.velocity,
                hit.confidence,
                hit.own_note,
            )
            for hit in hits
        ]
