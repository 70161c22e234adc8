"""Mono samples at the host's rate to hits in the host's time."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ModelError
from ..hearing.decisions import SNAP_S, Judge, move_thresholds
from ..music.drums import ARTICULATIONS, articulations_of, plain_articulation
from ..music.transcription import Hit
from ..network.model_card import LookAhead
from ..network.model_file import DEFAULT_LIVE, model_file
from ..sound.limits import LOUDEST
from .events import StreamHit
from .listener import KIT_FRAMES, SECOND_LOOK, Attention, Listener, look_ahead_near
from .parameters import Parameter, parameters_for
from .resampling import RATES, Resampler

if TYPE_CHECKING:
    from ..kits.kit import Kit

_WARM_UP_S = 0.5
"""Seconds of noise that compile and run everything once; by hand."""


class Analysis:
    """Everything that an engine does with sound, in whichever thread: any block size gives the same hits to the bit.

    Parameters
    ----------
    model : str, Path or None
        Path to a model file, the name of a bundled model (``"live"``), or None for the default for streams.
    kit : Kit or None
        A player's own sounds to recognise, too.

    Raises
    ------
    ModelError
        If the model cannot be used.
    KitError
        If the kit was made for another model.
    """

    def __init__(self, model: str | Path | None = None, kit: "Kit | None" = None) -> None:
        path = model_file(DEFAULT_LIVE if model is None else model)
        self._attention: Attention
        self._listener = Listener(path)
        self.info = self._listener.info
        self._look_aheads = self.info.look_aheads
        if not self._look_aheads:
            raise ModelError(
                f"{path}: is for recordings, and too slow for live streams; use one for streams, such as live"
            )
        self._kit = kit
        if kit is not None:
            from ..kits.features import AFTER_LIVE

            kit.check_model(self.info)
            self._look_aheads = (look_ahead_near(self.info, AFTER_LIVE),)
        self._rate = RATES[0]  # until that of the host is known: the one with the longest delay
        self._resampler = Resampler(self._rate, self.info.spectrogram.rate)
        self._origin = 0

    @property
    def instruments(self) -> tuple[str, ...]:
        """The model's instruments, and those of the kit; only the latter if the kit is for nothing else."""
        own = dict.fromkeys(sound.instrument for sound in self._kit.sounds) if self._kit is not None else {}
        models = () if self._kit is not None and self._kit.only else self.info.columns.instruments
        return tuple(dict.fromkeys((*models, *own)))

    @property
    def notes(self) -> dict[str, int]:
        """The MIDI note of each articulation that it may report."""
        if self.info.window is not None:
            names = [plain_articulation(name) for name in self.info.columns.instruments]
            return {a.name: a.note for a in ARTICULATIONS if a.name in names} | self.info.own_notes
        heard = {*self.info.columns.instruments, *self.info.columns.articulations}
        own = {sound.name: sound.note for sound in self._kit.sounds} if self._kit is not None else {}
        models = [a for name in self.instruments for a in articulations_of(name)]
        plain = {
            a.name for a in models if a.name in heard or not heard & {b.name for b in articulations_of(a.instrument)}
        }
        return {a.name: a.note for a in models if a.name in plain} | own

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of the engine."""
        return parameters_for(self.instruments, self.look_aheads)

    @property
    def look_aheads(self) -> tuple[float, ...]:
        """The look-aheads that the model, or the kit, was made for, in ms."""
        return tuple(at.frames * 1000.0 / self.info.spectrogram.frame_rate for at in self._look_aheads)

    def prepare(self, rate: int, values: Mapping[str, float]) -> None:
        """Be ready for a stream: everything is compiled, and has run once.

        Parameters
        ----------
        rate : int
            The host's sample rate.
        values : mapping of str to float
            Those of the parameters.
        """
        self._rate = rate
        self._resampler = Resampler(rate, self.info.spectrogram.rate)
        self.restart(0)
        self.set(values)
        attention = self._attention
        self._attention = replace(attention, bypass=False)
        self.push(np.random.default_rng(0).normal(0.0, 0.1, round(_WARM_UP_S * rate)).astype(np.float32))
        self.flush()
        self._attention = attention

    def set(self, values: Mapping[str, float]) -> None:
        """Listen by other values of the parameters from now on.

        Parameters
        ----------
        values : mapping of str to float
            All of them; the look-ahead is taken to mean the nearest that there is.
        """
        near = self._nearest(values["look_ahead"])
        wanted = {name: values[f"sensitivity_{name}"] for name in self.instruments}
        by_model = [wanted.get(name, 0.5) for name in self.info.columns.instruments]
        judge = Judge(near.weights, move_thresholds(near.thresholds, by_model))
        recogniser = None
        if self._kit is not None:
            from ..kits.recognition import KitRecogniser

            recogniser = KitRecogniser(self._kit, self.info, wanted)
        retrigger, bypass = values["retrigger"] / 1000.0, values["bypass"] >= 0.5
        self._attention = Attention(near.frames, judge, retrigger, bypass, recogniser)

    def latency(self, values: Mapping[str, float]) -> int:
        """Count the samples from an attack to its report, at most: resampler, half a window and the frames waited for.

        Parameters
        ----------
        values : mapping of str to float
            Those of the parameters.

        Returns
        -------
        int
            The maximum, at the host's rate.
        """
        look_ahead = self._nearest(values["look_ahead"]).frames / self.info.spectrogram.frame_rate
        return self._resampler.delay + math.ceil((self._reach() + look_ahead) * self._rate)

    def look_ahead_within(self, seconds: float) -> float:
        """Find the longest look-ahead with which hits are reported within some time, at the host's rate.

        Parameters
        ----------
        seconds : float
            The time.

        Returns
        -------
        float
            The look-ahead in ms; the shortest that there is if none will do.
        """
        most = seconds * self._rate + 1e-6
        within = (at for at in self.look_aheads if self.latency({"look_ahead": at}) <= most)
        return max(within, default=self.look_aheads[0])

    def restart(self, origin: int) -> None:
        """Forget the stream, and be ready for another.

        Parameters
        ----------
        origin : int
            The number of its first sample for the host.
        """
        self._resampler.reset()
        self._listener.reset()
        self._origin = origin

    def push(self, samples: np.ndarray) -> list[StreamHit]:
        """Take the next samples; values that are no sound (NaN, infinite, absurdly large) count as silence.

        Parameters
        ----------
        samples : np.ndarray
            ``(samples,) float32``, at the host's rate.

        Returns
        -------
        list of StreamHit
            The hits that are now known.
        """
        samples = np.where(np.abs(samples) < LOUDEST, samples, np.float32(0.0))
        return self._located(self._listener.push(self._resampler.push(samples), self._attention))

    def flush(self) -> list[StreamHit]:
        """End the stream, and start anew.

        Returns
        -------
        list of StreamHit
            The hits that were still waiting for what follows.
        """
        hits = self._listener.push(self._resampler.flush(), self._attention)
        return self._located([*hits, *self._listener.flush(self._attention)])

    def _reach(self) -> float:
        """Seconds from an attack to the end of its frame's window, at most, when the frame is last looked at.

        An attack is up to half a frame and `SNAP_S` before the centre of its frame.
        """
        settings = self.info.spectrogram
        looks = SECOND_LOOK if self._kit is None else KIT_FRAMES - 1
        return settings.window / 2 / settings.rate + (looks + 0.5) / settings.frame_rate + SNAP_S

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
